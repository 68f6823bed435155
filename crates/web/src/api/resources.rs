//! Entries of the catalogue as their department and the authority work on them.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use platform::{
    App,
    catalog::{
        Attribute, Category, Content, Finding, Resource, State as Life, check,
        store::{Filter, Page},
    },
    flow,
    vocab::{ResourceId, SourceId, Timestamp},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    requests::{PreviewView, side_by_side},
    wire::{Part, Reader, ReasonBody, id},
};
use crate::{
    body::{Body, Query},
    problem::Problem,
    who::Who,
};

mod touched;

pub(crate) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(list, draft))
        .routes(routes!(show, edit, delete))
        .routes(routes!(undo_guess))
        .routes(routes!(declare))
        .routes(routes!(submit))
        .routes(routes!(take_back))
        .routes(routes!(discard_change))
        .routes(routes!(touched::touched))
        .routes(routes!(publish))
        .routes(routes!(send_back))
        .routes(routes!(withdraw))
        .routes(routes!(reopen))
        .routes(routes!(preview))
}

type Answer = Result<Json<ResourceView>, Problem>;

/// Something that is wrong with an entry.
#[derive(Serialize, ToSchema)]
pub(crate) struct FindingView {
    /// `items[3].sharing.legal_basis`, items counted from 0.
    path: String,
    problem: &'static str,
    /// Does it keep the entry from being submitted?
    blocks: bool,
}

impl From<Finding> for FindingView {
    fn from(it: Finding) -> Self {
        Self {
            problem: it.problem.code(),
            blocks: it.problem.blocks(),
            path: it.path,
        }
    }
}

/// An entry with its draft.
#[derive(Serialize, ToSchema)]
pub(crate) struct ResourceView {
    id: String,
    /// Send it with a change.
    revision: u64,
    /// draft, in-review, published, changed, change-in-review or withdrawn.
    state: &'static str,
    published_version: Option<u32>,
    #[schema(value_type = Option<String>, format = DateTime)]
    published_at: Option<Timestamp>,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    /// Submitted by, last; whoever submits does not review.
    submitted_by: Option<String>,
    /// Why it was sent back last.
    #[schema(value_type = Object)]
    sent_back: Value,
    findings: Vec<FindingView>,
    /// The thirteen fields and the items.
    #[schema(value_type = Object)]
    content: Value,
}

fn view(it: &Resource) -> ResourceView {
    ResourceView {
        id: it.id.to_string(),
        revision: it.revision,
        state: it.state.code(),
        published_version: it.published_version,
        published_at: it.published_at,
        updated_at: it.updated_at,
        submitted_by: it.submitted_by.map(|it| it.to_string()),
        sent_back: serde_json::to_value(&it.sent_back).unwrap_or_default(),
        findings: check(&it.content).into_iter().map(FindingView::from).collect(),
        content: serde_json::to_value(&it.content).unwrap_or_default(),
    }
}

/// Which entries.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListQuery {
    /// Only in this state.
    state: Option<String>,
    /// `next` of the part before.
    after: Option<String>,
    /// At most so many; 50 when absent.
    limit: Option<u64>,
}

/// Entries of my department in any state; of all departments for the authority.
#[utoipa::path(get, path = "/resources", tag = "resources", params(ListQuery),
    responses((status = 200, body = Part<ResourceView>), (status = "4XX", body = Problem)))]
async fn list(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Query(it): Query<ListQuery>,
) -> Result<Json<Part<ResourceView>>, Problem> {
    let mut reader = Reader::default();
    let state: Option<Option<Life>> = reader.maybe("state", it.state.as_deref());
    let after: Option<Option<ResourceId>> = reader.maybe("after", it.after.as_deref());
    let (state, after) = reader.done(state.zip(after))?;
    let filter = Filter {
        states: state.into_iter().collect(),
        ..Filter::default()
    };
    let page = Page {
        after,
        limit: it.limit.unwrap_or(50).clamp(1, 200),
    };
    let found = flow::list_resources(&app, &actor, filter, page).await?;
    Ok(Json(Part::new(
        found.all.iter().map(view).collect(),
        found.next.map(|it| it.to_string()),
    )))
}

