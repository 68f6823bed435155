//! Building batches row by row from what a database or a file says, under declared types.

use std::sync::Arc;

use arrow::{
    array::{
        ArrayRef, BinaryBuilder, BooleanBuilder, Date32Builder, Decimal128Builder, Float64Builder, Int64Builder,
        RecordBatch, StringBuilder, TimestampMicrosecondBuilder,
    },
    datatypes::SchemaRef,
};
use vocab::DataType;

use super::{Misfit, Shape, arrow_type, text};

enum Cells {
    Text(StringBuilder),
    Boolean(BooleanBuilder),
    Integer(Int64Builder),
    Decimal(Decimal128Builder, u8, u8),
    Double(Float64Builder),
    Date(Date32Builder),
    Micros(TimestampMicrosecondBuilder),
    Bytes(BinaryBuilder),
}

/// Rows of a full batch.
pub const FULL_ROWS: usize = 8192;
/// Bytes of text and binary values that fill a batch too: a few wide rows are as much as many narrow ones.
pub const FULL_BYTES: usize = 4 << 20;

/// One column being built.
pub struct Building {
    cells: Cells,
    name: String,
    data_type: DataType,
}

impl Building {
    fn new(name: &str, data_type: DataType, rows: usize) -> Self {
        let cells = match data_type {
            DataType::Text | DataType::Json => Cells::Text(StringBuilder::with_capacity(rows, (rows * 32).min(1024))),
            DataType::Boolean => Cells::Boolean(BooleanBuilder::with_capacity(rows)),
            DataType::Integer => Cells::Integer(Int64Builder::with_capacity(rows)),
            DataType::Decimal { precision, scale } => Cells::Decimal(
                Decimal128Builder::with_capacity(rows).with_data_type(arrow_type(data_type)),
                precision,
                scale,
            ),
            DataType::Double => Cells::Double(Float64Builder::with_capacity(rows)),
            DataType::Date => Cells::Date(Date32Builder::with_capacity(rows)),
            DataType::DateTime | DataType::Instant => {
                Cells::Micros(TimestampMicrosecondBuilder::with_capacity(rows).with_data_type(arrow_type(data_type)))
            }
            DataType::Bytes => Cells::Bytes(BinaryBuilder::with_capacity(rows, (rows * 32).min(1024))),
        };
        Self {
            cells,
            name: name.to_owned(),
            data_type,
        }
    }

    /// The declared type.
    #[must_use]
    pub const fn data_type(&self) -> DataType {
        self.data_type
    }

    fn bad(&self) -> Misfit {
        Misfit::Value {
            column: self.name.clone(),
            declared: self.data_type,
        }
    }

    /// Appends NULL.
    pub fn null(&mut self) {
        match &mut self.cells {
            Cells::Text(it) => it.append_null(),
            Cells::Boolean(it) => it.append_null(),
            Cells::Integer(it) => it.append_null(),
            Cells::Decimal(it, ..) => it.append_null(),
            Cells::Double(it) => it.append_null(),
            Cells::Date(it) => it.append_null(),
            Cells::Micros(it) => it.append_null(),
            Cells::Bytes(it) => it.append_null(),
        }
    }

    /// Appends a value by its canonical text (see [`super::text`]).
    ///
    /// # Errors
    /// [`Misfit::Value`] when the text is no such value.
    pub fn text(&mut self, it: &str) -> Result<(), Misfit> {
        match &mut self.cells {
            Cells::Text(cells) => {
                cells.append_value(it);
                return Ok(());
            }
            Cells::Boolean(cells) => match it {
                "true" | "1" | "t" => {
                    cells.append_value(true);
                    return Ok(());
                }
                "false" | "0" | "f" => {
                    cells.append_value(false);
                    return Ok(());
                }
                _ => {}
            },
            Cells::Integer(cells) => {
                if let Ok(value) = it.parse() {
                    cells.append_value(value);
                    return Ok(());
                }
            }
            Cells::Decimal(_, _, scale) => {
                if let Some(value) = text::read_decimal(it, *scale) {
                    return self.decimal(value);
                }
            }
            Cells::Double(cells) => {
                if let Ok(value) = it.parse() {
                    cells.append_value(value);
                    return Ok(());
                }
            }
            Cells::Date(_) => {
                if let Some(days) = text::read_date(it) {
                    return self.days(days);
                }
            }
            Cells::Micros(cells) => {
                if let Some(micros) = text::read_date_time(it) {
                    cells.append_value(micros);
                    return Ok(());
                }
            }
            Cells::Bytes(cells) => {
                if let Ok(bytes) = hex::decode(it) {
                    cells.append_value(bytes);
                    return Ok(());
                }
            }
        }
        Err(self.bad())
    }

    /// Appends an integer (also to truth, decimals and doubles when exact).
    ///
    /// # Errors
    /// [`Misfit::Value`].
    pub fn int(&mut self, value: i64) -> Result<(), Misfit> {
        match &mut self.cells {
            Cells::Integer(it) => it.append_value(value),
            Cells::Boolean(it) if value == 0 || value == 1 => it.append_value(value == 1),
            Cells::Decimal(_, _, scale) => {
                let unscaled = i128::from(value).checked_mul(10_i128.saturating_pow(u32::from(*scale)));
                return self.decimal(unscaled.ok_or_else(|| self.bad())?);
            }
            #[allow(clippy::cast_precision_loss)]
            Cells::Double(it) if value.unsigned_abs() <= 1 << 53 => it.append_value(value as f64),
            _ => return Err(self.bad()),
        }
        Ok(())
    }

