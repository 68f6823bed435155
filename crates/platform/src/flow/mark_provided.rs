//! The first release under an agreement: its data was provided, so the clock T7 stops by itself.

use db::jobs::Job;
use ledger::Entry;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sharing::{
    Matter,
    agreement::{self, Event},
};
use vocab::{AgreementId, Timestamp};

use super::tell_notices::tell;
use crate::{App, Error};

/// The job's kind.
pub(crate) const KIND: &str = "mark-provided";

/// The job's document.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Wish {
    /// Which agreement.
    pub agreement: AgreementId,
    /// When the release was; absent in jobs of a former version.
    #[serde(default)]
    pub at: Option<Timestamp>,
}

/// Marks an agreement as provided, once.
pub(crate) async fn mark_provided(app: &App, job: &Job) -> Result<(), Error> {
    let wish: Wish = serde_json::from_str(&job.body).map_err(Error::internal)?;
    let now = app.now();
    let tx = app.db.write().await?;
    let it = sharing::store::agreement(&tx, wish.agreement).await?;
    if it.provided_at.is_some() {
        return Ok(());
    }
    let clocks = sharing::store::clocks(&tx).await?;
    let at = wish.at.unwrap_or(now);
    let Ok((mut it, commands)) = agreement::apply(it, Event::Provided, at, &clocks) else {
        return Ok(()); // it has ended meanwhile: there is no clock left to stop
    };
    sharing::store::save_agreement(&tx, &mut it, now).await?;
    tell(&tx, &Matter::from(&it), &commands, now).await?;
    let subject = it.id.to_string();
    let body = json!({ "by": "first release", "provided_at": at });
    ledger::append(
        &tx,
        &Entry {
            at: now,
            kind: "data-provided".to_owned(),
            actor: None,
            subject,
            body,
        },
    )
    .await?;
    tx.commit().await?;
    app.open.forget_all();
    Ok(())
}
