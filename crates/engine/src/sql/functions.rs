//! Functions whose answer can be longer than what they are given.
//!
//! Each asks first how long its answer can get. A batch whose answer may be long is computed in parts, each part counts
//! against the question's memory for as long as it lives, and a single value past [`LONGEST`] is refused: so neither
//! `replace(replace('a', 'a', …), 'a', …)` nor a chain of `x || x` takes memory that nobody granted. `||` is one of these
//! functions, made of the operator when a question is planned.

use std::{
    hash::{Hash, Hasher},
    sync::Arc,
};

use arrow::{
    array::{Array, ArrayRef, AsArray, StringArray, StringBuilder},
    buffer::Buffer,
    compute::concat,
    datatypes::{DataType, FieldRef},
};
use datafusion::{
    common::{DFSchema, Result, ScalarValue, plan_err},
    error::DataFusionError,
    execution::{
        memory_pool::{MemoryConsumer, MemoryPool, MemoryReservation},
        runtime_env::RuntimeEnv,
        session_state::SessionStateBuilder,
    },
    logical_expr::{
        ColumnarValue, Expr, ExprSchemable, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
        Volatility,
        expr::ScalarFunction,
        planner::{ExprPlanner, PlannerResult, RawBinaryExpr},
    },
    prelude::SessionContext,
    sql::sqlparser::ast::BinaryOperator,
};

use crate::error::{Error, LimitKind};

/// Bytes of one value, and of one part of a batch.
const LONGEST: u64 = 64 << 20;
/// Bytes of a value that does not depend on any row.
const LONGEST_CONSTANT: u64 = 64 << 10;
/// An answer up to this is computed at once and not counted.
const SHORT: u64 = 1 << 20;
/// Bytes that captures of one text may be, in texts: groups nest no deeper in the regular expressions here.
const DEEPEST: u64 = 250;

/// How long an answer can get.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Growth {
    /// All arguments one after another.
    Sum,
    /// The same with the first between the others.
    Separated,
    /// `(text, from, to)`
    Replace,
    /// `(text, pattern, to, …)`
    RegexpReplace,
    /// `(text, pattern, …)`, the parts of the text that groups stand for
    Captures,
    /// `(time, format)`
    Format,
}

const GROWING: [(&str, Growth); 9] = [
    ("concat", Growth::Sum),
    ("concat_ws", Growth::Separated),
    ("overlay", Growth::Sum),
    ("encode", Growth::Separated),
    ("replace", Growth::Replace),
    ("regexp_replace", Growth::RegexpReplace),
    ("regexp_match", Growth::Captures),
    ("to_char", Growth::Format),
    ("translate", Growth::Separated),
];

/// Puts the bounded functions in the place of those of the same names.
pub(super) fn register(context: &SessionContext, pool: &Arc<dyn MemoryPool>) {
    let known = context.state().scalar_functions().clone();
    for (name, growth) in GROWING {
        if let Some(inner) = known.get(name) {
            context.register_udf(bounded(Arc::clone(inner), growth, pool));
        }
    }
}

/// What turns `||` into a function.
pub(super) fn planners(pool: &Arc<dyn MemoryPool>) -> Vec<Arc<dyn ExprPlanner>> {
    let join = bounded(Arc::new(ScalarUDF::new_from_impl(Join::new())), Growth::Sum, pool);
    // `OVERLAY(… PLACING …)` is syntax, planned without asking what is registered.
    let overlay = bounded(datafusion::functions::core::overlay(), Growth::Sum, pool);
    vec![Arc::new(Operators {
        join: Arc::new(join),
        overlay: Arc::new(overlay),
    })]
}

/// A session that knows functions and no table: for masks.
pub(crate) fn only() -> SessionContext {
    let runtime = Arc::new(RuntimeEnv::default());
    let state = SessionStateBuilder::new()
        .with_runtime_env(Arc::clone(&runtime))
        .with_expr_planners(planners(&runtime.memory_pool))
        .with_default_features()
        .build();
    let context = SessionContext::new_with_state(state);
    register(&context, &runtime.memory_pool);
    context
}

fn bounded(inner: Arc<ScalarUDF>, growth: Growth, pool: &Arc<dyn MemoryPool>) -> ScalarUDF {
    ScalarUDF::new_from_impl(Bounded {
        inner,
        growth,
        meter: Meter(Arc::clone(pool)),
    })
}

