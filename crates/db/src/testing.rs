//! A fresh database for a test, on both databases the house supports.

use std::{
    path::Path,
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
};

use crate::{Db, Error};

/// A database that lives as long as the test.
pub struct Fresh {
    /// The open database.
    pub db: Db,
    /// Its URL, to open it again.
    pub url: String,
    _folder: Option<tempfile::TempDir>,
}

static NEXT: AtomicU32 = AtomicU32::new(0);
static TIDIED: AtomicBool = AtomicBool::new(false);

/// The PostgreSQL server that tests may use: `JUTONG_TEST_POSTGRES` (a URL of a database in which databases can be
/// created). `None` when it is not set: the tests then run on SQLite alone, and say so.
#[must_use]
pub fn postgres_url() -> Option<String> {
    std::env::var("JUTONG_TEST_POSTGRES").ok().filter(|it| !it.is_empty())
}

/// A fresh SQLite database in a temporary folder.
///
/// # Errors
/// [`Error::Db`], [`Error::Io`].
pub async fn sqlite() -> Result<Fresh, Error> {
    let folder = tempfile::tempdir()?;
    let url = format!("sqlite:{}", folder.path().join("jutong.db").display());
    Ok(Fresh {
        db: Db::open(&url).await?,
        url,
        _folder: Some(folder),
    })
}

/// A fresh PostgreSQL database on [`postgres_url`]'s server, or `None` when there is no server.
///
/// # Errors
/// [`Error::Db`].
pub async fn postgres() -> Result<Option<Fresh>, Error> {
    use sea_orm::ConnectionTrait;
    let Some(server) = postgres_url() else { return Ok(None) };
    let name = format!(
        "jutong_test_{}_{}",
        std::process::id(),
        NEXT.fetch_add(1, Ordering::Relaxed)
    );
    let admin = sea_orm::Database::connect(&server).await?;
    if !TIDIED.swap(true, Ordering::Relaxed) {
        drop_stale(&admin).await;
    }
    admin
        .execute_unprepared(&format!("drop database if exists {name} with (force)"))
        .await?;
    admin
        .execute_unprepared(&format!("create database {name} encoding 'UTF8' template template0"))
        .await?;
    admin.close_by_ref().await?;
    let base = server.rsplit_once('/').map_or(server.as_str(), |(base, _)| base);
    let url = format!("{base}/{name}");
    Ok(Some(Fresh {
        db: Db::open(&url).await?,
        url,
        _folder: None,
    }))
}

/// Drops the databases of test processes that have ended, once for each process. A database that somebody is connected
/// to stays (no `with (force)`), and so does every one where the living cannot be told from the dead.
async fn drop_stale(admin: &sea_orm::DatabaseConnection) {
    use sea_orm::{ConnectionTrait, DatabaseBackend, Statement};
    if !Path::new("/proc/self").exists() {
        return;
    }
    let sql = "select datname from pg_database where datname like 'jutong\\_test\\_%'";
    let rows = admin
        .query_all_raw(Statement::from_string(DatabaseBackend::Postgres, sql))
        .await;
    for row in rows.unwrap_or_default() {
        let Ok(name) = row.try_get::<String>("", "datname") else {
            continue;
        };
        let pid = name
            .strip_prefix("jutong_test_")
            .and_then(|it| it.split('_').next()?.parse::<u32>().ok());
        if pid.is_some_and(|it| !Path::new(&format!("/proc/{it}")).exists())
            && let Err(error) = admin
                .execute_unprepared(&format!("drop database if exists \"{name}\""))
                .await
        {
            tracing::debug!(database = %name, error = %error, "a stale test database stays");
        }
    }
}

/// A fresh database of every kind at hand. A test loops over them.
///
/// # Errors
/// [`Error::Db`], [`Error::Io`].
pub async fn each() -> Result<Vec<Fresh>, Error> {
    let mut all = vec![sqlite().await?];
    match postgres().await? {
        Some(fresh) => all.push(fresh),
        None => tracing::warn!("JUTONG_TEST_POSTGRES is not set: this test runs on SQLite alone"),
    }
    Ok(all)
}
