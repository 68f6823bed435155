//! Agreements: what was granted, how it is used, and how it ends.

use askama::Template;
use chrono::NaiveDate;
use vocab::{Purpose, SharingMode, Timestamp};

use super::{
    Errors, Happening, Link, Pager, Tag, Ui,
    form::form,
    request::{AskedItem, DecisionItem, chosen_mask, own_mask},
};

/// An agreement in a list.
#[derive(Debug, Clone)]
pub struct AgreementRow {
    /// Identifier.
    pub id: String,
    /// The resource's title.
    pub title: String,
    /// The other side.
    pub other: String,
    /// Purpose.
    pub purpose: Purpose,
    /// State.
    pub state: Tag,
    /// Use ends.
    pub until: Timestamp,
    /// Releases today.
    pub used_today: u64,
    /// Allowed a day.
    pub quota: Option<u64>,
}

/// `GET /agreements?tab=use|give`.
#[derive(Debug, Clone, Template)]
#[template(path = "agreements.html")]
pub struct AgreementsPage {
    /// Frame.
    pub ui: Ui,
    /// `use` (we use) or `give` (we provide).
    pub tab: String,
    /// The agreements.
    pub rows: Vec<AgreementRow>,
    /// Pages.
    pub pager: Pager,
}

/// Use on one day.
#[derive(Debug, Clone)]
pub struct UsageDay {
    /// The day.
    pub day: NaiveDate,
    /// Releases.
    pub releases: u64,
}

/// How the data is reached by machines.
#[derive(Debug, Clone)]
pub struct Ways {
    /// A command line that fetches rows.
    pub rest: String,
    /// An SQL question.
    pub sql: String,
    /// A few lines of Python through Flight SQL.
    pub flight: String,
}

/// Proof that data was disposed of.
#[derive(Debug, Clone)]
pub struct DisposalView {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub who: String,
    /// How.
    pub method: String,
    /// What was kept, and why.
    pub note: String,
}

/// An agreement in full.
#[derive(Debug, Clone)]
pub struct AgreementView {
    /// Identifier.
    pub id: String,
    /// The number people use.
    pub no: String,
    /// Version.
    pub version: u32,
    /// The resource.
    pub resource: Link,
    /// The request it came from.
    pub request: Link,
    /// Provider.
    pub provider: String,
    /// Consumer.
    pub consumer: String,
    /// State.
    pub state: Tag,
    /// Purpose.
    pub purpose: Purpose,
    /// Scenario.
    pub scenario: String,
    /// Items.
    pub items: Vec<AskedItem>,
    /// Row rule; empty for every row.
    pub rows: String,
    /// Modes.
    pub modes: Vec<SharingMode>,
    /// Releases a day.
    pub quota: Option<u64>,
    /// First instant of use.
    pub from: Timestamp,
    /// Use ends.
    pub until: Timestamp,
    /// The table's name in SQL; empty for those who do not use it.
    pub table: String,
    /// Releases today.
    pub used_today: u64,
    /// Why it does not run, when it does not.
    pub why: String,
}

form! {
    /// `POST /agreements/{id}/change`.
    ChangeForm {
        /// Items granted.
        items: all "items",
        /// Masks chosen: (item, mask) from fields `mask.{item}`.
        masks: under "mask.",
        /// Masks written by hand: (item, mask) from fields `own.{item}`; goes before the chosen one when not empty.
        own: under "own.",
        /// Modes.
        modes: all "modes",
        /// Row rule.
        rows: one "rows",
        /// Releases a day.
        quota: one "quota",
        /// Last day.
        until: date "until",
        /// Reason.
        reason: one "reason",
    }
}

impl ChangeForm {
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

form! {
    /// `POST /agreements/{id}/disposal`.
    DisposalForm {
        /// How: `deleted`, `destroyed`, `none-kept`.
        method: one "method",
        /// Explanation.
        note: one "note",
    }
}

/// `GET /agreements/{id}`. Deeds: `POST /agreements/{id}/change`, `/suspend`, `/resume`, `/revoke` (each `reason`),
/// `/dispute`, `/provide`, `/disposal`.
#[derive(Debug, Clone, Template)]
#[template(path = "agreement.html")]
pub struct AgreementPage {
    /// Frame.
    pub ui: Ui,
    /// The agreement.
    pub it: AgreementView,
    /// The last days of use, newest first.
    pub usage: Vec<UsageDay>,
    /// How machines reach it; nothing when the reader does not use it.
    pub ways: Option<Ways>,
    /// Deliveries under it.
    pub deliveries: Vec<Link>,
    /// What happened, newest first.
    pub happenings: Vec<Happening>,
    /// Proof of disposal.
    pub disposal: Option<DisposalView>,
    /// May the reader look at rows?
    pub can_use: bool,
    /// May the reader make a delivery?
    pub can_deliver: bool,
    /// May the reader ask for a correction?
    pub can_correct: bool,
    /// May the reader change the terms?
    pub can_change: bool,
    /// What was asked for, beside the law, for a change of the terms.
    pub choices: Vec<DecisionItem>,
    /// The modes that were asked for, for a change of the terms.
    pub modes: Vec<SharingMode>,
    /// Disputes over it.
    pub disputes: Vec<Link>,
    /// May the reader dispute its suspension or revocation?
    pub can_dispute: bool,
    /// May the reader suspend or revoke it?
    pub can_manage: bool,
    /// May the reader note that the data was provided?
    pub can_provide: bool,
    /// Clocks that run on it.
    pub clocks: Vec<super::Clock>,
    /// It is suspended now.
    pub suspended: bool,
    /// It has ended, and the reader must prove disposal.
    pub can_dispose: bool,
    /// What was typed in the change.
    pub form: ChangeForm,
    /// What was wrong.
    pub errors: Errors,
}
