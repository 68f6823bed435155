//! A run of a delivery and its life.

use serde::{Deserialize, Serialize};
use vocab::{ActorId, DeliveryId, ReleaseId, RunId, Timestamp};

use crate::{Plan, Refreshed, Unfit, codes, reconcile::Reconciliation};

codes! {
    /// Where a run stands.
    RunState: "run state" {
        /// Waits for a worker.
        Queued = "queued",
        /// Rows are on their way.
        Running = "running",
        /// All rows are in the new table; both sides are compared.
        Verifying = "verifying",
        /// Swapped in, and equal.
        Done = "done",
        /// Given up with a reason; the old table stands.
        Failed = "failed",
        /// Stopped by a person; the old table stands.
        Cancelled = "cancelled",
    }
}

impl RunState {
    /// Is nothing more to come?
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled)
    }
}

codes! {
    /// What a run is doing.
    Phase: "phase" {
        /// Waits for a worker.
        Waiting = "waiting",
        /// Looks at source and target.
        Planning = "planning",
        /// Loads chunks.
        Loading = "loading",
        /// Makes the key and indexes.
        Finishing = "finishing",
        /// Reads back and compares.
        Verifying = "verifying",
        /// Puts the new table in the old one's place.
        Swapping = "swapping",
        /// Nothing more.
        Over = "over",
    }
}

/// How far a run is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// What it is doing.
    pub phase: Phase,
    /// Rows read from the source so far.
    pub rows: u64,
    /// Bytes of them, as the digest counts them.
    pub bytes: u64,
    /// Chunks that stand in the target.
    pub chunks_done: u64,
    /// Chunks planned; `None` for a stream whose end is not known.
    pub chunks_total: Option<u64>,
    /// The source's own estimate of its rows.
    pub rows_estimate: Option<u64>,
    /// Rows a second over the last moments.
    pub rows_per_second: u64,
    /// Rows put into quarantine.
    pub quarantined: u64,
}

impl Default for Progress {
    fn default() -> Self {
        Self {
            phase: Phase::Waiting,
            rows: 0,
            bytes: 0,
            chunks_done: 0,
            chunks_total: None,
            rows_estimate: None,
            rows_per_second: 0,
            quarantined: 0,
        }
    }
}

impl Progress {
    /// Tenths of a percent of the estimate; never 1000 before the rows are all there. `None` without an estimate.
    #[must_use]
    pub fn permille(&self) -> Option<u64> {
        if matches!(self.phase, Phase::Over) {
            return Some(1000);
        }
        let estimate = self.rows_estimate.filter(|it| *it > 0)?;
        Some((self.rows.saturating_mul(1000) / estimate).min(999))
    }

    /// Seconds that loading will still take at the present rate, where both are known.
    #[must_use]
    pub fn seconds_left(&self) -> Option<u64> {
        let left = self.rows_estimate?.saturating_sub(self.rows);
        left.checked_div(self.rows_per_second)
    }

    /// Counts more rows; the rate is a moving average over `elapsed_ms` since the last call.
    pub fn add(&mut self, rows: u64, bytes: u64, elapsed_ms: u64) {
        self.rows += rows;
        self.bytes += bytes;
        if let Some(now) = (rows * 1000).checked_div(elapsed_ms) {
            self.rows_per_second = if self.rows_per_second == 0 {
                now
            } else {
                (self.rows_per_second * 3 + now) / 4
            };
        }
    }
}

/// Why a run failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// A stable code: `target`, `source`, `occupied`, `not-equal`, ….
    pub code: String,
    /// In words, without values and secrets.
    pub detail: String,
}

codes! {
    /// When a run's rows were read.
    Reading: "reading" {
        /// All at one moment: one statement, or one reading of a file.
        OneMoment = "one-moment",
        /// Each chunk at its own moment: what changed in the source meanwhile may be in some chunks and not in others.
        EachChunk = "each-chunk",
    }
}

codes! {
    /// The path that rows take from source to target.
    Path: "path" {
        /// The source's own tuples are piped into the target, masks and row rule being the source's SQL; nothing is decoded.
        PassThrough = "pass-through",
        /// Batches of columns, decoded, masked and encoded again here: every source, every target, every mask.
        Columnar = "columnar",
    }
}

/// Which path a run takes, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// The path.
    pub path: Path,
    /// The reason's code, as the engine gave it: `tuples` for the pass-through, else what stood in its way (`mask`,
    /// `row-rule`, `target-kind`, …).
    pub why: String,
    /// The item it is about, where it is about one.
    #[serde(default)]
    pub item: Option<String>,
    /// Lanes side by side.
    pub lanes: u64,
}

/// What was noticed about a source's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Noticed {
    /// Values without a place in their declared type, which became NULL.
    pub nulled: u64,
    /// Rows of a file that could not be read and were left out.
    pub set_aside: u64,
}

/// What left the source in attempts that were thrown away at the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Discarded {
    /// Rows.
    pub rows: u64,
    /// Bytes of them, as the digest counts them.
    pub bytes: u64,
}

