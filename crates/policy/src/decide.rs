//! The decision: a permit, or a denial that says which rule and what is missing.

use cedar_policy::{Authorizer, Decision, Request};
use serde::Serialize;
use vocab::{Action, Actor, ActorId, OrgId, Role};

use crate::{
    about::{About, Question, Unaskable, uid},
    rules::{Rule, Rules},
};

/// Proof that the rules let this actor do this about that. Only [`decide`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permit {
    action: Action,
    actor: Actor,
    subject: String,
    rules: Vec<String>,
    policy_digest: String,
}

impl Permit {
    /// What may be done.
    #[must_use]
    pub const fn action(&self) -> Action {
        self.action
    }
    /// By whom.
    #[must_use]
    pub const fn actor(&self) -> &Actor {
        &self.actor
    }
    /// About what: `request req_…`.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }
    /// The names of the rules that granted it.
    #[must_use]
    pub fn rules(&self) -> &[String] {
        &self.rules
    }
    /// [`Rules::digest`] of the rules that were asked.
    #[must_use]
    pub fn policy_digest(&self) -> &str {
        &self.policy_digest
    }
}

/// A refusal. It is safe to show to the one who was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{}", self.sentence())]
pub struct Denial {
    /// What was wished.
    pub action: Action,
    /// By whom.
    pub actor: ActorId,
    /// About what: `request req_…`.
    pub subject: String,
    /// Why not.
    pub because: Because,
    /// What would open the door, one step each; empty when a rule forbids.
    pub missing: Vec<Missing>,
}

/// Why a denial.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "because", rename_all = "kebab-case")]
pub enum Because {
    /// These rules forbid it.
    Forbidden {
        /// The forbidding rules.
        rules: Vec<Rule>,
    },
    /// No rule grants it.
    NoGrant {
        /// The rules that speak of this action; none of them holds here.
        candidates: Vec<Rule>,
    },
    /// These rules could not be evaluated, and what cannot be evaluated denies.
    Broken {
        /// Their names.
        rules: Vec<String>,
    },
    /// This action is never about such a thing.
    Unfit,
}

/// One thing that would have opened the door: a role, another organisation, or both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Missing {
    /// The role that is missing, if any.
    pub role: Option<Role>,
    /// The organisation that one would have to belong to, if another.
    pub org: Option<OrgId>,
}

impl Denial {
    /// One English sentence with the exact rule.
    #[must_use]
    pub fn sentence(&self) -> String {
        match &self.because {
            Because::Forbidden { rules } => {
                let each: Vec<_> = rules.iter().map(|it| format!("rule `{}`: {}", it.id, it.en)).collect();
                format!("{} is forbidden by {}", self.action, each.join(" "))
            }
            Because::NoGrant { .. } => {
                let each: Vec<_> = self.missing.iter().map(Missing::sentence).collect();
                let hint = if each.is_empty() {
                    String::new()
                } else {
                    format!("; missing: {}", each.join(" or "))
                };
                format!("no rule grants {}{hint}", self.action)
            }
            Because::Broken { rules } => format!(
                "{} is denied: rules {} cannot be evaluated",
                self.action,
                rules.join(", ")
            ),
            Because::Unfit => format!("{} cannot be done with {}", self.action, self.subject),
        }
    }

    /// The names of the rules behind it.
    #[must_use]
    pub fn rule_ids(&self) -> Vec<&str> {
        match &self.because {
            Because::Forbidden { rules } => rules.iter().map(|it| it.id.as_str()).collect(),
            Because::Broken { rules } => rules.iter().map(String::as_str).collect(),
            Because::NoGrant { .. } | Because::Unfit => vec![],
        }
    }
}

impl Missing {
    fn sentence(&self) -> String {
        match (self.role, self.org) {
            (Some(role), Some(org)) => format!("the role {role} in {org}"),
            (Some(role), None) => format!("the role {role}"),
            (None, Some(org)) => format!("to belong to {org}"),
            (None, None) => "nothing".to_owned(),
        }
    }
}

