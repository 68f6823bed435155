//! Pages: what people see. A page is a struct of plain values with a template; whoever fills it has done its deed already.
//!
//! A handler asks the corridor, fills the struct and returns it. Parts that refresh themselves are blocks of the page's own
//! template (`page.as_results()`), so the same address gives the whole or the part: the part when the request says
//! `HX-Request-Type: partial` ([`wants_part`]).

pub mod account;
pub mod admin;
pub mod agreement;
pub mod catalog;
pub mod correction;
pub mod data;
pub mod delivery;
pub mod failure;
pub mod form;
pub(crate) mod handlers;
pub mod ledger;
pub mod notice;
pub mod request;
mod routes;
pub mod source;
pub mod task;
pub mod ui;
pub mod update;
pub(crate) mod why;

use askama::Template;
use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
};

pub(crate) use handlers::frame::dress;
pub(crate) use routes::router;

pub use form::{Choice, Errors, Fields};
pub use ui::{Clock, Flash, Happening, Pager, Tag, Tone, Ui, Word};

/// What a page may load: its own files, nothing inline, nothing from elsewhere.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A way to something else.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Link {
    /// Text.
    pub text: String,
    /// Address.
    pub href: String,
}

impl Link {
    /// A link.
    #[must_use]
    pub fn new(text: impl Into<String>, href: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            href: href.into(),
        }
    }
}

/// Rows as they are shown: a cell is text, or nothing where the value is NULL.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sheet {
    /// Column names.
    pub columns: Vec<String>,
    /// Rows of cells.
    pub rows: Vec<Vec<Option<String>>>,
    /// Columns whose values a mask has changed, by position.
    pub masked: Vec<usize>,
    /// How many rows there are in all, when that was counted.
    pub total: Option<u64>,
}

impl Sheet {
    /// Has a mask changed this column?
    #[must_use]
    pub fn is_masked(&self, column: &usize) -> bool {
        self.masked.contains(column)
    }
}

/// Are two texts the same? For templates, where one side is a value and the other a reference.
#[must_use]
pub fn same(a: impl AsRef<str>, b: impl AsRef<str>) -> bool {
    a.as_ref() == b.as_ref()
}

/// Is a text among others?
#[must_use]
pub fn among(list: &[String], text: impl AsRef<str>) -> bool {
    list.iter().any(|it| it == text.as_ref())
}

/// A part of a date written `2026-03-09`: `year`, `month` or `day`; empty when there is none.
#[must_use]
pub fn date_part(date: impl AsRef<str>, part: impl AsRef<str>) -> String {
    let place = match part.as_ref() {
        "year" => 0,
        "month" => 1,
        _ => 2,
    };
    date.as_ref().split('-').nth(place).unwrap_or("").to_owned()
}

/// Does the browser want only the part that changes?
#[must_use]
pub fn wants_part(headers: &HeaderMap) -> bool {
    headers.get("hx-request-type").is_some_and(|it| it == "partial")
}

/// A page as an answer.
pub fn answer(page: &impl Template) -> Response {
    answer_with(StatusCode::OK, page)
}

/// A page as an answer with a status: 422 for a form that is shown again.
pub fn answer_with(status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(text) => {
            let mut response = (status, Html(text)).into_response();
            let headers = response.headers_mut();
            headers.insert(
                header::CONTENT_SECURITY_POLICY,
                HeaderValue::from_static(CONTENT_SECURITY_POLICY),
            );
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            headers.insert(
                header::VARY,
                HeaderValue::from_static("hx-request-type, accept-language, cookie"),
            );
            headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
            headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
            response
        }
        Err(error) => {
            tracing::error!(%error, "page failed");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

#[cfg(test)]
mod tests;
