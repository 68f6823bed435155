//! Buckets of rows, and which of them differ.

use super::{Error, Part, Whole};
use crate::digest::{RowSum, Sum256};

/// Buckets at least, and at most (32 MiB of sums).
const LEAST: u64 = 1 << 10;
const MOST: u64 = 1 << 22;
/// Rows where nobody knows how many there are.
const UNKNOWN: u64 = 1 << 19;
/// Bytes of the rows of one part, if all of them differ.
const PART_BYTES: u64 = 64 << 20;
/// A part's size rests on averages. One that comes to so many times its rows or bytes is given up.
const SLACK: u64 = 4;
/// Each part reads both sides once more; a full copy reads the source once, and the target once.
const MOST_PARTS: u64 = 4;

/// How a comparison is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// About how many rows there are, where that is known.
    pub rows: Option<u64>,
    /// Rows of a part at most.
    pub part_rows: u64,
}

/// How much of a part may be held in memory.
#[derive(Debug, Clone, Copy)]
pub struct Room {
    /// Rows of the target, and as many of the source.
    pub rows: u64,
    /// Bytes of their keys, and of the rows that are to be written.
    pub bytes: u64,
}

/// What one side has more than the other, bucket by bucket: 64 bits of the sum of its rows' digests.
pub struct Buckets {
    sums: Vec<u64>,
}

impl Buckets {
    /// Two for each row, so that a row that differs brings few others with it: of the rows that the source is said to have,
    /// which may have been long ago, or of those that were delivered last, if they were more.
    pub fn new(rows: Option<u64>, delivered: u64) -> Self {
        let rows = rows.unwrap_or(UNKNOWN).max(delivered);
        let wanted = rows.saturating_mul(2).clamp(LEAST, MOST).next_power_of_two();
        Self {
            sums: vec![0; usize::try_from(wanted).unwrap_or(1 << 20)],
        }
    }

    /// A row of the source.
    pub fn add(&mut self, key: &Sum256, row: &RowSum) {
        if let Some(sum) = place(key, self.sums.len()).and_then(|at| self.sums.get_mut(at)) {
            *sum = sum.wrapping_add(weight(row));
        }
    }

    /// A row of the target.
    pub fn take(&mut self, key: &Sum256, row: &RowSum) {
        if let Some(sum) = place(key, self.sums.len()).and_then(|at| self.sums.get_mut(at)) {
            *sum = sum.wrapping_sub(weight(row));
        }
    }

    /// Gives every bucket that differs to a part; `None` when a full copy costs less.
    fn parts(&self, rows: u64, bytes: u64, part_rows: u64) -> Option<Vec<u8>> {
        // A bucket that differs has a row at least, and its share of the others.
        let each = 1 + rows / self.sums.len().max(1) as u64;
        let room = part_rows.min(PART_BYTES / (bytes / rows.max(1)).max(1)).max(1);
        let buckets = (room / each).max(1);
        let differing = self.sums.iter().filter(|it| **it != 0).count() as u64;
        let total = differing.div_ceil(buckets);
        if total > MOST_PARTS || (total > 1 && differing.saturating_mul(each) > rows / 2) {
            return None;
        }
        let mut seen = 0;
        let part = |sum: &u64| {
            if *sum == 0 {
                return 0;
            }
            seen += 1;
            u8::try_from((seen - 1) / buckets + 1).unwrap_or(u8::MAX)
        };
        Some(self.sums.iter().map(part).collect())
    }
}

/// The bucket of a key. The number of buckets is a power of two.
fn place(key: &Sum256, buckets: usize) -> Option<usize> {
    let [low, ..] = key.words();
    usize::try_from(low & (buckets as u64).checked_sub(1)?).ok()
}

/// What a row weighs in its bucket: other bits than those that choose the bucket, where the key is the whole row.
const fn weight(row: &RowSum) -> u64 {
    let [_, second, ..] = row.sum.words();
    second
}

/// What a comparison found, and how far it was brought.
#[derive(Debug)]
pub struct Compared {
    /// The part of every bucket, from 1; 0 where both sides are the same.
    parts: Vec<u8>,
    total: u8,
    now: u8,
    source: RowSum,
    standing: RowSum,
    aside: RowSum,
    room: Room,
}

impl Compared {
    /// Of both sides, read whole.
    ///
    /// # Errors
    /// [`Whole::MostlyChanged`].
    pub(super) fn new(buckets: Buckets, source: RowSum, standing: RowSum, part_rows: u64) -> Result<Self, Error> {
        let (rows, bytes) = (source.rows.max(standing.rows), source.bytes.max(standing.bytes));
        let parts = buckets.parts(rows, bytes, part_rows);
        let parts = parts.ok_or(Error::Whole(Whole::MostlyChanged))?;
        let total = parts.iter().copied().max().unwrap_or(0);
        if total == 0 && source != standing {
            return Err(Error::Whole(Whole::NotEqual));
        }
        Ok(Self {
            parts,
            total,
            now: 1,
            source,
            standing,
            aside: RowSum::default(),
            room: Room {
                rows: part_rows.saturating_mul(SLACK),
                bytes: PART_BYTES * SLACK,
            },
        })
    }

    /// Parts that differ.
    #[must_use]
    pub fn parts(&self) -> u64 {
        u64::from(self.total)
    }

    /// Is there another part to bring?
    #[must_use]
    pub const fn more(&self) -> bool {
        self.now <= self.total
    }

    /// Every row that the source gave when both sides were compared.
    #[must_use]
    pub const fn source(&self) -> RowSum {
        self.source
    }

    /// What is to stand in the table by now: the rows of the source as they were last compared, without those in quarantine.
    #[must_use]
    pub const fn standing(&self) -> RowSum {
        self.standing
    }

    /// Rows of the source that went into quarantine.
    #[must_use]
    pub const fn aside(&self) -> RowSum {
        self.aside
    }

    /// How much of a part may be held in memory.
    pub(super) const fn room(&self) -> Room {
        self.room
    }

    /// Does a row of this key belong to the part under way?
    pub(super) fn holds(&self, key: &Sum256) -> bool {
        let part = place(key, self.parts.len()).and_then(|at| self.parts.get(at));
        part == Some(&self.now)
    }

    /// The part under way was written; `loaded` is what was put into the table.
    pub(super) fn brought(&mut self, part: &Part, loaded: &RowSum) {
        self.standing.take_away(&part.taken);
        self.standing.merge(&part.unchanged);
        self.standing.merge(loaded);
        let mut aside = part.given;
        aside.take_away(&part.unchanged);
        aside.take_away(loaded);
        self.aside.merge(&aside);
        self.now += 1;
    }
}
