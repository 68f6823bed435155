//! One run of a delivery: governed rows on their way into the consumer's own table or file.
//!
//! The run's order: the mandate is decided by the agreement of this moment; the plan is made once and kept; the
//! *release-opened* entry and the run's start are one transaction, before the first row leaves; each chunk's rows and its
//! checkpoint are one transaction of the target; what stands in the target is read back and compared; then the tables
//! change names; the closing receipt and the run's end are one transaction. Killed anywhere, the next worker goes on from
//! what stands. Between steps and about every second the wish to cancel is heard; every few seconds, and directly before
//! the tables change names, the mandate is decided again: a revoked or changed agreement stops its rows. Where source and
//! target are both PostgreSQL and nothing stands in the way, the rows pass as tuples (`path`), by the same steps. Where the
//! delivery wishes for changes and what stands in the target allows it (`changes`), rows are compared and written where
//! they stand, and no tables change names.

mod begin;
mod changes;
mod end;
mod load;
pub(crate) mod path;
mod planning;
mod stop;
mod take_back;
mod tell;
#[cfg(test)]
mod tests;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use db::jobs::Job;
use engine::{
    Limits,
    digest::RowSum,
    shape::{Column, Shape},
    sink::{self, Options, Preflight},
};
use exchange::{Delivery, DeliveryState, Path, Report, Run, RunState, plan, store};
use ledger::Receipt;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use vocab::{Actor, RunId, SinkSpec};

use super::{
    create_delivery::{mode_of, sink_faults, unsealed_sink},
    list_deliveries::there,
    open_data::{Door, Grant, open_for_run},
};
use crate::{App, Error, work::TRIES};
use changes::Route;
use planning::Origin;
use stop::Stop;
pub(crate) use take_back::{TAKE_BACK, is_reached, take_back_run};

/// The kind of the job.
pub(crate) const KIND: &str = "run-delivery";

/// The job's document.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Wish {
    /// The run.
    pub run: RunId,
}

/// How a run is cut and told.
#[derive(Debug, Clone, Copy)]
struct Pace {
    /// Rows of a chunk.
    chunk_rows: u64,
    /// Pages of a chunk, where the source is read by pages.
    chunk_pages: u64,
    /// Rows of a part of changes.
    part_rows: u64,
    /// At least so long between two notes of progress.
    told: Duration,
    /// At least so long between two decisions of the mandate.
    decided: Duration,
}

const PACE: Pace = Pace {
    chunk_rows: plan::CHUNK_ROWS,
    chunk_pages: plan::CHUNK_PAGES,
    part_rows: plan::PART_ROWS,
    told: Duration::from_secs(1),
    decided: Duration::from_secs(5),
};

/// Carries a run to its end.
///
/// # Errors
/// What may pass by itself (the node's database, another run at the same target): the job is tried again. Everything
/// else ends the run with its reason, and the job is done.
pub(crate) async fn run_delivery(app: &App, job: &Job) -> Result<(), Error> {
    let wish: Wish = serde_json::from_str(&job.body).map_err(Error::internal)?;
    carry(app, wish.run, PACE, job.attempts >= TRIES).await
}

async fn carry(app: &App, id: RunId, pace: Pace, last_try: bool) -> Result<(), Error> {
    let tx = app.read().await?;
    let run = there(store::run(&tx, id).await)?;
    if run.state.is_over() {
        return Ok(());
    }
    let delivery = there(store::delivery(&tx, run.delivery).await)?;
    drop(tx);
    let mut course = Course::new(app, delivery, run, pace);
    let ended = course.go().await;
    course.end(ended, last_try).await
}

/// Rows read so far, and chunks that stand; written while chunks are loaded, read by the notes of progress.
#[derive(Debug, Clone, Default)]
struct Meter {
    sum: Arc<Mutex<RowSum>>,
    chunks: Arc<AtomicU64>,
}

impl Meter {
    fn get(&self) -> RowSum {
        *self.sum.lock()
    }

    fn set(&self, sum: RowSum) {
        *self.sum.lock() = sum;
    }

    /// Chunks that stand, where several are loaded side by side.
    fn chunks(&self) -> u64 {
        self.chunks.load(Ordering::Relaxed)
    }

    fn set_chunks(&self, chunks: u64) {
        self.chunks.store(chunks, Ordering::Relaxed);
    }

    /// Hears a chunk that begins when `before` has been read.
    fn hear(&self, before: RowSum) -> impl Fn(RowSum) + Send + use<> {
        let meter = self.clone();
        move |chunk| {
            let mut sum = before;
            sum.merge(&chunk);
            meter.set(sum);
        }
    }
}

/// A run on its way.
struct Course<'a> {
    app: &'a App,
    delivery: Delivery,
    run: Run,
    report: Report,
    /// What the run draws on, as it stood when its rows began to move.
    grants: Arc<Vec<Grant>>,
    target: Option<(SinkSpec, Shape)>,
    /// Does the row rule let every row out? Then the number of chunks tells nothing that is hidden.
    every_row: bool,
    meter: Meter,
    /// Does the meter know what left in earlier starts?
    counted: bool,
    pace: Pace,
    told: Instant,
    decided: Instant,
}

impl<'a> Course<'a> {
    fn new(app: &'a App, delivery: Delivery, run: Run, pace: Pace) -> Self {
        let now = Instant::now();
        Self {
            app,
            delivery,
            report: run.report.clone().unwrap_or_default(),
            run,
            grants: Arc::default(),
            target: None,
            every_row: false,
            meter: Meter::default(),
            counted: false,
            pace,
            told: now,
            decided: now,
        }
    }
}

