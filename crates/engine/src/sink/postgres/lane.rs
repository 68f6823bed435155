//! Lanes: connections beside the sink's own that take chunks as tuples, each chunk with its checkpoint in one transaction;
//! and reading such chunks back.

use std::{collections::VecDeque, pin::pin};

use bytes::{Bytes, BytesMut};
use futures::{SinkExt, StreamExt, stream::FuturesUnordered};
use parking_lot::Mutex;
use tokio_postgres::{Client, CopyInSink};
use vocab::{SourceSpec, Timestamp};

use super::{ChunkDone, Error, Names, Source, Tuples, WRITING, checkpoint, failed, of_rows};
use crate::{
    digest::{RowSum, TupleDigest},
    pipe::{Flight, pages_between},
    source::postgres::{FRAME, Line, error, malformed},
};

/// Pages that one lane reads back at a time.
const PAGES: u64 = 4096;

/// The name of the lock that every lane to a table shares: a new start waits for the lanes of an old one.
pub(super) fn lock_name(names: &Names) -> String {
    format!("jutong-lanes:{}", names.at(&names.table))
}

/// One connection. Dropped in the middle of a chunk, the chunk leaves no trace.
pub struct Lane {
    client: Client,
    names: Names,
}

impl Lane {
    pub(super) async fn open(spec: &SourceSpec, names: &Names) -> Result<Self, Error> {
        let client = Source::open(spec)?.writer().await?;
        client.batch_execute(WRITING).await.map_err(failed("opening"))?;
        let lock = "SELECT pg_advisory_lock_shared(hashtextextended($1, 0))";
        let name = lock_name(names);
        client.execute(lock, &[&name]).await.map_err(failed("locking"))?;
        Ok(Self {
            client,
            names: names.clone(),
        })
    }

    /// Brings the tuples of a question into the new table, in a transaction that stays open; `heard` hears what has been
    /// sent after every frame.
    ///
    /// # Errors
    /// [`Error::Rows`] with the source's error as it is; [`Error::Refused`], [`Error::Database`].
    pub async fn carry(
        &self,
        line: &mut Line,
        sql: &str,
        arrays: &[bool],
        mut flight: Flight,
        heard: impl Fn(RowSum) -> Result<(), crate::Error>,
    ) -> Result<RowSum, Error> {
        self.batch("BEGIN", "beginning a chunk").await?;
        let mut rows = pin!(line.copy(sql).await.map_err(of_source)?);
        let mut copy = pin!(self.copy().await?);
        let mut digest = TupleDigest::new(arrays);
        let mut frame = BytesMut::new();
        loop {
            let bytes = rows.next().await.transpose().map_err(error).map_err(of_source)?;
            let over = bytes.is_none();
            let passed = flight.pass(&bytes.unwrap_or_default(), &mut frame);
            passed.map_err(malformed).map_err(of_source)?;
            if frame.len() < FRAME && !over {
                continue;
            }
            digest.update(&frame).map_err(malformed).map_err(of_source)?;
            heard(digest.sum()).map_err(of_source)?;
            // Where the server has refused something, `finish` tells what.
            if copy.send(frame.split().freeze()).await.is_err() || over {
                break;
            }
            frame.reserve(FRAME + FRAME / 8);
            // All lanes are one task, and what comes may come faster than it is carried.
            tokio::task::yield_now().await;
        }
        let written = copy.finish().await.map_err(of_rows)?;
        let sum = digest.end().map_err(malformed).map_err(of_source)?;
        line.copied();
        if written != sum.rows {
            return Err(Error::Turn("the target took another number of rows than were sent"));
        }
        Ok(sum)
    }

    async fn copy(&self) -> Result<CopyInSink<Bytes>, Error> {
        let (table, columns) = (self.names.at(&self.names.fresh), self.names.columns.join(", "));
        let sql = format!("COPY {table} ({columns}) FROM STDIN (FORMAT binary)");
        self.client.copy_in(&sql).await.map_err(failed("writing rows"))
    }

    /// The open chunk's checkpoint, and the end of its transaction.
    pub async fn commit(&self, done: &ChunkDone, at: Timestamp) -> Result<(), Error> {
        checkpoint(&self.client, &self.names, done, at).await?;
        self.batch("COMMIT", "committing a chunk").await
    }

    async fn batch(&self, sql: &str, doing: &'static str) -> Result<(), Error> {
        self.client.batch_execute(sql).await.map_err(failed(doing))
    }
}

fn of_source(error: crate::Error) -> Error {
    Error::Rows(Box::new(error))
}

/// The digest of the rows that stand in the new table, read in lanes side by side: as many as there are connections for.
pub(super) async fn read_back(spec: &SourceSpec, names: &Names, tuples: &Tuples) -> Result<RowSum, Error> {
    let source = Source::open(spec)?;
    let first = source.line().await?;
    let table = names.at(&names.fresh);
    let parts = match source.pages(&table).await? {
        Some(pages) => cut(pages),
        None => VecDeque::from([String::new()]),
    };
    let lanes = tuples.lanes.min(parts.len()).max(1);
    let mut lines = vec![first];
    while lines.len() < lanes {
        match source.line().await {
            Ok(line) => lines.push(line),
            Err(error) => {
                tracing::info!(%error, "a target gave fewer connections than were asked for");
                break;
            }
        }
    }
    let parts = Mutex::new(parts);
    let select = format!("SELECT {} FROM {table} WHERE 1=1", names.columns.join(", "));
    let mut reading: FuturesUnordered<_> = lines
        .into_iter()
        .map(|line| read(line, &select, &parts, &tuples.arrays))
        .collect();
    let mut all = RowSum::default();
    while let Some(sum) = reading.next().await {
        all.merge(&sum?);
    }
    Ok(all)
}

async fn read(
    mut line: Line,
    select: &str,
    parts: &Mutex<VecDeque<String>>,
    arrays: &[bool],
) -> Result<RowSum, crate::Error> {
    let mut all = RowSum::default();
    loop {
        let part = parts.lock().pop_front();
        let Some(part) = part else { return Ok(all) };
        let sql = format!("{select}{part}");
        all.merge(&line.digest(&sql, arrays, Flight::new(&[])).await?);
    }
}

/// Conditions that cover every page once.
fn cut(pages: u64) -> VecDeque<String> {
    let total = pages.div_ceil(PAGES).max(1);
    let until = |no: u64| (no + 1 < total).then_some((no + 1) * PAGES);
    (0..total).map(|no| pages_between(no * PAGES, until(no))).collect()
}
