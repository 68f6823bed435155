//! What was done: an append-only transparency log, in the database and as files that anyone can check.
//!
//! Every change of the platform and every release of rows is written in an [`Entry`] in the same transaction
//! ([`append`]). [`publish`] turns what was appended into a C2SP `tlog-tiles` folder with a signed checkpoint; [`Log`]
//! makes inclusion and consistency proofs from that folder; [`bundle`] packs entries with their proofs into one file
//! that [`verify`] checks with nothing but that file and public keys.
//!
//! Invariants. The number of an entry has no gaps and is given in the transaction that writes it. The leaf is the
//! SHA-256 tree's of RFC 6962 over the entry's canonical JSON; a second tree with SM3 over the same bytes lies in
//! `sm3/`. No checkpoint is ever published that contradicts an earlier one: if the database was rewritten or rolled
//! back, [`publish`] fails ([`Error::Rewritten`]) and leaves the folder as it was. Receipts hold digests and counts,
//! never rows. A release that begins with an *opened* entry owes its closing receipt ([`owe`]) until it is written
//! ([`settle`]).

mod canonical;
mod checkpoint;
mod disk;
mod entry;
mod insert;
mod keys;
mod note;
mod owed;
mod proof;
mod publish;
mod store;
mod tile;
mod tree;

pub mod bundle;
pub mod receipt;
pub mod since;

#[cfg(test)]
mod tests;

pub use bundle::{Fault, Trust, Verified, verify};
pub use canonical::to_canonical;
pub use checkpoint::{Checkpoint, Statement};
pub use entry::{Entry, Logged, Prepared, Recorded};
pub use keys::{Attestation, LogKeys};
pub use note::{KeyKind, Note, NoteError, SignatureLine, VerifierKey};
pub use owed::{owe, owed, settle};
pub use proof::Log;
pub use publish::{check, publish};
pub use receipt::{Outcome, Receipt};
pub use store::{
    Filter, Page, append, append_many, append_prepared, append_steps, checkpoint_at, cosign, count, count_answers,
    find, get, last_checkpoint, size,
};
pub use tree::{verify_consistency, verify_inclusion};

/// Why the ledger refused or failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An entry's bytes do not fit into an entry bundle (65,535 bytes).
    #[error("a ledger entry of {0} bytes is too large, allowed are 65535")]
    TooLarge(usize),
    /// What the database says contradicts what was published. Never go on silently from here.
    #[error("the ledger was rewritten: {0}")]
    Rewritten(String),
    /// The entry is appended but no checkpoint covers it yet.
    #[error("entry {index} is not published yet (checkpoint covers {size} entries)")]
    NotPublished {
        /// The entry.
        index: u64,
        /// Entries under the last checkpoint.
        size: u64,
    },
    /// A file of the published log is missing or damaged.
    #[error("the published file `{0}` is missing or damaged")]
    Tile(String),
    /// A name, key, note or cosignature is not what it should be.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// Signing or a key failed.
    #[error("a key of the ledger failed")]
    Seal(#[from] seal::Error),
    /// The database failed.
    #[error("the ledger's database failed")]
    Db(#[from] db::Error),
    /// A file could not be read or written.
    #[error("the ledger's folder failed")]
    Io(#[from] std::io::Error),
    /// The process is ending; the work was not done.
    #[error("the work was interrupted")]
    Interrupted,
}
