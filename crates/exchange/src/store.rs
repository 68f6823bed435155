//! Deliveries and runs in the database.

use db::{Arg, Row, Tx};
use vocab::{AgreementId, DeliveryId, OrgId, RunId, Timestamp};

use crate::{Delivery, DeliveryState, Error, Progress, Run, RunState};

/// Adds a delivery.
///
/// # Errors
/// [`Error::NameTaken`], [`Error::Db`].
pub async fn insert_delivery(tx: &Tx, delivery: &Delivery) -> Result<(), Error> {
    let added = tx
        .run(
            "insert into delivery (id, agreement, consumer, name, state, body, created_at, updated_at)
             values ($1, $2, $3, $4, $5, $6, $7, $7)",
            [
                Arg::text(delivery.id),
                Arg::text(delivery.agreement),
                Arg::text(delivery.consumer),
                Arg::from(&delivery.name),
                Arg::text(delivery.state),
                Arg::json(delivery),
                delivery.created_at.into(),
            ],
        )
        .await;
    match added {
        Ok(_) => Ok(()),
        Err(db::Error::Unique(_)) => Err(Error::NameTaken(delivery.name.clone())),
        Err(error) => Err(error.into()),
    }
}

/// Writes a delivery that was changed.
///
/// # Errors
/// [`Error::NoDelivery`], [`Error::NameTaken`], [`Error::Db`].
pub async fn update_delivery(tx: &Tx, delivery: &Delivery, now: Timestamp) -> Result<(), Error> {
    let touched = tx
        .run(
            "update delivery set name = $2, state = $3, body = $4, updated_at = $5 where id = $1",
            [
                Arg::text(delivery.id),
                Arg::from(&delivery.name),
                Arg::text(delivery.state),
                Arg::json(delivery),
                now.into(),
            ],
        )
        .await;
    match touched {
        Ok(1) => Ok(()),
        Ok(_) => Err(Error::NoDelivery(delivery.id)),
        Err(db::Error::Unique(_)) => Err(Error::NameTaken(delivery.name.clone())),
        Err(error) => Err(error.into()),
    }
}

/// A delivery.
///
/// # Errors
/// [`Error::NoDelivery`], [`Error::Db`].
pub async fn delivery(tx: &Tx, id: DeliveryId) -> Result<Delivery, Error> {
    let row = tx
        .opt("select body from delivery where id = $1", [Arg::text(id)])
        .await?;
    Ok(row.ok_or(Error::NoDelivery(id))?.json("body")?)
}

/// Which deliveries a list shows; `None` does not restrict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Deliveries {
    /// Of one consumer.
    pub consumer: Option<OrgId>,
    /// Under one agreement.
    pub agreement: Option<AgreementId>,
    /// In one state.
    pub state: Option<DeliveryState>,
}

/// Deliveries, newest first; the next page begins `after` the last one of this page.
///
/// # Errors
/// [`Error::Db`].
pub async fn deliveries(
    tx: &Tx,
    which: Deliveries,
    after: Option<DeliveryId>,
    limit: u32,
) -> Result<Vec<Delivery>, Error> {
    let mut list = List::new("select body from delivery");
    list.with("consumer =", which.consumer);
    list.with("agreement =", which.agreement);
    list.with("state =", which.state);
    list.with("id <", after);
    let rows = tx.all_with(&list.sql(limit), list.args).await?;
    Ok(rows.iter().map(|it| it.json("body")).collect::<Result<_, _>>()?)
}

/// Adds a run.
///
/// # Errors
/// [`Error::RunUnderWay`] when the delivery has one that has not ended; [`Error::Db`].
pub async fn insert_run(tx: &Tx, run: &Run) -> Result<(), Error> {
    let added = tx
        .run(
            "insert into delivery_run (id, delivery, state, cancel_asked, progress, asked_by, queued_at, updated_at)
             values ($1, $2, $3, $4, $5, $6, $7, $7)",
            [
                Arg::text(run.id),
                Arg::text(run.delivery),
                Arg::text(run.state),
                run.cancel_asked.into(),
                Arg::json(&run.progress),
                Arg::opt(run.asked_by),
                run.queued_at.into(),
            ],
        )
        .await;
    match added {
        Ok(_) => Ok(()),
        Err(db::Error::Unique(_)) => Err(Error::RunUnderWay(run.delivery)),
        Err(error) => Err(error.into()),
    }
}

/// Writes a run after an event. The wish to cancel is not touched: another may have told it meanwhile; a run that is
/// tried again loses it.
///
/// # Errors
/// [`Error::NoRun`], [`Error::RunUnderWay`], [`Error::Db`].
pub async fn update_run(tx: &Tx, run: &Run, now: Timestamp) -> Result<(), Error> {
    let touched = tx
        .run(
            "update delivery_run set state = $2, progress = $3, report = $4, started_at = $5, ended_at = $6, updated_at = $7,
                    cancel_asked = (case when $2 = 'queued' then false else cancel_asked end)
              where id = $1",
            [
                Arg::text(run.id),
                Arg::text(run.state),
                Arg::json(&run.progress),
                run.report.as_ref().map_or_else(|| None::<String>.into(), Arg::json),
                run.started_at.into(),
                run.ended_at.into(),
                now.into(),
            ],
        )
        .await;
    match touched {
        Ok(1) => Ok(()),
        Ok(_) => Err(Error::NoRun(run.id)),
        Err(db::Error::Unique(_)) => Err(Error::RunUnderWay(run.delivery)),
        Err(error) => Err(error.into()),
    }
}

