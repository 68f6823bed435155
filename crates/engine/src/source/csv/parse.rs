//! RFC 4180 records from bytes, with line numbers; what breaks the rules costs its own line and no more.

use super::decode::Decoder;
use crate::error::Error;

/// Bytes of one record. A quote that is never closed swallows no more than this before reading goes on at the next line.
const LONGEST: usize = 1 << 20;

/// Delimiter and quote.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Style {
    /// The delimiter; found in the first line when `None`.
    pub delimiter: Option<u8>,
    /// The quote, when there is one.
    pub quote: Option<u8>,
    /// Is every record taken as it stands, of any length and with any character?
    pub exact: bool,
}

/// One record: its fields, or why it has none.
#[derive(Debug, Default)]
pub(crate) struct Record {
    /// The line it begins on; the first is 1.
    pub line: u64,
    /// Why it could not be read.
    pub bad: Option<String>,
    text: String,
    ends: Vec<(usize, bool)>,
}

impl Record {
    /// How many fields.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// A field; `None` when it is empty and was not quoted.
    pub fn field(&self, at: usize) -> Option<&str> {
        let (end, quoted) = *self.ends.get(at)?;
        let start = match at.checked_sub(1) {
            None => 0,
            Some(before) => self.ends.get(before)?.0,
        };
        let text = self.text.get(start..end)?;
        if text.is_empty() && !quoted { None } else { Some(text) }
    }
}

/// Reads records.
pub(crate) struct Parser {
    source: Decoder,
    style: Style,
    delimiter: u8,
    buffer: Vec<u8>,
    at: usize,
    line: u64,
    ended: bool,
    begun: bool,
    fields: Vec<u8>,
    /// Is an empty line a record of one field?
    pub blank_rows: bool,
}

enum Step {
    /// A record up to this offset (after its line end), over so many lines.
    Record(usize, u64),
    /// Broken: why.
    Broken(&'static str),
    /// More bytes are needed.
    More,
}

impl Parser {
    /// From the start.
    pub fn new(source: Decoder, style: Style) -> Self {
        Self {
            source,
            delimiter: style.delimiter.unwrap_or(b','),
            style,
            buffer: Vec::new(),
            at: 0,
            line: 1,
            ended: false,
            begun: false,
            fields: Vec::new(),
            blank_rows: false,
        }
    }

    fn more(&mut self) -> Result<(), Error> {
        self.buffer.drain(..self.at);
        self.at = 0;
        if !self.source.more(&mut self.buffer)? {
            self.ended = true;
        }
        Ok(())
    }

    /// Reads the next record that is not an empty line; false at the end.
    pub fn next(&mut self, record: &mut Record) -> Result<bool, Error> {
        if !self.begun {
            self.begin()?;
        }
        loop {
            record.bad = None;
            record.text.clear();
            record.ends.clear();
            record.line = self.line;
            if self.at >= self.buffer.len() {
                if self.ended {
                    return Ok(false);
                }
                self.more()?;
                continue;
            }
            match self.step(record) {
                Step::More => self.more()?,
                Step::Record(end, lines) => {
                    let empty = record.ends.len() == 1 && record.ends.first() == Some(&(0, false));
                    self.at = end;
                    self.line += lines;
                    let blank = empty && self.fields.is_empty();
                    if !blank || self.blank_rows {
                        self.check(record);
                        return Ok(true);
                    }
                }
                Step::Broken(reason) => {
                    record.ends.clear();
                    record.bad = Some(reason.to_owned());
                    self.skip_line()?;
                    return Ok(true);
                }
            }
        }
    }

