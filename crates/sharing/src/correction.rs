//! 校核申请: a user of shared data says that it is wrong (Order 809 Art. 26, clock T8).

use serde::{Deserialize, Serialize};
use vocab::{ActorId, CorrectionId, OrgId, ResourceId, Role, Timestamp};

use crate::{
    clock::{self, ClockId, Clocks, DueKind, Timer, due_notices},
    command::{Command, Notice},
    refused::Refused,
    request::Party,
};

vocab::list! {
    /// The state of a correction request.
    CorrectionState: "correction state" {
        /// Waits for the provider.
        Asked = "asked", "待核实", "Asked";
        /// Answered; waits for the asker.
        Answered = "answered", "已反馈", "Answered";
        /// The asker is content.
        Closed = "closed", "已办结", "Closed";
        /// The asker does not agree; a dispute may be raised.
        Disputed = "disputed", "有异议", "Disputed";
        /// Taken back.
        Withdrawn = "withdrawn", "已撤回", "Withdrawn";
    }
}

vocab::list! {
    /// What the provider found.
    Finding: "finding" {
        /// It was wrong and is corrected.
        Corrected = "corrected", "已更正", "Corrected";
        /// It is right.
        Right = "right", "数据无误", "Data is right";
        /// Another department's data is at fault.
        Elsewhere = "elsewhere", "应由其他部门核实", "Belongs to another department";
    }
}

/// The provider's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: ActorId,
    /// What was found.
    pub finding: Finding,
    /// In words; reasons where nothing was corrected.
    pub text: String,
}

/// A correction request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Correction {
    /// Identifier.
    pub id: CorrectionId,
    /// The number people use: `JH-2026-000123`.
    pub no: String,
    /// Who asks.
    pub asker: Party,
    /// Who is asked.
    pub provider: OrgId,
    /// Whose clocks run.
    pub division: Option<String>,
    /// Of which resource.
    pub resource: ResourceId,
    /// Which item, where one.
    pub item: Option<String>,
    /// Which rows: told in words, without values of other rows.
    pub which: String,
    /// What is wrong.
    pub problem: String,
    /// On what the asker rests it.
    pub evidence: String,
    /// The state.
    pub state: CorrectionState,
    /// The answer.
    pub answer: Option<Answer>,
    /// Why the asker disagrees or withdrew.
    pub remark: Option<String>,
    /// Its clocks.
    pub timers: Vec<Timer>,
    /// When it was asked.
    pub created_at: Timestamp,
    /// Changes at each save; guards against two at once.
    pub revision: u64,
}

/// What a correction request is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCorrection {
    /// The number, from [`crate::store::next_number`].
    pub no: String,
    /// Who asks.
    pub asker: Party,
    /// Who is asked.
    pub provider: OrgId,
    /// Whose clocks run.
    pub division: Option<String>,
    /// Of which resource.
    pub resource: ResourceId,
    /// Which item.
    pub item: Option<String>,
    /// Which rows.
    pub which: String,
    /// What is wrong.
    pub problem: String,
    /// On what it rests.
    pub evidence: String,
}

/// What can happen to a correction request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The provider answers.
    Answer {
        /// Who.
        by: ActorId,
        /// What was found.
        finding: Finding,
        /// In words.
        text: String,
    },
    /// The asker is content.
    Confirm,
    /// The asker does not agree.
    Disagree {
        /// Why.
        reason: String,
    },
    /// The asker takes it back.
    Withdraw {
        /// Why.
        reason: String,
    },
    /// Time passes.
    TimePasses,
}

impl Event {
    /// The machine code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Answer { .. } => "answer",
            Self::Confirm => "confirm",
            Self::Disagree { .. } => "disagree",
            Self::Withdraw { .. } => "withdraw",
            Self::TimePasses => "time-passes",
        }
    }
}

type Outcome = Result<(Correction, Vec<Command>), Refused>;