/// From a table of a source, or written by hand.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewResource {
    /// `src_…`
    source: Option<String>,
    /// The table in it.
    table: Option<String>,
    /// 信息资源分类, `3070010012`; 类 3 (department) when absent.
    category: Option<String>,
    /// The whole entry, instead of source and table.
    #[schema(value_type = Option<Object>)]
    content: Option<Content>,
}

/// Draft an entry; from a table it fills itself, every guess with its evidence.
#[utoipa::path(post, path = "/resources", tag = "resources", request_body = NewResource,
    responses((status = 201, body = ResourceView), (status = "4XX", body = Problem)))]
async fn draft(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Body(it): Body<NewResource>,
) -> Result<(StatusCode, Json<ResourceView>), Problem> {
    let mut reader = Reader::default();
    let category: Option<Category> = reader.read("category", it.category.as_deref().unwrap_or("300000"));
    let source: Option<Option<SourceId>> = reader.maybe("source", it.source.as_deref());
    let (category, source) = reader.done(category.zip(source))?;
    let made = match (it.content, source, it.table) {
        (Some(content), ..) => flow::keep_draft(&app, &actor, content).await?,
        (None, Some(source), Some(table)) => flow::draft_resource(&app, &actor, source, &table, category).await?,
        _ => return Err(Problem::unreadable("send `source` and `table`, or `content`")),
    };
    Ok((StatusCode::CREATED, Json(view(&made))))
}

/// An entry with its draft, for its department and the authority.
#[utoipa::path(get, path = "/resources/{id}", tag = "resources", params(("id" = String, Path)),
    responses((status = 200, body = ResourceView), (status = "4XX", body = Problem)))]
async fn show(State(app): State<Arc<App>>, Who(actor): Who, Path(which): Path<String>) -> Answer {
    Ok(Json(view(
        &flow::own_resource(&app, &actor, id(&which, "resource")?).await?,
    )))
}

/// The entry anew.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EditBody {
    /// The revision that was read.
    revision: u64,
    #[schema(value_type = Object)]
    content: Content,
}

/// Replace the entry; a published one stays in force beside the change.
#[utoipa::path(put, path = "/resources/{id}", tag = "resources", params(("id" = String, Path)), request_body = EditBody,
    responses((status = 200, body = ResourceView), (status = "4XX", body = Problem)))]
async fn edit(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Path(which): Path<String>,
    Body(it): Body<EditBody>,
) -> Answer {
    let done = flow::edit_resource(&app, &actor, id(&which, "resource")?, it.revision, it.content).await?;
    Ok(Json(view(&done)))
}

/// Which guess.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GuessBody {
    /// The item's name.
    item: String,
    /// name, title, data-type, length, meaning, sensitivity, mask, sharing, key or nullable.
    #[schema(value_type = String)]
    attribute: Attribute,
}

/// Take one guess of the draft back.
#[utoipa::path(post, path = "/resources/{id}/undo-guess", tag = "resources", params(("id" = String, Path)), request_body = GuessBody,
    responses((status = 200, body = ResourceView), (status = "4XX", body = Problem)))]
async fn undo_guess(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Path(which): Path<String>,
    Body(it): Body<GuessBody>,
) -> Answer {
    let done = flow::undo_guess(&app, &actor, id(&which, "resource")?, &it.item, it.attribute).await?;
    Ok(Json(view(&done)))
}

/// Declare that the data is no state secret and no work secret.
#[utoipa::path(post, path = "/resources/{id}/declare-not-secret", tag = "resources", params(("id" = String, Path)),
    responses((status = 200, body = ResourceView), (status = "4XX", body = Problem)))]
async fn declare(State(app): State<Arc<App>>, Who(actor): Who, Path(which): Path<String>) -> Answer {
    Ok(Json(view(
        &flow::declare_not_secret(&app, &actor, id(&which, "resource")?).await?,
    )))
}

/// Submit for review.
#[utoipa::path(post, path = "/resources/{id}/submit", tag = "resources", params(("id" = String, Path)),
    responses((status = 200, body = ResourceView), (status = "4XX", body = Problem)))]
