//! Row rules as expressions of the query engine.

use std::sync::Arc;

use arrow::datatypes::Schema;
use datafusion::{
    common::{Column, DFSchema},
    execution::context::ExecutionProps,
    functions::string::expr_fn::starts_with,
    logical_expr::{
        Expr, Operator, binary_expr, expr::InList, lit, physical_planning_context::PhysicalPlanningContext,
    },
    physical_expr::{PhysicalExpr, create_physical_expr},
    scalar::ScalarValue,
};
use vocab::{DataType, RowRule, Value, rule::Compare};

use crate::{error::Error, literal::Literal, shape, source::Wanted};

/// The names a rule mentions.
pub(crate) fn names<'a>(rule: &'a RowRule, into: &mut Vec<&'a str>) {
    match rule {
        RowRule::All | RowRule::Nothing => {}
        RowRule::And { of } | RowRule::Or { of } => of.iter().for_each(|it| names(it, into)),
        RowRule::Not { of } => names(of, into),
        RowRule::Compare { item, .. }
        | RowRule::In { item, .. }
        | RowRule::StartsWith { item, .. }
        | RowRule::IsNull { item } => {
            if !into.contains(&item.as_str()) {
                into.push(item);
            }
        }
    }
}

/// The same rule over other names.
pub(crate) fn to_columns(rule: &RowRule, name: &dyn Fn(&str) -> Result<String, Error>) -> Result<RowRule, Error> {
    let all = |of: &[RowRule]| of.iter().map(|it| to_columns(it, name)).collect::<Result<Vec<_>, _>>();
    Ok(match rule {
        RowRule::All => RowRule::All,
        RowRule::Nothing => RowRule::Nothing,
        RowRule::And { of } => RowRule::And { of: all(of)? },
        RowRule::Or { of } => RowRule::Or { of: all(of)? },
        RowRule::Not { of } => RowRule::Not {
            of: Box::new(to_columns(of, name)?),
        },
        RowRule::Compare { item, op, value } => RowRule::Compare {
            item: name(item)?,
            op: *op,
            value: value.clone(),
        },
        RowRule::In { item, values } => RowRule::In {
            item: name(item)?,
            values: values.clone(),
        },
        RowRule::StartsWith { item, prefix } => RowRule::StartsWith {
            item: name(item)?,
            prefix: prefix.clone(),
        },
        RowRule::IsNull { item } => RowRule::IsNull { item: name(item)? },
    })
}

/// A column by its exact name.
pub(crate) fn column(name: &str) -> Expr {
    Expr::Column(Column::from_name(name))
}

/// An operator.
pub(crate) const fn operator(op: Compare) -> Operator {
    match op {
        Compare::Eq => Operator::Eq,
        Compare::Ne => Operator::NotEq,
        Compare::Lt => Operator::Lt,
        Compare::Le => Operator::LtEq,
        Compare::Gt => Operator::Gt,
        Compare::Ge => Operator::GtEq,
    }
}

/// A rule as an expression; `types` tells the type of a name.
pub(crate) fn expr(rule: &RowRule, types: &dyn Fn(&str) -> Result<DataType, Error>) -> Result<Expr, Error> {
    let join = |of: &[RowRule], op: Operator, empty: bool| {
        let parts = of.iter().map(|it| expr(it, types)).collect::<Result<Vec<_>, _>>()?;
        Ok::<_, Error>(
            parts
                .into_iter()
                .reduce(|a, b| binary_expr(a, op, b))
                .unwrap_or_else(|| lit(empty)),
        )
    };
    Ok(match rule {
        RowRule::All => lit(true),
        RowRule::Nothing => lit(false),
        RowRule::And { of } => join(of, Operator::And, true)?,
        RowRule::Or { of } => join(of, Operator::Or, false)?,
        RowRule::Not { of } => Expr::Not(Box::new(expr(of, types)?)),
        RowRule::Compare { item, op, value } => {
            let literal = Literal::new(types(item)?, value, item)?;
            binary_expr(column(item), operator(*op), lit(literal.scalar()))
        }
        RowRule::In { item, values } => {
            let data_type = types(item)?;
            let mut list = Vec::new();
            for value in values.iter().filter(|it| **it != Value::Null) {
                list.push(lit(Literal::new(data_type, value, item)?.scalar()));
            }
            let within = Expr::InList(InList::new(Box::new(column(item)), list, false));
            if values.contains(&Value::Null) {
                binary_expr(within, Operator::Or, lit(ScalarValue::Boolean(None)))
            } else {
                within
            }
        }
        RowRule::StartsWith { item, prefix } => match types(item)? {
            DataType::Text => starts_with(column(item), lit(prefix.as_str())),
            other => {
                return Err(Error::question(format!(
                    "`{item}` is {other}; only text starts with something"
                )));
            }
        },
        RowRule::IsNull { item } => {
            types(item)?;
            column(item).is_null()
        }
    })
}

/// An expression over columns of these types, ready to be evaluated.
pub(crate) fn prepare(expr: &Expr, schema: &Schema) -> Result<Arc<dyn PhysicalExpr>, Error> {
    let schema = DFSchema::try_from(schema.clone()).map_err(crate::sanitize::planning)?;
    let context = datafusion::optimizer::simplify_expressions::SimplifyContext::builder()
        .with_schema(Arc::new(schema.clone()))
        .build();
    let simplifier = datafusion::optimizer::simplify_expressions::ExprSimplifier::new(context);
    let coerced = simplifier
        .coerce(expr.clone(), &schema)
        .map_err(crate::sanitize::planning)?;
    create_physical_expr(
        &coerced,
        &schema,
        &ExecutionProps::new(),
        &PhysicalPlanningContext::default(),
    )
    .map_err(crate::sanitize::planning)
}

/// A rule over source columns, ready to be evaluated.
pub(crate) fn physical(rule: &RowRule, columns: &[Wanted]) -> Result<Arc<dyn PhysicalExpr>, Error> {
    let types = |name: &str| {
        columns
            .iter()
            .find(|it| it.column == name)
            .map(|it| it.data_type)
            .ok_or_else(|| Error::question(format!("`{name}` is not an item")))
    };
    let expr = expr(rule, &types)?;
    let fields: Vec<_> = columns
        .iter()
        .map(|it| shape::field(&it.column, it.data_type))
        .collect();
    prepare(&expr, &Schema::new(fields))
}
