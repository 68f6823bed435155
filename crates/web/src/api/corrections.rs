//! Corrections 校核.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use platform::{
    App,
    flow::{self, CorrectionWish},
    sharing::{Correction, correction::Finding},
    vocab::Timestamp,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::wire::{ClockView, Part, Reader, ReasonBody, Which, id};
use crate::{
    body::{Body, Query},
    problem::Problem,
    who::Who,
};

pub(crate) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(list, ask))
        .routes(routes!(show))
        .routes(routes!(answer))
        .routes(routes!(close))
        .routes(routes!(withdraw))
        .routes(routes!(dispute))
}

type Answer = Result<Json<CorrectionView>, Problem>;

/// What is wrong.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewCorrection {
    /// `res_…`
    resource: String,
    /// Which item, where one.
    item: Option<String>,
    /// Which rows, in words.
    which: String,
    /// What is wrong.
    problem: String,
    /// On what it rests.
    #[serde(default)]
    evidence: String,
}

/// A correction request.
#[derive(Serialize, ToSchema)]
pub(crate) struct CorrectionView {
    id: String,
    no: String,
    /// asked, answered, closed, disputed or withdrawn.
    state: String,
    resource: String,
    asker: String,
    provider: String,
    item: Option<String>,
    which: String,
    problem: String,
    evidence: String,
    #[schema(value_type = Object)]
    answer: Value,
    remark: Option<String>,
    clocks: Vec<ClockView>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// The dispute that began with this answer, `dsp_…`.
    #[serde(skip_serializing_if = "Option::is_none")]
    dispute: Option<String>,
}

fn view(app: &App, it: &Correction, dispute: Option<String>) -> CorrectionView {
    CorrectionView {
        id: it.id.to_string(),
        no: it.no.clone(),
        state: it.state.to_string(),
        resource: it.resource.to_string(),
        asker: it.asker.org.to_string(),
        provider: it.provider.to_string(),
        item: it.item.clone(),
        which: it.which.clone(),
        problem: it.problem.clone(),
        evidence: it.evidence.clone(),
        answer: serde_json::to_value(&it.answer).unwrap_or_default(),
        remark: it.remark.clone(),
        clocks: it.timers.iter().map(|timer| ClockView::of(timer, app.now())).collect(),
        created_at: it.created_at,
        dispute,
    }
}

/// Correction requests of my organisation or to it; all for the authority.
#[utoipa::path(get, path = "/corrections", tag = "corrections", params(Which),
    responses((status = 200, body = Part<CorrectionView>), (status = "4XX", body = Problem)))]
async fn list(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Query(which): Query<Which>,
) -> Result<Json<Part<CorrectionView>>, Problem> {
    let listed = flow::list_corrections(&app, &actor, which.offset()?, which.limit()).await?;
    Ok(Json(Part::of(listed, |it| view(&app, it, None))))
}

/// Say that shared data is wrong; the provider's clock T8 begins.
#[utoipa::path(post, path = "/corrections", tag = "corrections", request_body = NewCorrection,
    responses((status = 201, body = CorrectionView), (status = "4XX", body = Problem)))]
async fn ask(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Body(new): Body<NewCorrection>,
) -> Result<(StatusCode, Json<CorrectionView>), Problem> {
    let wish = CorrectionWish {
        item: new.item,
        which: new.which,
        problem: new.problem,
        evidence: new.evidence,
    };
    let it = flow::ask_correction(&app, &actor, id(&new.resource, "resource")?, wish).await?;
    Ok((StatusCode::CREATED, Json(view(&app, &it, None))))
}

/// A correction request.
#[utoipa::path(get, path = "/corrections/{id}", tag = "corrections", params(("id" = String, Path)),
    responses((status = 200, body = CorrectionView), (status = "4XX", body = Problem)))]
async fn show(State(app): State<Arc<App>>, Who(actor): Who, Path(which): Path<String>) -> Answer {
    Ok(Json(view(
        &app,
        &flow::show_correction(&app, &actor, id(&which, "correction")?).await?,
        None,
    )))
}

/// What the provider found.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FindingBody {
    /// corrected, right or elsewhere.
    finding: String,
    text: String,
}

/// Answer a correction request.
#[utoipa::path(post, path = "/corrections/{id}/answer", tag = "corrections", params(("id" = String, Path)), request_body = FindingBody,
    responses((status = 200, body = CorrectionView), (status = "4XX", body = Problem)))]
async fn answer(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Path(which): Path<String>,
    Body(it): Body<FindingBody>,
) -> Answer {
    let mut reader = Reader::default();
    let finding: Option<Finding> = reader.read("finding", &it.finding);
    let finding = reader.done(finding)?;
    let it = flow::answer_correction(&app, &actor, id(&which, "correction")?, finding, it.text).await?;
    Ok(Json(view(&app, &it, None)))
}

/// Be content with the answer.
#[utoipa::path(post, path = "/corrections/{id}/close", tag = "corrections", params(("id" = String, Path)),
    responses((status = 200, body = CorrectionView), (status = "4XX", body = Problem)))]
async fn close(State(app): State<Arc<App>>, Who(actor): Who, Path(which): Path<String>) -> Answer {
    Ok(Json(view(
        &app,
        &flow::close_correction(&app, &actor, id(&which, "correction")?).await?,
        None,
    )))
}

/// Take a correction request back.
#[utoipa::path(post, path = "/corrections/{id}/withdraw", tag = "corrections", params(("id" = String, Path)), request_body = ReasonBody,
    responses((status = 200, body = CorrectionView), (status = "4XX", body = Problem)))]
async fn withdraw(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Path(which): Path<String>,
    Body(it): Body<ReasonBody>,
) -> Answer {
    Ok(Json(view(
        &app,
        &flow::withdraw_correction(&app, &actor, id(&which, "correction")?, it.reason).await?,
        None,
    )))
}

/// Do not agree with the answer: a dispute begins.
#[utoipa::path(post, path = "/corrections/{id}/dispute", tag = "corrections", params(("id" = String, Path)), request_body = ReasonBody,
    responses((status = 200, body = CorrectionView), (status = "4XX", body = Problem)))]
async fn dispute(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Path(which): Path<String>,
    Body(it): Body<ReasonBody>,
) -> Answer {
    let (it, raised) = flow::dispute_correction(&app, &actor, id(&which, "correction")?, it.reason).await?;
    Ok(Json(view(&app, &it, Some(raised.id.to_string()))))
}
