//! Updates of the catalogue that are owed because law or duties have changed, and more time for a step.

use askama::Template;
use chrono::NaiveDate;
use vocab::Timestamp;

use super::{Clock, Errors, Happening, Link, Ui};

/// A wish for more time that waits for its answer.
#[derive(Debug, Clone)]
pub struct Wish {
    /// Who asked.
    pub who: String,
    /// When.
    pub at: Timestamp,
    /// Working days more.
    pub days: u32,
    /// Why.
    pub reason: String,
}

/// What the reader can do about more time for a step. Deeds: `POST …/extend` (`days`, `reason`), `…/extension` (`consent`,
/// `reason`).
#[derive(Debug, Clone)]
pub enum MoreTime {
    /// Nothing.
    Nothing,
    /// Ask for it: so many working days at most.
    Ask(u32),
    /// Answer a wish.
    Answer(Wish),
}

/// `GET /catalog-updates/{subject}`.
#[derive(Debug, Clone, Template)]
#[template(path = "update.html")]
pub struct UpdatePage {
    /// Frame.
    pub ui: Ui,
    /// `res_…` or `org_…`.
    pub subject: String,
    /// What is to be updated.
    pub what: Link,
    /// Whose catalogue.
    pub provider: String,
    /// The day of the change of law or duties.
    pub on: Option<NaiveDate>,
    /// What has changed.
    pub reason: String,
    /// The clock.
    pub clock: Clock,
    /// What the reader can do about its end.
    pub more_time: MoreTime,
    /// What happened, newest first.
    pub happenings: Vec<Happening>,
    /// What was wrong.
    pub errors: Errors,
}
