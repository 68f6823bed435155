//! Releases that began with an *opened* entry and owe the receipt that closes them.

use db::{Arg, Tx};
use vocab::{ReleaseId, Timestamp};

use crate::{Error, Receipt};

/// Notes that a release has begun and owes its closing receipt.
///
/// # Errors
/// [`Error::Db`].
pub async fn owe(tx: &Tx, opened: &Receipt) -> Result<(), Error> {
    let receipt = serde_json::to_string(opened).unwrap_or_default();
    tx.run(
        "insert into ledger_owed (release, agreement, opened_at, receipt) values ($1, $2, $3, $4)",
        [
            Arg::text(opened.release),
            Arg::text(opened.agreement),
            opened.started.into(),
            receipt.into(),
        ],
    )
    .await?;
    Ok(())
}

/// The closing receipts of a release are about to be written; false when none are owed: somebody wrote them already.
///
/// # Errors
/// [`Error::Db`].
pub async fn settle(tx: &Tx, release: ReleaseId) -> Result<bool, Error> {
    let touched = tx
        .run("delete from ledger_owed where release = $1", [Arg::text(release)])
        .await?;
    Ok(touched > 0)
}

/// Releases that began before an instant and owe their closing receipts, as they were opened, oldest first.
///
/// # Errors
/// [`Error::Db`].
pub async fn owed(tx: &Tx, before: Timestamp) -> Result<Vec<Receipt>, Error> {
    let rows = tx
        .all(
            "select receipt from ledger_owed where opened_at < $1 order by opened_at, release, agreement",
            [before.into()],
        )
        .await?;
    rows.iter().map(|it| Ok(it.json("receipt")?)).collect()
}