/// What came of a run.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Report {
    /// What each column became in the target (the engine's pre-flight, as it gave it).
    pub preflight: Option<serde_json::Value>,
    /// Both sides compared.
    pub reconciliation: Option<Reconciliation>,
    /// How the source is read: the same in every start of the run.
    #[serde(default)]
    pub plan: Option<Plan>,
    /// Which path the rows take, and why; none before it was decided.
    #[serde(default)]
    pub path: Option<Taken>,
    /// For a delivery that wishes for changes: what the run brings, and why; none before it was decided.
    #[serde(default)]
    pub refreshed: Option<Refreshed>,
    /// Digest of what decides which rows come and how they look; under another one the run begins anew.
    #[serde(default)]
    pub basis: Option<String>,
    /// The receipts as the open release began with them (the ledger's words); none while no release is open.
    #[serde(default)]
    pub opening: Option<serde_json::Value>,
    /// What left under the open release beside what stands: its receipt must not forget it. Kept with no plan beside it until
    /// the target is empty again: what stands there then is counted here already.
    #[serde(default)]
    pub discarded: Discarded,
    /// What became of the key: `made`, `none`, `not-unique`.
    pub key: Option<String>,
    /// Were the rows read at one moment of the source, or chunk by chunk while it may have changed?
    #[serde(default)]
    pub reading: Option<Reading>,
    /// What was noticed about the source's own values, over all rows that were read: rows outside the row rule too, so it
    /// is the provider's to know and nobody else's.
    #[serde(default)]
    pub noticed: Noticed,
    /// The release that the receipt is about.
    pub release: Option<ReleaseId>,
    /// The ledger's index of the closing receipt.
    #[serde(default)]
    pub receipt: Option<u64>,
    /// Why it failed.
    pub failure: Option<Failure>,
}

/// What happens to a run.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A worker begins, or goes on after another died.
    Started,
    /// All rows are loaded.
    Loaded,
    /// Both sides were compared and the table was swapped in.
    Finished(Box<Report>),
    /// It cannot go on.
    Failed(Box<Report>),
    /// A person stopped it.
    Cancelled,
    /// A failed run is tried again and goes on from its checkpoint.
    Retried,
}

impl Event {
    const fn code(&self) -> &'static str {
        match self {
            Self::Started => "start",
            Self::Loaded => "be loaded",
            Self::Finished(_) => "finish",
            Self::Failed(_) => "fail",
            Self::Cancelled => "be cancelled",
            Self::Retried => "be tried again",
        }
    }
}

/// One run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Identifier; also the run's name in the target's checkpoint table.
    pub id: RunId,
    /// Of which delivery.
    pub delivery: DeliveryId,
    /// Where it stands.
    pub state: RunState,
    /// Was it asked to stop?
    pub cancel_asked: bool,
    /// How far it is.
    pub progress: Progress,
    /// What came of it.
    pub report: Option<Report>,
    /// Who asked for it; `None` for the clock.
    pub asked_by: Option<ActorId>,
    /// When it was asked for.
    pub queued_at: Timestamp,
    /// When a worker first began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

impl Run {
    /// A run that waits.
    #[must_use]
    pub fn queued(delivery: DeliveryId, asked_by: Option<ActorId>, now: Timestamp) -> Self {
        Self {
            id: RunId::new(),
            delivery,
            state: RunState::Queued,
            cancel_asked: false,
            progress: Progress::default(),
            report: None,
            asked_by,
            queued_at: now,
            started_at: None,
            ended_at: None,
        }
    }

    /// The whole life of a run. A run finishes only with a reconciliation that is equal.
    ///
    /// # Errors
    /// [`Unfit`] where the event cannot happen.
    pub fn after(mut self, event: Event, now: Timestamp) -> Result<Self, Unfit> {
        let unfit = Unfit {
            thing: "run",
            state: self.state.code(),
            step: event.code(),
        };
        match (self.state, event) {
            (RunState::Queued | RunState::Running | RunState::Verifying, Event::Started) => {
                self.state = RunState::Running;
                self.started_at = self.started_at.or(Some(now));
                self.progress.phase = Phase::Planning;
            }
            (RunState::Running, Event::Loaded) => {
                self.state = RunState::Verifying;
                self.progress.phase = Phase::Finishing;
            }
            (RunState::Verifying, Event::Finished(report)) => {
                if !report.reconciliation.as_ref().is_some_and(|it| it.equal) {
                    return Err(unfit);
                }
                self.state = RunState::Done;
                self.report = Some(*report);
                self.end(now);
            }
            (RunState::Queued | RunState::Running | RunState::Verifying, Event::Failed(report)) => {
                self.state = RunState::Failed;
                self.report = Some(*report);
                self.end(now);
            }
            (RunState::Queued | RunState::Running | RunState::Verifying, Event::Cancelled) => {
                self.state = RunState::Cancelled;
                self.end(now);
            }
            (RunState::Failed, Event::Retried) => {
                self.state = RunState::Queued;
                self.cancel_asked = false;
                self.progress = Progress::default();
                self.ended_at = None;
            }
            _ => return Err(unfit),
        }
        Ok(self)
    }

    fn end(&mut self, now: Timestamp) {
        self.ended_at = Some(now);
        self.progress.phase = Phase::Over;
        self.progress.rows_per_second = 0;
    }
}
