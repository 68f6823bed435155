//! Background work: jobs under leases in a few lanes, and what comes round by itself.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use db::jobs;
use tokio::task::JoinSet;
use vocab::JobId;

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
    let outcome = with_lease(app, worker, job.id, RENEWED, flow::do_job(app, &job)).await;
    if job.kind == run_delivery::KIND && outcome.is_ok() {
        crate::counts::run_ended();
    }
    let now = app.now();
    let tx = app.db.write().await?;
    match outcome {
        Ok(()) => jobs::done(&tx, job.id, now).await?,
        Err(error) => {
            let why = with_causes(&error);
            tracing::warn!(job.id = %job.id, job.kind = %job.kind, attempt = job.attempts, error = why, "a job failed");
            let wait = TimeDelta::seconds(1_i64 << job.attempts.min(10));
            let again = (job.attempts < TRIES).then(|| now + wait);
            jobs::failed(&tx, job.id, &why, again, now).await?;
        }
    }
    tx.commit().await?;
    Ok(true)
}

/// An error and what caused it: "the database failed" alone helps nobody who looks for the reason.
fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |it| it.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// Does a job's work while its lease is renewed. The two go on side by side: a renewal waits for the one writer of SQLite,
/// which the work may just hold, so the work must never stand still for it.
async fn with_lease(
    app: &App,
    worker: &str,
    job: JobId,
    every: Duration,
    work: impl Future<Output = Result<(), Error>>,
) -> Result<(), Error> {
    let renewing = async {
        loop {
            tokio::time::sleep(every).await;
            let now = app.now();
            let tx = app.db.write().await?;
            let mine = jobs::renew(&tx, job, worker, now + LEASE).await?;
            tx.commit().await?;
            if !mine {
                let lost = "the job's lease was lost to another worker";
                return Err::<std::convert::Infallible, _>(Error::State(lost.to_owned()));
            }
        }
    };
    tokio::select! {
        done = work => done,
        lost = renewing => match lost {
            Err(error) => Err(error),
        },
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use crate::Config;

    const SOON: Duration = Duration::from_millis(20);

    /// A job that writes for longer than its lease is renewed, and one whose lease another worker has.
    #[tokio::test]
    async fn a_lease_is_renewed_beside_work_that_writes() {
        for fresh in db::testing::each().await.unwrap() {
            let folder = tempfile::tempdir().unwrap();
            let now = vocab::time::parse("2026-03-09T01:00:00Z").unwrap();
            let config = Config::delivered("云州市", fresh.url.clone(), folder.path().to_owned());
            let app = App::open_still(config, now).await.unwrap();
            let tx = app.db.write().await.unwrap();
            jobs::put(&tx, "long", "{}", None, now, now).await.unwrap();
            let job = jobs::take(&tx, "one", now, now + LEASE).await.unwrap().unwrap();
            tx.commit().await.unwrap();
            let writes = async {
                for _ in 0..5 {
                    let tx = app.db.write().await?;
                    jobs::is_due(&tx, "", now).await?;
                    tokio::time::sleep(3 * SOON).await;
                    tx.commit().await?;
                }
                Ok(())
            };
            let done = with_lease(&app, "one", job.id, SOON, writes);
            let in_time = tokio::time::timeout(Duration::from_secs(10), done).await;
            in_time.expect("the renewal and the work wait for each other").unwrap();

            let tx = app.db.write().await.unwrap();
            jobs::let_go(&tx, "one").await.unwrap();
            jobs::take(&tx, "two", now, now + LEASE).await.unwrap().unwrap();
            tx.commit().await.unwrap();
            let long = async {
                tokio::time::sleep(Duration::from_mins(1)).await;
                Ok(())
            };
            let lost = with_lease(&app, "one", job.id, SOON, long).await.unwrap_err();
            assert!(lost.to_string().contains("another worker"), "{lost}");
        }
    }

    #[test]
    fn a_reason_is_told_with_its_causes() {
        let error = Error::Db(db::Error::Io(std::io::Error::other("the disk is full")));
        let told = with_causes(&error);
        assert!(told.ends_with("the disk is full"), "{told}");
    }
}
