//! Which of an asker's conditions may be told to the source together with the row rule.
//!
//! Only comparisons of an unmasked item, stored as it is (no column of a view, none that is generated: computing those may
//! fail), with a literal of its own type, membership, NULL tests and text prefixes, and
//! AND, OR, NOT of these: none can fail on any row, so none can tell anything about a hidden one. They are always
//! computed again above the governed table; telling the source only saves work.

use datafusion::{
    logical_expr::{BinaryExpr, Expr, Operator},
    scalar::ScalarValue,
};
use vocab::{DataType, GovernedItem, RowRule, Value, rule::Compare};

use super::Governed;
use crate::shape::text;

/// The condition as a rule over source columns, or `None` where it may not be told.
pub(crate) fn rule(governed: &Governed, expr: &Expr) -> Option<RowRule> {
    match expr {
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => match op {
            Operator::And => Some(RowRule::And {
                of: vec![rule(governed, left)?, rule(governed, right)?],
            }),
            Operator::Or => Some(RowRule::Or {
                of: vec![rule(governed, left)?, rule(governed, right)?],
            }),
            _ => {
                let op = compare(*op)?;
                match (left.as_ref(), right.as_ref()) {
                    (Expr::Column(_), Expr::Literal(value, _)) => comparison(governed, left, op, value),
                    (Expr::Literal(value, _), Expr::Column(_)) => comparison(governed, right, turned(op), value),
                    _ => None,
                }
            }
        },
        Expr::Not(inner) => Some(RowRule::Not {
            of: Box::new(rule(governed, inner)?),
        }),
        Expr::IsNull(inner) => Some(RowRule::IsNull {
            item: item(governed, inner)?.column.clone(),
        }),
        Expr::IsNotNull(inner) => {
            let item = item(governed, inner)?.column.clone();
            Some(RowRule::Not {
                of: Box::new(RowRule::IsNull { item }),
            })
        }
        Expr::InList(list) => {
            let item = item(governed, &list.expr)?;
            let values = list.list.iter().map(|it| match it {
                Expr::Literal(it, _) => value(item.data_type, it),
                _ => None,
            });
            let within = RowRule::In {
                item: item.column.clone(),
                values: values.collect::<Option<Vec<_>>>()?,
            };
            Some(if list.negated {
                RowRule::Not { of: Box::new(within) }
            } else {
                within
            })
        }
        Expr::Between(it) => {
            let (Expr::Literal(low, _), Expr::Literal(high, _)) = (it.low.as_ref(), it.high.as_ref()) else {
                return None;
            };
            let within = RowRule::And {
                of: vec![
                    comparison(governed, &it.expr, Compare::Ge, low)?,
                    comparison(governed, &it.expr, Compare::Le, high)?,
                ],
            };
            Some(if it.negated {
                RowRule::Not { of: Box::new(within) }
            } else {
                within
            })
        }
        Expr::Like(it) if !it.case_insensitive && it.escape_char.is_none() => {
            let item = item(governed, &it.expr)?;
            let Expr::Literal(pattern, _) = it.pattern.as_ref() else {
                return None;
            };
            let Value::Text(pattern) = value(DataType::Text, pattern)? else {
                return None;
            };
            let prefix = pattern.strip_suffix('%')?;
            if item.data_type != DataType::Text || prefix.contains(['%', '_', '\\']) {
                return None;
            }
            let starts = RowRule::StartsWith {
                item: item.column.clone(),
                prefix: prefix.to_owned(),
            };
            Some(if it.negated {
                RowRule::Not { of: Box::new(starts) }
            } else {
                starts
            })
        }
        _ => None,
    }
}

/// An item that may be told, by its column expression.
fn item<'a>(governed: &'a Governed, expr: &Expr) -> Option<&'a GovernedItem> {
    let Expr::Column(column) = expr else { return None };
    governed.told(column.name())
}

fn comparison(governed: &Governed, expr: &Expr, op: Compare, literal: &ScalarValue) -> Option<RowRule> {
    let item = item(governed, expr)?;
    if matches!(item.data_type, DataType::Double | DataType::Json | DataType::Bytes) {
        return None;
    }
    Some(RowRule::Compare {
        item: item.column.clone(),
        op,
        value: value(item.data_type, literal)?,
    })
}

/// A literal of the item's own type, not NULL.
fn value(data_type: DataType, literal: &ScalarValue) -> Option<Value> {
    let written = |write: &dyn Fn(&mut Vec<u8>)| {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).ok().map(Value::Text)
    };
    match (data_type, literal) {
        (
            DataType::Text,
            ScalarValue::Utf8(Some(it)) | ScalarValue::LargeUtf8(Some(it)) | ScalarValue::Utf8View(Some(it)),
        ) => Some(Value::Text(it.clone())),
        (DataType::Integer, ScalarValue::Int64(Some(it))) => Some(Value::Int(*it)),
        (DataType::Boolean, ScalarValue::Boolean(Some(it))) => Some(Value::Bool(*it)),
        (DataType::Decimal { .. }, ScalarValue::Decimal128(Some(it), _, scale)) => {
            let scale = u8::try_from(*scale).ok()?;
            written(&|out| text::write_decimal(*it, scale, out))
        }
        (DataType::Date, ScalarValue::Date32(Some(it))) => written(&|out| text::write_date(i64::from(*it), out)),
        (DataType::DateTime, ScalarValue::TimestampMicrosecond(Some(it), None)) => {
            written(&|out| text::write_date_time(*it, b' ', out))
        }
        (DataType::Instant, ScalarValue::TimestampMicrosecond(Some(it), Some(zone))) if zone.as_ref() == "UTC" => {
            written(&|out| {
                text::write_date_time(*it, b' ', out);
                out.push(b'Z');
            })
        }
        _ => None,
    }
}

const fn compare(op: Operator) -> Option<Compare> {
    Some(match op {
        Operator::Eq => Compare::Eq,
        Operator::NotEq => Compare::Ne,
        Operator::Lt => Compare::Lt,
        Operator::LtEq => Compare::Le,
        Operator::Gt => Compare::Gt,
        Operator::GtEq => Compare::Ge,
        _ => return None,
    })
}

const fn turned(op: Compare) -> Compare {
    match op {
        Compare::Lt => Compare::Gt,
        Compare::Le => Compare::Ge,
        Compare::Gt => Compare::Lt,
        Compare::Ge => Compare::Le,
        other => other,
    }
}
