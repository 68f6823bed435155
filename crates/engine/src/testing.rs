//! Help for tests of rooms and doors: small sources, and governed tables that let everything through.

use std::path::Path;

use vocab::{AgreementId, GovernedItem, GovernedTable, Mask, ResourceId, RowRule, SourceKind, SourceSpec};

use crate::{
    Engine,
    error::{Cause, Error},
    source,
};

/// Makes an SQLite file of SQL statements and says how to reach it.
///
/// # Errors
/// [`Error::Source`] when the statements fail.
pub fn sqlite(path: &Path, statements: &str) -> Result<SourceSpec, Error> {
    let failed = |it: rusqlite::Error| Error::source(Cause::Other, it.to_string());
    rusqlite::Connection::open(path)
        .map_err(failed)?
        .execute_batch(statements)
        .map_err(failed)?;
    Ok(SourceSpec::new(SourceKind::Sqlite).with("path", path.to_string_lossy()))
}

/// Runs SQL statements on a PostgreSQL.
///
/// # Errors
/// [`Error::Source`] when it does not answer or the statements fail.
pub async fn postgres(spec: &SourceSpec, statements: &str) -> Result<(), Error> {
    let client = source::postgres::Postgres::open(spec)?.writer().await?;
    let writing = "SET default_transaction_read_only = off; SET statement_timeout = 0";
    client.batch_execute(writing).await.map_err(source::postgres::error)?;
    let ran = client.batch_execute(statements).await;
    ran.map_err(|it| Error::source(Cause::Other, it.to_string()))
}

/// A table of a source with every column clear and every row let out, under a new agreement. Tests change what they
/// want to see changed.
///
/// # Errors
/// Those of the source.
pub async fn open_wide(engine: &Engine, from: &SourceSpec, table: &str, name: &str) -> Result<GovernedTable, Error> {
    let info = engine.table(from, table).await?;
    let items = info.columns.into_iter().map(|it| GovernedItem {
        name: it.name.clone(),
        column: it.name,
        data_type: it.data_type,
        mask: Mask::Clear,
        key: it.key,
    });
    Ok(GovernedTable {
        agreement: AgreementId::new(),
        resource: ResourceId::new(),
        name: name.to_owned(),
        source: from.clone(),
        table: table.to_owned(),
        items: items.collect(),
        hidden: Vec::new(),
        rows: RowRule::All,
        pseudonym_key: vec![0; 32],
    })
}
