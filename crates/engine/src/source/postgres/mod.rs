//! PostgreSQL. Rows come as `COPY (SELECT …) TO STDOUT (FORMAT binary)` and are decoded straight into columns.
//!
//! Options: `host`, `port`, `database`, `user`, `sslmode`, `sslrootcert` (see [`tls`]); secret: password. Sessions are
//! read-only, in UTC, with the server's catalogue first on their path (see [`session`]), and a dropped scan cancels its query
//! on the server.

mod brake;
mod decode;
mod line;
mod meta;
mod session;
mod tls;

pub(crate) use brake::Brake;
pub(crate) use decode::cell;
pub(crate) use line::{FRAME, Hold, Line, malformed};
pub(crate) use meta::Form;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::BytesMut;
use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime};
use futures::StreamExt;
use tokio_postgres::{
    Client, Config,
    error::{DbError, SqlState},
};
use vocab::{SourceSpec, profile::TableInfo};

use super::{
    Scan, Source, Wire,
    dialect::Dialect,
    io_error, option, port,
    pump::{self, Filling, Sender},
};
use crate::{
    error::{Cause, Error},
    rows::{Batches, Notes},
};

/// Connections for scans at the same time.
const CONNECTIONS: usize = 8;

/// A PostgreSQL database.
pub(crate) struct Postgres {
    config: Config,
    pool: Pool,
    tls: tls::Connector,
    /// Pipelined connections for lookups.
    pub lanes: crate::lookup::Lanes,
}

impl std::fmt::Debug for Postgres {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Postgres")
    }
}

impl Postgres {
    /// Reads the options.
    pub fn open(spec: &SourceSpec) -> Result<Self, Error> {
        let mut config = Config::new();
        let host = option(spec, "host")?;
        config
            .host(host)
            .port(port(spec, 5432)?)
            .dbname(option(spec, "database")?)
            .user(option(spec, "user")?)
            .application_name("jutong")
            .connect_timeout(Duration::from_secs(10))
            .keepalives_idle(Duration::from_secs(60))
            .options(session::SESSION);
        if let Some(secret) = &spec.secret {
            config.password(secret);
        }
        let (mode, tls) = tls::open(spec)?;
        config.ssl_mode(mode);
        let manager = Manager::from_connect(
            config.clone(),
            session::Pooled(tls.clone()),
            ManagerConfig {
                recycling_method: RecyclingMethod::Fast,
            },
        );
        let pool = Pool::builder(manager)
            .max_size(CONNECTIONS)
            .wait_timeout(Some(Duration::from_secs(30)))
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(Error::internal)?;
        Ok(Self {
            config,
            pool,
            tls,
            lanes: crate::lookup::Lanes::default(),
        })
    }

    /// A connection from the pool.
    pub async fn client(&self) -> Result<Object, Error> {
        self.pool.get().await.map_err(pool_error)
    }

    /// A connection of its own, for pipelined lookups.
    pub async fn dedicated(&self) -> Result<Client, Error> {
        self.reading(session::LOOKUPS).await
    }

    /// A connection of its own that is made to write: it finds names by the path of its role.
    pub async fn writer(&self) -> Result<Client, Error> {
        let opened = session::writing(&self.config, self.tls.clone()).await;
        opened.map(|(client, _)| client).map_err(error)
    }

    /// A connection of its own, for copies as tuples.
    pub async fn line(&self) -> Result<Line, Error> {
        let client = self.reading(session::LINES).await?;
        let brake = self.brake(&client);
        Ok(Line::new(client, brake))
    }

    /// Begins to read a table at one moment; nobody changes its form, empties or rewrites it until the end. Tells how the
    /// table is held.
    pub async fn begin(&self, line: &Line, table: &str) -> Result<Hold, Error> {
        if line.lock(table).await? {
            return Ok(Hold::Locked);
        }
        // Who reads waits for somebody's lock after the moment, and would miss the rows that were written anew until then.
        // So another one waits first, and holds the table until this one does.
        let first = self.line().await?;
        first.hold(table).await?;
        line.read(table).await?;
        Ok(Hold::Read)
    }

