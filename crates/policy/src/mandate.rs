//! The mandate: who, under which agreement, for what purpose, may open which rows and items.

use vocab::{Action, Actor, AgreementState, Purpose, RowRule, SharingMode, Terms};

use crate::{
    about::{About, AgreementFacts, Use},
    decide::{Because, Denial, decide},
    rows::{Closed, RowItems, Standing, standing},
    rules::Rules,
};

/// The right to open one governed table, once. Only [`mandate`] makes one; it is never wider than the terms.
#[derive(Debug, Clone, PartialEq)]
pub struct Mandate {
    actor: Actor,
    terms: Terms,
    purpose: Purpose,
    mode: SharingMode,
    row_rule: RowRule,
    residuals: Vec<String>,
    rules: Vec<String>,
    policy_digest: String,
}

impl Mandate {
    /// Who.
    #[must_use]
    pub const fn actor(&self) -> &Actor {
        &self.actor
    }
    /// The terms: items with masks, term, quota.
    #[must_use]
    pub const fn terms(&self) -> &Terms {
        &self.terms
    }
    /// For what.
    #[must_use]
    pub const fn purpose(&self) -> Purpose {
        self.purpose
    }
    /// How.
    #[must_use]
    pub const fn mode(&self) -> SharingMode {
        self.mode
    }
    /// The rows: the agreement's rule AND the standing rules as they stand for this actor.
    #[must_use]
    pub const fn row_rule(&self) -> &RowRule {
        &self.row_rule
    }
    /// What partial evaluation left of the standing rules, as Cedar text, for the receipt.
    #[must_use]
    pub fn residuals(&self) -> &[String] {
        &self.residuals
    }
    /// The names of the rules that granted it.
    #[must_use]
    pub fn rules(&self) -> &[String] {
        &self.rules
    }
    /// SHA-256 over rules, terms and residuals, lower-case hex: what an auditor needs to replay the decision.
    #[must_use]
    pub fn policy_digest(&self) -> &str {
        &self.policy_digest
    }
}

/// May this actor use the data of this agreement, so and now? Checks consumer, role, state, term, purpose, mode and
/// quota, and narrows the rows by the standing rules.
///
/// `items` says which items of the resource the standing row rules speak of.
///
/// # Errors
/// The [`Denial`] with the exact rule.
pub fn mandate(
    rules: &Rules,
    actor: &Actor,
    terms: &Terms,
    state: AgreementState,
    usage: &Use,
    items: &RowItems,
) -> Result<Mandate, Denial> {
    let about = About::Use {
        facts: AgreementFacts::of(terms, state),
        usage: usage.clone(),
    };
    let permit = decide(rules, actor, Action::UseData, &about)?;
    let Standing { rule, residuals } = standing(rules, actor, terms, usage, items).map_err(|closed| Denial {
        action: Action::UseData,
        actor: actor.id,
        subject: about.subject(),
        because: match closed {
            Closed::Forbidden(rules) => Because::Forbidden { rules },
            Closed::NoGrant => Because::NoGrant { candidates: vec![] },
            Closed::Broken(rules) => Because::Broken { rules },
        },
        missing: vec![],
    })?;
    let policy_digest = digest(rules, terms, &residuals).ok_or_else(|| Denial {
        action: Action::UseData,
        actor: actor.id,
        subject: about.subject(),
        because: Because::Unfit,
        missing: vec![],
    })?;
    Ok(Mandate {
        actor: actor.clone(),
        terms: terms.clone(),
        purpose: usage.purpose,
        mode: usage.mode,
        row_rule: RowRule::and([terms.rows.clone(), rule]),
        residuals,
        rules: permit.rules().to_vec(),
        policy_digest,
    })
}

fn digest(rules: &Rules, terms: &Terms, residuals: &[String]) -> Option<String> {
    let mut hasher = seal::Hasher::new(seal::Suite::International);
    hasher.update("jutong mandate 1\n");
    hasher.update(rules.digest());
    hasher.update("\n");
    hasher.update(serde_json::to_vec(terms).ok()?);
    for residual in residuals {
        hasher.update("\n");
        hasher.update(residual);
    }
    Some(hasher.finish_hex())
}
