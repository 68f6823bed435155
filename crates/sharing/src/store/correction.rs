//! Correction requests.

use db::{Arg, Row, Tx};
use vocab::{CorrectionId, OrgId, Timestamp};

use super::{Query, body, due, ids, one, read, touched};
use crate::{Error, clock, correction::Correction};

/// Writes a new correction request.
///
/// # Errors
/// [`Error::Db`].
pub async fn insert_correction(tx: &Tx, it: &Correction) -> Result<(), Error> {
    tx.run(
        "insert into correction (id, no, state, consumer, provider, resource, next_at, revision, body, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, 0, $8, $9, $9)",
        [
            Arg::text(it.id),
            (&it.no).into(),
            Arg::text(it.state),
            Arg::text(it.asker.org),
            Arg::text(it.provider),
            Arg::text(it.resource),
            clock::next_at(&it.timers).into(),
            body(it),
            it.created_at.into(),
        ],
    )
    .await?;
    Ok(())
}

/// Writes a changed correction request; its revision goes up by one.
///
/// # Errors
/// [`Error::Stale`].
pub async fn save_correction(tx: &Tx, it: &mut Correction, now: Timestamp) -> Result<(), Error> {
    let rows = tx
        .run(
            "update correction set state = $1, next_at = $2, body = $3, updated_at = $4, escalated = $7,
                    revision = revision + 1
              where id = $5 and revision = $6",
            [
                Arg::text(it.state),
                clock::next_at(&it.timers).into(),
                body(it),
                now.into(),
                Arg::text(it.id),
                it.revision.into(),
                clock::is_escalated(&it.timers).into(),
            ],
        )
        .await?;
    touched(rows, it.id)?;
    it.revision += 1;
    Ok(())
}

pub(super) fn to_correction(row: &Row) -> Result<Correction, Error> {
    read(row, |it: &mut Correction, revision| it.revision = revision)
}

/// A correction request.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn correction(tx: &Tx, id: CorrectionId) -> Result<Correction, Error> {
    let row = tx
        .opt("select body, revision from correction where id = $1", [Arg::text(id)])
        .await?;
    to_correction(&one(row, id)?)
}

/// Correction requests of or to an organisation (of all, without one), newest first.
///
/// # Errors
/// [`Error::Db`].
pub async fn corrections(tx: &Tx, party: Option<OrgId>, offset: u64, limit: u64) -> Result<Vec<Correction>, Error> {
    let mut query = Query::new("select body, revision from correction");
    query.either("consumer", "provider", party);
    let rows = query.page(tx, offset, limit).await?;
    rows.iter().map(to_correction).collect()
}

/// Correction requests for which time has something to do at `now`, those after `after`, in the order of their identifiers.
///
/// # Errors
/// [`Error::Db`].
pub async fn due_corrections(
    tx: &Tx,
    now: Timestamp,
    after: Option<CorrectionId>,
    limit: u64,
) -> Result<Vec<CorrectionId>, Error> {
    due(tx, "correction", now, after, limit).await
}

/// Correction requests on which clocks may run, those after `after`, in the order of their identifiers.
///
/// # Errors
/// [`Error::Db`].
pub async fn timed_corrections(tx: &Tx, after: Option<CorrectionId>, limit: u64) -> Result<Vec<CorrectionId>, Error> {
    ids(tx, "correction", "state = 'asked'", after, limit).await
}
