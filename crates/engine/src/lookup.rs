//! Fast lookups by value on PostgreSQL: one prepared statement for each table and set of items, on a few connections that
//! many callers share by pipelining. Only values that an index finds go this way; all others are a [`Opened::select`],
//! which has every limit. Answers pass the same row rule and masks as every other row.

mod lanes;

use std::sync::Arc;

use arrow::{array::RecordBatch, compute::concat_batches, datatypes::SchemaRef};
use bytes::Bytes;
use futures::TryStreamExt;
use tokio_postgres::{
    Statement,
    error::SqlState,
    types::{FromSql, Type},
};
use vocab::DataType;

use crate::{
    Opened,
    encode::{JsonObject, Options},
    error::Error,
    govern::{Governed, Passage},
    rows::Notes,
    select::{Filter, FilterOp, Select, literal},
    shape::{Shape, build::Builder},
    source::{Wire, column, dialect::Dialect, postgres, wire_shape},
};
pub(crate) use lanes::Lanes;
use lanes::{Lane, Prepared};

/// A lookup, prepared: everything about it that no value changes.
pub(crate) struct Keyed {
    names: Vec<String>,
    limit: u64,
    sql: String,
    wires: Vec<Wire>,
    arriving: (Shape, SchemaRef),
    passage: Passage,
    shape: Shape,
    json: JsonObject,
    prepared: Prepared,
}

impl std::fmt::Debug for Keyed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keyed").field("sql", &self.sql).finish_non_exhaustive()
    }
}

struct Raw<'a>(Option<&'a [u8]>);

impl<'a> FromSql<'a> for Raw<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(Some(raw)))
    }
    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(None))
    }
    fn accepts(_: &Type) -> bool {
        true
    }
}

