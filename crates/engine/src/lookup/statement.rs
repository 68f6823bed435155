//! The statements of a lookup, and how what they bring is read.

use std::sync::Arc;

use arrow::{array::RecordBatch, datatypes::SchemaRef};
use futures::TryStreamExt;
use tokio_postgres::{
    Row, RowStream, Statement,
    types::{FromSql, Type},
};
use vocab::DataType;

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

/// What those who ask together are called in the statement: no name that a table of a source has by chance.
const ASKED: &str = "jutong_asked";

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
    /// where the house has to judge rows itself, as places would be lost with those that stay behind.
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
        f.debug_struct("Keyed").field("sql", &self.alone.sql).finish_non_exhaustive()
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
        let (mut wanted, mut indexed) = (Vec::new(), false);
        for (name, _) in keys {
            let Some(item) = governed.told(name) else {
                return Ok(None);
            };
            let column = column(&governed.info, &item.column)?;
            indexed |= column.indexed;
            wanted.push((column, item.data_type));
        }
        if !indexed || passage.columns.is_empty() {
            return Ok(None);
        }
        let Some(rule) = dialect.whole(&governed.info, &passage.columns, &governed.rule)? else {
            return Ok(None);
        };
        let exact = dialect.exact(&governed.info, &passage.columns, &governed.rule)?;
        if exact.is_some() {
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
        let (Some(alone), Some(each)) = (select(&|no| format!("${no}")), select(&|no| format!("{ASKED}.v{no}"))) else {
            return Ok(None);
        };
        let together = passage.lets_all_through().then(|| Asking::new(many(&each, keys.len())));
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

    /// The rows that a stream brings, read from column `first` on; `seen` hears of each. No more than a batch holds: whether
    /// there were more is told too.
    pub async fn arrive(
        &self,
        rows: RowStream,
        first: usize,
        expected: usize,
        mut seen: impl FnMut(&Row) -> Result<(), Failed>,
    ) -> Result<(RecordBatch, bool), Failed> {
        futures::pin_mut!(rows);
        let notes = Notes::default();
        let (shape, schema) = &self.arriving;
        let mut builder = Builder::for_rows(shape, Arc::clone(schema), expected);
        let mut cut = false;
        while let Some(row) = rows.try_next().await.map_err(Failed::of)? {
            seen(&row)?;
            for (at, (wire, cell)) in self.wires.iter().zip(&mut builder.columns).enumerate() {
                match row.try_get::<_, Raw<'_>>(first + at).map_err(Failed::of)?.0 {
                    None => cell.null(),
                    Some(bytes) => postgres::cell(cell, wire, bytes, &notes),
                }
            }
            builder.row();
            if builder.is_full() {
                cut = true;
                break;
            }
        }
        let batch = builder.batch().map_err(|it| Failed::Other(Error::internal(it)))?;
        Ok((batch, cut))
    }
}

/// `each`, a select for one asker, for `keys` arrays of values. A subquery with a limit is planned by itself, so each asker
/// costs what it costs alone.
fn many(each: &str, keys: usize) -> String {
    let list = |of: &dyn Fn(usize) -> String| (1..=keys).map(of).collect::<Vec<_>>().join(", ");
    format!(
        "SELECT {ASKED}.no, it.* FROM ROWS FROM ({}) WITH ORDINALITY AS {ASKED}({}, no) CROSS JOIN LATERAL ({each}) AS it",
        list(&|no| format!("pg_catalog.unnest(${no}::text[])")),
        list(&|no| format!("v{no}")),
    )
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
    fn equals(self, column: &vocab::profile::ColumnInfo, wanted: DataType, value: &str) -> Option<String> {
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
            DataType::Date if column.data_type == DataType::Date => {
                Some(format!("{name} = ({value}::text)::date"))
            }
            _ => None,
        }
    }
}
