//! Names and statements that the three database sinks share.

use vocab::SinkSpec;

use super::{Error, Options, Preflight};
use crate::source::dialect::Dialect;

/// Quoted names of one target.
#[derive(Debug, Clone)]
pub struct Names {
    pub dialect: Dialect,
    /// The table's name as asked for.
    pub target: String,
    /// Schema, where one was given (PostgreSQL).
    pub schema: Option<String>,
    /// The table without schema.
    pub table: String,
    /// The table that is being loaded, without schema.
    pub fresh: String,
    /// The old table on its way out (MySQL).
    pub old: String,
    /// The run.
    pub run: String,
    /// May anything be replaced?
    pub replace: bool,
    /// Quoted columns, in order.
    pub columns: Vec<String>,
}

impl Names {
    pub fn new(dialect: Dialect, spec: &SinkSpec, preflight: &Preflight, run: &str, options: Options) -> Self {
        let target = spec.table.trim().to_owned();
        let (schema, table) = match target.split_once('.') {
            Some((schema, table)) if dialect == Dialect::Postgres => (Some(schema.to_owned()), table.to_owned()),
            _ => (None, target.clone()),
        };
        let columns = preflight.columns.iter().map(|it| dialect.ident(&it.column)).collect();
        Self {
            dialect,
            fresh: beside(&table, "__new"),
            old: beside(&table, "__old"),
            schema,
            table,
            target,
            run: run.to_owned(),
            replace: options.replace,
            columns,
        }
    }

    /// A table of the target's schema, quoted.
    pub fn at(&self, table: &str) -> String {
        match &self.schema {
            Some(schema) => format!("{}.{}", self.dialect.ident(schema), self.dialect.ident(table)),
            None => self.dialect.ident(table),
        }
    }

    /// `CREATE TABLE` of the new table: a bare heap.
    pub fn create(&self, preflight: &Preflight, tail: &str) -> String {
        let columns: Vec<_> = self
            .columns
            .iter()
            .zip(&preflight.columns)
            .map(|(name, it)| format!("{name} {}", it.target_type))
            .collect();
        format!("CREATE TABLE {} ({}){tail}", self.at(&self.fresh), columns.join(", "))
    }

    /// A table of this name is there that no delivery made: it is not replaced unasked, whatever its columns.
    pub fn occupied(&self, preflight: &Preflight, existing: &[String]) -> Error {
        let differences = Self::differences(preflight, existing);
        Error::Occupied {
            target: self.target.clone(),
            differences: differences.unwrap_or_else(|| "a table with the same columns".to_owned()),
        }
    }

    /// Which names are there that should not be, or the other way round; `None` when it is the same table.
    pub fn differences(preflight: &Preflight, existing: &[String]) -> Option<String> {
        let wanted: Vec<_> = preflight.columns.iter().map(|it| it.column.as_str()).collect();
        let missing = wanted
            .iter()
            .filter(|it| !existing.iter().any(|other| other == *it))
            .map(|it| format!("-{it}"));
        let more = existing
            .iter()
            .filter(|it| !wanted.contains(&it.as_str()))
            .map(|it| format!("+{it}"));
        let all: Vec<_> = missing.chain(more).collect();
        (!all.is_empty()).then(|| all.join(", "))
    }
}

/// A name beside another, within 63 bytes (PostgreSQL) and 64 characters (MySQL).
fn beside(table: &str, suffix: &str) -> String {
    let whole = format!("{table}{suffix}");
    if whole.len() <= 63 {
        return whole;
    }
    let mark: String = hex::encode(seal::sha256(table.as_bytes())).chars().take(8).collect();
    let mut stem = table.to_owned();
    while stem.len() + 1 + mark.len() + suffix.len() > 63 && stem.pop().is_some() {}
    format!("{stem}_{mark}{suffix}")
}
