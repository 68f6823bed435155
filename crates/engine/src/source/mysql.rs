//! MySQL and MariaDB over the text protocol, in UTC and `utf8mb4`; a dropped scan kills its query on the server.
//!
//! Options: see [`link`]. Zero dates (`0000-00-00`) have no place in a calendar: they become NULL and are counted.

pub(crate) mod link;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use mysql_async::{Conn, Params, Value, prelude::Queryable};
use vocab::{
    DataType, SourceSpec,
    profile::{ColumnInfo, TableInfo},
};

use super::{
    Scan, Source, Wire,
    dialect::Dialect,
    io_error,
    pump::{self, Filling, Sender},
};
use crate::{
    error::{Cause, Error},
    rows::{Batches, Notes},
};
use link::{Failed, Link};

/// What every connection begins with.
const SETUP: &[&str] = &[
    "SET NAMES utf8mb4",
    "SET time_zone = '+00:00'",
    "SET SESSION TRANSACTION READ ONLY",
];

/// A MySQL or MariaDB database.
pub(crate) struct Mysql {
    link: Arc<Link>,
}

impl std::fmt::Debug for Mysql {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Mysql")
    }
}

const COLUMNS: &str = "
SELECT c.TABLE_NAME, t.TABLE_COMMENT, t.TABLE_ROWS, c.COLUMN_NAME, c.COLUMN_COMMENT, c.COLUMN_TYPE,
       CONCAT(c.IS_NULLABLE = 'YES', c.COLUMN_KEY = 'PRI', t.TABLE_TYPE = 'BASE TABLE' AND COALESCE(c.GENERATION_EXPRESSION, '') = '',
              EXISTS (SELECT 1 FROM information_schema.STATISTICS s WHERE s.TABLE_SCHEMA = c.TABLE_SCHEMA
                      AND s.TABLE_NAME = c.TABLE_NAME AND s.COLUMN_NAME = c.COLUMN_NAME AND s.SEQ_IN_INDEX = 1))
FROM information_schema.COLUMNS c
JOIN information_schema.TABLES t ON t.TABLE_SCHEMA = c.TABLE_SCHEMA AND t.TABLE_NAME = c.TABLE_NAME
WHERE c.TABLE_SCHEMA = DATABASE() AND (:one IS NULL OR c.TABLE_NAME = :one)
ORDER BY c.TABLE_NAME, c.ORDINAL_POSITION";

type Line = (
    String,
    Option<String>,
    Option<u64>,
    String,
    Option<String>,
    String,
    String,
);

impl Mysql {
    /// Reads the options.
    pub fn open(spec: &SourceSpec) -> Result<Self, Error> {
        Ok(Self {
            link: Arc::new(Link::open(spec, SETUP)?),
        })
    }

    async fn conn(&self) -> Result<Conn, Error> {
        self.link.pooled().await.map_err(|it| match it {
            Failed::Driver(it) => error(it),
            Failed::Late => Error::source(Cause::Timeout, "the server did not answer in time"),
        })
    }

    /// All tables, or the one of this name.
    async fn described(&self, one: Option<&str>) -> Result<Vec<TableInfo>, Error> {
        let mut conn = self.conn().await?;
        let parameters = Params::from(vec![("one".to_owned(), Value::from(one))]);
        let lines: Vec<Line> = conn.exec(COLUMNS, parameters).await.map_err(error)?;
        let mut tables: Vec<TableInfo> = Vec::new();
        let filled = |it: Option<String>| it.filter(|it| !it.is_empty());
        for (table, comment, rows, name, remark, source_type, flags) in lines {
            let flag = |at: usize| flags.as_bytes().get(at) == Some(&b'1');
            let column = ColumnInfo {
                name,
                comment: filled(remark),
                data_type: data_type(&source_type),
                source_type,
                nullable: flag(0),
                key: flag(1),
                plain: flag(2),
                indexed: flag(3),
            };
            match tables.last_mut() {
                Some(last) if last.name == table => last.columns.push(column),
                _ => tables.push(TableInfo {
                    name: table,
                    comment: filled(comment),
                    rows_estimate: rows,
                    columns: vec![column],
                }),
            }
        }
        Ok(tables)
    }
}

#[async_trait]
impl Source for Mysql {
    async fn version(&self) -> Result<String, Error> {
        let mut conn = self.conn().await?;
        let version: Option<String> = conn.query_first("SELECT VERSION()").await.map_err(error)?;
        let version = version.unwrap_or_default();
        Ok(if version.contains("MariaDB") {
            version
        } else {
            format!("MySQL {version}")
        })
    }

    async fn tables(&self) -> Result<Vec<TableInfo>, Error> {
        self.described(None).await
    }

    async fn table(&self, name: &str) -> Result<TableInfo, Error> {
        let found = self.described(Some(name)).await?.into_iter().find(|it| it.name == name);
        found.ok_or_else(|| Error::source(Cause::TableMissing, format!("there is no table `{name}`")))
    }

    async fn scan(&self, info: &TableInfo, scan: Scan) -> Result<Batches, Error> {
        let (sql, wires) = Dialect::Mysql.select(info, &scan)?;
        self.query(sql, wires, scan.notes).await
    }

    fn dialect(&self) -> Option<Dialect> {
        Some(Dialect::Mysql)
    }

