//! Governed tables opened for one asker, and everything that can be asked of them.

mod pages;
mod parts;

use std::{sync::Arc, time::Duration};

use arrow::{array::RecordBatch, compute::concat_batches, datatypes::SchemaRef};
use futures::StreamExt;
use vocab::{GovernedTable, RowRule};

use crate::{
    Engine, Limits, Rows,
    error::{Error, LimitKind},
    govern::Governed,
    native,
    rows::Notes,
    select::{self, After, Select},
    sql::{self, Prepared},
};
pub use pages::bytes_of;
pub use parts::Extent;

/// A governed table as its asker may know it.
#[derive(Debug, Clone)]
pub struct Described {
    /// The SQL name.
    pub name: String,
    /// Items and types, after masks.
    pub schema: SchemaRef,
    /// The granted items of the key.
    pub key: Vec<String>,
    /// Is one of them under a mask, so that rows that differ may look alike there?
    pub masked_key: bool,
}

/// One page of a [`Select`].
#[derive(Debug, Clone)]
pub struct Page {
    /// Its rows, in order.
    pub rows: RecordBatch,
    /// What to give as [`Select::after`] for the next page; `None` at the end.
    pub next: Option<After>,
}

/// Rows side by side without and with row rule and masks, for the provider before a decision.
#[derive(Debug, Clone)]
pub struct Preview {
    /// The granted items as they are in the source, of the rows the rule lets out.
    pub before: RecordBatch,
    /// The same rows as the consumer would see them.
    pub after: RecordBatch,
}

/// Governed tables, opened.
#[derive(Debug, Clone)]
pub struct Opened {
    pub(crate) engine: Engine,
    tables: Vec<Arc<Governed>>,
    limits: Limits,
}

impl Opened {
    pub(crate) fn new(engine: Engine, tables: Vec<Arc<Governed>>) -> Self {
        let limits = engine.limits();
        Self { engine, tables, limits }
    }

    /// The same tables under other limits.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The tables in the order they were given.
    #[must_use]
    pub fn tables(&self) -> Vec<Described> {
        self.tables
            .iter()
            .map(|it| Described {
                name: it.table.name.clone(),
                schema: Arc::clone(&it.schema),
                key: it
                    .table
                    .items
                    .iter()
                    .filter(|it| it.key)
                    .map(|it| it.name.clone())
                    .collect(),
                masked_key: it.table.items.iter().any(|it| it.key && !it.mask.is_clear()),
            })
            .collect()
    }

    pub(crate) const fn limits(&self) -> Limits {
        self.limits
    }

    pub(crate) fn table(&self, name: &str) -> Result<&Arc<Governed>, Error> {
        let found = self.tables.iter().find(|it| it.table.name == name);
        found.ok_or_else(|| Error::question(format!("there is no table `{name}`")))
    }

    async fn within<T>(&self, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        if self.limits.seconds == u64::MAX {
            return work.await;
        }
        match tokio::time::timeout(Duration::from_secs(self.limits.seconds), work).await {
            Ok(it) => it,
            Err(_) => Err(Error::Limit(LimitKind::Seconds(self.limits.seconds))),
        }
    }

    /// Every governed row of a table, in the source's order, straight from the source.
    ///
    /// # Errors
    /// [`Error::Question`] for an unknown table; those of the source.
    pub async fn read(&self, table: &str) -> Result<Rows, Error> {
        let governed = self.table(table)?;
        let permit = self.engine.permit(&self.limits).await?;
        let notes = Arc::new(Notes::default());
        let batches = self
            .within(governed.read(None, RowRule::All, None, Arc::clone(&notes)))
            .await?;
        Ok(Rows::new(Arc::clone(&governed.schema), batches).limited(self.limits, Some(permit), notes))
    }

    /// Answers read-only SQL across the tables.
    ///
    /// # Errors
    /// [`Error::Question`] when the question is wrong or asks for more than reading; [`Error::Limit`]; those of sources.
    pub async fn sql(&self, sql: &str) -> Result<Rows, Error> {
        self.ask(sql, None).await
    }

    /// Answers SQL with parameters: one row whose columns are `$1`, `$2`, … in order.
    ///
    /// # Errors
    /// As [`Opened::sql`], and when parameters do not fit.
    pub async fn sql_with(&self, sql: &str, parameters: &RecordBatch) -> Result<Rows, Error> {
        self.ask(sql, Some(parameters)).await
    }

