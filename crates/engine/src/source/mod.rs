//! Where rows come from: one file or folder a kind, all behind [`Source`].

mod agree;
pub(crate) mod column;
mod csv;
pub(crate) mod dialect;
pub(crate) mod file;
mod jsonl;
pub(crate) mod mysql;
mod parquet;
pub(crate) mod postgres;
pub(crate) mod pump;
pub mod quarantine;
mod sqlite;
mod xlsx;

use std::sync::Arc;

use async_trait::async_trait;
use vocab::{
    DataType, RowRule, SourceKind, SourceSpec,
    profile::{ColumnInfo, TableInfo},
};

use crate::{
    error::{Cause, Error},
    rows::{Batches, Notes},
    shape::{Column, Shape},
};
use dialect::Dialect;

/// Rows in one batch of a scan; wide rows fill it sooner.
pub(crate) const BATCH_ROWS: usize = crate::shape::build::FULL_ROWS;

/// What a connection test found.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Tested {
    /// The product and its version, as it names itself.
    pub version: String,
    /// How long connecting and asking took, in milliseconds.
    pub latency_ms: u64,
    /// Tables that can be seen.
    pub tables: u64,
}

/// One column of a scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// Name in the source.
    pub column: String,
    /// The type it is read as.
    pub data_type: DataType,
}

/// What to read.
#[derive(Debug, Clone)]
pub(crate) struct Scan {
    /// Table, sheet or file.
    pub table: String,
    /// Columns in order.
    pub columns: Vec<Wanted>,
    /// Rows that are certainly not wanted need not be sent: a rule over column names. The caller checks again.
    pub filter: RowRule,
    /// No more rows than this are looked at (only without a filter).
    pub limit: Option<u64>,
    /// Where oddities are counted.
    pub notes: Arc<Notes>,
}

impl Scan {
    /// The shape of the rows.
    pub fn shape(&self) -> Shape {
        Shape {
            columns: self
                .columns
                .iter()
                .map(|it| Column {
                    name: it.column.clone(),
                    data_type: it.data_type,
                    key: false,
                })
                .collect(),
        }
    }
}

/// A value on the wire of a database: its type, and whether it comes as text that is to be parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wire {
    /// Name of the column in the answer.
    pub name: String,
    /// The type it becomes.
    pub data_type: DataType,
    /// Does it come as text whatever its type?
    pub text: bool,
}

/// The shape of an answer on the wire.
pub(crate) fn wire_shape(wires: &[Wire]) -> Shape {
    Shape {
        columns: wires
            .iter()
            .map(|it| Column {
                name: it.name.clone(),
                data_type: it.data_type,
                key: false,
            })
            .collect(),
    }
}

/// A kind of source. Implementations read and never write.
#[async_trait]
pub(crate) trait Source: Send + Sync + std::fmt::Debug {
    /// Connects and asks for the version.
    async fn version(&self) -> Result<String, Error>;

    /// Tables with columns and keys.
    async fn tables(&self) -> Result<Vec<TableInfo>, Error>;

    /// One table.
    async fn table(&self, name: &str) -> Result<TableInfo, Error> {
        let found = self.tables().await?.into_iter().find(|it| it.name == name);
        found.ok_or_else(|| Error::source(Cause::TableMissing, format!("there is no table `{name}`")))
    }

    /// Rows, with bounded memory; dropping the stream stops the work.
    async fn scan(&self, info: &TableInfo, scan: Scan) -> Result<Batches, Error>;

    /// Is a row set aside as a whole when one value of it cannot be read? Then every granted and hidden item is read
    /// whatever is asked, so that the same rows answer every question.
    fn whole_rows(&self) -> bool {
        false
    }

    /// The SQL it speaks, when it does.
    fn dialect(&self) -> Option<Dialect> {
        None
    }

    /// Rows of a query in its own SQL (databases only).
    async fn query(&self, _sql: String, _wires: Vec<Wire>, _notes: Arc<Notes>) -> Result<Batches, Error> {
        Err(Error::source(Cause::Other, "this kind of source has no SQL"))
    }

    /// The PostgreSQL behind it, when it is one.
    fn postgres(&self) -> Option<&postgres::Postgres> {
        None
    }

    /// Reads a whole table of a file for its unreadable rows (databases have none).
    async fn quarantine(&self, _info: &TableInfo, _columns: &[Wanted]) -> Result<quarantine::Report, Error> {
        Ok(quarantine::Report::default())
    }
}

/// Opens a source. Connecting is lazy: errors come with the first use.
pub(crate) fn open(spec: &SourceSpec, limits: &crate::Limits) -> Result<Arc<dyn Source>, Error> {
    Ok(match spec.kind {
        SourceKind::Postgres => Arc::new(postgres::Postgres::open(spec)?),
        SourceKind::Mysql => Arc::new(mysql::Mysql::open(spec)?),
        SourceKind::Sqlite => Arc::new(sqlite::Sqlite::open(spec)?),
        SourceKind::Csv => Arc::new(csv::Csv::open(spec, limits)?),
        SourceKind::Xlsx => Arc::new(xlsx::Xlsx::open(spec, limits)?),
        SourceKind::JsonLines => Arc::new(jsonl::JsonLines::open(spec, limits)?),
        SourceKind::Parquet => Arc::new(parquet::Parquet::open(spec)?),
    })
}

/// A needed option.
pub(crate) fn option<'a>(spec: &'a SourceSpec, name: &str) -> Result<&'a str, Error> {
    spec.option(name)
        .filter(|it| !it.is_empty())
        .ok_or_else(|| Error::source(Cause::Options, format!("option `{name}` is missing")))
}

/// The port, or the kind's usual one.
pub(crate) fn port(spec: &SourceSpec, usual: u16) -> Result<u16, Error> {
    match spec.option("port") {
        None | Some("") => Ok(usual),
        Some(text) => text
            .parse()
            .map_err(|_| Error::source(Cause::Options, "option `port` is not a number from 1 to 65535")),
    }
}

/// The column of a table by its name.
pub(crate) fn column<'a>(info: &'a TableInfo, name: &str) -> Result<&'a ColumnInfo, Error> {
    info.columns.iter().find(|it| it.name == name).ok_or_else(|| {
        Error::source(
            Cause::ColumnMissing,
            format!("table `{}` has no column `{name}`", info.name),
        )
    })
}

/// An error of the operating system about a file or a connection.
pub(crate) fn io_error(error: &std::io::Error) -> Error {
    use std::io::ErrorKind as Kind;
    let cause = match error.kind() {
        Kind::NotFound => Cause::FileMissing,
        Kind::PermissionDenied => Cause::Permission,
        Kind::ConnectionRefused | Kind::HostUnreachable | Kind::NetworkUnreachable => Cause::Refused,
        Kind::TimedOut => Cause::Timeout,
        Kind::ConnectionReset | Kind::BrokenPipe | Kind::ConnectionAborted | Kind::UnexpectedEof => Cause::Lost,
        Kind::InvalidData => Cause::Format,
        _ if error.to_string().contains("lookup address") => Cause::Dns,
        _ => Cause::Other,
    };
    Error::source(cause, error.kind().to_string())
}
