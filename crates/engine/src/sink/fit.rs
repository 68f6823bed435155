//! What each column becomes in a target, told before a row moves; and which rows a target cannot hold.

use std::sync::Arc;

use arrow::{
    array::{ArrayRef, BinaryArray, RecordBatch, StringArray},
    datatypes::SchemaRef,
};
use serde::{Deserialize, Serialize};
use vocab::{DataType, SinkSpec, SourceKind};

use crate::{
    encode,
    shape::{Cells, Misfit, Shape},
};

/// Days of 0001-01-01 and 9999-12-31 since 1970.
const COMMON_ERA: std::ops::RangeInclusive<i32> = -719_162..=2_932_896;
/// PostgreSQL dates: 4714-11-24 BC to 5874897-12-31 (manual §8.5).
const PG_DAYS: std::ops::RangeInclusive<i32> = -2_440_588..=2_145_042_541;
/// PostgreSQL time stamps: from 4714-11-24 BC; 1970-based microseconds end before 294277-01-01 by themselves.
const PG_MICROS_MIN: i64 = -210_866_803_200_000_000;
const DAY: i64 = 86_400_000_000;

/// A remark on a column or the reason for a quarantine; people's words for it are in the locales.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Note {
    /// The instant is kept as a date and time of UTC without zone.
    UtcDateTime,
    /// Kept as its exact text, since the target has no such type.
    AsText,
    /// Kept as an integer 0 or 1.
    AsZeroOne,
    /// The document is kept as its exact text, not as a searchable document type.
    DocumentAsText,
    /// The empty text becomes an empty cell, which is NULL.
    EmptyBecomesNull,
    /// The name was too long or not unique in the target and was changed.
    NameChanged,
    /// The character U+0000 is not possible in text.
    NulCharacter,
    /// NaN or infinity.
    NotFinite,
    /// NaN.
    NotANumber,
    /// Longer than a key's text may be.
    KeyTooLong,
    /// Longer than a cell may be.
    TooLong,
    /// Control characters are not possible in a cell.
    ControlCharacter,
    /// The date or time is outside what the target knows.
    OutOfRange,
    /// No JSON document.
    NotJson,
    /// The target refused the row by its own rule.
    Refused,
}

impl Note {
    /// The machine code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::UtcDateTime => "utc-date-time",
            Self::AsText => "as-text",
            Self::AsZeroOne => "as-zero-one",
            Self::DocumentAsText => "document-as-text",
            Self::EmptyBecomesNull => "empty-becomes-null",
            Self::NameChanged => "name-changed",
            Self::NulCharacter => "nul-character",
            Self::NotFinite => "not-finite",
            Self::NotANumber => "not-a-number",
            Self::KeyTooLong => "key-too-long",
            Self::TooLong => "too-long",
            Self::ControlCharacter => "control-character",
            Self::OutOfRange => "out-of-range",
            Self::NotJson => "not-json",
            Self::Refused => "refused",
        }
    }
}

/// How a column's values arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fit", content = "note", rename_all = "kebab-case")]
pub enum Fit {
    /// Value for value in the type of the same meaning.
    Exact,
    /// Value for value, in another form.
    Mapped(Note),
    /// A row with such a value is put into quarantine.
    QuarantinedWhen(Note),
}

/// A column in the target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnFit {
    /// The item's name.
    pub item: String,
    /// The column's name in the target.
    pub column: String,
    /// The declared type.
    pub data_type: DataType,
    /// The target's type, as its DDL says it.
    pub target_type: String,
    /// How values arrive; at least one.
    pub fits: Vec<Fit>,
}

/// What a delivery will do to its rows, column by column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preflight {
    /// The kind of target.
    pub kind: SourceKind,
    /// Columns in order.
    pub columns: Vec<ColumnFit>,
    /// Will there be a primary key?
    pub key: bool,
}

