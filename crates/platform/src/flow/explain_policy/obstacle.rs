//! What stands in the way of a deed that the rules grant: the rooms' own machines are asked, with the thing as it is.

use catalog::Content;
use policy::{Deed, Effect, Explanation, Rule};
use sharing::{
    Agreement, Clocks, Correction, CorrectionState, Dispute, DisputeState, Grant, RefusalKind, Refused, Request,
    RequestState, agreement, correction, dispute, request,
};
use vocab::{Action, Actor, AgreementState, SharingClass, Timestamp};

vocab::list! {
    /// What stands in the way of a deed that the rules grant.
    Obstacle: "obstacle" {
        /// 不予共享 of the resource.
        ResourceWithheld = "resource-withheld", "该资源不予共享", "The resource is not shared by law";
        /// 不予共享 of every item.
        ItemsWithheld = "items-withheld", "该资源的信息项均不予共享", "No item of the resource is shared";
        /// The thing's state.
        NotNow = "not-in-this-state", "当前状态不允许此操作", "Its state does not allow this now";
        /// The same person on both sides.
        OwnRequest = "nobody-decides-the-own-request", "申请人不得审查或者决定自己提出的申请", "Whoever had a hand in a request neither checks nor decides it";
        /// What the machine says in words.
        Refused = "refused-by-the-procedure", "办理规则不允许此操作", "The procedure does not allow this";
        /// Terms or catalogue do not fit any more.
        Unfit = "terms-do-not-fit", "条款与现行目录不符", "The terms do not fit the catalogue as it is now";
        /// Not published any more.
        NotPublished = "not-published", "该资源未发布或者已撤下", "The resource is not published";
        /// No source behind it.
        NotMounted = "not-mounted", "该资源未挂接数据源", "The resource has no source behind it";
        /// Switched off.
        PersonDisabled = "person-disabled", "该人员已停用", "The person is switched off";
    }
}

vocab::list! {
    /// Where a resource of the catalogue stands.
    Standing: "state of a resource" {
        /// Being written.
        Draft = "draft", "编制中", "Draft";
        /// With the authority.
        InReview = "in-review", "待审核", "In review";
        /// Published.
        Published = "published", "已发布", "Published";
        /// The next version is being written.
        Changed = "changed", "变更中", "Being changed";
        /// The next version is with the authority.
        ChangeInReview = "change-in-review", "变更待审核", "Change in review";
        /// Withdrawn.
        Withdrawn = "withdrawn", "已撤下", "Withdrawn";
    }
}

vocab::list! {
    /// Where a delivery stands.
    Delivering: "state of a delivery" {
        /// Runs.
        Active = "active", "运行中", "Active";
        /// Does not run for a while.
        Paused = "paused", "已暂停", "Paused";
        /// Over.
        Ended = "ended", "已结束", "Ended";
    }
}

/// An obstacle with what it says here, in both languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    what: Obstacle,
    zh: String,
    en: String,
}

impl Found {
    pub(super) fn new(what: Obstacle, zh: &str, en: &str) -> Self {
        let said = |sentence: &str, more: &str| {
            if more.is_empty() {
                sentence.to_owned()
            } else {
                format!("{sentence} · {more}")
            }
        };
        Self {
            what,
            zh: said(what.zh(), zh),
            en: said(what.en(), en),
        }
    }

    /// The answer of the rules, with this in its way: denied, and this is the rule.
    pub(super) fn in_way_of(self, answer: Explanation) -> Explanation {
        let sentence = format!(
            "{} is granted by the rules and refused all the same: {}",
            answer.action, self.en
        );
        Explanation {
            allowed: false,
            rules: vec![Rule {
                id: self.what.code().to_owned(),
                effect: Effect::Forbid,
                zh: self.zh,
                en: self.en,
                file: String::new(),
                text: String::new(),
            }],
            sentence,
            ..answer
        }
    }
}

