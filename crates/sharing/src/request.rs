//! 共享申请: a department asks another for data (Order 809 Art. 20-22).

use serde::{Deserialize, Serialize};
use vocab::{
    ActorId, AgreementId, GrantedItem, OrgId, Purpose, RequestId, ResourceId, RowRule, SharingClass, SharingMode,
    Terms, Timestamp,
};

use crate::{
    clock::{Extension, Timer},
    refused::Lack,
};

mod grant;
mod machine;
mod steps;

pub use grant::Grant;
pub use machine::{Event, apply};

vocab::list! {
    /// The state of a request.
    RequestState: "request state" {
        /// Being written.
        Draft = "draft", "草稿", "Draft";
        /// Waits for the authority's conformity check.
        Submitted = "submitted", "待合规性审查", "Submitted";
        /// Waits for the applicant's supplement.
        SupplementAsked = "supplement-asked", "待补正", "Supplement asked";
        /// Supplemented; waits for the authority's check.
        Supplemented = "supplemented", "已补正", "Supplemented";
        /// Waits for the provider's decision.
        Accepted = "accepted", "待提供部门决定", "Accepted";
        /// Granted; an agreement exists.
        Granted = "granted", "已同意", "Granted";
        /// Refused, with reasons.
        Refused = "refused", "不同意", "Refused";
        /// Withdrawn by the applicant.
        Withdrawn = "withdrawn", "已撤回", "Withdrawn";
    }
}

vocab::list! {
    /// On what an application rests: 使用依据.
    Basis: "basis" {
        /// A law, regulation or rule.
        Law = "law", "法律法规规章", "Law or regulation";
        /// A duty given to the department (三定规定).
        Duty = "duty", "部门职责", "Duty of the department";
    }
}

vocab::list! {
    /// Why a request was refused.
    RefusalKind: "kind of refusal" {
        /// 不予共享: a law, administrative regulation or State Council decision forbids it.
        Withheld = "withheld", "法律法规明确不予共享", "Withheld by law";
        /// The basis does not carry the application.
        NoBasis = "no-basis", "使用依据不充分", "Insufficient basis";
        /// More is asked than the scenario needs.
        NotNecessary = "not-necessary", "超出必要范围", "More than necessary";
        /// The provider does not hold the data.
        NotHeld = "not-held", "不掌握该数据", "Data not held";
        /// Another reason, told in words.
        Other = "other", "其他", "Other";
    }
}

/// An organisation and the person who acts for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// The organisation.
    pub org: OrgId,
    /// The person.
    pub actor: ActorId,
}

/// What is asked, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Application {
    /// On what it rests.
    pub basis: Basis,
    /// The basis in words: which law and article, which duty.
    pub basis_text: String,
    /// 使用场景 in words.
    pub scenario: String,
    /// 使用目的.
    pub purpose: Purpose,
    /// The items that are wished, each with the mask the applicant can live with.
    pub items: Vec<GrantedItem>,
    /// The rows that are wished.
    pub rows: RowRule,
    /// 共享方式.
    pub modes: Vec<SharingMode>,
    /// Use from this instant.
    pub from: Timestamp,
    /// Use until this instant.
    pub until: Timestamp,
    /// Releases a day; `None` is without limit.
    pub quota_per_day: Option<u64>,
}

/// The applicant's warrant: 对真实性、合法性、必要性负责.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warrant {
    /// What is told is true.
    pub truthful: bool,
    /// The use is lawful.
    pub lawful: bool,
    /// The data is necessary.
    pub necessary: bool,
}

impl Warrant {
    /// All three.
    pub const WHOLE: Self = Self {
        truthful: true,
        lawful: true,
        necessary: true,
    };

    /// Are all three warranted?
    #[must_use]
    pub const fn is_whole(self) -> bool {
        self.truthful && self.lawful && self.necessary
    }
}

/// A supplement: asked once, whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Supplement {
    /// When it was asked.
    pub asked_at: Timestamp,
    /// By whom.
    pub asked_by: ActorId,
    /// Everything that is missing, in words.
    pub missing: Vec<String>,
    /// When it was answered.
    pub answered_at: Option<Timestamp>,
    /// By whom.
    #[serde(default)]
    pub answered_by: Option<ActorId>,
    /// The applicant's note.
    pub note: Option<String>,
}

/// What somebody said along the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opinion {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: ActorId,
    /// At which event, its code.
    pub event: String,
    /// What.
    pub text: String,
}

/// How a request ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "decision", rename_all = "kebab-case")]
pub enum Decision {
    /// Granted under terms.
    Granted {
        /// When.
        at: Timestamp,
        /// Who; the checker, for unconditional data.
        by: ActorId,
        /// The terms.
        grant: Grant,
    },
    /// Refused.
    Refused {
        /// When.
        at: Timestamp,
        /// Who.
        by: ActorId,
        /// The kind.
        kind: RefusalKind,
        /// The reasons.
        reasons: String,
        /// The law, regulation or decision; duty for [`RefusalKind::Withheld`].
        law: Option<String>,
    },
}

