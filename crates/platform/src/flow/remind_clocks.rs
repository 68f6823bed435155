//! Time passes: reminders, escalations, ended terms, owed disposals. Nobody's deed, so the ledger names nobody.
//!
//! Each thing moves in a transaction of its own, its rows first and the ledger last, as in every change: so two that move
//! things at once wait for each other and never in a circle, and one thing that cannot be moved does not hold the others.

use chrono::{DurationRound, TimeDelta};
use db::Tx;
use ledger::Entry;
use serde_json::{Value, json};
use sharing::{Command, Matter, agreement, correction, dispute, request};
use vocab::{AgreementId, CatalogClockId, CorrectionId, DisputeId, RequestId, Timestamp};

use super::tell_notices::tell;
use crate::{App, Error};

/// The job's kind.
pub(crate) const KIND: &str = "remind-clocks";
/// The kind of the job that counts running clocks again.
pub(crate) const RECOUNT: &str = "recount-clocks";
/// How often the clocks are looked at.
const EVERY: TimeDelta = TimeDelta::minutes(1);
/// Identifiers that are looked up at once.
const STEP: u64 = 100;

/// Looks at every clock that has something to say; how many things it moved.
///
/// # Errors
/// When the database fails. A thing that cannot be moved is logged and left for the next time.
pub async fn remind_clocks(app: &App) -> Result<u64, Error> {
    let many = each(app, Work::Time).await?;
    if many > 0 {
        app.open.forget_all();
    }
    Ok(many)
}

/// The job: the next one is put into the queue first, so that a failure does not stop the clocks.
pub(crate) async fn remind_again(app: &App) -> Result<(), Error> {
    let tx = app.db.write().await?;
    put(&tx, app.now() + EVERY, app.now()).await?;
    tx.commit().await?;
    remind_clocks(app).await.map(drop)
}

/// Puts the job for the minute of `due` into the queue, once however many ask for it.
pub(crate) async fn put(tx: &Tx, due: Timestamp, now: Timestamp) -> Result<(), Error> {
    let due = due.duration_trunc(EVERY).map_err(Error::internal)?;
    let key = format!("{KIND}:{}", vocab::time::to_text(due));
    db::jobs::put(tx, KIND, "{}", Some(&key), due, now).await?;
    Ok(())
}

/// Puts the job that counts running clocks again into the queue: for the next full minute, so that the edits of one
/// minute are one count and none comes after it.
pub(crate) async fn put_recount(tx: &Tx, now: Timestamp) -> Result<(), Error> {
    let due = (now + EVERY).duration_trunc(EVERY).map_err(Error::internal)?;
    let key = format!("{RECOUNT}:{}", vocab::time::to_text(due));
    db::jobs::put(tx, RECOUNT, "{}", Some(&key), due, now).await?;
    Ok(())
}

/// The job: every running clock is counted again with the calendar in force; how many things it moved.
pub(crate) async fn recount_clocks(app: &App) -> Result<u64, Error> {
    each(app, Work::Recount).await
}

/// What is done with each thing.
#[derive(Clone, Copy)]
enum Work {
    /// Time passes over it.
    Time,
    /// Its clocks are counted again.
    Recount,
}

/// Something on which clocks run.
#[derive(Debug, Clone, Copy)]
enum Thing {
    Request(RequestId),
    Agreement(AgreementId),
    Correction(CorrectionId),
    Dispute(DisputeId),
    Catalog(CatalogClockId),
}

/// The kinds of things, one after the other.
#[derive(Clone, Copy)]
enum Kind {
    Requests,
    Agreements,
    Corrections,
    Disputes,
    Catalog,
}

