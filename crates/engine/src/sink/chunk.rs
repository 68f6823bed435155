//! A chunk being loaded: which rows go in, which go into quarantine, and the sums of both sides.

use arrow::{
    array::{BooleanArray, RecordBatch},
    compute::filter_record_batch,
};
use vocab::{SourceKind, Timestamp};

use super::{BadRow, ChunkDone, Error, Note, Preflight, Target, fit};
use crate::{
    digest::{RowDigest, RowSum},
    shape::{Cells, Shape},
};

/// A chunk under way.
pub struct Open {
    /// The sums so far.
    pub done: ChunkDone,
    /// When it stands already: what it must be; nothing is written then.
    pub expected: Option<ChunkDone>,
    /// Rows that were put into quarantine, where somebody asks for them: their older forms do not stay.
    pub aside: Option<Vec<RecordBatch>>,
    digest: RowDigest,
}

impl Open {
    pub fn writing(no: u64, shape: &Shape) -> Self {
        let done = ChunkDone {
            no,
            source: RowSum::default(),
            loaded: RowSum::default(),
            quarantined: 0,
        };
        Self {
            done,
            expected: None,
            aside: None,
            digest: RowDigest::of(shape.clone()),
        }
    }

    pub fn comparing(expected: ChunkDone, shape: &Shape) -> Self {
        Self {
            expected: Some(expected),
            ..Self::writing(expected.no, shape)
        }
    }

    fn sum(&self, cells: &[Cells], rows: usize) -> RowSum {
        let mut all = RowSum::default();
        self.digest.hashes(cells, rows).iter().for_each(|it| all.merge(it));
        all
    }

    fn put_aside(&mut self, batch: &RecordBatch, row: usize) {
        if let Some(aside) = &mut self.aside {
            aside.push(batch.slice(row, 1));
        }
    }

    pub async fn push(
        &mut self,
        target: &mut dyn Target,
        shape: &Shape,
        preflight: &Preflight,
        batch: &RecordBatch,
        at: Timestamp,
    ) -> Result<(), Error> {
        let batch = shape.canonical(batch)?;
        let cells = shape.cells(&batch)?;
        let source = self.sum(&cells, batch.num_rows());
        let first = self.done.source.rows;
        self.done.source.merge(&source);
        if self.expected.is_some() {
            return Ok(());
        }
        let bad = fit::bad_rows(preflight, &cells, batch.num_rows());
        if !bad.is_empty() {
            let rows = bad
                .iter()
                .map(|it| BadRow::new(shape, &cells, it.row, first, &it.item, it.note.code()));
            target.quarantine(&rows.collect::<Vec<_>>(), at).await?;
            self.done.quarantined += bad.len() as u64;
            for it in &bad {
                self.put_aside(&batch, it.row);
            }
        }
        let (good, ordinals) = without(&batch, &bad)?;
        let good = if preflight.kind == SourceKind::Xlsx {
            fit::empty_as_null(shape, &good)?
        } else {
            good
        };
        let cells = shape.cells(&good)?;
        let unchanged = bad.is_empty() && preflight.kind != SourceKind::Xlsx;
        let mut loaded = if unchanged {
            source
        } else {
            self.sum(&cells, good.num_rows())
        };
        match target.insert(&good, &cells).await {
            Ok(()) => {}
            Err(Error::Refused(_)) => {
                let refused = self.search(target, shape, &good, &ordinals, first, at).await?;
                loaded = refused;
            }
            Err(error) => return Err(error),
        }
        self.done.loaded.merge(&loaded);
        Ok(())
    }

    /// Halves refused rows until the ones at fault stand alone (`log2` tries for one bad row); what was loaded.
    async fn search(
        &mut self,
        target: &mut dyn Target,
        shape: &Shape,
        batch: &RecordBatch,
        ordinals: &[usize],
        first: u64,
        at: Timestamp,
    ) -> Result<RowSum, Error> {
        let half = (batch.num_rows() / 2).max(1);
        let mut left = vec![(half, batch.num_rows() - half), (0, half)];
        let mut loaded = RowSum::default();
        while let Some((from, rows)) = left.pop() {
            if rows == 0 {
                continue;
            }
            let part = batch.slice(from, rows);
            let cells = shape.cells(&part)?;
            match target.insert(&part, &cells).await {
                Ok(()) => loaded.merge(&self.sum(&cells, rows)),
                Err(Error::Refused(reason)) if rows == 1 => {
                    let mut bad = BadRow::new(shape, &cells, 0, first, "", &reason);
                    bad.ordinal = first + ordinals.get(from).copied().unwrap_or(from) as u64;
                    target.quarantine(&[bad], at).await?;
                    self.done.quarantined += 1;
                    self.put_aside(&part, 0);
                }
                Err(Error::Refused(_)) => {
                    let half = rows / 2;
                    left.push((from + half, rows - half));
                    left.push((from, half));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(loaded)
    }
}

/// The rows that are not bad, and their places in the batch.
fn without(batch: &RecordBatch, bad: &[fit::Bad]) -> Result<(RecordBatch, Vec<usize>), Error> {
    if bad.is_empty() {
        return Ok((batch.clone(), (0..batch.num_rows()).collect()));
    }
    let mut keep = vec![true; batch.num_rows()];
    for it in bad {
        if let Some(keep) = keep.get_mut(it.row) {
            *keep = false;
        }
    }
    let ordinals = keep
        .iter()
        .enumerate()
        .filter(|(_, keep)| **keep)
        .map(|(at, _)| at)
        .collect();
    let good = filter_record_batch(batch, &BooleanArray::from(keep))
        .map_err(|error| Error::Encode(crate::encode::Error::Format(Box::new(error))))?;
    Ok((good, ordinals))
}

/// The code of a reason that a target gave by its own number.
pub fn refused(code: &str) -> Error {
    Error::Refused(format!("{}:{code}", Note::Refused.code()))
}
