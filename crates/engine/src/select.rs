//! Structured questions to one governed table: items, filters, sort, pages by key. What REST speaks.

use datafusion::{
    functions::string::expr_fn::{contains, starts_with},
    logical_expr::{Expr, Operator, SortExpr, binary_expr, expr::InList, lit},
    prelude::{DataFrame, SessionContext},
};
use serde::{Deserialize, Serialize};
use vocab::{DataType, Value, rule::Compare};

use crate::{
    error::Error,
    govern::{Governed, compile, masked_type},
    literal::Literal,
    sanitize,
};

/// How a filter compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FilterOp {
    /// Equal.
    Eq,
    /// Not equal (NULL is neither).
    Ne,
    /// Less.
    Lt,
    /// Less or equal.
    Le,
    /// Greater.
    Gt,
    /// Greater or equal.
    Ge,
    /// One of the values.
    In,
    /// Text starts with the value.
    StartsWith,
    /// Text contains the value.
    Contains,
    /// NULL; no value.
    IsNull,
    /// Not NULL; no value.
    NotNull,
}

/// One condition; all conditions of a [`Select`] must be true.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Filter {
    /// The item, as the consumer sees it (masked).
    pub item: String,
    /// How it is compared.
    pub op: FilterOp,
    /// Values by their text, read as the item's type: one, several for [`FilterOp::In`], none for NULL tests.
    #[serde(default)]
    pub values: Vec<String>,
}

/// One step of an order. Text is ordered by its bytes; NULL comes last.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Sort {
    /// The item.
    pub item: String,
    /// Largest first?
    #[serde(default)]
    pub descending: bool,
}

/// Where a page ended.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct After {
    /// The texts of its last row for every step of the order (`None` is NULL).
    pub values: Vec<Option<String>>,
    /// How many rows that are equal to it in the order were given; 0 where no two rows can be.
    #[serde(default)]
    pub skip: u64,
}

/// A structured question.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Select {
    /// Items to show, in order; all when empty.
    #[serde(default)]
    pub items: Vec<String>,
    /// Conditions.
    #[serde(default)]
    pub filters: Vec<Filter>,
    /// Order. Pages add the key's items to it, so that it is total.
    #[serde(default)]
    pub sort: Vec<Sort>,
    /// Where the last page ended.
    #[serde(default)]
    pub after: Option<After>,
    /// No more rows than this.
    #[serde(default)]
    pub limit: Option<u64>,
}

/// Checks a question against a table and compiles it.
pub(crate) async fn frame(context: &SessionContext, table: &Governed, select: &Select) -> Result<DataFrame, Error> {
    let name = datafusion::common::TableReference::bare(table.table.name.clone());
    let mut frame = context.table(name).await.map_err(sanitize::planning)?;
    for filter in &select.filters {
        frame = frame.filter(condition(table, filter)?).map_err(sanitize::planning)?;
    }
    if let Some(after) = &select.after {
        frame = frame
            .filter(beyond(table, &select.sort, after)?)
            .map_err(sanitize::planning)?;
    }
    if !select.sort.is_empty() {
        let order = select.sort.iter().map(|it| {
            item(table, &it.item)?;
            Ok(SortExpr::new(compile::column(&it.item), !it.descending, false))
        });
        frame = frame
            .sort(order.collect::<Result<Vec<_>, Error>>()?)
            .map_err(sanitize::planning)?;
    }
    let skip = select.after.as_ref().map_or(0, |it| it.skip);
    if select.limit.is_some() || skip > 0 {
        let whole = |it: u64| usize::try_from(it).map_err(Error::internal);
        let limit = select.limit.map(whole).transpose()?;
        frame = frame.limit(whole(skip)?, limit).map_err(sanitize::planning)?;
    }
    if !select.items.is_empty() {
        let mut shown = Vec::new();
        for name in &select.items {
            item(table, name)?;
            shown.push(compile::column(name));
        }
        frame = frame.select(shown).map_err(sanitize::planning)?;
    }
    Ok(frame)
}

/// The type of a shown item.
pub(crate) fn item(table: &Governed, name: &str) -> Result<DataType, Error> {
    let found = table.item(name).map(masked_type);
    found.ok_or_else(|| Error::question(format!("table `{}` has no item `{name}`", table.table.name)))
}

/// A value read as the type of its item.
pub(crate) fn literal(table: &Governed, name: &str, value: &str) -> Result<Literal, Error> {
    Literal::new(item(table, name)?, &Value::Text(value.to_owned()), name)
}

fn condition(table: &Governed, filter: &Filter) -> Result<Expr, Error> {
    let name = filter.item.as_str();
    let data_type = item(table, name)?;
    let column = compile::column(name);
    let one = || match filter.values.as_slice() {
        [value] => Ok(value.as_str()),
        other => Err(Error::question(format!(
            "a filter on `{name}` needs one value, not {}",
            other.len()
        ))),
    };
    let compare = |op: Compare| {
        Ok(binary_expr(
            column.clone(),
            compile::operator(op),
            value(table, name, one()?)?,
        ))
    };
    let text = |build: fn(Expr, Expr) -> Expr| match data_type {
        DataType::Text => Ok(build(column.clone(), lit(one()?))),
        other => Err(Error::question(format!("`{name}` is {other}; this filter is for text"))),
    };
    match filter.op {
        FilterOp::Eq => compare(Compare::Eq),
        FilterOp::Ne => compare(Compare::Ne),
        FilterOp::Lt => compare(Compare::Lt),
        FilterOp::Le => compare(Compare::Le),
        FilterOp::Gt => compare(Compare::Gt),
        FilterOp::Ge => compare(Compare::Ge),
        FilterOp::In => {
            let list = filter
                .values
                .iter()
                .map(|it| value(table, name, it))
                .collect::<Result<Vec<_>, _>>()?;
            Ok(Expr::InList(InList::new(Box::new(column), list, false)))
        }
        FilterOp::StartsWith => text(starts_with),
        FilterOp::Contains => text(contains),
        FilterOp::IsNull => Ok(column.is_null()),
        FilterOp::NotNull => Ok(column.is_not_null()),
    }
}

fn value(table: &Governed, name: &str, text: &str) -> Result<Expr, Error> {
    Ok(lit(literal(table, name, text)?.scalar()))
}

/// Rows that come after the given one in the order: the first step is beyond, or equal and the next step is beyond, ….
/// With equal rows to skip, those that are equal in every step too.
fn beyond(table: &Governed, sort: &[Sort], after: &After) -> Result<Expr, Error> {
    if sort.is_empty() || sort.len() != after.values.len() {
        return Err(Error::question("`after` needs one value for every step of the order"));
    }
    let mut rest = lit(after.skip > 0);
    for (step, last) in sort.iter().zip(&after.values).rev() {
        let column = compile::column(&step.item);
        let (further, same) = match last {
            // NULL comes last: nothing is beyond it, and only NULL is the same.
            None => (lit(false), column.is_null()),
            Some(text) => {
                let value = value(table, &step.item, text)?;
                let op = if step.descending { Operator::Lt } else { Operator::Gt };
                let further = binary_expr(column.clone(), op, value.clone()).or(column.clone().is_null());
                (further, binary_expr(column, Operator::Eq, value))
            }
        };
        rest = further.or(same.and(rest));
    }
    Ok(rest)
}