/// Does something with each thing that needs it, one after the other; how many were moved. What fails is logged and passed.
async fn each(app: &App, work: Work) -> Result<u64, Error> {
    let mut many = 0;
    for kind in [
        Kind::Requests,
        Kind::Agreements,
        Kind::Corrections,
        Kind::Disputes,
        Kind::Catalog,
    ] {
        let mut after = None;
        loop {
            let found = next(app, kind, work, after).await?;
            for thing in &found {
                many += u64::from(passed_over(*thing, moved(app, work, *thing).await));
            }
            after = found.last().copied();
            if (found.len() as u64) < STEP {
                break;
            }
        }
    }
    Ok(many)
}

/// Was it moved? What failed is logged.
fn passed_over(thing: Thing, outcome: Result<bool, Error>) -> bool {
    match outcome {
        Ok(moved) => return moved,
        Err(Error::Sharing(sharing::Error::Stale(_))) => {
            tracing::debug!(subject = ?thing, "somebody else moved it at the same moment");
        }
        Err(error) => tracing::error!(
            subject = ?thing,
            error = &error as &dyn std::error::Error,
            "time passes over a thing that cannot be moved"
        ),
    }
    false
}

/// The next things of a kind, in the order of their identifiers.
async fn next(app: &App, kind: Kind, work: Work, after: Option<Thing>) -> Result<Vec<Thing>, Error> {
    use sharing::store;
    let (tx, now) = (app.read().await?, app.now());
    Ok(match kind {
        Kind::Requests => {
            let after = after.and_then(|it| if let Thing::Request(id) = it { Some(id) } else { None });
            let ids = match work {
                Work::Time => store::due_requests(&tx, now, after, STEP).await?,
                Work::Recount => store::timed_requests(&tx, after, STEP).await?,
            };
            ids.into_iter().map(Thing::Request).collect()
        }
        Kind::Agreements => {
            let after = after.and_then(|it| if let Thing::Agreement(id) = it { Some(id) } else { None });
            let ids = match work {
                Work::Time => store::due_agreements(&tx, now, after, STEP).await?,
                Work::Recount => store::timed_agreements(&tx, after, STEP).await?,
            };
            ids.into_iter().map(Thing::Agreement).collect()
        }
        Kind::Corrections => {
            let after = after.and_then(|it| if let Thing::Correction(id) = it { Some(id) } else { None });
            let ids = match work {
                Work::Time => store::due_corrections(&tx, now, after, STEP).await?,
                Work::Recount => store::timed_corrections(&tx, after, STEP).await?,
            };
            ids.into_iter().map(Thing::Correction).collect()
        }
        Kind::Disputes => {
            let after = after.and_then(|it| if let Thing::Dispute(id) = it { Some(id) } else { None });
            let ids = match work {
                Work::Time => store::due_disputes(&tx, now, after, STEP).await?,
                Work::Recount => store::timed_disputes(&tx, after, STEP).await?,
            };
            ids.into_iter().map(Thing::Dispute).collect()
        }
        Kind::Catalog => {
            let after = after.and_then(|it| if let Thing::Catalog(id) = it { Some(id) } else { None });
            let ids = match work {
                Work::Time => store::due_catalog_clocks(&tx, now, after, STEP).await?,
                Work::Recount => store::timed_catalog_clocks(&tx, after, STEP).await?,
            };
            ids.into_iter().map(Thing::Catalog).collect()
        }
    })
}

async fn moved(app: &App, work: Work, thing: Thing) -> Result<bool, Error> {
    match (work, thing) {
        (Work::Time, Thing::Request(id)) => time_request(app, id).await,
        (Work::Time, Thing::Agreement(id)) => time_agreement(app, id).await,
        (Work::Time, Thing::Correction(id)) => time_correction(app, id).await,
        (Work::Time, Thing::Dispute(id)) => time_dispute(app, id).await,
        (Work::Time, Thing::Catalog(id)) => time_catalog(app, id).await,
        (Work::Recount, Thing::Request(id)) => recount_request(app, id).await,
        (Work::Recount, Thing::Agreement(id)) => recount_agreement(app, id).await,
        (Work::Recount, Thing::Correction(id)) => recount_correction(app, id).await,
        (Work::Recount, Thing::Dispute(id)) => recount_dispute(app, id).await,
        (Work::Recount, Thing::Catalog(id)) => recount_catalog(app, id).await,
    }
}

