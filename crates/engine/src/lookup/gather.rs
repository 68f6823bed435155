//! Records that are fetched together. While one statement runs, those who ask for other records of the same table under the
//! same agreement wait, and the next statement brings what all of them asked for: the database, the masks and the JSON
//! are woken once for many. Nobody waits for somebody to come: who asks when fewer than [`AT_ONCE`] statements run is
//! served at once. Only records are asked for so, by their whole key, and where a common statement fails, each asks alone,
//! so that nobody sees another one's error.

use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::{Failed, Keyed, Keys, keyed};
use crate::{
    Engine,
    error::{Error, LimitKind},
    govern::Governed,
};

/// The statements of one table that run at the same time.
const AT_ONCE: usize = 2;
/// The most records of one statement.
const MOST: usize = 64;
/// The most who wait; all others ask alone, which has a limit of its own.
const WAITING: usize = 4096;
/// How long one waits at most.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long nobody gathers after a server refused to prepare the common statement: some that speak PostgreSQL's protocol do
/// not know its form.
const REFUSED: Duration = Duration::from_mins(1);
/// The same after it failed.
const FAILED: Duration = Duration::from_secs(1);
/// More text than this is not kept whole for one record of it.
const KEPT: usize = 64 << 10;

/// What one who asks gets.
pub(super) enum Found {
    /// No row.
    Nothing,
    /// A JSON object and a line end.
    One(Bytes),
    /// More rows than one.
    Several,
}

/// Those who wait for records of one table.
#[derive(Default)]
pub(super) struct Gather(Mutex<Queue>);

struct Queue {
    waiting: VecDeque<Asker>,
    running: usize,
    /// How many records are fetched at once: fewer where they are large.
    most: usize,
    /// Until then nobody waits.
    rests: Option<Instant>,
}

impl Default for Queue {
    fn default() -> Self {
        Self {
            waiting: VecDeque::new(),
            running: 0,
            most: MOST,
            rests: None,
        }
    }
}

struct Asker {
    /// One for each item.
    values: Vec<String>,
    /// Dropped without an answer, it says: ask alone.
    answer: oneshot::Sender<Found>,
}

/// The one row where items have these values, fetched together with others; `None` where one has to ask alone.
///
/// # Errors
/// [`Error::Limit`] when it takes too long.
pub(super) async fn ask(engine: &Engine, governed: &Arc<Governed>, keys: &Keys<'_>) -> Option<Result<Found, Error>> {
    governed.source.postgres()?;
    // An error says itself again to who asks alone.
    let keyed = keyed(governed, keys, 2).ok()??;
    keyed.together.as_ref()?;
    let (answer, found) = oneshot::channel();
    let values = keys.iter().map(|(_, value)| (*value).to_owned()).collect();
    if keyed.gather.join(Asker { values, answer })? {
        let turn = Turn {
            keyed: Arc::clone(&keyed),
            over: false,
        };
        tokio::spawn(turn.take(engine.clone(), Arc::clone(governed)));
    }
    match tokio::time::timeout(PATIENCE, found).await {
        Ok(found) => found.ok().map(Ok),
        Err(_) => Some(Err(Error::Limit(LimitKind::Seconds(PATIENCE.as_secs())))),
    }
}

impl Gather {
    /// Waits. Is a turn to begin? `None` when nobody is to wait.
    fn join(&self, asker: Asker) -> Option<bool> {
        let mut queue = self.0.lock();
        if queue.waiting.len() >= WAITING || queue.rests.is_some_and(|it| it > Instant::now()) {
            return None;
        }
        queue.waiting.push_back(asker);
        let begins = queue.running < AT_ONCE;
        queue.running += usize::from(begins);
        Some(begins)
    }

