//! Governed tables: what an agreement lets out, enforced in one place, below everything an asker writes.
//!
//! A [`Governed`] table reads a source, keeps the rows for which the row rule is true, masks, and shows the granted items
//! under their names. Nothing else of the source can be reached through it: not the denied items (they are not in its
//! schema), not hidden rows (no expression of the asker is ever computed on one), not statistics.

pub(crate) mod compile;
pub mod mask;
pub(crate) mod provider;
pub(crate) mod push;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use arrow::{
    array::{ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions},
    compute::filter_record_batch,
    datatypes::{Schema, SchemaRef},
};
use datafusion::physical_expr::PhysicalExpr;
use futures::StreamExt;
use vocab::{DataType, GovernedItem, GovernedTable, RowRule, profile::TableInfo};

use crate::{
    error::Error,
    rows::{Batches, Notes},
    shape,
    source::{self, Scan, Source, Wanted},
};
use mask::Masker;

/// A governed table, ready to be read.
#[derive(Debug)]
pub(crate) struct Governed {
    /// What was granted.
    pub table: GovernedTable,
    /// Where the rows are.
    pub source: Arc<dyn Source>,
    /// The table as the source describes it.
    pub info: TableInfo,
    /// What the consumer sees.
    pub schema: SchemaRef,
    /// The row rule over source columns.
    pub rule: RowRule,
    /// Is the asker the source's owner, who may read what the source says when it fails?
    pub owner: bool,
    maskers: Vec<Masker>,
    /// Prepared lookups.
    pub lookups: parking_lot::RwLock<Vec<Arc<crate::lookup::Keyed>>>,
}

/// How one scan reads and lets through.
pub(crate) struct Passage {
    /// Columns read, in order.
    pub columns: Vec<Wanted>,
    rule: Option<Arc<dyn PhysicalExpr>>,
    outputs: Vec<(usize, usize)>, // (item, column)
    schema: SchemaRef,
}

impl Passage {
    /// The schema of what leaves.
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// Does every row that is read leave?
    pub fn lets_all_through(&self) -> bool {
        self.rule.is_none()
    }

    /// The same where the source has judged the rows as the house would: only what is shown is read.
    pub fn judged(mut self) -> Self {
        self.rule = None;
        let shown = self.outputs.iter().map(|(_, column)| column + 1).max().unwrap_or(0);
        self.columns.truncate(shown);
        self
    }
}

/// The type of an item after its mask.
#[must_use]
pub const fn masked_type(item: &GovernedItem) -> DataType {
    item.mask.output(item.data_type)
}

impl Governed {
    /// Makes a table ready: checks that every column exists, that the rule and the masks make sense.
    ///
    /// # Errors
    /// [`Error::Source`] when the source has changed; [`Error::Question`] when rule or masks do not fit the items.
    pub fn new(table: GovernedTable, source: Arc<dyn Source>, info: TableInfo) -> Result<Self, Error> {
        for item in table.items.iter().chain(&table.hidden) {
            source::column(&info, &item.column)?;
        }
        for (at, item) in table.items.iter().enumerate() {
            if table.items.iter().take(at).any(|it| it.name == item.name) {
                return Err(Error::question(format!("item `{}` is granted twice", item.name)));
            }
        }
        let find = |name: &str| table.items.iter().chain(&table.hidden).find(|it| it.name == name);
        let rule = compile::to_columns(&table.rows, &|name| {
            find(name)
                .map(|it| it.column.clone())
                .ok_or_else(|| Error::question(format!("the row rule names `{name}`, which is no item of the table")))
        })?;
        let fields: Vec<_> = table
            .items
            .iter()
            .map(|it| shape::field(&it.name, masked_type(it)))
            .collect();
        let maskers = table
            .items
            .iter()
            .map(|it| Masker::new(it, &table.pseudonym_key))
            .collect::<Result<Vec<_>, _>>()?;
        let governed = Self {
            schema: Arc::new(Schema::new(fields)),
            rule,
            owner: false,
            maskers,
            lookups: parking_lot::RwLock::default(),
            table,
            source,
            info,
        };
        governed.passage(None)?;
        Ok(governed)
    }

