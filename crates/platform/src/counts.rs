//! What this process has done since it started, for those who measure it: figures that only grow.

use std::sync::atomic::{AtomicU64, Ordering};

use ledger::Outcome;
use serde_json::Value;

static RELEASES: AtomicU64 = AtomicU64::new(0);
static ROWS: AtomicU64 = AtomicU64::new(0);
static UNCOUNTED: AtomicU64 = AtomicU64::new(0);
static DENIALS: AtomicU64 = AtomicU64::new(0);
static SIGN_IN_FAILURES: AtomicU64 = AtomicU64::new(0);
static RUNS: AtomicU64 = AtomicU64::new(0);

/// The figures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Receipts of releases that were written.
    pub releases: u64,
    /// Rows those receipts counted.
    pub rows: u64,
    /// Receipts among them that could count none: at most every row of theirs left, beside `rows`.
    pub uncounted: u64,
    /// Refusals by the policy.
    pub denials: u64,
    /// Sign-ins that were refused.
    pub sign_in_failures: u64,
    /// Runs of deliveries that were worked on to their end.
    pub runs: u64,
}

/// The figures as they are now.
#[must_use]
pub fn counts() -> Counts {
    let of = |it: &AtomicU64| it.load(Ordering::Relaxed);
    Counts {
        releases: of(&RELEASES),
        rows: of(&ROWS),
        uncounted: of(&UNCOUNTED),
        denials: of(&DENIALS),
        sign_in_failures: of(&SIGN_IN_FAILURES),
        runs: of(&RUNS),
    }
}

/// What the receipts among some entries say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    receipts: u64,
    rows: u64,
    uncounted: u64,
}

impl Tally {
    /// One receipt of a whole answer.
    pub(crate) const fn answer(rows: u64) -> Self {
        Self {
            receipts: 1,
            rows,
            uncounted: 0,
        }
    }
}

pub(crate) fn tally(entries: &[ledger::Entry]) -> Tally {
    let mut all = Tally::default();
    for it in entries.iter().filter(|it| it.kind == ledger::receipt::KIND) {
        all.receipts += 1;
        if it.body.get("outcome").and_then(Value::as_str) == Some(Outcome::Unknown.code()) {
            all.uncounted += 1;
        } else {
            all.rows += it.body.get("rows").and_then(Value::as_u64).unwrap_or(0);
        }
    }
    all
}

pub(crate) fn released(it: Tally) {
    RELEASES.fetch_add(it.receipts, Ordering::Relaxed);
    ROWS.fetch_add(it.rows, Ordering::Relaxed);
    UNCOUNTED.fetch_add(it.uncounted, Ordering::Relaxed);
}

pub(crate) fn denied() {
    DENIALS.fetch_add(1, Ordering::Relaxed);
}

pub(crate) fn sign_in_failed() {
    SIGN_IN_FAILURES.fetch_add(1, Ordering::Relaxed);
}

pub(crate) fn run_ended() {
    RUNS.fetch_add(1, Ordering::Relaxed);
}
