//! An answer: a stream of record batches that can be stopped by dropping it, and its summary when it has ended.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use arrow::{array::RecordBatch, datatypes::SchemaRef};
use futures::{Stream, StreamExt, stream::BoxStream};
use parking_lot::Mutex;
use tokio::{
    sync::OwnedSemaphorePermit,
    task::AbortHandle,
    time::{Instant, Sleep},
};

use crate::{
    Limits,
    error::{Error, LimitKind},
};

/// Batches on their way from a source.
pub type Batches = BoxStream<'static, Result<RecordBatch, Error>>;

/// Values that became NULL and rows set aside since this process began.
static NULLED_EVER: AtomicU64 = AtomicU64::new(0);
static QUARANTINED_EVER: AtomicU64 = AtomicU64::new(0);

/// Over all answers of this process: values without a place in their type that became NULL, and rows of files that could
/// not be read.
#[must_use]
pub fn noticed_ever() -> (u64, u64) {
    (
        NULLED_EVER.load(Ordering::Relaxed),
        QUARANTINED_EVER.load(Ordering::Relaxed),
    )
}

/// What was noticed about rows that could not be read as they should; shared by every stage of one answer.
#[derive(Debug, Default)]
pub struct Notes {
    nulled: AtomicU64,
    quarantined: AtomicU64,
}

impl Notes {
    /// A value that has no place in its type (zero date, infinity, NaN in a decimal) became NULL.
    pub fn nulled(&self) {
        self.nulled.fetch_add(1, Ordering::Relaxed);
        NULLED_EVER.fetch_add(1, Ordering::Relaxed);
    }

    /// A row of a file could not be read and was set aside.
    pub fn quarantined(&self) {
        self.quarantined.fetch_add(1, Ordering::Relaxed);
        QUARANTINED_EVER.fetch_add(1, Ordering::Relaxed);
    }

    /// Values that became NULL.
    #[must_use]
    pub fn nulled_count(&self) -> u64 {
        self.nulled.load(Ordering::Relaxed)
    }

    /// Rows set aside.
    #[must_use]
    pub fn quarantined_count(&self) -> u64 {
        self.quarantined.load(Ordering::Relaxed)
    }
}

/// What an answer was, once it has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Rows that left.
    pub rows: u64,
    /// Batches they came in.
    pub batches: u64,
    /// Order-free digest of the rows, lower-case hex (see [`crate::digest`]).
    pub digest: String,
    /// The same with rows and canonical bytes, for adding up and comparing.
    pub sum: crate::digest::RowSum,
    /// Values without a place in their type that became NULL, over all rows read. For the provider's report; it counts
    /// rows outside the row rule too and is not shown to the consumer.
    pub nulled: u64,
    /// Rows of a file that could not be read. For the provider's report, not shown to the consumer.
    pub quarantined: u64,
    /// True where the stream ended by itself; false where it broke or was dropped before its end.
    pub complete: bool,
}

/// What an answer holds of others: the source's connection and memory behind its stream, and its place in the engine.
#[derive(Default)]
struct Held {
    stream: Option<Batches>,
    permit: Option<OwnedSemaphorePermit>,
}

/// Takes away what an answer holds when its time is over, though nobody may be reading it any more.
struct Watch(AbortHandle);

impl Watch {
    fn over(held: &Arc<Mutex<Held>>, ends_at: Instant) -> Option<Self> {
        let held = Arc::downgrade(held);
        let watching = tokio::runtime::Handle::try_current().ok()?.spawn(async move {
            tokio::time::sleep_until(ends_at).await;
            // One that is being read sees the time itself.
            while let Some(held) = held.upgrade() {
                if let Some(mut held) = held.try_lock() {
                    *held = Held::default();
                    return;
                }
                drop(held);
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        });
        Some(Self(watching.abort_handle()))
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Rows of an answer as a stream. Dropping it stops the work, in the source too.
pub struct Rows {
    schema: SchemaRef,
    held: Arc<Mutex<Held>>,
    over: bool,
    deadline: Option<Pin<Box<Sleep>>>,
    ends_at: Option<Instant>,
    watch: Option<Watch>,
    limits: Limits,
    notes: Arc<Notes>,
    rows: u64,
    batches: u64,
    digest: crate::digest::RowDigest,
    complete: bool,
}

impl std::fmt::Debug for Rows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rows")
            .field("schema", &self.schema)
            .field("rows", &self.rows)
            .finish_non_exhaustive()
    }
}

impl Rows {
    /// An answer from batches of `schema`, without limits.
    #[must_use]
    pub fn new(schema: SchemaRef, stream: Batches) -> Self {
        let digest = crate::digest::RowDigest::new(&schema);
        Self {
            schema,
            held: Arc::new(Mutex::new(Held {
                stream: Some(stream),
                permit: None,
            })),
            over: false,
            deadline: None,
            ends_at: None,
            watch: None,
            limits: Limits::none(),
            notes: Arc::default(),
            rows: 0,
            batches: 0,
            digest,
            complete: false,
        }
    }

