//! Rows leaving the node: no row is handed out before its receipt is on disk.
//!
//! A small answer is held back until its one receipt is written. A large one begins with an *opened* entry, flows, and
//! ends with its receipt: complete, or broken with what had left until then. The same three steps for every door. While
//! it flows the mandate is decided again every few seconds, so that a revoked agreement stops its rows, and so does a
//! token, session, role or account that was taken away.

mod open;

use std::{
    collections::VecDeque,
    ops::Range,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use engine::{Batches, RecordBatch, Rows, Summary};
use futures::{FutureExt, Stream, StreamExt, future::BoxFuture};
use ledger::receipt::{COMMITTED, Outcome, Receipt, commitment_under};
use tokio::time::Instant;
use vocab::{ReleaseId, Timestamp};

use open::Duty;
pub(crate) use open::Streams;

use crate::{
    App, Error,
    flow::open_data::{Grant, decide_again},
    receipts::{Debt, Use, Written},
};

/// Rows that are held back until the receipt is written, where the answer ends within them.
const HOLD_ROWS: usize = 20_000;
/// The same in bytes of memory: wide rows are not held back by the thousand.
const HOLD_BYTES: usize = 16 << 20;
/// The digest of fewer rows than these could be guessed, so the receipt only commits to it.
const GUESSABLE: u64 = 1000;
/// How often the mandate of an open release is decided again.
const DECIDED: Duration = Duration::from_secs(3);

/// What is known of a release before its first row.
#[derive(Debug, Clone)]
pub(crate) struct Opening {
    /// One receipt for each agreement, as they will be, without counts.
    pub receipts: Vec<Receipt>,
    /// Whose quota it takes.
    pub uses: Vec<Use>,
    /// What it draws on, in the order of the receipts.
    pub grants: Arc<Vec<Grant>>,
}

/// What left, for the receipts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Left {
    /// Rows.
    pub rows: u64,
    /// Bytes, where they are counted.
    pub bytes: Option<u64>,
    /// The algorithm of the digest.
    pub algorithm: &'static str,
    /// Their digest, hex.
    pub digest: String,
}

impl Left {
    fn of(summary: &Summary) -> Self {
        Self {
            rows: summary.rows,
            bytes: None,
            algorithm: engine::digest::ALGORITHM,
            digest: summary.digest.clone(),
        }
    }
}

impl Opening {
    fn release(&self) -> Option<ReleaseId> {
        self.receipts.first().map(|it| it.release)
    }

    /// The receipts of what left. Digests of little are committed to under each agreement's own key.
    fn finished(mut self, left: &Left, outcome: Outcome, ended: Timestamp) -> Vec<Receipt> {
        for (receipt, grant) in self.receipts.iter_mut().zip(self.grants.iter()) {
            (receipt.algorithm, receipt.digest) = if left.rows < GUESSABLE {
                (
                    format!("{COMMITTED}{}", left.algorithm),
                    commitment_under(&grant.salted, &left.digest),
                )
            } else {
                (left.algorithm.to_owned(), left.digest.clone())
            };
            (receipt.rows, receipt.bytes) = (left.rows, left.bytes);
            (receipt.outcome, receipt.ended) = (outcome, ended);
        }
        self.receipts
    }
}

/// Which receipts stand in the ledger for an answer: the caller's handle on its proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipted {
    /// The release; all its entries name it.
    pub release: ReleaseId,
    /// The numbers of the entries that were written before the first row left, one for each agreement.
    pub entries: Range<u64>,
}

/// An answer on its way out, with its receipt.
pub struct Release {
    schema: engine::SchemaRef,
    receipted: Receipted,
    state: State,
    held: VecDeque<(RecordBatch, Summary)>,
    rest: Option<Rows>,
    duty: Option<Duty>,
    again: Option<Again>,
}

enum State {
    Flowing,
    Asking(BoxFuture<'static, Result<(), Error>>),
    Closing(BoxFuture<'static, Result<(), Error>>),
    Ended,
}

/// The mandate of an open release, decided again now and then.
struct Again {
    app: std::sync::Weak<App>,
    grants: Arc<Vec<Grant>>,
    asked: Instant,
}

impl Again {
    fn is_due(&self) -> bool {
        self.asked.elapsed() >= DECIDED
    }

    fn ask(&mut self) -> BoxFuture<'static, Result<(), Error>> {
        self.asked = Instant::now();
        let (app, grants) = (self.app.clone(), Arc::clone(&self.grants));
        async move {
            let app = app.upgrade().ok_or(Error::Engine(engine::Error::Cancelled))?;
            match decide_again(&app, &grants).await {
                Err(error) if error.is_refusal() => Err(error),
                Err(error) => {
                    let error = &error as &dyn std::error::Error;
                    tracing::warn!(error, "the mandate of an open release could not be decided again");
                    Ok(())
                }
                Ok(()) => Ok(()),
            }
        }
        .boxed()
    }
}

impl Release {
    /// Begins to release `rows`: takes the quota, writes the first entries (or the only ones), and only then hands rows out.
    pub(crate) async fn begin(app: &App, opening: Opening, mut rows: Rows) -> Result<Self, Error> {
        let schema = rows.schema();
        let release = opening.release().ok_or(Error::NoReceipt)?;
        let mut held = VecDeque::new();
        let (mut seen, mut bytes) = (0, 0);
        let mut ended = false;
        while seen < HOLD_ROWS && bytes < HOLD_BYTES {
            let Some(batch) = rows.next().await else {
                ended = true;
                break;
            };
            let batch = batch?;
            seen += batch.num_rows();
            bytes += engine::bytes_of(&batch);
            held.push_back((batch, rows.summary()));
        }
        if ended {
            let entries = write_ended(app, opening, &Left::of(&rows.summary())).await?;
            return Ok(Self {
                schema,
                receipted: Receipted { release, entries },
                state: State::Flowing,
                held,
                rest: None,
                duty: None,
                again: None,
            });
        }
        let opened = Written {
            uses: opening.uses.clone(),
            entries: opened(&opening),
            debt: Debt::Owes(opening.receipts.clone()),
        };
        let entries = app.receipts.write(opened).await?;
        let again = Again {
            app: app.me.clone(),
            grants: Arc::clone(&opening.grants),
            asked: Instant::now(),
        };
        Ok(Self {
            schema,
            receipted: Receipted { release, entries },
            state: State::Flowing,
            held,
            rest: Some(rows),
            duty: Some(Duty::new(app, release, opening)),
            again: Some(again),
        })
    }

