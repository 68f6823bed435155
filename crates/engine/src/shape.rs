//! The shape of rows on their way: item names, declared types and the key, and typed views of Arrow batches.
//!
//! Every path (encoders, sinks, digests) reads batches through [`Cells`], so the same declared type always means the
//! same values, whichever Arrow type a source happened to use (`Utf8View`, `Int32`, `Timestamp(ns)`, …). Conversions are
//! exact or an error: nothing is rounded, cut or turned into NULL.

pub mod build;
pub mod text;

use std::{collections::HashMap, sync::Arc};

use arrow::{
    array::{
        Array, ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array,
        RecordBatch, StringArray, TimestampMicrosecondArray,
    },
    compute::{CastOptions, cast_with_options},
    datatypes::{DataType as Arrow, Field, Schema, SchemaRef, TimeUnit},
};
use serde::{Deserialize, Serialize};
use vocab::DataType;

/// Field metadata that names the house type where Arrow has no word for it (JSON documents).
pub const TYPE_METADATA: &str = "jutong.type";

/// A batch did not hold what its shape declares.
#[derive(Debug, thiserror::Error)]
pub enum Misfit {
    /// Another number of columns.
    #[error("rows have {given} columns, their shape has {declared}")]
    Columns {
        /// Columns of the batch.
        given: usize,
        /// Columns of the shape.
        declared: usize,
    },
    /// A column's values cannot be read as the declared type without changing them.
    #[error("column `{column}` is {given}, declared is {declared}")]
    Type {
        /// The column.
        column: String,
        /// Its Arrow type.
        given: String,
        /// The declared type.
        declared: DataType,
    },
    /// A value is outside its declared type (never shown).
    #[error("column `{column}` holds a value that is no {declared}")]
    Value {
        /// The column.
        column: String,
        /// The declared type.
        declared: DataType,
    },
}

/// One column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// The item's name.
    pub name: String,
    /// Its type after the mask.
    pub data_type: DataType,
    /// Is it part of the key?
    pub key: bool,
}

/// The columns of a stream of rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shape {
    /// In order.
    pub columns: Vec<Column>,
}

impl Shape {
    /// A shape from names and types, with the key's names.
    #[must_use]
    pub fn new(columns: &[(&str, DataType)], key: &[&str]) -> Self {
        let column = |(name, data_type): &(&str, DataType)| Column {
            name: (*name).to_owned(),
            data_type: *data_type,
            key: key.contains(name),
        };
        Self {
            columns: columns.iter().map(column).collect(),
        }
    }

    /// The shape of an Arrow schema; JSON documents are known by [`TYPE_METADATA`].
    ///
    /// # Errors
    /// [`Misfit::Type`] for a type the house does not carry (lists, intervals, times of day).
    pub fn of(schema: &Schema, key: &[String]) -> Result<Self, Misfit> {
        let columns = schema.fields().iter().map(|field| {
            Ok(Column {
                name: field.name().clone(),
                data_type: house(field)?,
                key: key.contains(field.name()),
            })
        });
        Ok(Self {
            columns: columns.collect::<Result<_, Misfit>>()?,
        })
    }

    /// The canonical Arrow schema: `Utf8`, `Boolean`, `Int64`, `Decimal128(p,s)`, `Float64`, `Date32`,
    /// `Timestamp(µs)`, `Timestamp(µs, "UTC")`, `Utf8` marked as JSON, `Binary`.
    #[must_use]
    pub fn schema(&self) -> SchemaRef {
        Arc::new(Schema::new(
            self.columns
                .iter()
                .map(|it| field(&it.name, it.data_type))
                .collect::<Vec<_>>(),
        ))
    }

    /// The names of the key's columns.
    #[must_use]
    pub fn key(&self) -> Vec<&str> {
        self.columns
            .iter()
            .filter(|it| it.key)
            .map(|it| it.name.as_str())
            .collect()
    }

    /// Typed views of a batch's columns, in order.
    ///
    /// # Errors
    /// [`Misfit`] when the batch does not hold what the shape declares.
    pub fn cells(&self, batch: &RecordBatch) -> Result<Vec<Cells>, Misfit> {
        if batch.num_columns() != self.columns.len() {
            return Err(Misfit::Columns {
                given: batch.num_columns(),
                declared: self.columns.len(),
            });
        }
        self.columns
            .iter()
            .zip(batch.columns())
            .map(|(column, array)| Cells::of(column, array))
            .collect()
    }

