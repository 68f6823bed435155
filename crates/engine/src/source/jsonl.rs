//! JSON lines: one object a line, UTF-8. Options: `path`; `exact` (`true` for a file that a delivery wrote: every character
//! and length is taken as it stands).
//!
//! Columns are the members of the first thousand objects, in order of appearance, all text until the catalogue declares
//! another type. Numbers keep the digits they are written with; objects and arrays stay JSON text; `null` and a missing
//! member are NULL.

use std::{
    borrow::Cow,
    io::{BufRead, BufReader, Read},
    path::PathBuf,
};

use async_trait::async_trait;
use vocab::{SourceSpec, profile::TableInfo};

use super::{Scan, Source, Wanted, file, io_error, quarantine::Report};
use crate::{
    Limits,
    error::{Cause, Error},
    rows::Batches,
};

/// Bytes of one line.
const LONGEST: usize = 16 << 20;
/// Lines looked at for the columns.
const LOOKED_AT: usize = 1000;

/// A file of JSON lines.
#[derive(Debug, Clone)]
pub(crate) struct JsonLines {
    path: PathBuf,
    exact: bool,
    bad_rows: u64,
}

/// A line by its number: its text, or why it has none.
type Line<'a> = (u64, Result<&'a str, &'static str>);

struct Lines {
    reader: BufReader<std::fs::File>,
    line: u64,
    buffer: Vec<u8>,
    longest: usize,
}

impl Lines {
    /// The next line that is not blank, or why it is bad.
    fn next(&mut self) -> Result<Option<Line<'_>>, Error> {
        loop {
            self.buffer.clear();
            let mut limited = self.reader.by_ref().take(self.longest as u64);
            let read = limited
                .read_until(b'\n', &mut self.buffer)
                .map_err(|it| io_error(&it))?;
            if read == 0 {
                return Ok(None);
            }
            self.line += 1;
            if read == self.longest && !self.buffer.ends_with(b"\n") {
                self.reader.skip_until(b'\n').map_err(|it| io_error(&it))?;
                return Ok(Some((self.line, Err("the line is longer than 16 MiB"))));
            }
            let bytes = self.buffer.strip_prefix(b"\xEF\xBB\xBF").filter(|_| self.line == 1);
            if bytes.unwrap_or(&self.buffer).iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            let skip = if bytes.is_some() { 3 } else { 0 };
            let text = std::str::from_utf8(self.buffer.get(skip..).unwrap_or_default());
            return Ok(Some((
                self.line,
                text.map_err(|_| "the line holds bytes that are not UTF-8"),
            )));
        }
    }
}

impl JsonLines {
    /// Reads the options.
    pub fn open(spec: &SourceSpec, limits: &Limits) -> Result<Self, Error> {
        Ok(Self {
            path: file::path(spec)?,
            exact: spec.option("exact") == Some("true"),
            bad_rows: limits.bad_rows,
        })
    }

    fn lines(&self) -> Result<Lines, Error> {
        Ok(Lines {
            reader: BufReader::new(file::read(&self.path)?),
            line: 0,
            buffer: Vec::new(),
            longest: if self.exact { usize::MAX } else { LONGEST },
        })
    }

    fn info(&self, name: &str) -> Result<TableInfo, Error> {
        let mut lines = self.lines()?;
        let mut names: Vec<String> = Vec::new();
        let mut any = false;
        for _ in 0..LOOKED_AT {
            let Some((_, text)) = lines.next()? else { break };
            any = true;
            let Some(members) = text.ok().and_then(|it| members(it, self.exact).ok()) else {
                continue;
            };
            for (name, _) in members {
                if !names.iter().any(|it| *it == name) {
                    names.push(name.into_owned());
                }
            }
        }
        if names.is_empty() {
            let why = if any {
                "no line of the file is a JSON object"
            } else {
                "the file is empty"
            };
            return Err(Error::source(Cause::Format, why));
        }
        Ok(TableInfo {
            name: name.to_owned(),
            comment: None,
            rows_estimate: None,
            columns: file::text_columns(names),
        })
    }

