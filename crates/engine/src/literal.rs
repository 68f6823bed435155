//! A literal of a row rule or filter, read once as its item's type.

use datafusion::scalar::ScalarValue;
use vocab::{DataType, Value};

use crate::{error::Error, shape::text};

/// A typed literal, never NULL.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Literal {
    /// Text and documents.
    Text(String),
    /// Truth.
    Bool(bool),
    /// Integer.
    Int(i64),
    /// Unscaled decimal and its scale.
    Decimal(i128, u8),
    /// Float.
    Double(f64),
    /// Days since 1970-01-01.
    Date(i32),
    /// Microseconds since 1970, no zone.
    DateTime(i64),
    /// Microseconds since 1970-01-01T00:00:00Z.
    Instant(i64),
    /// Bytes, written in hex.
    Bytes(Vec<u8>),
}

impl Literal {
    /// Reads a value as an item's type.
    ///
    /// # Errors
    /// [`Error::Question`] when it is no such value. The literal is the asker's own and may be shown.
    pub fn new(data_type: DataType, value: &Value, item: &str) -> Result<Self, Error> {
        let text = match value {
            Value::Null => {
                return Err(Error::question(format!(
                    "item `{item}` is compared with NULL; use IS NULL"
                )));
            }
            Value::Bool(it) => it.to_string(),
            Value::Int(it) => it.to_string(),
            Value::Text(it) => it.clone(),
        };
        Self::parse(data_type, &text)
            .ok_or_else(|| Error::question(format!("`{text}` is not a value of item `{item}` ({data_type})")))
    }

    fn parse(data_type: DataType, it: &str) -> Option<Self> {
        Some(match data_type {
            DataType::Text | DataType::Json => Self::Text(it.to_owned()),
            DataType::Boolean => match it {
                "true" | "1" => Self::Bool(true),
                "false" | "0" => Self::Bool(false),
                _ => return None,
            },
            DataType::Integer => Self::Int(it.parse().ok()?),
            DataType::Decimal { .. } => {
                let scale = it
                    .split_once('.')
                    .map_or(0, |(_, part)| part.trim_end_matches('0').len());
                let scale = u8::try_from(scale).ok().filter(|it| *it <= 38)?;
                let value = text::read_decimal(it, scale)?;
                (value.unsigned_abs() < 10_u128.pow(38)).then_some(Self::Decimal(value, scale))?
            }
            DataType::Double => Self::Double(it.parse().ok()?),
            DataType::Date => Self::Date(i32::try_from(text::read_date(it)?).ok()?),
            DataType::DateTime => Self::DateTime(moment(it)?),
            DataType::Instant => Self::Instant(moment(it)?),
            DataType::Bytes => Self::Bytes(hex::decode(it).ok()?),
        })
    }

    /// For the query engine.
    pub fn scalar(&self) -> ScalarValue {
        match self {
            Self::Text(it) => ScalarValue::Utf8(Some(it.clone())),
            Self::Bool(it) => ScalarValue::Boolean(Some(*it)),
            Self::Int(it) => ScalarValue::Int64(Some(*it)),
            Self::Decimal(it, scale) => ScalarValue::Decimal128(Some(*it), 38, i8::try_from(*scale).unwrap_or(0)),
            Self::Double(it) => ScalarValue::Float64(Some(*it)),
            Self::Date(it) => ScalarValue::Date32(Some(*it)),
            Self::DateTime(it) => ScalarValue::TimestampMicrosecond(Some(*it), None),
            Self::Instant(it) => ScalarValue::TimestampMicrosecond(Some(*it), Some("UTC".into())),
            Self::Bytes(it) => ScalarValue::Binary(Some(it.clone())),
        }
    }

    /// For PostgreSQL.
    pub fn postgres(&self) -> Option<String> {
        Some(match self {
            Self::Text(it) if it.contains('\0') => return None,
            Self::Text(it) => format!("'{}'", it.replace('\'', "''")),
            Self::Bool(it) => it.to_string(),
            Self::Int(it) => format!("({it})::int8"),
            Self::Decimal(..) => format!("({})::numeric", self.number()?),
            Self::Double(_) | Self::Bytes(_) => return None,
            Self::Date(_) => format!("DATE '{}'", self.time()?),
            Self::DateTime(_) => format!("TIMESTAMP '{}'", self.time()?),
            Self::Instant(_) => format!("TIMESTAMPTZ '{}+00'", self.time()?),
        })
    }

    /// An exact number in decimal digits.
    pub fn number(&self) -> Option<String> {
        match self {
            Self::Int(it) => Some(it.to_string()),
            Self::Decimal(it, scale) => written(|out| text::write_decimal(*it, *scale, out)),
            _ => None,
        }
    }

    /// A date or date-time of the years 1 to 9999.
    pub fn time(&self) -> Option<String> {
        let out = match self {
            Self::Date(it) => written(|out| text::write_date(i64::from(*it), out)),
            Self::DateTime(it) | Self::Instant(it) => written(|out| text::write_date_time(*it, b' ', out)),
            _ => None,
        }?;
        (!out.starts_with(['+', '-']) && !out.starts_with("0000")).then_some(out)
    }
}

fn moment(it: &str) -> Option<i64> {
    text::read_date_time(it).or_else(|| text::read_date(it)?.checked_mul(86_400_000_000))
}

fn written(write: impl FnOnce(&mut Vec<u8>)) -> Option<String> {
    let mut out = Vec::new();
    write(&mut out);
    String::from_utf8(out).ok()
}
