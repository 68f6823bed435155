//! A connection to a MySQL or MariaDB target, and what its errors mean.

use mysql_async::Conn;
use vocab::SourceSpec;

use super::{Error, chunk::refused};
use crate::{
    error::Cause,
    source::mysql::link::{Failed, Link},
};

pub fn failed(doing: &'static str) -> impl Fn(mysql_async::Error) -> Error {
    move |error| {
        let code = match &error {
            mysql_async::Error::Server(it) => it.code.to_string(),
            _ => "connection".to_owned(),
        };
        Error::Database {
            doing,
            code,
            source: Box::new(error),
        }
    }
}

/// Errors about rows: SQLSTATE classes 22 and 23, and truncation and conversion errors that MySQL files under HY000.
pub fn of_rows(error: mysql_async::Error) -> Error {
    match &error {
        mysql_async::Error::Server(it)
            if it.state.starts_with("22") || it.state.starts_with("23") || matches!(it.code, 1265 | 1366 | 1406) =>
        {
            refused(&it.code.to_string())
        }
        _ => failed("writing rows")(error),
    }
}

/// What every connection begins with.
const SETUP: &[&str] = &[
    "SET NAMES utf8mb4",
    "SET time_zone = '+00:00'",
    "SET sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'",
    "SET lock_wait_timeout = 60",
    // It waits while source and target are read, however long that takes.
    "SET wait_timeout = 604800",
];

pub async fn connect(spec: &SourceSpec) -> Result<Conn, Error> {
    match Link::open(spec, SETUP)?.connect().await {
        Ok(it) => Ok(it),
        Err(Failed::Driver(it)) => Err(failed("connecting")(it)),
        Err(Failed::Late) => Err(crate::Error::source(Cause::Timeout, "the server did not answer within 10 s").into()),
    }
}

/// A collation that compares bytes and does not drop blanks at the end, so that keys that differ stay apart.
pub fn collation(version: &str) -> &'static str {
    if version.contains("MariaDB") {
        return "utf8mb4_nopad_bin";
    }
    if version.starts_with("5.") {
        "utf8mb4_bin"
    } else {
        "utf8mb4_0900_bin"
    }
}
