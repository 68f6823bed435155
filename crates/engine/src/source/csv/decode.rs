//! Bytes of a text file as UTF-8, whatever they were.
//!
//! UTF-8 passes as it is (each row is checked later, so that a bad byte costs one row and not the file); the others are
//! decoded with U+FFFD for what cannot be, and a row that holds one is set aside.

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
};

use crate::{
    error::{Cause, Error},
    source::io_error,
};

const CHUNK: usize = 64 * 1024;
/// Bytes looked at to find the encoding.
const SAMPLE: usize = 1 << 20;

/// The encodings of text files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// UTF-8.
    Utf8,
    /// GB 18030 and its subsets GBK, GB 2312.
    Gb18030,
    /// UTF-16, little end first.
    Utf16Le,
    /// UTF-16, big end first.
    Utf16Be,
}

impl Encoding {
    /// By its usual names.
    pub fn named(name: &str) -> Result<Self, Error> {
        Ok(match name.to_ascii_lowercase().replace(['-', '_', ' '], "").as_str() {
            "utf8" | "utf8bom" => Self::Utf8,
            "gb18030" | "gbk" | "gb2312" | "cp936" => Self::Gb18030,
            "utf16" | "utf16le" => Self::Utf16Le,
            "utf16be" => Self::Utf16Be,
            _ => {
                return Err(Error::source(
                    Cause::Options,
                    "option `encoding` is not utf-8, gb18030, utf-16le or utf-16be",
                ));
            }
        })
    }

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Gb18030 => "GB 18030",
            Self::Utf16Le => "UTF-16LE",
            Self::Utf16Be => "UTF-16BE",
        }
    }
}

/// A file as UTF-8 bytes, the byte order mark taken away.
pub(crate) struct Decoder {
    file: File,
    encoding: Encoding,
    decoder: Option<encoding_rs::Decoder>,
    buffer: Vec<u8>,
    ended: bool,
}

impl Decoder {
    /// Begins at the start of a file; finds the encoding when it is not given.
    pub fn open(mut file: File, given: Option<Encoding>) -> Result<Self, Error> {
        let mut sample = Vec::new();
        file.by_ref()
            .take(SAMPLE as u64)
            .read_to_end(&mut sample)
            .map_err(|it| io_error(&it))?;
        let (marked, skip) = match sample.as_slice() {
            [0xEF, 0xBB, 0xBF, ..] => (Some(Encoding::Utf8), 3),
            [0xFF, 0xFE, ..] => (Some(Encoding::Utf16Le), 2),
            [0xFE, 0xFF, ..] => (Some(Encoding::Utf16Be), 2),
            [0x84, 0x31, 0x95, 0x33, ..] => (Some(Encoding::Gb18030), 4),
            _ => (None, 0),
        };
        let encoding = marked.or(given).unwrap_or_else(|| guess(&sample));
        if given.is_none() && marked.is_none() {
            refuse(&sample)?;
        }
        file.seek(SeekFrom::Start(skip)).map_err(|it| io_error(&it))?;
        let decoder = match encoding {
            Encoding::Utf8 => None,
            Encoding::Gb18030 => Some(encoding_rs::GB18030.new_decoder_without_bom_handling()),
            Encoding::Utf16Le => Some(encoding_rs::UTF_16LE.new_decoder_without_bom_handling()),
            Encoding::Utf16Be => Some(encoding_rs::UTF_16BE.new_decoder_without_bom_handling()),
        };
        Ok(Self {
            file,
            encoding,
            decoder,
            buffer: vec![0; CHUNK],
            ended: false,
        })
    }

    /// The encoding.
    pub const fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// Appends the next piece; false at the end.
    pub fn more(&mut self, into: &mut Vec<u8>) -> Result<bool, Error> {
        if self.ended {
            return Ok(false);
        }
        let read = self.file.read(&mut self.buffer).map_err(|it| io_error(&it))?;
        self.ended = read == 0;
        let piece = self.buffer.get(..read).unwrap_or_default();
        match &mut self.decoder {
            None => into.extend_from_slice(piece),
            Some(decoder) => {
                let room = decoder.max_utf8_buffer_length(piece.len()).unwrap_or(CHUNK * 4);
                let start = into.len();
                into.resize(start + room, 0);
                let (_, _, written, _) =
                    decoder.decode_to_utf8(piece, into.get_mut(start..).unwrap_or_default(), self.ended);
                into.truncate(start + written);
            }
        }
        Ok(!self.ended || !into.is_empty() && self.decoder.is_some() && read == 0)
    }
}

fn guess(sample: &[u8]) -> Encoding {
    let utf8 = match std::str::from_utf8(sample) {
        Ok(_) => true,
        // Cut inside a character at the end of the sample.
        Err(error) if error.error_len().is_none() => true,
        // A few bad bytes in a text that is UTF-8 elsewhere: more sound multi-byte characters than errors.
        Err(_) => mostly_utf8(sample),
    };
    if utf8 {
        return Encoding::Utf8;
    }
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
    detector.feed(sample, true);
    let _ = detector.guess(Some(b"cn"), chardetng::Utf8Detection::Allow);
    Encoding::Gb18030
}

fn mostly_utf8(sample: &[u8]) -> bool {
    let (mut good, mut bad) = (0_usize, 0_usize);
    for chunk in sample.utf8_chunks() {
        good += chunk.valid().chars().filter(|it| !it.is_ascii()).count();
        bad += usize::from(!chunk.invalid().is_empty());
    }
    // Bytes of GB 18030 read as UTF-8 are bad at nearly every character; Latin text has few characters beyond ASCII.
    if good == 0 {
        bad <= 2 && bad * 200 < sample.len()
    } else {
        good > bad * 10
    }
}

/// Files of other kinds under the name of a text file.
fn refuse(sample: &[u8]) -> Result<(), Error> {
    let kind = match sample {
        [b'P', b'K', 3, 4, ..] => "a ZIP archive or Excel workbook",
        [0xD0, 0xCF, 0x11, 0xE0, ..] => "an old Excel workbook",
        [0x1F, 0x8B, ..] => "compressed with gzip",
        [b'P', b'A', b'R', b'1', ..] => "a Parquet file",
        [b'%', b'P', b'D', b'F', ..] => "a PDF document",
        it if it.starts_with(b"SQLite format 3\0") => "an SQLite database",
        it if it.len() >= 64 && it.iter().filter(|it| **it == 0).count() * 4 > it.len() => "binary, not text",
        _ => return Ok(()),
    };
    Err(Error::source(Cause::Format, format!("the file is {kind}")))
}
