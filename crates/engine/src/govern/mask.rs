//! Masks on columns. Every path masks through here, so a value looks the same at every door; the one exception are masks
//! that a pass-through writes in the source's own SQL, which are proved to be the same (see [`crate::pipe`]).

use std::sync::Arc;

use arrow::{
    array::{Array, ArrayRef, RecordBatch, StringArray, StringBuilder, new_null_array},
    compute::cast,
    datatypes::{DataType as Arrow, Schema},
};
use datafusion::physical_expr::PhysicalExpr;
use vocab::{GovernedItem, Mask};

use super::compile;
use crate::{
    error::Error,
    shape::{self, Cells, Column, Shape, text},
};

/// The mask of one item, ready to be applied.
#[derive(Debug)]
pub(crate) struct Masker {
    kind: Kind,
    shape: Shape,
}

#[derive(Debug)]
enum Kind {
    Clear,
    Null,
    Text(TextMask),
    Sql(Arc<dyn PhysicalExpr>, Arc<Schema>),
}

/// A mask of a value's text.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct TextMask {
    mask: Mask,
    key: [u8; 32],
}

impl std::fmt::Debug for TextMask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("TextMask").field(&self.mask).finish()
    }
}

impl TextMask {
    /// The mask of an item, where it is one of the value's text; `key` is the agreement's pseudonym key.
    ///
    /// # Errors
    /// [`Error::Internal`] for a pseudonym without a key.
    pub fn new(item: &GovernedItem, key: &[u8]) -> Result<Option<Self>, Error> {
        match &item.mask {
            Mask::Clear | Mask::Null | Mask::Sql { .. } => Ok(None),
            Mask::Pseudonym if key.len() < 16 => Err(Error::internal("a pseudonym was granted without a key")),
            mask => Ok(Some(Self {
                mask: mask.clone(),
                // One key for each item: equal values under two items do not meet.
                key: match mask {
                    Mask::Pseudonym => seal::hmac_sm3(key, item.name.as_bytes()),
                    _ => [0; 32],
                },
            })),
        }
    }

    /// The masked text; `None` where it is NULL.
    pub fn apply(&self, it: &str) -> Option<String> {
        self.mask.apply_text(it, &self.key, &seal::hmac_sm3)
    }
}

impl Masker {
    /// The mask of an item; `key` is the agreement's pseudonym key.
    ///
    /// # Errors
    /// [`Error::Question`] for an SQL mask that cannot be read or uses what masks may not.
    pub fn new(item: &GovernedItem, key: &[u8]) -> Result<Self, Error> {
        let kind = match (&item.mask, TextMask::new(item, key)?) {
            (_, Some(mask)) => Kind::Text(mask),
            (Mask::Sql { expr }, None) => {
                let schema = Arc::new(Schema::new(vec![shape::field("value", item.data_type)]));
                let parsed = crate::sql::check::mask_expression(expr, &schema)?;
                Kind::Sql(compile::prepare(&parsed, &schema)?, schema)
            }
            (Mask::Null, None) => Kind::Null,
            (_, None) => Kind::Clear,
        };
        let column = Column {
            name: "value".to_owned(),
            data_type: item.data_type,
            key: false,
        };
        Ok(Self {
            kind,
            shape: Shape { columns: vec![column] },
        })
    }

    /// The masked column.
    ///
    /// # Errors
    /// [`Error::Question`] when an SQL mask cannot be computed for a visible row.
    pub fn apply(&self, array: &ArrayRef) -> Result<ArrayRef, Error> {
        match &self.kind {
            Kind::Clear => Ok(Arc::clone(array)),
            Kind::Null => Ok(new_null_array(array.data_type(), array.len())),
            Kind::Text(mask) => self.each(array, |it| mask.apply(it)),
            Kind::Sql(expr, schema) => {
                let batch =
                    RecordBatch::try_new(Arc::clone(schema), vec![Arc::clone(array)]).map_err(Error::internal)?;
                let computed = expr.evaluate(&batch).and_then(|it| it.into_array(batch.num_rows()))?;
                Ok(cast(&computed, &Arrow::Utf8)?)
            }
        }
    }

    fn each(&self, array: &ArrayRef, mask: impl Fn(&str) -> Option<String>) -> Result<ArrayRef, Error> {
        if let Some(texts) = array.as_any().downcast_ref::<StringArray>() {
            return Ok(Arc::new(strings(
                texts.len(),
                |at| texts.is_valid(at).then(|| texts.value(at)),
                mask,
            )));
        }
        let fields = self.shape.schema();
        let batch = RecordBatch::try_new(fields, vec![Arc::clone(array)]).map_err(Error::internal)?;
        let cells = self.shape.cells(&batch).map_err(Error::internal)?;
        let Some(cells) = cells.first() else {
            return Err(Error::internal("no column to mask"));
        };
        Ok(Arc::new(written(cells, array.len(), mask)?))
    }
}

fn strings<'a>(
    rows: usize,
    value: impl Fn(usize) -> Option<&'a str>,
    mask: impl Fn(&str) -> Option<String>,
) -> StringArray {
    let mut out = StringBuilder::with_capacity(rows, rows * 16);
    for at in 0..rows {
        match value(at).and_then(&mask) {
            Some(it) => out.append_value(it),
            None => out.append_null(),
        }
    }
    out.finish()
}

fn written(cells: &Cells, rows: usize, mask: impl Fn(&str) -> Option<String>) -> Result<StringArray, Error> {
    let mut texts = Vec::with_capacity(rows);
    for at in 0..rows {
        if cells.is_null(at) {
            texts.push(None);
            continue;
        }
        let mut bytes = Vec::new();
        text::write(cells, at, "Z", &mut bytes);
        texts.push(Some(String::from_utf8(bytes).map_err(Error::internal)?));
    }
    Ok(strings(rows, |at| texts.get(at).and_then(|it| it.as_deref()), mask))
}