    /// Who is served next; nobody, and the turn is over. Who does not wait any more is passed over.
    fn next(&self) -> Vec<Asker> {
        let mut queue = self.0.lock();
        queue.waiting.retain(|it| !it.answer.is_closed());
        let many = queue.waiting.len().min(queue.most);
        if many == 0 {
            queue.running -= 1;
        }
        queue.waiting.drain(..many).collect()
    }

    /// So many were fetched at once.
    fn went(&self, many: usize) {
        let mut queue = self.0.lock();
        if many == queue.most && many < MOST {
            queue.most += 1;
        }
    }

    /// So many were too many.
    fn too_many(&self, many: usize) {
        self.0.lock().most = (many / 2).max(1);
    }

    /// Nobody waits for a while.
    fn rest(&self, long: Duration) {
        self.0.lock().rests = Some(Instant::now() + long);
    }
}

/// Serves until nobody waits.
struct Turn {
    keyed: Arc<Keyed>,
    over: bool,
}

impl Drop for Turn {
    /// In the middle of it, those who wait ask alone.
    fn drop(&mut self) {
        if !self.over {
            let mut queue = self.keyed.gather.0.lock();
            queue.running -= 1;
            queue.waiting.clear();
        }
    }
}

impl Turn {
    async fn take(mut self, engine: Engine, governed: Arc<Governed>) {
        loop {
            let askers = self.keyed.gather.next();
            if askers.is_empty() {
                self.over = true;
                return;
            }
            let fetched = match &*askers {
                [only] => fetch_one(&engine, &governed, &self.keyed, only)
                    .await
                    .map(|it| vec![it]),
                all => fetch(&engine, &governed, &self.keyed, all).await,
            };
            match fetched {
                Ok(found) => {
                    self.keyed.gather.went(askers.len());
                    for (asker, found) in askers.into_iter().zip(found) {
                        let _gone = asker.answer.send(found);
                    }
                }
                // Whoever asks next finds the statements made anew.
                Err(Failed::Changed) => governed.lookups.write().clear(),
                Err(Failed::Other(error)) => {
                    if askers.len() > 1 {
                        self.keyed.gather.rest(FAILED);
                    }
                    tracing::debug!(
                        error = &error as &dyn std::error::Error,
                        "records could not be fetched together"
                    );
                }
            }
        }
    }
}

/// What one asked for whom nobody has joined.
async fn fetch_one(engine: &Engine, governed: &Governed, keyed: &Keyed, asker: &Asker) -> Result<Found, Failed> {
    let database = governed.source.postgres().ok_or_else(|| lost("no database"))?;
    let values = asker.values.iter().map(String::as_str);
    let rows = super::fetch(engine, governed, database, keyed, values).await?;
    match rows.num_rows() {
        0 => Ok(Found::Nothing),
        1 => keyed.one(&rows).map(Found::One).map_err(Failed::Other),
        _ => Ok(Found::Several),
    }
}

fn lost(what: &'static str) -> Failed {
    Failed::Other(Error::internal(what))
}

