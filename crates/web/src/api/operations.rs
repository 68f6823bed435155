//! How the node is doing.

use std::sync::Arc;

use axum::{Json, extract::State};
use platform::{
    App,
    flow::{self, NodeFigures},
    vocab::time::to_text,
};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{problem::Problem, who::Who};

pub(crate) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(watch_node))
}

/// The state of the platform.
#[derive(Serialize, ToSchema)]
pub(crate) struct OperationsView {
    /// The organisation whose releases are counted; absent for everybody's.
    org: Option<String>,
    /// For those who watch the whole platform.
    figures: Option<FiguresView>,
    /// Receipts since midnight, Beijing time.
    releases_today: u64,
    /// Receipts in the last seven days.
    releases_week: u64,
    /// When the last checkpoint was made.
    published_at: Option<String>,
    /// When the ledger was last read again as a whole.
    checked_at: Option<String>,
    /// Did that check find a fault?
    check_failed: bool,
}

/// Figures of the whole node.
#[derive(Serialize, ToSchema)]
pub(crate) struct FiguresView {
    jobs_waiting: u64,
    jobs_failing: u64,
    ledger_entries: u64,
    ledger_published: u64,
    orgs: u64,
    resources: u64,
    requests_open: u64,
    agreements_active: u64,
}

/// The state of the platform, or what of it concerns my organisation.
#[utoipa::path(get, path = "/operations", tag = "operations",
    responses((status = 200, body = OperationsView), (status = "4XX", body = Problem)))]
async fn watch_node(State(app): State<Arc<App>>, Who(actor): Who) -> Result<Json<OperationsView>, Problem> {
    let it = flow::watch_node(&app, &actor).await?;
    Ok(Json(OperationsView {
        org: it.scope.map(|it| it.to_string()),
        figures: it.figures.map(figures),
        releases_today: it.releases_today,
        releases_week: it.releases_week,
        published_at: it.published_at.map(to_text),
        checked_at: it.checked_at.map(to_text),
        check_failed: it.check_failed,
    }))
}

fn figures(it: NodeFigures) -> FiguresView {
    FiguresView {
        jobs_waiting: it.jobs_waiting,
        jobs_failing: it.jobs_failing,
        ledger_entries: it.ledger_entries,
        ledger_published: it.ledger_published,
        orgs: it.orgs,
        resources: it.resources,
        requests_open: it.requests_open,
        agreements_active: it.agreements_active,
    }
}
