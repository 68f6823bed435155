//! Real servers and real files, where they are at hand.

use std::{
    io::Write as _,
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
};

use mysql_async::prelude::Queryable;
use platform::vocab::{SourceKind, SourceSpec};

use crate::Failure;

static NEXT: AtomicU32 = AtomicU32::new(0);

/// Says loudly that something was skipped, and what would make it run; writes it down where `JUTONG_TEST_SKIPS` names a
/// file, so that it is counted.
///
/// # Panics
/// When `JUTONG_TEST_REQUIRED` names it: then a test that cannot try everything fails.
#[allow(clippy::print_stderr, clippy::panic, reason = "a skipped test must be heard")]
pub fn skipped(what: &str, consequence: &str) {
    let line = format!("{what} is not there: {consequence}");
    let required = std::env::var("JUTONG_TEST_REQUIRED").unwrap_or_default();
    assert!(!required.split(',').any(|it| it == what), "{line}");
    eprintln!("SKIPPED: {line}");
    if let Some(path) = std::env::var_os("JUTONG_TEST_SKIPS") {
        let written = std::fs::OpenOptions::new()
            .append(true)
            .create(true)
            .open(path)
            .and_then(|mut file| writeln!(file, "{line}"));
        assert!(written.is_ok(), "a skipped test must be counted: {written:?}");
    }
}

/// A server's URL from the environment: `JUTONG_TEST_POSTGRES`, `JUTONG_TEST_MYSQL`.
#[must_use]
pub fn url(name: &str) -> Option<String> {
    let found = std::env::var(name).ok().filter(|it| !it.is_empty());
    if found.is_none() {
        skipped(name, "the part of this test that needs the server does not run");
    }
    found
}

/// `scheme://user:password@host:port/database` as a source's options.
///
/// # Errors
/// When the URL has another form.
pub fn spec(kind: SourceKind, url: &str, port: &str) -> Result<SourceSpec, Failure> {
    let rest = url.split_once("://").ok_or("no scheme")?.1;
    let (login, rest) = rest.rsplit_once('@').ok_or("no user")?;
    let (address, database) = rest.split_once('/').ok_or("no database")?;
    let (user, password) = login.split_once(':').unwrap_or((login, ""));
    let (host, port) = address.rsplit_once(':').unwrap_or((address, port));
    let mut spec = SourceSpec::new(kind)
        .with("host", host)
        .with("port", port)
        .with("database", database)
        .with("user", user);
    spec.secret = Some(password.to_owned()).filter(|it| !it.is_empty());
    Ok(spec)
}

/// A database of a test's own on a real server; it is dropped with this value.
pub struct Database {
    /// How a node reaches it.
    pub spec: SourceSpec,
    /// How a driver reaches it.
    pub url: String,
    server: String,
    name: String,
}

impl Database {
    /// On PostgreSQL, where `JUTONG_TEST_POSTGRES` names a server.
    ///
    /// # Errors
    /// When the server fails.
    pub async fn postgres() -> Result<Option<Self>, Failure> {
        let Some(server) = url("JUTONG_TEST_POSTGRES") else {
            return Ok(None);
        };
        let it = Self::named(SourceKind::Postgres, server, "5432")?;
        run(
            it.spec.kind,
            &it.server,
            &format!("create database {} encoding 'UTF8' template template0", it.name),
        )
        .await?;
        Ok(Some(it))
    }

    /// On MySQL or MariaDB, where `JUTONG_TEST_MYSQL` names a server.
    ///
    /// # Errors
    /// When the server fails.
    pub async fn mysql() -> Result<Option<Self>, Failure> {
        let Some(server) = url("JUTONG_TEST_MYSQL") else {
            return Ok(None);
        };
        let it = Self::named(SourceKind::Mysql, server, "3306")?;
        run(
            it.spec.kind,
            &it.server,
            &format!("create database {} character set utf8mb4", it.name),
        )
        .await?;
        Ok(Some(it))
    }

    fn named(kind: SourceKind, server: String, port: &str) -> Result<Self, Failure> {
        let name = format!(
            "jutong_it_{}_{}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        );
        let spec = spec(kind, &server, port)?.with("database", &name);
        let base = server.rsplit_once('/').ok_or("no database")?.0;
        Ok(Self {
            url: format!("{base}/{name}"),
            spec,
            server,
            name,
        })
    }

    /// Does some SQL in it.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn run(&self, sql: &str) -> Result<(), Failure> {
        run(self.spec.kind, &self.url, sql).await
    }

    /// The rows of a query, each value as text; NULL is `None`.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn rows(&self, sql: &str) -> Result<Vec<Vec<Option<String>>>, Failure> {
        match self.spec.kind {
            SourceKind::Postgres => {
                let rows = postgres(&self.url).await?.query(sql, &[]).await?;
                let texts = |row: &tokio_postgres::Row| (0..row.len()).map(|at| row.try_get(at)).collect();
                Ok(rows.iter().map(texts).collect::<Result<_, _>>()?)
            }
            _ => {
                let mut link = mysql_async::Conn::from_url(&self.url).await?;
                let rows: Vec<mysql_async::Row> = link.query(sql).await?;
                link.disconnect().await?;
                let text = |value| match value {
                    mysql_async::Value::NULL => None,
                    mysql_async::Value::Bytes(it) => Some(String::from_utf8_lossy(&it).into_owned()),
                    other => Some(other.as_sql(true).trim_matches('\'').to_owned()),
                };
                Ok(rows
                    .into_iter()
                    .map(|row| row.unwrap().into_iter().map(text).collect())
                    .collect())
            }
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let sql = match self.spec.kind {
            SourceKind::Postgres => format!("drop database if exists {} with (force)", self.name),
            _ => format!("drop database if exists {}", self.name),
        };
        let (kind, server) = (self.spec.kind, self.server.clone());
        let work = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            if let Ok(runtime) = runtime
                && let Err(error) = runtime.block_on(run(kind, &server, &sql))
            {
                skipped("a test's database", &format!("it was not dropped: {error}"));
            }
        };
        drop(std::thread::spawn(work).join());
    }
}

async fn run(kind: SourceKind, url: &str, sql: &str) -> Result<(), Failure> {
    if kind == SourceKind::Postgres {
        return Ok(postgres(url).await?.batch_execute(sql).await?);
    }
    let mut link = mysql_async::Conn::from_url(url).await?;
    link.query_drop(sql).await?;
    Ok(link.disconnect().await?)
}

/// A connection to PostgreSQL without TLS.
///
/// # Errors
/// When it does not answer.
pub async fn postgres(url: &str) -> Result<tokio_postgres::Client, Failure> {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// A file of real input in the folder `JUTONG_TEST_DATA`, if it is there.
#[must_use]
pub fn real(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("JUTONG_TEST_DATA").filter(|it| !it.is_empty());
    let path = folder.map(|it| PathBuf::from(it).join(name)).filter(|it| it.is_file());
    if path.is_none() {
        skipped(&format!("JUTONG_TEST_DATA/{name}"), "invented rows are used instead");
    }
    path
}