    /// The granted item of this name.
    pub fn item(&self, name: &str) -> Option<&GovernedItem> {
        self.table.items.iter().find(|it| it.name == name)
    }

    /// The granted item of this name, if the source may be told conditions on it and an order by it: it is not masked, and
    /// reading its column cannot fail on any row, so that no hidden row is betrayed by an error.
    pub fn told(&self, name: &str) -> Option<&GovernedItem> {
        let plain = |it: &&GovernedItem| source::column(&self.info, &it.column).is_ok_and(|it| it.plain);
        self.item(name).filter(|it| it.mask.is_clear()).filter(plain)
    }

    /// The way of a scan that shows some items (all without a projection).
    pub fn passage(&self, projection: Option<&[usize]>) -> Result<Passage, Error> {
        self.passage_with(projection, &RowRule::All)
    }

    /// The same, letting through only rows for which `extra` (over source columns) is true as well.
    pub fn passage_with(&self, projection: Option<&[usize]>, extra: &RowRule) -> Result<Passage, Error> {
        let shown: Vec<usize> = projection.map_or_else(|| (0..self.table.items.len()).collect(), <[usize]>::to_vec);
        let mut columns: Vec<Wanted> = Vec::new();
        let mut outputs = Vec::new();
        for at in shown {
            let item = self
                .table
                .items
                .get(at)
                .ok_or_else(|| Error::internal("projection out of range"))?;
            outputs.push((at, want(&mut columns, item)?));
        }
        let mut named = Vec::new();
        compile::names(&self.table.rows, &mut named);
        for name in named {
            let item = self
                .table
                .items
                .iter()
                .chain(&self.table.hidden)
                .find(|it| it.name == name);
            want(
                &mut columns,
                item.ok_or_else(|| Error::internal("rule names an unknown item"))?,
            )?;
        }
        let mut named = Vec::new();
        compile::names(extra, &mut named);
        for column in named {
            let item = self.table.items.iter().find(|it| it.column == column);
            want(
                &mut columns,
                item.ok_or_else(|| Error::internal("condition names an unknown column"))?,
            )?;
        }
        if self.source.whole_rows() {
            for item in self.table.items.iter().chain(&self.table.hidden) {
                want(&mut columns, item)?;
            }
        }
        let rule = match both(&self.rule, extra) {
            RowRule::All => None,
            rule => Some(compile::physical(&rule, &columns)?),
        };
        let indices: Vec<usize> = outputs.iter().map(|(item, _)| *item).collect();
        let schema = Arc::new(self.schema.project(&indices).map_err(Error::internal)?);
        Ok(Passage {
            columns,
            rule,
            outputs,
            schema,
        })
    }

    /// What leaves of one batch of the source.
    pub fn pass(&self, passage: &Passage, batch: &RecordBatch) -> Result<RecordBatch, Error> {
        let kept = match &passage.rule {
            None => batch.clone(),
            Some(rule) => {
                let judged = rule
                    .evaluate(batch)
                    .and_then(|it| it.into_array(batch.num_rows()))
                    .map_err(|_| Error::internal("the row rule could not be judged"))?;
                let mask = judged
                    .as_any()
                    .downcast_ref::<BooleanArray>()
                    .ok_or_else(|| Error::internal("the row rule is not a truth value"))?;
                // NULL is not true: such rows stay.
                filter_record_batch(batch, mask).map_err(|_| Error::internal("rows could not be filtered"))?
            }
        };
        let mut arrays: Vec<ArrayRef> = Vec::with_capacity(passage.outputs.len());
        for (item, column) in &passage.outputs {
            let masker = self.maskers.get(*item).ok_or_else(|| Error::internal("mask missing"))?;
            arrays.push(masker.apply(kept.column(*column))?);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(kept.num_rows()));
        RecordBatch::try_new_with_options(Arc::clone(&passage.schema), arrays, &options).map_err(Error::internal)
    }

