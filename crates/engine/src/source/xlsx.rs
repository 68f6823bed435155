//! Excel workbooks (`.xlsx`): every sheet is a table. Options: `path`; `header_row` (the first is 1), 1 when left out.
//!
//! Numbers are written as Excel shows them without a format: whole numbers without a point. A sheet is read cell by cell and
//! one row is held at a time, whatever its far corner is. Only the texts that cells share are in memory: what the file's
//! parts really unpack to is measured first and bounded.

mod archive;

use std::{
    borrow::Cow,
    io::{Cursor, Read},
    path::PathBuf,
};

use async_trait::async_trait;
use calamine::{DataRef, Reader, Xlsx as Workbook};
use vocab::{SourceSpec, profile::TableInfo};

use super::{Scan, Source, Wanted, file, io_error, quarantine::Report};
use crate::{
    Limits,
    error::{Cause, Error},
    rows::Batches,
};

/// Bytes of a workbook file.
const BIGGEST: u64 = 64 << 20;
/// Columns and rows of a sheet (the format's own limits).
const COLUMNS: u32 = 16_384;
const ROWS: u32 = 1_048_576;

/// A workbook.
#[derive(Debug, Clone)]
pub(crate) struct Xlsx {
    path: PathBuf,
    sheet: Option<String>,
    header_row: u32,
    bad_rows: u64,
}

type Book = Workbook<Cursor<Vec<u8>>>;

impl Xlsx {
    /// Reads the options.
    pub fn open(spec: &SourceSpec, limits: &Limits) -> Result<Self, Error> {
        let header_row = match spec.option("header_row") {
            None | Some("") => 1,
            Some(it) => it
                .parse()
                .ok()
                .filter(|it| *it >= 1)
                .ok_or_else(|| Error::source(Cause::Options, "option `header_row` is not a number from 1"))?,
        };
        let sheet = spec.option("sheet").filter(|it| !it.is_empty()).map(str::to_owned);
        Ok(Self {
            path: file::path(spec)?,
            sheet,
            header_row,
            bad_rows: limits.bad_rows,
        })
    }

    fn book(&self) -> Result<Book, Error> {
        let mut bytes = Vec::new();
        let read = file::read(&self.path)?.take(BIGGEST + 1).read_to_end(&mut bytes);
        read.map_err(|it| io_error(&it))?;
        if bytes.len() as u64 > BIGGEST {
            return Err(Error::source(
                Cause::Format,
                "the workbook is bigger than 64 MiB; use CSV or Parquet",
            ));
        }
        if bytes.is_empty() {
            return Err(Error::source(Cause::Format, "the file is empty"));
        }
        if !bytes.starts_with(b"PK") {
            return Err(Error::source(
                Cause::Format,
                "the file is not an Excel workbook (.xlsx)",
            ));
        }
        archive::measure(&bytes)?;
        caught(|| calamine::open_workbook_from_rs(Cursor::new(bytes)).map_err(|_: calamine::XlsxError| damaged()))
    }

    /// Every row that has cells, in order, with its number (the first is 0); `each` says whether to go on.
    fn rows(&self, name: &str, mut each: impl FnMut(u32, &Row<'_>) -> Result<bool, Error>) -> Result<(), Error> {
        let mut book = self.book()?;
        if !book.sheet_names().iter().any(|it| it == name) {
            return Err(Error::source(
                Cause::TableMissing,
                format!("there is no sheet `{name}`"),
            ));
        }
        let book = &mut book;
        let mut cells = caught(move || book.worksheet_cells_reader(name).map_err(|_| damaged()))?;
        let mut row = Row::default();
        let mut current = 0;
        while let Some(cell) = caught(|| cells.next_cell().map_err(|_| damaged()))? {
            let (at, column) = cell.get_position();
            if at < current || at >= ROWS || column >= COLUMNS {
                return Err(damaged());
            }
            if at > current {
                if !row.is_empty() && !each(current, &row)? {
                    return Ok(());
                }
                row.clear();
                current = at;
            }
            row.put(column as usize, cell.get_value().clone());
        }
        if !row.is_empty() {
            each(current, &row)?;
        }
        Ok(())
    }

    fn header(&self, row: &Row<'_>, width: usize) -> Result<Vec<String>, Error> {
        let names: Vec<String> = (0..width)
            .map(|at| row.text(at).map_or_else(String::new, Cow::into_owned))
            .collect();
        if names.iter().all(|it| it.trim().is_empty()) {
            return Err(self.no_header());
        }
        file::header(names)
    }

    fn no_header(&self) -> Error {
        Error::source(
            Cause::Format,
            format!("row {} of the sheet has no header", self.header_row),
        )
    }

    /// The sheet's columns as far as any of its rows reaches, and its last row.
    fn info(&self, name: &str) -> Result<TableInfo, Error> {
        let (mut width, mut last, mut head) = (0, None, None);
        self.rows(name, |at, row| {
            width = width.max(row.width());
            last = Some(at);
            if at + 1 == self.header_row {
                head = Some(row.texts());
            }
            Ok(true)
        })?;
        let Some(last) = last else {
            return Err(Error::source(Cause::Format, EMPTY));
        };
        let head = head.ok_or_else(|| self.no_header())?;
        let head = Row::of(&head);
        Ok(TableInfo {
            name: name.to_owned(),
            comment: None,
            rows_estimate: Some(u64::from((last + 1).saturating_sub(self.header_row))),
            columns: file::text_columns(self.header(&head, width)?),
        })
    }

    fn run(&self, info: &TableInfo, wanted: &[Wanted], sink: &mut file::Sink) -> Result<(), Error> {
        let positions = file::positions(info, wanted)?;
        let width = info.columns.len();
        let mut begun = false;
        self.rows(&info.name, |at, row| {
            if at + 1 < self.header_row {
                return Ok(true);
            }
            if at + 1 == self.header_row {
                let names = self.header(row, width)?;
                if names.iter().ne(info.columns.iter().map(|it| &it.name)) {
                    return Err(Error::source(Cause::ColumnMissing, "the header is not what it was"));
                }
                begun = true;
                return Ok(true);
            }
            if !begun {
                return Err(self.no_header());
            }
            let line = u64::from(at) + 1;
            if let Some(at) = row.error().filter(|at| *at < width) {
                let column = info.columns.get(at).map(|it| it.name.clone());
                sink.bad(line, column, "the cell holds an error of Excel")?;
                return Ok(true);
            }
            sink.row(line, &|at| row.text(*positions.get(at)?))?;
            Ok(true)
        })
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

fn damaged() -> Error {
    Error::source(Cause::Format, "the file is not a sound Excel workbook")
}

/// The reader panics on some damaged files; that is an error of the file.
fn caught<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).unwrap_or_else(|_| Err(damaged()))
}

/// What an empty sheet is told by.
const EMPTY: &str = "the sheet is empty";

/// The cells of one row by their columns.
#[derive(Default)]
struct Row<'a>(Vec<DataRef<'a>>);