/// What the deed would be about, as it is.
pub(super) enum Thing {
    /// Nothing whose state matters.
    Plain,
    /// An entry of the catalogue, and where it stands for those who own it.
    Resource(Box<Content>, Option<Box<catalog::Resource>>),
    Request(Box<Request>),
    Agreement(Box<Agreement>),
    Correction(Box<Correction>),
    Dispute(Box<Dispute>),
    Delivery(exchange::DeliveryState),
}

/// Who would do what, and when.
pub(super) struct Trial<'a> {
    pub who: &'a Actor,
    pub action: Action,
    pub deed: Option<Deed>,
    pub now: Timestamp,
    pub clocks: &'a Clocks,
}

impl Trial<'_> {
    /// The first thing in the way; nothing where some step that this action permits can happen.
    pub(super) fn obstacle(&self, thing: &Thing) -> Option<Found> {
        match thing {
            Thing::Plain => None,
            Thing::Resource(content, own) => self.with_resource(content, own.as_deref()),
            Thing::Request(it) => self.with_request(it),
            Thing::Agreement(it) => self.with_agreement(it),
            Thing::Correction(it) => self.with_correction(it),
            Thing::Dispute(it) => self.with_dispute(it),
            Thing::Delivery(state) if *state == exchange::DeliveryState::Ended => {
                let word = Delivering::Ended;
                Some(Found::new(Obstacle::NotNow, word.zh(), word.en()))
            }
            Thing::Delivery(_) => None,
        }
    }

    fn with_resource(&self, content: &Content, own: Option<&catalog::Resource>) -> Option<Found> {
        match self.action {
            Action::RequestData | Action::CheckRequest | Action::DecideRequest => withheld(content),
            Action::EditResource | Action::ReviewResource | Action::WithdrawResource => {
                let it = own?;
                let now = self.now;
                let can = match self.action {
                    Action::EditResource => {
                        let (mut edited, mut reopened) = (it.clone(), it.clone());
                        edited.edit(it.content.clone(), now).is_ok() || reopened.reopen(now).is_ok()
                    }
                    Action::ReviewResource => it.state.is_waiting(),
                    _ => it.clone().withdraw(now).is_ok(),
                };
                (!can).then(|| state::<Standing>(it.state.code(), ""))
            }
            Action::PreviewData if content.mount.is_none() => Some(Found::new(Obstacle::NotMounted, "", "")),
            _ => None,
        }
    }

    fn with_request(&self, it: &Request) -> Option<Found> {
        use request::Event as E;
        let by = self.who.id;
        let steps = match self.action {
            Action::RequestData => vec![E::Withdraw {
                by,
                reason: String::new(),
            }],
            Action::CheckRequest => vec![
                E::Accept {
                    by,
                    opinion: String::new(),
                },
                E::AnswerExtension {
                    by,
                    consent: false,
                    reason: "-".to_owned(),
                },
            ],
            Action::DecideRequest => vec![E::Refuse {
                by,
                kind: RefusalKind::Other,
                reasons: "-".to_owned(),
                law: None,
            }],
            Action::RaiseDispute => return refused(dispute::over_request(it)),
            _ => return None,
        };
        let tried = steps
            .into_iter()
            .map(|step| request::apply(it.clone(), step, self.now, self.clocks).map(drop));
        first(tried)
    }

    fn with_agreement(&self, it: &Agreement) -> Option<Found> {
        use agreement::Event as E;
        let by = self.who.id;
        let reason = "-".to_owned();
        let terms = it.terms();
        let step = match (self.action, self.deed) {
            (Action::ManageAgreement, Some(Deed::Change)) => E::Change {
                by,
                grant: Box::new(Grant {
                    items: terms.items.clone(),
                    rows: terms.rows.clone(),
                    modes: terms.modes.clone(),
                    quota_per_day: terms.quota_per_day,
                    from: terms.valid_from,
                    until: terms.valid_until.max(self.now + chrono::TimeDelta::days(1)),
                }),
                reason,
            },
            (Action::ManageAgreement, Some(Deed::Suspend)) => E::Suspend { by, reason },
            (Action::ManageAgreement, Some(Deed::Resume)) => E::Resume { by, reason },
            (Action::ManageAgreement, Some(Deed::Revoke) | None) => E::Revoke { by, reason },
            (Action::ProveDisposal, _) => E::ProveDisposal {
                by,
                how: reason.clone(),
                on: crate::app::beijing(self.now).date_naive(),
                statement: reason,
            },
            (Action::RaiseDispute, _) => return refused(dispute::over_agreement(it)),
            _ => return None,
        };
        refused(agreement::apply(it.clone(), step, self.now, self.clocks).map(drop))
    }

    fn with_correction(&self, it: &Correction) -> Option<Found> {
        use correction::Event as E;
        let text = "-".to_owned();
        let step = match self.action {
            Action::RequestCorrection => E::Withdraw { reason: text },
            Action::AnswerCorrection => E::Answer {
                by: self.who.id,
                finding: correction::Finding::Right,
                text,
            },
            Action::RaiseDispute => E::Disagree { reason: text },
            _ => return None,
        };
        refused(correction::apply(it.clone(), step, self.now).map(drop))
    }

    fn with_dispute(&self, it: &Dispute) -> Option<Found> {
        let possible = match self.action {
            Action::RaiseDispute => !it.state.is_over(),
            action => it.state.acts() == Some(action),
        };
        (!possible).then(|| state::<DisputeState>(it.state.code(), ""))
    }
}

