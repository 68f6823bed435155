//! Where tiles and entry bundles lie, and how they are written: C2SP `tlog-tiles`.

use seal::Hash;

use crate::tree::TILE;

/// The path of a tile in the log's folder: `tile/<level>/<number>[.p/<width>]`; `width` 256 is a full one.
pub(crate) fn tile_path(level: usize, number: u64, width: usize) -> String {
    format!("tile/{level}/{}", numbered(number, width))
}

/// The path of an entry bundle: `tile/entries/<number>[.p/<width>]`.
pub(crate) fn entries_path(number: u64, width: usize) -> String {
    format!("tile/entries/{}", numbered(number, width))
}

/// Three digits at a time, all but the last group marked with `x`: 1234067 is `x001/x234/067`.
fn numbered(number: u64, width: usize) -> String {
    let mut path = format!("{:03}", number % 1000);
    let mut rest = number / 1000;
    while rest > 0 {
        path = format!("x{:03}/{path}", rest % 1000);
        rest /= 1000;
    }
    if width < TILE {
        format!("{path}.p/{width}")
    } else {
        path
    }
}

/// Entries as a bundle writes them: each with its length in two bytes, big endian.
pub(crate) fn push_entry(bundle: &mut Vec<u8>, data: &[u8]) {
    // `Entry::data` refuses what is longer.
    bundle.extend_from_slice(&u16::try_from(data.len()).unwrap_or(u16::MAX).to_be_bytes());
    bundle.extend_from_slice(data);
}

/// The hashes of a tile; `None` when the bytes are not `width` hashes.
pub(crate) fn parse_tile(bytes: &[u8], width: usize) -> Option<Vec<Hash>> {
    let (hashes, rest) = bytes.as_chunks::<32>();
    (rest.is_empty() && hashes.len() == width).then(|| hashes.to_vec())
}
