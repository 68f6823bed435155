//! Limits and calendar as data.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use chrono::NaiveDate;
use platform::{
    App,
    flow::{self, Changed},
    sharing::{CatalogClock, Certainty, ClockId, ClockRule},
    vocab::{Actor, CalendarDay, Role},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::wire::{ClockView, ConsentBody, ExtensionBody, Reader, id, json};
use crate::{
    body::{Body, Query},
    problem::Problem,
    who::Who,
};

pub(crate) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(put))
        .routes(routes!(drop_rule))
        .routes(routes!(days))
        .routes(routes!(put_day, drop_day))
        .routes(routes!(change_of_resource))
        .routes(routes!(change_of_org))
        .routes(routes!(show_update))
        .routes(routes!(extend_update, answer_update))
}

/// A limit.
#[derive(Serialize, ToSchema)]
pub(crate) struct ClockRuleView {
    /// T1 to T10; D1 to D3 of disputes.
    clock: String,
    name_zh: &'static str,
    name_en: &'static str,
    /// The region that made it stricter; absent for the national rule.
    region: Option<String>,
    basis_zh: String,
    basis_en: String,
    /// How long; absent where the rule has no number.
    value: Option<u32>,
    /// working-days, calendar-days, ….
    #[schema(value_type = String)]
    unit: serde_json::Value,
    extension: u32,
    approver: Option<String>,
    remind_before: u32,
    /// verified or to-confirm.
    certainty: String,
}

fn view(it: &ClockRule) -> ClockRuleView {
    ClockRuleView {
        clock: it.clock.to_string(),
        name_zh: it.clock.zh(),
        name_en: it.clock.en(),
        region: it.region.clone(),
        basis_zh: it.basis_zh.clone(),
        basis_en: it.basis_en.clone(),
        value: it.value,
        unit: json(&it.unit),
        extension: it.extension,
        approver: it.approver.map(|it| it.to_string()),
        remind_before: it.remind_before,
        certainty: it.certainty.to_string(),
    }
}

/// Every limit with its legal basis.
#[utoipa::path(get, path = "/clocks", tag = "clocks", responses((status = 200, body = Vec<ClockRuleView>), (status = "4XX", body = Problem)))]
async fn list(State(app): State<Arc<App>>, _who: Who) -> Result<Json<Vec<ClockRuleView>>, Problem> {
    Ok(Json(flow::list_clocks(&app).await?.iter().map(view).collect()))
}

/// A limit, whole.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleBody {
    /// 行政区划代码 of the region; the national rule when absent.
    region: Option<String>,
    basis_zh: String,
    #[serde(default)]
    basis_en: String,
    value: Option<u32>,
    #[serde(default)]
    extension: u32,
    approver: Option<String>,
    #[serde(default)]
    remind_before: u32,
    certainty: Option<String>,
}

/// Write a limit; a region may only be stricter. It counts in the unit of the national rule.
#[utoipa::path(put, path = "/clocks/{clock}", tag = "clocks", params(("clock" = String, Path)), request_body = RuleBody,
    responses((status = 200, body = ClockRuleView), (status = "4XX", body = Problem)))]
async fn put(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Path(clock): Path<String>,
    Body(it): Body<RuleBody>,
) -> Result<Json<ClockRuleView>, Problem> {
    let clock: ClockId = id(&clock, "clock")?;
    let national = flow::list_clocks(&app)
        .await?
        .into_iter()
        .find(|it| it.clock == clock && it.region.is_none());
    let unit = national.ok_or_else(|| Problem::not_found("clock"))?.unit;
    let mut reader = Reader::default();
    let approver: Option<Option<Role>> = reader.maybe("approver", it.approver.as_deref());
    let certainty: Option<Option<Certainty>> = reader.maybe("certainty", it.certainty.as_deref());
    let rule = ClockRule {
        clock,
        region: it.region.filter(|it| !it.is_empty()),
        basis_zh: it.basis_zh,
        basis_en: it.basis_en,
        value: it.value,
        unit,
        extension: it.extension,
        approver: approver.flatten(),
        remind_before: it.remind_before,
        certainty: certainty.flatten().unwrap_or(Certainty::ToConfirm),
    };
    let rule = reader.done(Some(rule))?;
    Ok(Json(view(&flow::put_clock(&app, &actor, rule).await?)))
}

/// Take a regional limit away.
#[utoipa::path(delete, path = "/clocks/{clock}/{region}", tag = "clocks", params(("clock" = String, Path), ("region" = String, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
async fn drop_rule(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Path((clock, region)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    flow::drop_clock(&app, &actor, id(&clock, "clock")?, &region).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Which year.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Year {
    /// All years when absent.
    year: Option<i32>,
}

/// A day that is not what its weekday says.
#[derive(Serialize, ToSchema)]
pub(crate) struct DayView {
    date: NaiveDate,
    /// holiday or make-up.
    kind: String,
    name_zh: String,
    name_en: String,
    basis: String,
}

fn day_view(it: &CalendarDay) -> DayView {
    DayView {
        date: it.date,
        kind: it.kind.to_string(),
        name_zh: it.name_zh.clone(),
        name_en: it.name_en.clone(),
        basis: it.basis.clone(),
    }
}

/// The working-day calendar's holidays and make-up days.
#[utoipa::path(get, path = "/calendar", tag = "clocks", params(Year), responses((status = 200, body = Vec<DayView>), (status = "4XX", body = Problem)))]
async fn days(
    State(app): State<Arc<App>>,
    _who: Who,
    Query(which): Query<Year>,
) -> Result<Json<Vec<DayView>>, Problem> {
    Ok(Json(
        flow::list_days(&app, which.year).await?.iter().map(day_view).collect(),
    ))
}

/// What a day is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DayBody {
    /// holiday or make-up.
    kind: String,
    name_zh: String,
    #[serde(default)]
    name_en: String,
    /// The notice that says so.
    basis: String,
}

/// Write a day.
#[utoipa::path(put, path = "/calendar/{date}", tag = "clocks", params(("date" = String, Path)), request_body = DayBody,
    responses((status = 200, body = DayView), (status = "4XX", body = Problem)))]
