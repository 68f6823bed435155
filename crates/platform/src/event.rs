//! What a change was, as the ledger will tell it.

use serde::Serialize;
use serde_json::Value;
use vocab::Action;

/// The story of one change: which kind of deed, on which thing, with the facts a later reader needs (never rows of data).
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The deed that needs the permit; [`crate::Change::commit`] compares it with the permit's.
    pub action: Action,
    /// `request-submitted`, `agreement-revoked`, ….
    pub kind: &'static str,
    /// The thing's identifier.
    pub subject: String,
    /// The facts.
    pub body: Value,
}

/// SHA-256 over the canonical JSON of a document, hex: by it an entry says exactly what was written without telling it.
pub(crate) fn digest_of(document: &impl Serialize) -> String {
    let value = serde_json::to_value(document).unwrap_or(Value::Null);
    crate::flow::query_data::sha256_hex(ledger::to_canonical(&value).as_bytes())
}

impl Event {
    /// An event about `subject`. A body that cannot be written as JSON becomes `null`.
    pub fn new(action: Action, kind: &'static str, subject: impl std::fmt::Display, body: &impl Serialize) -> Self {
        Self {
            action,
            kind,
            subject: subject.to_string(),
            body: serde_json::to_value(body).unwrap_or(Value::Null),
        }
    }
}
