//! The rows that stand in the table.

use std::sync::Arc;

use arrow::array::RecordBatch;
use futures::StreamExt;
use vocab::SinkSpec;

use super::{Error, Whole};
use crate::{
    rows::{Batches, Notes},
    sink::{Preflight, readback},
};

/// The rows of the table as they stand now.
pub struct Standing {
    rows: Batches,
    notes: Arc<Notes>,
}

impl Standing {
    /// Begins to read them.
    ///
    /// # Errors
    /// Those of the target.
    pub async fn open(spec: &SinkSpec, preflight: &Preflight) -> Result<Self, Error> {
        let (rows, notes) = readback::rows(&spec.target, spec.table.trim(), preflight).await?;
        Ok(Self { rows, notes })
    }

    /// The next rows.
    ///
    /// # Errors
    /// [`Whole::TargetChanged`] when a value is none of its column's type. No delivery wrote it; it would be read as NULL,
    /// and pass for the same where the source has none. Those of the target.
    pub async fn batch(&mut self) -> Result<Option<RecordBatch>, Error> {
        let batch = self.rows.next().await.transpose()?;
        if self.notes.nulled_count() > 0 {
            return Err(Error::Whole(Whole::TargetChanged));
        }
        Ok(batch)
    }
}