    /// An answer that is in memory already.
    #[must_use]
    pub fn from_batches(schema: SchemaRef, batches: Vec<RecordBatch>) -> Self {
        Self::new(schema, futures::stream::iter(batches.into_iter().map(Ok)).boxed())
    }

    /// The same answer under limits, counted from now. When the time is over, connection, memory and place are given back
    /// whether or not anybody reads on.
    #[must_use]
    pub(crate) fn limited(mut self, limits: Limits, permit: Option<OwnedSemaphorePermit>, notes: Arc<Notes>) -> Self {
        self.ends_at = (limits.seconds < u64::MAX)
            .then(|| Instant::now().checked_add(Duration::from_secs(limits.seconds)))
            .flatten();
        self.deadline = self.ends_at.map(|it| Box::pin(tokio::time::sleep_until(it)));
        self.held.lock().permit = permit;
        self.watch = self.ends_at.and_then(|it| Watch::over(&self.held, it));
        self.limits = limits;
        self.notes = notes;
        self
    }

    /// The names and types of the answer.
    #[must_use]
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// What is noticed while the rows come; counts on when the rows have gone elsewhere.
    #[must_use]
    pub fn notes(&self) -> Arc<Notes> {
        Arc::clone(&self.notes)
    }

    /// Rows seen so far.
    #[must_use]
    pub fn so_far(&self) -> u64 {
        self.rows
    }

    /// What has left so far; final once the stream has ended.
    #[must_use]
    pub fn summary(&self) -> Summary {
        Summary {
            rows: self.rows,
            batches: self.batches,
            digest: self.digest.to_hex(),
            sum: self.digest.sum(),
            nulled: self.notes.nulled_count(),
            quarantined: self.notes.quarantined_count(),
            complete: self.complete,
        }
    }

    /// Reads everything into memory.
    ///
    /// # Errors
    /// The first error of the stream.
    pub async fn collect_all(mut self) -> Result<(Vec<RecordBatch>, Summary), Error> {
        let mut all = Vec::new();
        while let Some(batch) = self.next().await {
            all.push(batch?);
        }
        let summary = self.summary();
        Ok((all, summary))
    }

    fn stop(&mut self) {
        self.over = true;
        self.watch = None;
        self.deadline = None;
        *self.held.lock() = Held::default();
    }

    fn late(&self) -> bool {
        self.ends_at.is_some_and(|it| Instant::now() >= it)
    }

    fn too_late(&mut self) -> Error {
        self.stop();
        Error::Limit(LimitKind::Seconds(self.limits.seconds))
    }

    fn take(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        self.rows += batch.num_rows() as u64;
        self.batches += 1;
        if self.rows > self.limits.rows {
            return Err(Error::Limit(LimitKind::Rows(self.limits.rows)));
        }
        self.digest.update(batch).map_err(Error::internal)
    }
}

impl Stream for Rows {
    type Item = Result<RecordBatch, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        // The timer wakes a waiting answer; the clock is asked as well, because a busy one may never let the timer run.
        if this.over {
            return Poll::Ready(None);
        }
        let woken = this.deadline.as_mut().is_some_and(|it| it.as_mut().poll_elapsed(cx));
        if woken || this.late() {
            return Poll::Ready(Some(Err(this.too_late())));
        }
        let polled = this.held.lock().stream.as_mut().map(|it| it.poll_next_unpin(cx));
        let Some(polled) = polled else {
            return Poll::Ready(Some(Err(this.too_late())));
        };
        match polled {
            Poll::Pending => Poll::Pending,
            Poll::Ready(None) => {
                this.complete = true;
                this.stop();
                Poll::Ready(None)
            }
            Poll::Ready(Some(Err(error))) => {
                let error = match error {
                    Error::Limit(LimitKind::Memory(_)) => Error::Limit(LimitKind::Memory(this.limits.memory_bytes)),
                    other => other,
                };
                this.stop();
                Poll::Ready(Some(Err(error)))
            }
            Poll::Ready(Some(Ok(_))) if this.late() => Poll::Ready(Some(Err(this.too_late()))),
            Poll::Ready(Some(Ok(batch))) => match this.take(&batch) {
                Ok(()) => Poll::Ready(Some(Ok(batch))),
                Err(error) => {
                    this.stop();
                    Poll::Ready(Some(Err(error)))
                }
            },
        }
    }
}

#[cfg(test)]
mod tests;

trait Elapsed {
    fn poll_elapsed(self, cx: &mut Context<'_>) -> bool;
}

impl Elapsed for Pin<&mut Sleep> {
    fn poll_elapsed(self, cx: &mut Context<'_>) -> bool {
        std::future::Future::poll(self, cx).is_ready()
    }
}
