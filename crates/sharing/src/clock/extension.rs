//! 延期: more time for a step, which whoever owes it asks for and the approver of the rule consents to or declines (Order
//! 809: catalogue update, T1; answer on conditional data, T4). Until it is answered the old end stands.

use serde::{Deserialize, Serialize};
use vocab::{ActorId, Timestamp};

use super::{ClockId, Clocks, Timer};
use crate::{command::Command, refused::Refused};

/// A wish for more time, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extension {
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// Who asked.
    pub asked_by: ActorId,
    /// How much more, in the unit of the limit: working days.
    pub days: u32,
    /// Why.
    pub reason: String,
    /// The authority's answer, once given.
    pub answer: Option<Answer>,
}

/// What the authority says to a wish for more time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: ActorId,
    /// Yes or no.
    pub consent: bool,
    /// Why; duty where it declines.
    #[serde(default)]
    pub reason: String,
}

impl Extension {
    /// Asks for more time on the open timer of a clock. `before` is what was asked on it last: one wish is open at a time,
    /// one that was declined may be made anew, and a limit is extended once.
    ///
    /// # Errors
    /// [`Refused::ExtensionOpen`], [`Refused::ExtendedBefore`], [`Refused::NoReasons`]; [`Refused::TooLong`] for no days, for
    /// more than the rule gives, and where it gives none.
    pub(crate) fn ask(
        before: Option<&Self>,
        timers: &[Timer],
        clock: ClockId,
        by: ActorId,
        (days, reason): (u32, String),
        now: Timestamp,
    ) -> Result<Self, Refused> {
        match before.map(|it| it.answer.as_ref().map(|it| it.consent)) {
            Some(None) => return Err(Refused::ExtensionOpen),
            Some(Some(true)) => return Err(Refused::ExtendedBefore),
            Some(Some(false)) | None => {}
        }
        if reason.trim().is_empty() {
            return Err(Refused::NoReasons);
        }
        let open = timers.iter().find(|it| it.clock() == clock && it.is_open());
        let most = open.map_or(0, |it| it.rule.most_extension());
        if days == 0 || days > most {
            return Err(Refused::TooLong {
                clock: clock.code(),
                most,
            });
        }
        Ok(Self {
            asked_at: now,
            asked_by: by,
            days,
            reason,
            answer: None,
        })
    }

    /// Does it wait for its answer?
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.answer.is_none()
    }
}

impl Answer {
    /// Answers the open wish; with consent the open timer of the clock goes on to its new end.
    ///
    /// # Errors
    /// [`Refused::NotAsked`]; [`Refused::OwnExtension`] for whoever asked; [`Refused::NoReasons`] when declined without;
    /// [`Refused::Clock`] for absurd rows.
    pub(crate) fn give(
        self,
        extension: Option<&mut Extension>,
        timers: &mut [Timer],
        clock: ClockId,
        clocks: &Clocks,
    ) -> Result<Vec<Command>, Refused> {
        let Some(open) = extension.filter(|it| it.is_open()) else {
            return Err(Refused::NotAsked);
        };
        if open.asked_by == self.by {
            return Err(Refused::OwnExtension);
        }
        if !self.consent && self.reason.trim().is_empty() {
            return Err(Refused::NoReasons);
        }
        let mut commands = Vec::new();
        for timer in timers
            .iter_mut()
            .filter(|it| self.consent && it.clock() == clock && it.is_open())
        {
            clocks.extend(timer, open.days, self.at)?;
            commands.extend(timer.due().map(|due| Command::StartTimer { clock, due }));
        }
        open.answer = Some(self);
        Ok(commands)
    }
}
