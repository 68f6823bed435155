//! A connection for tuples as they are: one binary copy after another, in a transaction that the caller begins.

use std::pin::pin;

use bytes::BytesMut;
use futures::StreamExt;
use tokio_postgres::{Client, CopyOutStream};

use super::{error, tls};
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

/// One connection. Dropped in the middle of a copy, it ends the copy on the server too.
pub(crate) struct Line {
    client: Client,
    tls: tls::Connector,
    copying: bool,
}

impl Line {
    pub(super) const fn new(client: Client, tls: tls::Connector) -> Self {
        Self {
            client,
            tls,
            copying: false,
        }
    }

    /// Begins to read a table at one moment, the first question's: nobody changes the table's form, empties or rewrites it
    /// until the end. Tells how the table is held.
    pub async fn begin(&self, table: &str) -> Result<Hold, Error> {
        // The lock comes before the moment, as a change that ends between them would leave old rows unseen.
        let lock = format!("{BEGIN}; LOCK TABLE {table} IN ACCESS SHARE MODE");
        match self.client.batch_execute(&lock).await {
            Err(failed) if failed.as_db_error().is_some() => {
                self.run(&format!("ROLLBACK; {BEGIN}; SELECT FROM {table} LIMIT 0"))
                    .await?;
                Ok(Hold::Read)
            }
            other => other.map(|()| Hold::Locked).map_err(error),
        }
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
        self.client.batch_execute(sql).await.map_err(error)
    }

    /// Begins a copy; [`Line::copied`] has to be told when it was read to its end.
    pub async fn copy(&mut self, sql: &str) -> Result<CopyOutStream, Error> {
        self.copying = true;
        let copy = format!("COPY ({sql}) TO STDOUT (FORMAT binary)");
        self.client.copy_out(&copy).await.map_err(error)
    }

    /// The copy was read to its end.
    pub const fn copied(&mut self) {
        self.copying = false;
    }

    /// The digest of the tuples of a question as they come out of a flight; `arrays` tells which columns are arrays.
    pub async fn digest(&mut self, sql: &str, arrays: &[bool], mut flight: Flight) -> Result<RowSum, Error> {
        let mut rows = pin!(self.copy(sql).await?);
        let mut digest = TupleDigest::new(arrays);
        let mut frame = BytesMut::new();
        while let Some(bytes) = rows.next().await {
            flight.pass(&bytes.map_err(error)?, &mut frame).map_err(malformed)?;
            if frame.len() >= FRAME {
                digest.update(&frame).map_err(malformed)?;
                frame.clear();
            }
        }
        digest.update(&frame).map_err(malformed)?;
        let sum = digest.end().map_err(malformed)?;
        self.copied();
        Ok(sum)
    }
}

/// What came is no binary copy of the columns that were asked for.
pub(crate) fn malformed(_: crate::digest::Malformed) -> Error {
    Error::source(
        Cause::Lost,
        "the server's answer broke off or was not what it should be",
    )
}

impl Drop for Line {
    fn drop(&mut self) {
        if self.copying
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            let (cancel, tls) = (self.client.cancel_token(), self.tls.clone());
            runtime.spawn(async move {
                let _ = cancel.cancel_query(tls).await;
            });
        }
    }
}