    /// Masks rows that the rule has let out already (items in order, unmasked).
    pub fn mask_visible(&self, rows: &RecordBatch) -> Result<RecordBatch, Error> {
        let arrays = self
            .maskers
            .iter()
            .zip(rows.columns())
            .map(|(masker, array)| masker.apply(array));
        let arrays = arrays.collect::<Result<Vec<_>, _>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows.num_rows()));
        RecordBatch::try_new_with_options(Arc::clone(&self.schema), arrays, &options).map_err(Error::internal)
    }

    /// The governed rows as a stream. `extra` is a leak-proof rule over source columns: rows for which it is not true
    /// may or may not be left out.
    pub async fn read(
        self: &Arc<Self>,
        projection: Option<&[usize]>,
        extra: RowRule,
        limit: Option<u64>,
        notes: Arc<Notes>,
    ) -> Result<Batches, Error> {
        let passage = self.passage(projection)?;
        let filter = both(&self.rule, &extra);
        let scan = Scan {
            table: self.table.table.clone(),
            columns: passage.columns.clone(),
            limit: if filter == RowRule::All { limit } else { None },
            filter,
            notes,
        };
        let batches = self.source.scan(&self.info, scan).await.map_err(|it| self.seen(it))?;
        let this = Arc::clone(self);
        let mut left = limit;
        let passed = batches.map(move |batch| {
            let batch = this.pass(&passage, &batch.map_err(|it| this.seen(it))?)?;
            Ok(match &mut left {
                Some(left) if (batch.num_rows() as u64) > *left => {
                    let some = batch.slice(0, usize::try_from(*left).unwrap_or(0));
                    *left = 0;
                    (some, true)
                }
                Some(left) => {
                    *left -= batch.num_rows() as u64;
                    let last = *left == 0;
                    (batch, last)
                }
                None => (batch, false),
            })
        });
        Ok(until_last(passed.boxed()))
    }

    /// The governed rows within `bounds`, a rule on unmasked granted items: exactly those for which it is true.
    pub async fn read_part(self: &Arc<Self>, bounds: &RowRule, notes: Arc<Notes>) -> Result<Batches, Error> {
        let extra = compile::to_columns(bounds, &|name| {
            let item = self.item(name).filter(|it| it.mask.is_clear());
            item.map(|it| it.column.clone())
                .ok_or_else(|| Error::question(format!("the rows cannot be cut by `{name}`")))
        })?;
        let passage = self.passage_with(None, &extra)?;
        let scan = Scan {
            table: self.table.table.clone(),
            columns: passage.columns.clone(),
            limit: None,
            filter: both(&self.rule, &extra),
            notes,
        };
        let batches = self.source.scan(&self.info, scan).await.map_err(|it| self.seen(it))?;
        let this = Arc::clone(self);
        let passed = batches.map(move |batch| this.pass(&passage, &batch.map_err(|it| this.seen(it))?));
        Ok(passed.boxed())
    }

    /// An error of the source as the asker may see it.
    pub fn seen(&self, error: Error) -> Error {
        match error {
            it @ Error::Source { .. } if !self.owner => it.veiled(&self.table.name),
            it => it,
        }
    }
}

/// Both rules.
pub(crate) fn both(one: &RowRule, other: &RowRule) -> RowRule {
    match (one, other) {
        (RowRule::All, it) | (it, RowRule::All) => it.clone(),
        (one, other) => RowRule::And {
            of: vec![one.clone(), other.clone()],
        },
    }
}

fn until_last(stream: futures::stream::BoxStream<'static, Result<(RecordBatch, bool), Error>>) -> Batches {
    futures::stream::unfold(Some(stream), |state| async move {
        let mut stream = state?;
        match stream.next().await? {
            Ok((batch, true)) => Some((Ok(batch), None)),
            Ok((batch, false)) => Some((Ok(batch), Some(stream))),
            Err(error) => Some((Err(error), None)),
        }
    })
    .boxed()
}

fn want(columns: &mut Vec<Wanted>, item: &GovernedItem) -> Result<usize, Error> {
    if let Some(at) = columns.iter().position(|it| it.column == item.column) {
        return match columns.get(at) {
            Some(it) if it.data_type == item.data_type => Ok(at),
            _ => Err(Error::question(format!(
                "column of item `{}` is declared with two types",
                item.name
            ))),
        };
    }
    columns.push(Wanted {
        column: item.column.clone(),
        data_type: item.data_type,
    });
    Ok(columns.len() - 1)
}
