//! A run's plan: made at its first start, and kept as long as the same rows would come in the same form.

use engine::{Extent, Opened, Pipe, Select, sink::Sink};
use exchange::{Plan, Way, plan::Facts};

use super::{Course, Stop};
use crate::{Error, flow::query_data::sha256_hex, release::Opening};

/// Tables larger than this are not counted before they are copied; the source's estimate must do.
const COUNTED: u64 = 5_000_000;

/// Where a run's rows come from, and how.
#[derive(Clone, Copy)]
pub(super) struct Origin<'a> {
    pub opened: &'a Opened,
    pub table: &'a str,
    /// The pass-through; none for batches of columns.
    pub pipe: Option<&'a Pipe>,
}

/// Digest of what decides which rows come and how they look.
fn basis(pipe: Option<&Pipe>, extent: &Extent, opening: &Opening) -> String {
    let policy = opening
        .receipts
        .iter()
        .map(|it| format!("{} {:?}", it.policy, it.resource_versions))
        .collect::<Vec<_>>()
        .join(" ");
    let way = pipe.map_or_else(String::new, |it| format!(" {}", it.basis()));
    sha256_hex(format!("{} {policy}{way}", extent.basis).as_bytes())
}

impl Course<'_> {
    /// The plan that was made at the first start; another when what decides the rows is not the same any more.
    pub(super) async fn plan(
        &mut self,
        origin: Origin<'_>,
        extent: &Extent,
        opening: &Opening,
        sink: &mut Sink,
    ) -> Result<Plan, Stop> {
        let basis = basis(origin.pipe, extent, opening);
        let made = self.report.plan.take();
        let other = made.is_some();
        let plan = match made.filter(|_| self.report.basis.as_deref() == Some(&basis)) {
            Some(plan) => plan,
            None => {
                if !sink.done().is_empty() {
                    // Without a plan, what stands was counted when the plan was given up.
                    if other {
                        self.discard();
                        self.keep().await?;
                    }
                    sink.restart().await?;
                }
                self.new_plan(origin, extent).await?
            }
        };
        self.report.basis = Some(basis);
        self.report.plan = Some(plan.clone());
        Ok(plan)
    }

    async fn new_plan(&mut self, origin: Origin<'_>, extent: &Extent) -> Result<Plan, Error> {
        let rows = self.estimate(origin, extent).await?;
        self.run.progress.rows_estimate = rows;
        let facts = Facts {
            rows_estimate: rows.or(extent.rows_estimate),
            item: extent.item.clone(),
            range: extent.range,
            points: Vec::new(),
        };
        Ok(match origin.pipe.map(Pipe::pages) {
            None => Plan::new(&facts, self.pace.chunk_rows),
            Some(None) => Plan::by_keys(&facts, self.pace.chunk_rows),
            Some(Some(pages)) => Plan::by_pages(pages, self.pace.chunk_pages, facts.rows_estimate),
        })
    }

    /// How many rows will come: counted, where that costs little beside copying them. A pass-through is too fast for that; its
    /// estimate is the planner's, and there is none where a rule hides rows: it would tell of them.
    pub(super) async fn estimate(&self, origin: Origin<'_>, extent: &Extent) -> Result<Option<u64>, Error> {
        match extent.rows_estimate {
            Some(rows) if extent.every_row => Ok(Some(rows)),
            _ if origin.pipe.is_some() => Ok(origin.pipe.and_then(Pipe::rows_estimate)),
            Some(rows) if rows > COUNTED => Ok(None),
            _ if extent.database => Ok(Some(origin.opened.count(origin.table, &Select::default()).await?)),
            _ => Ok(None),
        }
    }

    /// How many chunks the plan has, where that tells nothing about rows that the rule hides.
    pub(super) fn chunks_in_all(&self, rows_estimate: Option<u64>) -> Option<u64> {
        let plan = self.report.plan.as_ref()?;
        match plan.way {
            Way::Ranges | Way::PassThrough => self.every_row.then_some(plan.chunks.len() as u64),
            Way::Stream { chunk_rows } => rows_estimate.map(|rows| rows.div_ceil(chunk_rows.max(1)).max(1)),
        }
    }
}