async fn time_request(app: &App, id: RequestId) -> Result<bool, Error> {
    let now = app.now();
    let tx = app.db.write().await?;
    let clocks = sharing::store::clocks(&tx).await?;
    let it = sharing::store::request(&tx, id).await?;
    let moved = request::apply(it, request::Event::TimePasses, now, &clocks).map_err(sharing::Error::from)?;
    let (mut it, commands) = moved;
    sharing::store::save_request(&tx, &mut it, now).await?;
    passed(tx, now, "request-time", &Matter::from(&it), json!(it.state), &commands).await
}

async fn time_agreement(app: &App, id: AgreementId) -> Result<bool, Error> {
    let now = app.now();
    let tx = app.db.write().await?;
    let clocks = sharing::store::clocks(&tx).await?;
    let it = sharing::store::agreement(&tx, id).await?;
    let moved = agreement::apply(it, agreement::Event::TimePasses, now, &clocks).map_err(sharing::Error::from)?;
    let (mut it, commands) = moved;
    sharing::store::save_agreement(&tx, &mut it, now).await?;
    passed(
        tx,
        now,
        "agreement-time",
        &Matter::from(&it),
        json!(it.state),
        &commands,
    )
    .await
}

async fn time_correction(app: &App, id: CorrectionId) -> Result<bool, Error> {
    let now = app.now();
    let tx = app.db.write().await?;
    let it = sharing::store::correction(&tx, id).await?;
    let moved = correction::apply(it, correction::Event::TimePasses, now).map_err(sharing::Error::from)?;
    let (mut it, commands) = moved;
    sharing::store::save_correction(&tx, &mut it, now).await?;
    passed(
        tx,
        now,
        "correction-time",
        &Matter::from(&it),
        json!(it.state),
        &commands,
    )
    .await
}

async fn time_dispute(app: &App, id: DisputeId) -> Result<bool, Error> {
    let now = app.now();
    let tx = app.db.write().await?;
    let clocks = sharing::store::clocks(&tx).await?;
    let it = sharing::store::dispute(&tx, id).await?;
    let moved = dispute::apply(it, dispute::Event::TimePasses, now, &clocks).map_err(sharing::Error::from)?;
    let (mut it, commands) = moved;
    sharing::store::save_dispute(&tx, &mut it, now).await?;
    passed(tx, now, "dispute-time", &Matter::from(&it), json!(it.state), &commands).await
}

async fn time_catalog(app: &App, id: CatalogClockId) -> Result<bool, Error> {
    let now = app.now();
    let tx = app.db.write().await?;
    let it = sharing::store::catalog_clock(&tx, id).await?;
    let (mut it, commands) = it.time_passes(now);
    sharing::store::save_catalog_clock(&tx, &mut it, now).await?;
    let state = json!(it.timer.clock());
    passed(tx, now, "catalog-time", &Matter::from(&it), state, &commands).await
}

/// The end of a step of time: the notices, then the ledger, then all of it lasts.
async fn passed(
    tx: Tx,
    now: Timestamp,
    kind: &str,
    matter: &Matter,
    state: Value,
    commands: &[Command],
) -> Result<bool, Error> {
    tell(&tx, matter, commands, now).await?;
    let told: Vec<_> = commands
        .iter()
        .filter(|it| matches!(it, Command::Notify { .. } | Command::Escalate { .. }))
        .collect();
    log(&tx, now, kind, matter, json!({ "state": state, "told": told })).await?;
    tx.commit().await?;
    Ok(true)
}

