//! The running node: what every flow is given.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{
        Arc, Weak,
        atomic::{AtomicI64, Ordering},
    },
};

use catalog::search::Index;
use chrono::{DateTime, FixedOffset, NaiveDate, Utc};
use db::{Db, Tx};
use engine::Engine;
use ledger::LogKeys;
use policy::Rules;
use seal::{Suite, Vault};
use tokio::sync::Semaphore;
use vocab::Timestamp;

use crate::{Error, receipts::Receipts, release::Streams, shelf::Shelf};

/// What a node needs to know to start. Read from file, flags and environment by the binary, nowhere else.
#[derive(Debug, Clone)]
pub struct Config {
    /// `sqlite:PATH` or `postgres://…`.
    pub db_url: String,
    /// Folder for keys, log tiles, search index and files.
    pub data_dir: PathBuf,
    /// The node's name for people: 云州市.
    pub node: String,
    /// The ledger's origin, a name without scheme: `jutong.example.gov.cn/log`.
    pub origin: String,
    /// The division whose regional limits apply, six digits, or none.
    pub division: Option<String>,
    /// How the region writes its own resource codes; without it only those that departments give.
    pub local_codes: Option<catalog::code::LocalPattern>,
    /// Limits of one question.
    pub limits: engine::Limits,
    /// Local rules on top of the delivered ones, `(file, Cedar text)`: they only forbid.
    pub local_rules: Vec<(String, String)>,
    /// Do people reach this node over https? Cookies are for https alone then.
    pub https: bool,
    /// Folders that file sources and file deliveries may use; without one, files are refused.
    pub file_roots: Vec<PathBuf>,
    /// Folders of one organisation alone, by its unified social credit code.
    pub private_roots: BTreeMap<String, Vec<PathBuf>>,
}

impl Config {
    /// A node of that name with everything else as it is delivered: national limits, no files, no rules of its own.
    #[must_use]
    pub fn delivered(node: &str, db_url: String, data_dir: PathBuf) -> Self {
        Self {
            db_url,
            data_dir,
            node: node.to_owned(),
            origin: "jutong.invalid/log".to_owned(),
            division: None,
            local_codes: None,
            limits: engine::Limits::default(),
            local_rules: Vec::new(),
            https: false,
            file_roots: Vec::new(),
            private_roots: BTreeMap::new(),
        }
    }
}

/// Reads the time. A test may hold it still.
#[derive(Debug, Clone, Default)]
pub(crate) struct Clock(Option<Arc<AtomicI64>>);

impl Clock {
    pub(crate) fn now(&self) -> Timestamp {
        match &self.0 {
            None => Utc::now(),
            Some(micros) => DateTime::from_timestamp_micros(micros.load(Ordering::SeqCst)).unwrap_or_default(),
        }
    }
}

/// Passwords that are hashed at the same time: each takes 19 MiB and a processor for a while, whoever asks.
const HASHES: usize = 4;
/// How long somebody waits for a turn to have a password hashed.
const HASH_WAIT: std::time::Duration = std::time::Duration::from_secs(10);

/// The running node. Shared by every door; cheap to share in an `Arc`.
pub struct App {
    /// Itself, for work that outlives the call that began it.
    pub(crate) me: Weak<Self>,
    pub(crate) db: Db,
    pub(crate) engine: Engine,
    pub(crate) rules: Rules,
    pub(crate) vault: Vault,
    pub(crate) log: LogKeys,
    pub(crate) index: Arc<Index>,
    pub(crate) shelf: Arc<Shelf>,
    pub(crate) receipts: Receipts,
    pub(crate) streams: Arc<Streams>,
    pub(crate) hashing: Semaphore,
    pub(crate) clock: Clock,
    pub(crate) config: Config,
    pub(crate) known: crate::flow::know_actor::Cache,
    pub(crate) open: crate::flow::open_data::Cache,
}

impl App {
    /// Opens the node: database, keys (made at the first start), search index (which catches up), receipts.
    ///
    /// # Errors
    /// When one of them cannot be opened; the reason says which.
    pub async fn open(config: Config) -> Result<Arc<Self>, Error> {
        Self::open_at(config, Clock::default()).await
    }