/// Why a lane did not answer.
enum Failed {
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
        Ok(self.found(table, keys, limit).await?.0)
    }

    /// The one row of a table where items have these values, as a JSON object and a line end; `None` where there is none.
    ///
    /// # Errors
    /// As [`Opened::lookup`], and [`Error::Question`] when several rows have the values.
    pub async fn lookup_json(&self, table: &str, keys: &Keys<'_>) -> Result<Option<Bytes>, Error> {
        let (rows, keyed) = self.found(table, keys, 2).await?;
        match rows.num_rows() {
            0 => return Ok(None),
            1 => {}
            _ => {
                let items: Vec<_> = keys.iter().map(|(item, _)| format!("`{item}`")).collect();
                return Err(Error::question(format!(
                    "more than one row has this value of {}; ask for them with a filter",
                    items.join(", ")
                )));
            }
        }
        let made = |shape: &Shape, json: &JsonObject| {
            let mut out = Vec::with_capacity(512);
            json.write(&shape.cells(&rows).map_err(Error::internal)?, 0, &mut out);
            out.push(b'\n');
            Ok(Some(out.into()))
        };
        match keyed {
            Some(it) => made(&it.shape, &it.json),
            None => {
                let shape = Shape::of(&rows.schema(), &[]).map_err(Error::internal)?;
                made(&shape, &JsonObject::new(&shape, Options::default()))
            }
        }
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
        for (name, value) in keys {
            literal(governed, name, value)?;
            if value.contains('\0') {
                return Err(Error::question(format!("the value of `{name}` holds a NUL character")));
            }
        }
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
        let _permit = self.engine.lookup_permit().await.map_err(Failed::Other)?;
        let (at, lane) = database.lanes.lane(database).await.map_err(Failed::Other)?;
        let statement = keyed.prepared.on(at, &lane, &keyed.sql).await.map_err(Failed::of)?;
        let arrived = arrive(&keyed, &lane, &statement, keys).await?;
        let rows = governed.pass(&keyed.passage, &arrived).map_err(Failed::Other)?;
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

fn keyed(governed: &Governed, keys: &Keys<'_>, limit: u64) -> Result<Option<Arc<Keyed>>, Error> {
    let fits = |it: &&Arc<Keyed>| it.limit == limit && it.names.iter().eq(keys.iter().map(|(name, _)| *name));
    if let Some(it) = governed.lookups.read().iter().find(fits) {
        return Ok(Some(Arc::clone(it)));
    }
    let Some(keyed) = compile(governed, keys, limit)? else {
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

fn compile(governed: &Governed, keys: &Keys<'_>, limit: u64) -> Result<Option<Keyed>, Error> {
    let dialect = Dialect::Postgres;
    let mut passage = governed.passage(None)?;
    let (mut conditions, mut indexed) = (Vec::new(), false);
    for (at, (name, _)) in keys.iter().enumerate() {
        let Some(item) = governed.told(name) else {
            return Ok(None);
        };
        let column = column(&governed.info, &item.column)?;
        indexed |= column.indexed;
        match dialect.equals(column, item.data_type, at + 1) {
            Some(it) => conditions.push(it),
            None => return Ok(None),
        }
    }
    if !indexed || passage.columns.is_empty() {
        return Ok(None);
    }
    match dialect.whole(&governed.info, &passage.columns, &governed.rule)? {
        Some(rule) => conditions.push(rule),
        None => return Ok(None),
    }
    if dialect
        .exact(&governed.info, &passage.columns, &governed.rule)?
        .is_some()
    {
        passage = passage.judged();
    }
    let (mut list, mut wires) = (Vec::new(), Vec::new());
    for wanted in &passage.columns {
        let read = dialect.read(column(&governed.info, &wanted.column)?, wanted.data_type);
        list.push(read.sql);
        wires.push(Wire {
            name: wanted.column.clone(),
            data_type: wanted.data_type,
            text: read.text,
        });
    }
    let sql = format!(
        "SELECT {} FROM {} WHERE {} LIMIT {limit}",
        list.join(", "),
        dialect.table(&governed.table.table),
        conditions.join(" AND ")
    );
    let (arriving, shape) = (
        wire_shape(&wires),
        Shape::of(&passage.schema(), &[]).map_err(Error::internal)?,
    );
    Ok(Some(Keyed {
        names: keys.iter().map(|(name, _)| (*name).to_owned()).collect(),
        limit,
        sql,
        wires,
        arriving: (arriving.clone(), arriving.schema()),
        json: JsonObject::new(&shape, Options::default()),
        shape,
        passage,
        prepared: Prepared::default(),
    }))
}

async fn arrive(keyed: &Keyed, lane: &Lane, statement: &Statement, keys: &Keys<'_>) -> Result<RecordBatch, Failed> {
    let values = keys.iter().map(|(_, value)| *value);
    let rows = lane.client.query_raw(statement, values).await.map_err(Failed::of)?;
    futures::pin_mut!(rows);
    let notes = Notes::default();
    let (shape, schema) = &keyed.arriving;
    let mut builder = Builder::for_rows(shape, Arc::clone(schema), 1);
    while let Some(row) = rows.try_next().await.map_err(Failed::of)? {
        for (at, (wire, cell)) in keyed.wires.iter().zip(&mut builder.columns).enumerate() {
            match row.try_get::<_, Raw<'_>>(at).map_err(Failed::of)?.0 {
                None => cell.null(),
                Some(bytes) => postgres::cell(cell, wire, bytes, &notes),
            }
        }
        builder.row();
        if builder.is_full() {
            break;
        }
    }
    builder.batch().map_err(|it| Failed::Other(Error::internal(it)))
}

impl Dialect {
    /// `column = $n` where the parameter is text, for types whose text is read the same on both sides, and collations under
    /// which only the same text is equal. Both sides are of exactly the types of an operator of the catalogue, see
    /// [`crate::source::column`].
    fn equals(self, column: &vocab::profile::ColumnInfo, wanted: DataType, parameter: usize) -> Option<String> {
        let name = self.ident(&column.name);
        let source_type = column.source_type.as_str();
        match wanted {
            DataType::Text if source_type.contains(" COLLATE ") => None,
            DataType::Text if source_type.starts_with("character varying") || source_type == "text" => {
                Some(format!("{name}::text = ${parameter}::text"))
            }
            DataType::Text if source_type.starts_with("character(") => {
                let length = source_type.strip_prefix("character(")?.strip_suffix(')')?;
                Some(format!(
                    "({name} = (${parameter}::text)::bpchar AND rpad({name}::text, {length}) COLLATE \"C\" = ${parameter}::text)"
                ))
            }
            DataType::Integer if column.data_type == DataType::Integer => {
                Some(format!("{name} = (${parameter}::text)::int8"))
            }
            DataType::Date if column.data_type == DataType::Date => {
                Some(format!("{name} = (${parameter}::text)::date"))
            }
            _ => None,
        }
    }
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
