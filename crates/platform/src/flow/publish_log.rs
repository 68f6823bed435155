//! What was done becomes a published, signed log.

use ledger::Checkpoint;
use policy::About;
use vocab::{Action, Actor};

use crate::{App, Error};

/// Publishes everything that was appended: tiles, then a signed checkpoint. Doing it again changes nothing; `None` while
/// there is no entry at all. The job `publish-log` does it every few seconds while there is something new.
///
/// # Errors
/// [`Error::Ledger`]; when the database contradicts what was published, nothing is changed.
pub async fn publish_log(app: &App) -> Result<Option<Checkpoint>, Error> {
    Ok(ledger::publish(&app.db, &app.log, &app.log_dir(), app.now()).await?)
}

/// The same, asked for by somebody who reads the whole ledger.
///
/// # Errors
/// [`Error::Denied`]; as [`publish_log`].
pub async fn publish_log_now(app: &App, actor: &Actor) -> Result<Option<Checkpoint>, Error> {
    policy::decide(&app.rules, actor, Action::ReadLedger, &About::Platform)?;
    publish_log(app).await
}

/// Is there an entry that no checkpoint covers yet?
pub(crate) async fn is_behind(app: &App) -> Result<bool, Error> {
    let tx = app.read().await?;
    let published = ledger::last_checkpoint(&tx).await?.map_or(0, |it| it.size);
    Ok(ledger::size(&tx).await? > published)
}
