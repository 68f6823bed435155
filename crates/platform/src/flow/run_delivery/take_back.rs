//! What a run loaded and what must not stay is taken back: at its end, and where the target does not let it then, later.

use chrono::TimeDelta;
use db::{Tx, jobs::Job};
use engine::{shape::Shape, sink};
use exchange::{DeliveryState, RunState, store};
use vocab::{DeliveryId, RunId, SinkSpec, Timestamp};

use super::{Course, PACE, Wish};
use crate::{
    App, Error,
    flow::{create_delivery::unsealed_sink, list_deliveries::there},
    work::TRIES,
};

/// The kind of the job that tries it again.
pub(crate) const TAKE_BACK: &str = "take-back-run";
/// When it tries first.
const LATER: TimeDelta = TimeDelta::minutes(1);

/// The key of a run's job.
fn key(run: RunId) -> String {
    format!("{TAKE_BACK}:{run}")
}

/// Leaves the job, in the transaction that ends the run.
pub(super) async fn promise(tx: &Tx, run: RunId, now: Timestamp) -> Result<(), Error> {
    let body = serde_json::to_string(&Wish { run }).map_err(Error::internal)?;
    db::jobs::put(tx, TAKE_BACK, &body, Some(&key(run)), now + LATER, now).await?;
    Ok(())
}

/// Must a delivery's target still be reached, although no new run begins: by one that is to stop, or to take back what it
/// has loaded?
pub(crate) async fn is_reached(tx: &Tx, delivery: DeliveryId) -> Result<bool, Error> {
    Ok(match store::last_run(tx, delivery).await? {
        Some(run) if run.state.is_over() => db::jobs::waits(tx, &key(run.id)).await?,
        Some(_) => true,
        None => false,
    })
}

/// Drops the secret of a delivery that has ended: nobody has to reach its target any more.
pub(super) async fn drop_secret(tx: &Tx, id: DeliveryId, now: Timestamp) -> Result<(), Error> {
    let mut delivery = there(store::delivery(tx, id).await)?;
    if delivery.state == DeliveryState::Ended && delivery.sealed_secret.take().is_some() {
        store::update_delivery(tx, &delivery, now).await?;
    }
    Ok(())
}

/// Takes back what a run that has ended left at its target. A run that goes on, or another one after it, makes of what stands
/// there what it needs: then there is nothing to do. Done or given up, a delivery that has ended needs its secret no longer.
///
/// # Errors
/// When the target still does not let it: the job is tried again.
pub(crate) async fn take_back_run(app: &App, job: &Job) -> Result<(), Error> {
    let wish: Wish = serde_json::from_str(&job.body).map_err(Error::internal)?;
    let tx = app.read().await?;
    let run = there(store::run(&tx, wish.run).await)?;
    let last = store::last_run(&tx, run.delivery).await?;
    if !run.state.is_over() || last.is_none_or(|it| it.id != run.id) {
        return Ok(());
    }
    let delivery = there(store::delivery(&tx, run.delivery).await)?;
    drop(tx);
    let id = delivery.id;
    let taken = match run.state {
        RunState::Failed | RunState::Cancelled => Course::new(app, delivery, run, PACE).take_back_late().await,
        _ => Ok(()),
    };
    if taken.is_ok() || job.attempts >= TRIES {
        let tx = app.db.write().await?;
        drop_secret(&tx, id, app.now()).await?;
        tx.commit().await?;
    }
    taken.map_err(|it| Error::State(it.to_string()))
}

impl Course<'_> {
    /// Removes what the run loaded: rows of an agreement that does not let them out any more do not stay. What stood there
    /// is counted before, where this start has not come to it.
    ///
    /// # Errors
    /// When the target does not let it.
    pub(super) async fn take_back(&mut self) -> Result<(), sink::Error> {
        let Some((spec, shape)) = self.known_target() else {
            return Ok(());
        };
        if self.writes_in_place() {
            return self.leave_parts(&spec, &shape).await;
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
        taken.inspect_err(|error| {
            let error = error as &dyn std::error::Error;
            tracing::warn!(run = %self.run.id, error, "what a run loaded could not be taken back; it is tried again later");
        })
    }

    /// The same for a run that has ended, and is counted: at once, or not now.
    async fn take_back_late(&mut self) -> Result<(), sink::Error> {
        let Some((spec, shape)) = self.known_target() else {
            return Ok(());
        };
        if self.writes_in_place() {
            return self.leave_parts(&spec, &shape).await;
        }
        match self.open(&spec, &shape, None).await {
            Ok(sink) if sink.swapped() => Ok(()),
            Ok(sink) => sink.abort().await,
            Err(error) => Err(error),
        }
    }

    /// The target: of this start, or as an earlier one kept it.
    fn known_target(&self) -> Option<(SinkSpec, Shape)> {
        let kept = || Some((unsealed_sink(self.app, &self.delivery).ok()?, self.kept_shape()?));
        self.target.clone().or_else(kept)
    }
}
