//! Sharing requests: asking, checking, supplementing, deciding.

use askama::Template;
use chrono::NaiveDate;
use vocab::{Purpose, Sensitivity, SharingClass, SharingMode, Timestamp};

use super::{
    Clock, Errors, Happening, Link, Pager, Sheet, Tag, Ui,
    catalog::{Check, ItemRow},
    form::form,
    update::MoreTime,
};

/// A request in a list.
#[derive(Debug, Clone)]
pub struct RequestRow {
    /// Identifier.
    pub id: String,
    /// The resource's title.
    pub title: String,
    /// Who asks.
    pub consumer: String,
    /// Who is asked.
    pub provider: String,
    /// State.
    pub state: Tag,
    /// Submitted (or made).
    pub at: Timestamp,
    /// The clock that runs.
    pub clock: Option<Clock>,
}

/// `GET /requests?tab=ours|to-us|all`.
#[derive(Debug, Clone, Template)]
#[template(path = "requests.html")]
pub struct RequestsPage {
    /// Frame.
    pub ui: Ui,
    /// `ours`, `to-us` or `all`.
    pub tab: String,
    /// The requests, newest first.
    pub rows: Vec<RequestRow>,
    /// Pages.
    pub pager: Pager,
}

form! {
    /// `POST /resources/{id}/request` or `POST /requests/{id}`; buttons `do=preview|save|submit`.
    RequestForm {
        /// On what it rests: `law` or `duty`.
        ground: one "ground",
        /// 使用依据.
        basis: one "basis",
        /// 使用场景.
        scenario: one "scenario",
        /// Purpose code.
        purpose: one "purpose",
        /// Names of the items wanted.
        items: all "items",
        /// What was supplemented, in words; in the answer to a supplement only.
        note: one "note",
        /// Wished masks: (item, mask) from fields `mask.{item}`.
        masks: under "mask.",
        /// Row rule, text form; empty for every row.
        rows: one "rows",
        /// Modes.
        modes: all "modes",
        /// First day, `2026-03-09` (fields `from-year`, `from-month`, `from-day`).
        from: date "from",
        /// Last day (fields `until-…`).
        until: date "until",
        /// Releases a day; empty for no wish.
        quota: one "quota",
        /// `yes`: truth, legality and necessity are warranted.
        warrant: one "warrant",
    }
}

impl RequestForm {
    /// The mask that was wished or chosen for an item; empty when none was.
    #[must_use]
    pub fn mask_of(&self, item: &str) -> String {
        self.masks
            .iter()
            .find(|(it, _)| it == item)
            .map(|(_, mask)| mask.clone())
            .unwrap_or_default()
    }
}

/// `GET /resources/{id}/request` and `GET /requests/{id}/edit`.
#[derive(Debug, Clone, Template)]
#[template(path = "request_form.html")]
pub struct RequestFormPage {
    /// Frame.
    pub ui: Ui,
    /// The request, when it exists already.
    pub id: Option<String>,
    /// The resource.
    pub resource: Link,
    /// The resource's identifier.
    pub resource_id: String,
    /// Provider.
    pub provider: String,
    /// Class.
    pub class: SharingClass,
    /// Condition.
    pub condition: String,
    /// Modes the resource has.
    pub modes: Vec<SharingMode>,
    /// Items of the resource.
    pub items: Vec<ItemRow>,
    /// What must be supplemented, when it came back.
    pub supplement: Vec<String>,
    /// What was typed.
    pub form: RequestForm,
    /// What was wrong.
    pub errors: Errors,
    /// How the columns will look (made-up or sample values, after masks).
    pub preview: Option<Sheet>,
}

/// An item that was asked for or granted.
#[derive(Debug, Clone)]
pub struct AskedItem {
    /// Item.
    pub name: String,
    /// Mask, text form.
    pub mask: String,
    /// Personal information?
    pub sensitivity: Sensitivity,
    /// Sharing class.
    pub class: SharingClass,
}

/// A request in full.
#[derive(Debug, Clone)]
pub struct RequestView {
    /// Identifier.
    pub id: String,
    /// The number people use.
    pub no: String,
    /// The resource.
    pub resource: Link,
    /// Class of the resource.
    pub class: SharingClass,
    /// Who asks.
    pub consumer: String,
    /// Who is asked.
    pub provider: String,
    /// The person who asked.
    pub applicant: String,
    /// State.
    pub state: Tag,
    /// 使用依据.
    pub basis: String,
    /// 使用场景.
    pub scenario: String,
    /// Purpose.
    pub purpose: Purpose,
    /// Items.
    pub items: Vec<AskedItem>,
    /// Row rule; empty for every row.
    pub rows: String,
    /// Modes.
    pub modes: Vec<SharingMode>,
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub until: NaiveDate,
    /// Releases a day.
    pub quota: Option<u64>,
    /// Submitted.
    pub submitted: Option<Timestamp>,
}

/// An opinion given on the way.
#[derive(Debug, Clone)]
pub struct Opinion {
    /// Who: name and organisation.
    pub who: String,
    /// When.
    pub at: Timestamp,
    /// What was decided.
    pub verdict: Tag,
    /// In words.
    pub text: String,
}

