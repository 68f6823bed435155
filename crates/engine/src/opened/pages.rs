//! Keyset paging: each page begins behind the last row of the one before.
//!
//! An order that was asked for need not tell every two rows apart, so it is completed: by the source's key where that is
//! unique for sure and granted whole and clear, else by every granted item. Rows that are still equal then are the same
//! row to the asker; the cursor tells how many of them were given.

use arrow::{array::RecordBatch, compute::concat_batches};
use futures::StreamExt;
use vocab::DataType;

use super::{Opened, Page};
use crate::{
    error::Error,
    govern::Governed,
    rows::Rows,
    select::{After, Select, Sort},
    shape::{Cells, Shape, text},
};

/// The most rows of a page.
const MOST_ROWS: u64 = 100_000;
/// A page ends early when its rows take more memory than this; one row it has always.
const MOST_BYTES: usize = 16 << 20;

impl Opened {
    /// One page of a question, with what is needed to ask for the next one. A page has at most the rows that were asked
    /// for (100 when nothing is said, never more than 100,000), and fewer when they are large.
    ///
    /// # Errors
    /// As [`Opened::select`].
    pub async fn page(&self, table: &str, question: &Select) -> Result<Page, Error> {
        let governed = self.table(table)?;
        let limit = question.limit.unwrap_or(100).min(MOST_ROWS);
        let sort = total(governed, &question.sort);
        let shown: Vec<String> = if question.items.is_empty() {
            governed.table.items.iter().map(|it| it.name.clone()).collect()
        } else {
            question.items.clone()
        };
        let mut items = shown.clone();
        for step in &sort {
            if !items.contains(&step.item) {
                items.push(step.item.clone());
            }
        }
        let asked = Select {
            items: items.clone(),
            filters: question.filters.clone(),
            sort: sort.clone(),
            after: question.after.clone(),
            // One more tells whether there is a next page; none at all is asked for its names and types.
            limit: Some(if limit == 0 { 0 } else { limit + 1 }),
        };
        let (all, cut) = gather(self.select(table, &asked).await?, MOST_BYTES).await?;
        let most = usize::try_from(limit).map_err(Error::internal)?;
        let more = cut || all.num_rows() > most;
        let kept = all.slice(0, all.num_rows().min(most));
        let next = if more && kept.num_rows() > 0 {
            let unique = is_unique(governed, &sort);
            Some(behind(&kept, &items, &sort, question.after.as_ref(), unique)?)
        } else {
            None
        };
        let places: Vec<usize> = (0..shown.len()).collect();
        let rows = kept.project(&places).map_err(Error::internal)?;
        Ok(Page { rows, next })
    }
}

/// The key's items as steps of an order, where it tells any two rows apart in what the asker sees: it is the source's own
/// key, never NULL, granted whole, without masks, under the source's own type.
fn key(governed: &Governed) -> Option<Vec<&str>> {
    let mut names = Vec::new();
    for column in governed.info.columns.iter().filter(|it| it.key) {
        let sound = !column.nullable && matches!(column.data_type, DataType::Text | DataType::Integer);
        let item = governed
            .table
            .items
            .iter()
            .find(|it| it.column == column.name && it.mask.is_clear() && it.data_type == column.data_type);
        names.push(item.filter(|_| sound)?.name.as_str());
    }
    (!names.is_empty()).then_some(names)
}

/// The order that was asked for, completed.
fn total(governed: &Governed, asked: &[Sort]) -> Vec<Sort> {
    let mut sort: Vec<Sort> = Vec::new();
    let rest = key(governed).unwrap_or_else(|| governed.table.items.iter().map(|it| it.name.as_str()).collect());
    let rest = rest.into_iter().map(|it| Sort {
        item: it.to_owned(),
        descending: false,
    });
    for step in asked.iter().cloned().chain(rest) {
        if !sort.iter().any(|it| it.item == step.item) {
            sort.push(step);
        }
    }
    sort
}

fn is_unique(governed: &Governed, sort: &[Sort]) -> bool {
    key(governed).is_some_and(|key| key.iter().all(|name| sort.iter().any(|it| it.item == *name)))
}

/// The rows of an answer as one batch, no more than fit in `most` bytes (one at least); and whether some were left.
async fn gather(mut rows: Rows, most: usize) -> Result<(RecordBatch, bool), Error> {
    let schema = rows.schema();
    let mut batches = Vec::new();
    let mut bytes = 0;
    let mut cut = false;
    while let Some(batch) = rows.next().await {
        let batch = batch?;
        let size = bytes_of(&batch);
        if bytes + size <= most {
            bytes += size;
            batches.push(batch);
            continue;
        }
        // Rows of a batch are taken to be about equally large.
        let room = (most - bytes).saturating_mul(batch.num_rows()) / size.max(1);
        let first = usize::from(batches.iter().all(|it: &RecordBatch| it.num_rows() == 0));
        let room = room.max(first).min(batch.num_rows());
        cut = room < batch.num_rows() || rows.next().await.is_some();
        batches.push(batch.slice(0, room));
        break;
    }
    let all = concat_batches(&schema, &batches).map_err(Error::internal)?;
    Ok((all, cut))
}

/// Bytes that the rows of a batch take in memory.
#[must_use]
pub fn bytes_of(batch: &RecordBatch) -> usize {
    let of = |it: &arrow::array::ArrayRef| it.to_data().get_slice_memory_size().unwrap_or(0);
    batch.columns().iter().map(of).sum()
}

/// What comes after a page: behind its last row, and behind so many rows that are equal to it.
fn behind(
    rows: &RecordBatch,
    items: &[String],
    sort: &[Sort],
    before: Option<&After>,
    unique: bool,
) -> Result<After, Error> {
    let shape = Shape::of(&rows.schema(), &[]).map_err(Error::internal)?;
    let cells = shape.cells(rows).map_err(Error::internal)?;
    let steps = sort.iter().map(|step| {
        let at = items.iter().position(|it| *it == step.item);
        at.and_then(|it| cells.get(it))
            .ok_or_else(|| Error::internal("order without its item"))
    });
    let steps = steps.collect::<Result<Vec<_>, _>>()?;
    let values = |row: usize| steps.iter().map(|it| value(it, row)).collect::<Result<Vec<_>, Error>>();
    let last = values(rows.num_rows().saturating_sub(1))?;
    // SQLite lets NULL repeat in a primary key.
    if unique && last.iter().all(Option::is_some) {
        return Ok(After { values: last, skip: 0 });
    }
    let mut skip = 0;
    for row in (0..rows.num_rows()).rev() {
        if values(row)? != last {
            break;
        }
        skip += 1;
    }
    if let Some(before) = before
        && skip == rows.num_rows() as u64
        && before.values == last
    {
        skip += before.skip;
    }
    Ok(After { values: last, skip })
}

fn value(cells: &Cells, row: usize) -> Result<Option<String>, Error> {
    if cells.is_null(row) {
        return Ok(None);
    }
    let mut out = Vec::new();
    text::write(cells, row, "Z", &mut out);
    Ok(Some(String::from_utf8(out).map_err(Error::internal)?))
}
