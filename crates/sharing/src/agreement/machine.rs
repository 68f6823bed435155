//! The life of an agreement: `(agreement, event) -> (agreement, commands)`, every pair of state and event decided.

use chrono::NaiveDate;
use vocab::{ActorId, AgreementState as S, Role, Terms, Timestamp};

use super::{Agreement, Disposal, FormerTerms, Outcome};
use crate::{
    clock::{self, ClockId, Clocks, DueKind, due_notices},
    command::{Command, Notice},
    refused::{Lack, Refused},
    request::Grant,
};

/// What can happen to an agreement.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The data was provided for the first time.
    Provided,
    /// The provider changes the terms.
    Change {
        /// Who.
        by: ActorId,
        /// The new terms; `rows` is the whole rule.
        grant: Box<Grant>,
        /// Why.
        reason: String,
    },
    /// Use stops for a while.
    Suspend {
        /// Who.
        by: ActorId,
        /// Why.
        reason: String,
    },
    /// Use goes on.
    Resume {
        /// Who.
        by: ActorId,
        /// Why.
        reason: String,
    },
    /// Use ends for good.
    Revoke {
        /// Who.
        by: ActorId,
        /// Why.
        reason: String,
    },
    /// The term has ended.
    Expire,
    /// Proof of disposal is demanded.
    DemandDisposal {
        /// Who; none where the platform does it by itself.
        by: Option<ActorId>,
    },
    /// The consumer proves disposal.
    ProveDisposal {
        /// Who.
        by: ActorId,
        /// How.
        how: String,
        /// On which day.
        on: NaiveDate,
        /// The statement.
        statement: String,
    },
    /// Time passes: the term, reminders and escalations.
    TimePasses,
}

impl Event {
    /// The machine code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Provided => "provided",
            Self::Change { .. } => "change",
            Self::Suspend { .. } => "suspend",
            Self::Resume { .. } => "resume",
            Self::Revoke { .. } => "revoke",
            Self::Expire => "expire",
            Self::DemandDisposal { .. } => "demand-disposal",
            Self::ProveDisposal { .. } => "prove-disposal",
            Self::TimePasses => "time-passes",
        }
    }
}

/// One step in the life of an agreement, every pair of state and event decided.
///
/// # Errors
/// [`Refused`]; the agreement is unchanged then.
pub fn apply(mut it: Agreement, event: Event, now: Timestamp, clocks: &Clocks) -> Outcome {
    match (it.state, event) {
        (S::Active, Event::Provided) => {
            let mut commands = clock::meet(&mut it.timers, &[ClockId::T7], now);
            if it.provided_at.is_none() {
                it.provided_at = Some(now);
                commands.push(it.tell_consumer(Notice::DataProvided));
            }
            Ok((it, commands))
        }
        (S::Active | S::Suspended, Event::Change { by, grant, reason }) => change(it, by, *grant, &reason, now),
        (S::Active, Event::Suspend { by, reason }) => {
            with_reason(&reason)?;
            for timer in it.timers.iter_mut().filter(|it| it.is_open()) {
                clocks.pause(timer, now)?;
            }
            it.step(Some(by), "suspend", &reason, now);
            it.state = S::Suspended;
            let told = it.tell_consumer(Notice::AgreementSuspended);
            Ok((it, vec![told]))
        }
        (S::Suspended, Event::Resume { by, reason }) => {
            for timer in it.timers.iter_mut().filter(|it| it.is_open()) {
                clocks.resume(timer, now)?;
            }
            it.step(Some(by), "resume", &reason, now);
            it.state = S::Active;
            let told = it.tell_consumer(Notice::AgreementResumed);
            Ok((it, vec![told]))
        }
        (S::Active | S::Suspended, Event::Revoke { by, reason }) => {
            with_reason(&reason)?;
            it.step(Some(by), "revoke", &reason, now);
            Ok(end(it, S::Revoked, Notice::AgreementRevoked, now))
        }
        (S::Active | S::Suspended, Event::Expire) => {
            if now < it.terms.valid_until {
                return Err(Refused::NotYet);
            }
            it.step(None, "expire", "", now);
            Ok(end(it, S::Expired, Notice::AgreementExpired, now))
        }
        (S::Revoked | S::Expired, Event::DemandDisposal { by }) => demand_disposal(it, by, now, clocks),
        (S::Revoked | S::Expired | S::DisposalDue, Event::ProveDisposal { by, how, on, statement }) => prove_disposal(
            it,
            Disposal {
                by,
                how,
                on,
                statement,
                at: now,
            },
        ),
        (_, Event::TimePasses) => time_passes(it, now, clocks),

        (S::Active, event @ (Event::Resume { .. } | Event::DemandDisposal { .. } | Event::ProveDisposal { .. }))
        | (
            S::Suspended,
            event @ (Event::Provided
            | Event::Suspend { .. }
            | Event::DemandDisposal { .. }
            | Event::ProveDisposal { .. }),
        )
        | (
            S::Revoked | S::Expired,
            event @ (Event::Provided
            | Event::Change { .. }
            | Event::Suspend { .. }
            | Event::Resume { .. }
            | Event::Revoke { .. }
            | Event::Expire),
        )
        | (
            S::DisposalDue,
            event @ (Event::Provided
            | Event::Change { .. }
            | Event::Suspend { .. }
            | Event::Resume { .. }
            | Event::Revoke { .. }
            | Event::Expire
            | Event::DemandDisposal { .. }),
        )
        | (
            S::Closed,
            event @ (Event::Provided
            | Event::Change { .. }
            | Event::Suspend { .. }
            | Event::Resume { .. }
            | Event::Revoke { .. }
            | Event::Expire
            | Event::DemandDisposal { .. }
            | Event::ProveDisposal { .. }),
        ) => Err(Refused::NotNow {
            thing: "agreement",
            state: it.state.code(),
            event: event.code(),
        }),
    }
}

