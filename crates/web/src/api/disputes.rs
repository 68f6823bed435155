//! Disputes 争议 between two departments, and their ladder.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use platform::{
    App,
    flow::{self, DisputeDeed},
    sharing::Dispute,
    vocab::Timestamp,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::wire::{ClockView, Part, Which, Words, id};
use crate::{
    body::{Body, Query},
    problem::Problem,
    who::Who,
};

pub(crate) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(list, raise))
        .routes(routes!(show))
        .routes(routes!(propose))
        .routes(routes!(climb))
        .routes(routes!(settle))
        .routes(routes!(withdraw))
}

type Answer = Result<Json<DisputeView>, Problem>;

/// A dispute.
#[derive(Serialize, ToSchema)]
pub(crate) struct DisputeView {
    id: String,
    no: String,
    /// negotiating, mediating, common-superior, government, settled or withdrawn.
    state: String,
    /// About what: `req_…`, `agr_…` or `cor_…`.
    subject: String,
    raiser: String,
    other: String,
    /// same-level or across.
    span: String,
    claim: String,
    /// The settlement that one department proposed and the other has not agreed to yet.
    #[schema(value_type = Object)]
    proposal: Value,
    clocks: Vec<ClockView>,
    /// The way up.
    #[schema(value_type = Vec<Object>)]
    rungs: Value,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

fn view(app: &App, it: &Dispute) -> DisputeView {
    DisputeView {
        id: it.id.to_string(),
        no: it.no.clone(),
        state: it.state.to_string(),
        subject: it.subject.clone(),
        raiser: it.raiser.org.to_string(),
        other: it.other.to_string(),
        span: it.span.to_string(),
        claim: it.claim.clone(),
        proposal: serde_json::to_value(&it.proposal).unwrap_or_default(),
        clocks: it.timers.iter().map(|timer| ClockView::of(timer, app.now())).collect(),
        rungs: serde_json::to_value(&it.rungs).unwrap_or_default(),
        created_at: it.created_at,
    }
}

/// Disputes of my organisation; all for the authority.
#[utoipa::path(get, path = "/disputes", tag = "disputes", params(Which),
    responses((status = 200, body = Part<DisputeView>), (status = "4XX", body = Problem)))]
async fn list(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Query(which): Query<Which>,
) -> Result<Json<Part<DisputeView>>, Problem> {
    let listed = flow::list_disputes(&app, &actor, which.offset()?, which.limit()).await?;
    Ok(Json(Part::of(listed, |it| view(&app, it))))
}

/// What is disputed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewDispute {
    /// A refused request, `req_…`, or a suspended or revoked agreement, `agr_…`. An answer to a correction is disputed at
    /// the correction.
    subject: String,
    /// What the dispute is about.
    claim: String,
}

/// Raise a dispute over a refused request or a suspended or revoked agreement.
#[utoipa::path(post, path = "/disputes", tag = "disputes", request_body = NewDispute,
    responses((status = 201, body = DisputeView), (status = "4XX", body = Problem)))]
async fn raise(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Body(new): Body<NewDispute>,
) -> Result<(StatusCode, Json<DisputeView>), Problem> {
    let it = flow::raise_dispute(&app, &actor, &new.subject, new.claim).await?;
    Ok((StatusCode::CREATED, Json(view(&app, &it))))
}

/// A dispute.
#[utoipa::path(get, path = "/disputes/{id}", tag = "disputes", params(("id" = String, Path)),
    responses((status = 200, body = DisputeView), (status = "4XX", body = Problem)))]
async fn show(State(app): State<Arc<App>>, Who(actor): Who, Path(which): Path<String>) -> Answer {
    let it = flow::show_dispute(&app, &actor, id(&which, "dispute")?).await?;
    Ok(Json(view(&app, &it)))
}

/// Propose a settlement to the other department, on the first rung.
#[utoipa::path(post, path = "/disputes/{id}/propose", tag = "disputes", params(("id" = String, Path)), request_body = Words,
    responses((status = 200, body = DisputeView), (status = "4XX", body = Problem)))]
async fn propose(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Path(which): Path<String>,
    Body(it): Body<Words>,
) -> Answer {
    let it = flow::move_dispute(&app, &actor, id(&which, "dispute")?, DisputeDeed::Propose, it.text).await?;
    Ok(Json(view(&app, &it)))
}

/// No agreement on this rung: up to the next.
#[utoipa::path(post, path = "/disputes/{id}/climb", tag = "disputes", params(("id" = String, Path)), request_body = Words,
    responses((status = 200, body = DisputeView), (status = "4XX", body = Problem)))]
async fn climb(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Path(which): Path<String>,
    Body(it): Body<Words>,
) -> Answer {
    let it = flow::move_dispute(&app, &actor, id(&which, "dispute")?, DisputeDeed::Climb, it.text).await?;
    Ok(Json(view(&app, &it)))
}

/// Settle: on the first rung by agreeing to what the other department proposed, above it by recording the outcome.
#[utoipa::path(post, path = "/disputes/{id}/settle", tag = "disputes", params(("id" = String, Path)), request_body = Words,
    responses((status = 200, body = DisputeView), (status = "4XX", body = Problem)))]
async fn settle(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Path(which): Path<String>,
    Body(it): Body<Words>,
) -> Answer {
    let it = flow::move_dispute(&app, &actor, id(&which, "dispute")?, DisputeDeed::Settle, it.text).await?;
    Ok(Json(view(&app, &it)))
}

/// Take a dispute back.
#[utoipa::path(post, path = "/disputes/{id}/withdraw", tag = "disputes", params(("id" = String, Path)), request_body = Words,
    responses((status = 200, body = DisputeView), (status = "4XX", body = Problem)))]
async fn withdraw(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Path(which): Path<String>,
    Body(it): Body<Words>,
) -> Answer {
    let it = flow::move_dispute(&app, &actor, id(&which, "dispute")?, DisputeDeed::Withdraw, it.text).await?;
    Ok(Json(view(&app, &it)))
}
