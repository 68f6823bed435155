//! What file sources share: rows under declared types, and rows that do not fit set aside with line, column and reason.

use std::{borrow::Cow, collections::HashSet, path::PathBuf, sync::Arc};

use arrow::{
    array::{BooleanArray, RecordBatch},
    compute::filter_record_batch,
};
use vocab::{
    DataType, SourceSpec,
    profile::{ColumnInfo, TableInfo},
};

use super::{
    Wanted,
    pump::{self, Sender},
    quarantine::{BadRow, Report},
};
use crate::{
    error::{Cause, Error, LimitKind},
    rows::{Batches, Notes},
    shape::{Column, Shape, build::Builder, text},
};

/// Where a file's rows go: batches for a scan, or only a report.
pub(crate) struct Sink {
    wanted: Vec<Wanted>,
    builder: Builder,
    keep: Vec<bool>,
    bad_in_batch: bool,
    notes: Arc<Notes>,
    limit: u64,
    sender: Option<Sender>,
    /// Are values read by the house's own spelling alone? Else as people and programs write them.
    pub exact: bool,
    /// What was read and what was set aside.
    pub report: Report,
}

impl Sink {
    /// For a scan: batches go to `sender`; more than `limit` bad rows end it.
    pub fn scan(wanted: Vec<Wanted>, notes: Arc<Notes>, limit: u64, sender: Sender) -> Self {
        Self {
            sender: Some(sender),
            ..Self::report(wanted, notes, limit)
        }
    }

    /// For a report only.
    pub fn report(wanted: Vec<Wanted>, notes: Arc<Notes>, limit: u64) -> Self {
        let columns = wanted.iter().map(|it| Column {
            name: it.column.clone(),
            data_type: it.data_type,
            key: false,
        });
        let shape = Shape {
            columns: columns.collect(),
        };
        Self {
            builder: Builder::new(&shape),
            wanted,
            keep: Vec::new(),
            bad_in_batch: false,
            notes,
            limit,
            sender: None,
            exact: false,
            report: Report::default(),
        }
    }

    /// A row by its values; `None` is NULL.
    ///
    /// # Errors
    /// [`Error::Limit`] past the limit of bad rows, [`Error::Cancelled`] when nobody listens.
    pub fn row<'a>(&mut self, line: u64, value: &dyn Fn(usize) -> Option<Cow<'a, str>>) -> Result<(), Error> {
        let mut reason = None;
        for (at, (wanted, cell)) in self.wanted.iter().zip(&mut self.builder.columns).enumerate() {
            match value(at) {
                Some(it) if reason.is_none() && self.exact => {
                    if cell.text(&it).is_err() {
                        cell.null();
                        reason = Some((wanted.column.clone(), wanted.data_type));
                    }
                }
                Some(it) if reason.is_none() => match plain(wanted.data_type, &it) {
                    Plain::Null => cell.null(),
                    Plain::Value(it) if cell.text(&it).is_ok() => {}
                    _ => {
                        cell.null();
                        reason = Some((wanted.column.clone(), wanted.data_type));
                    }
                },
                _ => cell.null(),
            }
        }
        self.keep.push(reason.is_none());
        self.builder.row();
        match reason {
            None => self.report.rows += 1,
            Some((column, data_type)) => {
                self.bad_in_batch = true;
                self.bad(line, Some(column), format!("the value is no {data_type}"))?;
            }
        }
        if self.builder.is_full() { self.flush() } else { Ok(()) }
    }

    /// A row that could not be read.
    ///
    /// # Errors
    /// [`Error::Limit`] past the limit of bad rows.
    pub fn bad(&mut self, line: u64, column: Option<String>, reason: impl Into<String>) -> Result<(), Error> {
        self.notes.quarantined();
        self.report.add(BadRow {
            line,
            column,
            reason: reason.into(),
        });
        if self.report.quarantined > self.limit {
            Err(Error::Limit(LimitKind::BadRows(self.limit)))
        } else {
            Ok(())
        }
    }

    /// Sends what is complete.
    ///
    /// # Errors
    /// [`Error::Cancelled`] when nobody listens.
    pub fn flush(&mut self) -> Result<(), Error> {
        if self.builder.rows() == 0 {
            return Ok(());
        }
        let keep = BooleanArray::from(std::mem::take(&mut self.keep));
        let whole = std::mem::take(&mut self.bad_in_batch);
        let batch = self.batch()?;
        let batch = if whole {
            filter_record_batch(&batch, &keep).map_err(Error::internal)?
        } else {
            batch
        };
        match &self.sender {
            Some(sender) if batch.num_rows() > 0 => sender.blocking_send(batch),
            _ => Ok(()),
        }
    }

    fn batch(&mut self) -> Result<RecordBatch, Error> {
        let rows = self.builder.rows();
        if self.wanted.is_empty() {
            let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(rows));
            let _ = self.builder.batch();
            let schema = Arc::new(arrow::datatypes::Schema::empty());
            return RecordBatch::try_new_with_options(schema, Vec::new(), &options).map_err(Error::internal);
        }
        self.builder.batch().map_err(Error::internal)
    }
}

