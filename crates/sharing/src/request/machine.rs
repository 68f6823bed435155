//! The life of a request: `(request, event) -> (request, commands)`, every pair of state and event decided.

use vocab::{ActorId, Timestamp};

use super::{
    Application, Grant, RefusalKind, Request, RequestState as S, Warrant,
    steps::{
        accept, answer_extension, ask_extension, ask_supplement, granted, not_own, refuse, say, submit, supplement,
        time_passes, withdraw,
    },
};
use crate::{
    clock::{Answer, Clocks},
    command::Command,
    refused::Refused,
};

/// What can happen to a request. Who may bring it about is the policy's business; here is when.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The applicant changes the draft.
    Edit {
        /// The new content.
        application: Box<Application>,
    },
    /// The applicant submits.
    Submit {
        /// Who.
        by: ActorId,
        /// Truth, legality, necessity.
        warrant: Warrant,
    },
    /// The authority finds it in order.
    Accept {
        /// Who checked.
        by: ActorId,
        /// What the checker says.
        opinion: String,
    },
    /// The authority asks for a supplement: once, everything.
    AskSupplement {
        /// Who checked.
        by: ActorId,
        /// Everything that is missing.
        missing: Vec<String>,
    },
    /// The applicant supplements.
    Supplement {
        /// Who.
        by: ActorId,
        /// The whole content, anew.
        application: Box<Application>,
        /// A note.
        note: String,
    },
    /// The provider asks for more time.
    AskExtension {
        /// Who asks.
        by: ActorId,
        /// Working days more.
        days: u32,
        /// Why.
        reason: String,
    },
    /// The authority consents or does not.
    AnswerExtension {
        /// Who answers.
        by: ActorId,
        /// Yes or no.
        consent: bool,
        /// Why; duty where it declines.
        reason: String,
    },
    /// The provider grants, under terms that may be narrower than asked.
    Grant {
        /// Who decides.
        by: ActorId,
        /// The terms; `rows` is what the provider adds.
        grant: Box<Grant>,
        /// What the decider says.
        opinion: String,
    },
    /// The provider refuses.
    Refuse {
        /// Who decides.
        by: ActorId,
        /// Which kind.
        kind: RefusalKind,
        /// The reasons.
        reasons: String,
        /// The law, where the kind needs it.
        law: Option<String>,
    },
    /// The applicant withdraws.
    Withdraw {
        /// Who.
        by: ActorId,
        /// Why.
        reason: String,
    },
    /// Time passes: reminders and escalations.
    TimePasses,
}

impl Event {
    /// The machine code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Edit { .. } => "edit",
            Self::Submit { .. } => "submit",
            Self::Accept { .. } => "accept",
            Self::AskSupplement { .. } => "ask-supplement",
            Self::Supplement { .. } => "supplement",
            Self::AskExtension { .. } => "ask-extension",
            Self::AnswerExtension { .. } => "answer-extension",
            Self::Grant { .. } => "grant",
            Self::Refuse { .. } => "refuse",
            Self::Withdraw { .. } => "withdraw",
            Self::TimePasses => "time-passes",
        }
    }
}

pub(super) type Outcome = Result<(Request, Vec<Command>), Refused>;

/// One step in the life of a request.
///
/// # Errors
/// [`Refused`]; the request is unchanged then.
pub fn apply(request: Request, event: Event, now: Timestamp, clocks: &Clocks) -> Outcome {
    match (request.state, event) {
        (S::Draft, Event::Edit { application }) => Ok((
            Request {
                application: *application,
                ..request
            },
            vec![],
        )),
        (S::Draft, Event::Submit { by, warrant }) => submit(request, by, warrant, now, clocks),

        (S::Submitted, Event::AskSupplement { by, missing }) => ask_supplement(request, by, missing, now, clocks),
        (S::SupplementAsked, Event::Supplement { by, application, note }) => {
            supplement(request, by, *application, note, now, clocks)
        }
        // The law lets the authority ask once; what still lacks is for the provider to weigh.
        (S::SupplementAsked | S::Supplemented | S::Accepted, Event::AskSupplement { .. }) => Err(Refused::AskedBefore),
        (S::Submitted | S::Supplemented, Event::Accept { by, opinion }) => accept(request, by, opinion, now, clocks),

        (S::Accepted, Event::AskExtension { by, days, reason }) => ask_extension(request, by, days, reason, now),
        (S::Accepted, Event::AnswerExtension { by, consent, reason }) => {
            let answer = Answer {
                at: now,
                by,
                consent,
                reason,
            };
            answer_extension(request, answer, clocks)
        }
        (S::Accepted, Event::Grant { by, grant, opinion }) => {
            not_own(&request, by)?;
            let grant = grant.within(&request.application)?;
            let request = say(request, by, "grant", opinion, now);
            granted(request, by, grant, now)
        }
        (S::Accepted, Event::Refuse { by, kind, reasons, law }) => refuse(request, by, kind, reasons, law, now),

        (
            S::Draft | S::Submitted | S::SupplementAsked | S::Supplemented | S::Accepted,
            Event::Withdraw { by, reason },
        ) => withdraw(request, by, reason, now),

        (S::Submitted | S::SupplementAsked | S::Supplemented | S::Accepted, Event::TimePasses) => {
            Ok(time_passes(request, now))
        }
        (S::Draft | S::Granted | S::Refused | S::Withdrawn, Event::TimePasses) => Ok((request, vec![])),

        (
            S::Draft,
            event @ (Event::Accept { .. }
            | Event::AskSupplement { .. }
            | Event::Supplement { .. }
            | Event::AskExtension { .. }
            | Event::AnswerExtension { .. }
            | Event::Grant { .. }
            | Event::Refuse { .. }),
        )
        | (
            S::Submitted | S::Supplemented,
            event @ (Event::Edit { .. }
            | Event::Submit { .. }
            | Event::Supplement { .. }
            | Event::AskExtension { .. }
            | Event::AnswerExtension { .. }
            | Event::Grant { .. }
            | Event::Refuse { .. }),
        )
        | (
            S::SupplementAsked,
            event @ (Event::Edit { .. }
            | Event::Submit { .. }
            | Event::Accept { .. }
            | Event::AskExtension { .. }
            | Event::AnswerExtension { .. }
            | Event::Grant { .. }
            | Event::Refuse { .. }),
        )
        | (
            S::Accepted,
            event @ (Event::Edit { .. } | Event::Submit { .. } | Event::Accept { .. } | Event::Supplement { .. }),
        )
        | (
            S::Granted | S::Refused | S::Withdrawn,
            event @ (Event::Edit { .. }
            | Event::Submit { .. }
            | Event::Accept { .. }
            | Event::AskSupplement { .. }
            | Event::Supplement { .. }
            | Event::AskExtension { .. }
            | Event::AnswerExtension { .. }
            | Event::Grant { .. }
            | Event::Refuse { .. }
            | Event::Withdraw { .. }),
        ) => Err(Refused::NotNow {
            thing: "request",
            state: request.state.code(),
            event: event.code(),
        }),
    }
}
