//! The row rule as a condition of PostgreSQL that is true for exactly the rows for which the house's rule is true.
//!
//! What arrives is not judged again on this path, so nothing may be left out and nothing may be judged otherwise: every leaf
//! compares stored values with a literal of the item's own type, texts by bytes, and a value without a place in its type (an
//! infinite date, NaN in a decimal) is not true there, as it is NULL here. A rule that cannot be said so has no condition.

use vocab::{DataType, RowRule, Value, profile::TableInfo, rule::Compare};

use crate::{
    error::Error,
    literal::Literal,
    source::{
        Wanted,
        dialect::{Dialect, find},
    },
};

/// Digits that a decimal in a comparison may have on either side, far from where the engine's own arithmetic ends (38).
const DIGITS: u32 = 36;

/// The condition; `None` where the rule cannot be said, `Some(None)` where every row leaves.
///
/// # Errors
/// [`Error::Question`] when a literal does not fit its item.
pub(super) fn condition(info: &TableInfo, columns: &[Wanted], rule: &RowRule) -> Result<Option<Option<String>>, Error> {
    match without_not(rule, false) {
        Some(RowRule::All) => Ok(Some(None)),
        Some(rule) => Ok(truth(info, columns, &rule)?.map(Some)),
        None => Ok(None),
    }
}

/// The same rule with NOT before nothing but leaves that are never unknown where their item is not NULL. It is true for the
/// same rows; where the one is false, the other may be unknown.
fn without_not(rule: &RowRule, negated: bool) -> Option<RowRule> {
    let all = |of: &[RowRule]| of.iter().map(|it| without_not(it, negated)).collect::<Option<Vec<_>>>();
    Some(match (rule, negated) {
        (RowRule::All, false) | (RowRule::Nothing, true) => RowRule::All,
        (RowRule::Nothing, false) | (RowRule::All, true) => RowRule::Nothing,
        (RowRule::And { of }, false) | (RowRule::Or { of }, true) => RowRule::And { of: all(of)? },
        (RowRule::Or { of }, false) | (RowRule::And { of }, true) => RowRule::Or { of: all(of)? },
        (RowRule::Not { of }, _) => without_not(of, !negated)?,
        (RowRule::Compare { item, op, value }, true) => RowRule::Compare {
            item: item.clone(),
            op: opposite(*op),
            value: value.clone(),
        },
        // Of none of nothing, a NULL item is an open question.
        (RowRule::In { values, .. }, _) if values.is_empty() => return None,
        (RowRule::In { values, .. }, true) if values.contains(&Value::Null) => RowRule::Nothing,
        (RowRule::In { item, values }, true) => RowRule::And {
            of: values.iter().map(|it| unequal(item, it)).collect(),
        },
        (RowRule::In { item, values }, false) => RowRule::In {
            item: item.clone(),
            values: values.iter().filter(|it| **it != Value::Null).cloned().collect(),
        },
        (leaf @ (RowRule::StartsWith { .. } | RowRule::IsNull { .. }), true) => RowRule::Not {
            of: Box::new(leaf.clone()),
        },
        (leaf, false) => leaf.clone(),
    })
}

const fn opposite(op: Compare) -> Compare {
    match op {
        Compare::Eq => Compare::Ne,
        Compare::Ne => Compare::Eq,
        Compare::Lt => Compare::Ge,
        Compare::Le => Compare::Gt,
        Compare::Gt => Compare::Le,
        Compare::Ge => Compare::Lt,
    }
}

fn unequal(item: &str, value: &Value) -> RowRule {
    RowRule::Compare {
        item: item.to_owned(),
        op: Compare::Ne,
        value: value.clone(),
    }
}

