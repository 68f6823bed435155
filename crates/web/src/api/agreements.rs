//! Agreements: what was granted, its versions, its end.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use chrono::NaiveDate;
use platform::{
    App,
    flow::{self, AgreementWish},
    sharing::{Agreement, store::AgreementFilter},
    vocab::{AgreementState, ResourceId, Terms, Timestamp},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    requests::TransposeRead as _,
    wire::{ClockView, ItemWish, Part, Reader, ReasonBody, Which, codes, granted, id, rule_text},
};
use crate::{
    body::{Body, Query},
    problem::Problem,
    who::Who,
};

pub(crate) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(show, change))
        .routes(routes!(usage))
        .routes(routes!(suspend))
        .routes(routes!(resume))
        .routes(routes!(revoke))
        .routes(routes!(provided))
        .routes(routes!(disposal))
}

type Answer = Result<Json<AgreementView>, Problem>;

/// Terms of an agreement.
#[derive(Serialize, ToSchema)]
pub(crate) struct TermsView {
    version: u32,
    purpose: String,
    items: Vec<ItemWish>,
    /// Row rule; every row when absent.
    rows: Option<String>,
    modes: Vec<String>,
    quota_per_day: Option<u64>,
    #[schema(value_type = String, format = DateTime)]
    from: Timestamp,
    /// Use ends before this instant.
    #[schema(value_type = String, format = DateTime)]
    until: Timestamp,
}

fn terms(it: &Terms) -> TermsView {
    TermsView {
        version: it.version,
        purpose: it.purpose.to_string(),
        items: it.items.iter().map(ItemWish::from).collect(),
        rows: rule_text(&it.rows),
        modes: codes(&it.modes),
        quota_per_day: it.quota_per_day,
        from: it.valid_from,
        until: it.valid_until,
    }
}

/// An agreement.
#[derive(Serialize, ToSchema)]
pub(crate) struct AgreementView {
    id: String,
    /// `SQ-2026-000123`.
    no: String,
    /// active, suspended, revoked, expired, disposal-due or closed.
    state: String,
    request: String,
    resource: String,
    resource_version: u32,
    consumer: String,
    provider: String,
    scenario: String,
    terms: TermsView,
    /// Former terms, oldest first.
    history: Vec<TermsView>,
    #[schema(value_type = Vec<Object>)]
    steps: Value,
    #[schema(value_type = Option<String>, format = DateTime)]
    provided_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    ended_at: Option<Timestamp>,
    #[schema(value_type = Object)]
    disposal: Value,
    clocks: Vec<ClockView>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

fn view(app: &App, it: &Agreement) -> AgreementView {
    AgreementView {
        id: it.id.to_string(),
        no: it.no.clone(),
        state: it.state.to_string(),
        request: it.request.to_string(),
        resource: it.resource.to_string(),
        resource_version: it.resource_version,
        consumer: it.consumer.to_string(),
        provider: it.provider.to_string(),
        scenario: it.scenario.clone(),
        terms: terms(it.terms()),
        history: it.history.iter().map(|it| terms(&it.terms)).collect(),
        steps: serde_json::to_value(&it.steps).unwrap_or_default(),
        provided_at: it.provided_at,
        ended_at: it.ended_at,
        disposal: serde_json::to_value(&it.disposal).unwrap_or_default(),
        clocks: it.timers.iter().map(|timer| ClockView::of(timer, app.now())).collect(),
        created_at: it.created_at,
    }
}

/// Agreements of my organisation, used or provided; all for the authority.
#[utoipa::path(get, path = "/agreements", tag = "agreements", params(Which),
    responses((status = 200, body = Part<AgreementView>), (status = "4XX", body = Problem)))]
async fn list(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Query(which): Query<Which>,
) -> Result<Json<Part<AgreementView>>, Problem> {
    let mut it = Reader::default();
    let state: Option<Option<AgreementState>> = it.maybe("state", which.state.as_deref());
    let resource: Option<Option<ResourceId>> = it.maybe("resource", which.resource.as_deref());
    let filter = AgreementFilter {
        consumer: which.is_side("consumer").then_some(actor.org),
        provider: which.is_side("provider").then_some(actor.org),
        state: state.flatten(),
        resource: resource.flatten(),
        party: None,
    };
    let filter = it.done(Some(filter))?;
    let listed = flow::list_agreements(&app, &actor, filter, which.offset()?, which.limit()).await?;
    Ok(Json(Part::of(listed, |it| view(&app, it))))
}

/// An agreement, for its parties and the authority.
#[utoipa::path(get, path = "/agreements/{id}", tag = "agreements", params(("id" = String, Path)),
    responses((status = 200, body = AgreementView), (status = "4XX", body = Problem)))]
async fn show(State(app): State<Arc<App>>, Who(actor): Who, Path(which): Path<String>) -> Answer {
    let it = flow::show_agreement(&app, &actor, id(&which, "agreement")?).await?;
    Ok(Json(view(&app, &it)))
}

/// What changes; the rest stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeBody {
    /// All items with their masks.
    items: Option<Vec<ItemWish>>,
    /// The row rule, within the asked one.
    rows: Option<String>,
    modes: Option<Vec<String>>,
    quota_per_day: Option<u64>,
    until: Option<String>,
    reason: String,
}

