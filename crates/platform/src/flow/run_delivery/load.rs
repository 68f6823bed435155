//! Chunk by chunk into the target, then key, read-back, comparison and swap.

use engine::{
    Opened, Part, Pipe,
    digest::RowSum,
    sink::{self, Sink, Totals},
};
use exchange::{Chunk, Count, Noticed, Phase, Plan, Reading, Reconciliation, Way, run::Event as Step};

use super::{Course, Origin, Stop, path::part};
use crate::Error;

/// How often a source that changes while it is read is read anew.
const ANEW: usize = 3;

impl Course<'_> {
    pub(super) async fn load(&mut self, origin: Origin<'_>, plan: &Plan, sink: &mut Sink) -> Result<(), Stop> {
        let Origin { opened, table, pipe } = origin;
        match (plan.way, pipe) {
            (Way::PassThrough, Some(pipe)) => self.load_tuples(pipe, plan, sink).await?,
            // Pages mean nothing to the columnar path; such a plan is never kept for it.
            (Way::PassThrough, None) => return Err(Error::State("the plan is of another path".to_owned()).into()),
            (Way::Ranges, _) => {
                for chunk in &plan.chunks {
                    self.load_chunk(opened, table, chunk, sink).await?;
                }
            }
            (Way::Stream { chunk_rows }, _) => self.load_stream(opened, table, chunk_rows, sink).await?,
        }
        self.step(Step::Loaded).await
    }

    /// All chunks as tuples, side by side, at one moment of the source; anew when it is not what it was at an earlier start.
    async fn load_tuples(&mut self, pipe: &Pipe, plan: &Plan, sink: &mut Sink) -> Result<(), Stop> {
        let parts: Vec<Part> = plan.chunks.iter().map(part).collect();
        for _ in 0..ANEW {
            let (meter, clock) = (self.meter.clone(), self.app.clock.clone());
            let hear = move |sum: RowSum, chunks: u64| {
                meter.set(sum);
                meter.set_chunks(chunks);
            };
            match self.watch(sink.pipe(pipe, &parts, &move || clock.now(), &hear)).await {
                Err(Stop::Sink(sink::Error::SourceChanged(chunk))) => {
                    tracing::warn!(run = %self.run.id, chunk, "the source changed; the run begins anew");
                    self.throw_away(sink).await?;
                }
                other => {
                    let totals = other?;
                    self.meter.set(totals.source);
                    self.show(totals);
                    return Ok(());
                }
            }
        }
        Err(Stop::Sink(sink::Error::SourceChanged(0)))
    }

    pub(super) async fn load_chunk(
        &mut self,
        opened: &Opened,
        table: &str,
        chunk: &Chunk,
        sink: &mut Sink,
    ) -> Result<(), Stop> {
        if sink.done().contains_key(&chunk.no) {
            return Ok(());
        }
        let before = sink.totals().source;
        let hear = self.meter.hear(before);
        let now = self.app.now();
        let rows = self.watch(opened.read_part(table, &chunk.bounds)).await?;
        let notes = rows.notes();
        self.watch(sink.load_chunk(chunk.no, rows, now, hear)).await?;
        self.meter.set(sink.totals().source);
        self.report.noticed.nulled += notes.nulled_count();
        self.report.noticed.set_aside += notes.quarantined_count();
        self.show(sink.totals());
        self.tell_if_due().await
    }

    pub(super) async fn load_stream(
        &mut self,
        opened: &Opened,
        table: &str,
        chunk_rows: u64,
        sink: &mut Sink,
    ) -> Result<(), Stop> {
        for _ in 0..ANEW {
            let before = sink.totals().source;
            let meter = self.meter.clone();
            let hear = move |sum: RowSum| {
                if sum.rows >= before.rows {
                    meter.set(sum);
                }
            };
            let clock = self.app.clock.clone();
            let rows = self.watch(opened.read(table)).await?;
            let notes = rows.notes();
            match self
                .watch(sink.load_stream(rows, chunk_rows, move || clock.now(), hear))
                .await
            {
                Err(Stop::Sink(sink::Error::SourceChanged(chunk))) => {
                    tracing::warn!(run = %self.run.id, chunk, "the source changed; the run begins anew");
                    self.throw_away(sink).await?;
                }
                other => {
                    let totals = other?;
                    self.meter.set(totals.source);
                    // The whole source was read, however often the run began.
                    self.report.noticed = Noticed {
                        nulled: notes.nulled_count(),
                        set_aside: notes.quarantined_count(),
                    };
                    self.show(totals);
                    return Ok(());
                }
            }
        }
        Err(Stop::Sink(sink::Error::SourceChanged(0)))
    }

    /// Chunks and quarantine as they may be told.
    fn show(&mut self, totals: Totals) {
        self.run.progress.quarantined = totals.quarantined;
        if self.run.progress.chunks_total.is_some() {
            self.run.progress.chunks_done = totals.chunks;
        }
    }

    /// Key, read-back, comparison, and the swap when both sides are equal.
    pub(super) async fn compare(&mut self, sink: &mut Sink) -> Result<(), Stop> {
        let key = self.watch(sink.finish()).await?;
        self.report.key = serde_json::to_value(key)
            .ok()
            .and_then(|it| it.as_str().map(str::to_owned));
        self.run.progress.phase = Phase::Verifying;
        self.tell().await?;
        let target = self.watch(sink.verify()).await?;
        let totals = sink.totals();
        self.meter.set(totals.source);
        let count = |it: &RowSum| Count {
            rows: it.rows,
            bytes: it.bytes,
            digest: it.to_hex(),
        };
        let compared = Reconciliation::new(
            count(&totals.source),
            count(&totals.loaded),
            count(&target),
            totals.quarantined,
        );
        let equal = compared.equal;
        self.report.reconciliation = Some(compared);
        let chunks = self.report.plan.as_ref().map(|it| (it.way, it.chunks.len()));
        self.report.reading = Some(match chunks {
            Some((Way::Ranges, 2..)) => Reading::EachChunk,
            _ => Reading::OneMoment,
        });
        if !equal {
            return Err(Stop::NotEqual);
        }
        // Kept before the swap: a run that is killed behind it finds the proof here.
        self.run.report = Some(self.report.clone());
        self.run.progress.phase = Phase::Swapping;
        self.save().await?;
        self.tell().await?;
        // Loading may have ended long before: what stands is let go of under the terms of this moment, or not at all.
        self.decide().await?;
        sink.swap(self.app.now()).await?;
        Ok(())
    }

    /// Begins the target anew. What has left until now has left: it is kept in the report, without a plan until nothing stands
    /// any more, so that a start after a kill counts no row twice.
    async fn throw_away(&mut self, sink: &mut Sink) -> Result<(), Stop> {
        let plan = self.report.plan.take();
        self.discard();
        self.keep().await?;
        sink.restart().await?;
        self.report.plan = plan;
        self.keep().await
    }

    /// What has left until now will not stand.
    pub(super) fn discard(&mut self) {
        let sum = self.meter.get();
        let it = &mut self.report.discarded;
        it.rows = it.rows.saturating_add(sum.rows);
        it.bytes = it.bytes.saturating_add(sum.bytes);
        self.meter.set(RowSum::default());
        self.meter.set_chunks(0);
    }

    /// An earlier start swapped the tables and was killed before it could tell.
    pub(super) fn was_swapped(&mut self) -> Result<(), Stop> {
        match &self.report.reconciliation {
            Some(it) if it.equal => Ok(()),
            _ => Err(Stop::NotEqual),
        }
    }
}
