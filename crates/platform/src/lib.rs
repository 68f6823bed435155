//! The corridor: the only place where rooms meet. A deed is one file in [`flow`], named by its verb and noun; doors
//! (web, wire, app) call flows and nothing else.
//!
//! Invariants: a write is a [`Change`], which needs a permit to begin and a ledger entry to commit; rows leave through a
//! [`release::Release`], which needs a mandate to begin and a receipt to be handed out. A refusal changes nothing.

mod app;
mod change;
mod counts;
mod error;
mod event;
mod receipts;
mod rounds;
mod shelf;
mod work;

pub mod flow;
pub mod release;

pub use app::{App, Config};
pub use change::Change;
pub use counts::{Counts, counts};
pub use error::{Error, Fault};
pub use event::Event;
pub use work::{Work, work_once};

// The doors speak the rooms' words through the corridor.
pub use {catalog, engine, exchange, ledger, policy, seal, sharing, staff, vocab};
