//! Background work: jobs under leases in a few lanes, and what comes round by itself.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use db::jobs::{self, Job};
use tokio::task::JoinSet;

use crate::{App, Error, flow, flow::run_delivery, rounds::Rounds};

/// How long a job may run before another worker may take it; renewed while it runs. So a job of a killed process goes
/// on elsewhere within seconds.
const LEASE: TimeDelta = TimeDelta::seconds(15);
/// How often a lease is renewed.
const RENEWED: Duration = Duration::from_secs(5);
/// How often a failing job is tried before it is given up.
pub(crate) const TRIES: u64 = 8;
/// Jobs at the same time. The first lane takes no deliveries, so that short work never waits for long work.
const LANES: usize = 3;

/// A worker's name and pace.
#[derive(Debug, Clone)]
pub struct Work {
    /// Unique among the processes that share a database, and among the starts of one.
    pub name: String,
    /// Pause when there is nothing to do.
    pub idle: Duration,
}

impl Work {
    /// Works until `stop` resolves. Jobs in hand are dropped then and their leases given back: every job can be begun
    /// again, a delivery goes on after its last checkpoint.
    pub async fn run(self, app: Arc<App>, stop: impl Future<Output = ()>) {
        let name = |lane: usize| format!("{}/{lane}", self.name);
        let mut lanes = JoinSet::new();
        for lane in 0..LANES {
            lanes.spawn(work_lane(app.clone(), name(lane), lane == 0, self.idle));
        }
        tokio::pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => break,
                Some(ended) = lanes.join_next() => {
                    tracing::error!(error = ?ended.err(), "a lane of the worker fell over and begins again");
                    lanes.spawn(work_lane(app.clone(), name(LANES), false, self.idle));
                }
            }
        }
        lanes.shutdown().await;
        for lane in 0..=LANES {
            if let Err(error) = let_go(&app, &name(lane)).await {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "leases were not given back; they run out"
                );
            }
        }
    }
}

/// One lane: for ever.
async fn work_lane(app: Arc<App>, name: String, first: bool, idle: Duration) {
    let mut rounds = Rounds::default();
    let but = if first { run_delivery::KIND } else { "" };
    loop {
        if first && let Err(error) = rounds.keep(&app).await {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "the worker stumbled on its rounds"
            );
        }
        let pause = match work_but(&app, &name, but).await {
            Ok(true) => Duration::ZERO,
            Ok(false) => idle,
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "the worker stumbled");
                idle
            }
        };
        tokio::time::sleep(pause).await;
    }
}

async fn let_go(app: &App, name: &str) -> Result<(), Error> {
    let tx = app.db.write().await?;
    jobs::let_go(&tx, name).await?;
    Ok(tx.commit().await?)
}

/// Takes and does one due job; false when there was none.
///
/// # Errors
/// When the database fails. A job that fails is written down and tried again later.
pub async fn work_once(app: &App, worker: &str) -> Result<bool, Error> {
    work_but(app, worker, "").await
}

async fn work_but(app: &App, worker: &str, but: &str) -> Result<bool, Error> {
    let now = app.now();
    // Most looks find nothing, and hold up no writer.
    if !jobs::is_due(&app.read().await?, but, now).await? {
        return Ok(false);
    }
    let tx = app.db.write().await?;
    let job = jobs::take_but(&tx, worker, but, now, now + LEASE).await?;
    tx.commit().await?;
    let Some(job) = job else { return Ok(false) };
    let outcome = with_lease(app, worker, &job).await;
    if job.kind == run_delivery::KIND && outcome.is_ok() {
        crate::counts::run_ended();
    }
    let now = app.now();
    let tx = app.db.write().await?;
    match outcome {
        Ok(()) => jobs::done(&tx, job.id, now).await?,
        Err(error) => {
            tracing::warn!(job.id = %job.id, job.kind = %job.kind, attempt = job.attempts, error = %error, "a job failed");
            let wait = TimeDelta::seconds(1_i64 << job.attempts.min(10));
            let again = (job.attempts < TRIES).then(|| now + wait);
            jobs::failed(&tx, job.id, &error.to_string(), again, now).await?;
        }
    }
    tx.commit().await?;
    Ok(true)
}

async fn with_lease(app: &App, worker: &str, job: &Job) -> Result<(), Error> {
    let work = flow::do_job(app, job);
    tokio::pin!(work);
    loop {
        tokio::select! {
            done = &mut work => return done,
            () = tokio::time::sleep(RENEWED) => {
                let now = app.now();
                let tx = app.db.write().await?;
                let mine = jobs::renew(&tx, job.id, worker, now + LEASE).await?;
                tx.commit().await?;
                if !mine {
                    return Err(Error::State("the job's lease was lost to another worker".to_owned()));
                }
            }
        }
    }
}
