//! The governed table as the query engine sees it: one leaf. Row rule and masks happen inside it, so no optimizer rule
//! can move an expression of the asker below them, and no plan ever shows or holds the raw table.

use std::{fmt, sync::Arc};

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::{
    catalog::{Session, TableProvider},
    common::tree_node::TreeNodeRecursion,
    error::{DataFusionError, Result},
    execution::{SendableRecordBatchStream, TaskContext},
    logical_expr::{Expr, TableProviderFilterPushDown, TableType},
    physical_expr::{EquivalenceProperties, PhysicalExpr},
    physical_plan::{
        DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties,
        execution_plan::{Boundedness, EmissionType},
        stream::RecordBatchStreamAdapter,
    },
};
use futures::{StreamExt, TryStreamExt};
use vocab::RowRule;

use super::{Governed, push};
use crate::{error::Error, rows::Notes};

/// A governed table in one session.
#[derive(Debug)]
pub(crate) struct Provider {
    governed: Arc<Governed>,
    notes: Arc<Notes>,
}

impl Provider {
    /// For one question; oddities are counted in `notes`.
    pub fn new(governed: Arc<Governed>, notes: Arc<Notes>) -> Self {
        Self { governed, notes }
    }
}

fn external(error: Error) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}

#[async_trait]
impl TableProvider for Provider {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.governed.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        // Never exact: the asker's conditions are always computed above as well.
        Ok(filters
            .iter()
            .map(|it| match push::rule(&self.governed, it) {
                Some(_) => TableProviderFilterPushDown::Inexact,
                None => TableProviderFilterPushDown::Unsupported,
            })
            .collect())
    }

    async fn scan(
        &self,
        _state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let mut told: Vec<RowRule> = filters.iter().filter_map(|it| push::rule(&self.governed, it)).collect();
        let all = told.len() == filters.len();
        let extra = match told.len() {
            0 => RowRule::All,
            1 => told.swap_remove(0),
            _ => RowRule::And { of: told },
        };
        let limit = if filters.is_empty() && all {
            limit.map(|it| it as u64)
        } else {
            None
        };
        let schema = match projection {
            Some(it) => Arc::new(self.governed.schema.project(it)?),
            None => Arc::clone(&self.governed.schema),
        };
        let properties = PlanProperties::new(
            EquivalenceProperties::new(schema),
            Partitioning::UnknownPartitioning(1),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        Ok(Arc::new(Scan {
            governed: Arc::clone(&self.governed),
            notes: Arc::clone(&self.notes),
            projection: projection.cloned(),
            extra,
            limit,
            properties: Arc::new(properties),
        }))
    }
}

/// The leaf of every plan.
#[derive(Debug)]
struct Scan {
    governed: Arc<Governed>,
    notes: Arc<Notes>,
    projection: Option<Vec<usize>>,
    extra: RowRule,
    limit: Option<u64>,
    properties: Arc<PlanProperties>,
}

impl DisplayAs for Scan {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let schema = self.properties.equivalence_properties().schema();
        let items: Vec<&str> = schema.fields().iter().map(|it| it.name().as_str()).collect();
        write!(
            f,
            "Governed: table={}, items=[{}]",
            self.governed.table.name,
            items.join(", ")
        )
    }
}

impl ExecutionPlan for Scan {
    fn name(&self) -> &'static str {
        "Governed"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(self: Arc<Self>, _: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn execute(&self, _partition: usize, _context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let governed = Arc::clone(&self.governed);
        let notes = Arc::clone(&self.notes);
        let (projection, extra, limit) = (self.projection.clone(), self.extra.clone(), self.limit);
        let stream = futures::stream::once(async move {
            let batches = governed
                .read(projection.as_deref(), extra, limit, notes)
                .await
                .map_err(external)?;
            Ok::<_, DataFusionError>(batches.map_err(external))
        })
        .try_flatten();
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), stream.boxed())))
    }
}
