//! What has ended is forgotten: sessions, failures that no longer count, old history of jobs.

use chrono::TimeDelta;

use crate::{App, Error};

/// How long the history of finished jobs is kept; what they did stands in the ledger for ever.
const HISTORY: TimeDelta = TimeDelta::days(30);

/// Forgets ended sessions, failures that no longer count and finished jobs of a month ago; how many rows. Nothing that
/// still has an effect, so no entry in the ledger.
///
/// # Errors
/// When the database fails.
pub async fn sweep_staff(app: &App) -> Result<u64, Error> {
    let now = app.now();
    let tx = app.db.write().await?;
    let swept = staff::store::sweep(&tx, now).await? + db::jobs::forget_done(&tx, now - HISTORY).await?;
    tx.commit().await?;
    Ok(swept)
}
