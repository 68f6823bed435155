//! What a granted item is selected as, and the type of its column in the target.

use vocab::{DataType, GovernedItem, Mask, profile::ColumnInfo};

use super::{Why, mask, native};
use crate::{
    govern::mask::TextMask,
    sink::{Fit, Note},
    source::{
        column::{natural_postgres, read_postgres},
        dialect::Dialect,
    },
};

/// An item on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Column {
    /// The expression that the source computes.
    pub select: String,
    /// The type in the target, as DDL says it; the very type of the expression.
    pub declared: String,
    /// Is that an array?
    pub array: bool,
    /// Can it be part of a primary key?
    pub orderable: bool,
    /// How values arrive.
    pub fit: Fit,
    /// The mask that its values are given in flight, where the expression is not masked.
    pub mask: Option<TextMask>,
}

impl Column {
    fn text(select: String, fit: Fit) -> Self {
        Self {
            select,
            declared: "text".to_owned(),
            array: false,
            orderable: true,
            fit,
            mask: None,
        }
    }

    fn native(select: String, native: native::Native) -> Self {
        Self {
            select,
            declared: native.declared,
            array: native.array,
            orderable: native.orderable,
            fit: Fit::Exact,
            mask: None,
        }
    }
}

/// The column of an item; `key` is the agreement's pseudonym key.
///
/// # Errors
/// [`Why::Mask`] and [`Why::Type`] where it is not certain that the item after its mask would be the same as by columns.
pub(super) fn column(item: &GovernedItem, info: &ColumnInfo, key: &[u8]) -> Result<Column, Why> {
    let name = Dialect::Postgres.ident(&info.name);
    let natural = natural_postgres(info.data_type, item.data_type);
    let native = native::of(&info.source_type).filter(|_| natural);
    match (&item.mask, native) {
        // The cast keeps a column whose type has changed since from being read as another type: the server converts or refuses.
        (Mask::Clear, Some(it)) => Ok(Column::native(format!("{name}::{}", it.cast), it)),
        (Mask::Null, Some(it)) => Ok(Column::native(format!("NULL::{}", it.cast), it)),
        (Mask::Clear, None) if item.data_type == DataType::Text => {
            let text = read_postgres(&name, &info.source_type, info.data_type, DataType::Text).sql;
            Ok(Column::text(format!("{text}::text"), Fit::Mapped(Note::AsText)))
        }
        (Mask::Null, None) if item.data_type == DataType::Text => Ok(Column::text("NULL::text".to_owned(), Fit::Exact)),
        (Mask::Clear | Mask::Null, None) => Err(Why::Type(item.name.clone())),
        (mask, _) => match mask::masked(mask, info, item.data_type) {
            Some(sql) => Ok(Column::text(format!("{sql}::text"), Fit::Exact)),
            None => in_flight(item, info, key).ok_or_else(|| Why::Mask(item.name.clone())),
        },
    }
}