#[derive(Debug)]
struct Operators {
    join: Arc<ScalarUDF>,
    overlay: Arc<ScalarUDF>,
}

impl ExprPlanner for Operators {
    fn plan_binary_op(&self, expr: RawBinaryExpr, schema: &DFSchema) -> Result<PlannerResult<RawBinaryExpr>> {
        if expr.op != BinaryOperator::StringConcat {
            return Ok(PlannerResult::Original(expr));
        }
        let function = ScalarFunction::new_udf(Arc::clone(&self.join), vec![expr.left, expr.right]);
        let joined = Expr::ScalarFunction(function);
        joined.get_type(schema)?;
        Ok(PlannerResult::Planned(joined))
    }

    fn plan_overlay(&self, args: Vec<Expr>) -> Result<PlannerResult<Vec<Expr>>> {
        let function = ScalarFunction::new_udf(Arc::clone(&self.overlay), args);
        Ok(PlannerResult::Planned(Expr::ScalarFunction(function)))
    }
}

/// `||`: NULL where one side is.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Join(Signature);

impl Join {
    fn new() -> Self {
        Self(Signature::user_defined(Volatility::Immutable))
    }
}

impl ScalarUDFImpl for Join {
    fn name(&self) -> &str {
        "||"
    }

    fn schema_name(&self, args: &[Expr]) -> Result<String> {
        let names: Vec<_> = args.iter().map(|it| it.schema_name().to_string()).collect();
        Ok(names.join(" || "))
    }

    fn signature(&self) -> &Signature {
        &self.0
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        let other = |it: &&DataType| it.is_nested() || it.is_binary();
        if let Some(it) = given.iter().find(other) {
            return plan_err!("`||` joins texts, not {it}");
        }
        if given.iter().any(|it| it.is_string() || it.is_null()) {
            Ok(vec![DataType::Utf8; given.len()])
        } else {
            plan_err!("`||` joins texts; cast one side to text")
        }
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let constant = args.args.iter().all(|it| matches!(it, ColumnarValue::Scalar(_)));
        let rows = if constant { 1 } else { args.number_rows };
        let sides = args
            .args
            .into_iter()
            .map(|it| it.into_array(rows))
            .collect::<Result<Vec<_>>>()?;
        let texts: Vec<&StringArray> = sides.iter().filter_map(|it| it.as_string_opt::<i32>()).collect();
        let mut out = StringBuilder::with_capacity(rows, texts.iter().map(|it| it.value_data().len()).sum());
        let mut joined = String::new();
        for row in 0..rows {
            if texts.iter().any(|it| it.is_null(row)) {
                out.append_null();
                continue;
            }
            joined.clear();
            texts.iter().for_each(|it| joined.push_str(it.value(row)));
            out.append_value(&joined);
        }
        let out = out.finish();
        if constant {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&out, 0)?));
        }
        Ok(ColumnarValue::Array(Arc::new(out)))
    }
}

/// The memory of the question. All meters are one to those who compare functions.
#[derive(Debug)]
struct Meter(Arc<dyn MemoryPool>);

impl PartialEq for Meter {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Meter {}

impl Hash for Meter {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

/// Bytes that count against a question as long as they are there.
struct Counted {
    bytes: Buffer,
    _memory: MemoryReservation,
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Meter {
    fn count(&self, array: ArrayRef) -> Result<ArrayRef> {
        let Some(texts) = array.as_string_opt::<i32>() else {
            return Ok(array);
        };
        let memory = MemoryConsumer::new("text").register(&self.0);
        memory.try_grow(texts.value_data().len())?;
        let (offsets, bytes, nulls) = texts.clone().into_parts();
        let counted = Counted { bytes, _memory: memory };
        let bytes = Buffer::from(bytes::Bytes::from_owner(counted));
        Ok(Arc::new(StringArray::try_new(offsets, bytes, nulls)?))
    }
}

/// A function that looks first.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Bounded {
    inner: Arc<ScalarUDF>,
    growth: Growth,
    meter: Meter,
}

impl ScalarUDFImpl for Bounded {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn aliases(&self) -> &[String] {
        self.inner.aliases()
    }

    fn schema_name(&self, args: &[Expr]) -> Result<String> {
        self.inner.schema_name(args)
    }

    fn signature(&self) -> &Signature {
        self.inner.signature()
    }

