//! Rows as bytes in the formats people and programs read: a stream of batches in, a stream of bytes out, flat memory.
//!
//! - JSON: one array, written as it comes; NDJSON: an object a line. Codes stay strings. Integers are numbers as they
//!   are (readers that hold numbers as doubles lose digits past 2^53; the schema says so). Decimals of at most 15 digits
//!   are numbers with their exact text (`12.30`), wider ones strings: the choice is by declared type, so a column never
//!   changes its JSON type between rows. NaN and infinities are strings. Dates `2026-11-22`, date-times
//!   `2026-11-22T08:00:00`, instants with `Z`. Bytes are lower-case hex. Documents are embedded.
//! - CSV: RFC 4180 with a header, CR LF, UTF-8. NULL is an empty field, the empty text and no bytes are `""`. Text that
//!   begins with `=`, `+`, `-`, `@` may be run as a formula by a spreadsheet that opens the file; data is not changed for
//!   that unless [`Options::guard_formulas`] asks for it: most readers of a CSV are programs, and a phone number `+86 …`
//!   must arrive as it is. Who opens answers in a spreadsheet takes XLSX, where a text is a text cell and never run.
//! - Parquet: zstd, row groups of at most 131,072 rows. Arrow: the IPC stream format.
//! - XLSX: one sheet, constant memory while rows come, sent at the end (the format's directory is last).

mod binary;
mod csv;
mod json;
mod xlsx;

pub(crate) use json::Object as JsonObject;
pub(crate) use xlsx::MOST_CHARACTERS as XLSX_CHARACTERS;

use arrow::{array::RecordBatch, datatypes::SchemaRef};
use bytes::Bytes;
use futures::{Stream, StreamExt};
use serde::{Deserialize, Serialize};

use crate::shape::{Cells, Misfit, Shape};

/// What went wrong while rows were written as bytes.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The rows broke off.
    #[error("the rows broke off")]
    Rows(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Rows did not have the shape they declared.
    #[error(transparent)]
    Misfit(#[from] Misfit),
    /// More rows than the format can hold.
    #[error("{format:?} holds at most {most} rows")]
    TooManyRows {
        /// The format.
        format: Format,
        /// Its limit.
        most: u64,
    },
    /// A text is longer than a cell of the format can be.
    #[error("a text of column `{0}` is too long for the format")]
    TooLong(String),
    /// The library that writes the format failed.
    #[error("writing the format failed")]
    Format(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// A format of an answer or a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// A JSON array of objects.
    Json,
    /// JSON lines.
    NdJson,
    /// Comma-separated values.
    Csv,
    /// Apache Parquet.
    Parquet,
    /// Apache Arrow IPC stream.
    ArrowStream,
    /// Excel workbook.
    Xlsx,
}

impl Format {
    /// Every format, best known first.
    pub const ALL: [Self; 6] = [
        Self::Json,
        Self::NdJson,
        Self::Csv,
        Self::Parquet,
        Self::ArrowStream,
        Self::Xlsx,
    ];

    /// The media type (IANA).
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::NdJson => "application/x-ndjson",
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Parquet => "application/vnd.apache.parquet",
            Self::ArrowStream => "application/vnd.apache.arrow.stream",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        }
    }

    /// The file name's ending, without the dot.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::NdJson => "jsonl",
            Self::Csv => "csv",
            Self::Parquet => "parquet",
            Self::ArrowStream => "arrows",
            Self::Xlsx => "xlsx",
        }
    }

    /// The format of a media type (parameters ignored) or a short name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let name = name.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        Some(match name.as_str() {
            "application/json" | "json" => Self::Json,
            "application/x-ndjson" | "application/jsonl" | "application/ndjson" | "ndjson" | "jsonl" => Self::NdJson,
            "text/csv" | "csv" => Self::Csv,
            "application/vnd.apache.parquet" | "application/parquet" | "parquet" => Self::Parquet,
            "application/vnd.apache.arrow.stream" | "arrow" | "arrows" => Self::ArrowStream,
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" | "xlsx" => Self::Xlsx,
            _ => return None,
        })
    }

    /// The best format of an `Accept` header by its `q` weights; `None` when none is acceptable. A format's weight is that
    /// of the most specific range that covers it (RFC 9110 §12.5.1), so `*/*, application/json;q=0` is anything but JSON.
    /// Of equal weights the range that stands first wins; an empty header accepts everything.
    #[must_use]
    pub fn accept(header: &str) -> Option<Self> {
        let ranges: Vec<Range> = header.split(',').filter_map(Range::read).collect();
        if header.trim().is_empty() {
            return Some(Self::Json);
        }
        let weight = |format: Self| {
            let covering = ranges
                .iter()
                .enumerate()
                .filter_map(|(at, it)| Some((it.covers(format)?, at, it.weight)));
            let (_, at, weight) = covering.max_by_key(|(specific, at, _)| (*specific, std::cmp::Reverse(*at)))?;
            (weight > 0).then_some((weight, std::cmp::Reverse(at)))
        };
        let weighed = Self::ALL.into_iter().filter_map(|it| Some((weight(it)?, it)));
        // The first of equals: formats are listed best known first.
        weighed.rev().max_by_key(|(weight, _)| *weight).map(|(_, it)| it)
    }
}

