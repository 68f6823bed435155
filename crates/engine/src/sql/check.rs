//! What a question may say: one query, known functions, nothing else. Judged on the parse tree, never by pattern.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    ops::ControlFlow,
    sync::LazyLock,
};

use arrow::datatypes::Schema;
use datafusion::{
    common::{DFSchema, config::Dialect},
    execution::SessionState,
    logical_expr::Expr as PlanExpr,
    sql::{
        parser::Statement as Parsed,
        sqlparser::{
            ast::{
                Expr, FunctionArg, FunctionArgExpr, FunctionArguments, Query, SetExpr, Statement, TableFactor, Value,
                Visit, Visitor,
            },
            dialect::PostgreSqlDialect,
            parser::Parser,
        },
    },
};

use crate::{error::Error, sanitize};

/// Bytes of one question.
pub(crate) const LONGEST: usize = 64 * 1024;
/// Tables of one question, each counted as often as it is read.
const MOST_TABLES: u64 = 500;
/// Characters that `lpad` and `rpad` may fill up to.
const WIDEST: u64 = 1000;

/// Functions of values. Everything here is pure: no effects, no clocks. What can grow beyond its input is bounded, see
/// [`super::functions`].
const PURE: &str = "abs acos asin atan atan2 cbrt ceil ceiling cos cot degrees exp factorial floor gcd lcm ln log log10 log2 \
    mod nanvl isnan iszero pi pow power radians round signum sign sin sqrt tan trunc trunc greatest least nullif coalesce nvl \
    nvl2 ifnull arrow_typeof ascii bit_length btrim char_length character_length chr concat concat_ws contains ends_with \
    find_in_set initcap instr left length levenshtein lower lpad ltrim octet_length overlay position replace reverse right \
    rpad rtrim split_part starts_with strpos substr substring substr_index substring_index to_hex translate trim upper \
    md5 sha224 sha256 sha384 sha512 digest encode decode regexp_like regexp_match regexp_replace regexp_count regexp_instr \
    date_bin date_part date_trunc datepart datetrunc extract from_unixtime make_date to_char date_format to_date to_timestamp \
    to_timestamp_micros to_timestamp_millis to_timestamp_nanos to_timestamp_seconds to_unixtime array_length cardinality";

/// Aggregates and window functions, and the clock.
const MORE: &str = "count sum avg mean min max median stddev stddev_pop stddev_samp var var_pop var_samp var_sample \
    variance covar covar_pop covar_samp corr bool_and bool_or bit_and bit_or bit_xor first_value last_value nth_value \
    approx_distinct approx_median approx_percentile_cont percentile_cont string_agg array_agg grouping regr_slope \
    regr_intercept regr_count regr_r2 regr_avgx regr_avgy row_number rank dense_rank percent_rank cume_dist ntile lag lead \
    now current_date current_time current_timestamp today";

static FUNCTIONS: LazyLock<BTreeSet<&str>> =
    LazyLock::new(|| PURE.split_whitespace().chain(MORE.split_whitespace()).collect());
static PURE_FUNCTIONS: LazyLock<BTreeSet<&str>> = LazyLock::new(|| PURE.split_whitespace().collect());

/// Reads a question: exactly one query, or EXPLAIN of one.
///
/// # Errors
/// [`Error::Question`] with the reason.
pub(crate) fn statement(state: &SessionState, sql: &str) -> Result<Parsed, Error> {
    if sql.len() > LONGEST {
        return Err(Error::question(format!("a question has at most {LONGEST} bytes")));
    }
    let parsed = state
        .sql_to_statement(sql, &Dialect::PostgreSQL)
        .map_err(sanitize::planning)?;
    match &parsed {
        Parsed::Statement(inner) => match inner.as_ref() {
            Statement::Query(query) => visit(query.as_ref(), &FUNCTIONS)?,
            _ => return Err(only_queries()),
        },
        Parsed::Explain(explain) if !explain.options.analyze => match explain.statement.as_ref() {
            Parsed::Statement(inner) => match inner.as_ref() {
                Statement::Query(query) => visit(query.as_ref(), &FUNCTIONS)?,
                _ => return Err(only_queries()),
            },
            _ => return Err(only_queries()),
        },
        _ => return Err(only_queries()),
    }
    Ok(parsed)
}

fn only_queries() -> Error {
    Error::question("only one SELECT query is answered here")
}

/// Reads the expression of an SQL mask: pure functions of the one name `value`.
///
/// # Errors
/// [`Error::Question`] with the reason.
pub(crate) fn mask_expression(text: &str, schema: &Schema) -> Result<PlanExpr, Error> {
    if text.len() > 4096 {
        return Err(Error::question("an SQL mask has at most 4096 bytes"));
    }
    let bad = |error: datafusion::sql::sqlparser::parser::ParserError| Error::Question(error.to_string());
    let dialect = PostgreSqlDialect {};
    let mut parser = Parser::new(&dialect)
        .with_recursion_limit(40)
        .try_with_sql(text)
        .map_err(bad)?;
    let expr = parser.parse_expr().map_err(bad)?;
    if parser.peek_token().token != datafusion::sql::sqlparser::tokenizer::Token::EOF {
        return Err(Error::question("an SQL mask is one expression"));
    }
    visit(&expr, &PURE_FUNCTIONS)?;
    let schema = DFSchema::try_from(schema.clone()).map_err(sanitize::planning)?;
    super::functions::only()
        .parse_sql_expr(text, &schema)
        .map_err(sanitize::planning)
}

