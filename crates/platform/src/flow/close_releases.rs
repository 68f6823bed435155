//! Releases whose process was killed with rows on their way: each gets the closing receipt it owes.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use db::Tx;
use exchange::{RunState, store::Runs};
use ledger::{Outcome, Receipt, receipt::UNKNOWN};
use vocab::ReleaseId;

use crate::{
    App, Error,
    receipts::{Debt, Written},
};

/// An answer ends within its limit of time; clocks of processes that share a database may differ by so much.
const GRACE: TimeDelta = TimeDelta::minutes(1);
/// Runs of one look.
const STEP: u32 = 500;

/// Closes every release that is open longer than an answer may take; how many. How many rows had left nobody knows any
/// more, and [`Outcome::Unknown`] says so. Runs of deliveries that are not over go on, count by the checkpoints of their
/// target, and close their own.
///
/// # Errors
/// When the database fails.
pub(crate) async fn close_releases(app: &App) -> Result<u64, Error> {
    let seconds = i64::try_from(app.config.limits.seconds).ok();
    let Some(before) = seconds
        .and_then(TimeDelta::try_seconds)
        .and_then(|limit| app.now().checked_sub_signed(limit + GRACE))
    else {
        return Ok(0); // answers have no limit of time
    };
    let tx = app.read().await?;
    let owed = ledger::owed(&tx, before).await?;
    let running = if owed.is_empty() {
        BTreeSet::new()
    } else {
        of_runs(&tx).await?
    };
    drop(tx);
    let mut by_release: BTreeMap<ReleaseId, Vec<Receipt>> = BTreeMap::new();
    for it in owed.into_iter().filter(|it| !running.contains(&it.release)) {
        by_release.entry(it.release).or_default().push(it);
    }
    let mut closed = 0;
    for (release, receipts) in by_release {
        let written = Written {
            uses: Vec::new(),
            entries: receipts.into_iter().map(|it| uncounted(app, it)).collect(),
            debt: Debt::Settles(release),
        };
        match app.receipts.write(written).await {
            Ok(_) => closed += 1,
            // Another process, or the release itself, was faster.
            Err(Error::NoReceipt) if !is_owed(app, release, before).await? => {}
            Err(other) => return Err(other),
        }
    }
    if closed > 0 {
        tracing::warn!(
            closed,
            "releases of a process that was killed were closed; what had left of them is unknown"
        );
    }
    Ok(closed)
}

fn uncounted(app: &App, opened: Receipt) -> ledger::Entry {
    Receipt {
        algorithm: UNKNOWN.to_owned(),
        outcome: Outcome::Unknown,
        ended: app.now(),
        ..opened
    }
    .entry()
}

async fn is_owed(app: &App, release: ReleaseId, before: vocab::Timestamp) -> Result<bool, Error> {
    let owed = ledger::owed(&app.read().await?, before).await?;
    Ok(owed.iter().any(|it| it.release == release))
}

/// The open releases of runs that are not over.
async fn of_runs(tx: &Tx) -> Result<BTreeSet<ReleaseId>, Error> {
    let mut found = BTreeSet::new();
    for state in RunState::ALL.iter().copied().filter(|it| !it.is_over()) {
        let mut after = None;
        loop {
            let which = Runs {
                delivery: None,
                state: Some(state),
            };
            let some = exchange::store::runs(tx, which, after, STEP).await?;
            found.extend(some.iter().filter_map(|it| it.report.as_ref()?.release));
            after = some.last().map(|it| it.id);
            if some.len() < STEP as usize {
                break;
            }
        }
    }
    Ok(found)
}
