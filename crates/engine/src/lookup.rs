//! Fast lookups by value on PostgreSQL: one prepared statement for each table and set of items, on a few connections that
//! many callers share by pipelining. Records that are asked for while others are being fetched wait, and are fetched
//! together: see [`gather`]. Only values that an index finds go this way; all others are a [`Opened::select`], which has
//! every limit. Answers pass the same row rule and masks as every other row.

mod gather;
mod lanes;
mod statement;

use std::sync::Arc;

use arrow::{array::RecordBatch, compute::concat_batches};
use bytes::Bytes;
use tokio_postgres::error::SqlState;

use crate::{
    Engine, Opened,
    encode::{JsonObject, Options},
    error::Error,
    govern::Governed,
    select::{Filter, FilterOp, Select, literal},
    shape::Shape,
    source::postgres,
};
use gather::Found;
pub(crate) use lanes::Lanes;
pub(crate) use statement::Keyed;

/// Why a lane did not answer.
pub(crate) enum Failed {
    /// The table is not any more what it was when the statement was made.
    Changed,
    Other(Error),
}

impl Failed {
    fn of(error: tokio_postgres::Error) -> Self {
        // The first is "cached plan must not change result type".
        let changed = [
            SqlState::FEATURE_NOT_SUPPORTED,
            SqlState::INVALID_SQL_STATEMENT_NAME,
            SqlState::UNDEFINED_FUNCTION,
            SqlState::UNDEFINED_COLUMN,
            SqlState::UNDEFINED_TABLE,
            SqlState::DATATYPE_MISMATCH,
            SqlState::CANNOT_COERCE,
        ];
        match error.code() {
            Some(code) if changed.contains(code) => Self::Changed,
            _ => Self::Other(postgres::error(error)),
        }
    }
}

/// Items and their values as text.
type Keys<'a> = [(&'a str, &'a str)];

impl Opened {
    /// Rows of a table where items have these values, at most `limit`, in the source's order: `(item, value as text)`.
    /// On PostgreSQL, for unmasked items of which one leads an index, this is a prepared and pipelined query; elsewhere a
    /// [`Opened::select`].
    ///
    /// # Errors
    /// [`Error::Question`] for unknown items and values that do not fit; [`Error::Limit`]; those of the source.
    pub async fn lookup(&self, table: &str, keys: &Keys<'_>, limit: u64) -> Result<RecordBatch, Error> {
        check(self.table(table)?, keys)?;
        Ok(self.found(table, keys, limit).await?.0)
    }

    /// The one row of a table where items have these values, as a JSON object and a line end; `None` where there is none.
    ///
    /// # Errors
    /// As [`Opened::lookup`], and [`Error::Question`] when several rows have the values.
    pub async fn lookup_json(&self, table: &str, keys: &Keys<'_>) -> Result<Option<Bytes>, Error> {
        let governed = self.table(table)?;
        check(governed, keys)?;
        let found = match gather::ask(&self.engine, governed, keys).await {
            Some(it) => it?,
            None => Box::pin(self.one(table, keys)).await?,
        };
        match found {
            Found::Nothing => Ok(None),
            Found::One(it) => Ok(Some(it)),
            Found::Several => {
                let items: Vec<_> = keys.iter().map(|(item, _)| format!("`{item}`")).collect();
                Err(Error::question(format!(
                    "more than one row has this value of {}; ask for them with a filter",
                    items.join(", ")
                )))
            }
        }
    }

    /// The same, with nobody.
    async fn one(&self, table: &str, keys: &Keys<'_>) -> Result<Found, Error> {
        let (rows, keyed) = self.found(table, keys, 2).await?;
        match rows.num_rows() {
            0 => return Ok(Found::Nothing),
            1 => {}
            _ => return Ok(Found::Several),
        }
        match keyed {
            Some(it) => it.one(&rows),
            None => {
                let shape = Shape::of(&rows.schema(), &[]).map_err(Error::internal)?;
                first_line(&shape, &JsonObject::new(&shape, Options::default()), &rows)
            }
        }
        .map(Found::One)
    }

    /// The granted items of a table's key, in order.
    ///
    /// # Errors
    /// [`Error::Question`] for an unknown table.
    pub fn key(&self, table: &str) -> Result<Vec<&str>, Error> {
        let keys = self.table(table)?.table.items.iter().filter(|it| it.key);
        Ok(keys.map(|it| it.name.as_str()).collect())
    }

    async fn found(
        &self,
        table: &str,
        keys: &Keys<'_>,
        limit: u64,
    ) -> Result<(RecordBatch, Option<Arc<Keyed>>), Error> {
        let governed = self.table(table)?;
        match self.by_lane(governed, keys, limit).await {
            Ok(Some((rows, keyed))) => return Ok((rows, Some(keyed))),
            Ok(None) => {}
            Err(Failed::Other(error)) => return Err(governed.seen(error)),
            Err(Failed::Changed) => return self.again(governed, keys, limit).await,
        }
        Ok((self.by_select(table, keys, limit).await?, None))
    }

