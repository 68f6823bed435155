//! Pass-through: a structured question written as the source's own SQL, so that its indexes find and order the rows.
//!
//! Only questions with a limit go this way, and only where every condition and order compiles whole. What arrives is
//! judged and masked again like any other rows (a count is not: it goes this way only where both judge the same). Where the source let a row through that the house does not (a value
//! without a place in its type), the page could be short: the columnar path then answers instead, so both paths always
//! agree.

use std::sync::Arc;

use arrow::{array::AsArray, datatypes::Int64Type};
use futures::{StreamExt, TryStreamExt};
use vocab::{DataType, GovernedItem, RowRule, Value, rule::Compare};

use crate::{
    error::Error,
    govern::{Governed, Passage, both},
    opened::bytes_of,
    rows::{Notes, Rows},
    select::{After, Filter, FilterOp, Select, Sort, item},
    source::{Wire, column, dialect::Dialect},
};

/// The longest answer that is held to be checked before it leaves.
const LONGEST: u64 = 100_000;

/// A question as SQL.
pub(crate) struct Plan {
    sql: String,
    wires: Vec<Wire>,
    passage: Passage,
    limit: u64,
    skip: u64,
}

/// Writes a question as the source's SQL; `None` where it cannot be said there.
///
/// # Errors
/// [`Error::Question`] for unknown items and values that do not fit.
pub(crate) fn select(governed: &Governed, select: &Select) -> Result<Option<Plan>, Error> {
    let (Some(dialect), Some(limit)) = (governed.source.dialect(), select.limit) else {
        return Ok(None);
    };
    // Rows to skip are fetched and dropped here, where they have passed the house's own judgement.
    let skip = select.after.as_ref().map_or(0, |it| it.skip);
    let limit = limit.saturating_add(skip);
    if limit > LONGEST {
        return Ok(None);
    }
    let mut parts = Vec::new();
    for filter in &select.filters {
        item(governed, &filter.item)?;
        match condition(governed, filter) {
            Some(it) => parts.push(it),
            None => return Ok(None),
        }
    }
    if let Some(after) = &select.after {
        match beyond(governed, &select.sort, after) {
            Some(it) => parts.push(it),
            None => return Ok(None),
        }
    }
    let extra = if parts.is_empty() {
        RowRule::All
    } else {
        RowRule::And { of: parts }
    };
    let mut shown = Vec::new();
    for name in &select.items {
        item(governed, name)?;
        shown.extend(governed.table.items.iter().position(|it| it.name == *name));
    }
    let projection = if select.items.is_empty() {
        None
    } else {
        Some(shown.as_slice())
    };
    let passage = governed.passage_with(projection, &extra)?;
    let plan = write(governed, dialect, passage, &extra, &select.sort, limit)?;
    Ok(plan.map(|it| Plan { skip, ..it }))
}

fn write(
    governed: &Governed,
    dialect: Dialect,
    passage: Passage,
    extra: &RowRule,
    sort: &[Sort],
    limit: u64,
) -> Result<Option<Plan>, Error> {
    let info = &governed.info;
    let mut list = Vec::new();
    let mut wires = Vec::new();
    for wanted in &passage.columns {
        let read = dialect.read(column(info, &wanted.column)?, wanted.data_type);
        list.push(read.sql);
        wires.push(Wire {
            name: wanted.column.clone(),
            data_type: wanted.data_type,
            text: read.text,
        });
    }
    if list.is_empty() {
        return Ok(None);
    }
    let mut sql = format!(
        "SELECT {} FROM {}",
        list.join(", "),
        dialect.table(&governed.table.table)
    );
    let rule = both(&governed.rule, extra);
    if rule != RowRule::All {
        match dialect.whole(info, &passage.columns, &rule)? {
            Some(it) => sql.push_str(&format!(" WHERE {it}")),
            None => return Ok(None),
        }
    }
    let mut order = Vec::new();
    for step in sort {
        let data_type = item(governed, &step.item)?;
        let Some(granted) = governed.told(&step.item) else {
            return Ok(None);
        };
        match dialect.order(info, column(info, &granted.column)?, data_type, step.descending) {
            Some(it) => order.push(it),
            None => return Ok(None),
        }
    }
    if !order.is_empty() {
        sql.push_str(&format!(" ORDER BY {}", order.join(", ")));
    }
    sql.push_str(&format!(" LIMIT {limit}"));
    Ok(Some(Plan {
        sql,
        wires,
        passage,
        limit,
        skip: 0,
    }))
}

