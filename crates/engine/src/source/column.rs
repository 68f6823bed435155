//! Columns of each database: how they are selected, and how they compare as the house compares.
//!
//! For PostgreSQL every operand and argument is of exactly the type that an operator or function of its catalogue takes:
//! `varchar` is cast to `text`, for instance, which costs nothing and keeps the index. One that almost fits could be
//! overtaken by another that somebody made in a schema of the path.

use vocab::DataType;

use super::dialect::Read;

/// A text column of PostgreSQL in comparisons.
pub(crate) struct PostgresText {
    /// The column for `=`.
    pub plain: String,
    /// May `=` be used as it is? (`char(n)` ignores padding there.)
    pub equal: bool,
    /// The value as the house sees it, compared by bytes.
    pub bytes: String,
    /// Characters of a `char(n)`.
    length: Option<usize>,
}

impl PostgresText {
    /// May `=` with this text be used as it is? A text that fills a `char(n)` to its last character has no padding to be
    /// ignored.
    pub fn equals(&self, text: &str) -> bool {
        self.equal || (self.length == Some(text.chars().count()) && !text.ends_with(' '))
    }
}

/// A text column in comparisons; `None` for types that are text in the house only, and for collations under which texts
/// that differ may be equal (their types carry `COLLATE`).
pub(crate) fn text_of_postgres(name: &str, source_type: &str) -> Option<PostgresText> {
    if source_type.contains(" COLLATE ") {
        return None;
    }
    if source_type.starts_with("character varying") || matches!(source_type, "text" | "name") {
        return Some(PostgresText {
            plain: format!("{name}::text"),
            equal: true,
            bytes: format!("{name}::text COLLATE \"C\""),
            length: None,
        });
    }
    let length = source_type.strip_prefix("character(")?.strip_suffix(')')?;
    Some(PostgresText {
        plain: name.to_owned(),
        equal: false,
        bytes: format!("rpad({name}::text, {length}) COLLATE \"C\""),
        length: length.parse().ok(),
    })
}

/// The last moment that the house counts, in microseconds since 1970; PostgreSQL knows some years more.
const LAST_MOMENT: &str = "294247-01-10 04:00:54.775807";

/// What is true for values of a column that have no place in its type, which are NULL in the house; `None` for types that
/// have a place for all.
pub(crate) fn placeless_postgres(name: &str, wanted: DataType) -> Option<String> {
    match wanted {
        DataType::Decimal { .. } => Some(format!("{name}::text IN ('NaN','Infinity','-Infinity')")),
        DataType::Date => Some(format!("NOT isfinite({name})")),
        DataType::DateTime => Some(format!("NOT isfinite({name}) OR {name} > TIMESTAMP '{LAST_MOMENT}'")),
        DataType::Instant => Some(format!(
            "NOT isfinite({name}) OR {name} > TIMESTAMPTZ '{LAST_MOMENT}+00'"
        )),
        _ => None,
    }
}

/// Is a column of type `given` read as `wanted` without parsing text, and with the same meaning in comparisons?
pub(crate) fn natural_postgres(given: DataType, wanted: DataType) -> bool {
    match (given, wanted) {
        (DataType::Decimal { precision, scale }, DataType::Decimal { precision: p, scale: s }) => {
            scale <= s && precision.saturating_sub(scale) <= p.saturating_sub(s)
        }
        (given, wanted) => given == wanted,
    }
}

/// A PostgreSQL column as it is selected.
pub(crate) fn read_postgres(name: &str, source_type: &str, given: DataType, wanted: DataType) -> Read {
    let plain = |sql: String| Read { sql, text: false };
    let parsed = || Read {
        sql: format!("{name}::text"),
        text: true,
    };
    if !natural_postgres(given, wanted) {
        return match (given, wanted) {
            (DataType::Bytes, DataType::Text) => plain(format!("encode({name}::bytea, 'hex'::text)")),
            (_, DataType::Text | DataType::Json) => plain(format!("{name}::text")),
            _ => parsed(),
        };
    }
    // Every column is cast, those that are of the type already too: if the type has changed since the table was described,
    // the bytes still are of the type they are read as, or the server refuses.
    match wanted {
        DataType::Text if source_type.starts_with("character(") && text_of_postgres(name, source_type).is_some() => {
            plain(format!("{name}::bpchar"))
        }
        DataType::Text | DataType::Json => plain(format!("{name}::text")),
        DataType::Integer => plain(format!("{name}::int8")),
        DataType::Double => plain(format!("{name}::float8")),
        DataType::Decimal { .. } => plain(format!("{name}::numeric")),
        DataType::Boolean => plain(format!("{name}::bool")),
        DataType::Date => plain(format!("{name}::date")),
        DataType::DateTime => plain(format!("{name}::timestamp")),
        DataType::Instant => plain(format!("{name}::timestamptz")),
        DataType::Bytes => plain(format!("{name}::bytea")),
    }
}

/// A MySQL column as it is selected: as text, which is exact but for single floats (printed with six digits, so they are
/// widened first) and shapes (written as WKT).
pub(super) fn read_mysql(name: &str, source_type: &str, wanted: DataType) -> Read {
    let sql = if source_type.starts_with("bit") && wanted != DataType::Bytes {
        format!("({name} + 0)")
    } else if source_type.starts_with("float") {
        format!("({name} + 0e0)")
    } else if SHAPES.iter().any(|it| source_type.starts_with(it)) {
        format!("ST_AsText({name})")
    } else {
        name.to_owned()
    };
    Read { sql, text: true }
}

/// MySQL's types of shapes.
const SHAPES: [&str; 7] = [
    "geom",
    "point",
    "linestring",
    "polygon",
    "multipoint",
    "multilinestring",
    "multipolygon",
];

/// MySQL types that are text in the house but compare otherwise there.
pub(super) fn odd_mysql(source_type: &str) -> bool {
    let odd = ["enum", "set", "time", "decimal"];
    odd.iter().chain(&SHAPES).any(|it| source_type.starts_with(it))
}

/// What SQLite makes of a value that is stored in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Affinity {
    Text,
    Integer,
    Other,
}

/// SQLite's rule for the affinity of a declared type (datatype3, section 3.1).
pub(super) fn affinity(source_type: &str) -> Affinity {
    let upper = source_type.to_ascii_uppercase();
    if upper.contains("INT") {
        Affinity::Integer
    } else if upper.contains("CHAR") || upper.contains("CLOB") || upper.contains("TEXT") {
        Affinity::Text
    } else {
        Affinity::Other
    }
}
