//! Limits and days as rows: what the authority edits.

use chrono::NaiveDate;
use db::{Arg, Row, Tx};
use vocab::{Calendar, CalendarDay, Timestamp};

use crate::{
    Error,
    clock::{ClockId, ClockRule, Clocks},
};

/// The limits and the calendar in force.
///
/// # Errors
/// [`Error::Clock`] when the rows contradict each other; [`Error::Db`].
pub async fn clocks(tx: &Tx) -> Result<Clocks, Error> {
    Ok(Clocks::new(rules(tx).await?, Calendar::new(days(tx, None).await?))?)
}

/// Every limit: national ones first, then by region.
///
/// # Errors
/// [`Error::Db`].
pub async fn rules(tx: &Tx) -> Result<Vec<ClockRule>, Error> {
    let rows = tx.all("select body from clock_rule", []).await?;
    let mut rules: Vec<ClockRule> = rows.iter().map(|row| row.json("body")).collect::<Result<_, _>>()?;
    rules.sort_by(|a, b| (&a.region, a.clock).cmp(&(&b.region, b.clock)));
    Ok(rules)
}

/// Writes a limit. Refused when a region would become longer than the rule above it, also by a shorter national rule.
///
/// # Errors
/// [`Error::Clock`]; nothing was written then. [`Error::Db`].
pub async fn put_rule(tx: &Tx, rule: &ClockRule, now: Timestamp) -> Result<(), Error> {
    let mut all = rules(tx).await?;
    all.retain(|it| (it.clock, &it.region) != (rule.clock, &rule.region));
    all.push(rule.clone());
    Clocks::new(all, Calendar::default())?;
    tx.run(
        "insert into clock_rule (clock, region, body, updated_at) values ($1, $2, $3, $4)
         on conflict (clock, region) do update set body = excluded.body, updated_at = excluded.updated_at",
        rule_args(rule, now),
    )
    .await?;
    Ok(())
}

/// Takes a regional limit away; the rule above it holds again. The national rows stay.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn drop_rule(tx: &Tx, clock: ClockId, region: &str) -> Result<(), Error> {
    let sql = "delete from clock_rule where clock = $1 and region = $2 and region <> ''";
    match tx.run(sql, [Arg::text(clock), region.into()]).await? {
        0 => Err(Error::NotFound(format!("{clock} {region}"))),
        _ => Ok(()),
    }
}

/// Writes a limit unless the row is there.
pub(crate) async fn insert_missing_rule(tx: &Tx, rule: &ClockRule, now: Timestamp) -> Result<(), Error> {
    tx.run(
        "insert into clock_rule (clock, region, body, updated_at) values ($1, $2, $3, $4)
         on conflict (clock, region) do nothing",
        rule_args(rule, now),
    )
    .await?;
    Ok(())
}

fn rule_args(rule: &ClockRule, now: Timestamp) -> [Arg; 4] {
    [
        Arg::text(rule.clock),
        rule.region.clone().unwrap_or_default().into(),
        Arg::json(rule),
        now.into(),
    ]
}

/// The rows of the calendar, of one year or all, in order.
///
/// # Errors
/// [`Error::Db`].
pub async fn days(tx: &Tx, year: Option<i32>) -> Result<Vec<CalendarDay>, Error> {
    let (first, last) = year.map_or((0, 9999), |it| (it, it));
    let sql = "select day, kind, name_zh, name_en, basis from calendar_day where day >= $1 and day <= $2 order by day";
    let rows = tx
        .all(
            sql,
            [format!("{first:04}-01-01").into(), format!("{last:04}-12-31").into()],
        )
        .await?;
    rows.iter().map(to_day).collect()
}

fn to_day(row: &Row) -> Result<CalendarDay, Error> {
    Ok(CalendarDay {
        date: row.parse("day")?,
        kind: row.parse("kind")?,
        name_zh: row.text("name_zh")?,
        name_en: row.text("name_en")?,
        basis: row.text("basis")?,
    })
}

/// Writes a day, new or changed.
///
/// # Errors
/// [`Error::Db`].
pub async fn put_day(tx: &Tx, day: &CalendarDay, now: Timestamp) -> Result<(), Error> {
    tx.run(
        "insert into calendar_day (day, kind, name_zh, name_en, basis, updated_at) values ($1, $2, $3, $4, $5, $6)
         on conflict (day) do update set kind = excluded.kind, name_zh = excluded.name_zh,
           name_en = excluded.name_en, basis = excluded.basis, updated_at = excluded.updated_at",
        day_args(day, now),
    )
    .await?;
    tx.run("delete from calendar_dropped where day = $1", [Arg::text(day.date)])
        .await?;
    Ok(())
}

/// Takes a day's row away: its weekday decides again. It is remembered, so that the next start does not bring a built-in
/// day back.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn drop_day(tx: &Tx, day: NaiveDate, now: Timestamp) -> Result<(), Error> {
    let gone = tx
        .run("delete from calendar_day where day = $1", [Arg::text(day)])
        .await?;
    if gone == 0 {
        return Err(Error::NotFound(day.to_string()));
    }
    tx.run(
        "insert into calendar_dropped (day, dropped_at) values ($1, $2) on conflict (day) do nothing",
        [Arg::text(day), now.into()],
    )
    .await?;
    Ok(())
}

/// Writes a day unless the row is there, or was taken away.
pub(crate) async fn insert_missing(tx: &Tx, day: &CalendarDay, now: Timestamp) -> Result<(), Error> {
    tx.run(
        "insert into calendar_day (day, kind, name_zh, name_en, basis, updated_at)
         select $1, $2, $3, $4, $5, $6 where not exists (select 1 from calendar_dropped where day = $1)
         on conflict (day) do nothing",
        day_args(day, now),
    )
    .await?;
    Ok(())
}

fn day_args(day: &CalendarDay, now: Timestamp) -> [Arg; 6] {
    [
        Arg::text(day.date),
        Arg::text(day.kind),
        (&day.name_zh).into(),
        (&day.name_en).into(),
        (&day.basis).into(),
        now.into(),
    ]
}
