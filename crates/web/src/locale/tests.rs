#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use axum::http::HeaderValue;

use super::*;

fn keys(texts: &[(&str, &str)]) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for (file, text) in texts {
        let resource = FluentResource::try_new((*text).to_owned()).unwrap_or_else(|(_, it)| panic!("{file}: {it:?}"));
        for entry in resource.entries() {
            if let fluent_syntax_entry::Message(key, shape) = fluent_syntax_entry::read(entry) {
                assert!(found.insert(key.clone(), shape).is_none(), "{file}: {key} stands twice");
            }
        }
    }
    found
}

/// The little of Fluent's syntax tree that the test reads: a key, and which variables its text uses.
mod fluent_syntax_entry {
    pub use self::Entry::Message;

    pub enum Entry {
        Message(String, String),
        Other,
    }

    pub fn read(entry: &impl std::fmt::Debug) -> Entry {
        let text = format!("{entry:?}");
        let Some(rest) = text.strip_prefix("Message(Message { id: Identifier { name: \"") else {
            return Entry::Other;
        };
        let key = rest.split('"').next().unwrap_or("").to_owned();
        let mut variables: Vec<&str> = text
            .split("VariableReference { id: Identifier { name: \"")
            .skip(1)
            .filter_map(|it| it.split('"').next())
            .collect();
        variables.sort_unstable();
        variables.dedup();
        Entry::Message(key, variables.join(" "))
    }
}

fn files(dir: &Path, ext: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, ext, found);
        } else if path.extension().is_some_and(|it| it == ext) && !path.ends_with("tests.rs") {
            found.push(path);
        }
    }
}

/// Literal keys and key families that templates and code name.
fn used() -> (BTreeSet<String>, BTreeSet<String>) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    files(&root.join("templates"), "html", &mut paths);
    files(&root.join("src"), "rs", &mut paths);
    let (mut literal, mut families) = (BTreeSet::new(), BTreeSet::new());
    for path in paths {
        let text = fs::read_to_string(&path).unwrap();
        for call in [
            "ui.t(\"",
            "ui.n(\"",
            "ui.a(\"",
            "ui.ab(\"",
            "self.t(\"",
            "self.n(\"",
            "self.a(\"",
            "self.ab(\"",
        ] {
            literal.extend(
                text.split(call)
                    .skip(1)
                    .filter_map(|it| it.split('"').next())
                    .map(str::to_owned),
            );
        }
        for call in ["ui.tk(\"", "self.tk(\""] {
            families.extend(
                text.split(call)
                    .skip(1)
                    .filter_map(|it| it.split('"').next())
                    .map(str::to_owned),
            );
        }
    }
    families.extend(FAMILIES.iter().map(|it| (*it).to_owned()));
    (literal, families)
}

#[test]
fn both_languages_have_every_key_with_the_same_arguments() {
    assert_eq!(keys(&ZH), keys(&EN));
}

#[test]
fn every_named_key_exists_and_none_is_left_over() {
    let known = keys(&ZH);
    let (literal, families) = used();
    let missing: Vec<_> = literal.iter().filter(|it| !known.contains_key(*it)).collect();
    assert!(missing.is_empty(), "named but not in the locale: {missing:?}");
    let empty: Vec<_> = families
        .iter()
        .filter(|it| !known.keys().any(|key| key.starts_with(it.as_str())))
        .collect();
    assert!(empty.is_empty(), "families without keys: {empty:?}");
    let idle: Vec<_> = known
        .keys()
        .filter(|key| !literal.contains(*key) && !families.iter().any(|it| key.starts_with(it.as_str())))
        .collect();
    assert!(idle.is_empty(), "in the locale but named nowhere: {idle:?}");
}

#[test]
fn language_is_chosen_by_query_cookie_header() {
    let mut headers = HeaderMap::new();
    assert_eq!(Lang::of_request(None, &headers), Lang::Zh);
    headers.insert(
        header::ACCEPT_LANGUAGE,
        HeaderValue::from_static("fr, zh;q=0.3, en-GB;q=0.8"),
    );
    assert_eq!(Lang::of_request(None, &headers), Lang::En);
    headers.insert(header::COOKIE, HeaderValue::from_static("a=b; jt-lang=zh"));
    assert_eq!(Lang::of_request(Some("q=1"), &headers), Lang::Zh);
    assert_eq!(Lang::of_request(Some("q=1&lang=en"), &headers), Lang::En);
    assert_eq!(Lang::of_request(Some("lang=tlh"), &headers), Lang::Zh);
}

#[test]
fn days_are_said_in_beijing_time() {
    let late: Timestamp = vocab::time::parse("2026-03-08T16:05:00Z").unwrap();
    assert_eq!(moment(Lang::Zh, late), "2026年3月9日（星期一） 00:05");
    assert_eq!(moment(Lang::En, late), "Monday 9 March 2026 00:05");
    assert_eq!(short(Lang::Zh, late), "2026-03-09 周一 00:05");
    assert_eq!(short(Lang::En, late), "Mon 2026-03-09 00:05");
}

