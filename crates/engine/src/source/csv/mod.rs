//! CSV and TSV files: UTF-8, GB 18030, UTF-16, with or without byte order mark; any ASCII delimiter and quote.
//!
//! Options: `path`; `delimiter` (one character, `tab`; found in the first line when left out), `quote` (one character or
//! `none`), `encoding` (`utf-8`, `gb18030`, `utf-16le`, `utf-16be`; found when left out), `header` (`true` or `false`:
//! columns are then `column_1`, …), `exact` (`true` for a file that a delivery wrote: every character and length is taken
//! as it stands, an empty line of a one-column file is a NULL). Every column is text until the catalogue declares another type. An empty field is
//! NULL; a quoted empty field is an empty text.

mod decode;
pub(crate) mod parse;
#[cfg(test)]
mod tests;

use std::{borrow::Cow, path::PathBuf};

use async_trait::async_trait;
use vocab::{SourceSpec, profile::TableInfo};

use super::{Scan, Source, Wanted, file, quarantine::Report};
use crate::{
    Limits,
    error::{Cause, Error},
    rows::Batches,
};
use parse::{Parser, Record, Style};

/// A CSV or TSV file.
#[derive(Debug, Clone)]
pub(crate) struct Csv {
    path: PathBuf,
    delimiter: Option<u8>,
    quote: Option<u8>,
    encoding: Option<decode::Encoding>,
    header: bool,
    exact: bool,
    bad_rows: u64,
}

impl Csv {
    /// Reads the options.
    pub fn open(spec: &SourceSpec, limits: &Limits) -> Result<Self, Error> {
        let single = |name: &str| match spec.option(name) {
            None | Some("") => Ok(None),
            Some("tab" | "\\t") => Ok(Some(b'\t')),
            Some(it) => match it.as_bytes() {
                [byte] if byte.is_ascii() && !matches!(byte, b'\n' | b'\r' | 0) => Ok(Some(*byte)),
                _ => Err(Error::source(
                    Cause::Options,
                    format!("option `{name}` is not one ASCII character"),
                )),
            },
        };
        let quote = match spec.option("quote") {
            Some("none") => None,
            _ => Some(single("quote")?.unwrap_or(b'"')),
        };
        let delimiter = single("delimiter")?;
        if delimiter.is_some() && delimiter == quote {
            return Err(Error::source(
                Cause::Options,
                "delimiter and quote are the same character",
            ));
        }
        let header = match spec.option("header") {
            None | Some("" | "true" | "yes" | "1") => true,
            Some("false" | "no" | "0") => false,
            Some(_) => return Err(Error::source(Cause::Options, "option `header` is not true or false")),
        };
        let encoding = spec.option("encoding").filter(|it| !it.is_empty() && *it != "auto");
        let encoding = encoding.map(decode::Encoding::named).transpose()?;
        Ok(Self {
            path: file::path(spec)?,
            delimiter,
            quote,
            encoding,
            header,
            exact: spec.option("exact") == Some("true"),
            bad_rows: limits.bad_rows,
        })
    }

    fn parser(&self) -> Result<Parser, Error> {
        let source = decode::Decoder::open(file::read(&self.path)?, self.encoding)?;
        Ok(Parser::new(
            source,
            Style {
                delimiter: self.delimiter,
                quote: self.quote,
                exact: self.exact,
            },
        ))
    }

    /// The names of the columns, and the parser after the header.
    fn begin(&self) -> Result<(Vec<String>, Parser), Error> {
        let mut parser = self.parser()?;
        let mut record = Record::default();
        if !parser.next(&mut record)? {
            return Err(Error::source(Cause::Format, "the file is empty"));
        }
        if let Some(reason) = &record.bad {
            return Err(Error::source(Cause::Format, format!("line {}: {reason}", record.line)));
        }
        if self.header {
            let names = (0..record.len())
                .map(|at| record.field(at).unwrap_or_default().to_owned())
                .collect();
            return Ok((file::header(names)?, parser));
        }
        let names = (1..=record.len()).map(|at| format!("column_{at}")).collect();
        Ok((names, self.parser()?))
    }

    fn info(&self, name: &str) -> Result<TableInfo, Error> {
        let (names, _) = self.begin()?;
        Ok(TableInfo {
            name: name.to_owned(),
            comment: None,
            rows_estimate: None,
            columns: file::text_columns(names),
        })
    }

    fn run(&self, wanted: &[Wanted], sink: &mut file::Sink) -> Result<(), Error> {
        let (names, mut parser) = self.begin()?;
        parser.blank_rows = self.exact && names.len() == 1;
        sink.exact = self.exact;
        let info = TableInfo {
            name: String::new(),
            comment: None,
            rows_estimate: None,
            columns: file::text_columns(names),
        };
        let positions = file::positions(&info, wanted)?;
        let width = info.columns.len();
        let mut record = Record::default();
        while parser.next(&mut record)? {
            if let Some(reason) = record.bad.take() {
                sink.bad(record.line, None, reason)?;
            } else if record.len() != width {
                sink.bad(
                    record.line,
                    None,
                    format!("the row has {} fields, the header has {width}", record.len()),
                )?;
            } else {
                sink.row(record.line, &|at| {
                    positions.get(at).and_then(|it| record.field(*it)).map(Cow::Borrowed)
                })?;
            }
        }
        Ok(())
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let this = self.clone();
        tokio::task::spawn_blocking(move || work(&this))
            .await
            .map_err(Error::internal)?
    }
}

#[async_trait]
impl Source for Csv {
    async fn version(&self) -> Result<String, Error> {
        self.blocking(|it| {
            let encoding = decode::Decoder::open(file::read(&it.path)?, it.encoding)?.encoding();
            Ok(format!("CSV, {}", encoding.name()))
        })
        .await
    }

    async fn tables(&self) -> Result<Vec<TableInfo>, Error> {
        self.blocking(|it| Ok(vec![it.info(&file::name(&it.path))?])).await
    }

    async fn table(&self, name: &str) -> Result<TableInfo, Error> {
        let name = name.to_owned();
        self.blocking(move |it| it.info(&name)).await
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
