//! The order-free digest of PostgreSQL's own tuples, as `COPY … (FORMAT binary)` writes them: nothing is decoded.
//!
//! Construction: as [`super`], the SHA-256 of each row summed modulo 2^256. A row is its tuple in the stream (manual,
//! COPY, "Binary Format"): the number of fields as 16 bits, then for each field its length as 32 bits (−1 for NULL) and its
//! bytes, all big-endian; header and trailer are not counted. One thing is set right before: an array says in bits 32 to
//! 63 of its value whether it *may* hold NULL, which a server forgets when it reads the array, so these bits count as 0.
//!
//! The binary form of a type is the same on every server, so equal rows in columns of equal types give equal digests, and
//! a digest of one type never passes for another's: `smallint` 7 and `bigint` 7 are different rows here.

use seal::{Hasher, Suite};

use super::{RowSum, Sum256};

/// The digest's name in receipts.
pub const TUPLES: &str = "sha256-mset-add/pg-copy-binary-1";

/// How every stream begins; 32 bits of flags, 32 bits of the length of an extension and the extension follow.
const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";
/// Where an array's flag stands in its value, behind the number of dimensions.
const ARRAY_FLAG: std::ops::Range<usize> = 4..8;

/// The bytes are no stream of tuples with the columns that were promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the bytes are no binary copy of these columns")]
pub struct Malformed;

/// What a stream is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    /// The header or the trailer, once each.
    Frame(&'a [u8]),
    /// A tuple, whole, with the number of fields that was promised.
    Row(&'a [u8]),
}

/// Takes a stream apart that may be cut anywhere. Holds no more than what has come of one row.
#[derive(Debug)]
pub(crate) struct Tuples {
    columns: usize,
    state: State,
    carry: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Header,
    Rows,
    Over,
}

impl Tuples {
    /// Of a stream with so many columns.
    pub const fn new(columns: usize) -> Self {
        Self {
            columns,
            state: State::Header,
            carry: Vec::new(),
        }
    }

    /// Hands on what is whole.
    ///
    /// # Errors
    /// [`Malformed`], and what `take` says.
    pub fn feed(
        &mut self,
        bytes: &[u8],
        take: &mut dyn FnMut(Piece<'_>) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        if self.carry.is_empty() {
            let rest = self.pieces(bytes, take)?;
            self.carry.extend_from_slice(rest);
            return Ok(());
        }
        let mut carry = std::mem::take(&mut self.carry);
        carry.extend_from_slice(bytes);
        let rest = self.pieces(&carry, take)?.len();
        carry.drain(..carry.len() - rest);
        self.carry = carry;
        Ok(())
    }

    /// Has the trailer come?
    pub const fn is_over(&self) -> bool {
        matches!(self.state, State::Over)
    }

    fn pieces<'a>(
        &mut self,
        mut bytes: &'a [u8],
        take: &mut dyn FnMut(Piece<'_>) -> Result<(), Malformed>,
    ) -> Result<&'a [u8], Malformed> {
        while let Some(length) = self.next(bytes)? {
            let (piece, rest) = bytes.split_at_checked(length).ok_or(Malformed)?;
            bytes = rest;
            let trailer = length == 2 && piece == [0xff, 0xff];
            match self.state {
                State::Header => {
                    self.state = State::Rows;
                    take(Piece::Frame(piece))?;
                }
                State::Rows if trailer => {
                    self.state = State::Over;
                    take(Piece::Frame(piece))?;
                }
                State::Rows => take(Piece::Row(piece))?,
                State::Over => return Err(Malformed),
            }
        }
        Ok(bytes)
    }

    /// The length of the piece at the front; `None` when it is not there whole, or nothing is.
    fn next(&self, bytes: &[u8]) -> Result<Option<usize>, Malformed> {
        match self.state {
            State::Header => header(bytes),
            State::Rows => row(bytes, self.columns),
            State::Over if bytes.is_empty() => Ok(None),
            State::Over => Err(Malformed),
        }
    }
}

/// The length of the header.
fn header(bytes: &[u8]) -> Result<Option<usize>, Malformed> {
    let Some((begin, rest)) = bytes.split_at_checked(SIGNATURE.len()) else {
        return if SIGNATURE.starts_with(bytes) {
            Ok(None)
        } else {
            Err(Malformed)
        };
    };
    if begin != SIGNATURE {
        return Err(Malformed);
    }
    let behind = || {
        let (_flags, rest) = rest.split_first_chunk::<4>()?;
        let (extension, rest) = rest.split_first_chunk::<4>()?;
        rest.get(usize::try_from(u32::from_be_bytes(*extension)).ok()?..)
    };
    Ok(behind().map(|rest| bytes.len() - rest.len()))
}