/// Runs a plan; `None` where the columnar path has to answer.
///
/// # Errors
/// Those of the source.
pub(crate) async fn run(
    governed: &Arc<Governed>,
    plan: Plan,
    most_bytes: usize,
    notes: Arc<Notes>,
) -> Result<Option<Rows>, Error> {
    let arriving = governed.source.query(plan.sql, plan.wires, notes).await;
    let mut arriving = arriving.map_err(|it| governed.seen(it))?;
    let (mut arrived, mut passed, mut bytes) = (0_u64, 0_u64, 0);
    let mut skip = usize::try_from(plan.skip).map_err(Error::internal)?;
    let mut batches = Vec::new();
    while let Some(batch) = arriving.next().await {
        let batch = batch.map_err(|it| governed.seen(it))?;
        arrived += batch.num_rows() as u64;
        let batch = governed.pass(&plan.passage, &batch)?;
        passed += batch.num_rows() as u64;
        let skipped = skip.min(batch.num_rows());
        skip -= skipped;
        let batch = batch.slice(skipped, batch.num_rows() - skipped);
        bytes += bytes_of(&batch);
        if bytes > most_bytes {
            return Ok(None); // too much to hold: the columnar path flows
        }
        if batch.num_rows() > 0 {
            batches.push(batch);
        }
    }
    if passed < arrived && arrived >= plan.limit {
        return Ok(None);
    }
    Ok(Some(Rows::from_batches(plan.passage.schema(), batches)))
}

/// A test for NULL on a column that has none would keep the source from its index.
fn never_null(governed: &Governed, item: &GovernedItem) -> bool {
    let column = column(&governed.info, &item.column);
    governed
        .source
        .dialect()
        .zip(column.ok())
        .is_some_and(|(dialect, it)| dialect.never_null(&governed.info, it, item.data_type))
}

/// Counts at the source, where it judges every row as the house does; `None` where the columnar path has to.
///
/// # Errors
/// [`Error::Question`] for unknown items and values that do not fit; those of the source.
pub(crate) async fn count(governed: &Governed, filters: &[Filter]) -> Result<Option<u64>, Error> {
    let Some(dialect) = governed.source.dialect() else {
        return Ok(None);
    };
    let mut parts = Vec::new();
    for filter in filters {
        item(governed, &filter.item)?;
        match condition(governed, filter) {
            Some(it) => parts.push(it),
            None => return Ok(None),
        }
    }
    let extra = if parts.is_empty() {
        RowRule::All
    } else {
        RowRule::And { of: parts }
    };
    let columns = governed.passage_with(Some(&[]), &extra)?.columns;
    let rule = both(&governed.rule, &extra);
    let Some(condition) = dialect.exact(&governed.info, &columns, &rule)? else {
        return Ok(None);
    };
    let table = dialect.table(&governed.table.table);
    let wire = Wire {
        name: "n".to_owned(),
        data_type: DataType::Integer,
        text: dialect == Dialect::Mysql,
    };
    let sql = format!("SELECT count(*) FROM {table} WHERE {condition}");
    let counted = governed.source.query(sql, vec![wire], Arc::default()).await;
    let batches: Vec<_> = match counted {
        Ok(it) => it.try_collect().await.map_err(|it| governed.seen(it))?,
        Err(error) => return Err(governed.seen(error)),
    };
    let first = batches
        .first()
        .and_then(|it| it.columns().first()?.as_primitive_opt::<Int64Type>().cloned());
    let counted = first.and_then(|it| it.values().first().copied());
    counted
        .and_then(|it| u64::try_from(it).ok())
        .map(Some)
        .ok_or_else(|| Error::internal("a count without a number"))
}

