//! Only what has changed since the last run, where the delivery wishes for it and what stands in the target allows it.
//!
//! The last run's report says under which basis (source, items, masks, row rule, terms, target's columns) the rows stand
//! there; under another one, and wherever else rows cannot be compared one by one, everything is copied and the report says
//! why. Rows are written where they stand, so nothing is taken back when a run is stopped: the parts that are there were
//! agreed when they were written, and each is there wholly.

use engine::{
    Described, Extent, Opened, Why,
    digest::RowSum,
    shape::Shape,
    sink::{self, Changes, Compared, KeyState, Size, Totals, Whole},
};
use exchange::{
    Changed, Count, Noticed, Phase, Reading, Reconciliation, Refresh, Refreshed, run::Event as Step, store,
};
use vocab::{RunId, SinkSpec};

use super::{Course, Origin, Stop, end::LOCKED, path::taken};
use crate::{
    Error,
    flow::{
        open_data::{Door, Ready},
        query_data::sha256_hex,
    },
    release::Opening,
};

/// Where a run's rows come from, and where they go.
#[derive(Clone, Copy)]
pub(super) struct Route<'a> {
    ready: &'a Ready,
    opened: &'a Opened,
    table: &'a Described,
    spec: &'a SinkSpec,
    shape: &'a Shape,
}

impl<'a> Route<'a> {
    pub(super) const fn new(
        ready: &'a Ready,
        opened: &'a Opened,
        table: &'a Described,
        spec: &'a SinkSpec,
        shape: &'a Shape,
    ) -> Self {
        Self {
            ready,
            opened,
            table,
            spec,
            shape,
        }
    }
}

/// Digest of what decides which rows stand in the target and how they look.
fn basis(extent: &Extent, opening: &Opening, route: Route<'_>) -> Result<String, Error> {
    let versions: Vec<u32> = opening.receipts.iter().map(|it| it.agreement_version).collect();
    let preflight = sink::fit::preflight(route.spec, route.shape);
    let columns = serde_json::to_string(&preflight).map_err(Error::internal)?;
    Ok(sha256_hex(
        format!("{} {versions:?} {columns}", extent.basis).as_bytes(),
    ))
}