/// The value's text, masked in flight.
fn in_flight(item: &GovernedItem, info: &ColumnInfo, key: &[u8]) -> Option<Column> {
    let text = mask::text_of(info, item.data_type)?;
    let mask = TextMask::new(item, key).ok()??;
    Some(Column {
        mask: Some(mask),
        ..Column::text(format!("{text}::text"), Fit::Exact)
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use expect_test::expect;

    use super::*;

    fn said(source_type: &str, given: DataType, declared: DataType, mask: &str) -> String {
        let info = ColumnInfo {
            name: "列\"x".to_owned(),
            comment: None,
            source_type: source_type.to_owned(),
            data_type: given,
            nullable: true,
            key: false,
            plain: true,
            indexed: false,
        };
        let item = GovernedItem {
            name: "项".to_owned(),
            column: info.name.clone(),
            data_type: declared,
            mask: mask.parse().unwrap(),
            key: false,
        };
        match column(&item, &info, &[7; 32]) {
            Ok(it) => {
                let flight = if it.mask.is_some() { " in flight" } else { "" };
                format!(
                    "{source_type} {mask}: {} -> {} {:?}{flight}\n",
                    it.select, it.declared, it.fit
                )
            }
            Err(why) => format!("{source_type} {mask}: {}\n", why.code()),
        }
    }

    #[test]
    fn items_are_selected_in_their_own_type() {
        use DataType::{Date, DateTime, Double, Integer, Json, Text};
        let all = [
            said("smallint", Integer, Integer, "clear"),
            said("character(6)", Text, Text, "clear"),
            said("numeric", Text, Text, "clear"),
            said("jsonb", Json, Json, "clear"),
            said("public.mood", Text, Text, "clear"),
            said("bytea", DataType::Bytes, Text, "clear"),
            said("text", Text, Integer, "clear"),
            said("smallint", Integer, Text, "clear"),
            said("interval", Text, Text, "null"),
            said("date", Date, Date, "year-of-birth"),
            said("timestamp without time zone", DateTime, DateTime, "keep-ends(1,1)"),
            said("double precision", Double, Double, "keep-ends(1,1)"),
            said("character(6)", Text, Text, "keep-ends(0,2)"),
            said("integer", Integer, Integer, "keep-ends(1,0)"),
            said("text", Text, Text, "year-of-birth"),
            said("text", Text, Text, "pseudonym"),
            said("text", Text, Text, "address-to-county"),
            said("text", Text, Text, "sql(value)"),
        ];
        expect![[r#"
            smallint clear: "列""x"::pg_catalog.int2 -> smallint Exact
            character(6) clear: "列""x"::pg_catalog.bpchar -> character(6) Exact
            numeric clear: "列""x"::pg_catalog.numeric -> numeric Exact
            jsonb clear: "列""x"::pg_catalog.jsonb -> jsonb Exact
            public.mood clear: "列""x"::text::text -> text Mapped(AsText)
            bytea clear: encode("列""x"::bytea, 'hex'::text)::text -> text Mapped(AsText)
            text clear: type
            smallint clear: "列""x"::text::text -> text Mapped(AsText)
            interval null: NULL::pg_catalog.interval -> interval Exact
            date year-of-birth: (CASE WHEN "列""x"::date >= DATE '1800-01-01' AND "列""x"::date < DATE '2200-01-01' THEN to_char("列""x"::date::timestamp, 'YYYY'::text) END)::text -> text Exact
            timestamp without time zone keep-ends(1,1): mask
            double precision keep-ends(1,1): mask
            character(6) keep-ends(0,2): (CASE WHEN char_length(((rpad("列""x"::text, 6) COLLATE "C") COLLATE "C")) <= 2 THEN repeat('*'::text, char_length(((rpad("列""x"::text, 6) COLLATE "C") COLLATE "C"))) ELSE repeat('*'::text, char_length(((rpad("列""x"::text, 6) COLLATE "C") COLLATE "C")) - 2) || right(((rpad("列""x"::text, 6) COLLATE "C") COLLATE "C"), 2) END)::text -> text Exact
            integer keep-ends(1,0): (CASE WHEN char_length((("列""x"::int8::text) COLLATE "C")) <= 1 THEN repeat('*'::text, char_length((("列""x"::int8::text) COLLATE "C"))) ELSE left((("列""x"::int8::text) COLLATE "C"), 1) || repeat('*'::text, char_length((("列""x"::int8::text) COLLATE "C")) - 1) END)::text -> text Exact
            text year-of-birth: (("列""x"::text) COLLATE "C")::text -> text Exact in flight
            text pseudonym: (("列""x"::text) COLLATE "C")::text -> text Exact in flight
            text address-to-county: (("列""x"::text) COLLATE "C")::text -> text Exact in flight
            text sql(value): mask
        "#]].assert_eq(&all.concat());
    }
}
