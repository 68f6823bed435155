//! 提醒: what people are told, once each. A machine's commands become notices here; the corridor writes them in the change
//! that caused them, so that nothing happens without those hearing of it whom it concerns.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use vocab::{Actor, ActorId, NoticeId, OrgId, ResourceId, Role, Timestamp};

use crate::{
    Agreement, CatalogClock, Correction, Dispute, Request,
    clock::{self, ClockId},
    command::{Command, Notice, Who},
};

/// What notices are about: the thing after its change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matter {
    /// The text of its identifier.
    pub subject: String,
    /// Its human number; empty where it has none.
    pub no: String,
    /// Which change of which thing this was: of one change, each notice is told once.
    pub change: String,
    /// The resource it is about.
    pub resource: Option<ResourceId>,
    /// Who uses, or asks.
    pub consumer: Option<OrgId>,
    /// Who provides, or is asked.
    pub provider: OrgId,
    /// The last days of its limits.
    pub last_days: Vec<(ClockId, NaiveDate)>,
}

/// A notice that was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// Identifier.
    pub id: NoticeId,
    /// To whom.
    pub to: Who,
    /// What.
    pub kind: Notice,
    /// About what: the text of an identifier.
    pub subject: String,
    /// Its human number; empty where it has none.
    pub no: String,
    /// The resource it is about.
    pub resource: Option<ResourceId>,
    /// The other side; who is late, in an escalation.
    pub other: Option<OrgId>,
    /// The last day of the limit it speaks of.
    pub last_day: Option<NaiveDate>,
    /// When.
    pub at: Timestamp,
    /// When somebody to whom it was told first read it, and who.
    #[serde(skip)]
    pub read: Option<(Timestamp, ActorId)>,
    /// What makes it the one notice of its kind.
    #[serde(skip)]
    pub(crate) key: String,
}

/// The notices among the commands of a change.
#[must_use]
pub fn notices(matter: &Matter, commands: &[Command], now: Timestamp) -> Vec<Told> {
    commands.iter().filter_map(|it| notice(matter, it, now)).collect()
}

fn notice(matter: &Matter, command: &Command, now: Timestamp) -> Option<Told> {
    let (to, kind, late) = match command {
        Command::Notify { who, kind } => (who.clone(), *kind, None),
        Command::Escalate { clock, late } => (Who::Authority, Notice::Escalated { clock: *clock }, Some(*late)),
        _ => return None,
    };
    let other = late.or_else(|| match &to {
        Who::Org { org, .. } if Some(*org) == matter.consumer => Some(matter.provider),
        Who::Org { org, .. } if *org == matter.provider => matter.consumer,
        _ => matter.consumer.or(Some(matter.provider)),
    });
    let day = |clock: ClockId| {
        let found = matter.last_days.iter().rev().find(|(it, _)| *it == clock);
        found.map(|(_, day)| *day)
    };
    let clock = kind.clock();
    let key = format!(
        "{} {}{} {}",
        matter.change,
        kind.code(),
        clock.map(|it| format!(" {it}")).unwrap_or_default(),
        to.audience()
    );
    Some(Told {
        id: NoticeId::new(),
        kind,
        subject: matter.subject.clone(),
        no: matter.no.clone(),
        resource: matter.resource,
        other,
        last_day: clock.and_then(day),
        at: now,
        read: None,
        key,
        to,
    })
}

impl Who {
    /// Those who are told, as one text: `authority`, `org_…/approver`, `act_…`.
    #[must_use]
    pub fn audience(&self) -> String {
        match self {
            Self::Org { org, role } => format!("{org}/{role}"),
            Self::Authority => Role::Authority.code().to_owned(),
            Self::Actor { id } => id.to_string(),
        }
    }

    /// Every audience a person belongs to in the organisation they act for.
    #[must_use]
    pub fn audiences(actor: &Actor) -> Vec<String> {
        let of_role = actor.roles.iter().map(|role| match role {
            Role::Authority => Self::Authority,
            role => Self::Org {
                org: actor.org,
                role: *role,
            },
        });
        of_role
            .chain([Self::Actor { id: actor.id }])
            .map(|it| it.audience())
            .collect()
    }
}

impl From<&Request> for Matter {
    fn from(it: &Request) -> Self {
        Self {
            subject: it.id.to_string(),
            no: it.no.clone(),
            change: format!("{}/{}", it.id, it.revision),
            resource: Some(it.resource),
            consumer: Some(it.applicant.org),
            provider: it.provider,
            last_days: clock::last_days(&it.timers),
        }
    }
}

impl From<&Agreement> for Matter {
    fn from(it: &Agreement) -> Self {
        Self {
            subject: it.id.to_string(),
            no: it.no.clone(),
            change: format!("{}/{}", it.id, it.revision),
            resource: Some(it.resource),
            consumer: Some(it.consumer),
            provider: it.provider,
            last_days: clock::last_days(&it.timers),
        }
    }
}

impl From<&Correction> for Matter {
    fn from(it: &Correction) -> Self {
        Self {
            subject: it.id.to_string(),
            no: it.no.clone(),
            change: format!("{}/{}", it.id, it.revision),
            resource: Some(it.resource),
            consumer: Some(it.asker.org),
            provider: it.provider,
            last_days: clock::last_days(&it.timers),
        }
    }
}

impl From<&Dispute> for Matter {
    fn from(it: &Dispute) -> Self {
        Self {
            subject: it.id.to_string(),
            no: it.no.clone(),
            change: format!("{}/{}", it.id, it.revision),
            resource: None,
            consumer: Some(it.raiser.org),
            provider: it.other,
            last_days: clock::last_days(&it.timers),
        }
    }
}

impl From<&CatalogClock> for Matter {
    /// The thing is the entry, or the department; its clock, of which there may be several one after the other, changes.
    fn from(it: &CatalogClock) -> Self {
        Self {
            subject: it.subject.clone(),
            no: String::new(),
            change: format!("{}/{}", it.id, it.revision),
            resource: it.resource,
            consumer: None,
            provider: it.provider,
            last_days: clock::last_days(std::slice::from_ref(&it.timer)),
        }
    }
}

#[cfg(test)]
mod tests;
