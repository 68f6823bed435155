//! An SQLite file: prepared inserts in one transaction a chunk.

mod changes;

use std::time::Duration;

use arrow::array::RecordBatch;
use async_trait::async_trait;
use rusqlite::{
    Connection, OptionalExtension, params, params_from_iter,
    types::{ToSqlOutput, Value, ValueRef},
};
use vocab::{SinkSpec, SourceSpec, Timestamp};

use super::{
    BadRow, ChunkDone, Error, KeyState, Options, Preflight, Target, chunk::refused, names::Names, quarantine::PARTS,
    readback,
};
use crate::{
    digest::RowSum,
    shape::{Cells, Shape, text},
    source::{self, dialect::Dialect},
};

pub struct Sqlite {
    connection: Option<Connection>,
    spec: SourceSpec,
    names: Names,
    preflight: Preflight,
    shape: Shape,
    chunk: u64,
}

fn failed(doing: &'static str) -> impl Fn(rusqlite::Error) -> Error {
    move |error| {
        let code = error
            .sqlite_error()
            .map_or_else(|| "driver".to_owned(), |it| it.extended_code.to_string());
        Error::Database {
            doing,
            code,
            source: Box::new(error),
        }
    }
}

fn of_rows(error: rusqlite::Error) -> Error {
    use rusqlite::ErrorCode::{ConstraintViolation, TooBig, TypeMismatch};
    match error.sqlite_error() {
        Some(it) if matches!(it.code, ConstraintViolation | TooBig | TypeMismatch) => {
            refused(&it.extended_code.to_string())
        }
        _ => failed("writing rows")(error),
    }
}

impl Sqlite {
    pub async fn open(
        spec: &SinkSpec,
        shape: &Shape,
        preflight: &Preflight,
        run: &str,
        options: Options,
    ) -> Result<Self, Error> {
        let path = source::option(&spec.target, "path")?.to_owned();
        let connection = tokio::task::spawn_blocking(move || -> Result<Connection, rusqlite::Error> {
            let connection = Connection::open(path)?;
            connection.busy_timeout(Duration::from_secs(30))?;
            // Views that name the table keep their text when it is renamed; rows come from another database's rules.
            connection.execute_batch(
                "PRAGMA legacy_alter_table = ON; PRAGMA foreign_keys = OFF; PRAGMA synchronous = FULL",
            )?;
            Ok(connection)
        })
        .await
        .map_err(crate::Error::internal)?
        .map_err(failed("opening"))?;
        Ok(Self {
            connection: Some(connection),
            spec: spec.target.clone(),
            names: Names::new(Dialect::Sqlite, spec, preflight, run, options),
            preflight: preflight.clone(),
            shape: shape.clone(),
            chunk: 0,
        })
    }

    async fn with<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&Connection, &Names) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let connection = self
            .connection
            .take()
            .ok_or(Error::Turn("the file's connection was cancelled"))?;
        let names = self.names.clone();
        let (connection, done) = tokio::task::spawn_blocking(move || {
            let done = work(&connection, &names);
            (connection, done)
        })
        .await
        .map_err(crate::Error::internal)?;
        self.connection = Some(connection);
        done
    }
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn rollback(connection: &Connection, doing: &'static str) -> Result<(), Error> {
    if connection.is_autocommit() {
        return Ok(());
    }
    connection.execute_batch("ROLLBACK").map_err(failed(doing))
}

fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "CREATE TABLE IF NOT EXISTS jutong_checkpoint (run TEXT NOT NULL, chunk INTEGER NOT NULL, target TEXT NOT NULL,
           rows INTEGER NOT NULL, digest TEXT NOT NULL, body TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (target, run, chunk));
         CREATE TABLE IF NOT EXISTS jutong_quarantine (run TEXT NOT NULL, chunk INTEGER NOT NULL, target TEXT NOT NULL,
           ordinal INTEGER NOT NULL, item TEXT NOT NULL, reason TEXT NOT NULL, row_key TEXT NOT NULL, row_text TEXT NOT NULL, at TEXT NOT NULL);
         CREATE TABLE IF NOT EXISTS jutong_delivered (target TEXT NOT NULL PRIMARY KEY, run TEXT NOT NULL, rows INTEGER NOT NULL,
           digest TEXT NOT NULL, at TEXT NOT NULL)",
    )
}

fn columns(connection: &Connection, table: &str) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare("SELECT name FROM pragma_table_info(?1) ORDER BY cid")?;
    statement.query_map([table], |row| row.get(0))?.collect()
}

fn clear(connection: &Connection, names: &Names, with_quarantine: bool) -> rusqlite::Result<()> {
    connection.execute_batch(&format!("DROP TABLE IF EXISTS {}", names.at(&names.fresh)))?;
    connection.execute("DELETE FROM jutong_checkpoint WHERE target = ?1", [&names.target])?;
    if with_quarantine {
        forget_bad_rows(connection, names, &format!("chunk < {PARTS}"))?;
    }
    Ok(())
}

