//! Masks as PostgreSQL's SQL, to the byte as [`vocab::Mask::apply_text`] makes them; `None` for every mask of which that is
//! not certain. What is not written here is masked in flight ([`super::flight`]).
//!
//! Characters are counted as Unicode code points on both sides, so the database must be of UTF-8 (see [`super::facts`]). The
//! list of compound family names and the notion of white space are the very ones of the house: the first is read from
//! `vocab`, the second from the standard library.
//!
//! Every argument is of exactly the type that the catalogue's function takes: see [`crate::source::column`].

use vocab::{DataType, Mask, mask::apply::COMPOUND_SURNAMES, profile::ColumnInfo};

use crate::source::{
    column::{natural_postgres, read_postgres, text_of_postgres},
    dialect::Dialect,
};

/// A masked column as an expression of type `text`; `wanted` is the item's declared type.
pub(super) fn masked(mask: &Mask, column: &ColumnInfo, wanted: DataType) -> Option<String> {
    match mask {
        Mask::YearOfBirth => year_of_birth(column, wanted),
        Mask::KeepEnds { head, tail } => {
            let text = text_of(column, wanted)?;
            Some(keep_ends(&text, u32::from(*head), u32::from(*tail)))
        }
        Mask::Name => name(&text_of(column, wanted)?),
        Mask::Clear | Mask::Null | Mask::AddressToCounty | Mask::Pseudonym | Mask::Sql { .. } => None,
    }
}

/// The value's text as masks are given it, compared by bytes; NULL where the value has no place in its type. `None` where
/// that is not certain.
pub(super) fn text_of(column: &ColumnInfo, wanted: DataType) -> Option<String> {
    let name = Dialect::Postgres.ident(&column.name);
    let natural = natural_postgres(column.data_type, wanted);
    let text = match wanted {
        DataType::Text if natural && column.source_type.starts_with("character(") => {
            // Padded, as the house reads it.
            text_of_postgres(&name, &column.source_type).map_or_else(|| format!("{name}::text"), |it| it.bytes)
        }
        DataType::Text => read_postgres(&name, &column.source_type, column.data_type, wanted).sql,
        DataType::Integer if natural => format!("{name}::int8::text"),
        DataType::Boolean if natural => format!("{name}::bool::text"),
        DataType::Decimal { .. } if column.data_type == wanted => {
            format!("CASE WHEN {name} <> 'NaN' THEN {name}::numeric::text END")
        }
        DataType::Bytes if natural => format!("encode({name}::bytea, 'hex'::text)"),
        DataType::Json if natural => format!("{name}::text"),
        // Their texts differ in the years beyond 9999, in fractions of seconds and in exponents.
        _ => return None,
    };
    Some(format!("(({text}) COLLATE \"C\")"))
}

/// [`vocab::mask::apply::keep_ends`].
fn keep_ends(value: &str, head: u32, tail: u32) -> String {
    let count = format!("char_length({value})");
    let ends = head + tail;
    let mut parts = Vec::new();
    if head > 0 {
        parts.push(format!("left({value}, {head})"));
    }
    parts.push(format!("repeat('*'::text, {count} - {ends})"));
    if tail > 0 {
        parts.push(format!("right({value}, {tail})"));
    }
    format!(
        "(CASE WHEN {count} <= {ends} THEN repeat('*'::text, {count}) ELSE {} END)",
        parts.join(" || ")
    )
}

/// [`vocab::mask::apply::name`]. White space around a name is rare and cutting it off costs much: it is looked for first.
fn name(value: &str) -> Option<String> {
    let blanks = format!("{}::text", Dialect::Postgres.text(&white_space())?);
    let clean = family_name_kept(value)?;
    let trimmed = family_name_kept(&format!("btrim({value}, {blanks})"))?;
    Some(format!(
        "(CASE WHEN strpos({blanks}, left({value}, 1)) = 0 AND strpos({blanks}, right({value}, 1)) = 0 \
           THEN {clean} ELSE {trimmed} END)"
    ))
}

/// One `*` for each character behind the family name: the longest compound one that the value begins with, if there is more
/// than that, else one character.
fn family_name_kept(value: &str) -> Option<String> {
    let count = format!("char_length({value})");
    let kept = |many: usize| format!("left({value}, {many}) || repeat('*'::text, {count} - {many})");
    let mut lengths: Vec<usize> = COMPOUND_SURNAMES.iter().map(|it| it.chars().count()).collect();
    lengths.sort_unstable();
    lengths.dedup();
    let mut cases = format!("WHEN {count} <= 1 THEN repeat('*'::text, {count})");
    for length in lengths.into_iter().rev() {
        let names: Option<Vec<String>> = COMPOUND_SURNAMES
            .iter()
            .filter(|it| it.chars().count() == length)
            .map(|it| Dialect::Postgres.text(it))
            .collect();
        cases.push_str(&format!(
            " WHEN left({value}, {length}) IN ({}) THEN CASE WHEN {count} > {length} THEN {} ELSE {} END",
            names?.join(", "),
            kept(length),
            kept(1)
        ));
    }
    Some(format!("CASE {cases} ELSE {} END", kept(1)))
}

/// Every character that [`str::trim`] takes away.
fn white_space() -> String {
    ('\u{1}'..=char::MAX).filter(|it| it.is_whitespace()).collect()
}

/// [`vocab::mask::apply::year_of_birth`] of dates and of date-times: the year where it is one of those that the house takes
/// for a year of birth. Of texts it may be the year inside an identity number, which SQL does not check.
fn year_of_birth(column: &ColumnInfo, wanted: DataType) -> Option<String> {
    if column.data_type != wanted {
        return None;
    }
    let name = Dialect::Postgres.ident(&column.name);
    let (value, word) = match wanted {
        DataType::Date => (format!("{name}::date"), "DATE"),
        DataType::DateTime => (format!("{name}::timestamp"), "TIMESTAMP"),
        DataType::Instant => (format!("({name}::timestamptz AT TIME ZONE 'UTC')"), "TIMESTAMP"),
        _ => return None,
    };
    Some(format!(
        "(CASE WHEN {value} >= {word} '1800-01-01' AND {value} < {word} '2200-01-01' \
           THEN to_char({value}::timestamp, 'YYYY'::text) END)"
    ))
}