fn truth(info: &TableInfo, columns: &[Wanted], rule: &RowRule) -> Result<Option<String>, Error> {
    let joined = |of: &[RowRule], word: &str, none: &str| {
        let parts = of
            .iter()
            .map(|it| truth(info, columns, it))
            .collect::<Result<Vec<_>, _>>()?;
        let parts: Option<Vec<String>> = parts.into_iter().collect();
        Ok::<_, Error>(parts.map(|it| {
            if it.is_empty() {
                none.to_owned()
            } else {
                format!("({})", it.join(word))
            }
        }))
    };
    match rule {
        RowRule::And { of } => joined(of, " AND ", "1=1"),
        RowRule::Or { of } => joined(of, " OR ", "1=0"),
        RowRule::All | RowRule::Nothing => Dialect::Postgres.whole(info, columns, rule),
        RowRule::Compare { item, value, .. } => leaf(info, columns, rule, item, std::slice::from_ref(value)),
        RowRule::In { item, values } => leaf(info, columns, rule, item, values),
        RowRule::StartsWith { item, .. } | RowRule::IsNull { item } => leaf(info, columns, rule, item, &[]),
        RowRule::Not { of } => match of.as_ref() {
            RowRule::StartsWith { item, .. } | RowRule::IsNull { item } => leaf(info, columns, rule, item, &[]),
            _ => Ok(None),
        },
    }
}

/// One comparison, test for NULL or prefix.
fn leaf(
    info: &TableInfo,
    columns: &[Wanted],
    rule: &RowRule,
    item: &str,
    values: &[Value],
) -> Result<Option<String>, Error> {
    let (column, wanted) = find(info, columns, item)?;
    if column.data_type != wanted {
        return Ok(None);
    }
    let Some(said) = Dialect::Postgres.whole(info, columns, rule)? else {
        return Ok(None);
    };
    if values.is_empty() {
        return Ok(Some(said));
    }
    match wanted {
        DataType::Text | DataType::Integer | DataType::Boolean => Ok(Some(said)),
        DataType::Date | DataType::DateTime | DataType::Instant => placed(info, columns, item, &said),
        DataType::Decimal { precision, scale } => {
            for value in values {
                if !comparable(&Literal::new(wanted, value, item)?, precision, scale) {
                    return Ok(None);
                }
            }
            placed(info, columns, item, &said)
        }
        DataType::Double | DataType::Json | DataType::Bytes => Ok(None),
    }
}

/// The same where the item has a place in its type.
fn placed(info: &TableInfo, columns: &[Wanted], item: &str, said: &str) -> Result<Option<String>, Error> {
    let null = RowRule::IsNull { item: item.to_owned() };
    let has = RowRule::Not { of: Box::new(null) };
    let has = Dialect::Postgres.whole(info, columns, &has)?;
    Ok(has.map(|has| format!("({has} AND {said})")))
}

