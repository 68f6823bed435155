//! Why a run does not go on, and what of it may be told.

use engine::sink;
use exchange::Failure;
use ledger::Outcome;

use crate::Error;

/// Why a run does not go on.
#[derive(Debug)]
pub(super) enum Stop {
    /// A person stopped it.
    Cancelled,
    /// It has ended already, elsewhere.
    Over,
    /// The node refused or failed.
    Refused(Error),
    /// The target, or the source while rows came.
    Sink(sink::Error),
    /// What stands in the target is not what the source gave.
    NotEqual,
}

impl<E: Into<Error>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Refused(error.into())
    }
}

impl From<sink::Error> for Stop {
    fn from(error: sink::Error) -> Self {
        Self::Sink(error)
    }
}

impl From<exchange::Unfit> for Stop {
    fn from(error: exchange::Unfit) -> Self {
        Self::Refused(exchange::Error::from(error).into())
    }
}

impl Stop {
    /// May it pass by itself?
    pub(super) const fn may_pass(&self) -> bool {
        match self {
            Self::Refused(it) => matches!(
                it,
                Error::Db(_)
                    | Error::Ledger(_)
                    | Error::NoReceipt
                    | Error::Exchange(exchange::Error::Db(_))
                    | Error::Sharing(sharing::Error::Db(_))
                    | Error::Catalog(catalog::Error::Db(_))
            ),
            Self::Sink(it) => matches!(it, sink::Error::Busy(_)),
            Self::Cancelled | Self::Over | Self::NotEqual => false,
        }
    }

    /// May the rows not be had any more as things stand? What was loaded of them is taken back.
    pub(super) const fn is_final(&self) -> bool {
        matches!(self, Self::Refused(it) if it.is_refusal())
    }

    /// The same for the worker, which tries again.
    pub(super) fn into_error(self) -> Error {
        match self {
            Self::Refused(it) => it,
            Self::Sink(it) => Error::State(it.to_string()),
            Self::Cancelled | Self::Over | Self::NotEqual => Error::State("the run has ended".to_owned()),
        }
    }

    /// How the release ended.
    pub(super) const fn outcome(&self) -> Outcome {
        match self {
            Self::Cancelled => Outcome::Cancelled,
            Self::Refused(Error::Engine(engine::Error::Limit(_))) => Outcome::Limited,
            Self::Refused(it) if it.is_refusal() => Outcome::Revoked,
            Self::Refused(_) | Self::Sink(_) | Self::Over | Self::NotEqual => Outcome::Broken,
        }
    }

    /// The reason as the run keeps it: a code, and words without values and secrets.
    pub(super) fn failure(&self) -> Failure {
        let (code, detail) = match self {
            Self::Refused(it) => refused(it),
            Self::Sink(it) => target(it),
            Self::NotEqual => (
                "not-equal",
                "what stands in the target is not what the source gave".to_owned(),
            ),
            Self::Cancelled | Self::Over => ("cancelled", "the run was stopped".to_owned()),
        };
        Failure {
            code: code.to_owned(),
            detail,
        }
    }
}

fn refused(error: &Error) -> (&'static str, String) {
    match error {
        Error::Denied(it) => ("denied", it.sentence()),
        Error::Withheld { .. } => ("withheld", error.to_string()),
        Error::OverQuota => ("quota-used-up", error.to_string()),
        Error::Engine(it) => source(it),
        Error::State(it) => ("state", it.clone()),
        Error::NotFound(_) => ("gone", error.to_string()),
        Error::Catalog(it @ catalog::Error::NotFound { .. }) => ("gone", it.to_string()),
        Error::Faults(all) => (
            "target",
            all.iter().map(|it| it.detail.as_str()).collect::<Vec<_>>().join("; "),
        ),
        other => {
            tracing::error!(error = other as &dyn std::error::Error, "a run of a delivery failed");
            ("platform", "the platform failed; the reason is in its log".to_owned())
        }
    }
}

fn source(error: &engine::Error) -> (&'static str, String) {
    match error {
        engine::Error::Limit(_) => ("limit", error.to_string()),
        engine::Error::Internal(_) => {
            tracing::error!(
                error = error as &dyn std::error::Error,
                "the engine failed in a run of a delivery"
            );
            ("engine", error.to_string())
        }
        other => ("source", other.to_string()),
    }
}

fn target(error: &sink::Error) -> (&'static str, String) {
    match error {
        sink::Error::Rows(it) => match it.downcast_ref::<engine::Error>() {
            Some(it) => source(it),
            None => ("source", error.to_string()),
        },
        sink::Error::Busy(_) => ("busy", error.to_string()),
        sink::Error::Occupied { .. } => ("occupied", error.to_string()),
        sink::Error::TooManyBad(_) => ("too-many-bad", error.to_string()),
        sink::Error::SourceChanged(_) => ("source-changed", error.to_string()),
        other => {
            tracing::warn!(
                error = other as &dyn std::error::Error,
                "a target failed in a run of a delivery"
            );
            ("target", other.to_string())
        }
    }
}
