//! The catalogue: what data there is, who has it, and under which class it is shared.
//!
//! Organisations form a tree; each connects sources, and describes tables of them as resources with the thirteen
//! fields of the national catalogue and per-item attributes. A resource is drafted (by hand, or from a profile of its
//! table, where every guess shows its evidence and can be undone), checked whole, reviewed, published in numbered
//! versions, changed beside its published version, and withdrawn. Published resources are found through [`search`].
//!
//! Invariants: nothing is submitted or published while [`check()`] has a finding that blocks, above all not without the
//! declaration that the data is no state or work secret (Order 809 Art. 3). A state changes through
//! [`State::to`] only. A published version is never edited. A write names the revision it has seen and is refused when
//! somebody else was faster. A code is text.

pub mod check;
pub mod code;
pub mod draft;
pub mod life;
pub mod organisation;
pub mod resource;
pub mod search;
mod segment;
pub mod source;
mod spelling;
pub mod store;
pub mod version;

pub use check::{Finding, Problem, blocks, check};
pub use draft::{Draft, DraftContext, draft_from_profile};
pub use life::{State, Unfit};
pub use organisation::{Misfit, OrgTree, Organisation};
pub use resource::{
    Attribute, Category, CategoryClass, Content, Evidence, Format, Item, Mount, Opening, Resource, Secrecy, SentBack,
    Sharing, Why,
};
pub use source::{Source, SourceState, TestResult};
pub use version::{Difference, Touched, Version, diff};

/// Why the catalogue refused or failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such thing; its kind and identifier.
    #[error("{kind} `{id}` does not exist")]
    NotFound {
        /// `organisation`, `source`, `resource`, `version`.
        kind: &'static str,
        /// What was looked for.
        id: String,
    },
    /// A code that must be unique is taken.
    #[error("{0} is taken")]
    Taken(&'static str),
    /// Something else still points at it.
    #[error("{0} is still in use")]
    InUse(&'static str),
    /// Somebody else changed it since it was read.
    #[error("{kind} `{id}` was changed by somebody else since it was read")]
    Stale {
        /// `organisation`, `source`, `resource`.
        kind: &'static str,
        /// Its identifier.
        id: String,
    },
    /// This cannot happen to a resource in this state.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// The entry has findings that block; all of them.
    #[error("the entry has {} findings that block", .0.len())]
    Findings(Vec<Finding>),
    /// The draft has no such guess (item, attribute).
    #[error("item `{0}` has no guess of this attribute")]
    NoGuess(String),
    /// The category cannot change any more: the national code, which names it, was given.
    #[error("the category is part of the national code, which was given")]
    CategoryFixed,
    /// An organisation would be its own ancestor.
    #[error("the organisation would stand below itself")]
    Loop,
    /// The database failed.
    #[error("catalogue database failed")]
    Db(#[from] db::Error),
    /// The search index failed.
    #[error("search index failed")]
    Search(#[from] search::Error),
}
