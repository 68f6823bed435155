//! An SQLite file, read in a blocking thread; a statement looks all the time whether its scan was dropped.
//!
//! Option: `path`. SQLite columns hold values of any kind whatever their declared type: a value of another kind than the
//! column promises becomes NULL and is counted.

use std::{path::PathBuf, sync::Arc};

use async_trait::async_trait;
use rusqlite::{Connection, OpenFlags, types::ValueRef};
use vocab::{
    DataType, SourceSpec,
    profile::{ColumnInfo, TableInfo},
};

use super::{
    Scan, Source, Wire,
    dialect::Dialect,
    io_error, option,
    pump::{self, Filling, Sender},
};
use crate::{
    error::{Cause, Error},
    rows::{Batches, Notes},
    shape::build::Building,
};

/// Steps of SQLite's machine between two looks at whether anybody still listens: some microseconds.
const STEPS: i32 = 1000;

/// An SQLite file.
#[derive(Debug)]
pub(crate) struct Sqlite {
    path: PathBuf,
}

impl Sqlite {
    /// Reads the options.
    pub fn open(spec: &SourceSpec) -> Result<Self, Error> {
        Ok(Self {
            path: PathBuf::from(option(spec, "path")?),
        })
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let path = self.path.clone();
        let done = tokio::task::spawn_blocking(move || work(&connect(&path)?)).await;
        done.map_err(Error::internal)?
    }
}

fn connect(path: &std::path::Path) -> Result<Connection, Error> {
    std::fs::metadata(path).map_err(|it| io_error(&it))?;
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(|it| error(&it))?;
    connection
        .busy_timeout(std::time::Duration::from_secs(10))
        .map_err(|it| error(&it))?;
    connection
        .pragma_update(None, "query_only", true)
        .map_err(|it| error(&it))?;
    Ok(connection)
}

#[async_trait]
impl Source for Sqlite {
    async fn version(&self) -> Result<String, Error> {
        self.blocking(|it| {
            let read = it.query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get::<_, i64>(0));
            read.map_err(|it| error(&it))?;
            Ok(format!("SQLite {}", rusqlite::version()))
        })
        .await
    }

    async fn tables(&self) -> Result<Vec<TableInfo>, Error> {
        self.blocking(|it| tables(it).map_err(|it| error(&it))).await
    }

    async fn scan(&self, info: &TableInfo, scan: Scan) -> Result<Batches, Error> {
        let (sql, wires) = Dialect::Sqlite.select(info, &scan)?;
        self.query(sql, wires, scan.notes).await
    }

    fn dialect(&self) -> Option<Dialect> {
        Some(Dialect::Sqlite)
    }

    async fn query(&self, sql: String, wires: Vec<Wire>, notes: Arc<Notes>) -> Result<Batches, Error> {
        let path = self.path.clone();
        let connection = tokio::task::spawn_blocking(move || connect(&path))
            .await
            .map_err(Error::internal)??;
        Ok(pump::blocking(move |sender| {
            run(&connection, &sql, &wires, &notes, sender)
        }))
    }
}

fn run(connection: &Connection, sql: &str, wires: &[Wire], notes: &Notes, sender: &Sender) -> Result<(), Error> {
    let gone = sender.clone();
    let watch = connection.progress_handler(STEPS, Some(move || gone.is_closed()));
    watch.map_err(|it| error(&it))?;
    let mut statement = connection.prepare(sql).map_err(|it| error(&it))?;
    let mut rows = statement.query([]).map_err(|it| error(&it))?;
    let mut filling = Filling::new(wires);
    while let Some(row) = rows.next().map_err(|it| error(&it))? {
        for (at, (wire, cell)) in wires.iter().zip(&mut filling.builder.columns).enumerate() {
            let value = row.get_ref(at).map_err(|it| error(&it))?;
            if append(cell, wire.data_type, value).is_none() {
                notes.nulled();
                cell.null();
            }
        }
        if let Some(batch) = filling.row()? {
            sender.blocking_send(batch)?;
        }
    }
    match filling.rest()? {
        Some(batch) => sender.blocking_send(batch),
        None => Ok(()),
    }
}

fn append(cell: &mut Building, data_type: DataType, value: ValueRef<'_>) -> Option<()> {
    match (value, data_type) {
        (ValueRef::Null, _) => {
            cell.null();
            Some(())
        }
        (ValueRef::Text(it), _) => cell.text(std::str::from_utf8(it).ok()?).ok(),
        (ValueRef::Integer(it), DataType::Text | DataType::Json) => cell.text(&it.to_string()).ok(),
        (ValueRef::Integer(it), _) => cell.int(it).ok(),
        (ValueRef::Real(it), DataType::Double) => cell.double(it).ok(),
        // A decimal kept as a float: its shortest text is the number that was written, when it fits the scale.
        (ValueRef::Real(it), DataType::Decimal { .. }) => cell.text(&it.to_string()).ok(),
        (ValueRef::Blob(it), DataType::Bytes) => cell.bytes(it).ok(),
        _ => None,
    }
}

