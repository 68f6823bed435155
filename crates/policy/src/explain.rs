//! The dry run: would X be allowed Y on Z, and why not? Nothing is done and nothing is remembered.

use serde::Serialize;
use vocab::{Action, Actor, ActorId, AgreementState, RowRule, Terms};

use crate::{
    about::{About, Use},
    decide::{Because, Denial, Missing, decide},
    mandate::mandate,
    rows::RowItems,
    rules::{Rule, Rules},
};

/// The answer of a dry run, with the exact rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// Would it be allowed?
    pub allowed: bool,
    /// What was asked.
    pub action: Action,
    /// For whom.
    pub actor: ActorId,
    /// About what.
    pub subject: String,
    /// The rules that decide: those that grant, or those that forbid. Empty when no rule grants.
    pub rules: Vec<Rule>,
    /// Where no rule grants: the rules that speak of this action.
    pub candidates: Vec<Rule>,
    /// What would open the door.
    pub missing: Vec<Missing>,
    /// One English sentence.
    pub sentence: String,
    /// [`Rules::digest`] of the rules that were asked.
    pub policy_digest: String,
}

/// The answer of a dry run of a use of data.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UseExplanation {
    /// The decision.
    #[serde(flatten)]
    pub answer: Explanation,
    /// The rows that would leave, when allowed.
    pub row_rule: Option<RowRule>,
    /// What partial evaluation leaves of the standing row rules, as Cedar text.
    pub residuals: Vec<String>,
}

/// Would this actor be allowed this action about that, and why (not)?
#[must_use]
pub fn explain(rules: &Rules, actor: &Actor, action: Action, about: &About) -> Explanation {
    match decide(rules, actor, action, about) {
        Ok(permit) => granted(rules, actor, action, about.subject(), permit.rules()),
        Err(denial) => denied(rules, denial),
    }
}

/// Would this actor be allowed to use the data of this agreement, so and then, and which rows would leave?
#[must_use]
pub fn explain_use(
    rules: &Rules,
    actor: &Actor,
    terms: &Terms,
    state: AgreementState,
    usage: &Use,
    items: &RowItems,
) -> UseExplanation {
    match mandate(rules, actor, terms, state, usage, items) {
        Ok(it) => UseExplanation {
            answer: granted(
                rules,
                actor,
                Action::UseData,
                format!("agreement {}", terms.agreement),
                it.rules(),
            ),
            row_rule: Some(it.row_rule().clone()),
            residuals: it.residuals().to_vec(),
        },
        Err(denial) => UseExplanation {
            answer: denied(rules, denial),
            row_rule: None,
            residuals: vec![],
        },
    }
}

fn granted(rules: &Rules, actor: &Actor, action: Action, subject: String, by: &[String]) -> Explanation {
    let by: Vec<_> = by.iter().filter_map(|id| rules.get(id).cloned()).collect();
    let sentences: Vec<_> = by.iter().map(|it| format!("rule `{}`: {}", it.id, it.en)).collect();
    Explanation {
        allowed: true,
        action,
        actor: actor.id,
        subject,
        sentence: format!("{action} is granted by {}", sentences.join(" ")),
        rules: by,
        candidates: vec![],
        missing: vec![],
        policy_digest: rules.digest().to_owned(),
    }
}

fn denied(rules: &Rules, denial: Denial) -> Explanation {
    let sentence = denial.sentence();
    let (deciding, candidates) = match denial.because {
        Because::Forbidden { rules } => (rules, vec![]),
        Because::NoGrant { candidates } => (vec![], candidates),
        Because::Broken { rules: ids } => (ids.iter().filter_map(|id| rules.get(id).cloned()).collect(), vec![]),
        Because::Unfit => (vec![], vec![]),
    };
    Explanation {
        allowed: false,
        action: denial.action,
        actor: denial.actor,
        subject: denial.subject,
        rules: deciding,
        candidates,
        missing: denial.missing,
        sentence,
        policy_digest: rules.digest().to_owned(),
    }
}