enum Plain<'a> {
    Null,
    Value(Cow<'a, str>),
    Bad,
}

/// The canonical text of a value as people write it in files: blanks around numbers, `2020/1/2`, `2020年1月2日`,
/// `20200102`, `是`/`否`. Text stays as it is.
fn plain(data_type: DataType, it: &str) -> Plain<'_> {
    let trimmed = it.trim();
    match data_type {
        DataType::Text => return Plain::Value(Cow::Borrowed(it)),
        _ if trimmed.is_empty() => return Plain::Null,
        _ => {}
    }
    match data_type {
        DataType::Boolean => match trimmed.to_lowercase().as_str() {
            "true" | "t" | "1" | "y" | "yes" | "是" => Plain::Value(Cow::Borrowed("true")),
            "false" | "f" | "0" | "n" | "no" | "否" => Plain::Value(Cow::Borrowed("false")),
            _ => Plain::Bad,
        },
        DataType::Date => date(trimmed).map_or(Plain::Bad, |it| Plain::Value(Cow::Owned(it))),
        DataType::DateTime | DataType::Instant => moment(data_type, trimmed),
        DataType::Json => match serde_json::from_str::<serde::de::IgnoredAny>(trimmed) {
            Ok(_) => Plain::Value(Cow::Borrowed(it)),
            Err(_) => Plain::Bad,
        },
        _ => Plain::Value(Cow::Borrowed(trimmed)),
    }
}

fn date(it: &str) -> Option<String> {
    let parts: Vec<&str> = if it.len() == 8 && it.bytes().all(|it| it.is_ascii_digit()) {
        vec![it.get(..4)?, it.get(4..6)?, it.get(6..)?]
    } else {
        let it = it.strip_suffix('日').unwrap_or(it);
        it.split(['-', '/', '.', '年', '月']).collect()
    };
    let [year, month, day] = parts.as_slice() else {
        return None;
    };
    let number = |it: &str, most: usize| {
        let short = !it.is_empty() && it.len() <= most && it.bytes().all(|it| it.is_ascii_digit());
        if short { it.parse::<i64>().ok() } else { None }
    };
    let year = if year.len() == 4 { number(year, 4)? } else { return None };
    let days = text::days(year, number(month, 2)?, number(day, 2)?)?;
    let mut out = Vec::new();
    text::write_date(days, &mut out);
    String::from_utf8(out).ok()
}

fn moment<'a>(data_type: DataType, it: &str) -> Plain<'a> {
    let Some((day, time)) = it.split_once(['T', ' ']) else {
        return match (data_type, date(it)) {
            (DataType::DateTime, Some(day)) => Plain::Value(Cow::Owned(format!("{day} 00:00:00"))),
            _ => Plain::Bad,
        };
    };
    let zoned = time.contains(['Z', 'z', '+', '-']);
    match date(day) {
        Some(day) if zoned == (data_type == DataType::Instant) => {
            Plain::Value(Cow::Owned(format!("{day} {}", time.trim())))
        }
        _ => Plain::Bad,
    }
}

