//! SQL of the databases behind sources: names, literals, columns as the house reads them, and row rules as conditions
//! that let through every row for which the rule is true, and perhaps more (the rule is checked again on what arrives).
//!
//! Conditions only compare; nothing in them can fail on any row. Text compares by bytes as everywhere in the house,
//! whatever the collation of the column.

use vocab::{
    DataType, RowRule, Value,
    profile::{ColumnInfo, TableInfo},
    rule::Compare,
};

use super::column::{
    Affinity, affinity, natural_postgres, odd_mysql, placeless_postgres, read_mysql, read_postgres, text_of_postgres,
};
use crate::{error::Error, literal::Literal};

/// A database's SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// PostgreSQL.
    Postgres,
    /// MySQL and MariaDB.
    Mysql,
    /// SQLite.
    Sqlite,
}

/// A column as an expression.
#[derive(Debug, Clone)]
pub(crate) struct Read {
    /// The expression.
    pub sql: String,
    /// Does it come as text that is to be parsed?
    pub text: bool,
}

/// A condition.
#[derive(Debug, Clone)]
struct Condition {
    sql: String,
    /// False where a part of the rule was left out, so that more rows pass than the rule lets.
    whole: bool,
}

impl Dialect {
    /// A quoted name.
    pub fn ident(self, name: &str) -> String {
        match self {
            Self::Mysql => format!("`{}`", name.replace('`', "``")),
            Self::Postgres | Self::Sqlite => format!("\"{}\"", name.replace('"', "\"\"")),
        }
    }

    /// A quoted table name; PostgreSQL's may carry its schema.
    pub fn table(self, name: &str) -> String {
        match (self, name.split_once('.')) {
            (Self::Postgres, Some((schema, table))) => format!("{}.{}", self.ident(schema), self.ident(table)),
            _ => self.ident(name),
        }
    }

    /// A text literal. PostgreSQL runs with `standard_conforming_strings`, and no text holds NUL there.
    pub fn text(self, value: &str) -> Option<String> {
        match self {
            Self::Mysql => Some(format!("X'{}'", hex::encode(value))),
            _ if value.contains('\0') => None,
            _ => Some(format!("'{}'", value.replace('\'', "''"))),
        }
    }

    /// A column as it is selected.
    pub fn read(self, column: &ColumnInfo, wanted: DataType) -> Read {
        let name = self.ident(&column.name);
        match self {
            Self::Postgres => read_postgres(&name, &column.source_type, column.data_type, wanted),
            Self::Mysql => read_mysql(&name, &column.source_type, wanted),
            Self::Sqlite => Read { sql: name, text: false },
        }
    }

    /// `SELECT` of columns with a row rule.
    ///
    /// # Errors
    /// When a column is missing, or a literal does not fit its column.
    pub fn select(self, info: &TableInfo, scan: &super::Scan) -> Result<(String, Vec<super::Wire>), Error> {
        let mut list = Vec::new();
        let mut wires = Vec::new();
        for wanted in &scan.columns {
            let read = self.read(super::column(info, &wanted.column)?, wanted.data_type);
            list.push(read.sql);
            wires.push(super::Wire {
                name: wanted.column.clone(),
                data_type: wanted.data_type,
                text: read.text,
            });
        }
        if list.is_empty() {
            list.push("1".to_owned());
            wires.push(super::Wire {
                name: "1".to_owned(),
                data_type: DataType::Integer,
                text: self == Self::Mysql,
            });
            if self == Self::Postgres {
                list = vec!["1::int8".to_owned()];
            }
        }
        let mut sql = format!("SELECT {} FROM {}", list.join(", "), self.table(&scan.table));
        if let Some(condition) = self.condition(info, &scan.columns, &scan.filter)? {
            sql.push_str(" WHERE ");
            sql.push_str(&condition);
        } else if let (Some(limit), RowRule::All) = (scan.limit, &scan.filter) {
            sql.push_str(&format!(" LIMIT {limit}"));
        }
        Ok((sql, wires))
    }

    /// The condition of a rule over column names, read as the types of `columns`; `None` where nothing can be said.
    ///
    /// # Errors
    /// When a literal does not fit its column.
    pub fn condition(
        self,
        info: &TableInfo,
        columns: &[super::Wanted],
        rule: &RowRule,
    ) -> Result<Option<String>, Error> {
        if matches!(rule, RowRule::All) {
            return Ok(None);
        }
        Ok(self.rule(info, columns, rule)?.map(|it| it.sql))
    }

    /// As [`Dialect::condition`], or `None` where a part of the rule cannot be said.
    ///
    /// # Errors
    /// When a literal does not fit its column.
    pub fn whole(self, info: &TableInfo, columns: &[super::Wanted], rule: &RowRule) -> Result<Option<String>, Error> {
        Ok(self.rule(info, columns, rule)?.filter(|it| it.whole).map(|it| it.sql))
    }

