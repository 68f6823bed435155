//! A governed table in parts, for deliveries: what is known about its rows, and the rows within bounds.

use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use vocab::{DataType, RowRule};

use super::Opened;
use crate::{
    Error, Rows,
    rows::Notes,
    select::{Select, Sort},
};

/// What is known about the rows of a governed table, for cutting a copy into parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extent {
    /// The source's own estimate of the rows of its whole table.
    pub rows_estimate: Option<u64>,
    /// Does the row rule let every row out?
    pub every_row: bool,
    /// Is the source a database (which finds bounds by an index)?
    pub database: bool,
    /// The item to cut by: an unmasked integer that leads the source's key.
    pub item: Option<String>,
    /// Its smallest and largest value among the governed rows.
    pub range: Option<(i64, i64)>,
    /// SHA-256 of everything that decides which rows come and how they look (source, columns, masks, row rule), hex: parts
    /// that were read under another basis do not belong together.
    pub basis: String,
}

impl Opened {
    /// What is known about the rows of a table.
    ///
    /// # Errors
    /// [`Error::Question`] for an unknown table; those of the source.
    pub async fn extent(&self, table: &str) -> Result<Extent, Error> {
        let governed = self.table(table)?;
        let database = governed.source.dialect().is_some();
        let leading = governed.info.columns.iter().find(|it| it.key);
        let item = leading
            .filter(|it| database && it.data_type == DataType::Integer)
            .and_then(|leading| {
                let fits = |it: &&vocab::GovernedItem| {
                    it.column == leading.name && it.mask.is_clear() && it.data_type == DataType::Integer
                };
                governed.table.items.iter().find(fits).map(|it| it.name.clone())
            });
        let range = match &item {
            None => None,
            Some(item) => {
                let ends = (self.end(table, item, false).await?, self.end(table, item, true).await?);
                ends.0.zip(ends.1)
            }
        };
        let mut hasher = seal::Hasher::new(seal::Suite::International);
        hasher.update(format!("{:?}", governed.table));
        Ok(Extent {
            rows_estimate: governed.info.rows_estimate,
            every_row: governed.rule == RowRule::All,
            database,
            item,
            range,
            basis: hasher.finish_hex(),
        })
    }

    async fn end(&self, table: &str, item: &str, largest: bool) -> Result<Option<i64>, Error> {
        let question = Select {
            items: vec![item.to_owned()],
            sort: vec![Sort {
                item: item.to_owned(),
                descending: largest,
            }],
            limit: Some(1),
            ..Select::default()
        };
        let (batches, _) = self.select(table, &question).await?.collect_all().await?;
        Ok(batches.iter().find(|it| it.num_rows() > 0).and_then(first_integer))
    }

    /// The governed rows of a table within bounds on unmasked granted items, straight from the source.
    ///
    /// # Errors
    /// [`Error::Question`] for an unknown table and for bounds on other items; those of the source.
    pub async fn read_part(&self, table: &str, bounds: &RowRule) -> Result<Rows, Error> {
        let governed = self.table(table)?;
        let permit = self.engine.permit(&self.limits).await?;
        let notes = Arc::new(Notes::default());
        let batches = self.within(governed.read_part(bounds, Arc::clone(&notes))).await?;
        Ok(Rows::new(Arc::clone(&governed.schema), batches).limited(self.limits, Some(permit), notes))
    }
}

fn first_integer(batch: &RecordBatch) -> Option<i64> {
    let values = batch
        .columns()
        .first()?
        .as_primitive_opt::<arrow::datatypes::Int64Type>()?;
    (!values.is_null(0)).then(|| values.value(0))
}