async fn put_day(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Path(date): Path<NaiveDate>,
    Body(it): Body<DayBody>,
) -> Result<Json<DayView>, Problem> {
    let mut reader = Reader::default();
    let kind = reader.read("kind", &it.kind);
    let kind = reader.done(kind)?;
    let day = CalendarDay {
        date,
        kind,
        name_zh: it.name_zh,
        name_en: it.name_en,
        basis: it.basis,
    };
    Ok(Json(day_view(&flow::put_day(&app, &actor, day).await?)))
}

/// Take a day's row away: its weekday decides again.
#[utoipa::path(delete, path = "/calendar/{date}", tag = "clocks", params(("date" = String, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
async fn drop_day(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Path(date): Path<NaiveDate>,
) -> Result<StatusCode, Problem> {
    flow::drop_day(&app, &actor, date).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What has changed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LawChangeBody {
    /// The day of the change, from which the limit runs.
    on: NaiveDate,
    /// Which law or duty, and how.
    reason: String,
}

/// A limit that runs on the catalogue.
#[derive(Serialize, ToSchema)]
pub(crate) struct CatalogClockView {
    id: String,
    /// `res_…` or `org_…`.
    subject: String,
    /// Whose catalogue.
    provider: String,
    on: Option<NaiveDate>,
    reason: Option<String>,
    /// The last wish for more time, with its answer.
    #[schema(value_type = Object)]
    extension: serde_json::Value,
    clock: ClockView,
}

fn catalog_view(app: &App, it: &CatalogClock) -> CatalogClockView {
    let cause = it.cause.as_ref();
    CatalogClockView {
        id: it.id.to_string(),
        subject: it.subject.clone(),
        provider: it.provider.to_string(),
        on: cause.map(|it| it.on),
        reason: cause.map(|it| it.reason.clone()),
        extension: json(&it.extension),
        clock: ClockView::of(&it.timer, app.now()),
    }
}

type Recorded = Result<(StatusCode, Json<CatalogClockView>), Problem>;

async fn record(app: &App, actor: &Actor, what: Changed, it: LawChangeBody) -> Recorded {
    let clock = flow::record_law_change(app, actor, what, it.on, it.reason).await?;
    Ok((StatusCode::CREATED, Json(catalog_view(app, &clock))))
}

/// Record that law or duties have changed for an entry; its update is due from that day on (T1).
#[utoipa::path(post, path = "/resources/{id}/law-change", tag = "clocks", params(("id" = String, Path)), request_body = LawChangeBody,
    responses((status = 201, body = CatalogClockView), (status = "4XX", body = Problem)))]
async fn change_of_resource(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Path(which): Path<String>,
    Body(it): Body<LawChangeBody>,
) -> Recorded {
    record(&app, &actor, Changed::Resource(id(&which, "resource")?), it).await
}

/// Record that law or duties have changed for a department's whole catalogue (T1).
#[utoipa::path(post, path = "/orgs/{id}/law-change", tag = "clocks", params(("id" = String, Path)), request_body = LawChangeBody,
    responses((status = 201, body = CatalogClockView), (status = "4XX", body = Problem)))]
async fn change_of_org(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Path(which): Path<String>,
    Body(it): Body<LawChangeBody>,
) -> Recorded {
    record(&app, &actor, Changed::Org(id(&which, "organisation")?), it).await
}

type Update = Result<Json<CatalogClockView>, Problem>;

/// The update that an entry or a department owes because law or duties have changed (T1).
#[utoipa::path(get, path = "/catalog-updates/{subject}", tag = "clocks", params(("subject" = String, Path)),
    responses((status = 200, body = CatalogClockView), (status = "4XX", body = Problem)))]
async fn show_update(State(app): State<Arc<App>>, Who(actor): Who, Path(subject): Path<String>) -> Update {
    let it = flow::show_update(&app, &actor, id(&subject, "update")?).await?;
    Ok(Json(catalog_view(&app, &it)))
}

/// Ask the authority for more time to update the catalogue (T1).
#[utoipa::path(post, path = "/catalog-updates/{subject}/extension", tag = "clocks", params(("subject" = String, Path)),
    request_body = ExtensionBody, responses((status = 200, body = CatalogClockView), (status = "4XX", body = Problem)))]
async fn extend_update(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Path(subject): Path<String>,
    Body(it): Body<ExtensionBody>,
) -> Update {
    let it = flow::extend_update(&app, &actor, id(&subject, "update")?, it.days, it.reason).await?;
    Ok(Json(catalog_view(&app, &it)))
}

/// The authority's answer to the wish for more time to update the catalogue.
#[utoipa::path(put, path = "/catalog-updates/{subject}/extension", tag = "clocks", params(("subject" = String, Path)),
    request_body = ConsentBody, responses((status = 200, body = CatalogClockView), (status = "4XX", body = Problem)))]
async fn answer_update(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Path(subject): Path<String>,
    Body(it): Body<ConsentBody>,
) -> Update {
    let it = flow::answer_update(&app, &actor, id(&subject, "update")?, it.consent, it.reason).await?;
    Ok(Json(catalog_view(&app, &it)))
}