    /// A column as a term of ORDER BY: the house's order, values without a place in their type as NULL, NULL last.
    pub fn order(self, info: &TableInfo, column: &ColumnInfo, wanted: DataType, descending: bool) -> Option<String> {
        let name = self.ident(&column.name);
        let way = if descending { "DESC" } else { "ASC" };
        if self.never_null(info, column, wanted) && wanted != DataType::Text {
            // As an index has it.
            return Some(format!("{name} {way}"));
        }
        let expr = match (self, wanted) {
            (Self::Postgres, DataType::Text) => text_of_postgres(&name, &column.source_type)?.bytes,
            (Self::Postgres, DataType::Integer | DataType::Boolean) if column.data_type == wanted => name,
            (Self::Postgres, DataType::Decimal { .. }) if natural_postgres(column.data_type, wanted) => {
                format!("NULLIF({name}, 'NaN')")
            }
            (Self::Postgres, DataType::Date | DataType::DateTime | DataType::Instant) if column.data_type == wanted => {
                format!(
                    "CASE WHEN {} THEN NULL ELSE {name} END",
                    placeless_postgres(&name, wanted)?
                )
            }
            (Self::Mysql, DataType::Text) if column.data_type == wanted && !odd_mysql(&column.source_type) => {
                format!("CAST(CONVERT({name} USING utf8mb4) AS BINARY)")
            }
            (Self::Mysql, DataType::Integer | DataType::Decimal { .. }) if column.data_type == wanted => name,
            (Self::Sqlite, DataType::Text) if affinity(&column.source_type) == Affinity::Text => {
                format!("CASE WHEN typeof({name}) = 'text' THEN {name} END COLLATE BINARY")
            }
            (Self::Sqlite, DataType::Integer) if affinity(&column.source_type) == Affinity::Integer => {
                format!("CASE WHEN typeof({name}) = 'integer' THEN {name} END")
            }
            _ => return None,
        };
        Some(match self {
            Self::Mysql => format!("({expr} IS NULL), {expr} {way}"),
            _ => format!("{expr} {way} NULLS LAST"),
        })
    }

    fn rule(self, info: &TableInfo, columns: &[super::Wanted], rule: &RowRule) -> Result<Option<Condition>, Error> {
        let whole = |sql: String| Some(Condition { sql, whole: true });
        Ok(match rule {
            RowRule::All => whole("1=1".to_owned()),
            RowRule::Nothing => whole("1=0".to_owned()),
            RowRule::And { of } => {
                let parts = of
                    .iter()
                    .map(|it| self.rule(info, columns, it))
                    .collect::<Result<Vec<_>, _>>()?;
                let complete = parts.iter().all(|it| it.as_ref().is_some_and(|it| it.whole));
                let said: Vec<_> = parts.into_iter().flatten().map(|it| it.sql).collect();
                match said.is_empty() {
                    true if of.is_empty() => whole("1=1".to_owned()),
                    true => None,
                    false => Some(Condition {
                        sql: format!("({})", said.join(" AND ")),
                        whole: complete,
                    }),
                }
            }
            RowRule::Or { of } if of.is_empty() => whole("1=0".to_owned()),
            RowRule::Or { of } => {
                let parts = of
                    .iter()
                    .map(|it| self.rule(info, columns, it))
                    .collect::<Result<Vec<_>, _>>()?;
                let parts: Option<Vec<_>> = parts.into_iter().collect();
                parts.map(|it| Condition {
                    whole: it.iter().all(|it| it.whole),
                    sql: format!(
                        "({})",
                        it.iter().map(|it| it.sql.as_str()).collect::<Vec<_>>().join(" OR ")
                    ),
                })
            }
            RowRule::Not { of } => match self.rule(info, columns, of)? {
                Some(it) if it.whole => whole(format!("(NOT {})", it.sql)),
                _ => None,
            },
            RowRule::Compare { item, op, value } => {
                let (column, data_type) = find(info, columns, item)?;
                self.compare(column, *op, &Literal::new(data_type, value, item)?, data_type)
                    .and_then(whole)
            }
            RowRule::In { item, values } => {
                let (column, data_type) = find(info, columns, item)?;
                let mut parts = Vec::new();
                for value in values.iter().filter(|it| **it != Value::Null) {
                    let literal = Literal::new(data_type, value, item)?;
                    parts.push(self.compare(column, Compare::Eq, &literal, data_type));
                }
                match parts.into_iter().collect::<Option<Vec<_>>>() {
                    Some(it) if it.is_empty() => whole("1=0".to_owned()),
                    Some(it) => whole(format!("({})", it.join(" OR "))),
                    None => None,
                }
            }
            RowRule::StartsWith { item, prefix } => {
                let (column, data_type) = find(info, columns, item)?;
                if data_type == DataType::Text {
                    self.starts_with(column, prefix).and_then(whole)
                } else {
                    None
                }
            }
            RowRule::IsNull { item } => {
                let (column, data_type) = find(info, columns, item)?;
                self.is_null(column, data_type).and_then(whole)
            }
        })
    }

