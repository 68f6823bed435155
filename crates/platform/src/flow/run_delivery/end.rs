//! The end of a run: the closing receipt and the run's last state, in one transaction.

use std::time::Duration;

use engine::{
    Pipe,
    digest::RowSum,
    shape::Shape,
    sink::{self, Sink},
};
use exchange::{Count, RunState, run::Event as Step, store};
use ledger::{Entry, Outcome, Receipt, receipt::UNKNOWN};
use serde_json::json;
use vocab::SinkSpec;

use super::{
    Course, Stop,
    take_back::{drop_secret, promise},
};
use crate::{Error, flow::list_deliveries::there};

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
        let mut stays = false;
        if matches!(stop, Stop::Cancelled | Stop::NotEqual) || stop.is_final() {
            stays = self.take_back().await.is_err();
        }
        self.close(&stop, stays).await
    }

    async fn finish(mut self) -> Result<(), Error> {
        let now = self.app.now();
        let tx = self.app.db.write().await?;
        let mut run = there(store::lock_run(&tx, self.run.id).await)?;
        if run.state.is_over() {
            return Ok(());
        }
        drop_secret(&tx, self.delivery.id, now).await?;
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

    /// `stays` when what was loaded could not be taken back.
    async fn close(mut self, stop: &Stop, stays: bool) -> Result<(), Error> {
        let now = self.app.now();
        let failure = stop.failure();
        let tx = self.app.db.write().await?;
        let mut run = there(store::lock_run(&tx, self.run.id).await)?;
        if run.state.is_over() {
            return Ok(());
        }
        if stays {
            promise(&tx, run.id, now).await?;
        } else {
            drop_secret(&tx, self.delivery.id, now).await?;
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
    /// left it open and the target's checkpoints cannot be asked, or what left was thrown away and read again, nobody knows
    /// that, but only the least.
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
        } else if !self.counted || self.report.discarded.rows > 0 {
            // What was thrown away has left too; and the last note of progress is the least that has.
            let (gone, noted) = (self.report.discarded, &self.run.progress);
            rows = rows.saturating_add(gone.rows).max(noted.rows);
            bytes = bytes.saturating_add(gone.bytes).max(noted.bytes);
            digest = String::new();
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

    /// Counts what stands in the target by its checkpoints. The target is the consumer's: when an earlier start left a release
    /// open and no checkpoint is there, that does not mean that nothing left. Without a plan, what stands there is of an attempt
    /// that was given up and is counted already.
    pub(super) fn count(&mut self, sink: &Sink) {
        let given_up = self.report.plan.is_none();
        self.meter.set(if given_up {
            RowSum::default()
        } else {
            sink.totals().source
        });
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