/// One media range of an `Accept` header.
struct Range {
    name: String,
    /// Thousandths.
    weight: u16,
}

impl Range {
    fn read(part: &str) -> Option<Self> {
        let mut parameters = part.split(';').map(str::trim);
        let name = parameters.next().filter(|it| !it.is_empty())?.to_ascii_lowercase();
        let weight = parameters.find_map(|it| {
            let (key, value) = it.split_once('=')?;
            key.trim()
                .eq_ignore_ascii_case("q")
                .then(|| value.trim().parse::<f32>().ok())?
        });
        let thousandths = weight.unwrap_or(1.0).clamp(0.0, 1.0) * 1000.0;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 1000")]
        let weight = thousandths.round() as u16;
        Some(Self { name, weight })
    }

    /// How specifically the range names a format; `None` when it does not.
    fn covers(&self, format: Format) -> Option<u8> {
        let kind = format.media_type().split('/').next().unwrap_or_default();
        match self.name.as_str() {
            "*/*" | "*" => Some(0),
            it if it.strip_suffix("/*") == Some(kind) => Some(1),
            it if it.ends_with("/*") => None,
            it => (Format::named(it) == Some(format)).then_some(2),
        }
    }
}

/// Choices of an encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// CSV: begin with a byte-order mark, so that Excel reads UTF-8.
    pub bom: bool,
    /// CSV, XLSX: put `'` before text that a spreadsheet would run as a formula. Changes data; off by default.
    pub guard_formulas: bool,
    /// JSON: write documents as their exact text in a string instead of embedding them.
    pub documents_as_text: bool,
}

/// Rows as bytes, one batch after another. [`encode`] drives it for streams.
pub struct Encoder {
    shape: Shape,
    kind: Kind,
}

enum Kind {
    Json(json::Writer),
    Csv(csv::Writer),
    Parquet(binary::Parquet),
    Arrow(binary::Arrow),
    Xlsx(Box<xlsx::Writer>),
}

impl Encoder {
    /// An encoder of a shape's rows.
    ///
    /// # Errors
    /// [`Error::Format`] when the format cannot begin.
    pub fn new(shape: Shape, format: Format, options: Options) -> Result<Self, Error> {
        let kind = match format {
            Format::Json => Kind::Json(json::Writer::new(&shape, true, options)),
            Format::NdJson => Kind::Json(json::Writer::new(&shape, false, options)),
            Format::Csv => Kind::Csv(csv::Writer::new(options)),
            Format::Parquet => Kind::Parquet(binary::Parquet::new(&shape)?),
            Format::ArrowStream => Kind::Arrow(binary::Arrow::new(&shape)?),
            Format::Xlsx => Kind::Xlsx(Box::new(xlsx::Writer::new(&shape, options)?)),
        };
        Ok(Self { shape, kind })
    }

    /// What comes before the first row.
    ///
    /// # Errors
    /// [`Error`].
    pub fn begin(&mut self, out: &mut Vec<u8>) -> Result<(), Error> {
        match &mut self.kind {
            Kind::Json(it) => it.begin(out),
            Kind::Csv(it) => it.begin(&self.shape, out),
            Kind::Parquet(it) => it.take(out),
            Kind::Arrow(it) => it.take(out),
            Kind::Xlsx(_) => {}
        }
        Ok(())
    }