/// The length of a row, or of the trailer.
fn row(bytes: &[u8], columns: usize) -> Result<Option<usize>, Malformed> {
    let Some((count, mut rest)) = bytes.split_first_chunk::<2>() else {
        return Ok(None);
    };
    let count = i16::from_be_bytes(*count);
    if count == -1 {
        return Ok(Some(2));
    }
    if usize::try_from(count) != Ok(columns) {
        return Err(Malformed);
    }
    for _ in 0..columns {
        let Some((length, after)) = rest.split_first_chunk::<4>() else {
            return Ok(None);
        };
        let length = match i32::from_be_bytes(*length) {
            -1 => 0,
            length => usize::try_from(length).map_err(|_| Malformed)?,
        };
        let Some(after) = after.get(length..) else {
            return Ok(None);
        };
        rest = after;
    }
    Ok(Some(bytes.len() - rest.len()))
}

/// A field of a row: where its length stands, and its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Field<'a> {
    /// Where its length begins in the row.
    pub at: usize,
    /// Its bytes; `None` for NULL.
    pub value: Option<&'a [u8]>,
}

impl Field<'_> {
    /// Where the next field begins.
    pub fn end(&self) -> usize {
        self.at + 4 + self.value.map_or(0, <[u8]>::len)
    }
}

/// The fields of a row, in order.
pub(crate) fn fields(row: &[u8]) -> impl Iterator<Item = Field<'_>> {
    let mut at = 2;
    std::iter::from_fn(move || {
        let (length, rest) = row.get(at..)?.split_first_chunk::<4>()?;
        let value = match usize::try_from(i32::from_be_bytes(*length)) {
            Ok(length) => Some(rest.get(..length)?),
            Err(_) => None,
        };
        let field = Field { at, value };
        at = field.end();
        Some(field)
    })
}

/// A digest being made from one stream, which may be cut into pieces anywhere.
#[derive(Debug)]
pub struct TupleDigest {
    /// For each column: is it an array?
    arrays: Vec<bool>,
    tuples: Tuples,
    sum: RowSum,
}

impl TupleDigest {
    /// Of no rows yet; `arrays` tells for each column whether it is of an array type.
    #[must_use]
    pub fn new(arrays: &[bool]) -> Self {
        Self {
            arrays: if arrays.contains(&true) {
                arrays.to_vec()
            } else {
                Vec::new()
            },
            tuples: Tuples::new(arrays.len()),
            sum: RowSum::default(),
        }
    }

    /// The next bytes of the stream.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn update(&mut self, bytes: &[u8]) -> Result<(), Malformed> {
        let Self { arrays, tuples, sum } = self;
        tuples.feed(bytes, &mut |piece| {
            if let Piece::Row(row) = piece {
                sum.merge(&hashed(row, arrays));
            }
            Ok(())
        })
    }

    /// What was seen so far.
    #[must_use]
    pub const fn sum(&self) -> RowSum {
        self.sum
    }

    /// What was seen, when the stream is over.
    ///
    /// # Errors
    /// [`Malformed`] when its trailer has not come: it broke off.
    pub fn end(self) -> Result<RowSum, Malformed> {
        if self.tuples.is_over() {
            Ok(self.sum)
        } else {
            Err(Malformed)
        }
    }
}

/// The sum of one row; flags of arrays count as 0.
fn hashed(row: &[u8], arrays: &[bool]) -> RowSum {
    let mut hasher = Hasher::new(Suite::International);
    let mut begin = 0;
    if !arrays.is_empty() {
        for (field, _) in fields(row).zip(arrays).filter(|(_, array)| **array) {
            if field.value.is_some_and(|it| it.len() >= ARRAY_FLAG.end) {
                let flag = field.at + 4 + ARRAY_FLAG.start;
                hasher.update(row.get(begin..flag).unwrap_or_default());
                hasher.update([0_u8; 4]);
                begin = flag + 4;
            }
        }
    }
    hasher.update(row.get(begin..).unwrap_or_default());
    RowSum {
        rows: 1,
        bytes: row.len() as u64,
        sum: Sum256::from_bytes(&hasher.finish()),
    }
}

#[cfg(test)]
mod tests;
