//! 目录时限: limits that run on the catalogue. T1 gives a department time to update its entry after law or duties have
//! changed, T2 gives the authority time to review what was submitted. They live here and name the entry by its text, so
//! that the catalogue knows nothing of sharing.

use chrono::{NaiveDate, NaiveTime, TimeZone};
use serde::{Deserialize, Serialize};
use vocab::{ActorId, CatalogClockId, OrgId, ResourceId, Role, Timestamp, calendar::shanghai};

use super::{Answer, ClockId, Clocks, DueKind, Extension, Timer, due_notices, timer};
use crate::{
    command::{Command, Notice},
    refused::Refused,
};

/// What has changed so that the catalogue must be updated (T1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// The day of the change, on which the limit begins.
    pub on: NaiveDate,
    /// Which law or duty, and how.
    pub reason: String,
    /// Who recorded it.
    pub by: ActorId,
}

/// A limit that runs, or ran, on an entry of the catalogue or on a department's whole catalogue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CatalogClock {
    /// Identifier.
    pub id: CatalogClockId,
    /// On what: the text of a resource's or an organisation's identifier.
    pub subject: String,
    /// The resource, where it is one.
    pub resource: Option<ResourceId>,
    /// Whose catalogue.
    pub provider: OrgId,
    /// What has changed, for T1.
    pub cause: Option<Cause>,
    /// The limit.
    pub timer: Timer,
    /// The last wish for more time.
    #[serde(default)]
    pub extension: Option<Extension>,
    /// When it was begun.
    pub created_at: Timestamp,
    /// Changes at each save; guards against two at once.
    pub revision: u64,
}

/// A limit that begins, with what is to be told; nothing where its rule has no number.
type Begun = Result<Option<(CatalogClock, Vec<Command>)>, Refused>;
/// A limit after a step, with what is to be told.
type Moved = Result<(CatalogClock, Vec<Command>), Refused>;

/// T2: an entry was submitted, and the authority's time to review it begins.
///
/// # Errors
/// [`Refused::Clock`] for absurd rows.
pub fn begin_review(
    resource: ResourceId,
    provider: OrgId,
    division: Option<&str>,
    now: Timestamp,
    clocks: &Clocks,
) -> Begun {
    let Some(timer) = clocks.start(ClockId::T2, division, now)? else {
        return Ok(None);
    };
    let it = CatalogClock::new(resource.to_string(), Some(resource), provider, None, timer, now);
    let commands = it.started();
    Ok(Some((it, commands)))
}

/// T1: law or duties have changed, and the department's time to update its catalogue runs from the day of the change.
///
/// # Errors
/// [`Refused::NoReasons`] when it does not say what has changed; [`Refused::NotYet`] for a day that has not come;
/// [`Refused::Clock`] for absurd rows.
pub fn begin_update(
    subject: String,
    resource: Option<ResourceId>,
    provider: OrgId,
    division: Option<&str>,
    cause: Cause,
    now: Timestamp,
    clocks: &Clocks,
) -> Begun {
    if cause.reason.trim().is_empty() {
        return Err(Refused::NoReasons);
    }
    let began = shanghai()
        .from_local_datetime(&cause.on.and_time(NaiveTime::MIN))
        .single()
        .map(|it| it.to_utc())
        .filter(|it| *it <= now)
        .ok_or(Refused::NotYet)?;
    let Some(timer) = clocks.start(ClockId::T1, division, began)? else {
        return Ok(None);
    };
    let it = CatalogClock::new(subject, resource, provider, Some(cause), timer, now);
    let mut commands = it.started();
    commands.push(Command::tell(provider, Role::DataOfficer, Notice::LawChanged));
    Ok(Some((it, commands)))
}

impl CatalogClock {
    fn new(
        subject: String,
        resource: Option<ResourceId>,
        provider: OrgId,
        cause: Option<Cause>,
        timer: Timer,
        now: Timestamp,
    ) -> Self {
        Self {
            id: CatalogClockId::new(),
            subject,
            resource,
            provider,
            cause,
            timer,
            extension: None,
            created_at: now,
            revision: 0,
        }
    }

    fn started(&self) -> Vec<Command> {
        let clock = self.timer.clock();
        let due = self.timer.due();
        due.map(|due| Command::StartTimer { clock, due }).into_iter().collect()
    }

    /// The limit is met, or no longer matters.
    pub fn meet(&mut self, now: Timestamp) -> Vec<Command> {
        timer::meet(std::slice::from_mut(&mut self.timer), ClockId::ALL, now)
    }

    /// Whoever owes the step asks the authority for more time, `days` in the unit of the limit.
    ///
    /// # Errors
    /// [`Refused::ExtensionOpen`], [`Refused::ExtendedBefore`], [`Refused::NoReasons`]; [`Refused::TooLong`] for more than
    /// the rule gives, which is nothing for a review (T2).
    pub fn ask_extension(mut self, by: ActorId, days: u32, reason: String, now: Timestamp) -> Moved {
        let (before, timers) = (self.extension.as_ref(), std::slice::from_ref(&self.timer));
        let asked = Extension::ask(before, timers, self.timer.clock(), by, (days, reason), now)?;
        self.extension = Some(asked);
        Ok((self, vec![Command::tell_authority(Notice::UpdateExtensionAsked)]))
    }

    /// The authority consents to more time, or does not and says why.
    ///
    /// # Errors
    /// [`Refused::NotAsked`], [`Refused::OwnExtension`], [`Refused::NoReasons`]; [`Refused::Clock`] for absurd rows.
    pub fn answer_extension(mut self, answer: Answer, clocks: &Clocks) -> Moved {
        let kind = match answer.consent {
            true => Notice::UpdateExtensionConsented,
            false => Notice::UpdateExtensionDeclined,
        };
        let (clock, timers) = (self.timer.clock(), std::slice::from_mut(&mut self.timer));
        let mut commands = answer.give(self.extension.as_mut(), timers, clock, clocks)?;
        commands.push(Command::tell(self.provider, Role::DataOfficer, kind));
        Ok((self, commands))
    }

    /// Time passes: reminders and escalations. The review is the authority's own duty, an update the department's.
    #[must_use]
    pub fn time_passes(mut self, now: Timestamp) -> (Self, Vec<Command>) {
        let timers = std::slice::from_mut(&mut self.timer);
        let notices = due_notices(timers, now);
        timer::mark(timers, &notices, now);
        let mut commands = Vec::new();
        for notice in notices {
            let clock = notice.clock;
            let kind = match notice.kind {
                DueKind::Soon => Notice::DueSoon { clock },
                DueKind::Overdue => Notice::Overdue { clock },
            };
            if clock == ClockId::T2 {
                commands.push(Command::tell_authority(kind));
                continue;
            }
            commands.push(Command::tell(self.provider, Role::DataOfficer, kind));
            if notice.kind == DueKind::Overdue {
                let late = self.provider;
                commands.push(Command::Escalate { clock, late });
            }
        }
        (self, commands)
    }
}
