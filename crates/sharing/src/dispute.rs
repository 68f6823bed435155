//! 争议解决: the ladder of Order 809 Art. 27. The two departments negotiate; then the authority of their level mediates,
//! or, across levels or regions, the common superior authority; what is still open is reported to the government.
//!
//! On the first rung nobody settles alone: one department proposes, the other agrees. A clock runs on every rung.

use serde::{Deserialize, Serialize};
use vocab::{Action, ActorId, AgreementState, DisputeId, OrgId, Role, Timestamp};

use crate::{
    agreement::Agreement,
    clock::{self, ClockId, Clocks, DueKind, Timer, due_notices},
    command::{Command, Notice},
    refused::Refused,
    request::{Party, Request, RequestState},
};

vocab::list! {
    /// The rung of the ladder.
    DisputeState: "dispute state" {
        /// The two departments negotiate.
        Negotiating = "negotiating", "部门协商", "Departments negotiate";
        /// The authority of the same level mediates.
        Mediating = "mediating", "同级主管部门协调", "Authority mediates";
        /// The common superior authority mediates.
        CommonSuperior = "common-superior", "共同上级主管部门协调", "Common superior authority mediates";
        /// The government decides.
        Government = "government", "报请政府决定", "Government decides";
        /// Settled.
        Settled = "settled", "已解决", "Settled";
        /// Taken back by the one who raised it.
        Withdrawn = "withdrawn", "已撤回", "Withdrawn";
    }
}

vocab::list! {
    /// Who the parties are to each other.
    Span: "span" {
        /// Departments of one government.
        SameLevel = "same-level", "同级部门", "Same level";
        /// Of several levels or regions.
        Across = "across", "跨层级、跨地域", "Across levels or regions";
    }
}

/// One step on the ladder, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rung {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: ActorId,
    /// The state it came to.
    pub to: DisputeState,
    /// Why, or the outcome.
    pub text: String,
}

/// A settlement that one department proposes on the first rung. It ends the dispute when the other agrees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// When.
    pub at: Timestamp,
    /// Which department, and who for it.
    pub by: Party,
    /// The outcome that is proposed.
    pub text: String,
}

/// A dispute over a request, agreement or correction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispute {
    /// Identifier.
    pub id: DisputeId,
    /// The number people use: `ZY-2026-000123`.
    pub no: String,
    /// Who raised it.
    pub raiser: Party,
    /// Against whom.
    pub other: OrgId,
    /// 行政区划代码 whose clocks run, of the other department.
    #[serde(default)]
    pub division: Option<String>,
    /// About what: the text of a request's, agreement's or correction's identifier.
    pub subject: String,
    /// Who the parties are to each other.
    pub span: Span,
    /// What it is about.
    pub claim: String,
    /// The rung.
    pub state: DisputeState,
    /// The settlement that waits for the other department, on the first rung.
    #[serde(default)]
    pub proposal: Option<Proposal>,
    /// The way up, oldest first.
    pub rungs: Vec<Rung>,
    /// Its clocks, one for each rung it came to.
    #[serde(default)]
    pub timers: Vec<Timer>,
    /// When it was raised.
    pub created_at: Timestamp,
    /// Changes at each save; guards against two at once.
    pub revision: u64,
}

/// What a new dispute is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDispute {
    /// The number, from [`crate::store::next_number`].
    pub no: String,
    /// Who raises it.
    pub raiser: Party,
    /// Against whom.
    pub other: OrgId,
    /// Whose clocks run.
    pub division: Option<String>,
    /// About what.
    pub subject: String,
    /// Who the parties are to each other.
    pub span: Span,
    /// What it is about.
    pub claim: String,
}

/// What can happen to a dispute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A department proposes a settlement, on the first rung.
    Propose {
        /// Which department, and who for it.
        by: Party,
        /// The outcome that is proposed.
        text: String,
    },
    /// Settled: on the first rung by agreeing to what the other department proposed, above it by the mediator's record.
    Settle {
        /// Who agrees or records.
        by: Party,
        /// The outcome; may be empty where a proposal is agreed to.
        text: String,
    },
    /// No agreement on this rung: up to the next.
    Climb {
        /// Who reports it.
        by: ActorId,
        /// What was tried.
        text: String,
    },
    /// Taken back.
    Withdraw {
        /// Who.
        by: ActorId,
        /// Why.
        text: String,
    },
    /// Time passes: reminders and escalations.
    TimePasses,
}

