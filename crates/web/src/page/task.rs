//! What waits for somebody.

use askama::Template;
use vocab::Timestamp;

use super::{Clock, Ui};

/// One thing to do.
#[derive(Debug, Clone)]
pub struct TaskRow {
    /// Where it is done.
    pub href: String,
    /// What it is about: the resource's or request's title.
    pub title: String,
    /// What must be done, in the page's language: 审批申请.
    pub deed: String,
    /// Who it comes from.
    pub from: String,
    /// Since when.
    pub since: Timestamp,
    /// The clock that runs.
    pub clock: Option<Clock>,
    /// It was handed up because nobody acted in time.
    pub escalated: bool,
}

/// Tasks of one kind.
#[derive(Debug, Clone)]
pub struct TaskGroup {
    /// The code of its title: `task-group-{code}` in the locale (`overdue`, `soon`, `later`, `none`).
    pub code: String,
    /// The tasks, the most urgent first.
    pub rows: Vec<TaskRow>,
}

/// `GET /tasks`.
#[derive(Debug, Clone, Template)]
#[template(path = "tasks.html")]
pub struct TasksPage {
    /// Frame.
    pub ui: Ui,
    /// The tasks, overdue first.
    pub groups: Vec<TaskGroup>,
}