    /// Another one, at the moment that the first has exported.
    pub async fn line_at(&self, snapshot: &str, table: &str, hold: Hold) -> Result<Line, Error> {
        let line = self.line().await?;
        line.join(snapshot, table, hold).await?;
        Ok(line)
    }

    /// What ends the work of a connection when it is dropped in the middle of it.
    pub fn brake(&self, client: &Client) -> Brake {
        Brake::new(client, self.tls.clone())
    }

    /// Is the database of UTF-8?
    pub async fn is_utf8(&self) -> Result<bool, Error> {
        let asked = "SELECT current_setting('server_encoding'::text) = 'UTF8'";
        let row = self.client().await?.query_one(asked, &[]).await.map_err(error)?;
        row.try_get(0).map_err(error)
    }

    /// Pages of a table, by its quoted name; see [`meta::pages`].
    pub async fn pages(&self, quoted: &str) -> Result<Option<u64>, Error> {
        meta::pages(&*self.client().await?, quoted).await
    }

    /// The tables that a table's rows are in, by its quoted name; see [`meta::form`].
    pub async fn form(&self, quoted: &str) -> Result<Form, Error> {
        meta::form(&*self.client().await?, quoted).await
    }

    /// The server's estimate of the rows of a question.
    pub async fn estimate(&self, sql: &str) -> Result<Option<u64>, Error> {
        meta::estimate(&*self.client().await?, sql).await
    }

    async fn reading(&self, more: &str) -> Result<Client, Error> {
        let mut config = self.config.clone();
        config.options(format!("{} {more}", session::SESSION));
        let opened = session::reading(&config, self.tls.clone()).await;
        opened.map(|(client, _)| client).map_err(error)
    }
}

#[async_trait]
impl Source for Postgres {
    async fn version(&self) -> Result<String, Error> {
        let client = self.client().await?;
        let row = client
            .query_one("SELECT current_setting('server_version'::text)", &[])
            .await
            .map_err(error)?;
        Ok(format!("PostgreSQL {}", row.try_get::<_, String>(0).map_err(error)?))
    }

    async fn tables(&self) -> Result<Vec<TableInfo>, Error> {
        meta::tables(&*self.client().await?, None).await
    }

    async fn table(&self, name: &str) -> Result<TableInfo, Error> {
        let found = meta::tables(&*self.client().await?, Some(name)).await?;
        found
            .into_iter()
            .next()
            .ok_or_else(|| Error::source(Cause::TableMissing, format!("there is no table `{name}`")))
    }

    async fn scan(&self, info: &TableInfo, scan: Scan) -> Result<Batches, Error> {
        let (sql, wires) = Dialect::Postgres.select(info, &scan)?;
        self.query(sql, wires, scan.notes).await
    }

    fn dialect(&self) -> Option<Dialect> {
        Some(Dialect::Postgres)
    }

    fn postgres(&self) -> Option<&Postgres> {
        Some(self)
    }

    async fn query(&self, sql: String, wires: Vec<Wire>, notes: Arc<Notes>) -> Result<Batches, Error> {
        let client = self.client().await?;
        let tls = self.tls.clone();
        let (sender, stream) = pump::channel();
        tokio::spawn(async move {
            let cancel = client.cancel_token();
            let ended = tokio::select! {
                biased;
                () = sender.closed() => Err(Error::Cancelled),
                it = run(&client, &sql, &wires, &notes, &sender) => it,
            };
            if ended.is_err() {
                // The connection is given up: what is still under way on it must not meet the next question.
                let _ = cancel.cancel_query(tls).await;
                drop(Object::take(client));
            } else {
                drop(client);
            }
            sender.end(ended).await;
        });
        Ok(stream)
    }
}