impl Course<'_> {
    /// Brings what has changed; false where everything is to be copied: it was not wished otherwise, an earlier start has
    /// begun so, or there is a reason, which the report says.
    pub(super) async fn by_changes(&mut self, route: Route<'_>) -> Result<bool, Stop> {
        if self.delivery.refresh == Refresh::Full || self.report.plan.is_some() {
            return Ok(false);
        }
        let why = match self.bring(route).await {
            Ok(()) => return Ok(true),
            Err(Stop::Sink(sink::Error::Whole(why))) => why,
            Err(Stop::Sink(sink::Error::Refused(_))) => Whole::TargetRefused,
            Err(other) => return Err(other),
        };
        tracing::info!(run = %self.run.id, why = why.code(), "changes cannot be brought; everything is copied");
        let brought = self.report.refreshed.take().and_then(|it| it.brought);
        self.report.refreshed = Some(Refreshed::full(why.code()).after(brought));
        self.report.noticed = Noticed::default();
        Ok(false)
    }

    /// Where everything is copied: what the next run may bring changes into.
    pub(super) fn note_basis(&mut self, extent: &Extent, opening: &Opening, route: Route<'_>) -> Result<(), Stop> {
        if let Some(it) = &mut self.report.refreshed {
            it.basis = basis(extent, opening, route)?;
        }
        Ok(())
    }

    async fn bring(&mut self, route: Route<'_>) -> Result<(), Stop> {
        let mut changes = self.open_changes(route.spec, route.shape).await?;
        let done = self.count_parts(&changes);
        if self.run.cancel_asked {
            return Err(Stop::Cancelled);
        }
        if changes.sealed() {
            return self.was_swapped();
        }
        let opening = route.ready.opening(self.app, Door::Delivery, &self.question());
        let extent = route.opened.extent(&route.table.name).await?;
        let basis = basis(&extent, &opening, route)?;
        self.may_compare(changes.base(), route.table, &basis).await?;
        let brought = self.report.refreshed.take().and_then(|it| it.brought);
        self.report.refreshed = Some(Refreshed::changes(basis).after(brought));
        self.report.path = Some(taken(&Err(Why::Changes)));
        let preflight = serde_json::to_value(changes.preflight()).map_err(Error::internal)?;
        self.report.preflight = Some(preflight);
        let origin = Origin {
            opened: route.opened,
            table: &route.table.name,
            pipe: None,
        };
        self.run.progress.rows_estimate = self.estimate(origin, &extent).await?;
        self.begin(opening, done).await?;
        let rows = self.run.progress.rows_estimate.or(extent.rows_estimate);
        let compared = self.compare_sides(route, &mut changes, rows).await?;
        self.prove(&mut changes, compared).await
    }

    /// Opens the target; a killed process may hold its lock for a moment.
    pub(super) async fn open_changes(&self, spec: &SinkSpec, shape: &Shape) -> Result<Changes, sink::Error> {
        let (run, options) = (self.run.id.to_string(), self.options());
        let (tries, pause) = LOCKED;
        for _ in 1..tries {
            match Changes::open(spec, shape.clone(), &run, options).await {
                Err(sink::Error::Busy(_)) => tokio::time::sleep(pause).await,
                other => return other,
            }
        }
        Changes::open(spec, shape.clone(), &run, options).await
    }

    /// Counts what stands in the target by the parts that the run has written there. As with checkpoints, none that is there
    /// does not mean that nothing left, when an earlier start left a release open.
    fn count_parts(&mut self, changes: &Changes) -> Totals {
        let done = before(changes);
        self.meter.set(done.source);
        self.counted = self.report.opening.is_none() || done.chunks > 0;
        self.note_parts(changes);
        done
    }

    /// Keeps what the parts have brought: it has left, whatever becomes of the run.
    fn note_parts(&mut self, changes: &Changes) {
        let done = before(changes);
        if done.chunks > 0 {
            let refreshed = &mut self.report.refreshed;
            let it = refreshed.get_or_insert_with(|| Refreshed::changes(String::new()));
            it.brought = Some(count(&done.source));
        }
    }

    /// A receipt has told what the parts have brought; another release begins without them.
    pub(super) fn forget_parts(&mut self) {
        if let Some(it) = &mut self.report.refreshed {
            it.brought = None;
        }
    }

    /// What has left: the rows that were counted, or what parts of changes had brought before everything was copied, where
    /// that is more.
    pub(super) fn left(&self) -> Count {
        let counted = count(&self.meter.get());
        match self.report.refreshed.as_ref().and_then(|it| it.brought.clone()) {
            Some(brought) if brought.rows > counted.rows => Count {
                bytes: brought.bytes.max(counted.bytes),
                ..brought
            },
            _ => counted,
        }
    }

    /// Does the run write into the table as it stands? Its parts are not taken back.
    pub(super) fn writes_in_place(&self) -> bool {
        self.delivery.refresh == Refresh::Changes && self.report.plan.is_none()
    }

    /// Removes the stage of a run that is given up. The parts that it wrote were agreed then, and stay, and so does what of
    /// them is in quarantine; they are counted, where this start has not come to it.
    ///
    /// # Errors
    /// When the target does not let it.
    pub(super) async fn leave_parts(&mut self, spec: &SinkSpec, shape: &Shape) -> Result<(), sink::Error> {
        let opened = self.open_changes(spec, shape).await;
        if let Ok(changes) = &opened
            && self.target.is_none()
        {
            self.count_parts(changes);
        }
        let left = match opened {
            Ok(changes) => changes.abort().await,
            Err(error) => Err(error),
        };
        left.inspect_err(|error| {
            let error = error as &dyn std::error::Error;
            tracing::warn!(run = %self.run.id, error, "what a run of changes had begun could not be cleared away");
        })
    }

    /// Do the rows that stand in the target come from a run of this delivery, under the same basis, and can they be told
    /// apart?
    async fn may_compare(&self, base: Result<&str, Whole>, table: &Described, basis: &str) -> Result<(), Stop> {
        let whole = |why| Err(Stop::Sink(sink::Error::Whole(why)));
        let last = match base {
            Ok(it) => it.parse::<RunId>(),
            Err(why) => return whole(why),
        };
        if table.masked_key {
            return whole(Whole::NoKey);
        }
        let Ok(last) = last else { return whole(Whole::First) };
        let found = store::run(&self.app.read().await?, last).await;
        let run = match found {
            Ok(it) if it.delivery == self.delivery.id => it,
            Ok(_) | Err(exchange::Error::NoRun(_)) => return whole(Whole::First),
            Err(other) => return Err(other.into()),
        };
        let refreshed = run.report.and_then(|it| it.refreshed);
        if refreshed.is_some_and(|it| it.carries(basis)) {
            Ok(())
        } else {
            whole(Whole::OtherBasis)
        }
    }

    /// Compares source and target, and writes part by part what differs.
    async fn compare_sides(
        &mut self,
        route: Route<'_>,
        changes: &mut Changes,
        rows: Option<u64>,
    ) -> Result<Compared, Stop> {
        let (table, before) = (&route.table.name, self.meter.get());
        let size = Size {
            rows,
            part_rows: self.pace.part_rows,
        };
        let meter = self.meter.clone();
        let hear = move |sum: RowSum| {
            if sum.rows >= before.rows {
                meter.set(sum);
            }
        };
        let source = self.watch(route.opened.read(table)).await?;
        let notes = source.notes();
        let mut compared = self.watch(changes.compare(source, size, hear)).await?;
        // Every governed row was read, so whatever leaves from here on is counted.
        self.meter.set(compared.source());
        self.counted = true;
        self.report.noticed = Noticed {
            nulled: notes.nulled_count(),
            set_aside: notes.quarantined_count(),
        };
        let done = changes.parts().len() as u64;
        self.run.progress.chunks_total = Some(done + compared.parts());
        self.run.progress.chunks_done = done;
        // Told before the first row leaves: whoever has to end the run without its target knows that much.
        self.tell().await?;
        while compared.more() {
            let part = self.watch(changes.part(&compared)).await?;
            let clock = self.app.clock.clone();
            let source = self.watch(route.opened.read(table)).await?;
            self.watch(changes.bring(&mut compared, part, source, move || clock.now()))
                .await?;
            self.note_parts(changes);
            self.run.progress.chunks_done += 1;
            self.run.progress.quarantined = compared.aside().rows;
            self.tell_if_due().await?;
        }
        self.step(Step::Loaded).await?;
        Ok(compared)
    }

    /// Reads back, compares, and ends the run in the target.
    async fn prove(&mut self, changes: &mut Changes, compared: Compared) -> Result<(), Stop> {
        self.run.progress.phase = Phase::Verifying;
        self.tell().await?;
        let (standing, touched) = (compared.standing(), compared.parts() > 0);
        // Where nothing was written, the comparison itself has read everything back.
        let target = if touched {
            self.watch(changes.verify()).await?
        } else {
            standing
        };
        let mut source = standing;
        source.merge(&compared.aside());
        self.meter.set(source);
        let proof = Reconciliation::new(count(&source), count(&standing), count(&target), compared.aside().rows);
        if !proof.equal {
            return Err(Stop::Sink(sink::Error::Whole(Whole::NotEqual)));
        }
        self.report.reconciliation = Some(proof);
        self.report.reading = Some(if touched {
            Reading::EachChunk
        } else {
            Reading::OneMoment
        });
        self.report.key = serde_json::to_value(KeyState::Made)
            .ok()
            .and_then(|it| it.as_str().map(str::to_owned));
        if let Some(it) = &mut self.report.refreshed {
            it.changed = Some(changed(changes, standing.rows));
        }
        // Kept before the target is told: a run that is killed behind it finds the proof here.
        self.run.report = Some(self.report.clone());
        self.run.progress.phase = Phase::Swapping;
        self.save().await?;
        self.tell().await?;
        changes.seal(&standing, self.app.now()).await?;
        Ok(())
    }
}

fn count(sum: &RowSum) -> Count {
    Count {
        rows: sum.rows,
        bytes: sum.bytes,
        digest: sum.to_hex(),
    }
}

/// What the run has written by now, those of earlier starts too.
fn before(changes: &Changes) -> Totals {
    let mut done = Totals::default();
    for it in changes.parts() {
        done.chunks += 1;
        done.source.merge(&it.source);
    }
    done
}

/// What became of the rows, over all starts of the run.
fn changed(changes: &Changes, standing: u64) -> Changed {
    let all = |of: fn(&sink::PartDone) -> u64| -> u64 { changes.parts().iter().map(of).sum() };
    Changed::new(
        all(|it| it.inserted),
        all(|it| it.updated),
        all(|it| it.deleted),
        standing,
    )
}