    fn compare(self, column: &ColumnInfo, op: Compare, literal: &Literal, wanted: DataType) -> Option<String> {
        let name = self.ident(&column.name);
        let sql = op.sql();
        match self {
            Self::Postgres => {
                let right = literal.postgres()?;
                match (text_of_postgres(&name, &column.source_type), wanted) {
                    (Some(it), DataType::Text) => Some(match (op, literal) {
                        (Compare::Eq, Literal::Text(text)) if it.equals(text) => format!("{} = {right}", it.plain),
                        (Compare::Eq, _) => format!("({} = {right} AND {} = {right})", it.plain, it.bytes),
                        _ => format!("{} {sql} {right}", it.bytes),
                    }),
                    (_, DataType::Text | DataType::Json) if column.data_type == wanted => {
                        Some(format!("({name})::text COLLATE \"C\" {sql} {right}"))
                    }
                    _ if natural_postgres(column.data_type, wanted) && wanted != DataType::Text => {
                        Some(format!("{name} {sql} {right}"))
                    }
                    _ => None,
                }
            }
            Self::Mysql => match (column.data_type, wanted, literal) {
                (DataType::Text, DataType::Text, Literal::Text(it)) if !odd_mysql(&column.source_type) => {
                    let bytes = format!("CAST(CONVERT({name} USING utf8mb4) AS BINARY) {sql} {}", self.text(it)?);
                    // Texts of the same bytes are equal under every collation: the first part is for the index.
                    Some(match op {
                        Compare::Eq => format!("({name} = _utf8mb4 {} AND {bytes})", self.text(it)?),
                        _ => bytes,
                    })
                }
                (DataType::Integer | DataType::Decimal { .. }, DataType::Integer | DataType::Decimal { .. }, it)
                    if natural_postgres(column.data_type, wanted) =>
                {
                    Some(format!("{name} {sql} {}", it.number()?))
                }
                (DataType::Date | DataType::DateTime, _, it) if column.data_type == wanted => {
                    Some(format!("{name} {sql} '{}'", it.time()?))
                }
                _ => None,
            },
            Self::Sqlite => match (affinity(&column.source_type), wanted, literal) {
                (Affinity::Text, DataType::Text, Literal::Text(it)) => {
                    Some(format!("{name} COLLATE BINARY {sql} {}", self.text(it)?))
                }
                (Affinity::Integer, DataType::Integer, Literal::Int(it)) => Some(format!("{name} {sql} {it}")),
                _ => None,
            },
        }
    }

    fn starts_with(self, column: &ColumnInfo, prefix: &str) -> Option<String> {
        let name = self.ident(&column.name);
        match self {
            Self::Postgres => {
                let it = text_of_postgres(&name, &column.source_type)?;
                let left = if it.equal { it.plain } else { it.bytes };
                let pattern: String = prefix
                    .chars()
                    .flat_map(|c| matches!(c, '%' | '_' | '\\').then_some('\\').into_iter().chain(Some(c)))
                    .collect();
                Some(format!("{left} LIKE {}", self.text(&format!("{pattern}%"))?))
            }
            Self::Mysql if column.data_type == DataType::Text && !odd_mysql(&column.source_type) => Some(format!(
                "LEFT(CAST(CONVERT({name} USING utf8mb4) AS BINARY), {}) = {}",
                prefix.len(),
                self.text(prefix)?
            )),
            Self::Sqlite if affinity(&column.source_type) == Affinity::Text => {
                let text = self.text(prefix)?;
                Some(format!("substr({name}, 1, {}) = {text}", prefix.chars().count()))
            }
            _ => None,
        }
    }

    fn is_null(self, column: &ColumnInfo, wanted: DataType) -> Option<String> {
        let name = self.ident(&column.name);
        let odd = match (self, wanted) {
            (Self::Postgres, _) if column.data_type != wanted => return None,
            // A composite value of nothing but NULL is NULL for this test there, and a text here.
            (Self::Postgres, DataType::Text) if text_of_postgres(&name, &column.source_type).is_none() => {
                return Some(format!("(({name})::text IS NULL)"));
            }
            (Self::Postgres, _) => placeless_postgres(&name, wanted).map_or_else(String::new, |it| format!(" OR {it}")),
            (Self::Mysql, DataType::Text | DataType::Integer) if column.data_type == wanted => String::new(),
            (Self::Sqlite, DataType::Text) if affinity(&column.source_type) == Affinity::Text => {
                format!(" OR typeof({name}) <> 'text'")
            }
            (Self::Sqlite, DataType::Integer) if affinity(&column.source_type) == Affinity::Integer => {
                format!(" OR typeof({name}) <> 'integer'")
            }
            _ => return None,
        };
        Some(format!("({name} IS NULL{odd})"))
    }
}

pub(crate) fn find<'a>(
    info: &'a TableInfo,
    columns: &[super::Wanted],
    item: &str,
) -> Result<(&'a ColumnInfo, DataType), Error> {
    let column = super::column(info, item)?;
    let wanted = columns
        .iter()
        .find(|it| it.column == item)
        .map_or(column.data_type, |it| it.data_type);
    Ok((column, wanted))
}