    fn run(&self, wanted: &[Wanted], sink: &mut file::Sink) -> Result<(), Error> {
        let mut lines = self.lines()?;
        sink.exact = self.exact;
        while let Some((line, text)) = lines.next()? {
            match text.and_then(|it| members(it, self.exact)) {
                Err(reason) => sink.bad(line, None, reason)?,
                Ok(members) => sink.row(line, &|at| {
                    let name = &wanted.get(at)?.column;
                    let (_, raw) = members.iter().find(|(it, _)| it == name)?;
                    value(raw)
                })?,
            }
        }
        Ok(())
    }
}

/// The members of an object as they are written.
fn members(line: &str, exact: bool) -> Result<Vec<(Cow<'_, str>, &str)>, &'static str> {
    const BAD: &str = "the line is not a JSON object";
    if !exact && (line.contains("\\u0000") || line.contains('\0')) {
        return Err("the line holds a NUL character");
    }
    let text = line.trim();
    if !text.starts_with('{') || serde_json::from_str::<serde::de::IgnoredAny>(text).is_err() {
        return Err(BAD);
    }
    // The text is sound JSON: members can be cut apart by looking at strings and depth alone.
    let mut found: Vec<(Cow<'_, str>, &str)> = Vec::new();
    let mut rest = text.get(1..text.len().saturating_sub(1)).ok_or(BAD)?.trim();
    while !rest.is_empty() {
        let end = token(rest);
        let (name, after) = rest.split_at_checked(end).ok_or(BAD)?;
        let after = after.trim_start().strip_prefix(':').ok_or(BAD)?.trim_start();
        let (raw, after) = after.split_at_checked(token(after)).ok_or(BAD)?;
        let name: String = serde_json::from_str(name.trim()).map_err(|_| BAD)?;
        if found.iter().any(|(it, _)| *it == name) {
            return Err("the object names a member twice");
        }
        found.push((Cow::Owned(name), raw.trim()));
        rest = after.trim_start().strip_prefix(',').unwrap_or("").trim_start();
    }
    Ok(found)
}

/// Bytes of the first value of a sound JSON text.
fn token(text: &str) -> usize {
    let (mut depth, mut string, mut escaped) = (0_u32, false, false);
    for (at, byte) in text.bytes().enumerate() {
        if string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => {
                    string = false;
                    if depth == 0 {
                        return at + 1;
                    }
                }
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => string = true,
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            b',' | b':' if depth == 0 => return at,
            _ => {}
        }
    }
    text.len()
}

fn value(raw: &str) -> Option<Cow<'_, str>> {
    match raw.as_bytes().first() {
        None | Some(b'n') => None,
        Some(b'"') => serde_json::from_str::<String>(raw).ok().map(Cow::Owned),
        Some(_) => Some(Cow::Borrowed(raw)),
    }
}

#[async_trait]
impl Source for JsonLines {
    async fn version(&self) -> Result<String, Error> {
        self.tables().await?;
        Ok("JSON Lines".to_owned())
    }

    async fn tables(&self) -> Result<Vec<TableInfo>, Error> {
        Ok(vec![self.table(&file::name(&self.path)).await?])
    }

    async fn table(&self, name: &str) -> Result<TableInfo, Error> {
        let (this, name) = (self.clone(), name.to_owned());
        tokio::task::spawn_blocking(move || this.info(&name))
            .await
            .map_err(Error::internal)?
    }

    async fn scan(&self, _: &TableInfo, scan: Scan) -> Result<Batches, Error> {
        let this = self.clone();
        let wanted = scan.columns.clone();
        Ok(file::stream(scan.columns, scan.notes, self.bad_rows, move |sink| {
            this.run(&wanted, sink)
        }))
    }

    fn whole_rows(&self) -> bool {
        true
    }

    async fn quarantine(&self, _: &TableInfo, columns: &[Wanted]) -> Result<Report, Error> {
        let this = self.clone();
        let wanted = columns.to_vec();
        file::report(columns.to_vec(), move |sink| this.run(&wanted, sink)).await
    }
}
