//! What was agreed on, and what must therefore stand in a target: counted and digested by the databases themselves, so
//! that neither our digests nor anybody's exit code is believed.

use crate::{Result, postgres::Postgres};

/// The table in its source.
pub const TABLE: &str = "person";

/// A mask, and a second time what it must make of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mask {
    /// So many characters at both ends stay.
    KeepEnds(u32, u32),
    /// The family name stays.
    Name,
    /// A pseudonym under the node's secret key: nobody else can make it, only its form and its number can be checked.
    Pseudonym,
}

/// The terms of an agreement.
#[derive(Debug, PartialEq, Eq)]
pub struct Terms {
    /// Items that leave masked.
    pub masks: &'static [(&'static str, Mask)],
    /// The row rule, the same in SQL; empty when every row leaves.
    pub rows: &'static str,
}

/// The whole table as it is.
pub static WHOLE: Terms = Terms { masks: &[], rows: "" };

/// Three masks and a row rule; one of the masks is our own function to each value, since SQL cannot say it.
pub static MASKED: Terms = Terms {
    masks: &[
        ("phone", Mask::KeepEnds(3, 4)),
        ("name", Mask::Name),
        ("id_card", Mask::Pseudonym),
    ],
    rows: "region_code <> '310104'",
};

/// Three masks and a row rule, all of which the source's SQL can say.
pub static MASKED_IN_SQL: Terms = Terms {
    masks: &[
        ("phone", Mask::KeepEnds(3, 4)),
        ("name", Mask::Name),
        ("id_card", Mask::KeepEnds(6, 4)),
    ],
    rows: "region_code <> '310104'",
};

/// The compound family names that `benches/movement/person.sql` gives.
const COMPOUND: &str = "'欧阳', '司马', '上官', '诸葛'";

/// What stands before and behind a column so that equal values have equal texts, whatever type a side gave them.
const FORMS: [(&str, &str, &str); 13] = [
    ("id", "", "::int8"),
    ("id_card", "", "::text"),
    ("name", "", "::text"),
    ("gender", "", "::int8"),
    ("birth_date", "", "::date"),
    ("region_code", "", "::text"),
    ("address", "", "::text"),
    ("phone", "", "::text"),
    ("income", "", "::text::numeric(14,2)"),
    ("married", "", "::bool"),
    ("extra", "", "::text::jsonb"),
    ("created_at", "", "::timestamp(6)"),
    ("updated_at", "extract(epoch from ", ")"),
];

/// How many rows there are and the sum of their hashes; and of pseudonyms how many different ones there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Truth {
    /// Rows and sum, as the database writes them.
    pub sum: String,
    /// Different pseudonyms, and values that do not look like one; empty without pseudonyms.
    pub pseudonyms: String,
}

impl Mask {
    /// As REST is told.
    #[must_use]
    pub fn code(self) -> String {
        match self {
            Self::KeepEnds(head, tail) => format!("keep-ends({head},{tail})"),
            Self::Name => "name".to_owned(),
            Self::Pseudonym => "pseudonym".to_owned(),
        }
    }

    /// What must be seen of a column's values in a target, as an expression on the source.
    fn truth(self, column: &str) -> String {
        match self {
            // Every phone number and identity number is longer than both ends.
            Self::KeepEnds(head, tail) => format!(
                "left({column}, {head}) || repeat('*', char_length({column}) - {}) || right({column}, {tail})",
                head + tail
            ),
            Self::Name => format!(
                "case when left({column}, 2) in ({COMPOUND}) then left({column}, 2) || repeat('*', char_length({column}) - 2) \
                 else left({column}, 1) || repeat('*', char_length({column}) - 1) end"
            ),
            Self::Pseudonym => "'-'".to_owned(),
        }
    }
}

impl Terms {
    fn mask(&self, column: &str) -> Option<Mask> {
        self.masks.iter().find(|it| it.0 == column).map(|it| it.1)
    }