fn change(mut it: Agreement, by: ActorId, grant: Grant, reason: &str, now: Timestamp) -> Outcome {
    with_reason(reason)?;
    let checks = [
        (Lack::Items, grant.items.is_empty()),
        (Lack::Modes, grant.modes.is_empty()),
        (Lack::Period, grant.from >= grant.until || grant.until <= now),
        (Lack::Quota, grant.quota_per_day == Some(0)),
    ];
    let lacks: Vec<Lack> = checks
        .into_iter()
        .filter(|(_, lacking)| *lacking)
        .map(|(lack, _)| lack)
        .collect();
    if !lacks.is_empty() {
        return Err(Refused::Incomplete(lacks));
    }
    let former = it.terms.clone();
    it.terms = Terms {
        version: former.version + 1,
        items: grant.items,
        rows: grant.rows,
        modes: grant.modes,
        quota_per_day: grant.quota_per_day,
        valid_from: grant.from,
        valid_until: grant.until,
        ..former.clone()
    };
    it.history.push(FormerTerms {
        terms: former,
        until: now,
        by,
        reason: reason.to_owned(),
    });
    it.step(Some(by), "change", reason, now);
    let told = it.tell_consumer(Notice::AgreementChanged);
    Ok((it, vec![told]))
}

fn end(mut it: Agreement, state: S, notice: Notice, now: Timestamp) -> (Agreement, Vec<Command>) {
    let mut commands = clock::meet(&mut it.timers, ClockId::ALL, now);
    it.state = state;
    it.ended_at = Some(now);
    commands.push(it.tell_consumer(notice));
    commands.push(Command::tell(it.provider, Role::DataOfficer, notice));
    (it, commands)
}

fn demand_disposal(mut it: Agreement, by: Option<ActorId>, now: Timestamp, clocks: &Clocks) -> Outcome {
    let mut commands = it.start(ClockId::T10, now, clocks)?;
    it.step(by, "demand-disposal", "", now);
    it.state = S::DisposalDue;
    commands.push(it.tell_consumer(Notice::DisposalDemanded));
    Ok((it, commands))
}

fn prove_disposal(mut it: Agreement, proof: Disposal) -> Outcome {
    let now = proof.at;
    let today = vocab::calendar::local_day(now, vocab::calendar::shanghai());
    if proof.how.trim().is_empty() || proof.statement.trim().is_empty() || proof.on > today {
        return Err(Refused::NoProof);
    }
    let mut commands = clock::meet(&mut it.timers, ClockId::ALL, now);
    it.step(Some(proof.by), "prove-disposal", &proof.how, now);
    it.disposal = Some(proof);
    it.state = S::Closed;
    commands.push(Command::tell(it.provider, Role::DataOfficer, Notice::DisposalProved));
    commands.push(Command::tell_authority(Notice::DisposalProved));
    Ok((it, commands))
}

fn time_passes(mut it: Agreement, now: Timestamp, clocks: &Clocks) -> Outcome {
    let mut commands = Vec::new();
    if matches!(it.state, S::Active | S::Suspended) && now >= it.terms.valid_until {
        it.step(None, "expire", "", now);
        let (ended, more) = end(it, S::Expired, Notice::AgreementExpired, now);
        it = ended;
        commands.extend(more);
    }
    if matches!(it.state, S::Revoked | S::Expired) {
        let (owing, more) = demand_disposal(it, None, now, clocks)?;
        it = owing;
        commands.extend(more);
    }
    let notices = due_notices(&it.timers, now);
    clock::mark(&mut it.timers, &notices, now);
    for notice in notices {
        let clock = notice.clock;
        // Disposal is the consumer's duty, everything else the provider's.
        let late = if clock == ClockId::T10 {
            it.consumer
        } else {
            it.provider
        };
        match notice.kind {
            DueKind::Soon => commands.push(Command::tell(late, Role::DataOfficer, Notice::DueSoon { clock })),
            DueKind::Overdue => {
                commands.push(Command::tell(late, Role::DataOfficer, Notice::Overdue { clock }));
                commands.push(Command::Escalate { clock, late });
            }
        }
    }
    Ok((it, commands))
}

fn with_reason(reason: &str) -> Result<(), Refused> {
    if reason.trim().is_empty() {
        Err(Refused::NoReasons)
    } else {
        Ok(())
    }
}