fn condition(governed: &Governed, filter: &Filter) -> Option<RowRule> {
    let name = governed.told(&filter.item)?.column.clone();
    let text = |it: &String| Value::Text(it.clone());
    let one = || match filter.values.as_slice() {
        [it] => Some(text(it)),
        _ => None,
    };
    let compare = |op| {
        Some(RowRule::Compare {
            item: name.clone(),
            op,
            value: one()?,
        })
    };
    match filter.op {
        FilterOp::Eq => compare(Compare::Eq),
        FilterOp::Ne => compare(Compare::Ne),
        FilterOp::Lt => compare(Compare::Lt),
        FilterOp::Le => compare(Compare::Le),
        FilterOp::Gt => compare(Compare::Gt),
        FilterOp::Ge => compare(Compare::Ge),
        FilterOp::In => Some(RowRule::In {
            item: name,
            values: filter.values.iter().map(text).collect(),
        }),
        FilterOp::StartsWith => match one()? {
            Value::Text(prefix) => Some(RowRule::StartsWith { item: name, prefix }),
            _ => None,
        },
        FilterOp::Contains => None,
        FilterOp::IsNull => Some(RowRule::IsNull { item: name }),
        FilterOp::NotNull => Some(RowRule::Not {
            of: Box::new(RowRule::IsNull { item: name }),
        }),
    }
}

/// The same condition as in `select::beyond`, over source columns.
fn beyond(governed: &Governed, sort: &[Sort], after: &After) -> Option<RowRule> {
    if sort.is_empty() || sort.len() != after.values.len() {
        return None;
    }
    let mut rest = if after.skip > 0 { RowRule::All } else { RowRule::Nothing };
    for (step, last) in sort.iter().zip(&after.values).rev() {
        let granted = governed.told(&step.item)?;
        let item = granted.column.clone();
        let certain = never_null(governed, granted);
        let null = RowRule::IsNull { item: item.clone() };
        let (further, same) = match last {
            None => (None, null),
            Some(text) => {
                let value = Value::Text(text.clone());
                let op = if step.descending { Compare::Lt } else { Compare::Gt };
                let further = RowRule::Compare {
                    item: item.clone(),
                    op,
                    value: value.clone(),
                };
                let same = RowRule::Compare {
                    item,
                    op: Compare::Eq,
                    value,
                };
                let further = if certain {
                    further
                } else {
                    RowRule::Or {
                        of: vec![further, null],
                    }
                };
                (Some(further), same)
            }
        };
        let same = match rest {
            RowRule::All => Some(same),
            RowRule::Nothing => None,
            rest => Some(RowRule::And { of: vec![same, rest] }),
        };
        rest = match (further, same) {
            (Some(one), Some(other)) => RowRule::Or { of: vec![one, other] },
            (Some(it), None) | (None, Some(it)) => it,
            (None, None) => RowRule::Nothing,
        };
    }
    Some(rest)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use rusqlite::Connection;

    use super::{After, Select, Sort, select};
    use crate::{Engine, Limits, testing};

    #[tokio::test]
    async fn deep_pages_use_the_index() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.db");
        let spec = testing::sqlite(&path, "CREATE TABLE t (id INTEGER PRIMARY KEY, name text);").unwrap();
        let engine = Engine::new(Limits::default());
        let table = testing::open_wide(&engine, &spec, "t", "t").await.unwrap();
        let opened = engine.open(vec![table]).await.unwrap();
        let question = Select {
            sort: vec![Sort {
                item: "id".to_owned(),
                descending: false,
            }],
            after: Some(After {
                values: vec![Some("100000".to_owned())],
                skip: 0,
            }),
            limit: Some(50),
            ..Select::default()
        };
        let plan = select(opened.table("t").unwrap(), &question).unwrap().unwrap();
        let explained: String = Connection::open(&path)
            .unwrap()
            .query_row(&format!("EXPLAIN QUERY PLAN {}", plan.sql), [], |row| row.get(3))
            .unwrap();
        assert_eq!(
            explained, "SEARCH t USING INTEGER PRIMARY KEY (rowid>?)",
            "{}",
            plan.sql
        );
    }
}
