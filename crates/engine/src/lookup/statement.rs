//! The statements of a lookup, and how what they bring is read.

use std::sync::Arc;

use arrow::{array::RecordBatch, datatypes::SchemaRef};
use bytes::Bytes;
use futures::TryStreamExt;
use tokio_postgres::{
    Row, RowStream, Statement,
    types::{FromSql, Type},
};
use vocab::{DataType, profile::ColumnInfo};

use super::{
    Failed, Keys,
    gather::Gather,
    lanes::{Lane, Prepared},
};
use crate::{
    encode::{JsonObject, Options},
    error::Error,
    govern::{Governed, Passage},
    rows::Notes,
    shape::{Shape, build::Builder},
    source::{Wire, column, dialect::Dialect, postgres, wire_shape},
};

/// The names that a common statement gives to those who ask. PostgreSQL takes a name that a table has not (any more) for one
/// from outside, which here would be a value that somebody asks for: so no table may have or have had these, and each
/// statement has its own, which nobody can guess.
struct Asked(String);

impl Asked {
    fn new() -> Self {
        Self(uuid::Uuid::now_v7().simple().to_string())
    }

    fn table(&self) -> String {
        format!("asked_{}", self.0)
    }

    fn value(&self, no: usize) -> String {
        format!("v{no}_{}", self.0)
    }

    fn place(&self) -> String {
        format!("no_{}", self.0)
    }

    /// `each`, a select for one asker, for `keys` arrays of values. A subquery with a limit is planned by itself, so each
    /// asker costs what it costs alone.
    fn many(&self, each: &str, keys: usize) -> String {
        let list = |of: &dyn Fn(usize) -> String| (1..=keys).map(of).collect::<Vec<_>>().join(", ");
        let (table, place) = (self.table(), self.place());
        format!(
            "SELECT {table}.{place}, row_{}.* FROM ROWS FROM ({}) WITH ORDINALITY AS {table}({}, {place}) \
             CROSS JOIN LATERAL ({each}) AS row_{}",
            self.0,
            list(&|no| format!("pg_catalog.unnest(${no}::text[])")),
            list(&|no| self.value(no)),
            self.0
        )
    }
}

/// A lookup, prepared: everything about it that no value changes.
pub(crate) struct Keyed {
    pub(super) names: Vec<String>,
    pub(super) limit: u64,
    pub(super) passage: Passage,
    pub(super) shape: Shape,
    pub(super) json: JsonObject,
    /// For the values of one asker, `$1::text`, `$2::text`, …
    pub(super) alone: Asking,
    /// For those of many, `$1::text[]`, `$2::text[]`, …: the place of the asker, counted from one, leads each row. `None`
    /// where the house has to judge rows itself, as places would be lost with those that stay behind, and where the items
    /// are not the whole key: what finds many rows is slow, and nobody is to wait for that.
    pub(super) together: Option<Asking>,
    pub(super) gather: Gather,
    wires: Vec<Wire>,
    arriving: (Shape, SchemaRef),
}

/// A statement, prepared where it is needed.
pub(super) struct Asking {
    sql: String,
    prepared: Prepared,
}

impl Asking {
    fn new(sql: String) -> Self {
        let prepared = Prepared::default();
        Self { sql, prepared }
    }

    /// The statement on a lane.
    pub async fn on(&self, at: usize, lane: &Lane) -> Result<Statement, Failed> {
        self.prepared.on(at, lane, &self.sql).await.map_err(Failed::of)
    }
}

impl std::fmt::Debug for Keyed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keyed")
            .field("sql", &self.alone.sql)
            .finish_non_exhaustive()
    }
}

impl Keyed {
    /// The statements for values of these items, at most `limit` rows for each asker; `None` where no index finds them.
    ///
    /// # Errors
    /// [`Error::Source`] when the source has changed; [`Error::Internal`].
    pub fn compile(governed: &Governed, keys: &Keys<'_>, limit: u64) -> Result<Option<Self>, Error> {
        let dialect = Dialect::Postgres;
        let mut passage = governed.passage(None)?;
        let Some(wanted) = told(governed, keys)? else {
            return Ok(None);
        };
        if !wanted.iter().any(|(it, _)| it.indexed) || passage.columns.is_empty() {
            return Ok(None);
        }
        let Some(rule) = dialect.whole(&governed.info, &passage.columns, &governed.rule)? else {
            return Ok(None);
        };
        let exact = dialect.exact(&governed.info, &passage.columns, &governed.rule)?;
        if exact.is_some() {
            passage = passage.judged();
        }
        let (list, wires) = read(governed, &passage)?;
        let select = |value: &dyn Fn(usize) -> String| {
            let pairs = wanted.iter().enumerate();
            let equal = pairs.map(|(at, (column, data_type))| dialect.equals(column, *data_type, &value(at + 1)));
            let mut conditions = equal.collect::<Option<Vec<_>>>()?;
            conditions.push(rule.clone());
            Some(format!(
                "SELECT {} FROM {} WHERE {} LIMIT {limit}",
                list.join(", "),
                dialect.table(&governed.table.table),
                conditions.join(" AND ")
            ))
        };
        let asked = Asked::new();
        let value = |no| format!("{}.{}", asked.table(), asked.value(no));
        let (Some(alone), Some(each)) = (select(&|no| format!("${no}")), select(&value)) else {
            return Ok(None);
        };
        let common = has_key(governed, &wanted) && passage.lets_all_through();
        let together = common.then(|| Asking::new(asked.many(&each, keys.len())));
        let (arriving, shape) = (
            wire_shape(&wires),
            Shape::of(&passage.schema(), &[]).map_err(Error::internal)?,
        );
        Ok(Some(Self {
            names: keys.iter().map(|(name, _)| (*name).to_owned()).collect(),
            limit,
            alone: Asking::new(alone),
            together,
            gather: Gather::default(),
            wires,
            arriving: (arriving.clone(), arriving.schema()),
            json: JsonObject::new(&shape, Options::default()),
            shape,
            passage,
        }))
    }

