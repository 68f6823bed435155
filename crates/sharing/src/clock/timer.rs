//! Timers: limits that run on one thing, and what is due on them.

use serde::{Deserialize, Serialize};
use vocab::{Deadline, Pause, Timestamp};

use super::{ClockId, ClockRule};
use crate::command::Command;

/// A limit that runs, or ran, on one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timer {
    /// The rule as it was when the timer began.
    pub rule: ClockRule,
    /// When it began.
    pub started: Timestamp,
    /// Extensions given.
    pub extensions: Vec<u32>,
    /// Pauses; the last may last.
    pub pauses: Vec<Pause>,
    /// When it ends, and how that was counted ([`Deadline::explain_zh`], [`Deadline::explain_en`]).
    pub deadline: Deadline,
    /// From when on a reminder is due.
    pub remind_at: Option<Timestamp>,
    /// When it was met, or no longer mattered.
    pub met_at: Option<Timestamp>,
    /// When a reminder was sent.
    pub reminded_at: Option<Timestamp>,
    /// When it was escalated.
    pub escalated_at: Option<Timestamp>,
}

impl Timer {
    /// Which limit.
    #[must_use]
    pub const fn clock(&self) -> ClockId {
        self.rule.clock
    }

    /// The first instant that is too late; `None` while it stands still.
    #[must_use]
    pub const fn due(&self) -> Option<Timestamp> {
        self.deadline.due
    }

    /// Does it still run or stand still?
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.met_at.is_none()
    }

    /// Was it met late, or is it late now?
    #[must_use]
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        self.deadline.is_overdue(self.met_at.unwrap_or(now))
    }

    /// The next instant at which something is due: the reminder, then the end.
    #[must_use]
    pub fn next_at(&self) -> Option<Timestamp> {
        match (self.is_open(), self.reminded_at, self.escalated_at) {
            (false, ..) | (_, _, Some(_)) => None,
            (true, None, None) => self.deadline.due.and(self.remind_at),
            (true, Some(_), None) => self.deadline.due,
        }
    }
}

/// What is due on a timer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DueKind {
    /// It ends soon.
    Soon,
    /// It has ended.
    Overdue,
}

/// A notice that is due now and was not sent yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DueNotice {
    /// Which limit.
    pub clock: ClockId,
    /// What.
    pub kind: DueKind,
    /// The first instant that is too late.
    pub due: Timestamp,
}

/// Which reminders and escalations are due. An overdue timer is escalated, not reminded.
#[must_use]
pub fn due_notices(timers: &[Timer], now: Timestamp) -> Vec<DueNotice> {
    let notice = |timer: &Timer| {
        let due = timer.due().filter(|_| timer.is_open())?;
        let kind = if now >= due {
            timer.escalated_at.is_none().then_some(DueKind::Overdue)?
        } else {
            let soon = timer.reminded_at.is_none() && timer.remind_at.is_some_and(|it| now >= it);
            soon.then_some(DueKind::Soon)?
        };
        Some(DueNotice {
            clock: timer.clock(),
            kind,
            due,
        })
    };
    timers.iter().filter_map(notice).collect()
}

/// Marks what [`due_notices`] told as told.
pub(crate) fn mark(timers: &mut [Timer], notices: &[DueNotice], now: Timestamp) {
    for notice in notices {
        for timer in timers
            .iter_mut()
            .filter(|it| it.clock() == notice.clock && it.is_open())
        {
            match notice.kind {
                DueKind::Soon => timer.reminded_at = Some(now),
                DueKind::Overdue => timer.escalated_at = Some(now),
            }
        }
    }
}

/// The open timers of these clocks are met.
pub(crate) fn meet(timers: &mut [Timer], which: &[ClockId], now: Timestamp) -> Vec<Command> {
    let mut commands = Vec::new();
    for timer in timers
        .iter_mut()
        .filter(|it| it.is_open() && which.contains(&it.clock()))
    {
        timer.met_at = Some(now);
        commands.push(Command::StopTimer { clock: timer.clock() });
    }
    commands
}

/// The earliest instant at which some timer needs looking at.
pub(crate) fn next_at(timers: &[Timer]) -> Option<Timestamp> {
    timers.iter().filter_map(Timer::next_at).min()
}

/// Was one of the open timers handed up to the authority?
pub(crate) fn is_escalated(timers: &[Timer]) -> bool {
    timers.iter().any(|it| it.is_open() && it.escalated_at.is_some())
}

/// The last day of each limit, for the words of a notice.
pub(crate) fn last_days(timers: &[Timer]) -> Vec<(ClockId, chrono::NaiveDate)> {
    timers
        .iter()
        .filter_map(|it| Some((it.clock(), it.deadline.last_day?)))
        .collect()
}
