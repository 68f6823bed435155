//! The ledger: what was done, and the proof of it.

use askama::Template;
use vocab::Timestamp;

use super::{Choice, Pager, Ui, form::form};

form! {
    /// `GET /ledger`.
    LedgerForm {
        /// Kind of entry; empty for all.
        kind: one "kind",
        /// Identifier of what it is about.
        subject: one "subject",
        /// Sign-in name of who did it.
        actor: one "actor",
        /// First day, `2026-03-09`.
        from: one "from",
        /// Last day, `2026-03-20`.
        until: one "until",
    }
}

/// An entry in a list.
#[derive(Debug, Clone)]
pub struct EntryRow {
    /// Index in the log.
    pub index: u64,
    /// When.
    pub at: Timestamp,
    /// Kind; `event-{kind}` in the locale, with `.` and `_` as `-`.
    pub kind: String,
    /// Who; empty for the platform itself.
    pub who: String,
    /// What it is about.
    pub subject: String,
    /// Leaf hash, hex.
    pub hash: String,
}

/// `GET /ledger`.
#[derive(Debug, Clone, Template)]
#[template(path = "ledger.html")]
pub struct LedgerPage {
    /// Frame.
    pub ui: Ui,
    /// What was asked.
    pub form: LedgerForm,
    /// Kinds to choose from.
    pub kinds: Vec<Choice>,
    /// Entries, newest first.
    pub rows: Vec<EntryRow>,
    /// Pages.
    pub pager: Pager,
    /// Entries in all.
    pub size: u64,
    /// The last signed checkpoint, as text.
    pub checkpoint: Option<String>,
}

/// Why an entry is in the log.
#[derive(Debug, Clone)]
pub struct Proof {
    /// Size of the tree.
    pub size: u64,
    /// Root hash, hex.
    pub root: String,
    /// Hashes of the way up, hex.
    pub path: Vec<String>,
    /// The signed checkpoint.
    pub checkpoint: String,
}

/// `GET /ledger/{index}`; the bundle is `GET /ledger/{index}/bundle`.
#[derive(Debug, Clone, Template)]
#[template(path = "entry.html")]
pub struct EntryPage {
    /// Frame.
    pub ui: Ui,
    /// The entry.
    pub it: EntryRow,
    /// Address of what it is about; empty when there is no page.
    pub subject_href: String,
    /// The body as indented JSON.
    pub body: String,
    /// The proof; not there until the next checkpoint.
    pub proof: Option<Proof>,
    /// How a release of rows ended, in words; empty for other entries.
    pub outcome: String,
    /// The releases of rows that it is the receipt of.
    pub answers: Vec<Answer>,
}

/// One release of rows, as its receipt tells it.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Its identifier, `rel_…`.
    pub release: String,
    /// Rows that left.
    pub rows: u64,
    /// Bytes that left, where they are counted.
    pub bytes: Option<u64>,
    /// Digest of what left, or a commitment to it.
    pub digest: String,
    /// When it ended.
    pub ended: Timestamp,
}

/// The outcome of a verification.
#[derive(Debug, Clone)]
pub struct Verified {
    /// Is all of it true?
    pub good: bool,
    /// Why not.
    pub fault: String,
    /// What was found: name and value.
    pub facts: Vec<(String, String)>,
}

/// `GET /ledger/verify` and `POST /ledger/verify` (multipart: file `bundle`, or text `text`).
#[derive(Debug, Clone, Template)]
#[template(path = "verify.html")]
pub struct VerifyPage {
    /// Frame.
    pub ui: Ui,
    /// The outcome.
    pub result: Option<Verified>,
}