/// Writes how far a run is, if it has not ended; tells whether it was asked to stop (an ended run is to stop too).
///
/// # Errors
/// [`Error::Db`].
pub async fn progress(tx: &Tx, id: RunId, progress: &Progress, now: Timestamp) -> Result<bool, Error> {
    let row = tx
        .opt(
            "update delivery_run set progress = $2, updated_at = $3 where id = $1 and ended_at is null returning cancel_asked",
            [Arg::text(id), Arg::json(progress), now.into()],
        )
        .await?;
    Ok(row.map_or(Ok(true), |it| it.bool("cancel_asked"))?)
}

/// Asks a run to stop. False when it has ended already.
///
/// # Errors
/// [`Error::Db`].
pub async fn ask_cancel(tx: &Tx, id: RunId, now: Timestamp) -> Result<bool, Error> {
    let touched = tx
        .run(
            "update delivery_run set cancel_asked = true, updated_at = $2 where id = $1 and ended_at is null",
            [Arg::text(id), now.into()],
        )
        .await?;
    Ok(touched == 1)
}

const RUN: &str =
    "select id, delivery, state, cancel_asked, progress, report, asked_by, queued_at, started_at, ended_at
                     from delivery_run";

fn read(row: &Row) -> Result<Run, Error> {
    let report = row.opt_text("report")?;
    Ok(Run {
        id: row.parse("id")?,
        delivery: row.parse("delivery")?,
        state: row.parse("state")?,
        cancel_asked: row.bool("cancel_asked")?,
        progress: row.json("progress")?,
        report: report.map(|_| row.json("report")).transpose()?,
        asked_by: row.opt_parse("asked_by")?,
        queued_at: row.time("queued_at")?,
        started_at: row.opt_time("started_at")?,
        ended_at: row.opt_time("ended_at")?,
    })
}

/// A run.
///
/// # Errors
/// [`Error::NoRun`], [`Error::Db`].
pub async fn run(tx: &Tx, id: RunId) -> Result<Run, Error> {
    let row = tx.opt(&format!("{RUN} where id = $1"), [Arg::text(id)]).await?;
    read(&row.ok_or(Error::NoRun(id))?)
}

/// The same for a change: nobody else changes the run until this transaction ends.
///
/// # Errors
/// As [`run`].
pub async fn lock_run(tx: &Tx, id: RunId) -> Result<Run, Error> {
    let lock = if tx.is_sqlite() { "" } else { " for update" };
    let row = tx.opt(&format!("{RUN} where id = $1{lock}"), [Arg::text(id)]).await?;
    read(&row.ok_or(Error::NoRun(id))?)
}

/// The newest run of a delivery.
///
/// # Errors
/// [`Error::Db`].
pub async fn last_run(tx: &Tx, delivery: DeliveryId) -> Result<Option<Run>, Error> {
    let row = tx
        .opt(
            &format!("{RUN} where delivery = $1 order by id desc limit 1"),
            [Arg::text(delivery)],
        )
        .await?;
    row.as_ref().map(read).transpose()
}

/// Which runs a list shows; `None` does not restrict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Runs {
    /// Of one delivery.
    pub delivery: Option<DeliveryId>,
    /// In one state.
    pub state: Option<RunState>,
}

/// Runs, newest first; the next page begins `after` the last one of this page.
///
/// # Errors
/// [`Error::Db`].
pub async fn runs(tx: &Tx, which: Runs, after: Option<RunId>, limit: u32) -> Result<Vec<Run>, Error> {
    let mut list = List::new(RUN);
    list.with("delivery =", which.delivery);
    list.with("state =", which.state);
    list.with("id <", after);
    tx.all_with(&list.sql(limit), list.args)
        .await?
        .iter()
        .map(read)
        .collect()
}

/// A keyset list over `id`, newest first.
struct List {
    select: &'static str,
    conditions: Vec<String>,
    args: Vec<Arg>,
}

impl List {
    const fn new(select: &'static str) -> Self {
        Self {
            select,
            conditions: Vec::new(),
            args: Vec::new(),
        }
    }

    fn with(&mut self, condition: &str, value: Option<impl std::fmt::Display>) {
        if let Some(value) = value {
            self.args.push(Arg::text(value));
            self.conditions.push(format!("{condition} ${}", self.args.len()));
        }
    }

    fn sql(&self, limit: u32) -> String {
        let conditions = if self.conditions.is_empty() {
            String::new()
        } else {
            format!(" where {}", self.conditions.join(" and "))
        };
        format!("{}{conditions} order by id desc limit {limit}", self.select)
    }
}