async fn run(client: &Object, sql: &str, wires: &[Wire], notes: &Notes, sender: &Sender) -> Result<(), Error> {
    let copy = format!("COPY ({sql}) TO STDOUT (FORMAT binary)");
    let stream = client.copy_out(&copy).await.map_err(error)?;
    futures::pin_mut!(stream);
    let mut filling = Filling::new(wires);
    let mut reader = decode::Reader::default();
    let mut carry = BytesMut::new();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(error)?;
        let mut bytes: &[u8] = if carry.is_empty() {
            &chunk
        } else {
            carry.extend_from_slice(&chunk);
            &carry
        };
        let mut left = bytes.len();
        while let Some(rest) = reader.tuple(bytes, wires, &mut filling, notes)? {
            bytes = rest;
            left = bytes.len();
            if reader.row()
                && let Some(batch) = filling.row()?
            {
                sender.send(batch).await?;
            }
        }
        let keep = if left == 0 {
            BytesMut::new()
        } else {
            BytesMut::from(bytes)
        };
        carry = keep;
    }
    if !reader.is_over() {
        return Err(Error::source(
            Cause::Lost,
            "the server's answer broke off before its end",
        ));
    }
    match filling.rest()? {
        Some(batch) => sender.send(batch).await,
        None => Ok(()),
    }
}

/// An error of a connection or of the server, without values.
pub(crate) fn error(error: tokio_postgres::Error) -> Error {
    if let Some(db) = error.as_db_error() {
        return told(db);
    }
    let mut inner: Option<&(dyn std::error::Error + 'static)> = std::error::Error::source(&error);
    while let Some(it) = inner {
        if let Some(io) = it.downcast_ref::<std::io::Error>() {
            return match io_error(io) {
                Error::Source {
                    cause: Cause::FileMissing,
                    detail,
                } => Error::source(Cause::Refused, detail),
                other => other,
            };
        }
        inner = it.source();
    }
    let text = error.to_string();
    let cause = if error.is_closed() {
        Cause::Lost
    } else if text.contains("TLS") {
        Cause::Tls
    } else if text.contains("timeout") || text.contains("timed out") {
        Cause::Timeout
    } else if text.contains("password") || text.contains("authentication") {
        Cause::Auth
    } else {
        Cause::Other
    };
    Error::source(cause, text)
}

/// What the server told.
fn told(db: &DbError) -> Error {
    let code = db.code();
    let cause = match code {
        it if *it == SqlState::INVALID_PASSWORD || *it == SqlState::INVALID_AUTHORIZATION_SPECIFICATION => Cause::Auth,
        it if *it == SqlState::INVALID_CATALOG_NAME => Cause::DatabaseMissing,
        it if *it == SqlState::UNDEFINED_TABLE || *it == SqlState::INVALID_SCHEMA_NAME => Cause::TableMissing,
        it if *it == SqlState::UNDEFINED_COLUMN => Cause::ColumnMissing,
        it if *it == SqlState::INSUFFICIENT_PRIVILEGE => Cause::Permission,
        it if *it == SqlState::QUERY_CANCELED => Cause::Timeout,
        it if *it == SqlState::LOCK_NOT_AVAILABLE => {
            return Error::source(Cause::Timeout, "the table is locked by somebody who changes it");
        }
        it if *it == SqlState::TOO_MANY_CONNECTIONS => Cause::Refused,
        it if *it == SqlState::ADMIN_SHUTDOWN || *it == SqlState::CRASH_SHUTDOWN => Cause::Lost,
        _ => Cause::Other,
    };
    // Messages of these classes name users, databases, tables and columns, never values.
    let named = ["28", "3D", "42", "53", "57"]
        .iter()
        .any(|it| code.code().starts_with(it));
    let detail = if named {
        db.message().to_owned()
    } else {
        format!("the server answered with SQLSTATE {}", code.code())
    };
    Error::source(cause, detail)
}

fn pool_error(it: PoolError) -> Error {
    match it {
        PoolError::Backend(it) => error(it),
        PoolError::Timeout(_) => Error::source(Cause::Timeout, "no connection became free in time"),
        other => Error::internal(other),
    }
}