/// Takes what the run has put into quarantine out of it, where a condition says so.
fn forget_bad_rows(connection: &Connection, names: &Names, which: &str) -> rusqlite::Result<()> {
    let sql = format!("DELETE FROM jutong_quarantine WHERE run = ?1 AND target = ?2 AND {which}");
    connection.execute(&sql, [&names.run, &names.target])?;
    Ok(())
}

fn look(connection: &Connection, names: &Names, preflight: &Preflight) -> Result<(Vec<ChunkDone>, bool), Error> {
    let failed = failed("looking");
    prepare(connection).map_err(&failed)?;
    let sql = "SELECT run FROM jutong_delivered WHERE target = ?1";
    let delivered: Option<String> = connection
        .query_row(sql, [&names.target], |row| row.get(0))
        .optional()
        .map_err(&failed)?;
    if delivered.as_deref() == Some(&names.run) {
        return Ok((Vec::new(), true));
    }
    let existing = columns(connection, &names.table).map_err(&failed)?;
    if delivered.is_none() && !names.replace && !existing.is_empty() {
        return Err(names.occupied(preflight, &existing));
    }
    let read = || -> rusqlite::Result<Vec<String>> {
        let mut statement = connection.prepare("SELECT body FROM jutong_checkpoint WHERE run = ?1 AND target = ?2")?;
        statement
            .query_map([&names.run, &names.target], |row| row.get(0))?
            .collect()
    };
    let bodies = read().map_err(&failed)?;
    let done: Vec<ChunkDone> = bodies.iter().filter_map(|it| serde_json::from_str(it).ok()).collect();
    let fresh = columns(connection, &names.fresh).map_err(&failed)?;
    if !fresh.is_empty() && Names::differences(preflight, &fresh).is_none() && done.len() == bodies.len() {
        return Ok((done, false));
    }
    Ok((Vec::new(), false))
}

fn value(cells: &Cells, row: usize) -> ToSqlOutput<'_> {
    if cells.is_null(row) {
        return ToSqlOutput::Owned(Value::Null);
    }
    match cells {
        Cells::Text(it) | Cells::Json(it) => ToSqlOutput::Borrowed(ValueRef::Text(it.value(row).as_bytes())),
        Cells::Bytes(it) => ToSqlOutput::Borrowed(ValueRef::Blob(it.value(row))),
        Cells::Boolean(it) => ToSqlOutput::Owned(Value::Integer(i64::from(it.value(row)))),
        Cells::Integer(it) => ToSqlOutput::Owned(Value::Integer(it.value(row))),
        Cells::Double(it) => ToSqlOutput::Owned(Value::Real(it.value(row))),
        Cells::Decimal(..) | Cells::Date(_) | Cells::DateTime(_) | Cells::Instant(_) => {
            let mut out = Vec::new();
            text::write(cells, row, "Z", &mut out);
            ToSqlOutput::Owned(Value::Text(String::from_utf8_lossy(&out).into_owned()))
        }
    }
}

fn insert(connection: &Connection, names: &Names, cells: &[Cells], rows: usize) -> Result<(), Error> {
    let places: Vec<_> = (1..=cells.len()).map(|it| format!("?{it}")).collect();
    let sql = format!(
        "INSERT INTO {} ({}) VALUES ({})",
        names.at(&names.fresh),
        names.columns.join(", "),
        places.join(", ")
    );
    let mut statement = connection.prepare_cached(&sql).map_err(failed("writing rows"))?;
    for row in 0..rows {
        statement
            .execute(params_from_iter(cells.iter().map(|it| value(it, row))))
            .map_err(of_rows)?;
    }
    Ok(())
}

#[async_trait]
impl Target for Sqlite {
    async fn resume(&mut self) -> Result<(Vec<ChunkDone>, bool), Error> {
        let preflight = self.preflight.clone();
        let (done, swapped) = self.with(move |it, names| look(it, names, &preflight)).await?;
        if done.is_empty() && !swapped {
            self.restart().await?;
        }
        Ok((done, swapped))
    }

    async fn restart(&mut self) -> Result<(), Error> {
        let preflight = self.preflight.clone();
        self.with(move |it, names| {
            rollback(it, "clearing")?;
            clear(it, names, true).map_err(failed("clearing"))?;
            it.execute_batch(&names.create(&preflight, ""))
                .map_err(failed("making the new table"))
        })
        .await
    }

    async fn begin(&mut self, chunk: u64) -> Result<(), Error> {
        self.chunk = chunk;
        self.with(|it, _| {
            rollback(it, "beginning a chunk")?;
            it.execute_batch("BEGIN IMMEDIATE").map_err(failed("beginning a chunk"))
        })
        .await
    }

