//! The start: limits of law, calendar and staff are written as rows, once; and the clocks begin to be looked at.

use crate::{App, Error};

/// Writes the national defaults that are not there yet; what an operator changed stays.
///
/// # Errors
/// When the database fails.
pub(crate) async fn seed_limits(app: &App) -> Result<(), Error> {
    let tx = app.db.write().await?;
    sharing::seed::seed(&tx, app.now()).await?;
    super::remind_clocks::put(&tx, app.now(), app.now()).await?;
    Ok(tx.commit().await?)
}
