//! Why something cannot be done, in the reader's words. Every reason has a stable code, and every code its sentence in
//! both languages; a test reads the codes from the sources, so that none is forgotten.

use platform::{
    exchange::{Failure, Refreshed, Taken},
    ledger::Fault as BundleFault,
    policy::{Explanation, Missing},
    vocab::{
        detect::{Clue, clues},
        rule::RuleError,
    },
};

use super::Ui;
use crate::{
    locale::{self, FluentValue},
    problem::{Fault, Problem, Reason},
};

const NAMES: [&str; 3] = ["a", "b", "c"];

fn find(ui: &Ui, key: &str, arguments: &[String]) -> Option<String> {
    let named: Vec<_> = NAMES
        .into_iter()
        .zip(arguments.iter().map(String::as_str).chain(std::iter::repeat("")))
        .map(|(name, it)| (name, FluentValue::from(it.to_owned())))
        .collect();
    locale::find(ui.lang, key, &named)
}

/// The sentence of a code: `error-{code}`, `finding-{code}` or `problem-{code}` of the locale.
pub(crate) fn sentence(ui: &Ui, code: &str, about: &str) -> String {
    ["error-", "finding-", "problem-"]
        .iter()
        .find_map(|family| find(ui, &format!("{family}{code}"), &[about.to_owned()]))
        .unwrap_or_else(|| ui.a("problem-unknown", code))
}

/// What is wrong with a field.
pub(crate) fn fault(ui: &Ui, it: &Fault) -> String {
    sentence(ui, &it.code, &it.about)
}

/// Why a refusal, as exactly as it says: `problem-{code}-{reason}`, else by its code alone.
pub(crate) fn problem(ui: &Ui, it: &Problem) -> String {
    let exactly = it.reason.as_ref().and_then(|reason| {
        let key = match it.code {
            "source" => format!("cause-{}", reason.code),
            code => format!("problem-{code}-{}", reason.code),
        };
        find(ui, &key, &arguments(ui, reason))
    });
    exactly
        .or_else(|| find(ui, &format!("problem-{}", it.code), &[]))
        .unwrap_or_else(|| sentence(ui, it.code, ""))
}

/// Codes among the arguments as words.
fn arguments(ui: &Ui, it: &Reason) -> Vec<String> {
    match (it.code.as_str(), it.arguments.as_slice()) {
        ("not-now", [thing, state, ..]) => {
            let kind = thing.split(' ').next().unwrap_or_default();
            vec![ui.tk("thing-", kind), ui.tk(&format!("state-{kind}-"), state)]
        }
        _ => it.arguments.clone(),
    }
}

/// Why a text is no row rule.
pub(crate) fn rule(ui: &Ui, it: &RuleError) -> String {
    let place = it.number().to_string();
    let wanted = match it {
        RuleError::Expected { expected, .. } => ui.tk("rule-wanted-", expected.code()),
        RuleError::Pattern { .. } | RuleError::Deep { .. } | RuleError::Long => String::new(),
    };
    find(ui, &format!("rule-{}", it.code()), &[place, wanted]).unwrap_or_else(|| ui.a("problem-unknown", it.code()))
}

/// Why a run of a delivery failed.
pub(crate) fn failure(ui: &Ui, it: &Failure) -> String {
    find(ui, &format!("run-failed-{}", it.code), std::slice::from_ref(&it.detail))
        .unwrap_or_else(|| ui.a("problem-unknown", &it.code))
}

/// Which path the rows of a run take, and why.
pub(crate) fn path(ui: &Ui, it: &Taken) -> String {
    let say = |key: String, argument: String| find(ui, &key, &[argument]);
    let path = say(format!("path-{}", it.path), it.lanes.to_string());
    let why = say(format!("path-why-{}", it.why), it.item.clone().unwrap_or_default());
    match (path, why) {
        (Some(path), Some(why)) => ui.ab("run-path", path, why),
        _ => ui.a("problem-unknown", &it.why),
    }
}

/// What a run brings where changes are wished for, and why.
pub(crate) fn refreshed(ui: &Ui, it: &Refreshed) -> String {
    let brings = ui.tk("refreshed-", it.refresh.code());
    ui.ab("run-refreshed", brings, ui.tk("refreshed-why-", &it.why))
}

/// Why a bundle proves nothing.
pub(crate) fn bundle(ui: &Ui, it: &BundleFault) -> String {
    find(ui, &format!("bundle-{}", it.code()), &it.arguments()).unwrap_or_else(|| ui.a("problem-unknown", it.code()))
}

/// What speaks for a guess.
pub(crate) fn evidence(ui: &Ui, text: &str) -> String {
    let said = clues(text).into_iter().map(|it| match it {
        Clue::Test(meaning) => ui.tk("clue-test-", meaning.code()),
        Clue::NameContains(word) => ui.a("clue-name", word),
        Clue::LeadingZeros(many) => ui.n("clue-zeros", many),
        Clue::Numbers => ui.t("clue-numbers"),
        Clue::LostZeros(many) => ui.n("clue-lost-zeros", many),
        Clue::Other(text) => text,
    });
    said.collect::<Vec<_>>().join(&ui.t("clue-and"))
}

/// What a dry run of the policy answers; `org` names an organisation.
pub(crate) fn policy(ui: &Ui, it: &Explanation, org: impl Fn(platform::vocab::OrgId) -> String) -> String {
    let ids: Vec<&str> = it.rules.iter().map(|it| it.id.as_str()).collect();
    let missing = |it: &Missing| match (it.role, it.org) {
        (Some(role), Some(id)) => ui.ab("policy-missing-both", ui.w(&role), org(id)),
        (Some(role), None) => ui.a("policy-missing-role", ui.w(&role)),
        (None, Some(id)) => ui.a("policy-missing-org", org(id)),
        (None, None) => String::new(),
    };
    if it.allowed {
        ui.a("policy-granted", ids.join(", "))
    } else if !ids.is_empty() {
        ui.a("policy-forbidden", ids.join(", "))
    } else if it.candidates.is_empty() {
        ui.t("policy-unfit")
    } else if it.missing.is_empty() {
        ui.t("policy-no-grant")
    } else {
        let each: Vec<String> = it.missing.iter().map(missing).collect();
        ui.a("policy-missing", each.join(&ui.t("policy-or")))
    }
}
