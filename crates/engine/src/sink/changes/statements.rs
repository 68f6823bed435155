//! The statements that bring rows from their stage into the table that was delivered.

use crate::{shape::Shape, sink::names::Names, source::dialect::Dialect};

/// Statements of one target.
pub struct Statements {
    /// Takes rows out of the table whose keys stand in the stage.
    pub remove: String,
    /// Puts the rows of the stage in, where no row of the same key is.
    pub add: String,
    /// Puts the rows of the stage in, in the place of those of the same key.
    pub change: String,
    /// Empties the stage.
    pub empty: String,
}

impl Statements {
    pub fn new(names: &Names, shape: &Shape) -> Self {
        let (table, stage) = (names.at(&names.table), names.at(&names.fresh));
        let columns = names.columns.join(", ");
        let add = format!("INSERT INTO {table} ({columns}) SELECT {columns} FROM {stage}");
        let keys = shape.columns.iter().zip(&names.columns).filter(|(it, _)| it.key);
        let keys: Vec<&str> = keys.map(|(_, name)| name.as_str()).collect();
        let each = |names: &[String], write: &dyn Fn(&str) -> String| {
            let written: Vec<_> = names.iter().map(|it| write(it)).collect();
            written.join(", ")
        };
        if names.dialect == Dialect::Mysql {
            // Of one table in a subquery, old servers look at every row of the other.
            let same: Vec<_> = keys.iter().map(|it| format!("t.{it} = f.{it}")).collect();
            return Self {
                remove: format!("DELETE t FROM {table} AS t JOIN {stage} AS f ON {}", same.join(" AND ")),
                add,
                change: format!(
                    "INSERT INTO {table} ({columns}) SELECT {} FROM {stage} AS f ON DUPLICATE KEY UPDATE {}",
                    each(&names.columns, &|it| format!("f.{it}")),
                    each(&names.columns, &|it| format!("{it} = f.{it}"))
                ),
                empty: format!("DELETE FROM {stage}"),
            };
        }
        let keys = keys.join(", ");
        Self {
            remove: format!("DELETE FROM {table} WHERE ({keys}) IN (SELECT {keys} FROM {stage})"),
            add,
            change: format!(
                "INSERT INTO {table} ({columns}) SELECT {columns} FROM {stage} WHERE true ON CONFLICT ({keys}) DO UPDATE SET {}",
                each(&names.columns, &|it| format!("{it} = excluded.{it}"))
            ),
            empty: match names.dialect {
                Dialect::Postgres => format!("TRUNCATE {stage}"),
                _ => format!("DELETE FROM {stage}"),
            },
        }
    }
}
