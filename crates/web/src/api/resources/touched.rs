//! Whom a next version or a withdrawal takes something from.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use platform::{App, flow};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::super::wire::id;
use crate::{body::Query, problem::Problem, who::Who};

/// An agreement that a next version or a withdrawal takes something from.
#[derive(Serialize, ToSchema)]
pub(crate) struct TouchedView {
    /// `agr_…`
    agreement: String,
    /// The department that uses it, `org_…`.
    consumer: String,
    consumer_name: String,
    purpose: String,
    /// Its items that are gone or become something else; empty: the whole.
    items: Vec<String>,
}

/// Before which deed.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct TouchedQuery {
    /// `true`: what a withdrawal would end, instead of what the newest entry changes.
    #[serde(default)]
    withdrawal: bool,
}

/// The agreements that the newest entry, once published, or a withdrawal would take something from.
#[utoipa::path(get, path = "/resources/{id}/touched-agreements", tag = "resources", params(("id" = String, Path), TouchedQuery),
    responses((status = 200, body = Vec<TouchedView>), (status = "4XX", body = Problem)))]
pub(super) async fn touched(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Path(which): Path<String>,
    Query(it): Query<TouchedQuery>,
) -> Result<Json<Vec<TouchedView>>, Problem> {
    let id = id(&which, "resource")?;
    let all = if it.withdrawal {
        let whole = |agreement| flow::TouchedAgreement {
            agreement,
            items: Vec::new(),
        };
        let all = flow::agreements_of_resource(&app, &actor, id).await?;
        all.into_iter().map(whole).collect()
    } else {
        flow::touched_agreements(&app, &actor, id).await?
    };
    let consumers: Vec<_> = all.iter().map(|it| it.agreement.consumer).collect();
    let names = flow::name_orgs(&app, &consumers).await?;
    let view = |it: flow::TouchedAgreement| TouchedView {
        agreement: it.agreement.id.to_string(),
        consumer: it.agreement.consumer.to_string(),
        consumer_name: names
            .get(&it.agreement.consumer)
            .map(|it| it.zh.clone())
            .unwrap_or_default(),
        purpose: it.agreement.terms().purpose.to_string(),
        items: it.items,
    };
    Ok(Json(all.into_iter().map(view).collect()))
}
