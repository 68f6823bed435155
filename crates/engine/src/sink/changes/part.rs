//! The rows of one part, compared one by one.

use std::collections::{HashMap, HashSet};

use arrow::{
    array::{RecordBatch, UInt32Array},
    compute::take_record_batch,
};

use super::{
    Compared, Error, Whole,
    marks::{Marks, failed, keys_only},
};
use crate::{
    digest::{RowSum, Sum256},
    shape::Shape,
};

/// A row of the target.
struct There {
    row: Sum256,
    /// Where its key is kept: which batch, and which row of it.
    batch: usize,
    at: u32,
    /// Has the source a row of this key?
    met: bool,
}

/// A part under way: first every row of the target, then every row of the source.
pub struct Part {
    shape: Shape,
    there: HashMap<Sum256, There>,
    keys: Vec<RecordBatch>,
    new: HashSet<Sum256>,
    /// Rows of the source whose keys the target does not have.
    pub inserts: Vec<RecordBatch>,
    /// Rows of the source whose keys stand in the target with other values.
    pub updates: Vec<RecordBatch>,
    /// What stood in the target.
    pub taken: RowSum,
    /// What the source gave.
    pub given: RowSum,
    /// What is the same on both sides.
    pub unchanged: RowSum,
}

impl Part {
    pub fn new(shape: Shape) -> Self {
        Self {
            shape,
            there: HashMap::new(),
            keys: Vec::new(),
            new: HashSet::new(),
            inserts: Vec::new(),
            updates: Vec::new(),
            taken: RowSum::default(),
            given: RowSum::default(),
            unchanged: RowSum::default(),
        }
    }

    /// Rows of the target; those of other parts are passed over.
    ///
    /// # Errors
    /// [`Whole::KeyRepeats`].
    pub fn stands(&mut self, marks: &Marks, compared: &Compared) -> Result<(), Error> {
        let mut rows = Vec::new();
        for (at, (key, row)) in (0_u32..).zip(marks.each()).filter(|(_, (key, _))| compared.holds(key)) {
            let there = There {
                row: row.sum,
                batch: self.keys.len(),
                at: u32::try_from(rows.len()).map_err(crate::Error::internal)?,
                met: false,
            };
            if self.there.insert(*key, there).is_some() {
                return Err(Error::Whole(Whole::KeyRepeats));
            }
            self.taken.merge(row);
            rows.push(at);
        }
        if !rows.is_empty() {
            let kept = pick(&marks.batch, rows)?;
            self.keys.push(keys_only(&self.shape, &kept)?);
        }
        Ok(())
    }

    /// Rows of the source; those of other parts are passed over.
    ///
    /// # Errors
    /// [`Whole::KeyRepeats`].
    pub fn comes(&mut self, marks: &Marks, compared: &Compared) -> Result<(), Error> {
        let (mut inserts, mut updates) = (Vec::new(), Vec::new());
        for (at, (key, row)) in (0_u32..).zip(marks.each()).filter(|(_, (key, _))| compared.holds(key)) {
            self.given.merge(row);
            let twice = match self.there.get_mut(key) {
                Some(there) => {
                    if there.row == row.sum {
                        self.unchanged.merge(row);
                    } else {
                        updates.push(at);
                    }
                    std::mem::replace(&mut there.met, true)
                }
                None => {
                    inserts.push(at);
                    !self.new.insert(*key)
                }
            };
            if twice {
                return Err(Error::Whole(Whole::KeyRepeats));
            }
        }
        if !inserts.is_empty() {
            self.inserts.push(pick(&marks.batch, inserts)?);
        }
        if !updates.is_empty() {
            self.updates.push(pick(&marks.batch, updates)?);
        }
        Ok(())
    }

    /// The keys of the target's rows that the source does not have.
    ///
    /// # Errors
    /// [`Error::Target`] when Arrow fails.
    pub fn gone(&self) -> Result<Vec<RecordBatch>, Error> {
        let mut rows: Vec<Vec<u32>> = vec![Vec::new(); self.keys.len()];
        for it in self.there.values().filter(|it| !it.met) {
            if let Some(rows) = rows.get_mut(it.batch) {
                rows.push(it.at);
            }
        }
        let some = self.keys.iter().zip(rows).filter(|(_, rows)| !rows.is_empty());
        some.map(|(batch, rows)| pick(batch, rows)).collect()
    }
}

/// Some rows of a batch, copied, so that the batch itself can go.
fn pick(batch: &RecordBatch, rows: Vec<u32>) -> Result<RecordBatch, Error> {
    take_record_batch(batch, &UInt32Array::from(rows)).map_err(failed)
}
