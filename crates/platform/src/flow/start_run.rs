//! Runs of a delivery are asked for and stopped; a delivery rests, is taken up again, or ends.

use chrono::TimeDelta;
use exchange::{
    Delivery, DeliveryState, Run, RunState,
    run::Event as Step,
    store::{self, Runs},
};
use policy::{About, Permit};
use serde_json::json;
use vocab::{Action, Actor, DeliveryId, RunId};

use super::{
    list_deliveries::{own_delivery, there},
    run_delivery::{KIND, Wish, is_reached},
};
use crate::{App, Change, Error, Event};

/// After so long a run that was asked to stop, and whose worker is gone, is stopped by another.
const RESCUE: TimeDelta = TimeDelta::seconds(30);

fn permit(app: &App, actor: &Actor, delivery: &Delivery) -> Result<Permit, Error> {
    let about = About::Delivery {
        id: Some(delivery.id),
        owner: delivery.consumer,
    };
    Ok(policy::decide(&app.rules, actor, Action::ManageDelivery, &about)?)
}

/// Runs a delivery now. When its last run failed, that run goes on from its last checkpoint; otherwise a new one begins.
/// The mandate is decided when the rows begin to move, by the agreement as it is then.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`]; [`Error::State`] for a delivery that rests or ended; [`Error::Exchange`] while
/// a run is under way.
pub async fn start_run(app: &App, actor: &Actor, id: DeliveryId) -> Result<Run, Error> {
    let delivery = own_delivery(app, actor, id).await?;
    let change = Change::begin(app, permit(app, actor, &delivery)?).await?;
    let now = change.now();
    let delivery = there(store::delivery(change.db(), id).await)?;
    if delivery.state != DeliveryState::Active {
        return Err(Error::State(format!(
            "the delivery is {}; it does not run",
            delivery.state
        )));
    }
    let (run, again) = match store::last_run(change.db(), id).await? {
        Some(last) if last.state == RunState::Failed => {
            let run = last.after(Step::Retried, now).map_err(exchange::Error::from)?;
            store::update_run(change.db(), &run, now).await?;
            (run, true)
        }
        _ => {
            let run = Run::queued(id, Some(actor.id), now);
            store::insert_run(change.db(), &run).await?;
            (run, false)
        }
    };
    // Every wish has its own key: the job of a run that failed a moment ago may not be put away yet.
    let key = format!("{KIND}:{}:{}", run.id, vocab::time::to_text(now));
    change.later(KIND, &Wish { run: run.id }, Some(&key), now).await?;
    let body = json!({ "run": run.id, "agreement": delivery.agreement, "again": again });
    change
        .commit(&Event::new(Action::ManageDelivery, "delivery-run", id, &body))
        .await?;
    Ok(run)
}

/// Asks a run to stop. A run that waits is cancelled at once; one under way stops within seconds and takes back what it
/// loaded. The old table or file stays.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`]; [`Error::State`] for a run that has ended.
pub async fn cancel_run(app: &App, actor: &Actor, id: RunId) -> Result<Run, Error> {
    let run = there(store::run(&app.read().await?, id).await)?;
    let delivery = own_delivery(app, actor, run.delivery)
        .await
        .map_err(|_| Error::NotFound("run"))?;
    let change = Change::begin(app, permit(app, actor, &delivery)?).await?;
    if !stop_run(&change, id).await? {
        return Err(Error::State("the run has ended already".to_owned()));
    }
    let run = store::run(change.db(), id).await?;
    let body = json!({ "run": id, "agreement": delivery.agreement });
    change
        .commit(&Event::new(
            Action::ManageDelivery,
            "delivery-cancelled",
            delivery.id,
            &body,
        ))
        .await?;
    Ok(run)
}

async fn stop_run(change: &Change, id: RunId) -> Result<bool, Error> {
    let now = change.now();
    if !store::ask_cancel(change.db(), id, now).await? {
        return Ok(false);
    }
    let run = store::run(change.db(), id).await?;
    // What an earlier start has begun in the target is for a worker to take back.
    let report = run.report.as_ref();
    let untouched = report.is_none_or(|it| it.plan.is_none() && it.refreshed.is_none());
    if run.state == RunState::Queued && untouched {
        let over = run.after(Step::Cancelled, now).map_err(exchange::Error::from)?;
        store::update_run(change.db(), &over, now).await?;
    } else {
        let key = format!("{KIND}:{id}:cancel");
        change.later(KIND, &Wish { run: id }, Some(&key), now + RESCUE).await?;
    }
    Ok(true)
}

/// A delivery does not run until it is taken up again. A run under way is stopped.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`]; [`Error::Exchange`] where its state does not allow it.
pub async fn pause_delivery(app: &App, actor: &Actor, id: DeliveryId) -> Result<Delivery, Error> {
    step(app, actor, id, DeliveryState::Paused, "delivery-paused").await
}

/// A resting delivery is taken up again.
///
/// # Errors
/// As [`pause_delivery`].
pub async fn resume_delivery(app: &App, actor: &Actor, id: DeliveryId) -> Result<Delivery, Error> {
    step(app, actor, id, DeliveryState::Active, "delivery-resumed").await
}

/// A delivery ends for ever. What was delivered stays with the consumer, under the agreement's duty of disposal. The target's
/// secret is dropped as soon as nothing is left to take back there.
///
/// # Errors
/// As [`pause_delivery`].
pub async fn end_delivery(app: &App, actor: &Actor, id: DeliveryId) -> Result<Delivery, Error> {
    step(app, actor, id, DeliveryState::Ended, "delivery-ended").await
}

async fn step(
    app: &App,
    actor: &Actor,
    id: DeliveryId,
    to: DeliveryState,
    kind: &'static str,
) -> Result<Delivery, Error> {
    let delivery = own_delivery(app, actor, id).await?;
    let change = Change::begin(app, permit(app, actor, &delivery)?).await?;
    let mut delivery = there(store::delivery(change.db(), id).await)?
        .to(to)
        .map_err(exchange::Error::from)?;
    if to != DeliveryState::Active {
        let open = Runs {
            delivery: Some(id),
            state: None,
        };
        for run in store::runs(change.db(), open, None, 1)
            .await?
            .iter()
            .filter(|it| !it.state.is_over())
        {
            stop_run(&change, run.id).await?;
        }
    }
    if to == DeliveryState::Ended && !is_reached(change.db(), id).await? {
        delivery.sealed_secret = None; // nobody needs it any more
    }
    store::update_delivery(change.db(), &delivery, change.now()).await?;
    let body = json!({ "agreement": delivery.agreement });
    change
        .commit(&Event::new(Action::ManageDelivery, kind, id, &body))
        .await?;
    Ok(delivery)
}
