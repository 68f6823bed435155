//! What the machines ask the corridor to do.

use serde::{Deserialize, Serialize};
use vocab::{ActorId, OrgId, Role, Timestamp};

use crate::{clock::ClockId, request::Grant};

/// Something to do because of an event. The machine has already changed its own thing, timers included; a command is
/// for the world outside.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "kebab-case")]
pub enum Command {
    /// A clock runs until this instant.
    StartTimer {
        /// Which.
        clock: ClockId,
        /// The first instant that is too late.
        due: Timestamp,
    },
    /// A clock stands still.
    PauseTimer {
        /// Which.
        clock: ClockId,
    },
    /// A clock is met or no longer runs.
    StopTimer {
        /// Which.
        clock: ClockId,
    },
    /// Tell somebody.
    Notify {
        /// Whom.
        who: Who,
        /// What.
        kind: Notice,
    },
    /// A limit has passed: the authority steps in (督办).
    Escalate {
        /// Which limit.
        clock: ClockId,
        /// Who is late.
        late: OrgId,
    },
    /// A request was granted: make the agreement.
    MakeAgreement {
        /// What was granted.
        grant: Box<Grant>,
    },
}

/// Whom to tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "who", rename_all = "kebab-case")]
pub enum Who {
    /// Everybody with this role in an organisation.
    Org {
        /// The organisation.
        org: OrgId,
        /// The role.
        role: Role,
    },
    /// 政务数据共享主管部门.
    Authority,
    /// One person.
    Actor {
        /// Who.
        id: ActorId,
    },
}

/// What is told. The words are in `locales/`, under `notice-CODE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "notice", rename_all = "kebab-case")]
#[allow(missing_docs, reason = "each name is the sentence")]
pub enum Notice {
    ResourceSubmitted,
    ResourcePublished,
    ResourceSentBack,
    LawChanged,
    RequestSubmitted,
    SupplementAsked,
    RequestSupplemented,
    RequestAccepted,
    RequestGranted,
    RequestRefused,
    RequestWithdrawn,
    ExtensionAsked,
    ExtensionConsented,
    ExtensionDeclined,
    UpdateExtensionAsked,
    UpdateExtensionConsented,
    UpdateExtensionDeclined,
    DueSoon { clock: ClockId },
    Overdue { clock: ClockId },
    Escalated { clock: ClockId },
    DataProvided,
    AgreementChanged,
    AgreementSuspended,
    AgreementResumed,
    AgreementRevoked,
    AgreementExpired,
    DisposalDemanded,
    DisposalProved,
    CorrectionAsked,
    CorrectionAnswered,
    CorrectionClosed,
    CorrectionDisputed,
    DisputeRaised,
    DisputeProposed,
    DisputeClimbed,
    DisputeSettled,
}

impl Notice {
    /// Every kind, those of a limit with an example.
    pub const ALL: &[Self] = &[
        Self::ResourceSubmitted,
        Self::ResourcePublished,
        Self::ResourceSentBack,
        Self::LawChanged,
        Self::RequestSubmitted,
        Self::SupplementAsked,
        Self::RequestSupplemented,
        Self::RequestAccepted,
        Self::RequestGranted,
        Self::RequestRefused,
        Self::RequestWithdrawn,
        Self::ExtensionAsked,
        Self::ExtensionConsented,
        Self::ExtensionDeclined,
        Self::UpdateExtensionAsked,
        Self::UpdateExtensionConsented,
        Self::UpdateExtensionDeclined,
        Self::DueSoon { clock: ClockId::T4 },
        Self::Overdue { clock: ClockId::T4 },
        Self::Escalated { clock: ClockId::T4 },
        Self::DataProvided,
        Self::AgreementChanged,
        Self::AgreementSuspended,
        Self::AgreementResumed,
        Self::AgreementRevoked,
        Self::AgreementExpired,
        Self::DisposalDemanded,
        Self::DisposalProved,
        Self::CorrectionAsked,
        Self::CorrectionAnswered,
        Self::CorrectionClosed,
        Self::CorrectionDisputed,
        Self::DisputeRaised,
        Self::DisputeProposed,
        Self::DisputeClimbed,
        Self::DisputeSettled,
    ];

    /// The machine code: `request-granted`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::ResourceSubmitted => "resource-submitted",
            Self::ResourcePublished => "resource-published",
            Self::ResourceSentBack => "resource-sent-back",
            Self::LawChanged => "law-changed",
            Self::RequestSubmitted => "request-submitted",
            Self::SupplementAsked => "supplement-asked",
            Self::RequestSupplemented => "request-supplemented",
            Self::RequestAccepted => "request-accepted",
            Self::RequestGranted => "request-granted",
            Self::RequestRefused => "request-refused",
            Self::RequestWithdrawn => "request-withdrawn",
            Self::ExtensionAsked => "extension-asked",
            Self::ExtensionConsented => "extension-consented",
            Self::ExtensionDeclined => "extension-declined",
            Self::UpdateExtensionAsked => "update-extension-asked",
            Self::UpdateExtensionConsented => "update-extension-consented",
            Self::UpdateExtensionDeclined => "update-extension-declined",
            Self::DueSoon { .. } => "due-soon",
            Self::Overdue { .. } => "overdue",
            Self::Escalated { .. } => "escalated",
            Self::DataProvided => "data-provided",
            Self::AgreementChanged => "agreement-changed",
            Self::AgreementSuspended => "agreement-suspended",
            Self::AgreementResumed => "agreement-resumed",
            Self::AgreementRevoked => "agreement-revoked",
            Self::AgreementExpired => "agreement-expired",
            Self::DisposalDemanded => "disposal-demanded",
            Self::DisposalProved => "disposal-proved",
            Self::CorrectionAsked => "correction-asked",
            Self::CorrectionAnswered => "correction-answered",
            Self::CorrectionClosed => "correction-closed",
            Self::CorrectionDisputed => "correction-disputed",
            Self::DisputeRaised => "dispute-raised",
            Self::DisputeProposed => "dispute-proposed",
            Self::DisputeClimbed => "dispute-climbed",
            Self::DisputeSettled => "dispute-settled",
        }
    }

    /// Of which limit it speaks.
    #[must_use]
    pub const fn clock(self) -> Option<ClockId> {
        match self {
            Self::DueSoon { clock } | Self::Overdue { clock } | Self::Escalated { clock } => Some(clock),
            _ => None,
        }
    }
}

impl Command {
    pub(crate) const fn tell(org: OrgId, role: Role, kind: Notice) -> Self {
        Self::Notify {
            who: Who::Org { org, role },
            kind,
        }
    }

    pub(crate) const fn tell_authority(kind: Notice) -> Self {
        Self::Notify {
            who: Who::Authority,
            kind,
        }
    }
}
