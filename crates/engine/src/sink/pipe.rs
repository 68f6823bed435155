//! Chunks that come as the source's own tuples, in lanes: see [`crate::Pipe`].

use std::collections::{BTreeMap, VecDeque};

use futures::{StreamExt, stream::FuturesUnordered};
use parking_lot::Mutex;
use vocab::{SinkSpec, SourceKind, Timestamp};

use super::{
    ChunkDone, Error, Fit, Options, Preflight, Sink, Target, Totals, fit,
    postgres::{Lane, Postgres, Tuples},
};
use crate::{
    digest::RowSum,
    pipe::{Part, Pipe, Why},
    shape::Shape,
    source::postgres::{Line, Postgres as Source},
};

/// Can the target take tuples? `None` when it can, else why not.
///
/// # Errors
/// [`crate::Error::Source`] when it does not answer.
pub async fn takes_tuples(spec: &SinkSpec) -> Result<Option<Why>, crate::Error> {
    if spec.target.kind != SourceKind::Postgres {
        return Ok(Some(Why::TargetKind));
    }
    let utf8 = Source::open(&spec.target)?.is_utf8().await?;
    Ok((!utf8).then_some(Why::Encoding))
}

/// What each column of a pass-through becomes in the target: its type in the source, or text.
#[must_use]
pub fn piped_preflight(spec: &SinkSpec, shape: &Shape, pipe: &Pipe) -> Preflight {
    let mut preflight = fit::preflight(spec, shape);
    for (fit, column) in preflight.columns.iter_mut().zip(pipe.columns()) {
        fit.target_type.clone_from(&column.declared);
        fit.fits
            .retain(|it| matches!(it, Fit::Mapped(super::Note::NameChanged)));
        fit.fits.insert(0, column.fit);
    }
    let mut keys = shape
        .columns
        .iter()
        .zip(pipe.columns())
        .filter(|(it, _)| it.key)
        .peekable();
    preflight.key = keys.peek().is_some() && keys.all(|(_, it)| it.orderable);
    preflight
}

/// What all lanes of a copy share.
struct Course<'a> {
    pipe: &'a Pipe,
    arrays: Vec<bool>,
    waiting: Mutex<VecDeque<&'a Part>>,
    done: Mutex<Done>,
    at: &'a (dyn Fn() -> Timestamp + Send + Sync),
    progress: &'a (dyn Fn(RowSum, u64) + Send + Sync),
}

/// How far all lanes are.
#[derive(Default)]
struct Done {
    /// Rows of the chunks that stand.
    standing: RowSum,
    /// How many chunks these are.
    chunks: u64,
    /// What was sent of chunks that do not stand yet, by their numbers.
    under_way: BTreeMap<u64, RowSum>,
    /// Chunks that were loaded just now.
    new: Vec<ChunkDone>,
}

impl Done {
    fn sent(&self) -> RowSum {
        let mut sent = self.standing;
        self.under_way.values().for_each(|it| sent.merge(it));
        sent
    }
}

impl Course<'_> {
    /// So much of a chunk was sent.
    fn hear(&self, no: u64, so_far: RowSum) -> Result<(), crate::Error> {
        let (sent, chunks) = {
            let mut done = self.done.lock();
            done.under_way.insert(no, so_far);
            (done.sent(), done.chunks)
        };
        self.pipe.within(sent.rows)?;
        (self.progress)(sent, chunks);
        Ok(())
    }

    fn stands(&self, chunk: ChunkDone) {
        let (sent, chunks) = {
            let mut done = self.done.lock();
            done.under_way.remove(&chunk.no);
            done.standing.merge(&chunk.source);
            done.chunks += 1;
            done.new.push(chunk);
            (done.sent(), done.chunks)
        };
        (self.progress)(sent, chunks);
    }

    /// Takes one part after another, until none waits; gives back the line, which holds the table.
    async fn work(&self, mut line: Line, lane: Lane, standing: &BTreeMap<u64, ChunkDone>) -> Result<Line, Error> {
        loop {
            let next = self.waiting.lock().pop_front();
            let Some(part) = next else { return Ok(line) };
            let sql = self.pipe.sql(part).map_err(|it| Error::Rows(Box::new(it)))?;
            match standing.get(&part.no) {
                Some(expected) => self.compare(&mut line, &sql, expected).await?,
                None => self.load(&mut line, &lane, &sql, part.no).await?,
            }
        }
    }

    /// Reads a chunk that stands again: its pages have meant these rows at another moment, and may mean others now.
    async fn compare(&self, line: &mut Line, sql: &str, expected: &ChunkDone) -> Result<(), Error> {
        let now = line.digest(sql, &self.arrays, self.pipe.flight()).await;
        let now = now.map_err(|it| Error::Rows(Box::new(self.pipe.seen(it))))?;
        if now == expected.source {
            Ok(())
        } else {
            Err(Error::SourceChanged(expected.no))
        }
    }

    async fn load(&self, line: &mut Line, lane: &Lane, sql: &str, no: u64) -> Result<(), Error> {
        let hear = |so_far: RowSum| self.hear(no, so_far);
        let sum = lane
            .carry(line, sql, &self.arrays, self.pipe.flight(), hear)
            .await
            .map_err(|it| self.veiled(it))?;
        let done = ChunkDone {
            no,
            source: sum,
            loaded: sum,
            quarantined: 0,
        };
        lane.commit(&done, (self.at)()).await?;
        self.stands(done);
        Ok(())
    }

    /// The source's error as the consumer may see it.
    fn veiled(&self, error: Error) -> Error {
        match error {
            Error::Rows(it) => match it.downcast::<crate::Error>() {
                Ok(it) => Error::Rows(Box::new(self.pipe.seen(*it))),
                Err(it) => Error::Rows(it),
            },
            other => other,
        }
    }
}