/// A sharing request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// Identifier.
    pub id: RequestId,
    /// The number people use: `GX-2026-000123`.
    pub no: String,
    /// Who asks.
    pub applicant: Party,
    /// Who is asked.
    pub provider: OrgId,
    /// 行政区划代码 whose clocks run, of the provider.
    pub division: Option<String>,
    /// For which resource.
    pub resource: ResourceId,
    /// In which version.
    pub resource_version: u32,
    /// 共享类型 of the resource then.
    pub class: SharingClass,
    /// What is asked.
    pub application: Application,
    /// The warrant, given at submission.
    pub warrant: Option<Warrant>,
    /// The state.
    pub state: RequestState,
    /// Opinions in order.
    pub opinions: Vec<Opinion>,
    /// The supplement, once.
    pub supplement: Option<Supplement>,
    /// The last wish for more time to decide (T4).
    pub extension: Option<Extension>,
    /// How it ended.
    pub decision: Option<Decision>,
    /// Its clocks.
    pub timers: Vec<Timer>,
    /// When it was begun.
    pub created_at: Timestamp,
    /// When it was submitted.
    pub submitted_at: Option<Timestamp>,
    /// Who submitted it: the drafter, or a colleague.
    #[serde(default)]
    pub submitted_by: Option<ActorId>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Changes at each save; guards against two at once.
    pub revision: u64,
}

/// What a new request is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct NewRequest {
    /// The number, from [`crate::store::next_number`].
    pub no: String,
    /// Who asks.
    pub applicant: Party,
    /// Who is asked.
    pub provider: OrgId,
    /// Whose clocks run.
    pub division: Option<String>,
    /// For which resource.
    pub resource: ResourceId,
    /// In which version.
    pub resource_version: u32,
    /// Its 共享类型.
    pub class: SharingClass,
    /// What is asked.
    pub application: Application,
}

impl Request {
    /// A draft.
    #[must_use]
    pub fn draft(new: NewRequest, now: Timestamp) -> Self {
        Self {
            id: RequestId::new(),
            no: new.no,
            applicant: new.applicant,
            provider: new.provider,
            division: new.division,
            resource: new.resource,
            resource_version: new.resource_version,
            class: new.class,
            application: new.application,
            warrant: None,
            state: RequestState::Draft,
            opinions: vec![],
            supplement: None,
            extension: None,
            decision: None,
            timers: vec![],
            created_at: now,
            submitted_at: None,
            submitted_by: None,
            ended_at: None,
            revision: 0,
        }
    }

    /// Who answers for it: whoever submitted it; before that, and in records from before this was kept, the drafter.
    #[must_use]
    pub fn submitter(&self) -> ActorId {
        self.submitted_by.unwrap_or(self.applicant.actor)
    }

    /// Had this person a hand in asking? The drafter, the submitter and whoever supplemented neither check nor decide.
    #[must_use]
    pub fn is_own(&self, by: ActorId) -> bool {
        let supplemented = self.supplement.as_ref().and_then(|it| it.answered_by);
        self.applicant.actor == by || self.submitted_by == Some(by) || supplemented == Some(by)
    }

    /// The consumer, once granted.
    #[must_use]
    pub const fn consumer(&self) -> OrgId {
        self.applicant.org
    }

    /// The terms this request would give as it was asked: for previews and dry runs before a decision.
    #[must_use]
    pub fn terms_as_asked(&self) -> Terms {
        self.terms_of(&Grant::as_asked(&self.application), AgreementId::new())
    }

    pub(crate) fn terms_of(&self, grant: &Grant, agreement: AgreementId) -> Terms {
        Terms {
            agreement,
            version: 1,
            resource: self.resource,
            provider: self.provider,
            consumer: self.applicant.org,
            purpose: self.application.purpose,
            items: grant.items.clone(),
            rows: grant.rows.clone(),
            modes: grant.modes.clone(),
            quota_per_day: grant.quota_per_day,
            valid_from: grant.from,
            valid_until: grant.until,
        }
    }
}

impl Application {
    /// Everything that is missing, at once.
    #[must_use]
    pub fn lacks(&self, now: Timestamp) -> Vec<Lack> {
        let mut names: Vec<&str> = self.items.iter().map(|it| it.item.as_str()).collect();
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        let checks = [
            (Lack::Basis, self.basis_text.trim().is_empty()),
            (Lack::Scenario, self.scenario.trim().is_empty()),
            (
                Lack::Items,
                names.is_empty() || names.len() < all || names.iter().any(|it| it.trim().is_empty()),
            ),
            (Lack::Modes, self.modes.is_empty()),
            (Lack::Period, self.from >= self.until || self.until <= now),
            (Lack::Quota, self.quota_per_day == Some(0)),
        ];
        checks
            .into_iter()
            .filter(|(_, lacking)| *lacking)
            .map(|(lack, _)| lack)
            .collect()
    }
}

#[cfg(test)]
pub(crate) mod tests;