    /// Names and types of the answer.
    #[must_use]
    pub fn schema(&self) -> engine::SchemaRef {
        self.schema.clone()
    }

    /// Where its receipts stand.
    #[must_use]
    pub const fn receipts(&self) -> &Receipted {
        &self.receipted
    }

    /// The release as plain batches, for encoders.
    #[must_use]
    pub fn into_batches(self) -> Batches {
        self.map(|it| {
            it.map_err(|error| match error {
                Error::Engine(error) => error,
                other => engine::Error::internal(other),
            })
        })
        .boxed()
    }

    /// Ends it early; the duty's drop writes the receipt.
    fn break_off(&mut self, outcome: Outcome) {
        self.held.clear();
        self.rest = None;
        self.state = State::Ended;
        if let Some(duty) = self.duty.take() {
            duty.breaks(outcome);
        }
    }

    /// The next batch with what has left once it is handed out.
    fn poll_batch(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<(RecordBatch, Summary), engine::Error>>> {
        if let Some(held) = self.held.pop_front() {
            return Poll::Ready(Some(Ok(held)));
        }
        let Some(rest) = self.rest.as_mut() else {
            return Poll::Ready(None);
        };
        let next = std::task::ready!(rest.poll_next_unpin(cx));
        Poll::Ready(next.map(|it| it.map(|batch| (batch, rest.summary()))))
    }
}

impl Stream for Release {
    type Item = Result<RecordBatch, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            match &mut this.state {
                State::Ended => return Poll::Ready(None),
                State::Closing(writing) => {
                    let written = std::task::ready!(writing.as_mut().poll(cx));
                    this.state = State::Ended;
                    if let Err(error) = written {
                        return Poll::Ready(Some(Err(error)));
                    }
                }
                State::Asking(answer) => match std::task::ready!(answer.as_mut().poll(cx)) {
                    Ok(()) => this.state = State::Flowing,
                    Err(error) => {
                        this.break_off(Outcome::Revoked);
                        return Poll::Ready(Some(Err(error)));
                    }
                },
                State::Flowing => {
                    if let Some(again) = this.again.as_mut().filter(|it| it.is_due()) {
                        this.state = State::Asking(again.ask());
                        continue;
                    }
                    match std::task::ready!(this.poll_batch(cx)) {
                        Some(Ok((batch, summary))) => {
                            if this.duty.as_ref().is_some_and(|it| !it.hands_out(summary)) {
                                // The node stops, and has told the receipt already.
                                this.break_off(Outcome::Broken);
                                return Poll::Ready(Some(Err(Error::Engine(engine::Error::Cancelled))));
                            }
                            return Poll::Ready(Some(Ok(batch)));
                        }
                        Some(Err(error)) => {
                            this.break_off(match error {
                                engine::Error::Limit(_) => Outcome::Limited,
                                _ => Outcome::Broken,
                            });
                            return Poll::Ready(Some(Err(error.into())));
                        }
                        None => {
                            this.rest = None;
                            this.state = match this.duty.take() {
                                Some(duty) => State::Closing(duty.complete().boxed()),
                                None => State::Ended,
                            };
                        }
                    }
                }
            }
        }
    }
}

pub(crate) fn opened(opening: &Opening) -> Vec<ledger::Entry> {
    opening.receipts.iter().map(Receipt::opened).collect()
}

/// The receipts of an answer that is whole in memory, written before it is handed out.
pub(crate) async fn write_whole(app: &App, opening: Opening, left: &Left) -> Result<Receipted, Error> {
    let release = opening.release().ok_or(Error::NoReceipt)?;
    let entries = write_ended(app, opening, left).await?;
    Ok(Receipted { release, entries })
}

async fn write_ended(app: &App, mut opening: Opening, left: &Left) -> Result<Range<u64>, Error> {
    let uses = std::mem::take(&mut opening.uses);
    let receipts = opening.finished(left, Outcome::Complete, app.now());
    let receipts = match <[Receipt; 1]>::try_from(receipts) {
        Ok([receipt]) => return app.receipts.answer(uses, receipt).await,
        Err(several) => several,
    };
    let entries = receipts.iter().map(Receipt::entry).collect();
    let debt = Debt::None;
    app.receipts.write(Written { uses, entries, debt }).await
}

/// The same with a batch of rows.
pub(crate) async fn write_batch(app: &App, opening: Opening, batch: &RecordBatch) -> Result<Receipted, Error> {
    let rows = Rows::from_batches(batch.schema(), vec![batch.clone()]);
    let (_, summary) = rows.collect_all().await?;
    write_whole(app, opening, &Left::of(&summary)).await
}
