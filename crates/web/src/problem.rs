//! The only file where errors meet HTTP: every reason inside becomes one answer at the door.
//!
//! Answers follow RFC 9457 (`application/problem+json`) with a stable `code`; the sentence is for people who read English,
//! pages show their own words from the locale by the same code.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

/// One thing that is wrong with what was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Fault {
    /// The field, as a path: `items[2].mask`.
    pub field: String,
    /// A stable code; the locale has its sentence.
    pub code: String,
    /// The sentence in English.
    pub detail: String,
    /// The item, part or number that the code speaks of, where it speaks of one.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub about: String,
}

impl Fault {
    /// A fault of a field.
    pub fn new(field: impl Into<String>, code: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            code: code.into(),
            detail: detail.into(),
            about: String::new(),
        }
    }
}

/// Why exactly, where one code has several reasons.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Reason {
    /// A stable code.
    pub code: String,
    /// What it speaks of: codes, names and numbers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub arguments: Vec<String>,
}

/// A refusal or failure, as RFC 9457 wants it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Problem {
    /// HTTP status, repeated.
    pub status: u16,
    /// A stable code, the same for ever: `denied`, `quota-used-up`, ….
    pub code: &'static str,
    /// What is wrong, in one English sentence.
    pub detail: String,
    /// What exactly, when it is about fields.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<Fault>,
    /// The rule that decided, when a policy did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// Why exactly, where one code has several reasons.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Box<Reason>>,
}

impl Problem {
    /// An answer with a status, a code and a sentence.
    pub fn new(status: StatusCode, code: &'static str, detail: impl std::fmt::Display) -> Self {
        Self {
            status: status.as_u16(),
            code,
            detail: detail.to_string(),
            faults: Vec::new(),
            rule: None,
            reason: None,
        }
    }

    /// The same with the exact reason.
    #[must_use]
    pub fn because(mut self, code: impl Into<String>, arguments: Vec<String>) -> Self {
        self.reason = Some(Box::new(Reason {
            code: code.into(),
            arguments,
        }));
        self
    }

    /// The same with faults by field.
    #[must_use]
    pub fn with_faults(mut self, faults: Vec<Fault>) -> Self {
        self.faults = faults;
        self
    }

    /// The same with the rule that decided.
    #[must_use]
    pub fn with_rule(mut self, rule: impl Into<String>) -> Self {
        self.rule = Some(rule.into());
        self
    }

    /// 404 for a thing that is not there (or not for you: the two look the same).
    pub fn not_found(what: impl std::fmt::Display) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", format!("{what} does not exist"))
    }

    /// 422 for something unreadable in what was sent.
    pub fn unreadable(detail: impl std::fmt::Display) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "unreadable", detail)
    }

    /// 405 for an address that is there, but not for this method.
    pub fn method() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method-not-allowed",
            "this address has no such method",
        )
    }

    /// 413 for a body past the limit of every door.
    pub fn too_large() -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too-large",
            "the body is larger than 2 MiB",
        )
    }

    /// The status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.status();
        let mut response = (status, Json(&self)).into_response();
        response.headers_mut().insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        // The page door shows the same refusal as a page.
        response.extensions_mut().insert(self);
        response
    }
}

impl From<platform::Error> for Problem {
    /// Every reason inside, as the street may hear it. Exhaustive: a new reason does not compile until it is decided here.
    fn from(error: platform::Error) -> Self {
        use platform::Error as E;
        match error {
            E::Denied(it) => {
                let rules = it.rule_ids().join(", ");
                let problem = Self::new(StatusCode::FORBIDDEN, "denied", it.sentence());
                if rules.is_empty() {
                    problem
                } else {
                    problem.with_rule(rules)
                }
            }
            E::SignIn(it) => sign_in(it),
            E::Staff(it) => staff(it),
            E::Catalog(it) => catalog(it),
            E::Sharing(it) => sharing(it),
            E::Engine(it) => engine(it),
            E::Exchange(it) => exchange(it),
            E::Ledger(it) => ledger(it),
            E::Faults(all) => {
                let faults = all.into_iter().map(|it| Fault {
                    field: it.field,
                    code: it.code.to_owned(),
                    detail: it.detail,
                    about: it.about,
                });
                Self::new(
                    StatusCode::UNPROCESSABLE_ENTITY,
                    "faults",
                    "some fields must be corrected",
                )
                .with_faults(faults.collect())
            }
            E::NotFound(what) => Self::not_found(what),
            E::State(it) => Self::new(StatusCode::CONFLICT, "state", it),
            it @ E::Withheld { .. } => Self::new(StatusCode::FORBIDDEN, "withheld", it),
            it @ E::OverQuota => Self::new(StatusCode::TOO_MANY_REQUESTS, "quota-used-up", it),
            it @ E::Busy => Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", it),
            it @ E::NoReceipt => Self::new(StatusCode::SERVICE_UNAVAILABLE, "no-receipt", it),
            it @ (E::Seal(_) | E::Policy(_) | E::Db(_) | E::Mismatch { .. } | E::Internal(_)) => internal(&it),
        }
    }
}

/// Logged once, with its chain; told to nobody.
fn internal(error: &(dyn std::error::Error + 'static)) -> Problem {
    tracing::error!(error, "request failed");
    Problem::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "internal",
        "the platform failed, not you; the reason is in its log",
    )
}

