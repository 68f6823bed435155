//! Read-only SQL across the governed tables of one asker.
//!
//! A session knows nothing but those tables: no files, no functions with effects, no settings that could be changed.
//! Memory is pooled and bounded, nothing is spilled to disk.

pub(crate) mod check;
pub(crate) mod functions;
pub(crate) mod memory;
mod tables;
#[cfg(test)]
mod tests;

pub use tables::tables_of;

use std::{collections::HashMap, sync::Arc};

use arrow::{
    array::RecordBatch,
    datatypes::{Field, SchemaRef},
};
use datafusion::{
    common::{ParamValues, tree_node::TreeNodeRecursion},
    execution::{
        disk_manager::{DiskManagerBuilder, DiskManagerMode},
        memory_pool::MemoryPool,
        runtime_env::RuntimeEnvBuilder,
        session_state::SessionStateBuilder,
    },
    logical_expr::LogicalPlan,
    prelude::{DataFrame, SessionConfig, SessionContext},
    scalar::ScalarValue,
};
use futures::StreamExt;
use vocab::DataType;

use crate::{
    Limits,
    error::Error,
    govern::{Governed, provider::Provider},
    rows::{Notes, Rows},
    sanitize,
    shape::Shape,
};

/// Steps of one question's plan.
const MOST_STEPS: usize = 2000;
/// Parameters of one question.
const MOST_PARAMETERS: usize = 1000;

/// What a prepared question answers and asks for.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// Names and types of the answer.
    pub schema: SchemaRef,
    /// Parameters `$1`, `$2`, … with the types they are used as (text where nothing tells).
    pub parameters: Vec<Field>,
}

/// A session that knows these tables and nothing else.
pub(crate) fn session(
    tables: &[Arc<Governed>],
    limits: &Limits,
    notes: &Arc<Notes>,
    memory: &Arc<memory::Whole>,
) -> Result<SessionContext, Error> {
    let config = SessionConfig::new()
        .with_default_catalog_and_schema("jutong", "public")
        .with_information_schema(true)
        .with_batch_size(batch_rows(tables))
        .with_target_partitions(limits.threads.max(1))
        .set_bool("datafusion.sql_parser.map_string_types_to_utf8view", false)
        .set_bool("datafusion.sql_parser.support_varchar_with_length", true)
        .set_str("datafusion.execution.time_zone", "+00:00");
    let pool: Arc<dyn MemoryPool> = Arc::new(memory::Part::new(limits.memory_bytes, memory));
    let runtime = RuntimeEnvBuilder::new()
        .with_memory_pool(Arc::clone(&pool))
        .with_disk_manager_builder(DiskManagerBuilder::default().with_mode(DiskManagerMode::Disabled))
        .build_arc()
        .map_err(Error::internal)?;
    let state = SessionStateBuilder::new()
        .with_config(config)
        .with_runtime_env(runtime)
        .with_expr_planners(functions::planners(&pool))
        .with_default_features()
        .with_table_functions(HashMap::new())
        .build();
    let context = SessionContext::new_with_state(state);
    functions::register(&context, &pool);
    for table in tables {
        let name = datafusion::common::TableReference::bare(table.table.name.clone());
        let provider = Provider::new(Arc::clone(table), Arc::clone(notes));
        context
            .register_table(name, Arc::new(provider))
            .map_err(Error::internal)?;
    }
    Ok(context)
}

/// Rows that operators put together into one batch: few where items can be long, because they look at rows only.
fn batch_rows(tables: &[Arc<Governed>]) -> usize {
    let mut items = tables.iter().flat_map(|it| &it.table.items);
    if items.any(|it| matches!(it.data_type, DataType::Bytes | DataType::Json)) {
        512
    } else {
        crate::source::BATCH_ROWS
    }
}

/// Plans a checked question.
async fn plan(context: &SessionContext, sql: &str) -> Result<LogicalPlan, Error> {
    let state = context.state();
    let statement = check::statement(&state, sql)?;
    let plan = state.statement_to_plan(statement).await.map_err(sanitize::planning)?;
    let mut steps = 0;
    // A question of few words can name the same part again and again, so that what has to be done doubles with each line.
    plan.apply_with_subqueries(|_| {
        steps += 1;
        Ok(if steps > MOST_STEPS {
            TreeNodeRecursion::Stop
        } else {
            TreeNodeRecursion::Continue
        })
    })
    .map_err(sanitize::planning)?;
    if steps > MOST_STEPS {
        return Err(Error::question(format!(
            "the question has more than {MOST_STEPS} steps"
        )));
    }
    Ok(plan)
}

