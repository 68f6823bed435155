//! This room's tables. Every save checks the revision, so of two who change one thing at once the second is told.

use db::{Arg, Row, Tx};
use serde::{Serialize, de::DeserializeOwned};
use vocab::Timestamp;

use crate::Error;

mod agreement;
pub mod calendar;
mod catalog_clock;
mod correction;
mod dispute;
mod notice;
mod request;
mod tasks;
mod usage;

pub use agreement::{
    AgreementFilter, agreement, agreement_names, agreement_of, agreements, count_agreements, due_agreements,
    insert_agreement, name_agreement, save_agreement, timed_agreements,
};
pub use calendar::{clocks, days, drop_day, drop_rule, put_day, put_rule, rules};
pub use catalog_clock::{
    catalog_clock, due_catalog_clocks, insert_catalog_clock, running_clocks_of, running_reviews, save_catalog_clock,
    timed_catalog_clocks,
};
pub use correction::{correction, corrections, due_corrections, insert_correction, save_correction, timed_corrections};
pub use dispute::{dispute, disputes, disputes_over, due_disputes, insert_dispute, save_dispute, timed_disputes};
pub use notice::{count_unread, insert_notice, notices_to, read_all_notices, read_notice};
pub use request::{
    RequestFilter, count_requests, due_requests, insert_request, request, request_by_no, requests, save_request,
    timed_requests,
};
pub use tasks::{Task, TaskClock, TaskKind, tasks_for};
pub use usage::{Used, give_back, usage_by_day, use_once, use_step, use_up_to, used};

vocab::list! {
    /// The series of human numbers.
    Series: "series" {
        /// Requests: 共享.
        Request = "GX", "共享申请", "Requests";
        /// Agreements: 授权.
        Agreement = "SQ", "共享授权", "Agreements";
        /// Corrections: 校核.
        Correction = "JH", "校核申请", "Corrections";
        /// Disputes: 争议.
        Dispute = "ZY", "争议", "Disputes";
    }
}

/// The next number of a series in the year of an instant (China Standard Time): `GX-2026-000123`.
///
/// # Errors
/// [`Error::Db`].
pub async fn next_number(tx: &Tx, series: Series, now: Timestamp) -> Result<String, Error> {
    let day = vocab::calendar::local_day(now, vocab::calendar::shanghai());
    let year = i64::from(chrono::Datelike::year(&day));
    let row = tx
        .one(
            "insert into sharing_number (series, year, last) values ($1, $2, 1)
             on conflict (series, year) do update set last = sharing_number.last + 1
             returning last",
            [series.code().into(), year.into()],
        )
        .await?;
    Ok(format!("{}-{year}-{:06}", series.code(), row.count("last")?))
}

fn read<T: DeserializeOwned>(row: &Row, with: impl Fn(&mut T, u64)) -> Result<T, Error> {
    let mut it: T = row.json("body")?;
    with(&mut it, row.count("revision")?);
    Ok(it)
}

fn one<T>(found: Option<T>, id: impl ToString) -> Result<T, Error> {
    found.ok_or_else(|| Error::NotFound(id.to_string()))
}

fn touched(rows: u64, id: impl ToString) -> Result<(), Error> {
    if rows == 1 {
        Ok(())
    } else {
        Err(Error::Stale(id.to_string()))
    }
}

/// The body without the revision, which is a column.
fn body<T: Serialize>(it: &T) -> Arg {
    Arg::json(it)
}

async fn due<T>(tx: &Tx, table: &str, now: Timestamp, after: Option<T>, limit: u64) -> Result<Vec<T>, Error>
where
    T: std::str::FromStr + std::fmt::Display,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    let sql =
        format!("select id from {table} where next_at is not null and next_at <= $1 and id > $2 order by id limit $3");
    let after = after.map(|it| it.to_string()).unwrap_or_default();
    let rows = tx.all(&sql, [now.into(), after.into(), limit.into()]).await?;
    rows.iter().map(|row| Ok(row.parse("id")?)).collect()
}

async fn ids<T>(tx: &Tx, table: &str, rule: &str, after: Option<T>, limit: u64) -> Result<Vec<T>, Error>
where
    T: std::str::FromStr + std::fmt::Display,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    let sql = format!("select id from {table} where {rule} and id > $1 order by id limit $2");
    let after = after.map(|it| it.to_string()).unwrap_or_default();
    let rows = tx.all(&sql, [after.into(), limit.into()]).await?;
    rows.iter().map(|row| Ok(row.parse("id")?)).collect()
}

/// A query whose conditions depend on a filter.
struct Query {
    sql: String,
    args: Vec<Arg>,
}

impl Query {
    fn new(select: &str) -> Self {
        Self {
            sql: format!("{select} where 1 = 1"),
            args: vec![],
        }
    }

    fn eq(&mut self, column: &str, value: Option<impl std::fmt::Display>) {
        if let Some(value) = value {
            self.args.push(Arg::text(value));
            self.sql.push_str(&format!(" and {column} = ${}", self.args.len()));
        }
    }

    fn either(&mut self, one: &str, other: &str, value: Option<impl std::fmt::Display>) {
        if let Some(value) = value {
            self.args.push(Arg::text(value));
            let n = self.args.len();
            self.sql.push_str(&format!(" and ({one} = ${n} or {other} = ${n})"));
        }
    }

    async fn page(mut self, tx: &Tx, offset: u64, limit: u64) -> Result<Vec<Row>, Error> {
        self.args.push(limit.into());
        self.args.push(offset.into());
        let n = self.args.len();
        self.sql.push_str(&format!(
            " order by created_at desc, id desc limit ${} offset ${n}",
            n - 1
        ));
        Ok(tx.all_with(&self.sql, self.args).await?)
    }
}

#[cfg(test)]
mod tests;
