//! Rows with the digests by which they are compared.

use arrow::{
    array::{Array, RecordBatch, new_null_array},
    error::ArrowError,
};

use super::{Error, Whole};
use crate::{
    digest::{RowDigest, RowSum},
    shape::{Cells, Shape},
};

/// A batch in its canonical form, with the digests of its rows and of their keys.
pub struct Marks {
    /// The rows.
    pub batch: RecordBatch,
    keys: Vec<RowSum>,
    rows: Vec<RowSum>,
}

impl Marks {
    /// Digests a batch.
    ///
    /// # Errors
    /// [`Whole::KeyMissing`] where a part of a key is NULL; [`Error::Misfit`].
    pub fn of(shape: &Shape, digest: &RowDigest, batch: &RecordBatch) -> Result<Self, Error> {
        let batch = shape.canonical(batch)?;
        let cells = shape.cells(&batch)?;
        let count = batch.num_rows();
        let key: Vec<Cells> = shape
            .columns
            .iter()
            .zip(&cells)
            .filter(|(it, _)| it.key)
            .map(|(_, cells)| cells.clone())
            .collect();
        if key.iter().any(|it| (0..count).any(|row| it.is_null(row))) {
            return Err(Error::Whole(Whole::KeyMissing));
        }
        let keys = digest.hashes(&key, count);
        let rows = digest.hashes(&cells, count);
        Ok(Self { batch, keys, rows })
    }

    /// The digests of each row: its key's, and its own.
    pub fn each(&self) -> impl Iterator<Item = (&RowSum, &RowSum)> {
        self.keys.iter().zip(&self.rows)
    }
}

/// The same rows with nothing but their keys.
///
/// # Errors
/// [`Error::Target`] when Arrow fails.
pub fn keys_only(shape: &Shape, batch: &RecordBatch) -> Result<RecordBatch, Error> {
    let columns = shape.columns.iter().zip(batch.columns()).map(|(column, array)| {
        if column.key {
            array.clone()
        } else {
            new_null_array(array.data_type(), array.len())
        }
    });
    RecordBatch::try_new(batch.schema(), columns.collect()).map_err(failed)
}

/// Arrow failed at what cannot fail: our fault.
pub fn failed(error: ArrowError) -> Error {
    Error::Target(crate::Error::internal(error))
}