/// Is nothing of it shared?
fn withheld(content: &Content) -> Option<Found> {
    let law = &content.sharing.legal_basis;
    if content.sharing.class == SharingClass::Withheld {
        return Some(Found::new(Obstacle::ResourceWithheld, law, law));
    }
    let mut items = content.items.iter();
    items
        .all(|it| it.sharing.class == SharingClass::Withheld)
        .then(|| Found::new(Obstacle::ItemsWithheld, "", ""))
}

/// Nothing where one of the steps can happen, else why the first cannot.
fn first(tried: impl Iterator<Item = Result<(), Refused>>) -> Option<Found> {
    let mut why = None;
    for outcome in tried {
        match outcome {
            Ok(()) => return None,
            Err(refused) => why = why.or(Some(refused)),
        }
    }
    refused(why.map_or(Ok(()), Err))
}

/// A machine's refusal with the words of its list.
fn refused(outcome: Result<(), Refused>) -> Option<Found> {
    let why = outcome.err()?;
    Some(match &why {
        Refused::NotNow { thing, state: code, .. } => match *thing {
            "request" => state::<RequestState>(code, &why.to_string()),
            "agreement" => state::<AgreementState>(code, &why.to_string()),
            "correction request" => state::<CorrectionState>(code, &why.to_string()),
            _ => state::<DisputeState>(code, &why.to_string()),
        },
        Refused::OwnRequest => Found::new(Obstacle::OwnRequest, "", ""),
        Refused::Incomplete(lacks) => {
            let zh: Vec<_> = lacks.iter().map(|it| it.zh()).collect();
            Found::new(Obstacle::Refused, &zh.join(", "), &why.to_string())
        }
        _ => Found::new(Obstacle::Refused, "", &why.to_string()),
    })
}

/// A closed list of states.
trait States: std::str::FromStr {
    fn words(&self) -> (&'static str, &'static str);
}

macro_rules! states {
    ($($list:ident),+) => { $(impl States for $list {
        fn words(&self) -> (&'static str, &'static str) {
            (self.zh(), self.en())
        }
    })+ };
}

states!(RequestState, AgreementState, CorrectionState, DisputeState, Standing);

/// The state is in the way: in the list's words, and in English with what the machine says.
fn state<S: States>(code: &str, machine: &str) -> Found {
    let words = code.parse::<S>().ok().map(|it| it.words());
    let (zh, en) = words.unwrap_or((code, code));
    let en = if machine.is_empty() {
        en.to_owned()
    } else {
        format!("{en}: {machine}")
    };
    Found::new(Obstacle::NotNow, zh, &en)
}
