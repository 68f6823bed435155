//! How often an agreement was used on a day, and its quota.

use db::{Arg, Step, Tx};
use vocab::AgreementId;

use crate::Error;

/// The outcome of one use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Used {
    /// Counted; so many uses on that day now.
    Counted(u64),
    /// The quota of the day is used up; nothing was counted.
    OverQuota,
}

/// Counts one use, or says that the quota is used up. Atomic: of many at once exactly the quota succeeds.
///
/// `day` is the calendar day in the node's zone, `2026-11-22`.
///
/// # Errors
/// [`Error::Db`].
pub async fn use_once(tx: &Tx, agreement: AgreementId, day: &str, quota: Option<u64>) -> Result<Used, Error> {
    if quota == Some(0) {
        return Ok(Used::OverQuota);
    }
    let row = tx
        .opt(
            "insert into agreement_usage (agreement, day, used) values ($1, $2, 1)
             on conflict (agreement, day) do update set used = agreement_usage.used + 1
              where agreement_usage.used < $3
             returning used",
            [
                Arg::text(agreement),
                day.into(),
                quota.unwrap_or(i64::MAX.unsigned_abs()).into(),
            ],
        )
        .await?;
    row.map_or(Ok(Used::OverQuota), |row| Ok(Used::Counted(row.count("used")?)))
}

/// Takes back uses that were counted and not made, in the transaction that counted them.
///
/// # Errors
/// [`Error::Db`].
pub async fn give_back(tx: &Tx, agreement: AgreementId, day: &str, many: u64) -> Result<(), Error> {
    tx.run(
        "update agreement_usage set used = used - $1 where agreement = $2 and day = $3",
        [many.into(), Arg::text(agreement), day.into()],
    )
    .await?;
    Ok(())
}

/// Counts up to `wished` uses at once; how many of them the quota allowed.
///
/// # Errors
/// [`Error::Db`].
pub async fn use_up_to(
    tx: &Tx,
    agreement: AgreementId,
    day: &str,
    quota: Option<u64>,
    wished: u64,
) -> Result<u64, Error> {
    if wished == 0 || quota == Some(0) {
        return Ok(0);
    }
    // The upsert takes the row's lock, so what is read below stays until the commit.
    let before = tx
        .one(
            "insert into agreement_usage (agreement, day, used) values ($1, $2, 0)
             on conflict (agreement, day) do update set used = agreement_usage.used
             returning used",
            [Arg::text(agreement), day.into()],
        )
        .await?
        .count("used")?;
    let allowed = quota.map_or(wished, |quota| quota.saturating_sub(before).min(wished));
    if allowed > 0 {
        tx.run(
            "update agreement_usage set used = used + $1 where agreement = $2 and day = $3",
            [allowed.into(), Arg::text(agreement), day.into()],
        )
        .await?;
    }
    Ok(allowed)
}

/// Counts `wished` uses, at least one, as a statement for [`db::Db::at_once`]. Where the quota does not allow all of them,
/// it breaks a rule of the database; `None` where no use at all could be so many.
#[must_use]
pub fn use_step(agreement: AgreementId, day: &str, quota: Option<u64>, wished: u64) -> Option<Step> {
    let quota = quota.unwrap_or(i64::MAX.unsigned_abs());
    let sql = "insert into agreement_usage (agreement, day, used) values ($1, $2, $3)
         on conflict (agreement, day) do update
            set used = case when agreement_usage.used <= $4 - $3 then agreement_usage.used + $3 end";
    let args = || vec![Arg::text(agreement), day.into(), wished.into(), quota.into()];
    (wished <= quota).then(|| Step::new(sql.to_owned(), args()))
}

/// How often it was used on a day.
///
/// # Errors
/// [`Error::Db`].
pub async fn used(tx: &Tx, agreement: AgreementId, day: &str) -> Result<u64, Error> {
    let sql = "select used from agreement_usage where agreement = $1 and day = $2";
    let row = tx.opt(sql, [Arg::text(agreement), day.into()]).await?;
    row.map_or(Ok(0), |row| Ok(row.count("used")?))
}

/// The uses of the days from `from` on, in order.
///
/// # Errors
/// [`Error::Db`].
pub async fn usage_by_day(tx: &Tx, agreement: AgreementId, from: &str) -> Result<Vec<(String, u64)>, Error> {
    let sql = "select day, used from agreement_usage where agreement = $1 and day >= $2 order by day";
    let rows = tx.all(sql, [Arg::text(agreement), from.into()]).await?;
    rows.iter()
        .map(|row| Ok((row.text("day")?, row.count("used")?)))
        .collect()
}

#[cfg(test)]
mod tests;