    /// The only row as a JSON object and a line end.
    ///
    /// # Errors
    /// [`Error::Internal`].
    pub fn one(&self, rows: &RecordBatch) -> Result<Bytes, Error> {
        super::first_line(&self.shape, &self.json, rows)
    }

    /// The rows that a stream brings, read from column `first` on; `seen` hears of each. `None` where they are more than a
    /// batch holds.
    pub async fn arrive(
        &self,
        rows: RowStream,
        first: usize,
        expected: usize,
        mut seen: impl FnMut(&Row) -> Result<(), Failed>,
    ) -> Result<Option<RecordBatch>, Failed> {
        futures::pin_mut!(rows);
        let notes = Notes::default();
        let (shape, schema) = &self.arriving;
        let mut builder = Builder::for_rows(shape, Arc::clone(schema), expected);
        while let Some(row) = rows.try_next().await.map_err(Failed::of)? {
            if builder.is_full() {
                return Ok(None);
            }
            seen(&row)?;
            for (at, (wire, cell)) in self.wires.iter().zip(&mut builder.columns).enumerate() {
                match row.try_get::<_, Raw<'_>>(first + at).map_err(Failed::of)?.0 {
                    None => cell.null(),
                    Some(bytes) => postgres::cell(cell, wire, bytes, &notes),
                }
            }
            builder.row();
        }
        let batch = builder.batch().map_err(|it| Failed::Other(Error::internal(it)))?;
        Ok(Some(batch))
    }
}

/// The columns of items that the source may be told of, and what they are wanted as; `None` where it may not of one.
fn told<'a>(governed: &'a Governed, keys: &Keys<'_>) -> Result<Option<Vec<(&'a ColumnInfo, DataType)>>, Error> {
    let mut wanted = Vec::new();
    for (name, _) in keys {
        let Some(item) = governed.told(name) else {
            return Ok(None);
        };
        wanted.push((column(&governed.info, &item.column)?, item.data_type));
    }
    Ok(Some(wanted))
}

/// How the columns of a passage are read: SQL, and what comes of it.
fn read(governed: &Governed, passage: &Passage) -> Result<(Vec<String>, Vec<Wire>), Error> {
    let read = passage.columns.iter().map(|wanted| {
        let read = Dialect::Postgres.read(column(&governed.info, &wanted.column)?, wanted.data_type);
        let wire = Wire {
            name: wanted.column.clone(),
            data_type: wanted.data_type,
            text: read.text,
        };
        Ok((read.sql, wire))
    });
    read.collect()
}

/// Are all columns of the table's key among them?
fn has_key(governed: &Governed, wanted: &[(&ColumnInfo, DataType)]) -> bool {
    let mut key = governed.info.columns.iter().filter(|it| it.key).peekable();
    key.peek().is_some() && key.all(|it| wanted.iter().any(|(had, _)| had.name == it.name))
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

impl Dialect {
    /// `column = value` where the value is text, for types whose text is read the same on both sides, and collations under
    /// which only the same text is equal. Both sides are of exactly the types of an operator of the catalogue, see
    /// [`crate::source::column`].
    fn equals(self, column: &ColumnInfo, wanted: DataType, value: &str) -> Option<String> {
        let name = self.ident(&column.name);
        let source_type = column.source_type.as_str();
        match wanted {
            DataType::Text if source_type.contains(" COLLATE ") => None,
            DataType::Text if source_type.starts_with("character varying") || source_type == "text" => {
                Some(format!("{name}::text = {value}::text"))
            }
            DataType::Text if source_type.starts_with("character(") => {
                let length = source_type.strip_prefix("character(")?.strip_suffix(')')?;
                Some(format!(
                    "({name} = ({value}::text)::bpchar AND rpad({name}::text, {length}) COLLATE \"C\" = {value}::text)"
                ))
            }
            DataType::Integer if column.data_type == DataType::Integer => {
                Some(format!("{name} = ({value}::text)::int8"))
            }
            DataType::Date if column.data_type == DataType::Date => Some(format!("{name} = ({value}::text)::date")),
            _ => None,
        }
    }
}
