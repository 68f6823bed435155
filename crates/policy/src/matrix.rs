//! The role × action matrix, found by asking the rules, not by writing it down.

use vocab::{
    Action, Actor, ActorId, AgreementId, AgreementState, OrgId, Purpose, Role, SharingClass, SharingMode, Timestamp,
};

use crate::{
    about::{About, AgreementFacts, Deed, Use},
    decide::{Answer, ask},
    rules::Rules,
};

/// The matrix as a text table, one line per action (and per deed on an agreement), one column per role.
///
/// `any`: for everyone's things; `own`: for things of one's own department; `prov`, `cons`: where one's own department
/// provides or uses; `self`: for oneself; `·`: not at all.
#[must_use]
pub fn matrix(rules: &Rules) -> String {
    let mut text = format!("{:<28}", "");
    for role in Role::ALL {
        text.push_str(&format!(" {:<15}", role.code()));
    }
    text.truncate(text.trim_end().len());
    for action in Action::ALL {
        let deeds: Vec<Option<Deed>> = match action {
            Action::ManageAgreement => Deed::ALL.into_iter().map(Some).collect(),
            _ => vec![None],
        };
        for deed in deeds {
            let name = deed.map_or_else(|| action.to_string(), |it| format!("{action}: {}", it.code()));
            let mut line = format!("{name:<28}");
            for role in Role::ALL {
                line.push_str(&format!(" {:<15}", cell(rules, *role, *action, deed)));
            }
            text.push('\n');
            text.push_str(line.trim_end());
        }
    }
    text.push('\n');
    text
}

fn cell(rules: &Rules, role: Role, action: Action, deed: Option<Deed>) -> &'static str {
    let (provider, consumer, stranger) = (OrgId::new(), OrgId::new(), OrgId::new());
    let actor = |org| Actor {
        id: ActorId::new(),
        login: String::new(),
        name: String::new(),
        org,
        roles: vec![role],
        via: None,
    };
    let may = |actor: &Actor| {
        examples(actor, provider, consumer, deed)
            .iter()
            .any(|about| matches!(ask(rules, actor, action, about), Answer::Granted(_)))
    };
    if action == Action::ManageOwnTokens {
        return if may(&actor(stranger)) { "self" } else { "·" };
    }
    match (may(&actor(stranger)), may(&actor(provider)), may(&actor(consumer))) {
        (true, ..) => "any",
        (false, true, true) => "own",
        (false, true, false) => "prov",
        (false, false, true) => "cons",
        (false, false, false) => "·",
    }
}

/// One example of everything a deed can be about, in its best case.
fn examples(actor: &Actor, provider: OrgId, consumer: OrgId, deed: Option<Deed>) -> Vec<About> {
    let (facts, usage) = in_force(provider, consumer);
    let class = SharingClass::Conditional;
    let mut all = vec![
        About::Platform,
        About::Person {
            id: actor.id,
            org: actor.org,
        },
        About::Request {
            id: None,
            consumer,
            provider,
            class,
            submitted_by: None,
        },
        About::Agreement {
            facts: facts.clone(),
            deed,
        },
        About::Use { facts, usage },
        About::Correction {
            id: None,
            consumer,
            provider,
            submitted_by: None,
        },
        About::Dispute {
            id: None,
            raiser: consumer,
            other: provider,
            submitted_by: None,
        },
    ];
    for owner in [provider, consumer] {
        let state = "draft".to_owned();
        all.push(About::Org(owner));
        all.push(About::Source { id: None, owner });
        all.push(About::Resource {
            id: None,
            owner,
            class,
            state,
            submitted_by: None,
        });
        all.push(About::Delivery { id: None, owner });
    }
    all
}

/// An agreement in force and a use as agreed.
fn in_force(provider: OrgId, consumer: OrgId) -> (AgreementFacts, Use) {
    let (purpose, mode, now) = (Purpose::Service, SharingMode::Interface, Timestamp::UNIX_EPOCH);
    let facts = AgreementFacts {
        id: AgreementId::new(),
        consumer,
        provider,
        state: AgreementState::Active,
        purpose,
        modes: vec![mode],
        valid_from: now,
        valid_until: now + chrono::Duration::days(1),
        quota_per_day: Some(1),
    };
    (
        facts,
        Use {
            purpose,
            mode,
            now,
            used_today: 0,
            division: None,
        },
    )
}
