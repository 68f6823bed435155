//! A connection for tuples as they are: one binary copy after another, in a transaction that the caller begins.

use std::pin::pin;

use bytes::{Bytes, BytesMut};
use futures::{Stream, StreamExt};
use tokio_postgres::{Client, CopyOutStream, error::SqlState};

use super::{Brake, error};
use crate::{
    digest::{RowSum, TupleDigest},
    error::{Cause, Error},
    pipe::Flight,
};

const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// Bytes that are digested, and sent on, at once.
pub(crate) const FRAME: usize = 256 * 1024;

/// How a table is kept from being changed in its form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hold {
    /// Locked by name.
    Locked,
    /// Read from, where the server locks such a thing in no other way (a materialised view, a foreign table).
    Read,
}

/// One connection. Dropped in the middle of a copy, or while it waits for a lock, it ends that on the server too.
pub(crate) struct Line {
    client: Client,
    brake: Brake,
}

impl Line {
    pub(super) const fn new(client: Client, brake: Brake) -> Self {
        Self { client, brake }
    }

    /// Locks a table, for [`super::Postgres::begin`]; false where the server locks such a thing in no other way than by
    /// reading it.
    pub(super) async fn lock(&self, table: &str) -> Result<bool, Error> {
        // The lock comes before the moment, as a change that ends between them would leave old rows unseen.
        let lock = format!("{BEGIN}; LOCK TABLE {table} IN ACCESS SHARE MODE");
        let by_reading = [
            SqlState::WRONG_OBJECT_TYPE,
            SqlState::FEATURE_NOT_SUPPORTED,
            SqlState::INSUFFICIENT_PRIVILEGE,
        ];
        match self.brake.on(self.client.batch_execute(&lock)).await {
            Ok(()) => Ok(true),
            Err(failed) if failed.code().is_some_and(|it| by_reading.contains(it)) => {
                self.run("ROLLBACK").await?;
                Ok(false)
            }
            Err(failed) => Err(error(failed)),
        }
    }

    /// Holds a table by reading from it, at no certain moment.
    pub(super) async fn hold(&self, table: &str) -> Result<(), Error> {
        self.run(&format!("BEGIN; SELECT FROM {table} LIMIT 0")).await
    }

    /// Holds a table by reading from it, from this moment on.
    pub(super) async fn read(&self, table: &str) -> Result<(), Error> {
        self.run(&format!("{BEGIN}; SELECT FROM {table} LIMIT 0")).await
    }

    /// Exports the moment; `None` where the server does not do that, and then it is lost.
    pub async fn snapshot(&self) -> Result<Option<String>, Error> {
        match self.client.query_one("SELECT pg_export_snapshot()", &[]).await {
            Ok(row) => Ok(Some(row.try_get(0).map_err(error)?)),
            Err(failed) if failed.as_db_error().is_some() => {
                self.run("ROLLBACK").await?;
                Ok(None)
            }
            Err(failed) => Err(error(failed)),
        }
    }

    /// Begins to read at the moment that another has exported, holding the table as that one does. Somebody who waits to
    /// change the table would get it as soon as the other ends, and this one its old rows no more: then it fails at once.
    pub async fn join(&self, snapshot: &str, table: &str, hold: Hold) -> Result<(), Error> {
        let snapshot = snapshot.replace('\'', "''");
        self.run(&format!(
            "{BEGIN}; SET TRANSACTION SNAPSHOT '{snapshot}'; SET LOCAL lock_timeout = '1s'"
        ))
        .await?;
        match hold {
            Hold::Locked => {
                self.run(&format!("LOCK TABLE {table} IN ACCESS SHARE MODE NOWAIT"))
                    .await
            }
            Hold::Read => self.run(&format!("SELECT FROM {table} LIMIT 0")).await,
        }
    }

    async fn run(&self, sql: &str) -> Result<(), Error> {
        self.brake.on(self.client.batch_execute(sql)).await.map_err(error)
    }

    /// Begins a copy; [`Line::copied`] has to be told when it was read to its end.
    pub async fn copy(&mut self, sql: &str) -> Result<CopyOutStream, Error> {
        self.brake.begins();
        let copy = format!("COPY ({sql}) TO STDOUT (FORMAT binary)");
        self.client.copy_out(&copy).await.map_err(error)
    }

    /// The copy was read to its end.
    pub fn copied(&mut self) {
        self.brake.ends();
    }

    /// The digest of the tuples of a question as they come out of a flight; `arrays` tells which columns are arrays.
    pub async fn digest(&mut self, sql: &str, arrays: &[bool], flight: Flight) -> Result<RowSum, Error> {
        let rows = self.copy(sql).await?;
        let sum = digested(rows, arrays, flight).await?;
        self.copied();
        Ok(sum)
    }
}

/// The digest of a stream of tuples as they come out of a flight. Others have their turn after every frame: all lanes of a
/// copy are one task, and what comes may come faster than it is digested.
async fn digested(
    rows: impl Stream<Item = Result<Bytes, tokio_postgres::Error>>,
    arrays: &[bool],
    mut flight: Flight,
) -> Result<RowSum, Error> {
    let mut rows = pin!(rows);
    let mut digest = TupleDigest::new(arrays);
    let mut frame = BytesMut::new();
    while let Some(bytes) = rows.next().await {
        flight.pass(&bytes.map_err(error)?, &mut frame).map_err(malformed)?;
        if frame.len() >= FRAME {
            digest.update(&frame).map_err(malformed)?;
            frame.clear();
            tokio::task::yield_now().await;
        }
    }
    digest.update(&frame).map_err(malformed)?;
    digest.end().map_err(malformed)
}

/// What came is no binary copy of the columns that were asked for.
pub(crate) fn malformed(_: crate::digest::Malformed) -> Error {
    Error::source(
        Cause::Lost,
        "the server's answer broke off or was not what it should be",
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[tokio::test]
    async fn others_have_their_turn_after_every_frame() {
        let mut bytes = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0".to_vec();
        let value = [7_u8; 1018];
        for _ in 0..2048 {
            bytes.extend([0, 1]);
            bytes.extend(1018_u32.to_be_bytes());
            bytes.extend(value);
        }
        bytes.extend([0xff, 0xff]);
        let frames = bytes.len() / FRAME;
        // A stream that never lets anybody wait.
        let pieces: Vec<_> = bytes.chunks(FRAME).map(|it| Ok(Bytes::copy_from_slice(it))).collect();
        let mut work = pin!(digested(futures::stream::iter(pieces), &[false], Flight::new(&[])));
        let mut turns = 0;
        let sum = loop {
            match futures::poll!(work.as_mut()) {
                std::task::Poll::Ready(it) => break it.unwrap(),
                std::task::Poll::Pending => turns += 1,
            }
        };
        assert_eq!(sum.rows, 2048);
        assert!(frames >= 8 && turns >= frames, "{turns} turns in {frames} frames");
    }
}
