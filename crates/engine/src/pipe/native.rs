//! Types of PostgreSQL whose values are the same bytes on every server: built in, with nothing of one database inside (no
//! enumerations and no composite types, whose numbers are each database's own; no `money`, which means what a server's
//! locale says). Only these pass undecoded; every other type passes as its text.

/// A type that passes as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Native {
    /// As DDL says it: `numeric(14,2)`, `character varying(18)[]`.
    pub declared: String,
    /// The same without length, for casts: what is of the type already is left as it is, nothing is cut.
    pub cast: String,
    /// Is it an array?
    pub array: bool,
    /// Can it be part of a primary key?
    pub orderable: bool,
}

/// Names as `format_type` writes them without length, and what they are called in casts.
const TYPES: [(&str, &str); 23] = [
    ("smallint", "int2"),
    ("integer", "int4"),
    ("bigint", "int8"),
    ("real", "float4"),
    ("double precision", "float8"),
    ("numeric", "numeric"),
    ("boolean", "bool"),
    ("text", "text"),
    ("character varying", "varchar"),
    ("bytea", "bytea"),
    ("date", "date"),
    ("time without time zone", "time"),
    ("time with time zone", "timetz"),
    ("timestamp without time zone", "timestamp"),
    ("timestamp with time zone", "timestamptz"),
    ("uuid", "uuid"),
    ("json", "json"),
    ("jsonb", "jsonb"),
    ("inet", "inet"),
    ("cidr", "cidr"),
    ("macaddr", "macaddr"),
    ("macaddr8", "macaddr8"),
    ("bit varying", "varbit"),
];
/// Types that mean one character or one bit when their length is not said: they must say it.
const LENGTH_SAID: [(&str, &str); 2] = [("character", "bpchar"), ("bit", "\"bit\"")];
/// Fields that an interval may be restricted to.
const FIELDS: [&str; 13] = [
    "year",
    "month",
    "day",
    "hour",
    "minute",
    "second",
    "year to month",
    "day to hour",
    "day to minute",
    "day to second",
    "hour to minute",
    "hour to second",
    "minute to second",
];

/// The type by the source's own word for it (`format_type`, with ` COLLATE …` behind it where texts that differ may be
/// equal); `None` for a type that does not pass. Nothing of the word reaches a statement but names of the lists above and
/// digits.
pub(super) fn of(source_type: &str) -> Option<Native> {
    let word = source_type.split(" COLLATE ").next()?;
    let (base, array) = match word.strip_suffix("[]") {
        Some(base) => (base, true),
        None => (word, false),
    };
    let (name, length) = split(base)?;
    let cast = LENGTH_SAID
        .iter()
        .filter(|_| length.is_some())
        .chain(&TYPES)
        .find(|(it, _)| *it == name)
        .map(|(_, cast)| *cast)
        .or_else(|| interval(&name))?;
    let tail = if array { "[]" } else { "" };
    Some(Native {
        declared: format!("{base}{tail}"),
        cast: format!("pg_catalog.{cast}{tail}"),
        array,
        orderable: cast != "json" && cast != "jsonb",
    })
}

/// A type's name and its length in parentheses, which stand inside of some names: `timestamp(6) with time zone`.
fn split(base: &str) -> Option<(String, Option<&str>)> {
    let Some((head, rest)) = base.split_once('(') else {
        return Some((base.to_owned(), None));
    };
    let (length, tail) = rest.split_once(')')?;
    let numbers = length
        .split(',')
        .all(|it| !it.is_empty() && it.len() < 9 && it.bytes().all(|it| it.is_ascii_digit()));
    (numbers && length.split(',').count() <= 2).then(|| (format!("{head}{tail}"), Some(length)))
}

fn interval(name: &str) -> Option<&'static str> {
    let fields = name.strip_prefix("interval")?;
    (fields.is_empty() || FIELDS.iter().any(|it| fields.strip_prefix(' ') == Some(it))).then_some("interval")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::of;

    #[test]
    fn what_passes_and_what_does_not() {
        let cast = |it: &str| of(it).map(|it| it.cast);
        for (word, expected) in [
            ("smallint", "pg_catalog.int2"),
            ("numeric", "pg_catalog.numeric"),
            ("numeric(14,2)", "pg_catalog.numeric"),
            ("character varying(18)", "pg_catalog.varchar"),
            ("character(6)", "pg_catalog.bpchar"),
            ("timestamp(3) with time zone", "pg_catalog.timestamptz"),
            ("time without time zone", "pg_catalog.time"),
            ("interval", "pg_catalog.interval"),
            ("interval(2)", "pg_catalog.interval"),
            ("interval day to second(2)", "pg_catalog.interval"),
            ("bit(5)", "pg_catalog.\"bit\""),
            ("bit varying(9)", "pg_catalog.varbit"),
            ("integer[]", "pg_catalog.int4[]"),
            ("numeric(5,1)[]", "pg_catalog.numeric[]"),
        ] {
            assert_eq!(cast(word).as_deref(), Some(expected), "{word}");
            assert_eq!(of(word).unwrap().declared, word);
        }
        for word in [
            "character",
            "bpchar",
            "bit",
            "\"bit\"",
            "\"char\"",
            "name",
            "money",
            "xml",
            "point",
            "oid",
            "numeric(3,-2)",
            "mood",
            "other.mood[]",
            "text(1) x",
            "text); DROP TABLE t; --",
            "interval fortnight",
            "int4range",
        ] {
            assert_eq!(of(word), None, "{word}");
        }
    }

    #[test]
    fn a_collation_stays_at_home() {
        assert_eq!(of("text COLLATE und-x-icu").unwrap().declared, "text");
        assert!(of("jsonb[]").is_some_and(|it| it.array && !it.orderable));
    }
}