/// What each column of a shape becomes in a target. Pure: nothing is opened.
#[must_use]
pub fn preflight(spec: &SinkSpec, shape: &Shape) -> Preflight {
    let kind = spec.target.kind;
    let text_keys = shape
        .columns
        .iter()
        .filter(|it| it.key && it.data_type == DataType::Text)
        .count();
    let mut taken = Vec::new();
    let columns = shape.columns.iter().map(|it| {
        let column = target_name(kind, &it.name, &mut taken);
        let (target_type, mut fits) = fit(kind, it.data_type, it.key.then_some(text_keys));
        if column != it.name {
            fits.push(Fit::Mapped(Note::NameChanged));
        }
        ColumnFit {
            item: it.name.clone(),
            column,
            data_type: it.data_type,
            target_type,
            fits,
        }
    });
    let columns = columns.collect();
    let keyable =
        |it: &crate::shape::Column| !matches!(it.data_type, DataType::Json | DataType::Bytes | DataType::Double);
    let mut keys = shape.columns.iter().filter(|it| it.key).peekable();
    let database = matches!(kind, SourceKind::Postgres | SourceKind::Mysql | SourceKind::Sqlite);
    let key = database && keys.peek().is_some() && keys.all(keyable);
    Preflight { kind, columns, key }
}

/// Characters of a MySQL key's text: an index row holds 3072 bytes, a character up to 4.
#[must_use]
pub fn mysql_key_length(text_keys: usize) -> usize {
    (3072 / 4 / text_keys.max(1)).min(255)
}

fn fit(kind: SourceKind, data_type: DataType, key: Option<usize>) -> (String, Vec<Fit>) {
    use Fit::{Exact, Mapped, QuarantinedWhen as When};
    let of = |it: &str, fits: &[Fit]| (it.to_owned(), fits.to_vec());
    match kind {
        SourceKind::Postgres => match data_type {
            DataType::Text => of("text", &[Exact, When(Note::NulCharacter)]),
            DataType::Boolean => of("boolean", &[Exact]),
            DataType::Integer => of("bigint", &[Exact]),
            DataType::Decimal { precision, scale } => (format!("numeric({precision},{scale})"), vec![Exact]),
            DataType::Double => of("double precision", &[Exact]),
            DataType::Date => of("date", &[Exact]),
            DataType::DateTime => of("timestamp(6)", &[Exact]),
            DataType::Instant => of("timestamp(6) with time zone", &[Exact]),
            DataType::Json => of("json", &[Exact, When(Note::NulCharacter), When(Note::NotJson)]),
            DataType::Bytes => of("bytea", &[Exact]),
        },
        SourceKind::Mysql => match (data_type, key) {
            (DataType::Text, Some(keys)) => (
                format!("varchar({})", mysql_key_length(keys)),
                vec![Exact, When(Note::KeyTooLong)],
            ),
            (DataType::Text, None) => of("longtext", &[Exact]),
            (DataType::Boolean, _) => of("boolean", &[Exact]),
            (DataType::Integer, _) => of("bigint", &[Exact]),
            (DataType::Decimal { precision, scale }, _) => (format!("decimal({precision},{scale})"), vec![Exact]),
            (DataType::Double, _) => of("double", &[Exact, When(Note::NotFinite)]),
            (DataType::Date, _) => of("date", &[Exact, When(Note::OutOfRange)]),
            (DataType::DateTime, _) => of("datetime(6)", &[Exact, When(Note::OutOfRange)]),
            (DataType::Instant, _) => of("datetime(6)", &[Mapped(Note::UtcDateTime), When(Note::OutOfRange)]),
            (DataType::Json, _) => of("longtext", &[Mapped(Note::DocumentAsText)]),
            (DataType::Bytes, _) => of("longblob", &[Exact]),
        },
        SourceKind::Sqlite => match data_type {
            DataType::Text => of("TEXT", &[Exact]),
            DataType::Boolean => of("BOOLEAN", &[Mapped(Note::AsZeroOne)]),
            DataType::Integer => of("INTEGER", &[Exact]),
            DataType::Decimal { .. } | DataType::Date | DataType::DateTime | DataType::Instant => {
                of("TEXT", &[Mapped(Note::AsText)])
            }
            DataType::Double => of("REAL", &[Exact, When(Note::NotANumber)]),
            DataType::Json => of("TEXT", &[Mapped(Note::DocumentAsText)]),
            DataType::Bytes => of("BLOB", &[Exact]),
        },
        SourceKind::Xlsx => match data_type {
            DataType::Text | DataType::Json => of(
                "string",
                &[
                    Mapped(Note::EmptyBecomesNull),
                    When(Note::ControlCharacter),
                    When(Note::TooLong),
                ],
            ),
            DataType::Boolean => of("boolean", &[Exact]),
            DataType::Integer => of("number", &[Exact, Mapped(Note::AsText)]),
            DataType::Decimal { precision, .. } if precision <= 15 => of("number", &[Exact]),
            DataType::Double => of("number", &[Exact, When(Note::NotFinite)]),
            DataType::Date => of("date", &[Exact, Mapped(Note::AsText), When(Note::OutOfRange)]),
            DataType::DateTime | DataType::Instant => of("string", &[Mapped(Note::AsText), When(Note::OutOfRange)]),
            DataType::Bytes => of(
                "string",
                &[
                    Mapped(Note::AsText),
                    Mapped(Note::EmptyBecomesNull),
                    When(Note::TooLong),
                ],
            ),
            DataType::Decimal { .. } => of("string", &[Mapped(Note::AsText)]),
        },
        SourceKind::Csv | SourceKind::JsonLines => {
            let fit = match data_type {
                DataType::Json if kind == SourceKind::JsonLines => Mapped(Note::DocumentAsText),
                DataType::Bytes => Mapped(Note::AsText),
                _ => Exact,
            };
            (data_type.to_string(), vec![fit])
        }
        SourceKind::Parquet => (data_type.to_string(), vec![Exact]),
    }
}

