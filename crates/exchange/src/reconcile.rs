//! Reconciliation (对账): what the source gave against what stands in the target.

use serde::{Deserialize, Serialize};

/// Rows of one side.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Count {
    /// How many.
    pub rows: u64,
    /// Bytes of them, as the digest's algorithm counts them; 0 in reports of before it was kept.
    #[serde(default)]
    pub bytes: u64,
    /// The order-free digest of them, lower-case hex.
    pub digest: String,
}

/// A way in which the sides differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "difference", rename_all = "kebab-case")]
pub enum Difference {
    /// Rows that should stand in the target are not there.
    Missing {
        /// How many fewer.
        rows: u64,
    },
    /// Rows stand in the target that should not.
    Surplus {
        /// How many more.
        rows: u64,
    },
    /// As many rows, but not the same.
    Content,
    /// Rows were put into quarantine: told, and not counted as missing.
    Quarantined {
        /// How many.
        rows: u64,
    },
}

/// Both sides compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reconciliation {
    /// What the source gave.
    pub source: Count,
    /// What of it was to stand in the target: the source without quarantined rows, in the form the target can hold.
    pub expected: Count,
    /// What stands in the target, read back.
    pub target: Count,
    /// Rows in quarantine.
    pub quarantined: u64,
    /// Is `target` what was expected, and are all rows accounted for?
    pub equal: bool,
    /// In which ways not; quarantined rows are told here even when the rest is equal.
    pub differences: Vec<Difference>,
}

impl Reconciliation {
    /// Compares.
    #[must_use]
    pub fn new(source: Count, expected: Count, target: Count, quarantined: u64) -> Self {
        let mut differences = Vec::new();
        match target.rows.cmp(&expected.rows) {
            std::cmp::Ordering::Less => differences.push(Difference::Missing {
                rows: expected.rows - target.rows,
            }),
            std::cmp::Ordering::Greater => differences.push(Difference::Surplus {
                rows: target.rows - expected.rows,
            }),
            std::cmp::Ordering::Equal if target.digest != expected.digest => differences.push(Difference::Content),
            std::cmp::Ordering::Equal => {}
        }
        let lost = source.rows.saturating_sub(expected.rows + quarantined);
        if lost > 0 {
            differences.push(Difference::Missing { rows: lost });
        }
        let equal = differences.is_empty() && source.rows == expected.rows + quarantined;
        if quarantined > 0 {
            differences.push(Difference::Quarantined { rows: quarantined });
        }
        Self {
            source,
            expected,
            target,
            quarantined,
            equal,
            differences,
        }
    }
}
