//! Questions to data: sources of every kind behind one face, governed tables, SQL, profiles, fast lookups, encodings
//! and sinks.
//!
//! Invariants:
//! - Rows leave through [`Opened`] only, and an [`Opened`] holds governed tables only: row rules and masks are applied
//!   below everything an asker writes (see [`govern`]).
//! - No error of this crate holds a value of a row, and no answer outgrows its [`Limits`].
//! - Dropping an answer stops its work, in the source's server too.
//! - A code is never a number: files are text until the catalogue says otherwise, and declared types are read exactly or
//!   not at all.

pub mod digest;
pub mod encode;
mod error;
pub mod govern;
mod literal;
pub mod lookup;
mod native;
mod opened;
mod pipe;
pub mod profile;
mod rows;
mod sanitize;
pub mod select;
pub mod shape;
pub mod sink;
mod source;
mod sql;
pub mod testing;

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};
use vocab::{AgreementId, GovernedTable, SourceSpec, profile::TableInfo};

pub use arrow;
pub use arrow::{array::RecordBatch, datatypes::SchemaRef};
pub use error::{Cause, Error, LimitKind};
pub use opened::{Described, Extent, Opened, Page, Preview, bytes_of};
pub use pipe::{Part, Pipe, Why};
pub use rows::{Batches, Notes, Rows, Summary, noticed_ever};
pub use select::{After, Filter, FilterOp, Select, Sort};
pub use source::{
    Tested,
    quarantine::{BadRow, Report},
};
pub use sql::{Prepared, tables_of};

/// How long a source's description is trusted.
const DESCRIBED_FOR: Duration = Duration::from_secs(60);
/// Governed tables that are kept ready.
const READY: usize = 1000;
/// Lookups at the same time for each question at the same time: they are short.
const LOOKUPS: usize = 4;
/// Questions that may use all the memory of one question at the same time.
const FULL_QUESTIONS: usize = 4;

/// What one question may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of memory for joins, sorts and aggregates of one question. All questions together may use four times as much.
    pub memory_bytes: usize,
    /// Rows of one answer.
    pub rows: u64,
    /// Seconds from question to end of the answer.
    pub seconds: u64,
    /// Questions at the same time, in the whole engine.
    pub concurrent: usize,
    /// Lanes of one question.
    pub threads: usize,
    /// Unreadable rows of a file before reading it fails.
    pub bad_rows: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory_bytes: 256 << 20,
            rows: 10_000_000,
            seconds: 300,
            concurrent: 64,
            threads: 2,
            bad_rows: 10_000,
        }
    }
}

impl Limits {
    /// Without row and time limits: for deliveries, which have their own checkpoints.
    #[must_use]
    pub fn none() -> Self {
        Self {
            rows: u64::MAX,
            seconds: u64::MAX,
            ..Self::default()
        }
    }
}

#[derive(Debug)]
struct Remembered {
    info: TableInfo,
    at: Instant,
}

#[derive(Debug)]
struct Inner {
    limits: Limits,
    sources: Mutex<HashMap<SourceSpec, Arc<dyn source::Source>>>,
    described: Mutex<HashMap<(SourceSpec, String), Remembered>>,
    ready: Mutex<HashMap<(AgreementId, String), Arc<govern::Governed>>>,
    gate: Arc<Semaphore>,
    lookups: Semaphore,
    memory: Arc<sql::memory::Whole>,
}

/// Opens sources and answers questions. Cheap to clone; connections are pooled and shared.
#[derive(Debug, Clone)]
pub struct Engine(Arc<Inner>);

