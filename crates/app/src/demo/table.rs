//! A table of a bureau, and how it is written into the bureau's own database.

use std::path::Path;

use futures::{SinkExt, pin_mut};
use mysql_async::prelude::Queryable;

/// Why the demo's sources could not be made.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// A column's type, with the word of each database.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    Text(u16),
    Int,
    Decimal(u8, u8),
    Date,
    DateTime,
}

/// A column: name, type, comment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column(pub &'static str, pub Kind, pub &'static str);

/// A table's shape. The first column is its key.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Table {
    pub name: &'static str,
    /// The name in a server that others use too: nobody else's table is called so.
    pub server_name: &'static str,
    pub comment: &'static str,
    pub columns: &'static [Column],
    pub indexed: &'static [&'static str],
}

/// A row: each value as text, or NULL.
pub(crate) type Row = Vec<Option<String>>;

impl Kind {
    fn sql(self, mysql: bool) -> String {
        match self {
            Self::Text(n) => format!("varchar({n})"),
            Self::Int => "bigint".to_owned(),
            Self::Decimal(p, s) => format!("decimal({p},{s})"),
            Self::Date => "date".to_owned(),
            Self::DateTime if mysql => "datetime".to_owned(),
            Self::DateTime => "timestamp".to_owned(),
        }
    }
}

impl Table {
    /// The same under its name in a shared server.
    pub(crate) const fn in_server(&self) -> Self {
        Self {
            name: self.server_name,
            ..*self
        }
    }

    fn create(&self, mysql: bool) -> String {
        let columns: Vec<String> = self
            .columns
            .iter()
            .enumerate()
            .map(|(at, Column(name, kind, comment))| {
                let key = if at == 0 { " not null primary key" } else { "" };
                let comment = if mysql {
                    format!(" comment '{comment}'")
                } else {
                    String::new()
                };
                format!("{name} {}{key}{comment}", kind.sql(mysql))
            })
            .collect();
        let tail = if mysql {
            format!(" default character set utf8mb4 comment '{}'", self.comment)
        } else {
            String::new()
        };
        format!("create table {} ({}){tail}", self.name, columns.join(", "))
    }

    fn indexes(&self) -> impl Iterator<Item = String> + '_ {
        self.indexed
            .iter()
            .map(|it| format!("create index {0}_{it} on {0} ({it})", self.name))
    }

    fn names(&self) -> String {
        self.columns.iter().map(|it| it.0).collect::<Vec<_>>().join(", ")
    }
}

/// Writes a table into an SQLite file.
pub(crate) fn into_sqlite(path: &Path, table: &Table, rows: impl Iterator<Item = Row>) -> Result<u64, Failure> {
    let mut connection = rusqlite::Connection::open(path)?;
    connection.execute_batch("pragma journal_mode = wal; pragma synchronous = off")?;
    let tx = connection.transaction()?;
    tx.execute_batch(&table.create(false))?;
    let marks = vec!["?"; table.columns.len()].join(", ");
    let mut written = 0;
    {
        let mut insert = tx.prepare(&format!("insert into {} values ({marks})", table.name))?;
        for row in rows {
            insert.execute(rusqlite::params_from_iter(row))?;
            written += 1;
        }
    }
    for index in table.indexes() {
        tx.execute_batch(&index)?;
    }
    tx.commit()?;
    Ok(written)
}

