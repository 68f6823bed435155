//! The start of a run, or of its going on.

use engine::sink::Totals;
use exchange::{Discarded, Phase, RunState, run::Event as Step, store};
use ledger::{Outcome, Receipt};

use super::{Course, Stop};
use crate::{Error, flow::list_deliveries::there, release::Opening};

impl Course<'_> {
    /// The start: the run is running, the release is open, the quota is taken. All or nothing, before the first row. The
    /// order of locks is the house's: the run, quotas, jobs, what is owed, and the ledger last.
    pub(super) async fn begin(&mut self, opening: Opening, done: Totals) -> Result<(), Stop> {
        let app = self.app;
        let tx = app.db.write().await?;
        let run = there(store::lock_run(&tx, self.run.id).await)?;
        if run.state.is_over() {
            return Err(Stop::Over);
        }
        let before = self.opened_receipts();
        let terms = |it: &Receipt| (it.agreement_version, it.resource_versions.clone(), it.policy.clone());
        let same_terms = same(&before, &opening.receipts, terms);
        let goes_on = run.state != RunState::Queued && !before.is_empty() && same_terms;
        let mut progress = self.run.progress.clone();
        let now = app.now();
        let mut entries = Vec::new();
        if !goes_on {
            for it in &opening.uses {
                if sharing::store::use_up_to(&tx, it.agreement, &it.day, it.quota, 1).await? == 0 {
                    return Err(Error::OverQuota.into());
                }
                if it.first {
                    crate::receipts::stop_provision_clock(&tx, it.agreement, now).await?;
                }
            }
            // What had left under the old terms, if the agreement changed while the run was down, is told under them.
            if self.settle(&tx, &before).await? {
                let outcome = if same_terms { Outcome::Broken } else { Outcome::Revoked };
                entries = self.closing(&before, outcome);
            }
            self.report.discarded = Discarded::default();
            entries.extend(crate::release::opened(&opening));
            for it in &opening.receipts {
                ledger::owe(&tx, it).await?;
            }
            self.report.release = opening.receipts.first().map(|it| it.release);
            self.report.opening = Some(serde_json::to_value(&opening.receipts).map_err(Error::internal)?);
            self.counted = true;
        }
        self.tell_algorithm()?;
        self.report.failure = None;
        let mut run = run.after(Step::Started, now)?;
        progress.phase = Phase::Loading;
        progress.rows = done.source.rows;
        progress.bytes = done.source.bytes;
        progress.quarantined = done.quarantined;
        progress.chunks_total = self.chunks_in_all(progress.rows_estimate);
        progress.chunks_done = match progress.chunks_total {
            Some(_) => done.chunks,
            None => done.source.rows / self.pace.chunk_rows.max(1),
        };
        run.progress = progress;
        run.report = Some(self.report.clone());
        store::update_run(&tx, &run, now).await?;
        ledger::append_many(&tx, &entries).await?;
        tx.commit().await?;
        self.run = run;
        self.meter.set(done.source);
        self.meter.set_chunks(done.chunks);
        Ok(())
    }
}

fn same<T: PartialEq>(one: &[Receipt], other: &[Receipt], what: impl Fn(&Receipt) -> T) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(a, b)| what(a) == what(b))
}