    /// Rows. Columnar formats may keep them until a row group is full.
    ///
    /// # Errors
    /// [`Error`].
    pub fn rows(&mut self, batch: &RecordBatch, out: &mut Vec<u8>) -> Result<(), Error> {
        let cells = self.shape.cells(batch)?;
        let rows = batch.num_rows();
        match &mut self.kind {
            Kind::Json(it) => it.rows(&cells, rows, out),
            Kind::Csv(it) => it.rows(&cells, rows, out),
            Kind::Parquet(it) => it.rows(&self.shape.canonical(batch)?, out)?,
            Kind::Arrow(it) => it.rows(&self.shape.canonical(batch)?, out)?,
            Kind::Xlsx(it) => it.rows(&self.shape, &cells, rows)?,
        }
        Ok(())
    }

    /// What comes after the last row.
    ///
    /// # Errors
    /// [`Error`].
    pub fn end(self, out: &mut Vec<u8>) -> Result<(), Error> {
        match self.kind {
            Kind::Json(it) => it.end(out),
            Kind::Csv(_) => {}
            Kind::Parquet(it) => it.end(out)?,
            Kind::Arrow(it) => it.end(out)?,
            Kind::Xlsx(it) => it.end(out)?,
        }
        Ok(())
    }
}

/// Largest piece of bytes handed out at once.
const PIECE: usize = 64 * 1024;

/// Rows as a stream of bytes. Memory stays at about one batch (Parquet: one row group; XLSX: the packed file). Dropping
/// the stream stops the rows. An error ends the stream: a JSON array then has no closing bracket, so a cut answer never
/// looks whole.
pub fn encode<S, E>(
    schema: &SchemaRef,
    batches: S,
    format: Format,
    options: Options,
) -> impl Stream<Item = Result<Bytes, Error>> + Send + use<S, E>
where
    S: Stream<Item = Result<RecordBatch, E>> + Send + Unpin + 'static,
    E: Into<Box<dyn std::error::Error + Send + Sync>> + 'static,
{
    let start = Shape::of(schema, &[])
        .map_err(Error::from)
        .and_then(|shape| Encoder::new(shape, format, options));
    let state = match start {
        Ok(encoder) => State::Begin(encoder, batches),
        Err(error) => State::Broken(error),
    };
    futures::stream::unfold(state, step)
        .map(|it| match it {
            Ok(bytes) => futures::stream::iter(pieces(bytes).into_iter().map(Ok)).left_stream(),
            Err(error) => futures::stream::iter([Err(error)]).right_stream(),
        })
        .flatten()
}

enum State<S> {
    Begin(Encoder, S),
    Rows(Encoder, S),
    Broken(Error),
    Over,
}

async fn step<S, E>(state: State<S>) -> Option<(Result<Vec<u8>, Error>, State<S>)>
where
    S: Stream<Item = Result<RecordBatch, E>> + Unpin,
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let mut out = Vec::new();
    match state {
        State::Over => None,
        State::Broken(error) => Some((Err(error), State::Over)),
        State::Begin(mut encoder, batches) => match encoder.begin(&mut out) {
            Ok(()) => Some((Ok(out), State::Rows(encoder, batches))),
            Err(error) => Some((Err(error), State::Over)),
        },
        State::Rows(mut encoder, mut batches) => match batches.next().await {
            Some(Ok(batch)) => match encoder.rows(&batch, &mut out) {
                Ok(()) => Some((Ok(out), State::Rows(encoder, batches))),
                Err(error) => Some((Err(error), State::Over)),
            },
            Some(Err(error)) => Some((Err(Error::Rows(error.into())), State::Over)),
            None => Some((encoder.end(&mut out).map(|()| out), State::Over)),
        },
    }
}

fn pieces(bytes: Vec<u8>) -> Vec<Bytes> {
    let mut rest = Bytes::from(bytes);
    let mut all = Vec::new();
    while !rest.is_empty() {
        all.push(rest.split_to(rest.len().min(PIECE)));
    }
    all
}

/// Would a spreadsheet run this text as a formula?
fn is_formula(text: &[u8]) -> bool {
    matches!(text.first(), Some(b'=' | b'+' | b'-' | b'@' | b'\t' | b'\r'))
}

/// Texts are the only cells a formula can hide in.
const fn is_text(cells: &Cells) -> bool {
    matches!(cells, Cells::Text(_) | Cells::Json(_))
}

#[cfg(test)]
mod tests;