form! {
    /// `POST /requests/{id}/check`.
    CheckForm {
        /// `accept` or `supplement`.
        verdict: one "verdict",
        /// Everything that is missing, one thing a line.
        points: one "points",
        /// Opinion.
        opinion: one "opinion",
    }
}

/// `GET /requests/{id}`. Deeds: `POST /requests/{id}/submit` (`warrant`), `/withdraw`, `/check`, `/dispute` (`reason`), and
/// those of [`MoreTime`].
#[derive(Debug, Clone, Template)]
#[template(path = "request.html")]
pub struct RequestPage {
    /// Frame.
    pub ui: Ui,
    /// The request.
    pub it: RequestView,
    /// Its clocks.
    pub clocks: Vec<Clock>,
    /// What happened, newest first.
    pub happenings: Vec<Happening>,
    /// Opinions.
    pub opinions: Vec<Opinion>,
    /// What must be supplemented, asked once and whole.
    pub supplement: Vec<String>,
    /// The agreement it became.
    pub agreement: Option<Link>,
    /// Disputes over it.
    pub disputes: Vec<Link>,
    /// May the reader dispute its refusal?
    pub can_dispute: bool,
    /// Checks the machine made.
    pub checks: Vec<Check>,
    /// May the reader edit (draft, or supplement)?
    pub can_edit: bool,
    /// May the reader submit?
    pub can_submit: bool,
    /// May the reader withdraw it?
    pub can_withdraw: bool,
    /// May the reader check conformity?
    pub can_check: bool,
    /// May the reader decide?
    pub can_decide: bool,
    /// What the reader can do about the time to decide.
    pub more_time: MoreTime,
    /// What was typed in the check.
    pub form: CheckForm,
    /// What was wrong.
    pub errors: Errors,
}

/// What the law says about one item beside the request.
#[derive(Debug, Clone)]
pub struct DecisionItem {
    /// Item.
    pub name: String,
    /// Class.
    pub class: SharingClass,
    /// Condition or law.
    pub condition: String,
    /// Personal information?
    pub sensitivity: Sensitivity,
    /// The catalogue's default mask.
    pub default_mask: String,
    /// The mask the applicant wishes.
    pub asked_mask: String,
}

form! {
    /// `POST /requests/{id}/decide`; buttons `do=preview|decide`.
    DecisionForm {
        /// `grant` or `refuse`.
        verdict: one "verdict",
        /// Reason; must be there for a refusal.
        reason: one "reason",
        /// Kind of refusal.
        kind: one "kind",
        /// The law, for 不予共享.
        law: one "law",
        /// Items granted.
        items: all "items",
        /// Masks chosen: (item, mask) from fields `mask.{item}`.
        masks: under "mask.",
        /// Masks written by hand: (item, mask) from fields `own.{item}`; goes before the chosen one when not empty.
        own: under "own.",
        /// Row rule.
        rows: one "rows",
        /// Modes.
        modes: all "modes",
        /// Releases a day.
        quota: one "quota",
        /// Last day.
        until: date "until",
    }
}

impl DecisionForm {
    /// The mask for an item: written by hand, else chosen, else `clear`.
    #[must_use]
    pub fn mask_of(&self, item: &str) -> String {
        chosen_mask(&self.own, &self.masks, item)
    }

    /// The mask written by hand for an item.
    #[must_use]
    pub fn own_of(&self, item: &str) -> String {
        own_mask(&self.own, item)
    }
}

/// The mask for an item: written by hand, else chosen, else `clear`.
pub(super) fn chosen_mask(own: &[(String, String)], chosen: &[(String, String)], item: &str) -> String {
    let own = own.iter().find(|(it, mask)| it == item && !mask.is_empty());
    own.or_else(|| chosen.iter().find(|(it, _)| it == item))
        .map_or_else(|| "clear".to_owned(), |(_, mask)| mask.clone())
}

/// The mask written by hand for an item; empty when none was.
pub(super) fn own_mask(own: &[(String, String)], item: &str) -> String {
    own.iter()
        .find(|(it, _)| it == item)
        .map(|(_, mask)| mask.clone())
        .unwrap_or_default()
}

/// `GET /requests/{id}/decide`. `as_preview()` is the part before/after.
#[derive(Debug, Clone, Template)]
#[template(path = "decision.html", blocks = ["preview"])]
pub struct DecisionPage {
    /// Frame.
    pub ui: Ui,
    /// The request.
    pub it: RequestView,
    /// The clock of the answer.
    pub clock: Option<Clock>,
    /// Items beside the law.
    pub items: Vec<DecisionItem>,
    /// What policy and law say (dry run).
    pub checks: Vec<Check>,
    /// Rows as they are, for the provider's eyes.
    pub before: Sheet,
    /// The same rows as the consumer will get them.
    pub after: Sheet,
    /// What was typed.
    pub form: DecisionForm,
    /// What was wrong (fields `verdict`, `reason`, `law`, `rows`, `quota`, `until`, `mask.{item}`).
    pub errors: Errors,
}
