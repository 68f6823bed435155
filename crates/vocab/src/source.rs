//! Where rows come from and go to, as data: the kind and its options. The engine knows how to open each kind.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::class::list;

list! {
    /// The kind of a source or sink.
    SourceKind: "source kind" {
        /// PostgreSQL. Options: `host`, `port`, `database`, `user`, `sslmode`; secret: password.
        Postgres = "postgres", "PostgreSQL 数据库", "PostgreSQL database";
        /// MySQL or MariaDB. Options: `host`, `port`, `database`, `user`; secret: password.
        Mysql = "mysql", "MySQL/MariaDB 数据库", "MySQL/MariaDB database";
        /// An SQLite file. Options: `path`.
        Sqlite = "sqlite", "SQLite 文件", "SQLite file";
        /// A CSV or TSV file. Options: `path`, optional `delimiter`, `quote`, `encoding`, `header`.
        Csv = "csv", "CSV/TSV 文件", "CSV/TSV file";
        /// An Excel workbook. Options: `path`, optional `sheet`, `header_row`.
        Xlsx = "xlsx", "Excel 工作簿", "Excel workbook";
        /// JSON lines. Options: `path`.
        JsonLines = "jsonl", "JSON Lines 文件", "JSON Lines file";
        /// Parquet. Options: `path`.
        Parquet = "parquet", "Parquet 文件", "Parquet file";
    }
}

/// How to reach a source: kind, open options, and the secret (already unsealed; never printed, never serialised).
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SourceSpec {
    /// The kind.
    pub kind: SourceKind,
    /// Options by name, see [`SourceKind`].
    pub options: BTreeMap<String, String>,
    /// The password, when the kind has one.
    #[serde(skip)]
    pub secret: Option<String>,
}

impl SourceSpec {
    /// A spec without options.
    #[must_use]
    pub fn new(kind: SourceKind) -> Self {
        Self {
            kind,
            options: BTreeMap::new(),
            secret: None,
        }
    }

    /// The same with one more option.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.options.insert(name.to_owned(), value.into());
        self
    }

    /// An option's value.
    #[must_use]
    pub fn option(&self, name: &str) -> Option<&str> {
        self.options.get(name).map(String::as_str)
    }
}

impl std::fmt::Debug for SourceSpec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SourceSpec")
            .field("kind", &self.kind)
            .field("options", &self.options)
            .field("secret", &self.secret.as_ref().map(|_| "…"))
            .finish()
    }
}

/// Where a delivery writes: a database of the consumer and a table in it, or a file.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SinkSpec {
    /// How to reach it. For `csv`, `xlsx`, `jsonl`, `parquet` the option `path` is the file to write.
    pub target: SourceSpec,
    /// Table name (`schema.table` or `table`) for databases; ignored for files.
    pub table: String,
}
