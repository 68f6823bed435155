//! What people are told.

use askama::Template;
use vocab::Timestamp;

use super::{Pager, Ui};

/// A notice in the list.
#[derive(Debug, Clone)]
pub struct NoticeRow {
    /// Identifier.
    pub id: String,
    /// The sentence, in the page's language.
    pub text: String,
    /// Where what it is about can be seen.
    pub href: String,
    /// When.
    pub at: Timestamp,
    /// Has nobody read it yet?
    pub unread: bool,
}

/// `GET /notices`. Deeds: `POST /notices/{id}/read`, `POST /notices/read`.
#[derive(Debug, Clone, Template)]
#[template(path = "notices.html")]
pub struct NoticesPage {
    /// Frame.
    pub ui: Ui,
    /// The notices, newest first.
    pub rows: Vec<NoticeRow>,
    /// How many nobody has read, on all pages.
    pub unread: u64,
    /// Pages.
    pub pager: Pager,
}