/// What each of them asked for.
async fn fetch(engine: &Engine, governed: &Governed, keyed: &Keyed, askers: &[Asker]) -> Result<Vec<Found>, Failed> {
    let database = governed.source.postgres().ok_or_else(|| lost("no database"))?;
    let together = keyed.together.as_ref().ok_or_else(|| lost("no statement"))?;
    let _permit = engine.lookup_permit().await.map_err(Failed::Other)?;
    let (at, lane) = database.lanes.lane(database).await.map_err(Failed::Other)?;
    let refused = |_: &Failed| keyed.gather.rest(REFUSED);
    let statement = together.on(at, &lane).await.inspect_err(refused)?;
    let of = |item: usize| -> Vec<&str> {
        let values = askers.iter().filter_map(|it| it.values.get(item));
        values.map(String::as_str).collect()
    };
    let values: Vec<Vec<&str>> = (0..keyed.names.len()).map(of).collect();
    let rows = lane.client.query_raw(&statement, values).await.map_err(Failed::of)?;
    let mut places: Vec<i64> = Vec::with_capacity(askers.len());
    let arrived = keyed
        .arrive(rows, 1, askers.len(), |row| {
            places.push(row.try_get(0).map_err(Failed::of)?);
            Ok(())
        })
        .await?;
    let Some(arrived) = arrived else {
        keyed.gather.too_many(askers.len());
        return Err(lost("more than a batch holds"));
    };
    let rows = governed.pass(&keyed.passage, &arrived).map_err(Failed::Other)?;
    if rows.num_rows() != places.len() {
        return Err(lost("rows without an asker"));
    }
    let cells = keyed
        .shape
        .cells(&rows)
        .map_err(|it| Failed::Other(Error::internal(it)))?;
    let (mut text, mut lines) = (Vec::with_capacity(256 * places.len()), Vec::with_capacity(places.len()));
    for row in 0..places.len() {
        let from = text.len();
        keyed.json.write(&cells, row, &mut text);
        text.push(b'\n');
        lines.push(from..text.len());
    }
    let text = Bytes::from(text);
    let cut = |line| match text.slice(line) {
        it if text.len() > KEPT => Bytes::copy_from_slice(&it),
        it => it,
    };
    let mut found: Vec<Found> = askers.iter().map(|_| Found::Nothing).collect();
    for (line, place) in lines.into_iter().zip(places) {
        let at = usize::try_from(place - 1).ok().and_then(|it| found.get_mut(it));
        let at = at.ok_or_else(|| lost("a row of nobody"))?;
        *at = match at {
            Found::Nothing => Found::One(cut(line)),
            _ => Found::Several,
        };
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn asker(no: usize) -> (Asker, oneshot::Receiver<Found>) {
        let (answer, found) = oneshot::channel();
        let values = vec![no.to_string()];
        (Asker { values, answer }, found)
    }

    #[test]
    fn who_comes_while_statements_run_is_served_by_the_next() {
        let gather = Gather::default();
        let mut wait = Vec::new();
        let mut join = |no| {
            let (asker, found) = asker(no);
            wait.push(found);
            gather.join(asker)
        };
        assert_eq!((join(0), join(1)), (Some(true), Some(true)), "nobody waits for company");
        let first = gather.next();
        assert_eq!(first.len(), 2, "who began second comes with the first");
        for no in 2..100 {
            assert_eq!(join(no), Some(false));
        }
        // Who has left is passed over.
        assert_eq!(gather.join(asker(0).0), Some(false));
        assert_eq!(gather.next().len(), MOST);
        let rest = gather.next();
        assert_eq!(rest.len(), 98 - MOST);
        assert_eq!(rest.last().unwrap().values, ["99"], "nobody is left out");
        assert!(gather.next().is_empty() && gather.next().is_empty());
        assert_eq!((join(100), gather.0.lock().running), (Some(true), 1));
    }

    #[test]
    fn large_records_are_fetched_in_smaller_numbers() {
        let gather = Gather::default();
        let most = || gather.0.lock().most;
        gather.too_many(MOST);
        assert_eq!(most(), MOST / 2);
        gather.went(MOST / 2);
        gather.went(3);
        assert_eq!(
            most(),
            MOST / 2 + 1,
            "only what was as large as could be says that more may be"
        );
        gather.too_many(1);
        assert_eq!(most(), 1);
    }

    #[test]
    fn too_many_and_all_after_a_refusal_ask_alone() {
        let gather = Gather::default();
        for no in 0..WAITING {
            assert!(gather.join(asker(no).0).is_some());
        }
        assert_eq!(gather.join(asker(0).0), None);
        assert!(gather.next().is_empty(), "who has left is fetched for nobody");
        gather.0.lock().rests = Some(Instant::now() + REFUSED);
        assert_eq!(gather.join(asker(0).0), None);
        gather.0.lock().rests = Some(Instant::now());
        assert_eq!(gather.join(asker(0).0), Some(true));
    }
}
