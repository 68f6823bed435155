//! Opening the cellar.

use std::{path::Path, time::Duration};

use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, SqliteTransactionMode, TransactionOptions,
    TransactionTrait,
};

use crate::{Error, Tx};

/// A handle on the database; cheap to clone.
#[derive(Clone)]
pub struct Db {
    readers: DatabaseConnection,
    writers: DatabaseConnection,
    sqlite: bool,
}

impl Db {
    /// Opens `sqlite:PATH` (made when absent) or `postgres://…`, and brings its tables to the newest version.
    ///
    /// On SQLite one connection writes (write-ahead log, `synchronous=FULL`: a commit is on disk) and eight read.
    ///
    /// # Errors
    /// [`Error::Url`] for another URL; [`Error::Db`] when it cannot be reached or migrated.
    pub async fn open(url: &str) -> Result<Self, Error> {
        let db = Self::connect(url).await?;
        crate::migrate::up(&db.writers).await?;
        Ok(db)
    }

    async fn connect(url: &str) -> Result<Self, Error> {
        if let Some(path) = url.strip_prefix("sqlite:") {
            let path = path.trim_start_matches("//");
            if let Some(folder) = Path::new(path).parent() {
                std::fs::create_dir_all(folder)?;
            }
            let writers = Database::connect(sqlite_options(path, 1, false)).await?;
            writers.execute_unprepared("PRAGMA journal_mode=WAL").await?;
            let readers = Database::connect(sqlite_options(path, 8, true)).await?;
            return Ok(Self {
                readers,
                writers,
                sqlite: true,
            });
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            let mut options = ConnectOptions::new(url);
            options
                .max_connections(16)
                .connect_timeout(Duration::from_secs(10))
                .sqlx_logging(false);
            let both = Database::connect(options).await?;
            return Ok(Self {
                readers: both.clone(),
                writers: both,
                sqlite: false,
            });
        }
        Err(Error::Url)
    }

    /// Begins a transaction that can only look.
    ///
    /// # Errors
    /// [`Error::Db`].
    pub async fn read(&self) -> Result<Tx, Error> {
        let options = TransactionOptions {
            access_mode: (!self.sqlite).then_some(sea_orm::AccessMode::ReadOnly),
            ..TransactionOptions::default()
        };
        Ok(Tx::new(
            self.readers.begin_with_options(options).await?,
            self.sqlite,
            false,
        ))
    }

    /// Begins a transaction that may write. Dropped, it leaves no trace.
    ///
    /// # Errors
    /// [`Error::Db`].
    pub async fn write(&self) -> Result<Tx, Error> {
        let options = TransactionOptions {
            sqlite_transaction_mode: self.sqlite.then_some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        Ok(Tx::new(
            self.writers.begin_with_options(options).await?,
            self.sqlite,
            true,
        ))
    }

    /// The one connection that writes, on SQLite.
    pub(crate) fn sqlite_writer(&self) -> Option<&sea_orm::sqlx::SqlitePool> {
        self.sqlite.then(|| self.writers.get_sqlite_connection_pool())
    }

    /// Is it SQLite?
    #[must_use]
    pub const fn is_sqlite(&self) -> bool {
        self.sqlite
    }

    /// Does it answer?
    ///
    /// # Errors
    /// [`Error::Db`].
    pub async fn ping(&self) -> Result<(), Error> {
        Ok(self.readers.ping().await?)
    }

    /// Closes every connection.
    ///
    /// # Errors
    /// [`Error::Db`].
    pub async fn close(self) -> Result<(), Error> {
        self.readers.close_by_ref().await?;
        self.writers.close_by_ref().await?;
        Ok(())
    }
}

/// `only_look`: SQLite itself refuses whatever would write on these connections, also an `update … returning` that is
/// sent as a question.
fn sqlite_options(path: &str, connections: u32, only_look: bool) -> ConnectOptions {
    let mut options = ConnectOptions::new(format!("sqlite://{path}?mode=rwc"));
    options
        .max_connections(connections)
        .min_connections(1)
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(move |it| {
            it.foreign_keys(true)
                .busy_timeout(Duration::from_secs(30))
                .pragma("synchronous", "FULL")
                .pragma("cache_size", "-4000")
                .pragma("query_only", if only_look { "ON" } else { "OFF" })
        });
    options
}
