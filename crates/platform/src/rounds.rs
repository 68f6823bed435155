//! What comes round by itself: every worker looks now and then whether something is due and puts a job for it. Many
//! workers may look at once; a job's unique key makes one of their wishes count.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use chrono::{DurationRound, TimeDelta};
use vocab::Timestamp;

use crate::{App, Error, app::beijing, flow::publish_log};

/// How long an entry waits at most for its checkpoint, about.
const PACE: Duration = Duration::from_secs(2);
/// The hour of the night, Beijing time, in which the whole ledger is read again.
const NIGHT: TimeDelta = TimeDelta::hours(2);

pub(crate) const PUBLISH: &str = "publish-log";
pub(crate) const CHECK: &str = "check-log";
pub(crate) const CLOSE: &str = "close-releases";
pub(crate) const SWEEP: &str = "sweep-staff";

/// What one worker remembers of its rounds.
#[derive(Debug, Default)]
pub(crate) struct Rounds {
    looked: Option<Instant>,
    put: HashMap<&'static str, Timestamp>,
}

impl Rounds {
    /// Looks, unless it looked a moment ago.
    pub(crate) async fn keep(&mut self, app: &App) -> Result<(), Error> {
        if self.looked.is_some_and(|it| it.elapsed() < PACE) {
            return Ok(());
        }
        self.looked = Some(Instant::now());
        let now = app.now();
        if publish_log::is_behind(app).await? {
            put(app, PUBLISH, PUBLISH, now, now).await?;
        }
        let hour = next_hour(now)?;
        for (kind, due) in [(CHECK, next_night(now)), (CLOSE, hour), (SWEEP, hour)] {
            if self.put.get(kind) != Some(&due) {
                put(app, kind, &format!("{kind}:{}", vocab::time::to_text(due)), due, now).await?;
                self.put.insert(kind, due);
            }
        }
        Ok(())
    }
}

async fn put(app: &App, kind: &str, key: &str, due: Timestamp, now: Timestamp) -> Result<(), Error> {
    let tx = app.db.write().await?;
    db::jobs::put(&tx, kind, "{}", Some(key), due, now).await?;
    Ok(tx.commit().await?)
}

fn next_night(now: Timestamp) -> Timestamp {
    let midnight = beijing(now).date_naive().and_time(chrono::NaiveTime::MIN).and_utc() - TimeDelta::hours(8);
    let tonight = midnight + NIGHT;
    if now < tonight {
        tonight
    } else {
        tonight + TimeDelta::days(1)
    }
}

fn next_hour(now: Timestamp) -> Result<Timestamp, Error> {
    Ok(now.duration_trunc(TimeDelta::hours(1)).map_err(Error::internal)? + TimeDelta::hours(1))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_night_and_the_hour_that_come_next() {
        let next = |now: &str| {
            let now = vocab::time::parse(now).unwrap();
            (
                vocab::time::to_text(next_night(now)),
                vocab::time::to_text(next_hour(now).unwrap()),
            )
        };
        let (night, hour) = next("2026-03-09T17:59:59Z");
        assert!(night.starts_with("2026-03-09T18:00:00"), "{night}");
        assert!(hour.starts_with("2026-03-09T18:00:00"), "{hour}");
        let (night, hour) = next("2026-03-09T18:00:00Z");
        assert!(night.starts_with("2026-03-10T18:00:00"), "{night}");
        assert!(hour.starts_with("2026-03-09T19:00:00"), "{hour}");
    }
}