    async fn query(&self, sql: String, wires: Vec<Wire>, notes: Arc<Notes>) -> Result<Batches, Error> {
        let mut conn = self.conn().await?;
        let link = Arc::clone(&self.link);
        let (sender, stream) = pump::channel();
        tokio::spawn(async move {
            let ended = tokio::select! {
                biased;
                () = sender.closed() => Err(Error::Cancelled),
                it = run(&mut conn, &sql, &wires, &notes, &sender) => it,
            };
            if matches!(ended, Err(Error::Cancelled)) {
                kill(&link, conn.id()).await;
            }
            // What is left of a broken answer is for the pool to clear away.
            drop(conn);
            sender.end(ended).await;
        });
        Ok(stream)
    }
}

/// Ends a connection at the server, and with it the query that it runs.
async fn kill(link: &Link, id: u32) {
    if let Ok(mut other) = link.connect().await {
        let _ = other.query_drop(format!("KILL {id}")).await;
        let _ = tokio::time::timeout(Duration::from_secs(1), other.disconnect()).await;
    }
}

async fn run(conn: &mut Conn, sql: &str, wires: &[Wire], notes: &Notes, sender: &Sender) -> Result<(), Error> {
    let mut result = conn.query_iter(sql).await.map_err(error)?;
    let mut filling = Filling::new(wires);
    while let Some(mut row) = result.next().await.map_err(error)? {
        for (at, wire) in wires.iter().enumerate() {
            match row.take::<Value, _>(at) {
                Some(Value::Bytes(bytes)) if wire.data_type == DataType::Bytes => {
                    if let Some(cell) = filling.builder.columns.get_mut(at) {
                        cell.bytes(&bytes).map_err(Error::internal)?;
                    }
                }
                Some(Value::Bytes(bytes)) => pump::text(&mut filling, at, Some(&bytes), notes),
                Some(Value::NULL) | None => pump::text(&mut filling, at, None, notes),
                Some(other) => pump::text(&mut filling, at, Some(other.as_sql(true).as_bytes()), notes),
            }
        }
        if let Some(batch) = filling.row()? {
            sender.send(batch).await?;
        }
    }
    match filling.rest()? {
        Some(batch) => sender.send(batch).await,
        None => Ok(()),
    }
}

/// The house's type of a MySQL column type. `bigint unsigned` is wider than 64 signed bits: decimal(20,0).
/// `tinyint(1)` is an integer until the catalogue declares it boolean.
fn data_type(source_type: &str) -> DataType {
    let lower = source_type.to_ascii_lowercase();
    let unsigned = lower.contains("unsigned");
    let word: &str = lower.split(['(', ' ']).next().unwrap_or_default();
    match word {
        "bigint" if unsigned => DataType::Decimal {
            precision: 20,
            scale: 0,
        },
        "tinyint" | "smallint" | "mediumint" | "int" | "integer" | "bigint" | "year" => DataType::Integer,
        "bit" if lower == "bit(1)" => DataType::Boolean,
        "bit" => DataType::Decimal {
            precision: 20,
            scale: 0,
        },
        "decimal" | "numeric" => decimal(&lower).unwrap_or(DataType::Text),
        "float" | "double" | "real" => DataType::Double,
        "date" => DataType::Date,
        "datetime" => DataType::DateTime,
        "timestamp" => DataType::Instant,
        "json" => DataType::Json,
        "binary" | "varbinary" | "tinyblob" | "blob" | "mediumblob" | "longblob" => DataType::Bytes,
        _ => DataType::Text,
    }
}

fn decimal(lower: &str) -> Option<DataType> {
    let inside = lower.split_once('(')?.1.split_once(')')?.0;
    let (precision, scale) = inside.split_once(',').unwrap_or((inside, "0"));
    let (precision, scale): (u8, u8) = (precision.trim().parse().ok()?, scale.trim().parse().ok()?);
    (precision <= 38).then_some(DataType::Decimal { precision, scale })
}

/// An error of the connection or the server, without values.
fn error(error: mysql_async::Error) -> Error {
    use mysql_async::{Error as My, IoError};
    match error {
        My::Server(it) => {
            let cause = match it.code {
                1045 | 1698 | 1251 => Cause::Auth,
                1044 | 1142 | 1143 | 1227 => Cause::Permission,
                1049 => Cause::DatabaseMissing,
                1146 => Cause::TableMissing,
                1054 => Cause::ColumnMissing,
                1317 | 1969 | 3024 => Cause::Timeout,
                1040 | 1203 => Cause::Refused,
                1053 | 1927 => Cause::Lost,
                _ => Cause::Other,
            };
            // These messages name users, databases, tables and columns, never values.
            let detail = if cause == Cause::Other {
                format!("the server answered with error {}", it.code)
            } else {
                it.message
            };
            Error::source(cause, detail)
        }
        My::Io(IoError::Io(it)) if it.get_ref().is_some_and(|it| it.is::<rustls::Error>()) => {
            Error::source(Cause::Tls, "the server's certificate is not accepted")
        }
        My::Io(IoError::Io(it)) => match io_error(&it) {
            Error::Source {
                cause: Cause::FileMissing,
                detail,
            } => Error::source(Cause::Refused, detail),
            other => other,
        },
        My::Driver(mysql_async::DriverError::ConnectionClosed) => {
            Error::source(Cause::Lost, "the server closed the connection")
        }
        My::Driver(mysql_async::DriverError::NoClientSslFlagFromServer) => {
            Error::source(Cause::Tls, "the server has no secure channel")
        }
        My::Io(IoError::Tls(_)) => Error::source(Cause::Tls, "the secure channel could not be made"),
        My::Driver(_) => Error::source(Cause::Other, "the driver could not use the server's answer"),
        _ => Error::source(Cause::Other, "the connection failed"),
    }
}
