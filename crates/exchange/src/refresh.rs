//! What a run brings: everything, or only what has changed.

use serde::{Deserialize, Serialize};

use crate::{codes, reconcile::Count};

codes! {
    /// How a delivery keeps its table up to date.
    Refresh: "refresh" {
        /// Every row, every time; the new table takes the old one's place.
        Full = "full",
        /// The rows that differ from what stands in the target, written into its table.
        Changes = "changes",
    }
}

/// Rows of a run by what became of them in the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Changed {
    /// New.
    pub inserted: u64,
    /// There under their key, with other values.
    pub updated: u64,
    /// Not there any more.
    pub deleted: u64,
    /// As they stood.
    pub unchanged: u64,
}

impl Changed {
    /// Of the rows that were written, and all that stand in the target afterwards.
    #[must_use]
    pub const fn new(inserted: u64, updated: u64, deleted: u64, standing: u64) -> Self {
        Self {
            inserted,
            updated,
            deleted,
            unchanged: standing.saturating_sub(inserted.saturating_add(updated)),
        }
    }
}

/// What a run of a delivery that wishes for changes brought, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refreshed {
    /// What it brought.
    pub refresh: Refresh,
    /// Why, by the engine's code: `compared` for changes, else why everything was copied (`first`, `other-basis`,
    /// `mostly-changed`, …).
    pub why: String,
    /// Digest of what decides which rows stand in the target and how they look: the next run brings changes under the same
    /// one only.
    pub basis: String,
    /// What became of the rows; none where everything was copied, and before it is known.
    #[serde(default)]
    pub changed: Option<Changed>,
    /// What parts of changes have brought by now, where there are some: that has left, also when everything is copied after all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brought: Option<Count>,
}

impl Refreshed {
    /// Everything is copied.
    #[must_use]
    pub fn full(why: &str) -> Self {
        Self {
            refresh: Refresh::Full,
            why: why.to_owned(),
            basis: String::new(),
            changed: None,
            brought: None,
        }
    }

    /// Only what has changed is brought.
    #[must_use]
    pub fn changes(basis: String) -> Self {
        Self {
            refresh: Refresh::Changes,
            why: "compared".to_owned(),
            basis,
            changed: None,
            brought: None,
        }
    }

    /// With what parts of changes have brought.
    #[must_use]
    pub fn after(self, brought: Option<Count>) -> Self {
        Self { brought, ..self }
    }

    /// May the next run bring changes into what this one left? Only under the same basis, and one that is known.
    #[must_use]
    pub fn carries(&self, basis: &str) -> bool {
        !basis.is_empty() && self.basis == basis
    }
}