fn tables(connection: &Connection) -> rusqlite::Result<Vec<TableInfo>> {
    let mut names = connection.prepare(
        "SELECT name, type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%' FROM sqlite_master
         WHERE type IN ('table','view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name",
    )?;
    let names = names.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let names: Vec<(String, bool)> = names.collect::<Result<_, _>>()?;
    names
        .into_iter()
        .map(|(name, base)| {
            Ok(TableInfo {
                columns: columns(connection, &name, base)?,
                name,
                comment: None,
                rows_estimate: None,
            })
        })
        .collect()
}

/// Columns, generated ones too (`hidden` 2 and 3; 1 are those a virtual table does not show).
fn columns(connection: &Connection, table: &str, base: bool) -> rusqlite::Result<Vec<ColumnInfo>> {
    let mut columns = connection.prepare(
        "SELECT c.name, c.type, c.\"notnull\", c.pk, c.hidden,
                EXISTS (SELECT 1 FROM pragma_index_list(?1) i, pragma_index_info(i.name) p
                        WHERE p.seqno = 0 AND p.name = c.name AND NOT i.partial)
         FROM pragma_table_xinfo(?1) c WHERE c.hidden <> 1",
    )?;
    let columns = columns.query_map([table], |row| {
        let source_type: String = row.get(1)?;
        let position: i64 = row.get(3)?;
        Ok(ColumnInfo {
            name: row.get(0)?,
            comment: None,
            data_type: data_type(&source_type),
            source_type,
            nullable: row.get::<_, i64>(2)? == 0 && position == 0,
            key: position > 0,
            plain: base && row.get::<_, i64>(4)? == 0,
            indexed: position == 1 || row.get(5)?,
        })
    })?;
    columns.collect()
}

/// The house's type of a declared SQLite type; without one, text.
fn data_type(source_type: &str) -> DataType {
    let upper = source_type.to_ascii_uppercase();
    let word = upper.split('(').next().unwrap_or_default().trim();
    match word {
        "BOOLEAN" | "BOOL" => DataType::Boolean,
        "DATE" => DataType::Date,
        "DATETIME" | "TIMESTAMP" => DataType::DateTime,
        "TIMESTAMPTZ" => DataType::Instant,
        "JSON" => DataType::Json,
        "DECIMAL" | "NUMERIC" => decimal(&upper).unwrap_or(DataType::Text),
        it if it.contains("INT") => DataType::Integer,
        it if it.contains("CHAR") || it.contains("CLOB") || it.contains("TEXT") => DataType::Text,
        it if it.contains("BLOB") => DataType::Bytes,
        it if it.contains("REAL") || it.contains("FLOA") || it.contains("DOUB") => DataType::Double,
        _ => DataType::Text,
    }
}

fn decimal(upper: &str) -> Option<DataType> {
    let inside = upper.split_once('(')?.1.split_once(')')?.0;
    let (precision, scale) = inside.split_once(',').unwrap_or((inside, "0"));
    let (precision, scale): (u8, u8) = (precision.trim().parse().ok()?, scale.trim().parse().ok()?);
    (1..=38)
        .contains(&precision)
        .then_some(DataType::Decimal { precision, scale })
}

/// An error of SQLite, without values.
fn error(error: &rusqlite::Error) -> Error {
    use rusqlite::ErrorCode as Code;
    let cause = match error.sqlite_error_code() {
        Some(Code::NotADatabase | Code::DatabaseCorrupt) => Cause::Format,
        Some(Code::CannotOpen) => Cause::FileMissing,
        Some(Code::PermissionDenied | Code::ReadOnly | Code::AuthorizationForStatementDenied) => Cause::Permission,
        Some(Code::DatabaseBusy | Code::DatabaseLocked) => Cause::Timeout,
        Some(Code::OperationInterrupted) => return Error::Cancelled,
        _ if error.to_string().contains("no such table") => Cause::TableMissing,
        _ if error.to_string().contains("no such column") => Cause::ColumnMissing,
        _ => Cause::Other,
    };
    let detail = match cause {
        Cause::Format => "the file is not a sound SQLite database".to_owned(),
        _ => error
            .sqlite_error_code()
            .map_or_else(|| cause.to_string(), |it| format!("{it:?}")),
    };
    Error::source(cause, detail)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use rusqlite::Connection;
    use vocab::DataType;

    use super::run;
    use crate::{
        Error,
        rows::Notes,
        source::{Wire, pump},
    };

    #[test]
    fn a_statement_that_was_dropped_before_it_ran_stops() {
        let connection = Connection::open_in_memory().unwrap();
        let (sender, stream) = pump::channel();
        drop(stream);
        // A thousand million steps, and no row before the last.
        let sql = "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 1000000000) SELECT count(*) FROM c";
        let wire = Wire {
            name: "n".to_owned(),
            data_type: DataType::Integer,
            text: false,
        };
        let begin = std::time::Instant::now();
        let ended = run(&connection, sql, &[wire], &Notes::default(), &sender);
        assert!(matches!(ended, Err(Error::Cancelled)), "{ended:?}");
        assert!(begin.elapsed().as_secs() < 5, "it ran for {:?}", begin.elapsed());
    }
}
