//! The whole ledger is read again and compared with everything that was ever published over it.

use ledger::Entry;
use policy::About;
use serde_json::json;
use vocab::{Action, Actor, ActorId};

use crate::{App, Error};

/// The kind of the entry that a check without a fault leaves.
pub const CHECKED: &str = "log-checked";
/// The kind of the entry that a check with a fault leaves.
pub const FAILED: &str = "log-check-failed";

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// Entries that were compared; 0 when a fault was found.
    pub entries: u64,
    /// Where database and published log part; `None` when they agree.
    pub fault: Option<String>,
}

/// Checks the whole ledger for somebody who reads it all. The outcome is an entry of its own.
///
/// # Errors
/// [`Error::Denied`]; when the database fails. A ledger that was rewritten is no error here: the outcome says so.
pub async fn check_log(app: &App, actor: &Actor) -> Result<Checked, Error> {
    policy::decide(&app.rules, actor, Action::ReadLedger, &About::Platform)?;
    check(app, Some(actor.id)).await
}

/// The nightly check.
pub(crate) async fn check(app: &App, by: Option<ActorId>) -> Result<Checked, Error> {
    let found = match ledger::check(&app.db).await {
        Ok(entries) => Checked { entries, fault: None },
        Err(ledger::Error::Rewritten(where_they_part)) => Checked {
            entries: 0,
            fault: Some(where_they_part),
        },
        Err(other) => return Err(other.into()),
    };
    if let Some(fault) = &found.fault {
        tracing::error!(fault = %fault, "the ledger was rewritten");
    }
    let kind = if found.fault.is_none() { CHECKED } else { FAILED }.to_owned();
    let body = json!({ "entries": found.entries, "fault": found.fault });
    let tx = app.db.write().await?;
    ledger::append(
        &tx,
        &Entry {
            at: app.now(),
            kind,
            actor: by,
            subject: "ledger".to_owned(),
            body,
        },
    )
    .await?;
    tx.commit().await?;
    Ok(found)
}
