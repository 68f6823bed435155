//! How use is agreed: requests, agreements, corrections 校核, disputes, and the clocks that run on all of them
//! (政务数据共享条例, State Council Order 809, chapters 4 and 7).
//!
//! Every thing is a pure machine, `(thing, event, now, clocks) -> (thing, commands)`; the corridor carries the commands
//! out. Invariants: a supplement is asked once and whole; a refusal has reasons, and 不予共享 names the law; a grant is
//! never wider than what was asked; a limit is a row with its legal basis, and a region may only shorten it; whoever
//! applied neither checks nor decides.

pub mod agreement;
pub mod clock;
pub mod correction;
pub mod dispute;
pub mod notice;
pub mod request;
pub mod seed;
pub mod store;

mod command;
mod refused;

pub use agreement::{Agreement, Disposal};
pub use clock::{CatalogClock, Cause, Certainty, ClockId, ClockRule, Clocks, DueKind, DueNotice, Timer, due_notices};
pub use command::{Command, Notice, Who};
pub use correction::{Correction, CorrectionState};
pub use dispute::{Dispute, DisputeState, NewDispute, Span};
pub use notice::{Matter, Told};
pub use refused::{Lack, Refused};
pub use request::{Application, Basis, Grant, Party, RefusalKind, Request, RequestState, Warrant};
pub use store::{Task, TaskKind, Used};

/// Why this room failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such thing; its identifier.
    #[error("`{0}` does not exist")]
    NotFound(String),
    /// Somebody else changed it in between; read it again.
    #[error("`{0}` was changed in between")]
    Stale(String),
    /// The request has its agreement already.
    #[error("this request has its agreement already")]
    AgreedAlready,
    /// This limit runs already on this thing.
    #[error("this limit runs already")]
    RunsAlready,
    /// A dispute over the same thing is open.
    #[error("a dispute over this is open already")]
    DisputedAlready,
    /// The machine refused the event.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The rows of limits contradict each other.
    #[error(transparent)]
    Clock(#[from] clock::ClockError),
    /// The cellar.
    #[error(transparent)]
    Db(#[from] db::Error),
}