fn conflict(code: &'static str, it: impl std::fmt::Display) -> Problem {
    Problem::new(StatusCode::CONFLICT, code, it)
}

fn unfit(code: &'static str, it: impl std::fmt::Display) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, code, it)
}

fn sign_in(error: platform::staff::Refused) -> Problem {
    use platform::staff::Refused as R;
    match error {
        it @ R::Credentials => Problem::new(StatusCode::UNAUTHORIZED, "credentials", it),
        it @ R::Locked { .. } => Problem::new(StatusCode::TOO_MANY_REQUESTS, "locked", it),
        it @ R::Disabled => Problem::new(StatusCode::FORBIDDEN, "disabled", it),
    }
}

fn staff(error: platform::staff::Error) -> Problem {
    use platform::staff::Error as E;
    match error {
        E::NotFound(what) => Problem::not_found(what),
        it @ E::LoginTaken(_) => conflict("login-taken", it),
        it @ E::Separation => unfit("separation-of-duties", it),
        it @ (E::NotHeld(_) | E::NoPost) => unfit("role-not-held", it),
        it @ (E::EmptyToken | E::TokenLifetime { .. }) => unfit("token", it),
        E::Weak(all) => {
            // The first one exactly; the sentence names them all.
            let first = all.first().map(|it| (it.code(), it.number()));
            let problem = unfit("weak-password", E::Weak(all));
            match first {
                Some((code, number)) => problem.because(code, number.map(|it| it.to_string()).into_iter().collect()),
                None => problem,
            }
        }
        it @ E::Looser { .. } => unfit("looser-limit", it),
        it @ (E::Seal(_) | E::Db(_)) => internal(&it),
    }
}

fn catalog(error: platform::catalog::Error) -> Problem {
    use platform::catalog::Error as E;
    match error {
        E::NotFound { kind, .. } => Problem::not_found(kind),
        it @ E::Taken(_) => conflict("taken", it),
        it @ E::InUse(_) => conflict("in-use", it),
        it @ E::Stale { .. } => conflict("stale", it),
        it @ E::Unfit(_) => conflict("state", it),
        E::Findings(all) => {
            let faults = all.iter().map(|it| {
                let code = it.problem.code();
                Fault::new(it.path.clone(), code, code.replace('-', " "))
            });
            unfit("findings", "the entry cannot be submitted yet").with_faults(faults.collect())
        }
        it @ E::NoGuess(_) => unfit("no-guess", it),
        it @ E::CategoryFixed => {
            let fault = Fault::new("category", "category-fixed", it.to_string());
            unfit("category-fixed", it).with_faults(vec![fault])
        }
        it @ E::Loop => unfit("loop", it),
        it @ (E::Db(_) | E::Search(_)) => internal(&it),
    }
}

fn sharing(error: platform::sharing::Error) -> Problem {
    use platform::sharing::Error as E;
    match error {
        E::NotFound(_) => Problem::not_found("this"),
        it @ E::Stale(_) => conflict("stale", it),
        it @ E::AgreedAlready => conflict("agreed-already", it),
        it @ E::RunsAlready => conflict("runs-already", it),
        it @ E::DisputedAlready => conflict("disputed-already", it),
        E::Refused(why) => {
            let (code, arguments) = (why.code(), why.arguments());
            conflict("refused", E::Refused(why)).because(code, arguments)
        }
        it @ E::Clock(_) => unfit("clock", it),
        it @ E::Db(_) => internal(&it),
    }
}

fn engine(error: platform::engine::Error) -> Problem {
    use platform::engine::Error as E;
    match error {
        // What a parser or planner from outside says is told as it is, in English.
        E::Question(it) => unfit("question", &it).because("engine", vec![it.clone()]),
        E::Source { cause, detail } => {
            let code = cause.code();
            Problem::new(StatusCode::BAD_GATEWAY, "source", E::Source { cause, detail }).because(code, Vec::new())
        }
        E::Limit(kind) => {
            let (code, number) = limit(kind);
            unfit("limit", E::Limit(kind)).because(code, vec![number])
        }
        it @ E::Cancelled => conflict("cancelled", it),
        it @ E::Internal(_) => internal(&it),
    }
}

fn limit(kind: platform::engine::LimitKind) -> (&'static str, String) {
    use platform::engine::LimitKind as K;
    match kind {
        K::Memory(it) => ("memory", (it >> 20).to_string()),
        K::Rows(it) => ("rows", it.to_string()),
        K::Seconds(it) => ("seconds", it.to_string()),
        K::Concurrent(it) => ("concurrent", it.to_string()),
        K::BadRows(it) => ("bad-rows", it.to_string()),
    }
}

fn exchange(error: platform::exchange::Error) -> Problem {
    use platform::exchange::Error as E;
    match error {
        it @ E::NameTaken(_) => conflict("name-taken", it),
        it @ E::RunUnderWay(_) => conflict("run-under-way", it),
        E::NoDelivery(_) => Problem::not_found("delivery"),
        E::NoRun(_) => Problem::not_found("run"),
        it @ E::Unfit(_) => conflict("state", it),
        it @ E::Db(_) => internal(&it),
    }
}

fn ledger(error: platform::ledger::Error) -> Problem {
    use platform::ledger::Error as E;
    match error {
        it @ E::NotPublished { .. } => conflict("not-published-yet", it),
        it @ E::TooLarge(_) => unfit("too-large", it),
        other => internal(&other),
    }
}
