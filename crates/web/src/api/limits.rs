//! The limits on passwords, sessions and tokens.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use platform::{
    App, flow,
    staff::{Limit, LimitName},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{body::Body, problem::Problem, who::Who};

pub(crate) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(put))
}

/// A limit.
#[derive(Serialize, ToSchema)]
pub(crate) struct LimitView {
    /// lock-after-failures, lock-minutes, session-idle-minutes, ….
    name: String,
    /// What holds here.
    value: u64,
    /// The national value it may not be looser than.
    national: u64,
    /// minutes, days, chars, ….
    unit: String,
    /// lower or higher: which way is stricter.
    #[schema(value_type = String)]
    stricter: serde_json::Value,
    legal_basis: String,
}

fn view(it: &Limit) -> LimitView {
    LimitView {
        name: it.name.to_string(),
        value: it.value,
        national: it.national,
        unit: it.unit.clone(),
        stricter: serde_json::to_value(it.stricter).unwrap_or_default(),
        legal_basis: it.legal_basis.clone(),
    }
}

/// Every limit with its national value and its legal basis.
#[utoipa::path(get, path = "/limits", tag = "people", responses((status = 200, body = Vec<LimitView>), (status = "4XX", body = Problem)))]
async fn list(State(app): State<Arc<App>>, _who: Who) -> Result<Json<Vec<LimitView>>, Problem> {
    Ok(Json(flow::list_limits(&app).await?.iter().map(view).collect()))
}

/// A limit's value and the rule it comes from.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LimitBody {
    value: u64,
    basis: String,
}

/// Make a limit stricter than the national value, or equal to it again.
#[utoipa::path(put, path = "/limits/{name}", tag = "people", params(("name" = String, Path)), request_body = LimitBody,
    responses((status = 200, body = LimitView), (status = "4XX", body = Problem)))]
async fn put(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Path(name): Path<String>,
    Body(it): Body<LimitBody>,
) -> Result<Json<LimitView>, Problem> {
    let name: LimitName = super::wire::id(&name, "limit")?;
    let limit = flow::put_limit(&app, &actor, name, it.value, &it.basis).await?;
    Ok(Json(view(&limit)))
}
