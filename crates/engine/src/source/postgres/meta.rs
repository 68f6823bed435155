//! PostgreSQL's catalogue: tables, columns with their exact types, comments and keys.

use std::collections::BTreeMap;

use tokio_postgres::SimpleQueryMessage;
use vocab::{
    DataType,
    profile::{ColumnInfo, TableInfo},
};

use crate::error::Error;

/// Every operator and function is given exactly what the one of the catalogue takes: see [`super::session`].
const COLUMNS: &str = "
SELECT n.nspname::text, c.relname::text, obj_description(c.oid, 'pg_class'::name), c.reltuples::float8,
       a.attname::text, col_description(c.oid, a.attnum::int4),
       format_type(a.atttypid, a.atttypmod) || COALESCE(' COLLATE '::text || l.collname::text, ''::text),
       a.attnotnull, COALESCE(a.attnum = ANY (i.indkey::int2[]), false),
       c.relkind IN ('r','p','m') AND a.attgenerated = '',
       EXISTS (SELECT 1 FROM pg_index x JOIN pg_class k ON k.oid = x.indexrelid JOIN pg_am m ON m.oid = k.relam
               WHERE x.indrelid = c.oid AND x.indkey[0] = a.attnum AND x.indisvalid AND x.indpred IS NULL
                 AND m.amname IN ('btree','hash'))
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
LEFT JOIN pg_collation l ON l.oid = a.attcollation AND NOT l.collisdeterministic
WHERE c.relkind IN ('r','p','v','m','f')
  AND n.nspname NOT IN ('pg_catalog','information_schema') AND n.nspname::text NOT LIKE 'pg_toast%'
  AND n.nspname::text NOT LIKE 'pg_temp%'
  AND has_table_privilege(c.oid, 'SELECT'::text)
  AND ($1::text IS NULL OR c.oid = to_regclass($1::text)::oid)
ORDER BY n.nspname, c.relname, a.attnum";

/// All tables that may be read, or the one of this name (`schema.table`, or `table` on the search path).
pub(super) async fn tables(client: &tokio_postgres::Client, one: Option<&str>) -> Result<Vec<TableInfo>, Error> {
    let quoted = one.map(|it| crate::source::dialect::Dialect::Postgres.table(it));
    let rows = client.query(COLUMNS, &[&quoted]).await.map_err(super::error)?;
    let mut tables: BTreeMap<(String, String), TableInfo> = BTreeMap::new();
    for row in rows {
        let get = |at: usize| row.try_get::<_, Option<String>>(at).map_err(super::error);
        let (schema, table) = (get(0)?.unwrap_or_default(), get(1)?.unwrap_or_default());
        let name = one.map_or_else(|| format!("{schema}.{table}"), str::to_owned);
        let estimate: f64 = row.try_get(3).map_err(super::error)?;
        // A collation under which texts that differ may be equal belongs to the type: see `text_of_postgres`.
        let source_type = get(6)?.unwrap_or_default();
        let column = ColumnInfo {
            name: get(4)?.unwrap_or_default(),
            comment: get(5)?,
            data_type: data_type(&source_type),
            source_type,
            nullable: !row.try_get::<_, bool>(7).map_err(super::error)?,
            key: row.try_get(8).map_err(super::error)?,
            plain: row.try_get(9).map_err(super::error)?,
            indexed: row.try_get(10).map_err(super::error)?,
        };
        let comment = get(2)?;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let rows_estimate = (estimate >= 0.0).then_some(estimate as u64);
        tables
            .entry((schema, table))
            .or_insert_with(|| TableInfo {
                name,
                comment,
                rows_estimate,
                columns: Vec::new(),
            })
            .columns
            .push(column);
    }
    Ok(tables.into_values().collect())
}

/// The house's type of a PostgreSQL type. `numeric` without precision, and everything without a place, is text.
fn data_type(source_type: &str) -> DataType {
    match source_type {
        "smallint" | "integer" | "bigint" => DataType::Integer,
        "real" | "double precision" => DataType::Double,
        "boolean" => DataType::Boolean,
        "date" => DataType::Date,
        "bytea" => DataType::Bytes,
        "json" | "jsonb" => DataType::Json,
        it if it.starts_with("timestamp") && it.ends_with("without time zone") => DataType::DateTime,
        it if it.starts_with("timestamp") && it.ends_with("with time zone") => DataType::Instant,
        it => decimal(it).unwrap_or(DataType::Text),
    }
}

