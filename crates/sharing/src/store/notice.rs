//! Notices: an inbox for each audience. Who reads one reads it for the others of the same audience: it is an office's
//! inbox, not a person's.

use db::{Arg, Row, Tx};
use vocab::{ActorId, NoticeId, Timestamp};

use super::one;
use crate::{Error, notice::Told};

/// Writes a notice, once: the same notice of the same change is not told again.
///
/// # Errors
/// [`Error::Db`].
pub async fn insert_notice(tx: &Tx, it: &Told) -> Result<(), Error> {
    tx.run(
        "insert into notice (id, told_key, audience, kind, subject, at, body) values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (told_key) do nothing",
        [
            Arg::text(it.id),
            (&it.key).into(),
            it.to.audience().into(),
            it.kind.code().into(),
            (&it.subject).into(),
            it.at.into(),
            Arg::json(it),
        ],
    )
    .await?;
    Ok(())
}

fn to_told(row: &Row) -> Result<Told, Error> {
    let mut it: Told = row.json("body")?;
    it.read = row.opt_time("read_at")?.zip(row.opt_parse("read_by")?);
    it.key = row.text("told_key")?;
    Ok(it)
}

/// `$3, $4, …` for the audiences.
fn places(audiences: &[String], before: usize) -> String {
    let all = (1..=audiences.len()).map(|it| format!("${}", it + before));
    all.collect::<Vec<_>>().join(", ")
}

fn with_audiences<const N: usize>(args: [Arg; N], audiences: &[String]) -> Vec<Arg> {
    args.into_iter().chain(audiences.iter().map(Arg::from)).collect()
}

/// Notices to these audiences, the newest first, those before `before`, at most `limit`.
///
/// # Errors
/// [`Error::Db`].
pub async fn notices_to(
    tx: &Tx,
    audiences: &[String],
    unread: bool,
    before: Option<NoticeId>,
    limit: u64,
) -> Result<Vec<Told>, Error> {
    if audiences.is_empty() {
        return Ok(Vec::new());
    }
    let unread = if unread { " and read_at is null" } else { "" };
    let sql = format!(
        "select body, told_key, read_at, read_by from notice where id < $1 and audience in ({}){unread}
          order by id desc limit $2",
        places(audiences, 2)
    );
    let before = before.map_or_else(|| "ntd".to_owned(), |it| it.to_string());
    let rows = tx
        .all_with(&sql, with_audiences([before.into(), limit.into()], audiences))
        .await?;
    rows.iter().map(to_told).collect()
}

/// How many notices to these audiences nobody has read.
///
/// # Errors
/// [`Error::Db`].
pub async fn count_unread(tx: &Tx, audiences: &[String]) -> Result<u64, Error> {
    if audiences.is_empty() {
        return Ok(0);
    }
    let sql = format!(
        "select count(*) as many from notice where read_at is null and audience in ({})",
        places(audiences, 0)
    );
    let rows = tx.all_with(&sql, with_audiences([], audiences)).await?;
    Ok(rows.first().map(|row| row.count("many")).transpose()?.unwrap_or(0))
}

/// Marks a notice as read, where nobody has read it yet, and gives it.
///
/// # Errors
/// [`Error::NotFound`], also for a notice to others.
pub async fn read_notice(
    tx: &Tx,
    id: NoticeId,
    audiences: &[String],
    by: ActorId,
    now: Timestamp,
) -> Result<Told, Error> {
    let row = tx
        .opt(
            "select body, told_key, read_at, read_by from notice where id = $1",
            [Arg::text(id)],
        )
        .await?;
    let mut it = to_told(&one(row, id)?)?;
    if !audiences.contains(&it.to.audience()) {
        return Err(Error::NotFound(id.to_string()));
    }
    if it.read.is_none() {
        tx.run(
            "update notice set read_at = $1, read_by = $2 where id = $3 and read_at is null",
            [now.into(), Arg::text(by), Arg::text(id)],
        )
        .await?;
        it.read = Some((now, by));
    }
    Ok(it)
}

/// Marks every notice to these audiences as read; how many were not.
///
/// # Errors
/// [`Error::Db`].
pub async fn read_all_notices(tx: &Tx, audiences: &[String], by: ActorId, now: Timestamp) -> Result<u64, Error> {
    if audiences.is_empty() {
        return Ok(0);
    }
    let sql = format!(
        "update notice set read_at = $1, read_by = $2 where read_at is null and audience in ({})",
        places(audiences, 2)
    );
    Ok(tx
        .run_with(&sql, with_audiences([now.into(), Arg::text(by)], audiences))
        .await?)
}