    fn begin(&mut self) -> Result<(), Error> {
        self.begun = true;
        while !self.ended && !self.buffer.contains(&b'\n') && self.buffer.len() < LONGEST {
            self.more()?;
        }
        if self.style.delimiter.is_none() {
            let line: &[u8] = self
                .buffer
                .split(|it| matches!(it, b'\n' | b'\r'))
                .next()
                .unwrap_or_default();
            let mut quoted = false;
            let mut counts = [(b',', 0_usize), (b'\t', 0), (b';', 0), (b'|', 0)];
            for byte in line {
                quoted ^= Some(*byte) == self.style.quote;
                if let Some(count) = counts.iter_mut().find(|it| it.0 == *byte && !quoted) {
                    count.1 += 1;
                }
            }
            self.delimiter = counts
                .iter()
                .rev()
                .max_by_key(|it| it.1)
                .filter(|it| it.1 > 0)
                .map_or(b',', |it| it.0);
        }
        Ok(())
    }

    /// Goes on at the next line of the file.
    fn skip_line(&mut self) -> Result<(), Error> {
        loop {
            let rest = self.buffer.get(self.at..).unwrap_or_default();
            if let Some(found) = rest.iter().position(|it| *it == b'\n') {
                self.at += found + 1;
                self.line += 1;
                return Ok(());
            }
            self.at = self.buffer.len();
            if self.ended {
                return Ok(());
            }
            self.more()?;
        }
    }

    /// One record from the buffer into `self.fields` and the ends.
    fn step(&mut self, record: &mut Record) -> Step {
        let bytes = self.buffer.get(self.at..).unwrap_or_default();
        self.fields.clear();
        let mut lines = 0;
        let mut at = 0;
        let (mut quoted, mut closed, mut fresh) = (false, false, true); // of the field
        let mut open = false;
        loop {
            if at > LONGEST && !self.style.exact {
                return Step::Broken(if open {
                    "a quote is not closed"
                } else {
                    "the row is longer than 1 MiB"
                });
            }
            let Some(&byte) = bytes.get(at) else {
                if !self.ended {
                    return Step::More;
                }
                if open {
                    return Step::Broken("a quote is not closed");
                }
                record.ends.push((self.fields.len(), quoted));
                return Step::Record(self.at + at, lines + 1);
            };
            if open {
                if Some(byte) == self.style.quote {
                    match bytes.get(at + 1) {
                        Some(next) if Some(*next) == self.style.quote => {
                            self.fields.push(byte);
                            at += 1;
                        }
                        None if !self.ended => return Step::More,
                        _ => (open, closed) = (false, true),
                    }
                } else {
                    lines += u64::from(byte == b'\n');
                    self.fields.push(byte);
                }
            } else if byte == self.delimiter {
                record.ends.push((self.fields.len(), quoted));
                (quoted, closed, fresh) = (false, false, true);
                at += 1;
                continue;
            } else if byte == b'\n' || byte == b'\r' {
                let mut end = at + 1;
                if byte == b'\r' {
                    match bytes.get(end) {
                        Some(b'\n') => end += 1,
                        None if !self.ended => return Step::More,
                        _ => {}
                    }
                }
                record.ends.push((self.fields.len(), quoted));
                return Step::Record(self.at + end, lines + 1);
            } else if closed {
                return Step::Broken("text stands after a closing quote");
            } else if fresh && Some(byte) == self.style.quote {
                (open, quoted) = (true, true);
            } else {
                self.fields.push(byte);
            }
            fresh = false;
            at += 1;
        }
    }

    /// Checks the characters of a record and gives it its text.
    fn check(&self, record: &mut Record) {
        match std::str::from_utf8(&self.fields) {
            Err(_) => record.bad = Some("the row holds bytes that are not UTF-8".to_owned()),
            Ok(it) if self.style.exact => record.text.push_str(it),
            Ok(it) if it.contains('\0') => record.bad = Some("the row holds a NUL character".to_owned()),
            Ok(it) if it.contains('\u{FFFD}') => {
                record.bad = Some(format!(
                    "the row holds bytes that are not {}",
                    self.source.encoding().name()
                ));
            }
            Ok(it) if it.contains('\u{FEFF}') => {
                record.bad = Some("a byte order mark stands inside the file".to_owned());
            }
            Ok(it) => record.text.push_str(it),
        }
        if record.bad.is_some() {
            record.ends.clear();
        }
    }
}