    fn return_type(&self, given: &[DataType]) -> Result<DataType> {
        self.inner.return_type(given)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        self.inner.return_field_from_args(args)
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        self.inner.coerce_types(given)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        if args.args.iter().all(|it| matches!(it, ColumnarValue::Scalar(_))) {
            return if self.longest(&args, 0) > LONGEST_CONSTANT {
                Err(too_long())
            } else {
                self.inner.invoke_with_args(args)
            };
        }
        let most = (0..args.number_rows).fold(0_u64, |sum, row| sum.saturating_add(self.longest(&args, row)));
        if most <= SHORT {
            return self.inner.invoke_with_args(args);
        }
        let (mut parts, mut from) = (Vec::new(), 0);
        while from < args.number_rows {
            let (mut to, mut bytes) = (from, 0);
            while to < args.number_rows {
                let next = self.longest(&args, to);
                if next > LONGEST {
                    return Err(too_long());
                }
                if bytes + next > LONGEST {
                    break;
                }
                bytes += next;
                to += 1;
            }
            parts.push(self.meter.count(self.part(&args, from, to - from)?)?);
            from = to;
        }
        let all = match parts.as_slice() {
            [one] => Arc::clone(one),
            _ => {
                let parts: Vec<&dyn Array> = parts.iter().map(AsRef::as_ref).collect();
                self.meter.count(concat(&parts)?)?
            }
        };
        Ok(ColumnarValue::Array(all))
    }
}

impl Bounded {
    fn part(&self, args: &ScalarFunctionArgs, from: usize, rows: usize) -> Result<ArrayRef> {
        let slice = |it: &ColumnarValue| match it {
            ColumnarValue::Array(it) => ColumnarValue::Array(it.slice(from, rows)),
            ColumnarValue::Scalar(it) => ColumnarValue::Scalar(it.clone()),
        };
        let part = ScalarFunctionArgs {
            args: args.args.iter().map(slice).collect(),
            number_rows: rows,
            ..args.clone()
        };
        self.inner.invoke_with_args(part)?.into_array(rows)
    }

    /// The most bytes that the answer for a row can have.
    fn longest(&self, args: &ScalarFunctionArgs, row: usize) -> u64 {
        let length = |at: usize| args.args.get(at).map_or(0, |it| length(it, row));
        let all = || (0..args.args.len()).map(length).fold(0_u64, u64::saturating_add);
        match self.growth {
            Growth::Sum => all(),
            Growth::Separated => {
                let others = args.args.len() as u64;
                all().saturating_add(length(0).saturating_mul(others.max(4)))
            }
            Growth::Replace => {
                let (text, from, to) = (length(0), length(1), length(2));
                // An empty text is found nowhere.
                let times = text.checked_div(from).unwrap_or(0);
                text.saturating_add(times.saturating_mul(to))
            }
            Growth::RegexpReplace => {
                let (text, to) = (length(0), length(2));
                // A match can be empty; each `\1` of the replacement can stand for a whole match, and matches are disjoint.
                let times = text.saturating_add(1);
                text.saturating_add(times.saturating_mul(to))
                    .saturating_add(text.saturating_mul(to / 2))
            }
            Growth::Captures => length(0).saturating_mul(length(1).min(DEEPEST).saturating_add(1)),
            Growth::Format => length(1).saturating_mul(32).saturating_add(64),
        }
    }
}

fn too_long() -> DataFusionError {
    let bytes = usize::try_from(LONGEST).unwrap_or(usize::MAX);
    DataFusionError::External(Box::new(Error::Limit(LimitKind::Memory(bytes))))
}

/// Bytes of a text; of other values about what they have as text.
fn length(value: &ColumnarValue, row: usize) -> u64 {
    const OTHER: u64 = 64;
    match value {
        ColumnarValue::Scalar(ScalarValue::Utf8(it) | ScalarValue::LargeUtf8(it) | ScalarValue::Utf8View(it)) => {
            it.as_ref().map_or(0, |it| it.len() as u64)
        }
        ColumnarValue::Scalar(_) => OTHER,
        ColumnarValue::Array(it) => match it.data_type() {
            DataType::Utf8 => it.as_string::<i32>().value_length(row).unsigned_abs().into(),
            DataType::LargeUtf8 => it.as_string::<i64>().value_length(row).unsigned_abs(),
            DataType::Utf8View => it.as_string_view().value(row).len() as u64,
            DataType::Binary => it.as_binary::<i32>().value_length(row).unsigned_abs().into(),
            _ => OTHER,
        },
    }
}