async fn submit(State(app): State<Arc<App>>, Who(actor): Who, Path(which): Path<String>) -> Answer {
    Ok(Json(view(
        &flow::submit_resource(&app, &actor, id(&which, "resource")?).await?,
    )))
}

/// Forget a draft that was never published.
#[utoipa::path(delete, path = "/resources/{id}", tag = "resources", params(("id" = String, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
async fn delete(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Path(which): Path<String>,
) -> Result<StatusCode, Problem> {
    flow::delete_resource(&app, &actor, id(&which, "resource")?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Take a submission back before it is reviewed.
#[utoipa::path(post, path = "/resources/{id}/take-back", tag = "resources", params(("id" = String, Path)),
    responses((status = 200, body = ResourceView), (status = "4XX", body = Problem)))]
async fn take_back(State(app): State<Arc<App>>, Who(actor): Who, Path(which): Path<String>) -> Answer {
    Ok(Json(view(
        &flow::take_back_resource(&app, &actor, id(&which, "resource")?).await?,
    )))
}

/// Give up the change beside a published version.
#[utoipa::path(post, path = "/resources/{id}/discard-change", tag = "resources", params(("id" = String, Path)),
    responses((status = 200, body = ResourceView), (status = "4XX", body = Problem)))]
async fn discard_change(State(app): State<Arc<App>>, Who(actor): Who, Path(which): Path<String>) -> Answer {
    Ok(Json(view(
        &flow::discard_change(&app, &actor, id(&which, "resource")?).await?,
    )))
}

/// Publish a reviewed entry; for the authority.
#[utoipa::path(post, path = "/resources/{id}/publish", tag = "resources", params(("id" = String, Path)),
    responses((status = 200, body = ResourceView), (status = "4XX", body = Problem)))]
async fn publish(State(app): State<Arc<App>>, Who(actor): Who, Path(which): Path<String>) -> Answer {
    Ok(Json(view(
        &flow::publish_resource(&app, &actor, id(&which, "resource")?).await?,
    )))
}

/// Everything that must change.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReasonsBody {
    reasons: Vec<String>,
}

/// Send a submitted entry back with reasons; for the authority.
#[utoipa::path(post, path = "/resources/{id}/send-back", tag = "resources", params(("id" = String, Path)), request_body = ReasonsBody,
    responses((status = 200, body = ResourceView), (status = "4XX", body = Problem)))]
async fn send_back(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Path(which): Path<String>,
    Body(it): Body<ReasonsBody>,
) -> Answer {
    Ok(Json(view(
        &flow::send_back_resource(&app, &actor, id(&which, "resource")?, it.reasons).await?,
    )))
}

/// Take a published entry out of the catalogue.
#[utoipa::path(post, path = "/resources/{id}/withdraw", tag = "resources", params(("id" = String, Path)), request_body = ReasonBody,
    responses((status = 200, body = ResourceView), (status = "4XX", body = Problem)))]
async fn withdraw(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Path(which): Path<String>,
    Body(it): Body<ReasonBody>,
) -> Answer {
    Ok(Json(view(
        &flow::withdraw_resource(&app, &actor, id(&which, "resource")?, &it.reason).await?,
    )))
}

/// Open a withdrawn entry to be written anew.
#[utoipa::path(post, path = "/resources/{id}/reopen", tag = "resources", params(("id" = String, Path)),
    responses((status = 200, body = ResourceView), (status = "4XX", body = Problem)))]
async fn reopen(State(app): State<Arc<App>>, Who(actor): Who, Path(which): Path<String>) -> Answer {
    Ok(Json(view(
        &flow::reopen_resource(&app, &actor, id(&which, "resource")?).await?,
    )))
}

/// The first rows of my own published resource, without and with its default masks.
#[utoipa::path(get, path = "/resources/{id}/preview", tag = "resources", params(("id" = String, Path)),
    responses((status = 200, body = PreviewView), (status = "4XX", body = Problem)))]
async fn preview(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Path(which): Path<String>,
) -> Result<Json<PreviewView>, Problem> {
    Ok(Json(side_by_side(
        &flow::preview_resource(&app, &actor, id(&which, "resource")?).await?,
    )?))
}