impl Sink {
    /// Opens PostgreSQL for a run whose rows come as tuples: as [`Sink::open`], with columns of the source's own types.
    ///
    /// # Errors
    /// As [`Sink::open`].
    pub async fn open_piped(
        spec: &SinkSpec,
        shape: Shape,
        pipe: &Pipe,
        run: &str,
        options: Options,
    ) -> Result<Self, Error> {
        let preflight = piped_preflight(spec, &shape, pipe);
        let tuples = Tuples {
            arrays: pipe.arrays(),
            lanes: pipe.lanes(usize::MAX),
        };
        let target = Postgres::open(spec, &shape, &preflight, run, options, Some(tuples)).await?;
        let mut target: Box<dyn Target> = Box::new(target);
        let resumed = target.resume().await?;
        Ok(Self::resumed(target, shape, preflight, options, resumed))
    }

    /// Loads every part, each in one transaction with its checkpoint, several side by side, all read at one moment of the
    /// source. Parts that stand already are read again at that moment and compared by digest instead of written. `at` is
    /// asked for the time of each chunk; `progress` hears what was sent so far, and how many chunks stand, after every
    /// frame. Drop the future to cancel: chunks under way leave no trace.
    ///
    /// # Errors
    /// [`Error::SourceChanged`] when a part that stands is not what it was, or a part was attached to the source's table while
    /// it was read: start anew with [`Sink::restart`];
    /// [`Error::Refused`] when the target does not take a value of the source: tuples cannot be sorted out one by one, the
    /// columnar path can; [`Error::Rows`] with the source's error; [`Error::Database`], [`Error::Target`].
    pub async fn pipe(
        &mut self,
        pipe: &Pipe,
        parts: &[Part],
        at: &(dyn Fn() -> Timestamp + Send + Sync),
        progress: &(dyn Fn(RowSum, u64) + Send + Sync),
    ) -> Result<Totals, Error> {
        // The target's connections come first: the source's table is not held while they are waited for.
        let lanes = self.lanes(pipe.lanes(parts.len())).await?;
        let moment = pipe.moment(lanes.len()).await;
        let moment = moment.map_err(|it| Error::Rows(Box::new(it)))?;
        let before = self.totals();
        let course = Course {
            pipe,
            arrays: pipe.arrays(),
            waiting: Mutex::new(parts.iter().collect()),
            done: Mutex::new(Done {
                standing: before.source,
                chunks: before.chunks,
                ..Done::default()
            }),
            at,
            progress,
        };
        let working = moment
            .lines
            .into_iter()
            .zip(lanes)
            .map(|(line, lane)| course.work(line, lane, &self.done));
        let ended = all(working.collect()).await;
        self.done
            .extend(course.done.into_inner().new.into_iter().map(|it| (it.no, it)));
        let lines = ended?;
        let still = pipe.is_still(&moment.form).await;
        drop(lines);
        if !still.map_err(|it| Error::Rows(Box::new(it)))? {
            return Err(Error::SourceChanged(parts.last().map_or(0, |it| it.no)));
        }
        let known = |no: &u64| parts.iter().any(|it| it.no == *no);
        match self.done.keys().find(|it| !known(it)) {
            Some(no) => Err(Error::SourceChanged(*no)),
            None => Ok(self.totals()),
        }
    }

    /// As many lanes as are asked for; fewer, but one, where the target has no more connections.
    async fn lanes(&mut self, wanted: usize) -> Result<Vec<Lane>, Error> {
        let mut lanes = vec![self.target.lane().await?];
        while lanes.len() < wanted {
            match self.target.lane().await {
                Ok(lane) => lanes.push(lane),
                Err(error) => {
                    tracing::info!(%error, "a target gave fewer connections than were asked for");
                    break;
                }
            }
        }
        Ok(lanes)
    }
}

async fn all<F: Future<Output = Result<Line, Error>>>(mut working: FuturesUnordered<F>) -> Result<Vec<Line>, Error> {
    let mut lines = Vec::new();
    while let Some(ended) = working.next().await {
        lines.push(ended?);
    }
    Ok(lines)
}