impl<'a> Row<'a> {
    fn of(texts: &'a [Option<String>]) -> Self {
        let cell = |it: &'a Option<String>| it.as_deref().map_or(DataRef::Empty, DataRef::SharedString);
        Self(texts.iter().map(cell).collect())
    }

    fn put(&mut self, column: usize, value: DataRef<'a>) {
        if matches!(value, DataRef::Empty) {
            return;
        }
        if self.0.len() <= column {
            self.0.resize_with(column + 1, DataRef::default);
        }
        if let Some(cell) = self.0.get_mut(column) {
            *cell = value;
        }
    }

    fn clear(&mut self) {
        self.0.clear();
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn width(&self) -> usize {
        self.0.len()
    }

    fn text(&self, at: usize) -> Option<Cow<'_, str>> {
        self.0.get(at).and_then(text)
    }

    fn texts(&self) -> Vec<Option<String>> {
        (0..self.0.len()).map(|at| self.text(at).map(Cow::into_owned)).collect()
    }

    /// The first cell with an error of Excel.
    fn error(&self) -> Option<usize> {
        self.0.iter().position(|it| matches!(it, DataRef::Error(_)))
    }
}

fn text<'a>(cell: &'a DataRef<'_>) -> Option<Cow<'a, str>> {
    Some(match cell {
        DataRef::String(it) | DataRef::DateTimeIso(it) | DataRef::DurationIso(it) => Cow::Borrowed(it.as_str()),
        DataRef::SharedString(it) => Cow::Borrowed(it),
        DataRef::Int(it) => Cow::Owned(it.to_string()),
        // A whole float prints without a point; others with the shortest digits that read back the same.
        DataRef::Float(it) => Cow::Owned(it.to_string()),
        DataRef::Bool(it) => Cow::Borrowed(if *it { "true" } else { "false" }),
        DataRef::DateTime(it) => Cow::Owned(moment(it)),
        DataRef::Empty | DataRef::Error(_) => return None,
    })
}

fn moment(it: &calamine::ExcelDateTime) -> String {
    if it.is_duration() {
        return it.as_f64().to_string();
    }
    let (year, month, day, hour, minute, second, milli) = it.to_ymd_hms_milli();
    let date = format!("{year:04}-{month:02}-{day:02}");
    match (hour, minute, second, milli) {
        (0, 0, 0, 0) => date,
        (_, _, _, 0) => format!("{date} {hour:02}:{minute:02}:{second:02}"),
        _ => format!("{date} {hour:02}:{minute:02}:{second:02}.{milli:03}"),
    }
}

#[async_trait]
impl Source for Xlsx {
    async fn version(&self) -> Result<String, Error> {
        self.blocking(|it| it.book().map(|_| "Excel workbook (Office Open XML)".to_owned()))
            .await
    }

    async fn tables(&self) -> Result<Vec<TableInfo>, Error> {
        self.blocking(|it| {
            let names = it.book()?.sheet_names();
            let chosen = names
                .into_iter()
                .filter(|name| it.sheet.as_ref().is_none_or(|only| only == name));
            let empty = |error: &Error| error.to_string().ends_with(EMPTY);
            chosen
                .map(|name| it.info(&name))
                .filter(|it| !it.as_ref().is_err_and(empty))
                .collect()
        })
        .await
    }

    async fn table(&self, name: &str) -> Result<TableInfo, Error> {
        let name = name.to_owned();
        self.blocking(move |it| it.info(&name)).await
    }

    async fn scan(&self, info: &TableInfo, scan: Scan) -> Result<Batches, Error> {
        let (this, info) = (self.clone(), info.clone());
        let wanted = scan.columns.clone();
        Ok(file::stream(scan.columns, scan.notes, self.bad_rows, move |sink| {
            this.run(&info, &wanted, sink)
        }))
    }

    fn whole_rows(&self) -> bool {
        true
    }

    async fn quarantine(&self, info: &TableInfo, columns: &[Wanted]) -> Result<Report, Error> {
        let (this, info) = (self.clone(), info.clone());
        let wanted = columns.to_vec();
        file::report(columns.to_vec(), move |sink| this.run(&info, &wanted, sink)).await
    }
}
