//! Disputes.

use db::{Arg, Row, Tx};
use vocab::{DisputeId, OrgId, Timestamp};

use super::{Query, body, due, ids, one, read, touched};
use crate::{Error, clock, dispute::Dispute};

/// Writes a new dispute.
///
/// # Errors
/// [`Error::DisputedAlready`] when one over the same subject is open; [`Error::Db`].
pub async fn insert_dispute(tx: &Tx, it: &Dispute) -> Result<(), Error> {
    tx.run(
        "insert into dispute (id, no, state, raiser, other, subject, revision, body, created_at, updated_at, next_at)
         values ($1, $2, $3, $4, $5, $6, 0, $7, $8, $8, $9)",
        [
            Arg::text(it.id),
            (&it.no).into(),
            Arg::text(it.state),
            Arg::text(it.raiser.org),
            Arg::text(it.other),
            (&it.subject).into(),
            body(it),
            it.created_at.into(),
            clock::next_at(&it.timers).into(),
        ],
    )
    .await
    .map_err(|error| match error {
        db::Error::Unique(what) if what.contains("dispute_open") || what.contains("subject") => Error::DisputedAlready,
        other => other.into(),
    })?;
    Ok(())
}

/// Writes a changed dispute; its revision goes up by one.
///
/// # Errors
/// [`Error::Stale`].
pub async fn save_dispute(tx: &Tx, it: &mut Dispute, now: Timestamp) -> Result<(), Error> {
    let rows = tx
        .run(
            "update dispute set state = $1, body = $2, updated_at = $3, next_at = $6, escalated = $7,
                    revision = revision + 1
              where id = $4 and revision = $5",
            [
                Arg::text(it.state),
                body(it),
                now.into(),
                Arg::text(it.id),
                it.revision.into(),
                clock::next_at(&it.timers).into(),
                clock::is_escalated(&it.timers).into(),
            ],
        )
        .await?;
    touched(rows, it.id)?;
    it.revision += 1;
    Ok(())
}

pub(super) fn to_dispute(row: &Row) -> Result<Dispute, Error> {
    read(row, |it: &mut Dispute, revision| it.revision = revision)
}

/// A dispute.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn dispute(tx: &Tx, id: DisputeId) -> Result<Dispute, Error> {
    let row = tx
        .opt("select body, revision from dispute where id = $1", [Arg::text(id)])
        .await?;
    to_dispute(&one(row, id)?)
}

/// Disputes of an organisation (of all, without one), newest first.
///
/// # Errors
/// [`Error::Db`].
pub async fn disputes(tx: &Tx, party: Option<OrgId>, offset: u64, limit: u64) -> Result<Vec<Dispute>, Error> {
    let mut query = Query::new("select body, revision from dispute");
    query.either("raiser", "other", party);
    let rows = query.page(tx, offset, limit).await?;
    rows.iter().map(to_dispute).collect()
}

/// The disputes over one subject, newest first.
///
/// # Errors
/// [`Error::Db`].
pub async fn disputes_over(tx: &Tx, subject: &str) -> Result<Vec<Dispute>, Error> {
    let sql = "select body, revision from dispute where subject = $1 order by created_at desc, id desc limit 200";
    let rows = tx.all(sql, [subject.into()]).await?;
    rows.iter().map(to_dispute).collect()
}

/// Disputes for which time has something to do at `now`, those after `after`, in the order of their identifiers.
///
/// # Errors
/// [`Error::Db`].
pub async fn due_disputes(
    tx: &Tx,
    now: Timestamp,
    after: Option<DisputeId>,
    limit: u64,
) -> Result<Vec<DisputeId>, Error> {
    due(tx, "dispute", now, after, limit).await
}

/// Disputes on which clocks may run, those after `after`, in the order of their identifiers.
///
/// # Errors
/// [`Error::Db`].
pub async fn timed_disputes(tx: &Tx, after: Option<DisputeId>, limit: u64) -> Result<Vec<DisputeId>, Error> {
    ids(tx, "dispute", "state not in ('settled', 'withdrawn')", after, limit).await
}