    /// Once more, with the table described anew.
    async fn again(
        &self,
        stale: &Arc<Governed>,
        keys: &Keys<'_>,
        limit: u64,
    ) -> Result<(RecordBatch, Option<Arc<Keyed>>), Error> {
        stale.lookups.write().clear();
        self.engine.forget_table(&stale.table.source, &stale.table.table);
        let fresh = self.engine.governed(stale.table.clone(), stale.owner).await?;
        let opened = Self::new(self.engine.clone(), vec![Arc::clone(&fresh)]);
        match opened.by_lane(&fresh, keys, limit).await {
            Ok(Some((rows, keyed))) => Ok((rows, Some(keyed))),
            Err(Failed::Other(error)) => Err(fresh.seen(error)),
            Ok(None) | Err(Failed::Changed) => Ok((opened.by_select(&fresh.table.name, keys, limit).await?, None)),
        }
    }

    async fn by_lane(
        &self,
        governed: &Arc<Governed>,
        keys: &Keys<'_>,
        limit: u64,
    ) -> Result<Option<(RecordBatch, Arc<Keyed>)>, Failed> {
        let Some(database) = governed.source.postgres() else {
            return Ok(None);
        };
        let Some(keyed) = keyed(governed, keys, limit).map_err(Failed::Other)? else {
            return Ok(None);
        };
        let values = keys.iter().map(|(_, value)| *value);
        let rows = fetch(&self.engine, governed, database, &keyed, values).await?;
        Ok(Some((rows, keyed)))
    }

    async fn by_select(&self, table: &str, keys: &Keys<'_>, limit: u64) -> Result<RecordBatch, Error> {
        let filters = keys.iter().map(|(item, value)| Filter {
            item: (*item).to_owned(),
            op: FilterOp::Eq,
            values: vec![(*value).to_owned()],
        });
        let select = Select {
            filters: filters.collect(),
            limit: Some(limit),
            ..Select::default()
        };
        let rows = self.select(table, &select).await?;
        let schema = rows.schema();
        let (batches, _) = rows.collect_all().await?;
        concat_batches(&schema, &batches).map_err(Error::internal)
    }
}

/// The first row as a JSON object and a line end.
fn first_line(shape: &Shape, json: &JsonObject, rows: &RecordBatch) -> Result<Bytes, Error> {
    let mut out = Vec::with_capacity(512);
    json.write(&shape.cells(rows).map_err(Error::internal)?, 0, &mut out);
    out.push(b'\n');
    Ok(out.into())
}

/// The rows of one asker.
async fn fetch(
    engine: &Engine,
    governed: &Governed,
    database: &postgres::Postgres,
    keyed: &Keyed,
    values: impl ExactSizeIterator<Item = &str> + Send,
) -> Result<RecordBatch, Failed> {
    let _permit = engine.lookup_permit().await.map_err(Failed::Other)?;
    let (at, lane) = database.lanes.lane(database).await.map_err(Failed::Other)?;
    let statement = keyed.alone.on(at, &lane).await?;
    let rows = lane.client.query_raw(&statement, values).await.map_err(Failed::of)?;
    let arrived = keyed.arrive(rows, 0, 1, |_| Ok(())).await?.ok_or_else(|| {
        let detail = "the rows of this value are too large together; ask for them with a filter";
        Failed::Other(Error::question(detail))
    })?;
    governed.pass(&keyed.passage, &arrived).map_err(Failed::Other)
}

/// Can items have these values?
fn check(governed: &Governed, keys: &Keys<'_>) -> Result<(), Error> {
    for (name, value) in keys {
        literal(governed, name, value)?;
        if value.contains('\0') {
            return Err(Error::question(format!("the value of `{name}` holds a NUL character")));
        }
    }
    Ok(())
}

fn keyed(governed: &Governed, keys: &Keys<'_>, limit: u64) -> Result<Option<Arc<Keyed>>, Error> {
    let fits = |it: &&Arc<Keyed>| it.limit == limit && it.names.iter().eq(keys.iter().map(|(name, _)| *name));
    if let Some(it) = governed.lookups.read().iter().find(fits) {
        return Ok(Some(Arc::clone(it)));
    }
    let Some(keyed) = Keyed::compile(governed, keys, limit)? else {
        return Ok(None);
    };
    let keyed = Arc::new(keyed);
    let mut known = governed.lookups.write();
    if known.len() > 20 {
        known.clear();
    }
    known.push(Arc::clone(&keyed));
    Ok(Some(keyed))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::Arc;

    use crate::{Engine, Limits, testing};

    #[tokio::test]
    async fn what_is_opened_again_is_ready() {
        let folder = tempfile::tempdir().unwrap();
        let spec = testing::sqlite(&folder.path().join("t.db"), "CREATE TABLE t (id INTEGER PRIMARY KEY);").unwrap();
        let engine = Engine::new(Limits::default());
        let table = testing::open_wide(&engine, &spec, "t", "t").await.unwrap();
        let first = engine.open(vec![table.clone()]).await.unwrap();
        let again = engine.open(vec![table.clone()]).await.unwrap();
        assert!(Arc::ptr_eq(first.table("t").unwrap(), again.table("t").unwrap()));
        // Another basis is another table, whatever its name.
        let mut other = table.clone();
        other.rows = vocab::RowRule::Nothing;
        let other = engine.open(vec![other]).await.unwrap();
        assert!(!Arc::ptr_eq(first.table("t").unwrap(), other.table("t").unwrap()));
        engine.forget_table(&spec, "t");
        let fresh = engine.open(vec![table]).await.unwrap();
        assert!(!Arc::ptr_eq(first.table("t").unwrap(), fresh.table("t").unwrap()));
    }
}
