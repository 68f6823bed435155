//! Looking at a table: counts, ranges, lengths, and guesses about what its columns mean.

use std::{collections::HashSet, hash::BuildHasher, sync::Arc};

use arrow::array::RecordBatch;
use futures::StreamExt;
use vocab::{
    DataType, RowRule, SourceSpec,
    detect::{self, Counts},
    profile::{ColumnInfo, ColumnProfile, TableProfile},
};

use crate::{
    Engine,
    error::Error,
    rows::Notes,
    shape::{Cells, Shape, text},
    source::{Scan, Wanted},
};

/// Distinct values of a column that are counted exactly; beyond, an estimate.
const EXACT: usize = 100_000;
/// Values of a column whose meaning is looked at.
const LOOKED_AT: u64 = 20_000;
/// Characters of a value kept for the range.
const SHOWN: usize = 100;
/// Registers of the estimate: 2^12, standard error 1.04/√4096 = 1.6 %.
const REGISTERS: usize = 1 << 12;

/// Distinct values: exact up to a limit, then HyperLogLog (Flajolet et al. 2007) with linear counting for small numbers.
struct Distinct {
    state: std::hash::RandomState,
    seen: HashSet<u64>,
    registers: Vec<u8>,
    exact: bool,
}

impl Distinct {
    fn new() -> Self {
        Self {
            state: std::hash::RandomState::new(),
            seen: HashSet::new(),
            registers: vec![0; REGISTERS],
            exact: true,
        }
    }

    fn add(&mut self, value: &[u8]) {
        let hash = self.state.hash_one(value);
        if self.exact {
            self.seen.insert(hash);
            if self.seen.len() > EXACT {
                self.exact = false;
                self.seen = HashSet::new();
            }
        }
        let register = (hash >> 52) as usize;
        let rank = u8::try_from((hash << 12 | 1 << 11).leading_zeros() + 1).unwrap_or(u8::MAX);
        if let Some(it) = self.registers.get_mut(register) {
            *it = (*it).max(rank);
        }
    }

    #[allow(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss
    )]
    fn count(&self) -> u64 {
        if self.exact {
            return self.seen.len() as u64;
        }
        let m = REGISTERS as f64;
        let sum: f64 = self.registers.iter().map(|it| 2_f64.powi(-i32::from(*it))).sum();
        let alpha = 0.7213 / (1.0 + 1.079 / m);
        let raw = alpha * m * m / sum;
        let empty = self.registers.iter().filter(|it| **it == 0).count();
        let estimate = if raw <= 2.5 * m && empty > 0 {
            m * (m / empty as f64).ln()
        } else {
            raw
        };
        estimate.round() as u64
    }
}

struct Column {
    info: ColumnInfo,
    nulls: u64,
    empties: u64,
    distinct: Distinct,
    range: Option<(Vec<u8>, Vec<u8>)>,
    numbers: Option<(i128, i128)>,
    lengths: Option<(u32, u32)>,
    leading_zeros: u64,
    counts: Counts,
}

impl Column {
    fn new(info: ColumnInfo) -> Self {
        Self {
            info,
            nulls: 0,
            empties: 0,
            distinct: Distinct::new(),
            range: None,
            numbers: None,
            lengths: None,
            leading_zeros: 0,
            counts: Counts::default(),
        }
    }

    fn look(&mut self, cells: &Cells, rows: usize, buffer: &mut Vec<u8>) {
        for row in 0..rows {
            if cells.is_null(row) {
                self.nulls += 1;
                continue;
            }
            buffer.clear();
            text::write(cells, row, "Z", buffer);
            if buffer.is_empty() {
                self.empties += 1;
                continue;
            }
            self.distinct.add(buffer);
            let number = match cells {
                Cells::Integer(it) => Some(i128::from(it.value(row))),
                Cells::Decimal(it, _) => Some(it.value(row)),
                _ => None,
            };
            self.value(buffer, number);
        }
    }

