//! Where rows go: a table of the consumer's PostgreSQL, MySQL/MariaDB or SQLite, or a file.
//!
//! A full copy in four steps. *Load*: rows go into `<table>__new` without any index; each chunk and its row in
//! `jutong_checkpoint` are one transaction of the target, so a chunk is there wholly and is known to be there, or is not.
//! *Finish*: the key is made. *Verify*: what stands in the target is read back and digested. *Swap*: one transaction puts
//! the new table in the old one's place; readers see the old rows or the new ones, never half. A failure at any point
//! leaves the old table; a new start with the same run skips the chunks that are there. Files do the same with parts
//! beside the file and a rename at the end.
//!
//! A row that the target cannot hold is put into quarantine with its key and the reason, the rest goes on, until the
//! run's error limit. Source digest = target digest + quarantine digest, or the run is not equal.
//!
//! Where a table was delivered before, [`Changes`] writes into it what differs, and nothing else.

mod changes;
mod chunk;
mod error;
mod files;
pub mod fit;
mod mysql;
mod mysql_link;
mod mysql_text;
mod names;
mod pgcopy;
mod pipe;
mod postgres;
mod quarantine;
mod readback;
mod sqlite;

use std::collections::BTreeMap;

use arrow::array::RecordBatch;
use async_trait::async_trait;
use futures::{Stream, StreamExt};
use serde::{Deserialize, Serialize};
use vocab::{DeliveryId, SinkSpec, SourceKind, Timestamp};

use crate::{
    digest::RowSum,
    shape::{Cells, Shape},
};
pub use changes::{Changes, Compared, PartDone, Size, Whole};
use chunk::Open;
pub use error::Error;
pub use fit::{ColumnFit, Fit, Note, Preflight};
pub use pipe::{piped_preflight, takes_tuples};
pub use quarantine::BadRow;
pub use readback::read_back;

/// How a run treats its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Options {
    /// May a table or file that no delivery made be replaced?
    pub replace: bool,
    /// Rows that may be put into quarantine before the run fails.
    pub error_limit: u64,
    /// Whose run it is: a file that another delivery made is a stranger's.
    #[serde(default)]
    pub delivery: Option<DeliveryId>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            replace: false,
            error_limit: 1000,
            delivery: None,
        }
    }
}

/// A chunk that stands in the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChunkDone {
    /// Its number in the plan.
    pub no: u64,
    /// The rows the source gave.
    pub source: RowSum,
    /// The rows that stand in the target.
    pub loaded: RowSum,
    /// Rows put into quarantine.
    pub quarantined: u64,
}

/// Sums over chunks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Totals {
    /// Chunks that stand in the target.
    pub chunks: u64,
    /// The rows the source gave.
    pub source: RowSum,
    /// The rows that were loaded: what reading back must find.
    pub loaded: RowSum,
    /// Rows put into quarantine.
    pub quarantined: u64,
}

/// What became of the key after loading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyState {
    /// A primary key was made.
    Made,
    /// The shape has no key, or the kind of target has none.
    None,
    /// Key values are missing, repeat or are too long; there is no primary key.
    NotUnique,
}

/// Where a run stands in its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Loading,
    Finished,
    Swapped,
}

/// What a kind of target does. All calls come in turn from [`Sink`].
#[async_trait]
trait Target: Send {
    /// Chunks of this run that stand already, and whether the run was swapped in already.
    async fn resume(&mut self) -> Result<(Vec<ChunkDone>, bool), Error>;
    /// Throws away what this run loaded, and begins it anew. What parts of changes put into quarantine stays.
    async fn restart(&mut self) -> Result<(), Error>;
    /// Begins a chunk's transaction; that of a part of changes counts from [`quarantine::PARTS`].
    async fn begin(&mut self, chunk: u64) -> Result<(), Error>;
    /// Rows of the open chunk; [`Error::Refused`] leaves the transaction as it was before the call.
    async fn insert(&mut self, batch: &RecordBatch, cells: &[Cells]) -> Result<(), Error>;
    /// Bad rows of the open chunk.
    async fn quarantine(&mut self, bad: &[BadRow], at: Timestamp) -> Result<(), Error>;
    /// The chunk's checkpoint, and the end of its transaction.
    async fn commit(&mut self, done: &ChunkDone, at: Timestamp) -> Result<(), Error>;
    /// Takes the open chunk back.
    async fn rollback(&mut self) -> Result<(), Error>;
    /// Makes the key.
    async fn finish(&mut self) -> Result<KeyState, Error>;
    /// Digests what was loaded, from the target.
    async fn verify(&mut self) -> Result<RowSum, Error>;
    /// Puts the new rows in the place of the old; what parts of changes put into quarantine goes.
    async fn swap(&mut self, loaded: &RowSum, at: Timestamp) -> Result<(), Error>;
    /// Removes what this run loaded; the old table stays.
    async fn abort(&mut self) -> Result<(), Error>;
    /// A connection that takes chunks as tuples, beside this one and beside others.
    async fn lane(&mut self) -> Result<postgres::Lane, Error> {
        Err(Error::Turn("only PostgreSQL takes tuples"))
    }
}

