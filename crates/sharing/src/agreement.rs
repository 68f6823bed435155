//! 共享授权: what was granted, its versions, and its end with proof of disposal (Order 809 Art. 23-25).

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use vocab::{ActorId, AgreementId, AgreementState as S, OrgId, RequestId, ResourceId, Role, Terms, Timestamp};

use crate::{
    clock::{self, ClockId, Clocks, Timer},
    command::{Command, Notice},
    refused::Refused,
    request::{Grant, Request},
};

mod machine;

pub use machine::{Event, apply};

/// Terms that were in force before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FormerTerms {
    /// The terms.
    pub terms: Terms,
    /// When they were replaced.
    pub until: Timestamp,
    /// By whom.
    pub by: ActorId,
    /// Why.
    pub reason: String,
}

/// Something that happened to an agreement, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// When.
    pub at: Timestamp,
    /// Who; none where time did it.
    pub by: Option<ActorId>,
    /// The event's code.
    pub event: String,
    /// Why.
    pub reason: String,
}

/// Proof that the obtained data was disposed of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disposal {
    /// Who proves it.
    pub by: ActorId,
    /// How: deleted, overwritten, media destroyed.
    pub how: String,
    /// On which day.
    pub on: NaiveDate,
    /// The statement.
    pub statement: String,
    /// When it was proved.
    pub at: Timestamp,
}

/// An agreement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Agreement {
    /// Identifier.
    pub id: AgreementId,
    /// The number people use: `SQ-2026-000123`.
    pub no: String,
    /// The request it was made from.
    pub request: RequestId,
    /// Whose clocks run.
    pub division: Option<String>,
    /// The resource.
    pub resource: ResourceId,
    /// The version of the resource it was made on.
    pub resource_version: u32,
    /// Who provides.
    pub provider: OrgId,
    /// Who uses.
    pub consumer: OrgId,
    /// 使用场景 of the request.
    pub scenario: String,
    /// The state.
    pub state: S,
    terms: Terms,
    /// Former terms, oldest first.
    pub history: Vec<FormerTerms>,
    /// What happened, oldest first.
    pub steps: Vec<Step>,
    /// When the data was first provided.
    pub provided_at: Option<Timestamp>,
    /// When use ended for good.
    pub ended_at: Option<Timestamp>,
    /// The proof of disposal.
    pub disposal: Option<Disposal>,
    /// Its clocks.
    pub timers: Vec<Timer>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Changes at each save; guards against two at once.
    pub revision: u64,
}

type Outcome = Result<(Agreement, Vec<Command>), Refused>;

impl Agreement {
    /// The agreement of a granted request; the clock for providing the data (T7) begins.
    ///
    /// # Errors
    /// [`Refused::Clock`] for absurd rows of limits.
    pub fn make(request: &Request, grant: &Grant, no: String, now: Timestamp, clocks: &Clocks) -> Outcome {
        let id = AgreementId::new();
        let mut agreement = Self {
            id,
            no,
            request: request.id,
            division: request.division.clone(),
            resource: request.resource,
            resource_version: request.resource_version,
            provider: request.provider,
            consumer: request.applicant.org,
            scenario: request.application.scenario.clone(),
            state: S::Active,
            terms: request.terms_of(grant, id),
            history: vec![],
            steps: vec![],
            provided_at: None,
            ended_at: None,
            disposal: None,
            timers: vec![],
            created_at: now,
            revision: 0,
        };
        let commands = agreement.start(ClockId::T7, now, clocks)?;
        Ok((agreement, commands))
    }

    /// The terms in force.
    #[must_use]
    pub const fn terms(&self) -> &Terms {
        &self.terms
    }

    /// Must the consumer still prove disposal?
    #[must_use]
    pub fn owes_disposal(&self) -> bool {
        matches!(self.state, S::Revoked | S::Expired | S::DisposalDue)
    }

    /// The next instant at which time does something to it: a timer, or the end of the term.
    #[must_use]
    pub fn next_at(&self) -> Option<Timestamp> {
        let term = matches!(self.state, S::Active | S::Suspended).then_some(self.terms.valid_until);
        // An ended agreement goes on to the demand of disposal at once.
        let demand = matches!(self.state, S::Revoked | S::Expired)
            .then_some(self.ended_at)
            .flatten();
        [term, demand, clock::next_at(&self.timers)].into_iter().flatten().min()
    }

    fn start(&mut self, clock: ClockId, now: Timestamp, clocks: &Clocks) -> Result<Vec<Command>, Refused> {
        let Some(timer) = clocks.start(clock, self.division.as_deref(), now)? else {
            return Ok(vec![]);
        };
        let due = timer.due();
        self.timers.push(timer);
        Ok(due.map(|due| Command::StartTimer { clock, due }).into_iter().collect())
    }

    fn step(&mut self, by: Option<ActorId>, event: &str, reason: &str, at: Timestamp) {
        self.steps.push(Step {
            at,
            by,
            event: event.to_owned(),
            reason: reason.to_owned(),
        });
    }

    fn tell_consumer(&self, kind: Notice) -> Command {
        Command::tell(self.consumer, Role::DataOfficer, kind)
    }
}

#[cfg(test)]
pub(crate) mod tests;