/// Asks for a correction; the clock T8 begins.
///
/// # Errors
/// [`Refused::NothingNamed`] when it does not say which rows and what is wrong; [`Refused::Clock`] for absurd rows.
pub fn ask(new: NewCorrection, now: Timestamp, clocks: &Clocks) -> Outcome {
    if new.which.trim().is_empty() || new.problem.trim().is_empty() {
        return Err(Refused::NothingNamed);
    }
    let timer = clocks.start(ClockId::T8, new.division.as_deref(), now)?;
    let due = timer.as_ref().and_then(Timer::due);
    let it = Correction {
        id: CorrectionId::new(),
        no: new.no,
        asker: new.asker,
        provider: new.provider,
        division: new.division,
        resource: new.resource,
        item: new.item,
        which: new.which,
        problem: new.problem,
        evidence: new.evidence,
        state: CorrectionState::Asked,
        answer: None,
        remark: None,
        timers: timer.into_iter().collect(),
        created_at: now,
        revision: 0,
    };
    let mut commands: Vec<_> = due
        .map(|due| Command::StartTimer {
            clock: ClockId::T8,
            due,
        })
        .into_iter()
        .collect();
    commands.push(Command::tell(it.provider, Role::DataOfficer, Notice::CorrectionAsked));
    Ok((it, commands))
}

/// One step in the life of a correction request, every pair of state and event decided.
///
/// # Errors
/// [`Refused`]; the request is unchanged then.
pub fn apply(mut it: Correction, event: Event, now: Timestamp) -> Outcome {
    use CorrectionState as S;
    match (it.state, event) {
        (S::Asked, Event::Answer { by, finding, text }) => {
            if by == it.asker.actor {
                return Err(Refused::OwnRequest);
            }
            if text.trim().is_empty() {
                return Err(Refused::NoReasons);
            }
            let mut commands = clock::meet(&mut it.timers, &[ClockId::T8], now);
            it.answer = Some(Answer {
                at: now,
                by,
                finding,
                text,
            });
            it.state = S::Answered;
            commands.push(Command::tell(
                it.asker.org,
                Role::DataOfficer,
                Notice::CorrectionAnswered,
            ));
            Ok((it, commands))
        }
        (S::Answered, Event::Confirm) => {
            it.state = S::Closed;
            let told = Command::tell(it.provider, Role::DataOfficer, Notice::CorrectionClosed);
            Ok((it, vec![told]))
        }
        (S::Answered, Event::Disagree { reason }) => {
            if reason.trim().is_empty() {
                return Err(Refused::NoReasons);
            }
            it.remark = Some(reason);
            it.state = S::Disputed;
            let told = Command::tell(it.provider, Role::DataOfficer, Notice::CorrectionDisputed);
            Ok((it, vec![told]))
        }
        (S::Asked | S::Answered, Event::Withdraw { reason }) => {
            let mut commands = clock::meet(&mut it.timers, &[ClockId::T8], now);
            it.remark = Some(reason).filter(|it| !it.trim().is_empty());
            it.state = S::Withdrawn;
            commands.push(Command::tell(it.provider, Role::DataOfficer, Notice::CorrectionClosed));
            Ok((it, commands))
        }
        (_, Event::TimePasses) => Ok(time_passes(it, now)),
        (S::Asked, event @ (Event::Confirm | Event::Disagree { .. }))
        | (S::Answered, event @ Event::Answer { .. })
        | (
            S::Closed | S::Disputed | S::Withdrawn,
            event @ (Event::Answer { .. } | Event::Confirm | Event::Disagree { .. } | Event::Withdraw { .. }),
        ) => Err(Refused::NotNow {
            thing: "correction request",
            state: it.state.code(),
            event: event.code(),
        }),
    }
}

fn time_passes(mut it: Correction, now: Timestamp) -> (Correction, Vec<Command>) {
    let notices = due_notices(&it.timers, now);
    clock::mark(&mut it.timers, &notices, now);
    let mut commands = Vec::new();
    for notice in notices {
        let clock = notice.clock;
        match notice.kind {
            DueKind::Soon => commands.push(Command::tell(it.provider, Role::DataOfficer, Notice::DueSoon { clock })),
            DueKind::Overdue => {
                commands.push(Command::tell(it.provider, Role::DataOfficer, Notice::Overdue { clock }));
                commands.push(Command::Escalate {
                    clock,
                    late: it.provider,
                });
            }
        }
    }
    (it, commands)
}

#[cfg(test)]
pub(crate) mod tests;
