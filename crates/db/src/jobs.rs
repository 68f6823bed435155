//! The job queue: durable, leased, at least once. What a job means is the corridor's business.

use vocab::{JobId, Timestamp};

use crate::{Arg, Error, Tx};

/// A job that a worker holds under a lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Identifier.
    pub id: JobId,
    /// What kind of work.
    pub kind: String,
    /// Its document, JSON.
    pub body: String,
    /// How often it has failed before, and this time. A worker that was killed is no failure of the job.
    pub attempts: u64,
}

/// Puts work into the queue; `unique_key` makes a second identical wish a no-op while the first is waiting.
///
/// # Errors
/// [`Error::Db`].
pub async fn put(
    tx: &Tx,
    kind: &str,
    body: &str,
    unique_key: Option<&str>,
    due: Timestamp,
    now: Timestamp,
) -> Result<JobId, Error> {
    let id = JobId::new();
    tx.run(
        "insert into job (id, kind, body, unique_key, due, created_at) values ($1, $2, $3, $4, $5, $6)
         on conflict (unique_key) do nothing",
        [
            Arg::text(id),
            kind.into(),
            body.into(),
            unique_key.map(str::to_owned).into(),
            due.into(),
            now.into(),
        ],
    )
    .await?;
    Ok(id)
}

/// Takes the next due job under a lease, or none. Two workers never get the same one while the lease lasts.
///
/// # Errors
/// [`Error::Db`].
pub async fn take(tx: &Tx, worker: &str, now: Timestamp, lease_until: Timestamp) -> Result<Option<Job>, Error> {
    take_but(tx, worker, "", now, lease_until).await
}

/// [`take`], leaving jobs of one kind to others: a lane that long work never fills.
///
/// # Errors
/// [`Error::Db`].
pub async fn take_but(
    tx: &Tx,
    worker: &str,
    but: &str,
    now: Timestamp,
    lease_until: Timestamp,
) -> Result<Option<Job>, Error> {
    let lock = if tx.is_sqlite() { "" } else { " for update skip locked" };
    let sql = format!(
        "update job set leased_until = $1, leased_by = $2
          where id = (select id from job where done_at is null and due <= $3 and kind <> $4
                         and (leased_until is null or leased_until < $3)
                       order by due, id limit 1{lock})
         returning id, kind, body, attempts + 1 as attempt"
    );
    let row = tx
        .opt(&sql, [lease_until.into(), worker.into(), now.into(), but.into()])
        .await?;
    row.map(|row| {
        Ok(Job {
            id: row.parse("id")?,
            kind: row.text("kind")?,
            body: row.text("body")?,
            attempts: row.count("attempt")?,
        })
    })
    .transpose()
}

/// Is there a job that [`take_but`] would take? By a look that locks nothing.
///
/// # Errors
/// [`Error::Db`].
pub async fn is_due(tx: &Tx, but: &str, now: Timestamp) -> Result<bool, Error> {
    let found = tx
        .opt(
            "select 1 as due from job where done_at is null and due <= $1 and kind <> $2
                and (leased_until is null or leased_until < $1) limit 1",
            [now.into(), but.into()],
        )
        .await?;
    Ok(found.is_some())
}

/// Renews a lease; false when it was lost to another worker.
///
/// # Errors
/// [`Error::Db`].
pub async fn renew(tx: &Tx, id: JobId, worker: &str, lease_until: Timestamp) -> Result<bool, Error> {
    let touched = tx
        .run(
            "update job set leased_until = $1 where id = $2 and leased_by = $3 and done_at is null",
            [lease_until.into(), Arg::text(id), worker.into()],
        )
        .await?;
    Ok(touched == 1)
}

/// Gives back every lease of a worker that stops; how many.
///
/// # Errors
/// [`Error::Db`].
pub async fn let_go(tx: &Tx, worker: &str) -> Result<u64, Error> {
    tx.run(
        "update job set leased_until = null, leased_by = null where leased_by = $1 and done_at is null",
        [worker.into()],
    )
    .await
}

/// The job is done; it stays as history and frees its unique key.
///
/// # Errors
/// [`Error::Db`].
pub async fn done(tx: &Tx, id: JobId, now: Timestamp) -> Result<(), Error> {
    tx.run(
        "update job set done_at = $1, unique_key = null, last_error = null where id = $2",
        [now.into(), Arg::text(id)],
    )
    .await?;
    Ok(())
}

/// The job failed and is tried again at `again`, or given up (`None`): then it counts as done and keeps its error.
///
/// # Errors
/// [`Error::Db`].
pub async fn failed(tx: &Tx, id: JobId, error: &str, again: Option<Timestamp>, now: Timestamp) -> Result<(), Error> {
    match again {
        Some(again) => {
            tx.run(
                "update job set leased_until = null, leased_by = null, last_error = $1, due = $2, attempts = attempts + 1
                  where id = $3",
                [error.into(), again.into(), Arg::text(id)],
            )
            .await?
        }
        None => {
            tx.run(
                "update job set done_at = $1, unique_key = null, last_error = $2 where id = $3",
                [now.into(), error.into(), Arg::text(id)],
            )
            .await?
        }
    };
    Ok(())
}

/// Does a job of this key wait, or is it being done?
///
/// # Errors
/// [`Error::Db`].
pub async fn waits(tx: &Tx, unique_key: &str) -> Result<bool, Error> {
    let found = tx
        .opt(
            "select 1 as waits from job where unique_key = $1 and done_at is null",
            [unique_key.into()],
        )
        .await?;
    Ok(found.is_some())
}

/// How many jobs wait, how many of them have failed before.
///
/// # Errors
/// [`Error::Db`].
pub async fn waiting(tx: &Tx) -> Result<(u64, u64), Error> {
    let row = tx
        .one(
            "select count(*) as waiting, count(last_error) as failing from job where done_at is null",
            [],
        )
        .await?;
    Ok((row.count("waiting")?, row.count("failing")?))
}

/// Forgets finished jobs that ended before an instant; how many.
///
/// # Errors
/// [`Error::Db`].
pub async fn forget_done(tx: &Tx, before: Timestamp) -> Result<u64, Error> {
    tx.run("delete from job where done_at < $1", [before.into()]).await
}