/// May this actor do this about that? (decision point of attribute-based access control, NIST SP 800-162)
///
/// # Errors
/// The [`Denial`], which names the forbidding rules or says that no rule grants it, and what is missing.
pub fn decide(rules: &Rules, actor: &Actor, action: Action, about: &About) -> Result<Permit, Denial> {
    let denial = |because, missing| Denial {
        action,
        actor: actor.id,
        subject: about.subject(),
        because,
        missing,
    };
    match ask(rules, actor, action, about) {
        Answer::Granted(granting) => Ok(Permit {
            action,
            actor: actor.clone(),
            subject: about.subject(),
            rules: granting.into_iter().map(|it| it.id).collect(),
            policy_digest: rules.digest().to_owned(),
        }),
        Answer::Forbidden(rules) => Err(denial(Because::Forbidden { rules }, vec![])),
        Answer::Broken(rules) => Err(denial(Because::Broken { rules }, vec![])),
        Answer::Unfit => Err(denial(Because::Unfit, vec![])),
        Answer::NoGrant => {
            let candidates = uid("Action", action.code())
                .map(|it| rules.permits_for(&it))
                .unwrap_or_default();
            Err(denial(
                Because::NoGrant { candidates },
                missing(rules, actor, action, about),
            ))
        }
    }
}

pub(crate) enum Answer {
    Granted(Vec<Rule>),
    Forbidden(Vec<Rule>),
    Broken(Vec<String>),
    NoGrant,
    Unfit,
}

pub(crate) fn ask(rules: &Rules, actor: &Actor, action: Action, about: &About) -> Answer {
    let Ok((request, question)) = request(rules, actor, action, about) else {
        return Answer::Unfit;
    };
    let response = Authorizer::new().is_authorized(&request, rules.deeds(), &question.entities);
    let broken: Vec<_> = response
        .diagnostics()
        .errors()
        .map(|cedar_policy::AuthorizationError::PolicyEvaluationError(it)| it.policy_id().to_string())
        .collect();
    let named = rules.named(response.diagnostics().reason());
    match response.decision() {
        _ if !broken.is_empty() => Answer::Broken(broken),
        Decision::Allow => Answer::Granted(named),
        Decision::Deny if named.is_empty() => Answer::NoGrant,
        Decision::Deny => Answer::Forbidden(named),
    }
}

fn request(rules: &Rules, actor: &Actor, action: Action, about: &About) -> Result<(Request, Question), Unaskable> {
    let mut question = about.question(rules, actor)?;
    let context = std::mem::replace(&mut question.context, cedar_policy::Context::empty());
    let request = Request::new(
        question.principal.clone(),
        uid("Action", action.code())?,
        question.resource.clone(),
        context,
        Some(rules.schema()),
    )
    .map_err(|_| Unaskable)?;
    Ok((request, question))
}

/// What one more role, or another organisation, would change. Found by asking, not by reading rules.
fn missing(rules: &Rules, actor: &Actor, action: Action, about: &About) -> Vec<Missing> {
    let elsewhere: Vec<_> = about.orgs().into_iter().filter(|it| *it != actor.org).collect();
    let would = |role: Option<Role>, org: Option<OrgId>| {
        let mut other = actor.clone();
        other.roles.extend(role);
        other.org = org.unwrap_or(other.org);
        matches!(ask(rules, &other, action, about), Answer::Granted(_))
    };
    let new_roles: Vec<_> = Role::ALL.iter().copied().filter(|it| !actor.is(*it)).collect();
    let mut found: Vec<_> = new_roles
        .iter()
        .filter(|role| would(Some(**role), None))
        .map(|role| Missing {
            role: Some(*role),
            org: None,
        })
        .collect();
    for org in &elsewhere {
        if would(None, Some(*org)) {
            found.push(Missing {
                role: None,
                org: Some(*org),
            });
        }
    }
    if found.is_empty() {
        for org in &elsewhere {
            let both = new_roles.iter().filter(|role| would(Some(**role), Some(*org)));
            found.extend(both.map(|role| Missing {
                role: Some(*role),
                org: Some(*org),
            }));
        }
    }
    found
}
