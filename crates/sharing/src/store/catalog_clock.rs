//! Limits that run on the catalogue.

use db::{Arg, Row, Tx};
use vocab::{CatalogClockId, OrgId, Timestamp};

use super::{body, due, ids, one, read, touched};
use crate::{
    CatalogClock, Error,
    clock::{self, ClockId},
};

/// Begins a limit.
///
/// # Errors
/// [`Error::RunsAlready`] while the same limit runs on the same thing; [`Error::Db`].
pub async fn insert_catalog_clock(tx: &Tx, it: &CatalogClock) -> Result<(), Error> {
    let done = tx
        .run(
            "insert into catalog_clock
               (id, clock, subject, provider, running, escalated, next_at, revision, body, created_at, updated_at)
             values ($1, $2, $3, $4, $5, false, $6, 0, $7, $8, $8)",
            [
                Arg::text(it.id),
                Arg::text(it.timer.clock()),
                (&it.subject).into(),
                Arg::text(it.provider),
                it.timer.is_open().into(),
                it.timer.next_at().into(),
                body(it),
                it.created_at.into(),
            ],
        )
        .await;
    match done {
        Ok(_) => Ok(()),
        Err(db::Error::Unique(_)) => Err(Error::RunsAlready),
        Err(other) => Err(other.into()),
    }
}

/// Writes a changed limit; its revision goes up by one.
///
/// # Errors
/// [`Error::Stale`].
pub async fn save_catalog_clock(tx: &Tx, it: &mut CatalogClock, now: Timestamp) -> Result<(), Error> {
    let rows = tx
        .run(
            "update catalog_clock set running = $1, escalated = $2, next_at = $3, body = $4, updated_at = $5,
                    revision = revision + 1
              where id = $6 and revision = $7",
            [
                it.timer.is_open().into(),
                clock::is_escalated(std::slice::from_ref(&it.timer)).into(),
                it.timer.next_at().into(),
                body(it),
                now.into(),
                Arg::text(it.id),
                it.revision.into(),
            ],
        )
        .await?;
    touched(rows, it.id)?;
    it.revision += 1;
    Ok(())
}

pub(super) fn to_catalog_clock(row: &Row) -> Result<CatalogClock, Error> {
    read(row, |it: &mut CatalogClock, revision| it.revision = revision)
}

/// A limit.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn catalog_clock(tx: &Tx, id: CatalogClockId) -> Result<CatalogClock, Error> {
    let row = tx
        .opt(
            "select body, revision from catalog_clock where id = $1",
            [Arg::text(id)],
        )
        .await?;
    to_catalog_clock(&one(row, id)?)
}

/// The limits that run on an entry or a department (their text), oldest first.
///
/// # Errors
/// [`Error::Db`].
pub async fn running_clocks_of(tx: &Tx, subject: &str) -> Result<Vec<CatalogClock>, Error> {
    let sql = "select body, revision from catalog_clock where subject = $1 and running order by id";
    tx.all(sql, [subject.into()])
        .await?
        .iter()
        .map(to_catalog_clock)
        .collect()
}

/// Every review that runs (T2).
///
/// # Errors
/// [`Error::Db`].
pub async fn running_reviews(tx: &Tx) -> Result<Vec<CatalogClock>, Error> {
    let sql = "select body, revision from catalog_clock where clock = $1 and running order by id";
    tx.all(sql, [Arg::text(ClockId::T2)])
        .await?
        .iter()
        .map(to_catalog_clock)
        .collect()
}

/// Whose updates.
#[derive(Clone, Copy)]
pub(super) enum Owed {
    /// Those that a department owes.
    By(OrgId),
    /// Those handed up to the authority.
    HandedUp,
    /// Everybody's.
    ByAll,
}

/// The updates that are owed (T1), oldest first.
pub(super) async fn updates(tx: &Tx, owed: Owed, most: u64) -> Result<Vec<CatalogClock>, Error> {
    let select = "select body, revision from catalog_clock where clock = $1 and running";
    let mut args = vec![Arg::text(ClockId::T1), most.into()];
    let which = match owed {
        Owed::By(org) => {
            args.push(Arg::text(org));
            " and provider = $3"
        }
        Owed::HandedUp => " and escalated",
        Owed::ByAll => "",
    };
    let sql = format!("{select}{which} order by id limit $2");
    tx.all_with(&sql, args).await?.iter().map(to_catalog_clock).collect()
}

/// Limits for which time has something to do at `now`, those after `after`, in the order of their identifiers.
///
/// # Errors
/// [`Error::Db`].
pub async fn due_catalog_clocks(
    tx: &Tx,
    now: Timestamp,
    after: Option<CatalogClockId>,
    limit: u64,
) -> Result<Vec<CatalogClockId>, Error> {
    due(tx, "catalog_clock", now, after, limit).await
}

/// Limits that run, those after `after`, in the order of their identifiers.
///
/// # Errors
/// [`Error::Db`].
pub async fn timed_catalog_clocks(
    tx: &Tx,
    after: Option<CatalogClockId>,
    limit: u64,
) -> Result<Vec<CatalogClockId>, Error> {
    ids(tx, "catalog_clock", "running", after, limit).await
}
