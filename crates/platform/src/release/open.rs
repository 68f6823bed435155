//! Releases that are open: the duty to close each, whoever ends it: its stream, the one who drops it, or the node that
//! stops.

use std::{collections::HashMap, sync::Arc};

use engine::Summary;
use ledger::receipt::{Outcome, Receipt};
use parking_lot::Mutex;
use tokio::{sync::watch, task::JoinHandle};
use vocab::ReleaseId;

use super::{Left, Opening};
use crate::{
    App, Error,
    app::Clock,
    receipts::{Debt, Receipts, Written},
};

/// Every open release of this process, and how many closing receipts are being written.
pub(crate) struct Streams {
    open: Mutex<HashMap<ReleaseId, Arc<Course>>>,
    writing: watch::Sender<usize>,
}

impl Default for Streams {
    fn default() -> Self {
        Self {
            open: Mutex::default(),
            writing: watch::Sender::new(0),
        }
    }
}

/// How far a release is.
struct Course {
    opening: Opening,
    progress: Mutex<Progress>,
}

struct Progress {
    left: Left,
    /// What it is when it ends now: the receiver went away, until the source, a limit or a refusal breaks it.
    breaking: Outcome,
    closed: bool,
}

impl Course {
    /// Closes it, once: what is to be written.
    fn close(&self, release: ReleaseId, outcome: Option<Outcome>, clock: &Clock) -> Option<Written> {
        let mut progress = self.progress.lock();
        if std::mem::replace(&mut progress.closed, true) {
            return None;
        }
        let outcome = outcome.unwrap_or(progress.breaking);
        let receipts = self.opening.clone().finished(&progress.left, outcome, clock.now());
        Some(Written {
            uses: Vec::new(),
            entries: receipts.iter().map(Receipt::entry).collect(),
            debt: Debt::Settles(release),
        })
    }
}

impl Streams {
    /// The node stops: every release that is still open is closed as broken with what has left, and every closing receipt
    /// is on disk when this returns.
    pub(crate) async fn finish(&self, receipts: &Receipts, clock: &Clock) {
        let open: Vec<_> = self.open.lock().drain().collect();
        let closing = open
            .iter()
            .filter_map(|(release, course)| course.close(*release, Some(Outcome::Broken), clock));
        let written = futures::future::join_all(closing.map(|it| receipts.write(it))).await;
        for error in written.into_iter().filter_map(Result::err) {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "a release was left without its receipt; it is closed later as unknown"
            );
        }
        // A sender that is gone means there is nobody to wait for.
        drop(self.writing.subscribe().wait_for(|it| *it == 0).await);
    }
}

/// The duty to write the closing receipt; dropped early, it is written as cancelled.
pub(super) struct Duty {
    release: ReleaseId,
    course: Arc<Course>,
    streams: Arc<Streams>,
    receipts: Receipts,
    clock: Clock,
}

impl Duty {
    pub(super) fn new(app: &App, release: ReleaseId, opening: Opening) -> Self {
        let progress = Progress {
            left: Left {
                algorithm: engine::digest::ALGORITHM,
                ..Left::default()
            },
            breaking: Outcome::Cancelled,
            closed: false,
        };
        let course = Arc::new(Course {
            opening,
            progress: Mutex::new(progress),
        });
        app.streams.open.lock().insert(release, Arc::clone(&course));
        Self {
            release,
            course,
            streams: Arc::clone(&app.streams),
            receipts: app.receipts.clone(),
            clock: app.clock.clone(),
        }
    }

    /// A batch is about to be handed out, after which so much has left; false when the release is closed already.
    pub(super) fn hands_out(&self, summary: Summary) -> bool {
        let mut progress = self.course.progress.lock();
        if !progress.closed {
            progress.left.rows = summary.rows;
            progress.left.digest = summary.digest;
        }
        !progress.closed
    }

    /// It ends here, and why; the drop tells.
    pub(super) fn breaks(self, outcome: Outcome) {
        self.course.progress.lock().breaking = outcome;
    }

    /// Every row has left.
    pub(super) async fn complete(self) -> Result<(), Error> {
        let closing = self.course.close(self.release, Some(Outcome::Complete), &self.clock);
        let closing = closing.ok_or(Error::Engine(engine::Error::Cancelled))?;
        self.write(closing).await.map_err(Error::internal)?
    }

    /// Writes it in a task of its own, which nobody's leaving stops, and which the node waits for when it stops.
    fn write(&self, closing: Written) -> JoinHandle<Result<(), Error>> {
        let (receipts, streams) = (self.receipts.clone(), Arc::clone(&self.streams));
        streams.writing.send_modify(|it| *it += 1);
        tokio::spawn(async move {
            let written = receipts.write(closing).await.map(drop);
            streams.writing.send_modify(|it| *it -= 1);
            written.inspect_err(|error| {
                let error = error as &dyn std::error::Error;
                tracing::error!(
                    error,
                    "a release was left without its receipt; it is closed later as unknown"
                );
            })
        })
    }
}

impl Drop for Duty {
    fn drop(&mut self) {
        self.streams.open.lock().remove(&self.release);
        if tokio::runtime::Handle::try_current().is_ok()
            && let Some(closing) = self.course.close(self.release, None, &self.clock)
        {
            drop(self.write(closing));
        }
    }
}
