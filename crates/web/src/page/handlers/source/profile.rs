//! Profiles of tables: they run in the background, and their page looks again until they are done.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use axum::{Extension, extract::Path};
use platform::{
    Error, flow,
    vocab::{
        SourceId,
        profile::{ColumnProfile, TableProfile},
    },
};

use super::{
    super::frame::{Asks, Page, Reader, escaped, go},
    own, told_of,
};
use crate::page::{
    Fields, Link, Ui, answer,
    source::{ColumnRow, GuessRow, ProfilePage, Progress},
};

/// Rows read for a profile.
const SAMPLE: u64 = 100_000;
/// Profiles that are remembered.
const MOST: usize = 64;

type Key = (SourceId, String);

/// A profile under way, or what became of it.
struct Job {
    begun: Instant,
    rows: AtomicU64,
    outcome: Mutex<Option<Arc<Result<TableProfile, Error>>>>,
}

impl Job {
    fn outcome(&self) -> Option<Arc<Result<TableProfile, Error>>> {
        self.outcome.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The profiles of this process, by source and table. They can always be made again, so they are in memory only.
#[derive(Default)]
pub(super) struct Profiles(Mutex<HashMap<Key, Arc<Job>>>);

impl Profiles {
    fn get(&self, key: &Key) -> Option<Arc<Job>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    /// A new job; none when one is under way already.
    fn begin(&self, key: Key) -> Option<Arc<Job>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.get(&key).is_some_and(|it| it.outcome().is_none()) {
            return None;
        }
        if all.len() >= MOST {
            let oldest = all
                .iter()
                .filter(|(_, it)| it.outcome().is_some())
                .min_by_key(|(_, it)| it.begun);
            if let Some(oldest) = oldest.map(|(key, _)| key.clone()) {
                all.remove(&oldest);
            }
        }
        let job = Arc::new(Job {
            begun: Instant::now(),
            rows: AtomicU64::new(0),
            outcome: Mutex::new(None),
        });
        all.insert(key, job.clone());
        Some(job)
    }
}

/// Ends a job that was dropped before its end (a panic inside): its page must not wait for ever.
struct Ending(Arc<Job>);

impl Ending {
    fn with(&self, outcome: Result<TableProfile, Error>) {
        let mut place = self.0.outcome.lock().unwrap_or_else(PoisonError::into_inner);
        place.get_or_insert(Arc::new(outcome));
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.with(Err(Error::State("the profile was interrupted".to_owned())));
    }
}

pub(super) async fn start(
    reader: Reader,
    Extension(profiles): Extension<Arc<Profiles>>,
    Path(text): Path<String>,
    fields: Fields,
) -> Page {
    let source = own(&reader, &text).await?;
    let table = fields.one("table");
    if let Some(job) = profiles.begin((source.id, table.clone())) {
        let (app, actor, table) = (reader.app.clone(), reader.actor().clone(), table.clone());
        let ending = Ending(job);
        tokio::spawn(async move {
            let job = ending.0.clone();
            let progress = move |rows| job.rows.store(rows, Ordering::Relaxed);
            ending.with(flow::profile_source(&app, &actor, source.id, &table, SAMPLE, progress).await);
        });
    }
    Ok(go(&format!("/sources/{}/profile?table={}", source.id, escaped(&table))))
}

pub(super) async fn show(
    reader: Reader,
    Extension(profiles): Extension<Arc<Profiles>>,
    Path(text): Path<String>,
    Asks(asked): Asks,
) -> Page {
    let source = own(&reader, &text).await?;
    let ui = reader.ui("sources").await;
    let table = asked.one("table");
    let mut page = ProfilePage {
        source: Link::new(source.name.clone(), format!("/sources/{}", source.id)),
        source_id: source.id.to_string(),
        table: table.clone(),
        progress: None,
        failed: None,
        rows_read: 0,
        complete: false,
        columns: Vec::new(),
        ui,
    };
    if let Some(job) = profiles.get(&(source.id, table)) {
        fill(&mut page, &job);
    }
    Ok(if reader.part {
        answer(&page.as_live())
    } else {
        answer(&page)
    })
}

fn fill(page: &mut ProfilePage, job: &Job) {
    let Some(outcome) = job.outcome() else {
        page.progress = Some(Progress {
            percent: None,
            rows: job.rows.load(Ordering::Relaxed),
        });
        return;
    };
    match outcome.as_ref() {
        Ok(profile) => {
            page.rows_read = profile.rows_read;
            page.complete = profile.complete;
            page.columns = profile.columns.iter().map(column).collect();
        }
        Err(error) => page.failed = Some(why(&page.ui, error)),
    }
}

/// The outcome is kept and may be read again, so the reason is told from what can be repeated of it.
fn why(ui: &Ui, error: &Error) -> String {
    match error {
        Error::Engine(engine) => match engine.cause() {
            Some(cause) => ui.tk("cause-", cause.code()),
            None => engine.to_string(),
        },
        Error::NotFound(what) => told_of(ui, Error::NotFound(what)),
        _ => ui.t("profile-stopped"),
    }
}

fn column(it: &ColumnProfile) -> ColumnRow {
    ColumnRow {
        name: it.column.name.clone(),
        comment: it.column.comment.clone().unwrap_or_default(),
        source_type: it.column.source_type.clone(),
        data_type: it.column.data_type.to_string(),
        missing: it.nulls + it.empties,
        distinct: it.distinct,
        distinct_exact: it.distinct_exact,
        range: it.range.clone(),
        lengths: it.lengths,
        leading_zeros: it.leading_zeros,
        guesses: it.guesses.iter().map(guess).collect(),
    }
}

fn guess(it: &platform::vocab::profile::Guess) -> GuessRow {
    GuessRow {
        meaning: it.meaning,
        fitting: it.fitting,
        looked_at: it.looked_at,
        evidence: it.evidence.clone(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn one_profile_of_a_table_at_a_time() {
        let profiles = Profiles::default();
        let key = (SourceId::new(), "people".to_owned());
        let job = profiles.begin(key.clone()).unwrap();
        assert!(profiles.begin(key.clone()).is_none(), "it runs already");
        drop(Ending(job));
        assert!(
            profiles.get(&key).unwrap().outcome().is_some(),
            "an interrupted one has ended"
        );
        assert!(profiles.begin(key).is_some(), "and can be begun again");
    }
}