#[test]
fn numbers_are_grouped_and_plurals_chosen() {
    let n = |lang, n: i64| t(lang, "rows-count", &[("n", n.into())]);
    assert_eq!(n(Lang::En, 1), "1 row");
    assert_eq!(n(Lang::En, 620_573), "620,573 rows");
    assert_eq!(n(Lang::Zh, 620_573), "共 620,573 行");
    assert_eq!(grouped("-1234567"), "-1,234,567");
    assert_eq!(t(Lang::En, "no-such-key", &[]), "no-such-key");
}

/// The sources that say codes, below `crates`.
fn sources() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut paths = Vec::new();
    for part in ["web/src", "platform/src"] {
        files(&root.join(part), "rs", &mut paths);
    }
    let told = paths
        .into_iter()
        .map(|it| (it.clone(), fs::read_to_string(it).unwrap()));
    // what stands in a module of tests is no code of ours
    told.map(|(path, text)| (path, text.split("#[cfg(test)]").next().unwrap_or_default().to_owned()))
        .collect()
}

fn source(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)).unwrap()
}

/// A code: small letters, digits and dashes.
fn is_code(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'-')
}

/// What stands within the parentheses of every call.
fn arguments<'a>(text: &'a str, call: &str) -> Vec<&'a str> {
    text.split(call)
        .skip(1)
        .map(|rest| {
            let mut depth = 1;
            let end = rest.find(|it: char| {
                depth += i32::from(it == '(') - i32::from(it == ')');
                depth == 0
            });
            rest.get(..end.unwrap_or(rest.len())).unwrap_or_default()
        })
        .collect()
}

/// The texts in quotes of some arguments.
fn quoted(arguments: &str) -> Vec<&str> {
    arguments.split('"').skip(1).step_by(2).collect()
}

/// The first code among the texts of every call.
fn first_codes(text: &str, call: &str) -> Vec<String> {
    let first = |it: &str| quoted(it).into_iter().find(|it| is_code(it)).map(str::to_owned);
    arguments(text, call).into_iter().filter_map(first).collect()
}

/// The codes that the body of `fn code` of a type gives.
fn codes(path: &str, of: &str) -> Vec<String> {
    let text = source(path);
    let body = text.split(&format!("impl {of} {{")).nth(1).expect(of);
    let body = body
        .split("fn code(")
        .nth(1)
        .expect("fn code")
        .split("\n    }")
        .next()
        .unwrap();
    let found: Vec<String> = body.split('"').skip(1).step_by(2).map(str::to_owned).collect();
    assert!(found.len() > 2, "{of} has no codes in {path}");
    found
}

fn missing_of(keys_wanted: impl IntoIterator<Item = String>) -> Vec<String> {
    let known = keys(&ZH);
    keys_wanted.into_iter().filter(|it| !known.contains_key(it)).collect()
}

#[test]
fn every_refusal_has_its_words() {
    let known = keys(&ZH);
    let said = |code: &str| {
        ["error-", "finding-", "problem-"]
            .iter()
            .any(|it| known.contains_key(&format!("{it}{code}")))
    };
    let (mut problems, mut faults) = (BTreeSet::new(), BTreeSet::new());
    for (path, text) in sources() {
        if path.ends_with("web/src/problem.rs") {
            for call in ["Self::new(", "conflict(", "unfit("] {
                problems.extend(first_codes(&text, call));
            }
        }
        problems.extend(first_codes(&text, "Problem::new("));
        for it in ["Fault::new(", "Error::fault("]
            .iter()
            .flat_map(|call| arguments(&text, call))
        {
            // the field first, which may be a text too
            let at = usize::from(it.trim_start().starts_with('"'));
            faults.extend(quoted(it).get(at).filter(|it| is_code(it)).map(|it| (*it).to_owned()));
        }
        for it in arguments(&text, "wrong(") {
            let mut codes = quoted(it).into_iter().take(2).filter(|it| is_code(it));
            faults.extend(codes.next_back().map(str::to_owned));
        }
    }
    for code in [
        "denied",
        "stale",
        "question",
        "weak-password",
        "too-large",
        "method-not-allowed",
        "run-under-way",
    ] {
        assert!(
            problems.contains(code),
            "the sources are not read: {code} of {problems:?}"
        );
    }
    for code in ["withheld", "unknown-item", "separation", "too-many"] {
        assert!(faults.contains(code), "the sources are not read: {code} of {faults:?}");
    }
    // `/log` and `/metrics` are files for programs and have no page
    let silent: Vec<_> = problems.iter().chain(&faults).filter(|it| !said(it)).collect();
    assert!(silent.is_empty(), "codes without words: {silent:?}");
}