    /// The same with a clock that stands still at `now` until [`App::set_now`]: for tests.
    ///
    /// # Errors
    /// As [`App::open`].
    pub async fn open_still(config: Config, now: Timestamp) -> Result<Arc<Self>, Error> {
        Self::open_at(config, Clock(Some(Arc::new(AtomicI64::new(now.timestamp_micros()))))).await
    }

    async fn open_at(config: Config, clock: Clock) -> Result<Arc<Self>, Error> {
        std::fs::create_dir_all(&config.data_dir).map_err(Error::internal)?;
        let keys = config.data_dir.join("keys");
        std::fs::create_dir_all(&keys).map_err(Error::internal)?;
        let db = Db::open(&config.db_url).await?;
        let local = config.local_rules.iter();
        let local: Vec<_> = local.map(|(file, text)| (file.as_str(), text.as_str())).collect();
        let rules = Rules::with_local(&local)?;
        let vault = Vault::open_or_create(&keys.join("vault.key"), Suite::National)?;
        let log = LogKeys::open_or_create(&keys, &config.origin)?;
        let index = Arc::new(Index::open(&config.data_dir.join("search")).map_err(catalog::Error::from)?);
        let engine = Engine::new(config.limits);
        let receipts = Receipts::start(db.clone());
        let shelf = Shelf::start(db.clone(), Arc::clone(&index));
        let app = Arc::new_cyclic(|me| Self {
            me: me.clone(),
            engine,
            rules,
            receipts,
            shelf,
            streams: Arc::default(),
            hashing: Semaphore::new(HASHES),
            known: crate::flow::know_actor::Cache::default(),
            open: crate::flow::open_data::Cache::default(),
            db,
            vault,
            log,
            index,
            clock,
            config,
        });
        crate::flow::seed_limits::seed_limits(&app).await?;
        // Everything but the search is right without it, and it goes on trying.
        app.shelf.follow_soon().await;
        crate::flow::close_releases::close_releases(&app).await?;
        Ok(app)
    }

    /// The node stops: releases that are still open are closed as broken with what has left of them, and every closing
    /// receipt is in the ledger when this returns.
    pub async fn finish(&self) {
        self.streams.finish(&self.receipts, &self.clock).await;
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Moves a still clock; a running one is not moved.
    pub fn set_now(&self, now: Timestamp) {
        if let Some(micros) = &self.clock.0 {
            micros.store(now.timestamp_micros(), Ordering::SeqCst);
        }
    }

    /// Today in the node's zone (Beijing time, in which offices count their days).
    #[must_use]
    pub fn today(&self) -> NaiveDate {
        beijing(self.now()).date_naive()
    }

    /// Slow work on passwords, off the async threads and only a few at a time.
    ///
    /// # Errors
    /// [`Error::Busy`] when no turn came in time.
    pub(crate) async fn hash<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
        let turn = tokio::time::timeout(HASH_WAIT, self.hashing.acquire())
            .await
            .map_err(|_| Error::Busy)?
            .map_err(Error::internal)?;
        let done = tokio::task::spawn_blocking(work).await.map_err(Error::internal)?;
        drop(turn);
        Ok(done)
    }

    /// The configuration.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// Begins a transaction that can only look.
    pub(crate) async fn read(&self) -> Result<Tx, Error> {
        Ok(self.db.read().await?)
    }

    /// The folder of the log's tiles.
    #[must_use]
    pub fn log_dir(&self) -> PathBuf {
        self.config.data_dir.join("log")
    }

    /// Is the database there?
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn ping(&self) -> Result<(), Error> {
        Ok(self.db.ping().await?)
    }
}

/// Beijing time: UTC+8 without summer time (GB/T 7408).
#[must_use]
pub fn beijing(at: Timestamp) -> DateTime<FixedOffset> {
    const EAST_8: i32 = 8 * 3600;
    match FixedOffset::east_opt(EAST_8) {
        Some(zone) => at.with_timezone(&zone),
        None => at.fixed_offset(),
    }
}