fn decimal(source_type: &str) -> Option<DataType> {
    let inside = source_type.strip_prefix("numeric(")?.strip_suffix(')')?;
    let (precision, scale) = inside.split_once(',')?;
    let (precision, scale): (u8, u8) = (precision.parse().ok()?, scale.parse().ok()?);
    (precision <= 38 && scale <= precision).then_some(DataType::Decimal { precision, scale })
}

/// The server that reads a range of pages without looking at the others (TID range scan).
const READS_PAGES: i32 = 140_000;

/// Pages of a table, of the largest one where it has parts: every row is on one of them. `None` where pages say nothing: of
/// a view or a foreign table, also as a part, of another kind of storage than the usual one, on a server of before 14.
pub(super) async fn pages(client: &tokio_postgres::Client, quoted: &str) -> Result<Option<u64>, Error> {
    let sql = "WITH RECURSIVE parts AS ( \
                 SELECT to_regclass($1::text)::oid AS oid UNION SELECT i.inhrelid FROM pg_inherits i JOIN parts p ON i.inhparent = p.oid) \
               SELECT current_setting('server_version_num'::text)::int4, \
                      bool_and(c.relkind = 'p' OR (c.relkind IN ('r', 'm') AND a.amname = 'heap')), \
                      max(CASE c.relkind WHEN 'p' THEN 0 ELSE pg_relation_size(c.oid::regclass) / current_setting('block_size'::text)::int8 END)::int8 \
                 FROM parts JOIN pg_class c ON c.oid = parts.oid LEFT JOIN pg_am a ON a.oid = c.relam";
    let row = client.query_one(sql, &[&quoted]).await.map_err(super::error)?;
    let version: i32 = row.try_get(0).map_err(super::error)?;
    let stored: Option<bool> = row.try_get(1).map_err(super::error)?;
    let pages: Option<i64> = row.try_get(2).map_err(super::error)?;
    let readable = version >= READS_PAGES && stored == Some(true);
    Ok(pages.and_then(|it| u64::try_from(it).ok()).filter(|_| readable))
}

/// Tables and their files, by their numbers.
pub(crate) type Form = Vec<(u32, u32)>;

/// The tables that the rows of a table are in, with the files that these are in now: the table itself, its parts and what
/// inherits from it, what a view reads (a materialised one has its rows itself). A part may be attached while its parent is
/// held.
pub(super) async fn form(client: &tokio_postgres::Client, quoted: &str) -> Result<Form, Error> {
    let sql = "WITH RECURSIVE below AS ( \
                 SELECT to_regclass($1::text)::oid AS oid \
                 UNION \
                 SELECT more.oid FROM below CROSS JOIN LATERAL ( \
                   SELECT i.inhrelid FROM pg_inherits i WHERE i.inhparent = below.oid \
                   UNION ALL \
                   SELECT d.refobjid FROM pg_class v JOIN pg_rewrite r ON r.ev_class = v.oid JOIN pg_depend d ON d.objid = r.oid \
                      AND d.classid = 'pg_rewrite'::regclass::oid AND d.refclassid = 'pg_class'::regclass::oid \
                    WHERE v.oid = below.oid AND v.relkind = 'v') AS more(oid)) \
               SELECT c.oid, c.relfilenode FROM pg_class c JOIN below ON below.oid = c.oid ORDER BY c.oid";
    let rows = client.query(sql, &[&quoted]).await.map_err(super::error)?;
    let mut form = Form::new();
    for row in rows {
        let numbers = (row.try_get(0), row.try_get(1));
        form.push((numbers.0.map_err(super::error)?, numbers.1.map_err(super::error)?));
    }
    Ok(form)
}

/// The planner's estimate of the rows of a question.
pub(super) async fn estimate(client: &tokio_postgres::Client, sql: &str) -> Result<Option<u64>, Error> {
    let explain = format!("EXPLAIN (FORMAT JSON) {sql}");
    let rows = client.simple_query(&explain).await.map_err(super::error)?;
    let text: String = rows
        .iter()
        .filter_map(|it| match it {
            SimpleQueryMessage::Row(row) => row.get(0),
            _ => None,
        })
        .collect();
    let plan: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
    Ok(plan.pointer("/0/Plan/Plan Rows").and_then(serde_json::Value::as_u64))
}