/// Change the terms, within what was asked; they become the next version.
#[utoipa::path(patch, path = "/agreements/{id}", tag = "agreements", params(("id" = String, Path)), request_body = ChangeBody,
    responses((status = 200, body = AgreementView), (status = "4XX", body = Problem)))]
async fn change(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Path(which): Path<String>,
    Body(it): Body<ChangeBody>,
) -> Answer {
    let mut reader = Reader::default();
    let items = it
        .items
        .as_ref()
        .map(|items| granted(&mut reader, items))
        .transpose_read();
    let rows = reader.maybe("rows", it.rows.as_deref());
    let modes = it
        .modes
        .as_ref()
        .map(|modes| reader.all("modes", modes))
        .transpose_read();
    let until = it
        .until
        .as_deref()
        .map(|text| reader.instant("until", text, true))
        .transpose_read();
    let quota_per_day = it.quota_per_day.map(Some);
    let wish = || {
        Some(AgreementWish {
            items: items?,
            rows: rows?,
            modes: modes?,
            quota_per_day,
            until: until?,
        })
    };
    let wish = reader.done(wish())?;
    let it = flow::change_agreement(&app, &actor, id(&which, "agreement")?, wish, it.reason).await?;
    Ok(Json(view(&app, &it)))
}

/// Since when.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Since {
    /// First day, `2026-11-01`; 30 days ago when absent.
    from: Option<NaiveDate>,
}

/// Releases on a day.
#[derive(Serialize, ToSchema)]
pub(crate) struct DayUse {
    day: String,
    used: u64,
}

/// How often an agreement was used, by day.
#[utoipa::path(get, path = "/agreements/{id}/usage", tag = "agreements", params(("id" = String, Path), Since),
    responses((status = 200, body = Vec<DayUse>), (status = "4XX", body = Problem)))]
async fn usage(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Path(which): Path<String>,
    Query(since): Query<Since>,
) -> Result<Json<Vec<DayUse>>, Problem> {
    let from = since
        .from
        .unwrap_or_else(|| app.today() - chrono::Days::new(30))
        .to_string();
    let days = flow::agreement_usage(&app, &actor, id(&which, "agreement")?, &from).await?;
    Ok(Json(days.into_iter().map(|(day, used)| DayUse { day, used }).collect()))
}

/// Stop use for a while.
#[utoipa::path(post, path = "/agreements/{id}/suspend", tag = "agreements", params(("id" = String, Path)), request_body = ReasonBody,
    responses((status = 200, body = AgreementView), (status = "4XX", body = Problem)))]
async fn suspend(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Path(which): Path<String>,
    Body(it): Body<ReasonBody>,
) -> Answer {
    Ok(Json(view(
        &app,
        &flow::suspend_agreement(&app, &actor, id(&which, "agreement")?, it.reason).await?,
    )))
}

/// Let use go on.
#[utoipa::path(post, path = "/agreements/{id}/resume", tag = "agreements", params(("id" = String, Path)), request_body = ReasonBody,
    responses((status = 200, body = AgreementView), (status = "4XX", body = Problem)))]
async fn resume(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Path(which): Path<String>,
    Body(it): Body<ReasonBody>,
) -> Answer {
    Ok(Json(view(
        &app,
        &flow::resume_agreement(&app, &actor, id(&which, "agreement")?, it.reason).await?,
    )))
}

/// End use for good; the consumer must dispose of what it obtained.
#[utoipa::path(post, path = "/agreements/{id}/revoke", tag = "agreements", params(("id" = String, Path)), request_body = ReasonBody,
    responses((status = 200, body = AgreementView), (status = "4XX", body = Problem)))]
async fn revoke(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Path(which): Path<String>,
    Body(it): Body<ReasonBody>,
) -> Answer {
    Ok(Json(view(
        &app,
        &flow::revoke_agreement(&app, &actor, id(&which, "agreement")?, it.reason).await?,
    )))
}

/// Note that the data was provided (T7), where the platform does not serve it by itself.
#[utoipa::path(post, path = "/agreements/{id}/provided", tag = "agreements", params(("id" = String, Path)),
    responses((status = 200, body = AgreementView), (status = "4XX", body = Problem)))]
async fn provided(State(app): State<Arc<App>>, Who(actor): Who, Path(which): Path<String>) -> Answer {
    Ok(Json(view(
        &app,
        &flow::provide_agreement(&app, &actor, id(&which, "agreement")?).await?,
    )))
}

/// Proof that the obtained data was disposed of.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DisposalBody {
    /// Deleted, overwritten, media destroyed.
    how: String,
    /// On which day.
    on: NaiveDate,
    statement: String,
}

/// Prove disposal after the end of an agreement.
#[utoipa::path(post, path = "/agreements/{id}/disposal", tag = "agreements", params(("id" = String, Path)), request_body = DisposalBody,
    responses((status = 200, body = AgreementView), (status = "4XX", body = Problem)))]
async fn disposal(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Path(which): Path<String>,
    Body(it): Body<DisposalBody>,
) -> Answer {
    let it = flow::prove_disposal(&app, &actor, id(&which, "agreement")?, it.how, it.on, it.statement).await?;
    Ok(Json(view(&app, &it)))
}