impl Course<'_> {
    /// From the first look to the swap; once more by columns when the target does not take tuples.
    async fn go(&mut self) -> Result<(), Stop> {
        match self.go_once().await {
            Err(Stop::Sink(sink::Error::Refused(_))) if self.passes_through() => {
                self.by_columns().await?;
                self.go_once().await
            }
            other => other,
        }
    }

    fn passes_through(&self) -> bool {
        self.report.path.as_ref().is_some_and(|it| it.path == Path::PassThrough)
    }

    async fn go_once(&mut self) -> Result<(), Stop> {
        let fresh = self.report.plan.is_none() && self.report.opening.is_none();
        if self.run.cancel_asked && fresh {
            return Err(Stop::Cancelled);
        }
        let spec = unsealed_sink(self.app, &self.delivery)?;
        if self.swapped_before(&spec).await? {
            return Ok(());
        }
        self.may_begin(&spec).await?;
        let actor = self.creator().await?;
        let ready = open_for_run(
            self.app,
            &actor,
            self.delivery.agreement,
            mode_of(spec.target.kind),
            self.own_uses(),
        )
        .await?;
        self.grants = ready.grants();
        let opened = ready.opened.clone().with_limits(Limits::none());
        let table = opened.tables().into_iter().next().ok_or(Error::NotFound("agreement"))?;
        let shape = Shape::of(&table.schema, &table.key).map_err(|it| Error::State(it.to_string()))?;
        self.target = Some((spec.clone(), shape.clone()));
        let route = Route::new(&ready, &opened, &table, &spec, &shape);
        if self.by_changes(route).await? {
            return Ok(());
        }
        let pipe = self.choose(&opened, &table.name, &spec).await?;
        let mut sink = self.patient(&spec, &shape, pipe.as_ref()).await?;
        self.count(&sink);
        if self.run.cancel_asked {
            return Err(Stop::Cancelled);
        }
        if sink.swapped() {
            return self.was_swapped();
        }
        let mut opening = ready.opening(self.app, Door::Delivery, &self.question());
        for it in &mut opening.receipts {
            self.algorithm().clone_into(&mut it.algorithm);
        }
        let extent = opened.extent(&table.name).await?;
        self.every_row = extent.every_row;
        self.note_basis(&extent, &opening, route)?;
        let origin = Origin {
            opened: &opened,
            table: &table.name,
            pipe: pipe.as_ref(),
        };
        let plan = self.plan(origin, &extent, &opening, &mut sink).await?;
        let preflight = serde_json::to_value(sink.preflight()).map_err(Error::internal)?;
        self.report.preflight = Some(preflight);
        self.begin(opening, sink.totals()).await?;
        self.load(origin, &plan, &mut sink).await?;
        self.compare(&mut sink).await
    }

    /// Does the delivery stand as it should, and is its target allowed still?
    async fn may_begin(&self, spec: &SinkSpec) -> Result<(), Stop> {
        if self.delivery.state != DeliveryState::Active && !self.run.cancel_asked {
            return Err(Error::State(format!("the delivery is {}", self.delivery.state)).into());
        }
        let tx = self.app.read().await?;
        let faults = sink_faults(self.app, &tx, self.delivery.consumer, spec, Some(self.delivery.id)).await?;
        drop(tx);
        if faults.is_empty() {
            return Ok(());
        }
        Err(Error::Faults(faults).into())
    }

    fn options(&self) -> Options {
        Options {
            replace: self.delivery.replace,
            error_limit: self.delivery.error_limit,
            delivery: Some(self.delivery.id),
        }
    }

    /// Did an earlier start put the rows in their place and was killed before it could tell? Then they have left, whatever
    /// became of the agreement since.
    async fn swapped_before(&self, spec: &SinkSpec) -> Result<bool, Stop> {
        let equal = self.report.reconciliation.as_ref().is_some_and(|it| it.equal);
        let Some(shape) = self.kept_shape().filter(|_| equal) else {
            return Ok(false);
        };
        if self.writes_in_place() {
            return Ok(self.open_changes(spec, &shape).await?.sealed());
        }
        Ok(self.patient(spec, &shape, None).await?.swapped())
    }

    /// The shape that an earlier start loaded, without its key.
    fn kept_shape(&self) -> Option<Shape> {
        let preflight: Preflight = serde_json::from_value(self.report.preflight.clone()?).ok()?;
        let columns = preflight.columns.into_iter().map(|it| Column {
            name: it.item,
            data_type: it.data_type,
            key: false,
        });
        Some(Shape {
            columns: columns.collect(),
        })
    }

    /// What the receipt's digest of the question is made of.
    fn question(&self) -> String {
        format!("{} {}", self.delivery.id, self.run.id)
    }

    /// The one who defined the delivery, with the roles of today.
    async fn creator(&self) -> Result<Actor, Error> {
        let person = staff::store::person(&self.app.read().await?, self.delivery.created_by).await?;
        if person.disabled {
            return Err(Error::State(
                "who defined the delivery has left; define it anew".to_owned(),
            ));
        }
        Ok(person.actor(self.delivery.consumer))
    }

    /// Uses of today's quota that are this run's already.
    fn own_uses(&self) -> u64 {
        let day = |it: &Receipt| crate::app::beijing(it.started).date_naive() == self.app.today();
        u64::from(self.opened_receipts().first().is_some_and(day) && self.run.state != RunState::Queued)
    }

    fn opened_receipts(&self) -> Vec<Receipt> {
        let opening = self.report.opening.clone();
        opening
            .and_then(|it| serde_json::from_value(it).ok())
            .unwrap_or_default()
    }
}