    fn pseudonym(&self) -> Option<&'static str> {
        self.masks.iter().find(|it| it.1 == Mask::Pseudonym).map(|it| it.0)
    }

    fn condition(&self) -> String {
        if self.rows.is_empty() {
            String::new()
        } else {
            format!(" where {}", self.rows)
        }
    }
}

impl Truth {
    /// What must leave the source under these terms.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn of_source(source: &Postgres, terms: &Terms) -> Result<Self> {
        let condition = terms.condition();
        let seen = |column: &str| {
            terms
                .mask(column)
                .map_or_else(|| column.to_owned(), |it| it.truth(column))
        };
        let pseudonyms = match terms.pseudonym() {
            Some(it) => source.ask(&format!(
                "select count(distinct hashtextextended({it}, 0)), 0 from {TABLE}{condition}"
            ))?,
            None => String::new(),
        };
        Ok(Self {
            sum: source.ask(&sum(TABLE, &condition, seen))?.trim().to_owned(),
            pseudonyms: pseudonyms.trim().to_owned(),
        })
    }

    /// What stands in a target.
    ///
    /// # Errors
    /// When the database does not answer, or a column is not there.
    pub fn of_target(target: &Postgres, table: &str, terms: &Terms) -> Result<Self> {
        let hidden = terms.pseudonym();
        let seen = |column: &str| {
            if hidden == Some(column) {
                "'-'".to_owned()
            } else {
                column.to_owned()
            }
        };
        let pseudonyms = match hidden {
            Some(it) => target.ask(&format!(
                "select count(distinct hashtextextended({it}, 0)), count(*) filter (where {it} !~ '^[0-9a-f]{{64}}$') \
                 from {table}"
            ))?,
            None => String::new(),
        };
        Ok(Self {
            sum: target.ask(&sum(table, "", seen))?.trim().to_owned(),
            pseudonyms: pseudonyms.trim().to_owned(),
        })
    }

    /// How many rows.
    ///
    /// # Errors
    /// When the database wrote no number.
    pub fn rows(&self) -> Result<u64> {
        let first = self.sum.split(['|', ' ']).next().unwrap_or_default();
        Ok(first.parse()?)
    }
}

/// The question for rows and sum.
fn sum(table: &str, condition: &str, seen: impl Fn(&str) -> String) -> String {
    let columns = FORMS.map(|(column, before, behind)| format!("{before}({}){behind}", seen(column)));
    format!(
        "select count(*), coalesce(sum(hashtextextended(row({})::text, 0)), 0) from {table}{condition}",
        columns.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_is_named_and_written_a_second_time() {
        assert_eq!(Mask::KeepEnds(3, 4).code(), "keep-ends(3,4)");
        assert_eq!(
            Mask::KeepEnds(3, 4).truth("phone"),
            "left(phone, 3) || repeat('*', char_length(phone) - 7) || right(phone, 4)"
        );
        assert_eq!(
            (Mask::Name.code(), Mask::Pseudonym.code()),
            ("name".into(), "pseudonym".into())
        );
    }

    #[test]
    fn every_column_of_the_table_is_summed() {
        let ddl = include_str!("../../movement/person.sql");
        let sql = sum(TABLE, &MASKED.condition(), |it| format!("[{it}]"));
        for (column, ..) in FORMS {
            assert!(
                ddl.contains(&format!("\n    {column} ")) && sql.contains(&format!("([{column}])")),
                "{column}"
            );
        }
        assert!(sql.ends_with(" from person where region_code <> '310104'"), "{sql}");
        assert!(!sum(TABLE, &WHOLE.condition(), str::to_owned).contains("where"));
    }

    #[test]
    fn rows_are_counted_by_the_first_number() {
        let it = |sum: &str| Truth {
            sum: sum.to_owned(),
            pseudonyms: String::new(),
        };
        assert_eq!(it("200000|-25").rows().unwrap(), 200_000);
        assert_eq!(it("200000 1846").rows().unwrap(), 200_000);
        assert!(it("").rows().is_err());
    }
}
