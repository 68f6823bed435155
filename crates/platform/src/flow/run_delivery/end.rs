//! The end of a run: the closing receipt and the run's last state, in one transaction.

use std::time::Duration;

use engine::{
    Pipe,
    shape::Shape,
    sink::{self, Sink},
};
use exchange::{Count, RunState, run::Event as Step, store};
use ledger::{Entry, Outcome, Receipt, receipt::UNKNOWN};
use serde_json::json;
use vocab::SinkSpec;

use super::{Course, Stop};
use crate::{
    Error,
    flow::{create_delivery::unsealed_sink, list_deliveries::there},
};

/// How long the target's lock of a piece of work that was just dropped is waited for.
pub(super) const LOCKED: (u32, Duration) = (50, Duration::from_millis(200));

impl Course<'_> {
    /// Writes how the run ended; what may pass by itself goes back to the worker instead.
    pub(super) async fn end(mut self, ended: Result<(), Stop>, last_try: bool) -> Result<(), Error> {
        let stop = match ended {
            Ok(()) => return self.finish().await,
            Err(Stop::Over) => return Ok(()),
            // Whoever asked to stop gets that, whatever else happened.
            Err(stop) if self.run.cancel_asked && !stop.may_pass() => Stop::Cancelled,
            Err(stop) => stop,
        };
        if stop.may_pass() && !last_try {
            return Err(stop.into_error());
        }
        if matches!(stop, Stop::Cancelled | Stop::NotEqual) || stop.is_final() {
            self.take_back().await;
        }
        self.close(&stop).await
    }

    async fn finish(mut self) -> Result<(), Error> {
        let now = self.app.now();
        let tx = self.app.db.write().await?;
        let mut run = there(store::lock_run(&tx, self.run.id).await)?;
        if run.state.is_over() {
            return Ok(());
        }
        run.progress = self.run.progress.clone();
        if let Some(it) = &self.report.reconciliation {
            run.progress.rows = it.source.rows;
            run.progress.quarantined = it.quarantined;
        }
        let opened = self.opened_receipts();
        let mut entries = Vec::new();
        if self.settle(&tx, &opened).await? {
            entries = self.closing(&opened, Outcome::Complete);
        }
        // The run's row is locked above; from here on everybody waits for the ledger.
        let logged = ledger::append_many(&tx, &entries).await?;
        self.report.receipt = logged.first().map(|it| it.index);
        self.report.opening = None;
        if run.state != RunState::Verifying {
            let progress = run.progress.clone();
            let started = run.after(Step::Started, now).and_then(|it| it.after(Step::Loaded, now));
            run = started.map_err(exchange::Error::from)?;
            run.progress = progress;
        }
        if let Some(total) = run.progress.chunks_total {
            run.progress.chunks_done = total;
        }
        let run = run
            .after(Step::Finished(Box::new(self.report)), now)
            .map_err(exchange::Error::from)?;
        store::update_run(&tx, &run, now).await?;
        Ok(tx.commit().await?)
    }

    async fn close(mut self, stop: &Stop) -> Result<(), Error> {
        let now = self.app.now();
        let failure = stop.failure();
        let tx = self.app.db.write().await?;
        let mut run = there(store::lock_run(&tx, self.run.id).await)?;
        if run.state.is_over() {
            return Ok(());
        }
        let opened = self.opened_receipts();
        let open = self.settle(&tx, &opened).await?;
        let mut entries = if open {
            self.closing(&opened, stop.outcome())
        } else {
            Vec::new()
        };
        let cancelled = matches!(stop, Stop::Cancelled);
        if !cancelled {
            entries.push(Entry {
                at: now,
                kind: "delivery-failed".to_owned(),
                actor: None,
                subject: self.delivery.id.to_string(),
                body: json!({ "run": run.id, "agreement": self.delivery.agreement, "code": failure.code,
                    "consumer": self.delivery.consumer }),
            });
        }
        let logged = ledger::append_many(&tx, &entries).await?;
        self.report.receipt = logged.first().filter(|_| open).map(|it| it.index);
        self.report.opening = None;
        self.forget_parts();
        run.progress = self.run.progress.clone();
        let sum = self.meter.get();
        if sum.rows > 0 {
            (run.progress.rows, run.progress.bytes) = (sum.rows, sum.bytes);
        }
        let step = if cancelled {
            run.report = Some(self.report);
            Step::Cancelled
        } else {
            self.report.failure = Some(failure);
            Step::Failed(Box::new(self.report))
        };
        let run = run.after(step, now).map_err(exchange::Error::from)?;
        store::update_run(&tx, &run, now).await?;
        Ok(tx.commit().await?)
    }

    /// Whether the closing receipts of a release are still owed; from here on they are not.
    pub(super) async fn settle(&self, tx: &db::Tx, opened: &[Receipt]) -> Result<bool, Error> {
        match opened.first() {
            Some(it) => Ok(ledger::settle(tx, it.release).await?),
            None => Ok(false),
        }
    }

    /// The closing receipts of a release that is open: what has left, all starts of the run together. Where an earlier start
    /// left it open and the target's checkpoints cannot be asked, nobody knows that.
    pub(super) fn closing(&self, opened: &[Receipt], mut outcome: Outcome) -> Vec<Entry> {
        let now = self.app.now();
        let Count {
            mut rows,
            mut bytes,
            mut digest,
        } = self.left();
        if let (Outcome::Complete, Some(it)) = (outcome, &self.report.reconciliation) {
            (rows, digest) = (it.source.rows, it.source.digest.clone());
            bytes = bytes.max(self.run.progress.bytes);
        } else if !self.counted {
            // The last note of progress is the least that has left.
            let noted = &self.run.progress;
            (rows, bytes, digest) = (rows.max(noted.rows), bytes.max(noted.bytes), String::new());
            outcome = Outcome::Unknown;
        }
        let entry = |it: &Receipt| {
            let algorithm = match outcome {
                Outcome::Unknown => UNKNOWN.to_owned(),
                _ => it.algorithm.clone(),
            };
            Receipt {
                rows,
                bytes: Some(bytes),
                algorithm,
                digest: digest.clone(),
                outcome,
                ended: now,
                ..it.clone()
            }
            .entry()
        };
        opened.iter().map(entry).collect()
    }

    /// Removes what the run loaded: rows of an agreement that does not let them out any more do not stay. What stood there
    /// is counted before, where this start has not come to it.
    async fn take_back(&mut self) {
        let kept = || Some((unsealed_sink(self.app, &self.delivery).ok()?, self.kept_shape()?));
        let Some((spec, shape)) = self.target.clone().or_else(kept) else {
            return;
        };
        if self.writes_in_place() {
            let _ = self.leave_parts(&spec, &shape).await;
            return;
        }
        let opened = self.patient(&spec, &shape, None).await;
        if let Ok(sink) = &opened
            && self.target.is_none()
        {
            self.count(sink);
        }
        let taken = match opened {
            Ok(sink) if sink.swapped() => Ok(()),
            Ok(sink) => sink.abort().await,
            Err(error) => Err(error),
        };
        if let Err(error) = taken {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(run = %self.run.id, error, "what a run loaded could not be taken back");
        }
    }

    /// Counts what stands in the target by its checkpoints. The target is the consumer's: when an earlier start left a release
    /// open and no checkpoint is there, that does not mean that nothing left.
    pub(super) fn count(&mut self, sink: &Sink) {
        self.meter.set(sink.totals().source);
        self.counted |= self.report.opening.is_none() || !sink.done().is_empty();
    }

    /// Opens the target. The work that was dropped, or a killed process, may hold its lock for a moment.
    pub(super) async fn patient(
        &self,
        spec: &SinkSpec,
        shape: &Shape,
        pipe: Option<&Pipe>,
    ) -> Result<Sink, sink::Error> {
        let (tries, pause) = LOCKED;
        for _ in 1..tries {
            match self.open(spec, shape, pipe).await {
                Err(sink::Error::Busy(_)) => tokio::time::sleep(pause).await,
                other => return other,
            }
        }
        self.open(spec, shape, pipe).await
    }
}