/// One run's writer. Dropped at any time, it leaves the target as the last finished step left it.
pub struct Sink {
    target: Box<dyn Target>,
    shape: Shape,
    preflight: Preflight,
    options: Options,
    done: BTreeMap<u64, ChunkDone>,
    stage: Stage,
}

impl std::fmt::Debug for Sink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sink")
            .field("stage", &self.stage)
            .field("chunks", &self.done.len())
            .finish_non_exhaustive()
    }
}

impl Sink {
    /// Opens the target for a run: looks at what is there ([`Preflight`]), makes the new table or goes on with the one
    /// that this run has begun ([`Sink::done`]).
    ///
    /// # Errors
    /// [`Error::Target`], [`Error::Database`], [`Error::Busy`], [`Error::Occupied`].
    pub async fn open(spec: &SinkSpec, shape: Shape, run: &str, options: Options) -> Result<Self, Error> {
        let preflight = fit::preflight(spec, &shape);
        let mut target: Box<dyn Target> = match spec.target.kind {
            SourceKind::Postgres => {
                Box::new(postgres::Postgres::open(spec, &shape, &preflight, run, options, None).await?)
            }
            SourceKind::Mysql => Box::new(mysql::Mysql::open(spec, &shape, &preflight, run, options).await?),
            SourceKind::Sqlite => Box::new(sqlite::Sqlite::open(spec, &shape, &preflight, run, options).await?),
            _ => Box::new(files::Files::open(spec, &shape, run, options).await?),
        };
        let resumed = target.resume().await?;
        Ok(Self::resumed(target, shape, preflight, options, resumed))
    }

    fn resumed(
        target: Box<dyn Target>,
        shape: Shape,
        preflight: Preflight,
        options: Options,
        (done, swapped): (Vec<ChunkDone>, bool),
    ) -> Self {
        Self {
            target,
            shape,
            preflight,
            options,
            done: done.into_iter().map(|it| (it.no, it)).collect(),
            stage: if swapped { Stage::Swapped } else { Stage::Loading },
        }
    }

    /// What each column becomes in the target.
    #[must_use]
    pub const fn preflight(&self) -> &Preflight {
        &self.preflight
    }

    /// Chunks that stand in the target, by number: those of an earlier start of the run too.
    #[must_use]
    pub const fn done(&self) -> &BTreeMap<u64, ChunkDone> {
        &self.done
    }

    /// Was this run swapped in already, before a crash could tell so? Then nothing is left to do.
    #[must_use]
    pub fn swapped(&self) -> bool {
        self.stage == Stage::Swapped
    }

    /// Sums over all chunks that stand.
    #[must_use]
    pub fn totals(&self) -> Totals {
        let mut all = Totals::default();
        for it in self.done.values() {
            all.chunks += 1;
            all.source.merge(&it.source);
            all.loaded.merge(&it.loaded);
            all.quarantined += it.quarantined;
        }
        all
    }

    /// Throws away every chunk of this run and begins anew (after [`Error::SourceChanged`]).
    ///
    /// # Errors
    /// [`Error`].
    pub async fn restart(&mut self) -> Result<(), Error> {
        self.target.restart().await?;
        self.done.clear();
        self.stage = Stage::Loading;
        Ok(())
    }