async fn recount_request(app: &App, id: RequestId) -> Result<bool, Error> {
    let now = app.now();
    let tx = app.db.write().await?;
    let clocks = sharing::store::clocks(&tx).await?;
    let mut it = sharing::store::request(&tx, id).await?;
    let moved = recount(&clocks, &mut it.timers, now)?;
    if !moved.is_empty() {
        sharing::store::save_request(&tx, &mut it, now).await?;
    }
    recounted(tx, now, &Matter::from(&it), moved).await
}

async fn recount_agreement(app: &App, id: AgreementId) -> Result<bool, Error> {
    let now = app.now();
    let tx = app.db.write().await?;
    let clocks = sharing::store::clocks(&tx).await?;
    let mut it = sharing::store::agreement(&tx, id).await?;
    let moved = recount(&clocks, &mut it.timers, now)?;
    if !moved.is_empty() {
        sharing::store::save_agreement(&tx, &mut it, now).await?;
    }
    recounted(tx, now, &Matter::from(&it), moved).await
}

async fn recount_correction(app: &App, id: CorrectionId) -> Result<bool, Error> {
    let now = app.now();
    let tx = app.db.write().await?;
    let clocks = sharing::store::clocks(&tx).await?;
    let mut it = sharing::store::correction(&tx, id).await?;
    let moved = recount(&clocks, &mut it.timers, now)?;
    if !moved.is_empty() {
        sharing::store::save_correction(&tx, &mut it, now).await?;
    }
    recounted(tx, now, &Matter::from(&it), moved).await
}

async fn recount_dispute(app: &App, id: DisputeId) -> Result<bool, Error> {
    let now = app.now();
    let tx = app.db.write().await?;
    let clocks = sharing::store::clocks(&tx).await?;
    let mut it = sharing::store::dispute(&tx, id).await?;
    let moved = recount(&clocks, &mut it.timers, now)?;
    if !moved.is_empty() {
        sharing::store::save_dispute(&tx, &mut it, now).await?;
    }
    recounted(tx, now, &Matter::from(&it), moved).await
}

async fn recount_catalog(app: &App, id: CatalogClockId) -> Result<bool, Error> {
    let now = app.now();
    let tx = app.db.write().await?;
    let clocks = sharing::store::clocks(&tx).await?;
    let mut it = sharing::store::catalog_clock(&tx, id).await?;
    let moved = recount(&clocks, std::slice::from_mut(&mut it.timer), now)?;
    if !moved.is_empty() {
        sharing::store::save_catalog_clock(&tx, &mut it, now).await?;
    }
    recounted(tx, now, &Matter::from(&it), moved).await
}

/// The clocks whose end has moved, with the end as it was and as it is.
fn recount(clocks: &sharing::Clocks, timers: &mut [sharing::Timer], now: Timestamp) -> Result<Vec<Value>, Error> {
    let mut moved = Vec::new();
    for timer in timers {
        let was = timer.deadline.last_day;
        let changed = clocks.count_again(timer, now);
        if changed.map_err(|it| sharing::Error::from(sharing::Refused::from(it)))? {
            moved.push(json!({ "clock": timer.clock(), "was": was, "last_day": timer.deadline.last_day }));
        }
    }
    Ok(moved)
}

async fn recounted(tx: Tx, now: Timestamp, matter: &Matter, moved: Vec<Value>) -> Result<bool, Error> {
    if moved.is_empty() {
        return Ok(false);
    }
    log(&tx, now, "deadline-recounted", matter, json!({ "clocks": moved })).await?;
    tx.commit().await?;
    Ok(true)
}

async fn log(tx: &Tx, at: Timestamp, kind: &str, matter: &Matter, body: Value) -> Result<(), Error> {
    let entry = Entry {
        at,
        kind: kind.to_owned(),
        actor: None,
        subject: matter.subject.clone(),
        body,
    };
    ledger::append(tx, &entry).await?;
    Ok(())
}

#[cfg(test)]
mod tests;
