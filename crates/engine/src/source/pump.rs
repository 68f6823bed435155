//! A scan's task and its stream: rows are read ahead by a few batches, and the task learns at once when nobody listens.
//!
//! A scan ends by saying so. One that falls silent without that (its task panicked, or was dropped) is an error: part of
//! a table never passes for the whole.

#[cfg(test)]
mod tests;

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use arrow::array::RecordBatch;
use futures::{Stream, StreamExt};
use tokio::sync::mpsc;

use crate::{
    error::{Cause, Error},
    rows::{Batches, Notes},
    shape::build::Builder,
    source::{Wire, wire_shape},
};

/// Batches read ahead.
const AHEAD: usize = 2;

/// What a scan says: rows, or that there are no more.
type Said = Result<Option<RecordBatch>, Error>;

/// The sending half of a scan.
#[derive(Clone)]
pub(crate) struct Sender(mpsc::Sender<Said>);

impl Sender {
    /// Rows, from a task.
    ///
    /// # Errors
    /// [`Error::Cancelled`] when nobody listens.
    pub async fn send(&self, batch: RecordBatch) -> Result<(), Error> {
        self.0.send(Ok(Some(batch))).await.map_err(|_| Error::Cancelled)
    }

    /// Rows, from a blocking thread.
    ///
    /// # Errors
    /// [`Error::Cancelled`] when nobody listens.
    pub fn blocking_send(&self, batch: RecordBatch) -> Result<(), Error> {
        self.0.blocking_send(Ok(Some(batch))).map_err(|_| Error::Cancelled)
    }

    /// Returns when nobody listens any more.
    pub async fn closed(&self) {
        self.0.closed().await;
    }

    /// Does nobody listen any more?
    pub fn is_closed(&self) -> bool {
        self.0.is_closed()
    }

    /// The last word: all rows were sent, or why not.
    pub async fn end(self, outcome: Result<(), Error>) {
        let _ = self.0.send(outcome.map(|()| None)).await;
    }

    fn blocking_end(self, outcome: Result<(), Error>) {
        let _ = self.0.blocking_send(outcome.map(|()| None));
    }
}

struct Arriving {
    receiver: mpsc::Receiver<Said>,
    over: bool,
}

impl Stream for Arriving {
    type Item = Result<RecordBatch, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.over {
            return Poll::Ready(None);
        }
        let last = match ready!(self.receiver.poll_recv(cx)) {
            Some(Ok(Some(batch))) => return Poll::Ready(Some(Ok(batch))),
            Some(Ok(None)) => None,
            Some(Err(error)) => Some(Err(error)),
            None => Some(Err(Error::source(Cause::Lost, "reading broke off before its end"))),
        };
        self.over = true;
        Poll::Ready(last)
    }
}

/// Both halves of a scan. Whoever sends has to [`Sender::end`] it.
pub(crate) fn channel() -> (Sender, Batches) {
    let (sender, receiver) = mpsc::channel(AHEAD);
    (Sender(sender), Arriving { receiver, over: false }.boxed())
}

/// Runs a reader in a blocking thread as a stream.
pub(crate) fn blocking(work: impl FnOnce(&Sender) -> Result<(), Error> + Send + 'static) -> Batches {
    let (sender, stream) = channel();
    tokio::task::spawn_blocking(move || {
        let outcome = work(&sender);
        sender.blocking_end(outcome);
    });
    stream
}

/// Rows becoming batches.
pub(crate) struct Filling {
    /// The columns.
    pub builder: Builder,
}

impl Filling {
    /// For an answer of these columns.
    pub fn new(wires: &[Wire]) -> Self {
        Self {
            builder: Builder::new(&wire_shape(wires)),
        }
    }

    /// A row is complete: the batch, when it is full.
    pub fn row(&mut self) -> Result<Option<RecordBatch>, Error> {
        self.builder.row();
        if self.builder.is_full() {
            self.batch().map(Some)
        } else {
            Ok(None)
        }
    }

    fn batch(&mut self) -> Result<RecordBatch, Error> {
        self.builder.batch().map_err(Error::internal)
    }

    /// What is left.
    pub fn rest(&mut self) -> Result<Option<RecordBatch>, Error> {
        if self.builder.rows() == 0 {
            Ok(None)
        } else {
            self.batch().map(Some)
        }
    }
}

/// Appends a value that came as text; what has no place in its type becomes NULL and is counted.
pub(crate) fn text(filling: &mut Filling, column: usize, value: Option<&[u8]>, notes: &Notes) {
    let Some(cell) = filling.builder.columns.get_mut(column) else {
        return;
    };
    match value {
        None => cell.null(),
        Some(bytes) => {
            let done = std::str::from_utf8(bytes).is_ok_and(|it| cell.text(it).is_ok());
            if !done {
                notes.nulled();
                cell.null();
            }
        }
    }
}
