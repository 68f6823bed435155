//! How far a run is, told about every second; and whether it is to stop.

use exchange::{Phase, Way, run::Event as Step, store};
use tokio::time::Instant;

use super::{Course, Stop};
use crate::flow::{list_deliveries::there, open_data::decide_with_own};

impl Course<'_> {
    pub(super) async fn step(&mut self, step: Step) -> Result<(), Stop> {
        let progress = self.run.progress.clone();
        self.run = self.run.clone().after(step, self.app.now())?;
        let phase = self.run.progress.phase;
        self.run.progress = progress;
        self.run.progress.phase = phase;
        self.measure();
        self.save().await
    }

    pub(super) async fn save(&self) -> Result<(), Stop> {
        let tx = self.app.db.write().await?;
        store::update_run(&tx, &self.run, self.app.now()).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Does a long piece of work; meanwhile tells how far it is and hears whether it is to stop.
    pub(super) async fn watch<T, E: Into<Stop>>(
        &mut self,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, Stop> {
        let mut work = std::pin::pin!(work);
        loop {
            let due = self.told + self.pace.told;
            tokio::select! {
                biased;
                done = &mut work => return done.map_err(Into::into),
                () = tokio::time::sleep_until(due) => self.tell().await?,
            }
        }
    }

    pub(super) async fn tell_if_due(&mut self) -> Result<(), Stop> {
        if self.told.elapsed() >= self.pace.told {
            self.tell().await
        } else {
            Ok(())
        }
    }

    /// Rows, bytes and rate since the last note.
    pub(super) fn measure(&mut self) {
        let (sum, elapsed) = (self.meter.get(), self.told.elapsed());
        let progress = &mut self.run.progress;
        let rows = sum.rows.saturating_sub(progress.rows);
        let bytes = sum.bytes.saturating_sub(progress.bytes);
        progress.add(rows, bytes, u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX));
        (progress.rows, progress.bytes) = (sum.rows, sum.bytes);
        // A stream is cut by its rows. Ranges are cut by keys or pages: how many there are tells how many rows there are,
        // hidden ones too; where that is not told, rows count.
        let way = self.report.plan.as_ref().map(|it| it.way);
        let rows = match way {
            Some(Way::Stream { chunk_rows }) => Some(chunk_rows),
            Some(Way::Ranges | Way::PassThrough) if progress.chunks_total.is_none() => Some(self.pace.chunk_rows),
            _ => None,
        };
        if way == Some(Way::PassThrough) && rows.is_none() {
            progress.chunks_done = self.meter.chunks();
        }
        if let Some(chunk_rows) = rows
            && progress.phase == Phase::Loading
        {
            progress.chunks_done = sum.rows / chunk_rows.max(1);
        }
        self.told = Instant::now();
    }

    pub(super) async fn tell(&mut self) -> Result<(), Stop> {
        self.measure();
        let tx = self.app.db.write().await?;
        let stop = store::progress(&tx, self.run.id, &self.run.progress, self.app.now()).await?;
        tx.commit().await?;
        if stop {
            return Err(Stop::Cancelled);
        }
        if self.decided.elapsed() >= self.pace.decided {
            self.decide().await?;
        }
        Ok(())
    }

    /// May the rows go on under the very terms under which they began to move?
    pub(super) async fn decide(&mut self) -> Result<(), Stop> {
        decide_with_own(self.app, &self.grants, self.own_uses()).await?;
        self.decided = Instant::now();
        Ok(())
    }

    /// Keeps the report as it is now, unless the run has ended elsewhere.
    pub(super) async fn keep(&mut self) -> Result<(), Stop> {
        let tx = self.app.db.write().await?;
        let mut run = there(store::lock_run(&tx, self.run.id).await)?;
        if run.state.is_over() {
            return Err(Stop::Over);
        }
        run.report = Some(self.report.clone());
        store::update_run(&tx, &run, self.app.now()).await?;
        tx.commit().await?;
        self.run.report = run.report;
        Ok(())
    }
}