/// What a question would answer: in the same canonical schema as the answer itself.
pub(crate) async fn prepare(
    context: &SessionContext,
    sql: &str,
    given: Option<&RecordBatch>,
) -> Result<Prepared, Error> {
    let plan = plan(context, sql).await?;
    let parameters = parameters(&plan)?;
    let plan = match given {
        Some(row) => bound(plan, parameters.len(), Some(row))?,
        // Nothing is known but the types they are used as: missing values of those types stand for them.
        None => {
            let values = parameters.iter().map(|it| ScalarValue::try_from(it.data_type()));
            let values = values.collect::<Result<Vec<_>, _>>().map_err(sanitize::planning)?;
            with_values(plan, values)?
        }
    };
    let plan = context.state().optimize(&plan).map_err(sanitize::planning)?;
    Ok(Prepared {
        schema: shape(&plan)?.schema(),
        parameters,
    })
}

/// The parameters `$1`, `$2`, … of a plan, with the types they are used as (text where nothing tells).
fn parameters(plan: &LogicalPlan) -> Result<Vec<Field>, Error> {
    let named = plan.get_parameter_fields().map_err(sanitize::planning)?;
    let number = |name: &str| name.strip_prefix('$').and_then(|it| it.parse::<usize>().ok());
    let most = named.keys().map(|it| {
        let number = number(it).filter(|it| (1..=MOST_PARAMETERS).contains(it));
        number.ok_or_else(|| Error::question("parameters are written $1, $2, …"))
    });
    let most = most.collect::<Result<Vec<_>, _>>()?.into_iter().max().unwrap_or(0);
    let field = |at: usize| {
        let name = format!("${at}");
        let data_type = named
            .get(&name)
            .and_then(Option::as_ref)
            .map(|it| it.data_type().clone());
        Field::new(name, data_type.unwrap_or(arrow::datatypes::DataType::Utf8), true)
    };
    Ok((1..=most).map(field).collect())
}

/// The plan with its parameters; `given` is one row whose columns are `$1`, `$2`, … in order.
fn bound(plan: LogicalPlan, wanted: usize, given: Option<&RecordBatch>) -> Result<LogicalPlan, Error> {
    let values = match given {
        None => Vec::new(),
        Some(row) => {
            let values = row.columns().iter().map(|it| ScalarValue::try_from_array(it, 0));
            let values = values.collect::<Result<Vec<_>, _>>();
            values.map_err(|_| Error::question("parameters need exactly one row"))?
        }
    };
    if values.len() != wanted {
        let given = values.len();
        return Err(Error::question(format!(
            "the question has {wanted} parameters, {given} were given"
        )));
    }
    with_values(plan, values)
}

fn with_values(plan: LogicalPlan, values: Vec<ScalarValue>) -> Result<LogicalPlan, Error> {
    if values.is_empty() {
        return Ok(plan);
    }
    plan.with_param_values(ParamValues::from(values))
        .map_err(sanitize::planning)
}

/// What leaves of a plan, as the house's types.
fn shape(plan: &LogicalPlan) -> Result<Shape, Error> {
    Shape::of(plan.schema().as_arrow(), &[])
        .map_err(|misfit| Error::Question(format!("{misfit}; cast it to a type that can leave")))
}

/// Answers a question; `parameters` is one row whose columns are `$1`, `$2`, … in order.
pub(crate) async fn ask(context: &SessionContext, sql: &str, given: Option<&RecordBatch>) -> Result<Rows, Error> {
    let plan = plan(context, sql).await?;
    let wanted = parameters(&plan)?.len();
    let plan = bound(plan, wanted, given)?;
    run(DataFrame::new(context.state(), plan)).await
}

/// Runs a plan. Its rows come in the canonical schema of the house's types, as they were told before.
pub(crate) async fn run(frame: DataFrame) -> Result<Rows, Error> {
    let context = Arc::new(frame.task_ctx());
    let (state, plan) = frame.into_parts();
    let plan = state.optimize(&plan).map_err(sanitize::planning)?;
    let shape = shape(&plan)?;
    let schema = shape.schema();
    let plan = state.query_planner().create_physical_plan(&plan, &state).await;
    let plan = plan.map_err(sanitize::planning)?;
    let stream = datafusion::physical_plan::execute_stream(plan, context).map_err(sanitize::planning)?;
    let rows = stream.map(move |batch| {
        let batch = batch.map_err(sanitize::running)?;
        shape.canonical(&batch).map_err(Error::internal)
    });
    Ok(Rows::new(schema, rows.boxed()))
}
