//! Where somebody is signed in, and ending it from elsewhere.

use ledger::Entry;
use serde_json::json;
use staff::{Known, Session, Via};
use vocab::{Actor, SessionId};

use crate::{App, Error};

/// The actor's living sessions, the newest first.
///
/// # Errors
/// When the database fails.
pub async fn list_own_sessions(app: &App, actor: &Actor) -> Result<Vec<Session>, Error> {
    Ok(staff::store::sessions(&app.read().await?, actor.id, app.now()).await?)
}

/// Ends one of the actor's own sessions.
///
/// # Errors
/// [`Error::Staff`] when the actor has no such session.
pub async fn end_session(app: &App, actor: &Actor, id: SessionId) -> Result<(), Error> {
    let tx = app.db.write().await?;
    staff::store::end_session(&tx, actor.id, id).await?;
    note(app, tx, actor, json!({ "sessions": 1 })).await
}

/// Ends every session of the actor but the one it comes through; how many.
///
/// # Errors
/// When the database fails.
pub async fn end_other_sessions(app: &App, known: &Known) -> Result<u64, Error> {
    let mine = match known.via {
        Via::Session(id) => Some(id),
        Via::Token(_) => None,
    };
    let tx = app.db.write().await?;
    let ended = staff::store::end_sessions(&tx, known.actor.id, mine).await?;
    note(app, tx, &known.actor, json!({ "sessions": ended })).await?;
    Ok(ended)
}

async fn note(app: &App, tx: db::Tx, actor: &Actor, body: serde_json::Value) -> Result<(), Error> {
    let subject = actor.id.to_string();
    let entry = Entry {
        at: app.now(),
        kind: "sessions-ended".to_owned(),
        actor: Some(actor.id),
        subject,
        body,
    };
    ledger::append(&tx, &entry).await?;
    tx.commit().await?;
    app.known.forget_all();
    Ok(())
}