/// A name that the target can hold and tell from its neighbours: PostgreSQL cuts names silently after 63 bytes, MySQL
/// refuses them past 64 characters, SQLite and MySQL do not tell `A` from `a`.
fn target_name(kind: SourceKind, name: &str, taken: &mut Vec<String>) -> String {
    let fits = |it: &str| match kind {
        SourceKind::Postgres => it.len() <= 63,
        SourceKind::Mysql => it.chars().count() <= 64,
        _ => true,
    };
    let clean: String = match kind {
        SourceKind::Postgres | SourceKind::Mysql | SourceKind::Sqlite => name.trim_end().replace('\0', ""),
        _ => name.to_owned(),
    };
    for no in 1..10_000_u32 {
        let suffix = if no == 1 && !clean.is_empty() {
            String::new()
        } else {
            format!("_{no}")
        };
        let mut stem = clean.clone();
        while !fits(&format!("{stem}{suffix}")) && stem.pop().is_some() {}
        let candidate = format!("{stem}{suffix}");
        if !taken.contains(&folded(kind, &candidate)) {
            taken.push(folded(kind, &candidate));
            return candidate;
        }
    }
    clean
}

fn folded(kind: SourceKind, name: &str) -> String {
    match kind {
        SourceKind::Mysql | SourceKind::Sqlite => name.to_lowercase(),
        _ => name.to_owned(),
    }
}

/// A row that the target cannot hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bad {
    pub row: usize,
    pub item: String,
    pub note: Note,
}

/// Rows of a batch that the target cannot hold, each once, in order.
pub(super) fn bad_rows(preflight: &Preflight, cells: &[Cells], rows: usize) -> Vec<Bad> {
    let mut bad: Vec<Bad> = Vec::new();
    for (fit, cells) in preflight.columns.iter().zip(cells) {
        if !fit.fits.iter().any(|it| matches!(it, Fit::QuarantinedWhen(_))) && !has_range(preflight.kind, cells) {
            continue;
        }
        for row in (0..rows).filter(|row| !cells.is_null(*row)) {
            if let Some(note) = fault(preflight.kind, fit, cells, row) {
                bad.push(Bad {
                    row,
                    item: fit.item.clone(),
                    note,
                });
            }
        }
    }
    bad.sort_by_key(|it| it.row);
    bad.dedup_by_key(|it| it.row);
    bad
}

