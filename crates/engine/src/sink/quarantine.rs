//! Rows that a target cannot hold, kept aside with the reason. They lie in the consumer's own target, which may have
//! them by the agreement; they are never logged.

use serde::{Deserialize, Serialize};

use crate::shape::{Cells, Shape, text};

/// Where the numbers of parts of changes begin in the quarantine's column `chunk`. Chunks of a copy begin with 0: a copy that is
/// begun after all, and given up, leaves alone what belongs to parts that stand; one that takes their place takes it away.
pub const PARTS: u64 = 1 << 32;

/// A row in quarantine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BadRow {
    /// Its place in the chunk, counted from 0.
    pub ordinal: u64,
    /// The item at fault; empty when the target did not say.
    pub item: String,
    /// The reason's code: a [`super::Note`] or `refused:<code of the target>`.
    pub reason: String,
    /// The key as a JSON object of texts.
    pub key: String,
    /// The whole row as a JSON object of texts.
    pub row: String,
}

impl BadRow {
    pub(super) fn new(shape: &Shape, cells: &[Cells], row: usize, first: u64, item: &str, reason: &str) -> Self {
        let object = |only_key: bool| {
            let mut object = serde_json::Map::new();
            for (column, cells) in shape.columns.iter().zip(cells) {
                if only_key && !column.key {
                    continue;
                }
                let mut out = Vec::new();
                text::write(cells, row, "Z", &mut out);
                let value = if cells.is_null(row) {
                    serde_json::Value::Null
                } else {
                    String::from_utf8_lossy(&out).into_owned().into()
                };
                object.insert(column.name.clone(), value);
            }
            serde_json::Value::Object(object).to_string()
        };
        Self {
            ordinal: first + row as u64,
            item: item.to_owned(),
            reason: reason.to_owned(),
            key: object(true),
            row: object(false),
        }
    }
}