#[test]
fn every_exact_reason_has_its_words() {
    let of = |family: &str, codes: Vec<String>| -> Vec<String> {
        codes.into_iter().map(|it| format!("{family}{it}")).collect()
    };
    let mut wanted = of("problem-refused-", codes("sharing/src/refused.rs", "Refused"));
    wanted.extend(of("problem-weak-password-", codes("staff/src/password.rs", "Weakness")));
    wanted.extend(of("rule-", codes("vocab/src/rule/error.rs", "RuleError")));
    wanted.extend(of("bundle-", codes("ledger/src/bundle.rs", "Fault")));
    wanted.extend(of("outcome-", codes("ledger/src/receipt.rs", "Outcome")));
    wanted.extend(of("path-why-", codes("engine/src/pipe/mod.rs", "Why")));
    wanted.push("path-why-tuples".to_owned());
    wanted.extend(of("refreshed-why-", codes("engine/src/sink/changes.rs", "Whole")));
    wanted.push("refreshed-why-compared".to_owned());
    let refresh = platform::exchange::Refresh::ALL.iter();
    wanted.extend(refresh.flat_map(|it| [format!("refresh-{it}"), format!("refreshed-{it}")]));
    wanted.extend(platform::exchange::Path::ALL.iter().map(|it| format!("path-{it}")));
    let all = vocab::rule::Wanted::ALL
        .iter()
        .map(|it| format!("rule-wanted-{}", it.code()));
    wanted.extend(all);
    wanted.extend(
        vocab::profile::Meaning::ALL
            .iter()
            .map(|it| format!("clue-test-{}", it.code())),
    );
    let limits = source("web/src/problem.rs");
    let limits = limits
        .split("fn limit(")
        .nth(1)
        .unwrap()
        .split("\n}")
        .next()
        .unwrap()
        .to_owned();
    wanted.extend(
        limits
            .split('"')
            .skip(1)
            .step_by(2)
            .map(|it| format!("problem-limit-{it}")),
    );
    let stop = source("platform/src/flow/run_delivery/stop.rs");
    let texts = arguments(&stop, "(");
    let failures = texts
        .iter()
        .filter_map(|it| quoted(it).first().copied())
        .filter(|it| is_code(it));
    let failures: BTreeSet<String> = failures.map(str::to_owned).collect();
    assert!(
        failures.contains("not-equal") && failures.contains("too-many-bad"),
        "{failures:?}"
    );
    wanted.extend(of("run-failed-", failures.into_iter().collect()));
    let missing = missing_of(wanted);
    assert!(missing.is_empty(), "reasons without words: {missing:?}");
}

#[test]
fn every_kind_of_entry_has_its_words() {
    // kinds of jobs and a limit's name: nobody reads them
    let jobs = [
        "publish-log",
        "check-log",
        "close-releases",
        "sweep-staff",
        "remind-clocks",
        "recount-clocks",
        "mark-provided",
        "take-back-run",
        "lock-after-failures",
    ];
    let known = keys(&ZH);
    let said = |it: &str| {
        ["event-", "error-", "finding-", "problem-", "run-failed-", ""]
            .iter()
            .any(|family| known.contains_key(&format!("{family}{it}")))
    };
    let mut kinds = BTreeSet::new();
    for (path, text) in sources() {
        kinds.extend(first_codes(&text, "Event::new("));
        let within = |name: &str| path.components().any(|it| it.as_os_str() == name);
        // what a dry run of the policy answers is no entry
        if within("platform") && !within("explain_policy") {
            // however a kind comes to its entry: every text of the corridor that could be one
            let texts = quoted(&text).into_iter();
            kinds.extend(
                texts
                    .filter(|it| is_code(it) && it.contains('-') && !it.ends_with('-') && !it.starts_with("finding-"))
                    .map(str::to_owned),
            );
        }
    }
    for kind in ["resource-published", "org-changed", "agreement-time"] {
        assert!(kinds.contains(kind), "the sources are not read: {kind} of {kinds:?}");
    }
    let silent: Vec<_> = kinds
        .iter()
        .filter(|it| !said(it) && !jobs.contains(&it.as_str()))
        .collect();
    assert!(silent.is_empty(), "entries without words: {silent:?}");
}

#[test]
fn every_status_has_its_words() {
    use axum::http::StatusCode as S;
    let used = [
        S::UNAUTHORIZED,
        S::FORBIDDEN,
        S::NOT_FOUND,
        S::METHOD_NOT_ALLOWED,
        S::NOT_ACCEPTABLE,
        S::CONFLICT,
        S::PAYLOAD_TOO_LARGE,
        S::UNSUPPORTED_MEDIA_TYPE,
        S::UNPROCESSABLE_ENTITY,
        S::TOO_MANY_REQUESTS,
        S::INTERNAL_SERVER_ERROR,
        S::BAD_GATEWAY,
        S::SERVICE_UNAVAILABLE,
        S::BAD_REQUEST,
    ];
    let wanted = used.iter().flat_map(|it| {
        [
            format!("status-{}", it.as_u16()),
            format!("status-help-{}", it.as_u16()),
        ]
    });
    let missing = missing_of(wanted);
    assert!(missing.is_empty(), "statuses without words: {missing:?}");
}