    fn value(&mut self, bytes: &[u8], number: Option<i128>) {
        let value = String::from_utf8_lossy(bytes);
        let characters = u32::try_from(value.chars().count()).unwrap_or(u32::MAX);
        self.lengths = Some(match self.lengths {
            None => (characters, characters),
            Some((low, high)) => (low.min(characters), high.max(characters)),
        });
        self.leading_zeros +=
            u64::from(value.len() > 1 && value.starts_with('0') && value.bytes().all(|it| it.is_ascii_digit()));
        self.widen(bytes, number);
        if self.counts.looked_at >= LOOKED_AT {
            return;
        }
        // Identifiers, phones and postcodes stand in number columns too.
        match self.info.data_type {
            DataType::Text => self.counts.look(&value),
            DataType::Integer | DataType::Decimal { scale: 0, .. } => self.counts.look_number(&value),
            _ => {}
        }
    }

    fn widen(&mut self, bytes: &[u8], number: Option<i128>) {
        let Some((low, high)) = &mut self.range else {
            self.range = Some((bytes.to_vec(), bytes.to_vec()));
            self.numbers = number.map(|it| (it, it));
            return;
        };
        let (below, above) = match (number, &mut self.numbers) {
            (Some(it), Some((least, most))) => {
                let found = (it < *least, it > *most);
                (*least, *most) = (it.min(*least), it.max(*most));
                found
            }
            _ => (bytes < low.as_slice(), bytes > high.as_slice()),
        };
        if below {
            *low = bytes.to_vec();
        }
        if above {
            *high = bytes.to_vec();
        }
    }

    fn profile(self, rows: u64) -> ColumnProfile {
        let shown = |it: &[u8]| String::from_utf8_lossy(it).chars().take(SHOWN).collect::<String>();
        let name = match &self.info.comment {
            Some(comment) => format!("{} {comment}", self.info.name),
            None => self.info.name.clone(),
        };
        let guesses = detect::guess(&name, &self.counts);
        ColumnProfile {
            rows,
            nulls: self.nulls,
            empties: self.empties,
            distinct: self.distinct.count(),
            distinct_exact: self.distinct.exact,
            range: self.range.map(|(low, high)| (shown(&low), shown(&high))),
            lengths: self.lengths,
            leading_zeros: self.leading_zeros,
            guesses,
            column: self.info,
        }
    }
}

impl Engine {
    /// Looks at a table: every row, or the first `sample` of them. `progress` is told the rows read so far after every
    /// batch. This is for the owner of the source: the answer holds smallest and largest values.
    ///
    /// # Errors
    /// Those of the source.
    pub async fn profile(
        &self,
        spec: &SourceSpec,
        table: &str,
        sample: Option<u64>,
        mut progress: impl FnMut(u64) + Send,
    ) -> Result<TableProfile, Error> {
        let source = self.source(spec)?;
        let info = source.table(table).await?;
        let scan = Scan {
            table: table.to_owned(),
            columns: info
                .columns
                .iter()
                .map(|it| Wanted {
                    column: it.name.clone(),
                    data_type: it.data_type,
                })
                .collect(),
            filter: RowRule::All,
            limit: sample.map(|it| it.saturating_add(1)),
            notes: Arc::new(Notes::default()),
        };
        let shape = scan.shape();
        let mut columns: Vec<Column> = info.columns.iter().cloned().map(Column::new).collect();
        let mut batches = source.scan(&info, scan).await?;
        let (mut rows, mut complete) = (0_u64, true);
        while let Some(batch) = batches.next().await {
            let mut batch = batch?;
            if let Some(sample) = sample
                && rows + batch.num_rows() as u64 > sample
            {
                complete = false;
                batch = batch.slice(0, usize::try_from(sample.saturating_sub(rows)).unwrap_or(0));
            }
            rows += batch.num_rows() as u64;
            look(&shape, &batch, &mut columns)?;
            progress(rows);
            if !complete {
                break;
            }
        }
        let columns = columns.into_iter().map(|it| it.profile(rows)).collect();
        Ok(TableProfile {
            table: info,
            rows_read: rows,
            complete,
            columns,
        })
    }
}

fn look(shape: &Shape, batch: &RecordBatch, columns: &mut [Column]) -> Result<(), Error> {
    let cells = shape.cells(batch).map_err(Error::internal)?;
    let mut buffer = Vec::new();
    for (column, cells) in columns.iter_mut().zip(&cells) {
        column.look(cells, batch.num_rows(), &mut buffer);
    }
    Ok(())
}