    /// Loads one chunk in one transaction with its checkpoint; a chunk that stands is skipped and its stream is not
    /// read. `progress` hears rows and bytes after every batch. Drop the future to cancel: the chunk leaves no trace.
    ///
    /// # Errors
    /// [`Error`]; the chunk left no trace.
    pub async fn load_chunk<S, E>(
        &mut self,
        no: u64,
        batches: S,
        at: Timestamp,
        progress: impl Fn(RowSum) + Send,
    ) -> Result<ChunkDone, Error>
    where
        S: Stream<Item = Result<RecordBatch, E>> + Send,
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        if let Some(done) = self.done.get(&no) {
            return Ok(*done);
        }
        let mut open = self.start(no).await?;
        let mut batches = std::pin::pin!(batches);
        while let Some(batch) = batches.next().await {
            let pushed = match batch {
                Ok(batch) => self.push(&mut open, &batch, at).await,
                Err(error) => Err(Error::Rows(error.into())),
            };
            if let Err(error) = pushed {
                let _ = self.target.rollback().await;
                return Err(error);
            }
            progress(open.done.source);
        }
        self.seal(open, at).await
    }

    /// Loads a source that cannot be read in parts: one stream, cut into chunks of `chunk_rows` rows in the order they
    /// come. Chunks that stand are read again and compared by digest instead of written; `at` is asked for the time of
    /// each chunk.
    ///
    /// # Errors
    /// [`Error::SourceChanged`] when the rows of a chunk that stands are not the same any more; otherwise as
    /// [`Sink::load_chunk`].
    pub async fn load_stream<S, E>(
        &mut self,
        batches: S,
        chunk_rows: u64,
        at: impl Fn() -> Timestamp + Send,
        progress: impl Fn(RowSum) + Send,
    ) -> Result<Totals, Error>
    where
        S: Stream<Item = Result<RecordBatch, E>> + Send,
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let loaded = self.stream_chunks(batches, chunk_rows.max(1), &at, &progress).await;
        if loaded.is_err() {
            let _ = self.target.rollback().await;
        }
        loaded
    }

    async fn stream_chunks<S, E>(
        &mut self,
        batches: S,
        chunk_rows: u64,
        at: &(impl Fn() -> Timestamp + Send),
        progress: &(impl Fn(RowSum) + Send),
    ) -> Result<Totals, Error>
    where
        S: Stream<Item = Result<RecordBatch, E>> + Send,
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let mut batches = std::pin::pin!(batches);
        let mut open = self.start_or_compare(0).await?;
        let mut before = RowSum::default();
        while let Some(batch) = batches.next().await {
            let mut batch = batch.map_err(|error| Error::Rows(error.into()))?;
            while batch.num_rows() > 0 {
                let room = usize::try_from(chunk_rows - open.done.source.rows).unwrap_or(usize::MAX);
                let take = room.min(batch.num_rows());
                self.push(&mut open, &batch.slice(0, take), at()).await?;
                batch = batch.slice(take, batch.num_rows() - take);
                let mut so_far = before;
                so_far.merge(&open.done.source);
                progress(so_far);
                if open.done.source.rows == chunk_rows {
                    before = so_far;
                    let next = open.done.no + 1;
                    self.seal(open, at()).await?;
                    open = self.start_or_compare(next).await?;
                }
            }
        }
        let (last, rest) = (open.done.no, open.done.source.rows);
        if rest > 0 || last == 0 {
            self.seal(open, at()).await?;
        } else {
            self.target.rollback().await?;
        }
        let end = if rest > 0 || last == 0 { last + 1 } else { last };
        match self.done.range(end..).next() {
            Some((no, _)) => Err(Error::SourceChanged(*no)),
            None => Ok(self.totals()),
        }
    }

    /// Makes the key. Comes after the last chunk.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn finish(&mut self) -> Result<KeyState, Error> {
        if self.stage == Stage::Swapped {
            return Err(Error::Turn("the run was swapped in already"));
        }
        let key = self.target.finish().await?;
        self.stage = Stage::Finished;
        Ok(key)
    }

    /// Reads what was loaded back from the target and digests it: equal to [`Totals::loaded`] when all is well.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn verify(&mut self) -> Result<RowSum, Error> {
        match self.stage {
            Stage::Finished => self.target.verify().await,
            _ => Err(Error::Turn("verify comes after finish and before swap")),
        }
    }

    /// Puts the new rows in the place of the old ones in one transaction.
    ///
    /// # Errors
    /// [`Error`]; the old table or file is as it was.
    pub async fn swap(&mut self, at: Timestamp) -> Result<(), Error> {
        match self.stage {
            Stage::Finished => {
                let loaded = self.totals().loaded;
                self.target.swap(&loaded, at).await?;
                self.stage = Stage::Swapped;
                Ok(())
            }
            Stage::Swapped => Ok(()),
            Stage::Loading => Err(Error::Turn("swap comes after finish")),
        }
    }

    /// Gives the run up: removes what it loaded; the old table or file stays.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn abort(mut self) -> Result<(), Error> {
        self.target.abort().await
    }

    async fn start(&mut self, no: u64) -> Result<Open, Error> {
        self.target.begin(no).await?;
        Ok(Open::writing(no, &self.shape))
    }

    async fn start_or_compare(&mut self, no: u64) -> Result<Open, Error> {
        match self.done.get(&no) {
            Some(expected) => Ok(Open::comparing(*expected, &self.shape)),
            None => self.start(no).await,
        }
    }

    async fn push(&mut self, open: &mut Open, batch: &RecordBatch, at: Timestamp) -> Result<(), Error> {
        let before = self.done.values().map(|it| it.quarantined).sum::<u64>();
        open.push(self.target.as_mut(), &self.shape, &self.preflight, batch, at)
            .await?;
        let bad = before + open.done.quarantined;
        if open.expected.is_none() && bad > self.options.error_limit {
            return Err(Error::TooManyBad(bad));
        }
        Ok(())
    }

    async fn seal(&mut self, open: Open, at: Timestamp) -> Result<ChunkDone, Error> {
        if let Some(expected) = open.expected {
            if expected.source != open.done.source {
                return Err(Error::SourceChanged(expected.no));
            }
            return Ok(expected);
        }
        self.target.commit(&open.done, at).await?;
        self.done.insert(open.done.no, open.done);
        Ok(open.done)
    }
}

#[cfg(test)]
mod tests;