    /// The same rows in the canonical schema.
    ///
    /// # Errors
    /// [`Misfit`].
    pub fn canonical(&self, batch: &RecordBatch) -> Result<RecordBatch, Misfit> {
        if batch.num_columns() == 0 {
            return Ok(batch.clone());
        }
        let arrays = self.cells(batch)?.iter().map(Cells::array).collect();
        RecordBatch::try_new(self.schema(), arrays).map_err(|_| Misfit::Columns {
            given: batch.num_columns(),
            declared: self.columns.len(),
        })
    }
}

/// The canonical Arrow field of an item.
#[must_use]
pub fn field(name: &str, data_type: DataType) -> Field {
    let field = Field::new(name, arrow_type(data_type), true);
    if data_type == DataType::Json {
        return field.with_metadata(HashMap::from([(TYPE_METADATA.to_owned(), "json".to_owned())]));
    }
    field
}

/// The canonical Arrow type of a house type.
#[must_use]
pub fn arrow_type(data_type: DataType) -> Arrow {
    match data_type {
        DataType::Text | DataType::Json => Arrow::Utf8,
        DataType::Boolean => Arrow::Boolean,
        DataType::Integer => Arrow::Int64,
        DataType::Decimal { precision, scale } => Arrow::Decimal128(precision, i8::try_from(scale).unwrap_or(0)),
        DataType::Double => Arrow::Float64,
        DataType::Date => Arrow::Date32,
        DataType::DateTime => Arrow::Timestamp(TimeUnit::Microsecond, None),
        DataType::Instant => Arrow::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        DataType::Bytes => Arrow::Binary,
    }
}

fn house(field: &Field) -> Result<DataType, Misfit> {
    Ok(match field.data_type() {
        Arrow::Utf8 | Arrow::LargeUtf8 | Arrow::Utf8View => {
            if field.metadata().get(TYPE_METADATA).is_some_and(|it| it == "json") {
                DataType::Json
            } else {
                DataType::Text
            }
        }
        Arrow::Null => DataType::Text,
        Arrow::Dictionary(_, value) => return house(&Field::new(field.name(), value.as_ref().clone(), true)),
        Arrow::Boolean => DataType::Boolean,
        Arrow::Int8 | Arrow::Int16 | Arrow::Int32 | Arrow::Int64 | Arrow::UInt8 | Arrow::UInt16 | Arrow::UInt32 => {
            DataType::Integer
        }
        Arrow::UInt64 => DataType::Decimal {
            precision: 20,
            scale: 0,
        },
        Arrow::Decimal32(p, s) | Arrow::Decimal64(p, s) | Arrow::Decimal128(p, s) if *s >= 0 => DataType::Decimal {
            precision: *p,
            scale: s.unsigned_abs(),
        },
        Arrow::Decimal256(p, s) if *p <= 38 && *s >= 0 => DataType::Decimal {
            precision: *p,
            scale: s.unsigned_abs(),
        },
        Arrow::Float16 | Arrow::Float32 | Arrow::Float64 => DataType::Double,
        Arrow::Date32 | Arrow::Date64 => DataType::Date,
        Arrow::Timestamp(_, None) => DataType::DateTime,
        Arrow::Timestamp(_, Some(_)) => DataType::Instant,
        Arrow::Binary | Arrow::LargeBinary | Arrow::BinaryView | Arrow::FixedSizeBinary(_) => DataType::Bytes,
        other => {
            return Err(Misfit::Type {
                column: field.name().clone(),
                given: other.to_string(),
                declared: DataType::Text,
            });
        }
    })
}

/// The values of one column under its declared type.
#[derive(Debug, Clone)]
pub enum Cells {
    /// Text.
    Text(StringArray),
    /// Truth.
    Boolean(BooleanArray),
    /// Integers.
    Integer(Int64Array),
    /// Unscaled decimals and their scale.
    Decimal(Decimal128Array, u8),
    /// Floats.
    Double(Float64Array),
    /// Days since 1970-01-01.
    Date(Date32Array),
    /// Microseconds since 1970-01-01T00:00:00, no zone.
    DateTime(TimestampMicrosecondArray),
    /// Microseconds since 1970-01-01T00:00:00Z.
    Instant(TimestampMicrosecondArray),
    /// JSON documents as their text.
    Json(StringArray),
    /// Bytes.
    Bytes(BinaryArray),
}