/// Text columns of these names.
pub(crate) fn text_columns(names: Vec<String>) -> Vec<ColumnInfo> {
    names
        .into_iter()
        .map(|name| ColumnInfo {
            name,
            comment: None,
            source_type: "text".to_owned(),
            data_type: DataType::Text,
            nullable: true,
            key: false,
            plain: true,
            indexed: false,
        })
        .collect()
}

/// Checks a header: names, none empty (they get `column_3`), none twice.
///
/// # Errors
/// [`Cause::Format`] naming the name that stands twice.
pub(crate) fn header(names: Vec<String>) -> Result<Vec<String>, Error> {
    let mut known = HashSet::with_capacity(names.len());
    let mut seen: Vec<String> = Vec::with_capacity(names.len());
    for (at, name) in names.into_iter().enumerate() {
        let name = name.trim().to_owned();
        let name = if name.is_empty() {
            format!("column_{}", at + 1)
        } else {
            name
        };
        if !known.insert(name.clone()) {
            return Err(Error::source(Cause::Format, format!("the header names `{name}` twice")));
        }
        if name.chars().any(char::is_control) || name.contains('\u{FFFD}') {
            return Err(Error::source(
                Cause::Format,
                format!("name {} of the header holds characters that are no text", at + 1),
            ));
        }
        seen.push(name);
    }
    Ok(seen)
}

/// The path of a file source.
///
/// # Errors
/// [`Cause::Options`].
pub(crate) fn path(spec: &SourceSpec) -> Result<PathBuf, Error> {
    Ok(PathBuf::from(super::option(spec, "path")?))
}

/// The name of a file's only table.
pub(crate) fn name(path: &std::path::Path) -> String {
    path.file_name()
        .map_or_else(String::new, |it| it.to_string_lossy().into_owned())
}

/// Opens a file for reading.
///
/// # Errors
/// [`Cause::FileMissing`], [`Cause::Permission`].
pub(crate) fn read(path: &std::path::Path) -> Result<std::fs::File, Error> {
    let file = std::fs::File::open(path).map_err(|it| super::io_error(&it))?;
    match file.metadata() {
        Ok(it) if it.is_dir() => Err(Error::source(Cause::Format, "the path is a folder, not a file")),
        Ok(_) => Ok(file),
        Err(error) => Err(super::io_error(&error)),
    }
}

/// Positions of wanted columns in a file's columns.
///
/// # Errors
/// [`Cause::ColumnMissing`].
pub(crate) fn positions(info: &TableInfo, wanted: &[Wanted]) -> Result<Vec<usize>, Error> {
    wanted
        .iter()
        .map(|it| {
            let found = info.columns.iter().position(|column| column.name == it.column);
            found.ok_or_else(|| Error::source(Cause::ColumnMissing, format!("there is no column `{}`", it.column)))
        })
        .collect()
}

/// Runs a reader in a blocking thread as a stream.
pub(crate) fn stream(
    wanted: Vec<Wanted>,
    notes: Arc<Notes>,
    limit: u64,
    work: impl FnOnce(&mut Sink) -> Result<(), Error> + Send + 'static,
) -> Batches {
    pump::blocking(move |sender| {
        let mut sink = Sink::scan(wanted, notes, limit, sender.clone());
        work(&mut sink)?;
        sink.flush()
    })
}

/// Runs a reader in a blocking thread for its report.
///
/// # Errors
/// Those of the reader.
pub(crate) async fn report(
    wanted: Vec<Wanted>,
    work: impl FnOnce(&mut Sink) -> Result<(), Error> + Send + 'static,
) -> Result<Report, Error> {
    let done = tokio::task::spawn_blocking(move || {
        let mut sink = Sink::report(wanted, Arc::default(), u64::MAX);
        work(&mut sink).and_then(|()| sink.flush())?;
        Ok(sink.report)
    });
    done.await.map_err(Error::internal)?
}