/// Writes a table into a PostgreSQL database by `COPY`.
pub(crate) async fn into_postgres(
    server: &tokio_postgres::Config,
    table: &Table,
    rows: impl Iterator<Item = Row>,
) -> Result<u64, Failure> {
    let (client, connection) = server.connect(tokio_postgres::NoTls).await?;
    let driver = tokio::spawn(connection);
    client
        .batch_execute(&format!("drop table if exists {}; {}", table.name, table.create(false)))
        .await?;
    let copy = format!("copy {} ({}) from stdin with (format csv)", table.name, table.names());
    let sink = client.copy_in::<_, bytes::Bytes>(&copy).await?;
    pin_mut!(sink);
    let mut written = 0;
    let mut buffer = Vec::with_capacity(1 << 16);
    for row in rows {
        csv_line(&mut buffer, &row);
        written += 1;
        if buffer.len() > 60_000 {
            sink.send(std::mem::take(&mut buffer).into()).await?;
        }
    }
    sink.send(buffer.into()).await?;
    sink.close().await?;
    for index in table.indexes() {
        client.batch_execute(&index).await?;
    }
    client
        .batch_execute(&format!("comment on table {} is '{}'", table.name, table.comment))
        .await?;
    for Column(name, _, comment) in table.columns {
        client
            .batch_execute(&format!("comment on column {}.{name} is '{comment}'", table.name))
            .await?;
    }
    client.batch_execute(&format!("analyze {}", table.name)).await?;
    drop(client);
    driver.await??;
    Ok(written)
}

/// Writes a table into a MySQL or MariaDB database by inserts of many rows.
pub(crate) async fn into_mysql(
    server: mysql_async::Opts,
    table: &Table,
    rows: impl Iterator<Item = Row>,
) -> Result<u64, Failure> {
    let mut connection = mysql_async::Conn::new(server).await?;
    connection
        .query_drop(format!("drop table if exists {}", table.name))
        .await?;
    connection.query_drop(table.create(true)).await?;
    connection.query_drop("set autocommit = 0").await?;
    let mut written = 0;
    let mut sql = String::new();
    for row in rows {
        sql.push_str(if sql.is_empty() { "" } else { "," });
        sql.push('(');
        for (at, value) in row.iter().enumerate() {
            sql.push_str(if at == 0 { "" } else { "," });
            match value {
                Some(value) => {
                    sql.push('\'');
                    sql.push_str(&value.replace('\\', "\\\\").replace('\'', "''"));
                    sql.push('\'');
                }
                None => sql.push_str("null"),
            }
        }
        sql.push(')');
        written += 1;
        if sql.len() > 500_000 {
            connection
                .query_drop(format!("insert into {} values {sql}", table.name))
                .await?;
            sql.clear();
        }
    }
    if !sql.is_empty() {
        connection
            .query_drop(format!("insert into {} values {sql}", table.name))
            .await?;
    }
    connection.query_drop("commit").await?;
    for index in table.indexes() {
        connection.query_drop(index).await?;
    }
    connection.disconnect().await?;
    Ok(written)
}

/// Writes a table as a CSV file with a header, in GB 18030 as older systems export it, or in UTF-8.
pub(crate) fn into_csv(
    path: &Path,
    table: &Table,
    gb18030: bool,
    rows: impl Iterator<Item = Row>,
) -> Result<u64, Failure> {
    let mut text = Vec::new();
    csv_line(
        &mut text,
        &table.columns.iter().map(|it| Some(it.2.to_owned())).collect(),
    );
    let mut written = 0;
    for row in rows {
        csv_line(&mut text, &row);
        written += 1;
    }
    let text = String::from_utf8(text)?;
    let bytes = if gb18030 {
        encoding_rs::GB18030.encode(&text).0.into_owned()
    } else {
        text.into_bytes()
    };
    std::fs::write(path, bytes)?;
    Ok(written)
}

/// One line of RFC 4180; NULL is the empty field, empty text is `""`.
fn csv_line(out: &mut Vec<u8>, row: &Row) {
    for (at, value) in row.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        if let Some(value) = value {
            if value.is_empty() || value.contains(['"', ',', '\n', '\r']) {
                out.push(b'"');
                out.extend_from_slice(value.replace('"', "\"\"").as_bytes());
                out.push(b'"');
            } else {
                out.extend_from_slice(value.as_bytes());
            }
        }
    }
    out.push(b'\n');
}