/// Does the engine bring item and literal to one scale without leaving its 38 digits?
fn comparable(literal: &Literal, precision: u8, scale: u8) -> bool {
    let Literal::Decimal(value, own) = literal else {
        return false;
    };
    let more = u32::from(scale.saturating_sub(*own));
    let column = u32::from(precision) + u32::from(own.saturating_sub(scale));
    let digits = value.unsigned_abs().checked_ilog10().map_or(1, |it| it + 1);
    column <= DIGITS && digits + more <= DIGITS
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use expect_test::expect;
    use vocab::profile::ColumnInfo;

    use super::*;

    fn said(rule: &str) -> String {
        let column = |name: &str, source_type: &str, data_type| ColumnInfo {
            name: name.to_owned(),
            comment: None,
            source_type: source_type.to_owned(),
            data_type,
            nullable: true,
            key: false,
            plain: true,
            indexed: false,
        };
        let decimal = DataType::Decimal {
            precision: 14,
            scale: 2,
        };
        let columns = vec![
            column("area", "character(6)", DataType::Text),
            column("name", "text COLLATE und", DataType::Text),
            column("no", "integer", DataType::Integer),
            column("born", "date", DataType::Date),
            column("income", "numeric(14,2)", decimal),
            column("rate", "double precision", DataType::Double),
            column("kind", "smallint", DataType::Integer),
            column("label", "name", DataType::Text),
            column("code", "character varying(6)", DataType::Text),
            column("pair", "public.pair", DataType::Text),
            column("met", "timestamp without time zone", DataType::DateTime),
            column("seen", "timestamp with time zone", DataType::Instant),
        ];
        let wanted: Vec<_> = columns
            .iter()
            .map(|it| Wanted {
                column: it.name.clone(),
                // Declared as text, stored as a number.
                data_type: if it.name == "kind" {
                    DataType::Text
                } else {
                    it.data_type
                },
            })
            .collect();
        let info = TableInfo {
            name: "t".to_owned(),
            comment: None,
            rows_estimate: None,
            columns,
        };
        let rule: RowRule = rule.parse().unwrap();
        match condition(&info, &wanted, &rule) {
            Ok(Some(it)) => format!("{rule}: {}\n", it.unwrap_or_else(|| "all".to_owned())),
            Ok(None) => format!("{rule}: -\n"),
            Err(error) => format!("{rule}: {error}\n"),
        }
    }

    #[test]
    fn only_what_is_certain_is_said() {
        let rules = [
            "area = '330106'",
            "NOT (area LIKE '33%' AND no > 5)",
            "NOT no IN (1, 2)",
            "NOT (no IS NULL OR no <> 3)",
            "born >= '1990-01-01'",
            "NOT born < '1990-01-01'",
            "born >= '99999-01-01'",
            "income > 100.5",
            "income > 1000000000000000000000000000000000000",
            "rate > 1",
            "rate IS NULL",
            "kind = '1'",
            "name = 'a'",
            "no = 'x'",
            "label = 'a' OR code LIKE '33%'",
            "NOT code <> '330106'",
            "pair IS NULL",
            "pair = '(,)'",
            "met > '2000-01-01'",
            "NOT seen IS NULL",
        ];
        expect![[r#"
            area = '330106': "area" = '330106'
            NOT (area LIKE '33%' AND no > 5): ((NOT rpad("area"::text, 6) COLLATE "C" LIKE '33%') OR "no" <= (5)::int8)
            no NOT IN (1, 2): ("no" <> (1)::int8 AND "no" <> (2)::int8)
            NOT (no IS NULL OR no <> 3): ((NOT ("no" IS NULL)) AND "no" = (3)::int8)
            born >= '1990-01-01': ((NOT ("born" IS NULL OR NOT isfinite("born"))) AND "born" >= DATE '1990-01-01')
            NOT born < '1990-01-01': ((NOT ("born" IS NULL OR NOT isfinite("born"))) AND "born" >= DATE '1990-01-01')
            born >= '99999-01-01': -
            income > '100.5': ((NOT ("income" IS NULL OR "income"::text IN ('NaN','Infinity','-Infinity'))) AND "income" > (100.5)::numeric)
            income > '1000000000000000000000000000000000000': -
            rate > 1: -
            rate IS NULL: ("rate" IS NULL)
            kind = '1': -
            name = 'a': ("name")::text COLLATE "C" = 'a'
            no = 'x': `x` is not a value of item `no` (integer)
            label = 'a' OR code LIKE '33%': ("label"::text = 'a' OR "code"::text LIKE '33%')
            NOT code <> '330106': "code"::text = '330106'
            pair IS NULL: (("pair")::text IS NULL)
            pair = '(,)': ("pair")::text COLLATE "C" = '(,)'
            met > '2000-01-01': ((NOT ("met" IS NULL OR NOT isfinite("met") OR "met" > TIMESTAMP '294247-01-10 04:00:54.775807')) AND "met" > TIMESTAMP '2000-01-01 00:00:00')
            seen IS NOT NULL: (NOT ("seen" IS NULL OR NOT isfinite("seen") OR "seen" > TIMESTAMPTZ '294247-01-10 04:00:54.775807+00'))
        "#]].assert_eq(&rules.map(said).concat());
    }
}