    async fn insert(&mut self, batch: &RecordBatch, cells: &[Cells]) -> Result<(), Error> {
        let (rows, cells) = (batch.num_rows(), cells.to_vec());
        self.with(move |it, names| {
            it.execute_batch("SAVEPOINT batch").map_err(failed("writing rows"))?;
            let done = insert(it, names, &cells, rows);
            if done.is_err() {
                it.execute_batch("ROLLBACK TO batch").map_err(failed("writing rows"))?;
            }
            it.execute_batch("RELEASE batch").map_err(failed("writing rows"))?;
            done
        })
        .await
    }

    async fn quarantine(&mut self, bad: &[BadRow], at: Timestamp) -> Result<(), Error> {
        let (bad, chunk) = (bad.to_vec(), self.chunk);
        self.with(move |it, names| {
            let sql = "INSERT INTO jutong_quarantine (run, chunk, target, ordinal, item, reason, row_key, row_text, at) \
                       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
            let at = vocab::time::to_text(at);
            for row in &bad {
                it.execute(
                    sql,
                    params![names.run, signed(chunk), names.target, signed(row.ordinal), row.item, row.reason, row.key, row.row, at],
                )
                .map_err(failed("writing the quarantine"))?;
            }
            Ok(())
        })
        .await
    }

    async fn commit(&mut self, done: &ChunkDone, at: Timestamp) -> Result<(), Error> {
        let done = *done;
        self.with(move |it, names| {
            let body = serde_json::to_string(&done).map_err(crate::Error::internal)?;
            let sql = "INSERT INTO jutong_checkpoint (run, chunk, target, rows, digest, body, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
            let (digest, at) = (done.loaded.to_hex(), vocab::time::to_text(at));
            it.execute(sql, params![names.run, signed(done.no), names.target, signed(done.loaded.rows), digest, body, at])
                .map_err(failed("writing the checkpoint"))?;
            it.execute_batch("COMMIT").map_err(failed("committing a chunk"))
        })
        .await
    }

    async fn rollback(&mut self) -> Result<(), Error> {
        self.with(|it, _| rollback(it, "rolling back")).await
    }

    async fn finish(&mut self) -> Result<KeyState, Error> {
        if !self.preflight.key {
            return Ok(KeyState::None);
        }
        let keys = self
            .shape
            .columns
            .iter()
            .zip(&self.names.columns)
            .filter(|(it, _)| it.key);
        let keys: Vec<_> = keys.map(|(_, name)| name.clone()).collect();
        // A primary key cannot be added later; a unique index is what it is made of.
        self.with(move |it, names| {
            let mark: String = hex::encode(seal::sha256(names.run.as_bytes()))
                .chars()
                .take(8)
                .collect();
            let index = names.dialect.ident(&format!("{}_key_{mark}", names.table));
            let sql = format!(
                "CREATE UNIQUE INDEX IF NOT EXISTS {index} ON {} ({})",
                names.dialect.ident(&names.fresh),
                keys.join(", ")
            );
            match it.execute_batch(&sql).map_err(of_rows) {
                Ok(()) => Ok(KeyState::Made),
                Err(Error::Refused(_)) => Ok(KeyState::NotUnique),
                Err(error) => Err(error),
            }
        })
        .await
    }

    async fn verify(&mut self) -> Result<RowSum, Error> {
        readback::digest(&self.spec, &self.names.fresh, &self.preflight, &self.shape).await
    }

    async fn swap(&mut self, loaded: &RowSum, at: Timestamp) -> Result<(), Error> {
        let loaded = *loaded;
        self.with(move |it, names| {
            let swap = || -> rusqlite::Result<()> {
                let (table, fresh) = (names.at(&names.table), names.at(&names.fresh));
                it.execute_batch(&format!(
                    "BEGIN IMMEDIATE; DROP TABLE IF EXISTS {table}; ALTER TABLE {fresh} RENAME TO {table}"
                ))?;
                it.execute(
                    "INSERT OR REPLACE INTO jutong_delivered (target, run, rows, digest, at) VALUES (?1, ?2, ?3, ?4, ?5)",
                    params![names.target, names.run, signed(loaded.rows), loaded.to_hex(), vocab::time::to_text(at)],
                )?;
                it.execute("DELETE FROM jutong_checkpoint WHERE target = ?1", [&names.target])?;
                forget_bad_rows(it, names, &format!("chunk >= {PARTS}"))?;
                it.execute_batch("COMMIT")
            };
            let done = swap().map_err(failed("swapping"));
            if done.is_err() {
                rollback(it, "swapping")?;
            }
            done
        })
        .await
    }

    async fn abort(&mut self) -> Result<(), Error> {
        self.with(|it, names| {
            rollback(it, "giving up")?;
            clear(it, names, false).map_err(failed("giving up"))
        })
        .await
    }
}
