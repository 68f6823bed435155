//! The rows of one part, compared one by one.

use std::collections::{HashMap, HashSet};

use arrow::{
    array::{RecordBatch, UInt32Array},
    compute::take_record_batch,
};

use super::{
    Compared, Error, Whole,
    buckets::Room,
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
    room: Room,
    /// Rows of the source that are to be written.
    coming: u64,
    /// Bytes that are held.
    bytes: u64,
    /// Rows of the source whose keys the target does not have.
    pub(super) inserts: Vec<RecordBatch>,
    /// Rows of the source whose keys stand in the target with other values.
    pub(super) updates: Vec<RecordBatch>,
    /// What stood in the target.
    pub(super) taken: RowSum,
    /// What the source gave.
    pub(super) given: RowSum,
    /// What is the same on both sides.
    pub(super) unchanged: RowSum,
}

impl Part {
    pub(super) fn new(shape: Shape, room: Room) -> Self {
        Self {
            shape,
            there: HashMap::new(),
            keys: Vec::new(),
            new: HashSet::new(),
            room,
            coming: 0,
            bytes: 0,
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
    /// [`Whole::KeyRepeats`]; [`Whole::MostlyChanged`] when the part is too large.
    pub(super) fn stands(&mut self, marks: &Marks, compared: &Compared) -> Result<(), Error> {
        let mut rows = Vec::new();
        let held = (0_u32..)
            .zip(marks.each())
            .filter(|(_, (key, _))| compared.holds(&key.sum));
        for (at, (key, row)) in held {
            let there = There {
                row: row.sum,
                batch: self.keys.len(),
                at: u32::try_from(rows.len()).map_err(crate::Error::internal)?,
                met: false,
            };
            if self.there.insert(key.sum, there).is_some() {
                return Err(Error::Whole(Whole::KeyRepeats));
            }
            self.taken.merge(row);
            self.bytes = self.bytes.saturating_add(key.bytes);
            rows.push(at);
        }
        self.fits()?;
        if !rows.is_empty() {
            let kept = pick(&marks.batch, rows)?;
            self.keys.push(keys_only(&self.shape, &kept)?);
        }
        Ok(())
    }

    /// Rows of the source; those of other parts are passed over.
    ///
    /// # Errors
    /// [`Whole::KeyRepeats`]; [`Whole::MostlyChanged`] when the part is too large.
    pub(super) fn comes(&mut self, marks: &Marks, compared: &Compared) -> Result<(), Error> {
        let (mut inserts, mut updates) = (Vec::new(), Vec::new());
        let mut written = RowSum::default();
        let held = (0_u32..)
            .zip(marks.each())
            .filter(|(_, (key, _))| compared.holds(&key.sum));
        for (at, (key, row)) in held {
            self.given.merge(row);
            let twice = match self.there.get_mut(&key.sum) {
                Some(there) => {
                    if there.row == row.sum {
                        self.unchanged.merge(row);
                    } else {
                        updates.push(at);
                        written.merge(row);
                    }
                    std::mem::replace(&mut there.met, true)
                }
                None => {
                    inserts.push(at);
                    written.merge(row);
                    !self.new.insert(key.sum)
                }
            };
            if twice {
                return Err(Error::Whole(Whole::KeyRepeats));
            }
        }
        self.coming = self.coming.saturating_add(written.rows);
        self.bytes = self.bytes.saturating_add(written.bytes);
        self.fits()?;
        if !inserts.is_empty() {
            self.inserts.push(pick(&marks.batch, inserts)?);
        }
        if !updates.is_empty() {
            self.updates.push(pick(&marks.batch, updates)?);
        }
        Ok(())
    }

    /// Looks at the room before more is kept: some few rows may be much larger than the others.
    fn fits(&self) -> Result<(), Error> {
        let rows = (self.there.len() as u64).max(self.coming);
        if rows > self.room.rows || self.bytes > self.room.bytes {
            return Err(Error::Whole(Whole::MostlyChanged));
        }
        Ok(())
    }

    /// The keys of the target's rows that the source does not have.
    ///
    /// # Errors
    /// [`Error::Target`] when Arrow fails.
    pub(super) fn gone(&self) -> Result<Vec<RecordBatch>, Error> {
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use vocab::DataType;

    use super::*;
    use crate::{digest::RowDigest, shape::build::Builder, sink::changes::buckets::Buckets};

    /// Three rows of a key, and a text of so many bytes.
    fn marks(shape: &Shape, bytes: usize) -> Marks {
        let mut builder = Builder::new(shape);
        for key in 0..3 {
            builder.columns[0].int(key).unwrap();
            builder.columns[1].text(&"x".repeat(bytes)).unwrap();
            builder.row();
        }
        let batch = builder.batch().unwrap();
        Marks::of(shape, &RowDigest::of(shape.clone()), &batch).unwrap()
    }

    #[test]
    fn a_part_that_is_larger_than_its_room_is_given_up() {
        let shape = Shape::new(&[("k", DataType::Integer), ("t", DataType::Text)], &["k"]);
        let (small, large) = (marks(&shape, 10), marks(&shape, 1000));
        let (mut buckets, mut source) = (Buckets::new(Some(3), 0), RowSum::default());
        for (key, row) in large.each() {
            buckets.add(&key.sum, row);
            source.merge(row);
        }
        for (key, row) in small.each() {
            buckets.take(&key.sum, row);
        }
        let compared = Compared::new(buckets, source, RowSum::default(), 100).unwrap();
        let filled = |rows, bytes| {
            let mut part = Part::new(shape.clone(), Room { rows, bytes });
            part.stands(&small, &compared)?;
            part.comes(&large, &compared)
        };
        assert!(filled(3, 4000).is_ok());
        for (rows, bytes) in [(2, 4000), (3, 2000), (3, 10)] {
            let told = filled(rows, bytes);
            assert!(matches!(told, Err(Error::Whole(Whole::MostlyChanged))), "{told:?}");
        }
        let mut part = Part::new(shape.clone(), Room { rows: 2, bytes: 4000 });
        let told = part.comes(&large, &compared);
        assert!(
            matches!(told, Err(Error::Whole(Whole::MostlyChanged))),
            "rows that are new: {told:?}"
        );
    }
}