const fn has_range(kind: SourceKind, cells: &Cells) -> bool {
    matches!(kind, SourceKind::Postgres) && matches!(cells, Cells::Date(_) | Cells::DateTime(_) | Cells::Instant(_))
}

fn fault(kind: SourceKind, fit: &ColumnFit, cells: &Cells, row: usize) -> Option<Note> {
    let when = |bad: bool, note: Note| bad.then_some(note);
    match (kind, cells) {
        (SourceKind::Postgres, Cells::Text(it) | Cells::Json(it)) => {
            when(it.value(row).as_bytes().contains(&0), Note::NulCharacter)
        }
        (SourceKind::Postgres, Cells::Date(it)) => when(!PG_DAYS.contains(&it.value(row)), Note::OutOfRange),
        (SourceKind::Postgres, Cells::DateTime(it) | Cells::Instant(it)) => {
            when(it.value(row) < PG_MICROS_MIN, Note::OutOfRange)
        }
        (SourceKind::Mysql, Cells::Text(it)) => {
            let most = fit
                .target_type
                .strip_prefix("varchar(")
                .and_then(|it| it.strip_suffix(')')?.parse::<usize>().ok());
            when(
                most.is_some_and(|most| it.value(row).chars().count() > most),
                Note::KeyTooLong,
            )
        }
        (SourceKind::Mysql | SourceKind::Xlsx, Cells::Double(it)) => when(!it.value(row).is_finite(), Note::NotFinite),
        (SourceKind::Mysql | SourceKind::Xlsx, Cells::Date(it)) => {
            when(!COMMON_ERA.contains(&it.value(row)), Note::OutOfRange)
        }
        (SourceKind::Mysql | SourceKind::Xlsx, Cells::DateTime(it) | Cells::Instant(it)) => {
            let day = i32::try_from(it.value(row).div_euclid(DAY)).unwrap_or(i32::MAX);
            when(!COMMON_ERA.contains(&day), Note::OutOfRange)
        }
        (SourceKind::Sqlite, Cells::Double(it)) => when(it.value(row).is_nan(), Note::NotANumber),
        (SourceKind::Xlsx, Cells::Text(it) | Cells::Json(it)) => cell_fault(it.value(row)),
        (SourceKind::Xlsx, Cells::Bytes(it)) => when(it.value(row).len() * 2 > encode::XLSX_CHARACTERS, Note::TooLong),
        _ => None,
    }
}

fn cell_fault(text: &str) -> Option<Note> {
    if text.encode_utf16().count() > encode::XLSX_CHARACTERS {
        return Some(Note::TooLong);
    }
    let control = |it: char| (it.is_control() && it != '\n' && it != '\t') || it == '\u{fffe}' || it == '\u{ffff}';
    (text.contains(control) || holds_escape(text)).then_some(Note::ControlCharacter)
}

/// `_x0041_` stands for a character in a workbook's text; such a text cannot be told from what it stands for.
fn holds_escape(text: &str) -> bool {
    text.match_indices("_x").any(|(at, _)| {
        let after = text.as_bytes().get(at + 2..at + 7);
        after.is_some_and(|it| it.last() == Some(&b'_') && it.iter().take(4).all(u8::is_ascii_hexdigit))
    })
}

/// The rows as a workbook can tell them: what is empty is NULL.
pub(super) fn empty_as_null(shape: &Shape, batch: &RecordBatch) -> Result<RecordBatch, Misfit> {
    let schema: SchemaRef = shape.schema();
    let arrays = shape.cells(batch)?.into_iter().map(|cells| match cells {
        Cells::Text(it) | Cells::Json(it) => {
            let kept: StringArray = it.iter().map(|it| it.filter(|it| !it.is_empty())).collect();
            Arc::new(kept) as ArrayRef
        }
        Cells::Bytes(it) => {
            let kept: BinaryArray = it.iter().map(|it| it.filter(|it| !it.is_empty())).collect();
            Arc::new(kept) as ArrayRef
        }
        other => other.array(),
    });
    let arrays = arrays.collect();
    RecordBatch::try_new(schema, arrays).map_err(|_| Misfit::Columns {
        given: 0,
        declared: shape.columns.len(),
    })
}
