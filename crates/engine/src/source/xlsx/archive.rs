//! What a workbook's parts unpack to, measured by unpacking them into nothing: what a ZIP archive says of its parts is not
//! what comes out of them when somebody means harm.

use std::io::{Read, copy, sink};

use flate2::read::DeflateDecoder;

use super::damaged;
use crate::error::{Cause, Error};

/// Bytes all parts of a workbook may unpack to.
const ALL: u64 = 1 << 30;
/// Bytes of the one that is held in memory: the texts that cells share.
const SHARED: u64 = 256 << 20;

/// Checks an archive from its central directory (APPNOTE 4.3.12) and the parts themselves.
///
/// # Errors
/// [`Cause::Format`] when the parts are too big, or are not what the directory says.
pub(super) fn measure(bytes: &[u8]) -> Result<(), Error> {
    let parts = parts(bytes).ok_or_else(damaged)?;
    let said: u64 = parts.iter().map(|it| it.unpacked).sum();
    if said > ALL {
        return Err(Error::source(Cause::Format, "the workbook unpacks to more than 1 GiB"));
    }
    for part in &parts {
        if part.shared && part.unpacked > SHARED {
            return Err(Error::source(
                Cause::Format,
                "the texts of the workbook unpack to more than 256 MiB; use CSV or Parquet",
            ));
        }
        if part.is_longer() {
            return Err(damaged());
        }
    }
    Ok(())
}

struct Part<'a> {
    data: &'a [u8],
    deflated: bool,
    unpacked: u64,
    shared: bool,
}

impl Part<'_> {
    /// Does more come out than the directory says? (Less is for the reader to find.)
    fn is_longer(&self) -> bool {
        let most = self.unpacked.saturating_add(1);
        let came = if self.deflated {
            // What breaks off is measured up to there.
            let mut unpacking = DeflateDecoder::new(self.data).take(most);
            let mut came = 0;
            let mut buffer = [0; 16 * 1024];
            while let Ok(some @ 1..) = unpacking.read(&mut buffer) {
                came += some as u64;
            }
            came
        } else {
            copy(&mut self.data.take(most), &mut sink()).unwrap_or(0)
        };
        came > self.unpacked
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

fn half(bytes: &[u8], at: usize) -> Option<usize> {
    Some(usize::from(u16::from_le_bytes(
        bytes.get(at..at.checked_add(2)?)?.try_into().ok()?,
    )))
}

fn parts(bytes: &[u8]) -> Option<Vec<Part<'_>>> {
    let tail = bytes.len().saturating_sub(22 + 65_535);
    let end = (tail..=bytes.len().checked_sub(22)?)
        .rev()
        .find(|at| word(bytes, *at) == Some(0x0605_4B50))?;
    if end.checked_sub(20).and_then(|at| word(bytes, at)) == Some(0x0706_4B50) {
        return None; // a second directory, of ZIP64, for archives much bigger than a workbook may be
    }
    let (count, mut at) = (half(bytes, end + 10)?, word(bytes, end + 16)? as usize);
    let mut parts = Vec::new();
    for _ in 0..count {
        if word(bytes, at)? != 0x0201_4B50 {
            return None;
        }
        let name = half(bytes, at + 28)?;
        let packed = word(bytes, at + 20)? as usize;
        let local = word(bytes, at + 42)? as usize;
        let begin = local + 30 + half(bytes, local + 26)? + half(bytes, local + 28)?;
        let path = bytes.get(at + 46..at + 46 + name)?.to_ascii_lowercase();
        let unpacked = u64::from(word(bytes, at + 24)?);
        parts.push(Part {
            // What the directory says is too big is refused before it is looked at.
            data: bytes.get(begin..begin.checked_add(packed)?).unwrap_or_default(),
            deflated: half(bytes, at + 10)? == 8,
            unpacked,
            shared: path.ends_with(b"sharedstrings.xml"),
        });
        at += 46 + name + half(bytes, at + 30)? + half(bytes, at + 32)?;
    }
    Some(parts)
}