    async fn ask(&self, text: &str, parameters: Option<&RecordBatch>) -> Result<Rows, Error> {
        let permit = self.engine.permit(&self.limits).await?;
        let notes = Arc::new(Notes::default());
        let context = sql::session(&self.tables, &self.limits, &notes, self.engine.memory())?;
        let rows = self.within(sql::ask(&context, text, parameters)).await?;
        Ok(rows.limited(self.limits, Some(permit), notes))
    }

    /// What a question would answer, and which parameters it has: the names and types are those that the answer has.
    /// Where parameters are given, with their types; else with the types they are used as. No row is read.
    ///
    /// # Errors
    /// [`Error::Question`] when the question is wrong.
    pub async fn prepare(&self, text: &str, given: Option<&RecordBatch>) -> Result<Prepared, Error> {
        let context = sql::session(&self.tables, &self.limits, &Arc::default(), self.engine.memory())?;
        self.within(sql::prepare(&context, text, given)).await
    }

    /// Answers a structured question to one table. Where the source is a database and everything compiles to its SQL,
    /// it does the filtering and sorting; the answer is the same either way.
    ///
    /// # Errors
    /// [`Error::Question`] for unknown items and values that do not fit; [`Error::Limit`]; those of the source.
    pub async fn select(&self, table: &str, select: &Select) -> Result<Rows, Error> {
        let governed = self.table(table)?;
        if let Some(plan) = native::select(governed, select)? {
            let permit = self.engine.permit(&self.limits).await?;
            let notes = Arc::new(Notes::default());
            if let Some(rows) = self
                .within(native::run(
                    governed,
                    plan,
                    self.limits.memory_bytes,
                    Arc::clone(&notes),
                ))
                .await?
            {
                return Ok(rows.limited(self.limits, Some(permit), notes));
            }
        }
        self.select_columnar(table, select).await
    }

    /// As [`Opened::select`], always through the engine's own operators.
    ///
    /// # Errors
    /// As [`Opened::select`].
    pub async fn select_columnar(&self, table: &str, select: &Select) -> Result<Rows, Error> {
        let governed = self.table(table)?;
        let permit = self.engine.permit(&self.limits).await?;
        let notes = Arc::new(Notes::default());
        let context = sql::session(&self.tables, &self.limits, &notes, self.engine.memory())?;
        let frame = select::frame(&context, governed, select).await?;
        let rows = self.within(sql::run(frame)).await?;
        Ok(rows.limited(self.limits, Some(permit), notes))
    }

    /// How many rows meet the filters of a question (its items, order, page and limit do not matter).
    ///
    /// # Errors
    /// As [`Opened::select`].
    pub async fn count(&self, table: &str, question: &Select) -> Result<u64, Error> {
        let governed = self.table(table)?;
        let _permit = self.engine.permit(&self.limits).await?;
        if let Some(counted) = self.within(native::count(governed, &question.filters)).await? {
            return Ok(counted);
        }
        let context = sql::session(&self.tables, &self.limits, &Arc::default(), self.engine.memory())?;
        let only = Select {
            filters: question.filters.clone(),
            ..Select::default()
        };
        let frame = select::frame(&context, governed, &only).await?;
        let counted = self
            .within(async { frame.count().await.map_err(crate::sanitize::running) })
            .await?;
        Ok(counted as u64)
    }

    /// The first rows of a table without and with its masks. For the provider's eyes.
    ///
    /// # Errors
    /// Those of the source.
    pub async fn preview(&self, table: &str, rows: u64) -> Result<Preview, Error> {
        let governed = self.table(table)?;
        let clear = GovernedTable {
            items: governed
                .table
                .items
                .iter()
                .map(|it| vocab::GovernedItem {
                    mask: vocab::Mask::Clear,
                    ..it.clone()
                })
                .collect(),
            ..governed.table.clone()
        };
        let mut clear = Governed::new(clear, Arc::clone(&governed.source), governed.info.clone())?;
        clear.owner = governed.owner;
        let clear = Arc::new(clear);
        let first = |it: Arc<Governed>| async move {
            let mut batches = it.read(None, RowRule::All, Some(rows), Arc::default()).await?;
            let mut all = Vec::new();
            while let Some(batch) = batches.next().await {
                all.push(batch?);
            }
            concat_batches(&it.schema, &all).map_err(Error::internal)
        };
        let before = self.within(first(clear)).await?;
        let after = governed.mask_visible(&before)?;
        Ok(Preview { before, after })
    }
}

#[cfg(test)]
mod tests;
