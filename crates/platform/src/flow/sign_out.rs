//! Somebody signs out.

use ledger::Entry;
use staff::{Known, Via};

use crate::{App, Error};

/// Ends the session on the server; with a token there is nothing to end.
///
/// # Errors
/// When the database fails.
pub async fn sign_out(app: &App, known: &Known) -> Result<(), Error> {
    let Via::Session(id) = known.via else { return Ok(()) };
    let now = app.now();
    let tx = app.db.write().await?;
    staff::store::end_session(&tx, known.actor.id, id).await?;
    let entry = Entry {
        at: now,
        kind: "signed-out".to_owned(),
        actor: Some(known.actor.id),
        subject: known.actor.id.to_string(),
        body: serde_json::Value::Null,
    };
    ledger::append(&tx, &entry).await?;
    tx.commit().await?;
    app.known.forget_all();
    Ok(())
}
