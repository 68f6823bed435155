//! Somebody with posts in several organisations acts for another one.

use ledger::Entry;
use serde_json::json;
use staff::{Known, Via};
use vocab::OrgId;

use crate::{App, Error};

/// Lets the session act for another organisation in which the person has a role.
///
/// # Errors
/// [`Error::State`] with a token, which acts for one organisation for ever; [`Error::Staff`] without a role there.
pub async fn switch_org(app: &App, known: &Known, org: OrgId) -> Result<(), Error> {
    let Via::Session(session) = known.via else {
        return Err(Error::State("a token acts for its own organisation only".to_owned()));
    };
    let id = known.actor.id;
    let tx = app.db.write().await?;
    staff::store::switch_org(&tx, session, org).await?;
    let body = json!({ "from": known.actor.org, "to": org });
    let kind = "organisation-switched".to_owned();
    ledger::append(
        &tx,
        &Entry {
            at: app.now(),
            kind,
            actor: Some(id),
            subject: id.to_string(),
            body,
        },
    )
    .await?;
    tx.commit().await?;
    app.known.forget_all();
    Ok(())
}
