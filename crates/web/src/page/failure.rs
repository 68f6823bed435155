//! Pages for what cannot be done: 403, 404, 422, 500 and their like.

use askama::Template;

use super::Ui;

/// An error as a page. The heading is `status-{status}` of the locale.
#[derive(Debug, Clone, Template)]
#[template(path = "failure.html")]
pub struct FailurePage {
    /// Frame.
    pub ui: Ui,
    /// HTTP status.
    pub status: u16,
    /// The stable code of the problem.
    pub code: String,
    /// What happened, in the page's language.
    pub told: String,
    /// The policy rule that decided.
    pub rule: Option<String>,
}