impl Event {
    /// The machine code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Propose { .. } => "propose",
            Self::Settle { .. } => "settle",
            Self::Climb { .. } => "climb",
            Self::Withdraw { .. } => "withdraw",
            Self::TimePasses => "time-passes",
        }
    }
}

type Outcome = Result<(Dispute, Vec<Command>), Refused>;

impl DisputeState {
    /// The whole ladder, in one place; `None` above the last rung and after the end.
    #[must_use]
    pub const fn next(self, span: Span) -> Option<Self> {
        match (self, span) {
            (Self::Negotiating, Span::SameLevel) => Some(Self::Mediating),
            (Self::Negotiating, Span::Across) => Some(Self::CommonSuperior),
            (Self::Mediating | Self::CommonSuperior, _) => Some(Self::Government),
            (Self::Government | Self::Settled | Self::Withdrawn, _) => None,
        }
    }

    /// Is it over?
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Settled | Self::Withdrawn)
    }

    /// The limit of a rung; none after the end.
    #[must_use]
    pub const fn clock(self) -> Option<ClockId> {
        match self {
            Self::Negotiating => Some(ClockId::D1),
            Self::Mediating | Self::CommonSuperior => Some(ClockId::D2),
            Self::Government => Some(ClockId::D3),
            Self::Settled | Self::Withdrawn => None,
        }
    }

    /// Which permit it takes to settle or climb on this rung: the departments' own on the first, the authority's above;
    /// none after the end.
    #[must_use]
    pub const fn acts(self) -> Option<Action> {
        match self {
            Self::Negotiating => Some(Action::AnswerDispute),
            Self::Mediating | Self::CommonSuperior | Self::Government => Some(Action::MediateDispute),
            Self::Settled | Self::Withdrawn => None,
        }
    }
}

/// May a dispute be raised over this request? Only a refusal is disputed, by the department that was refused.
///
/// # Errors
/// [`Refused::NotNow`].
pub const fn over_request(it: &Request) -> Result<(), Refused> {
    match it.state {
        RequestState::Refused => Ok(()),
        other => Err(Refused::NotNow {
            thing: "request",
            state: other.code(),
            event: "dispute",
        }),
    }
}

/// May a dispute be raised over this agreement? Only its suspension and its revocation are disputed, by the consumer.
///
/// # Errors
/// [`Refused::NotNow`].
pub fn over_agreement(it: &Agreement) -> Result<(), Refused> {
    let revoked = it.steps.iter().any(|it| it.event == "revoke");
    if it.state == AgreementState::Suspended || revoked {
        Ok(())
    } else {
        Err(Refused::NotNow {
            thing: "agreement",
            state: it.state.code(),
            event: "dispute",
        })
    }
}

/// Raises a dispute; the clock of the first rung begins.
///
/// # Errors
/// [`Refused::NoReasons`] without a claim; [`Refused::Clock`] for absurd rows.
pub fn raise(new: NewDispute, now: Timestamp, clocks: &Clocks) -> Outcome {
    if new.claim.trim().is_empty() {
        return Err(Refused::NoReasons);
    }
    let mut it = Dispute {
        id: DisputeId::new(),
        no: new.no,
        raiser: new.raiser,
        other: new.other,
        division: new.division,
        subject: new.subject,
        span: new.span,
        claim: new.claim,
        state: DisputeState::Negotiating,
        proposal: None,
        rungs: vec![],
        timers: vec![],
        created_at: now,
        revision: 0,
    };
    let mut commands = start(&mut it, now, clocks)?;
    commands.push(Command::tell(it.other, Role::DataOfficer, Notice::DisputeRaised));
    Ok((it, commands))
}