impl Engine {
    /// An engine without sources yet.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self(Arc::new(Inner {
            limits,
            sources: Mutex::default(),
            described: Mutex::default(),
            ready: Mutex::default(),
            lookups: Semaphore::new(
                limits
                    .concurrent
                    .saturating_mul(LOOKUPS)
                    .clamp(1, Semaphore::MAX_PERMITS),
            ),
            memory: Arc::new(sql::memory::Whole::new(
                limits.memory_bytes.saturating_mul(FULL_QUESTIONS),
            )),
            gate: Arc::new(Semaphore::new(limits.concurrent.clamp(1, Semaphore::MAX_PERMITS))),
        }))
    }

    /// The engine's limits.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.0.limits
    }

    fn source(&self, spec: &SourceSpec) -> Result<Arc<dyn source::Source>, Error> {
        if let Some(it) = self.0.sources.lock().get(spec) {
            return Ok(Arc::clone(it));
        }
        let opened = source::open(spec, &self.0.limits)?;
        self.0.sources.lock().insert(spec.clone(), Arc::clone(&opened));
        Ok(opened)
    }

    /// Connects to a source and asks who it is.
    ///
    /// # Errors
    /// [`Error::Source`] with the cause.
    pub async fn test(&self, spec: &SourceSpec) -> Result<Tested, Error> {
        let source = source::open(spec, &self.0.limits)?;
        let begin = Instant::now();
        let version = source.version().await?;
        let latency_ms = u64::try_from(begin.elapsed().as_millis()).unwrap_or(u64::MAX);
        let tables = source.tables().await?.len() as u64;
        Ok(Tested {
            version,
            latency_ms,
            tables,
        })
    }

    /// The tables of a source with columns, comments, keys and row estimates.
    ///
    /// # Errors
    /// [`Error::Source`] with the cause.
    pub async fn tables(&self, spec: &SourceSpec) -> Result<Vec<TableInfo>, Error> {
        self.source(spec)?.tables().await
    }

    /// One table of a source; the answer is trusted for a minute.
    ///
    /// # Errors
    /// [`Error::Source`] with the cause.
    pub async fn table(&self, spec: &SourceSpec, table: &str) -> Result<TableInfo, Error> {
        let key = (spec.clone(), table.to_owned());
        if let Some(it) = self.0.described.lock().get(&key)
            && it.at.elapsed() < DESCRIBED_FOR
        {
            return Ok(it.info.clone());
        }
        let info = self.source(spec)?.table(table).await?;
        self.0.described.lock().insert(
            key,
            Remembered {
                info: info.clone(),
                at: Instant::now(),
            },
        );
        Ok(info)
    }

    /// Forgets connections and descriptions of a source (after its options changed).
    pub fn forget(&self, spec: &SourceSpec) {
        self.0.sources.lock().remove(spec);
        self.0.described.lock().retain(|(it, _), _| it != spec);
        self.0.ready.lock().retain(|_, it| it.table.source != *spec);
    }

    /// Forgets the description of one table, which has changed.
    pub(crate) fn forget_table(&self, spec: &SourceSpec, table: &str) {
        self.0.described.lock().remove(&(spec.clone(), table.to_owned()));
        let mut ready = self.0.ready.lock();
        ready.retain(|_, it| it.table.source != *spec || it.table.table != table);
    }

    /// Reads a whole table of a file for rows that cannot be read as their declared types; `columns` are names and
    /// types. Databases answer with an empty report.
    ///
    /// # Errors
    /// [`Error::Source`] when the file cannot be read at all; [`Error::Limit`] past the limit of bad rows is not raised
    /// here: all bad rows are counted.
    pub async fn check(
        &self,
        spec: &SourceSpec,
        table: &str,
        columns: &[(String, vocab::DataType)],
    ) -> Result<Report, Error> {
        let source = self.source(spec)?;
        let info = source.table(table).await?;
        let wanted: Vec<_> = columns
            .iter()
            .map(|(column, data_type)| source::Wanted {
                column: column.clone(),
                data_type: *data_type,
            })
            .collect();
        source.quarantine(&info, &wanted).await
    }

    /// Opens governed tables for one consumer. What sources say when they fail is for their owners: a consumer learns the
    /// cause only, now and in everything that is asked of the tables.
    ///
    /// # Errors
    /// [`Error::Source`] when a source cannot be reached or has changed, or a rule or mask does not fit any more;
    /// [`Error::Question`] when two tables have the same name.
    pub async fn open(&self, tables: Vec<GovernedTable>) -> Result<Opened, Error> {
        self.open_all(tables, false).await
    }

    /// The same for the owner of the sources, who is told everything.
    ///
    /// # Errors
    /// As [`Engine::open`], and [`Error::Question`] when a rule or mask does not fit.
    pub async fn open_for_owner(&self, tables: Vec<GovernedTable>) -> Result<Opened, Error> {
        self.open_all(tables, true).await
    }

    async fn open_all(&self, tables: Vec<GovernedTable>, owner: bool) -> Result<Opened, Error> {
        let mut opened: Vec<Arc<govern::Governed>> = Vec::with_capacity(tables.len());
        for table in tables {
            if opened.iter().any(|it| it.table.name == table.name) {
                return Err(Error::question(format!("two tables are named `{}`", table.name)));
            }
            opened.push(self.governed(table, owner).await?);
        }
        Ok(Opened::new(self.clone(), opened))
    }

    /// A table made ready; the one of before where nothing has changed, with what it has prepared.
    pub(crate) async fn governed(&self, table: GovernedTable, owner: bool) -> Result<Arc<govern::Governed>, Error> {
        let name = table.name.clone();
        let seen = |it: Error| if owner { it } else { it.veiled(&name) };
        let source = self.source(&table.source).map_err(seen)?;
        let info = self.table(&table.source, &table.table).await.map_err(seen)?;
        let key = (table.agreement, table.name.clone());
        if let Some(it) = self.0.ready.lock().get(&key)
            && (it.owner, &it.table, &it.info) == (owner, &table, &info)
        {
            return Ok(Arc::clone(it));
        }
        let mut governed = govern::Governed::new(table, source, info).map_err(seen)?;
        governed.owner = owner;
        let governed = Arc::new(governed);
        if !owner {
            let mut ready = self.0.ready.lock();
            if ready.len() >= READY {
                ready.clear();
            }
            ready.insert(key, Arc::clone(&governed));
        }
        Ok(governed)
    }

    pub(crate) fn memory(&self) -> &Arc<sql::memory::Whole> {
        &self.0.memory
    }

    /// A place for one lookup: one atomic step while there is one.
    pub(crate) async fn lookup_permit(&self) -> Result<SemaphorePermit<'_>, Error> {
        if let Ok(it) = self.0.lookups.try_acquire() {
            return Ok(it);
        }
        let full = || Error::Limit(LimitKind::Concurrent(self.0.limits.concurrent * LOOKUPS));
        match tokio::time::timeout(Duration::from_secs(10), self.0.lookups.acquire()).await {
            Ok(it) => it.map_err(|_| full()),
            Err(_) => Err(full()),
        }
    }

    async fn permit(&self, limits: &Limits) -> Result<OwnedSemaphorePermit, Error> {
        let wait = Duration::from_secs(limits.seconds.min(10));
        let full = || Error::Limit(LimitKind::Concurrent(self.0.limits.concurrent));
        match tokio::time::timeout(wait, Arc::clone(&self.0.gate).acquire_owned()).await {
            Ok(it) => it.map_err(|_| full()),
            Err(_) => Err(full()),
        }
    }
}
