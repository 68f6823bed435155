//! Which tables a question names: read from its parse tree, so that a word in a text or a comment is none.

use std::collections::BTreeSet;

use datafusion::sql::{
    parser::DFParserBuilder, resolve::resolve_table_references, sqlparser::dialect::PostgreSqlDialect,
};

use super::check::LONGEST;
use crate::{error::Error, sanitize};

/// Nested deeper than this, a question is not read.
const DEEPEST: usize = 50;

/// The names of the tables that a question reads, as they are written in the one catalogue `jutong`, schema `public`.
/// Names that the question itself defines (`WITH`) are none of them.
///
/// # Errors
/// [`Error::Question`] when it is no SQL.
pub fn tables_of(sql: &str) -> Result<BTreeSet<String>, Error> {
    if sql.len() > LONGEST {
        return Err(Error::question(format!("a question has at most {LONGEST} bytes")));
    }
    let dialect = PostgreSqlDialect {};
    let statements = DFParserBuilder::new(sql)
        .with_dialect(&dialect)
        .with_recursion_limit(DEEPEST)
        .build()
        .and_then(|mut it| it.parse_statements())
        .map_err(sanitize::planning)?;
    let mut names = BTreeSet::new();
    for statement in &statements {
        let (tables, _) = resolve_table_references(statement, true).map_err(sanitize::planning)?;
        let here = tables
            .iter()
            .filter(|it| it.catalog().is_none_or(|it| it == "jutong") && it.schema().is_none_or(|it| it == "public"));
        names.extend(here.map(|it| it.table().to_owned()));
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::tables_of;

    #[test]
    fn only_what_is_read_is_named() {
        let named = |sql: &str| tables_of(sql).unwrap().into_iter().collect::<Vec<_>>().join(" ");
        assert_eq!(named("select * from people -- and from houses"), "people");
        assert_eq!(
            named("select 'houses', \"houses\" /* houses */ from People as houses"),
            "people"
        );
        assert_eq!(
            named(
                "with houses as (select 1) select * from houses join jutong.public.a using (x) where y in (select z from public.b)"
            ),
            "a b"
        );
        assert_eq!(named("select * from information_schema.tables"), "");
        assert_eq!(named("explain select * from a union all select * from \"B\""), "B a");
        assert!(tables_of("selec").is_err());
    }
}