/// One step of a dispute.
///
/// # Errors
/// [`Refused`]; the dispute is unchanged then.
pub fn apply(it: Dispute, event: Event, now: Timestamp, clocks: &Clocks) -> Outcome {
    let not_now = Refused::NotNow {
        thing: "dispute",
        state: it.state.code(),
        event: event.code(),
    };
    match event {
        Event::TimePasses => Ok(time_passes(it, now)),
        _ if it.state.is_over() => Err(not_now),
        Event::Propose { by, text } if it.state == DisputeState::Negotiating => propose(it, by, text, now),
        Event::Propose { .. } => Err(not_now),
        Event::Settle { by, text } => {
            let text = if it.state == DisputeState::Negotiating {
                agreed(&it, by, text)?
            } else {
                text
            };
            to(it, DisputeState::Settled, by.actor, text, now, clocks)
        }
        Event::Climb { by, text } => {
            let next = it.state.next(it.span).ok_or(not_now)?;
            to(it, next, by, text, now, clocks)
        }
        Event::Withdraw { by, text } => to(it, DisputeState::Withdrawn, by, text, now, clocks),
    }
}

fn propose(mut it: Dispute, by: Party, text: String, now: Timestamp) -> Outcome {
    if text.trim().is_empty() {
        return Err(Refused::NoReasons);
    }
    it.rungs.push(Rung {
        at: now,
        by: by.actor,
        to: it.state,
        text: text.clone(),
    });
    it.proposal = Some(Proposal { at: now, by, text });
    let other = if by.org == it.other { it.raiser.org } else { it.other };
    Ok((
        it,
        vec![Command::tell(other, Role::DataOfficer, Notice::DisputeProposed)],
    ))
}

/// The words of a settlement on the first rung: what the other department proposed, and what is added in agreeing.
fn agreed(it: &Dispute, by: Party, text: String) -> Result<String, Refused> {
    match &it.proposal {
        Some(proposal) if proposal.by.org != by.org => Ok(if text.trim().is_empty() {
            proposal.text.clone()
        } else {
            format!("{}\n{text}", proposal.text)
        }),
        _ => Err(Refused::NotAgreed),
    }
}

fn to(mut it: Dispute, to: DisputeState, by: ActorId, text: String, now: Timestamp, clocks: &Clocks) -> Outcome {
    if text.trim().is_empty() {
        return Err(Refused::NoReasons);
    }
    let mut commands = clock::meet(&mut it.timers, ClockId::ALL, now);
    it.state = to;
    it.proposal = None;
    it.rungs.push(Rung { at: now, by, to, text });
    commands.extend(start(&mut it, now, clocks)?);
    let kind = if to.is_over() {
        Notice::DisputeSettled
    } else {
        Notice::DisputeClimbed
    };
    commands.push(Command::tell(it.raiser.org, Role::DataOfficer, kind));
    commands.push(Command::tell(it.other, Role::DataOfficer, kind));
    if !to.is_over() {
        commands.push(Command::tell_authority(kind));
    }
    Ok((it, commands))
}

/// The clock of the rung it stands on.
fn start(it: &mut Dispute, now: Timestamp, clocks: &Clocks) -> Result<Vec<Command>, Refused> {
    let Some(clock) = it.state.clock() else {
        return Ok(vec![]);
    };
    let Some(timer) = clocks.start(clock, it.division.as_deref(), now)? else {
        return Ok(vec![]);
    };
    let due = timer.due();
    it.timers.push(timer);
    Ok(due.map(|due| Command::StartTimer { clock, due }).into_iter().collect())
}

/// On the first rung both departments are told, above it the authority. What is late is the authority's to see to.
fn time_passes(mut it: Dispute, now: Timestamp) -> (Dispute, Vec<Command>) {
    let notices = due_notices(&it.timers, now);
    clock::mark(&mut it.timers, &notices, now);
    let mut commands = Vec::new();
    for notice in notices {
        let clock = notice.clock;
        let kind = match notice.kind {
            DueKind::Soon => Notice::DueSoon { clock },
            DueKind::Overdue => Notice::Overdue { clock },
        };
        if it.state == DisputeState::Negotiating {
            commands.push(Command::tell(it.raiser.org, Role::DataOfficer, kind));
            commands.push(Command::tell(it.other, Role::DataOfficer, kind));
        } else {
            commands.push(Command::tell_authority(kind));
        }
        if notice.kind == DueKind::Overdue {
            commands.push(Command::Escalate { clock, late: it.other });
        }
    }
    (it, commands)
}

#[cfg(test)]
mod tests;