impl Cells {
    fn of(column: &Column, array: &ArrayRef) -> Result<Self, Misfit> {
        let target = arrow_type(column.data_type);
        let cast = if *array.data_type() == target {
            array.clone()
        } else {
            if !exact(array.data_type(), column.data_type) {
                return Err(Misfit::Type {
                    column: column.name.clone(),
                    given: array.data_type().to_string(),
                    declared: column.data_type,
                });
            }
            let strict = CastOptions {
                safe: false,
                ..CastOptions::default()
            };
            cast_with_options(array, &target, &strict).map_err(|_| Misfit::Value {
                column: column.name.clone(),
                declared: column.data_type,
            })?
        };
        Self::view(column.data_type, &cast).ok_or_else(|| Misfit::Type {
            column: column.name.clone(),
            given: array.data_type().to_string(),
            declared: column.data_type,
        })
    }

    fn view(data_type: DataType, array: &ArrayRef) -> Option<Self> {
        let any = array.as_any();
        Some(match data_type {
            DataType::Text => Self::Text(any.downcast_ref::<StringArray>()?.clone()),
            DataType::Json => Self::Json(any.downcast_ref::<StringArray>()?.clone()),
            DataType::Boolean => Self::Boolean(any.downcast_ref::<BooleanArray>()?.clone()),
            DataType::Integer => Self::Integer(any.downcast_ref::<Int64Array>()?.clone()),
            DataType::Decimal { scale, .. } => Self::Decimal(any.downcast_ref::<Decimal128Array>()?.clone(), scale),
            DataType::Double => Self::Double(any.downcast_ref::<Float64Array>()?.clone()),
            DataType::Date => Self::Date(any.downcast_ref::<Date32Array>()?.clone()),
            DataType::DateTime => Self::DateTime(any.downcast_ref::<TimestampMicrosecondArray>()?.clone()),
            DataType::Instant => Self::Instant(any.downcast_ref::<TimestampMicrosecondArray>()?.clone()),
            DataType::Bytes => Self::Bytes(any.downcast_ref::<BinaryArray>()?.clone()),
        })
    }

    /// The column as an Arrow array of the canonical type.
    #[must_use]
    pub fn array(&self) -> ArrayRef {
        match self {
            Self::Text(it) | Self::Json(it) => Arc::new(it.clone()),
            Self::Boolean(it) => Arc::new(it.clone()),
            Self::Integer(it) => Arc::new(it.clone()),
            Self::Decimal(it, _) => Arc::new(it.clone()),
            Self::Double(it) => Arc::new(it.clone()),
            Self::Date(it) => Arc::new(it.clone()),
            Self::DateTime(it) | Self::Instant(it) => Arc::new(it.clone()),
            Self::Bytes(it) => Arc::new(it.clone()),
        }
    }

    /// Is the value of this row NULL?
    #[must_use]
    pub fn is_null(&self, row: usize) -> bool {
        match self {
            Self::Text(it) | Self::Json(it) => it.is_null(row),
            Self::Boolean(it) => it.is_null(row),
            Self::Integer(it) => it.is_null(row),
            Self::Decimal(it, _) => it.is_null(row),
            Self::Double(it) => it.is_null(row),
            Self::Date(it) => it.is_null(row),
            Self::DateTime(it) | Self::Instant(it) => it.is_null(row),
            Self::Bytes(it) => it.is_null(row),
        }
    }
}

/// May values of this Arrow type be read as the declared type without changing any of them?
fn exact(given: &Arrow, declared: DataType) -> bool {
    match (declared, given) {
        (_, Arrow::Null) => true,
        (_, Arrow::Dictionary(_, value)) => exact(value, declared),
        (DataType::Text | DataType::Json, it) => matches!(it, Arrow::Utf8 | Arrow::LargeUtf8 | Arrow::Utf8View),
        (DataType::Integer, it) => it.is_integer(),
        (
            DataType::Decimal { scale, .. },
            Arrow::Decimal32(_, s) | Arrow::Decimal64(_, s) | Arrow::Decimal128(_, s) | Arrow::Decimal256(_, s),
        ) => i16::from(*s) <= i16::from(scale),
        (DataType::Decimal { .. }, it) => it.is_integer(),
        (DataType::Double, it) => it.is_floating(),
        (DataType::Date, it) => matches!(it, Arrow::Date32 | Arrow::Date64),
        (DataType::DateTime, Arrow::Timestamp(unit, None)) | (DataType::Instant, Arrow::Timestamp(unit, Some(_))) => {
            *unit != TimeUnit::Nanosecond || declared == DataType::DateTime || declared == DataType::Instant
        }
        (DataType::Bytes, it) => {
            matches!(
                it,
                Arrow::Binary | Arrow::LargeBinary | Arrow::BinaryView | Arrow::FixedSizeBinary(_)
            )
        }
        _ => false,
    }
}