fn visit(node: &impl Visit, functions: &'static BTreeSet<&'static str>) -> Result<(), Error> {
    let masks = std::ptr::eq(functions, &raw const *PURE_FUNCTIONS);
    let mut guard = Guard {
        functions,
        masks,
        open: Vec::new(),
    };
    match node.visit(&mut guard) {
        ControlFlow::Break(reason) => Err(Error::Question(reason)),
        ControlFlow::Continue(()) => Ok(()),
    }
}

struct Guard {
    functions: &'static BTreeSet<&'static str>,
    masks: bool,
    /// The queries around the place that is looked at, the innermost last.
    open: Vec<Scope>,
}

/// A query, and how many tables it reads in all. A question of few words can name the same part again and again, so that
/// what has to be planned doubles with each line: it is counted before anything is planned.
#[derive(Default)]
struct Scope {
    /// Names of its common tables whose queries come next, in order.
    expected: VecDeque<String>,
    /// Common tables it knows, with what each reads.
    common: BTreeMap<String, u64>,
    /// What it reads itself.
    tables: u64,
}

impl Guard {
    fn reads(&mut self, tables: u64) -> ControlFlow<String> {
        let Some(scope) = self.open.last_mut() else {
            return ControlFlow::Continue(());
        };
        scope.tables = scope.tables.saturating_add(tables);
        if scope.tables > MOST_TABLES {
            return no(format!(
                "the question reads more than {MOST_TABLES} tables in all its steps"
            ));
        }
        ControlFlow::Continue(())
    }
}

fn no(reason: impl Into<String>) -> ControlFlow<String> {
    ControlFlow::Break(reason.into())
}

impl Visitor for Guard {
    type Break = String;

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<String> {
        if self.masks {
            return no("an SQL mask holds no query");
        }
        if query.with.as_ref().is_some_and(|it| it.recursive) {
            return no("recursive queries are not answered");
        }
        if !query.locks.is_empty() || query.for_clause.is_some() || query.settings.is_some() {
            return no("this clause of the query is not answered");
        }
        let common = query.with.iter().flat_map(|it| &it.cte_tables);
        self.open.push(Scope {
            expected: common.map(|it| it.alias.name.value.to_lowercase()).collect(),
            ..Scope::default()
        });
        body(&query.body)
    }

    fn post_visit_query(&mut self, _: &Query) -> ControlFlow<String> {
        let Some(done) = self.open.pop() else {
            return ControlFlow::Continue(());
        };
        match self.open.last_mut() {
            None => ControlFlow::Continue(()),
            Some(around) => match around.expected.pop_front() {
                Some(name) => {
                    around.common.insert(name, done.tables);
                    ControlFlow::Continue(())
                }
                None => self.reads(done.tables),
            },
        }
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<String> {
        match factor {
            TableFactor::Table { args: None, name, .. } => {
                let name = name.to_string().to_lowercase();
                let known = self.open.iter().rev().find_map(|it| it.common.get(&name));
                self.reads(known.copied().unwrap_or(1).max(1))
            }
            TableFactor::Derived { .. } | TableFactor::NestedJoin { .. } => ControlFlow::Continue(()),
            _ => no("functions that make tables are not answered"),
        }
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<String> {
        match expr {
            Expr::Function(it) => {
                let name = it.name.to_string().to_ascii_lowercase();
                if !self.functions.contains(name.as_str()) {
                    return no(format!("function `{name}` is not available"));
                }
                if matches!(name.as_str(), "lpad" | "rpad") && !narrow(&it.args) {
                    return no(format!("`{name}` needs a literal length of at most {WIDEST}"));
                }
                ControlFlow::Continue(())
            }
            Expr::Identifier(it) if self.masks && it.value != "value" => {
                no(format!("an SQL mask knows the name `value`, not `{}`", it.value))
            }
            Expr::CompoundIdentifier(_) if self.masks => no("an SQL mask knows the name `value` only"),
            Expr::Value(it) if self.masks && matches!(it.value, Value::Placeholder(_)) => {
                no("an SQL mask has no parameters")
            }
            Expr::Lambda(_) => no("lambdas are not answered"),
            Expr::Array(_) | Expr::Tuple(_) | Expr::Struct { .. } | Expr::Dictionary(_) | Expr::Map(_) => {
                no("lists and structures are not made here")
            }
            _ => ControlFlow::Continue(()),
        }
    }

    fn pre_visit_statement(&mut self, statement: &Statement) -> ControlFlow<String> {
        match statement {
            Statement::Query(_) => ControlFlow::Continue(()),
            _ => no("only one SELECT query is answered here"),
        }
    }
}

fn body(set: &SetExpr) -> ControlFlow<String> {
    match set {
        SetExpr::Select(it) if it.into.is_some() => no("SELECT INTO is not answered"),
        SetExpr::Select(_) | SetExpr::Query(_) | SetExpr::Values(_) => ControlFlow::Continue(()),
        SetExpr::SetOperation { left, right, .. } => {
            body(left)?;
            body(right)
        }
        _ => no("only SELECT and VALUES are answered"),
    }
}

fn narrow(arguments: &FunctionArguments) -> bool {
    let FunctionArguments::List(list) = arguments else {
        return false;
    };
    match list.args.get(1) {
        Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Value(it)))) => match &it.value {
            Value::Number(number, _) => number.parse::<u64>().is_ok_and(|it| it <= WIDEST),
            _ => false,
        },
        _ => false,
    }
}