    /// Appends a boolean.
    ///
    /// # Errors
    /// [`Misfit::Value`].
    pub fn truth(&mut self, value: bool) -> Result<(), Misfit> {
        match &mut self.cells {
            Cells::Boolean(it) => it.append_value(value),
            _ => return Err(self.bad()),
        }
        Ok(())
    }

    /// Appends an unscaled decimal at the declared scale.
    ///
    /// # Errors
    /// [`Misfit::Value`] when it has more digits than declared.
    pub fn decimal(&mut self, unscaled: i128) -> Result<(), Misfit> {
        match &mut self.cells {
            Cells::Decimal(it, precision, _)
                if unscaled.unsigned_abs() < 10_u128.saturating_pow(u32::from(*precision)) =>
            {
                it.append_value(unscaled);
                Ok(())
            }
            _ => Err(self.bad()),
        }
    }

    /// Appends a float.
    ///
    /// # Errors
    /// [`Misfit::Value`].
    pub fn double(&mut self, value: f64) -> Result<(), Misfit> {
        match &mut self.cells {
            Cells::Double(it) => it.append_value(value),
            _ => return Err(self.bad()),
        }
        Ok(())
    }

    /// Appends a date, days since 1970-01-01.
    ///
    /// # Errors
    /// [`Misfit::Value`].
    pub fn days(&mut self, days: i64) -> Result<(), Misfit> {
        match (&mut self.cells, i32::try_from(days)) {
            (Cells::Date(it), Ok(days)) => it.append_value(days),
            _ => return Err(self.bad()),
        }
        Ok(())
    }

    /// Appends a date-time or instant, microseconds since 1970.
    ///
    /// # Errors
    /// [`Misfit::Value`].
    pub fn micros(&mut self, micros: i64) -> Result<(), Misfit> {
        match &mut self.cells {
            Cells::Micros(it) => it.append_value(micros),
            _ => return Err(self.bad()),
        }
        Ok(())
    }

    /// Appends bytes; UTF-8 for text and documents.
    ///
    /// # Errors
    /// [`Misfit::Value`].
    pub fn bytes(&mut self, bytes: &[u8]) -> Result<(), Misfit> {
        match &mut self.cells {
            Cells::Bytes(it) => it.append_value(bytes),
            _ => match std::str::from_utf8(bytes) {
                Ok(it) => return self.text(it),
                Err(_) => return Err(self.bad()),
            },
        }
        Ok(())
    }

    /// Bytes of the values of varying length.
    fn bytes_held(&self) -> usize {
        match &self.cells {
            Cells::Text(it) => it.values_slice().len(),
            Cells::Bytes(it) => it.values_slice().len(),
            _ => 0,
        }
    }

    fn finish(&mut self) -> ArrayRef {
        match &mut self.cells {
            Cells::Text(it) => Arc::new(it.finish()),
            Cells::Boolean(it) => Arc::new(it.finish()),
            Cells::Integer(it) => Arc::new(it.finish()),
            Cells::Decimal(it, ..) => Arc::new(it.finish()),
            Cells::Double(it) => Arc::new(it.finish()),
            Cells::Date(it) => Arc::new(it.finish()),
            Cells::Micros(it) => Arc::new(it.finish()),
            Cells::Bytes(it) => Arc::new(it.finish()),
        }
    }
}

/// Rows being built: append one value to every column, then count the row.
pub struct Builder {
    schema: SchemaRef,
    /// The columns, in order.
    pub columns: Vec<Building>,
    rows: usize,
}

impl Builder {
    /// Nothing yet.
    #[must_use]
    pub fn new(shape: &Shape) -> Self {
        Self::for_rows(shape, shape.schema(), 1024)
    }

    /// The same where about as many rows are expected and the shape's schema is at hand.
    #[must_use]
    pub fn for_rows(shape: &Shape, schema: SchemaRef, rows: usize) -> Self {
        let column = |it: &super::Column| Building::new(&it.name, it.data_type, rows);
        Self {
            schema,
            columns: shape.columns.iter().map(column).collect(),
            rows: 0,
        }
    }

    /// A row is complete; how many there are now.
    pub fn row(&mut self) -> usize {
        self.rows += 1;
        self.rows
    }

    /// Rows since the last batch.
    #[must_use]
    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// Should the batch be taken now? After [`FULL_ROWS`] rows or [`FULL_BYTES`], whichever comes first.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.rows >= FULL_ROWS || self.columns.iter().map(Building::bytes_held).sum::<usize>() >= FULL_BYTES
    }

    /// The batch; the builder is empty again.
    ///
    /// # Errors
    /// [`Misfit::Columns`] when rows were not complete.
    pub fn batch(&mut self) -> Result<RecordBatch, Misfit> {
        self.rows = 0;
        let arrays: Vec<_> = self.columns.iter_mut().map(Building::finish).collect();
        let declared = arrays.len();
        RecordBatch::try_new(self.schema.clone(), arrays).map_err(|_| Misfit::Columns { given: 0, declared })
    }
}
