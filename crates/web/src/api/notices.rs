//! What I was told.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use chrono::NaiveDate;
use platform::{
    App,
    flow::{self, ShownNotice},
    vocab::Timestamp,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::wire::id;
use crate::{body::Query, locale::Lang, page::handlers::notice::sentence, problem::Problem, who::Who};

pub(crate) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(read_all))
        .routes(routes!(read))
}

/// A notice.
#[derive(Serialize, ToSchema)]
pub(crate) struct NoticeView {
    id: String,
    /// request-submitted, due-soon, overdue, escalated, ….
    kind: &'static str,
    /// T1 to T10, where it speaks of a limit.
    clock: Option<String>,
    /// About what: `req_…`, `agr_…`, `cor_…`, `dsp_…`, `res_…`, `org_…`.
    subject: String,
    no: String,
    /// The resource's name.
    title: String,
    /// The other side; who is late, where the authority must step in.
    other: String,
    /// The last day of the limit.
    last_day: Option<NaiveDate>,
    /// authority, `org_…/ROLE`, or `act_…`.
    to: String,
    text_zh: String,
    text_en: String,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// When somebody to whom it was told first read it.
    #[schema(value_type = Option<String>, format = DateTime)]
    read_at: Option<Timestamp>,
}

fn view(it: &ShownNotice) -> NoticeView {
    let told = &it.told;
    NoticeView {
        id: told.id.to_string(),
        kind: told.kind.code(),
        clock: told.kind.clock().map(|it| it.to_string()),
        subject: told.subject.clone(),
        no: told.no.clone(),
        title: it.title.zh.clone(),
        other: it.other.zh.clone(),
        last_day: told.last_day,
        to: told.to.audience(),
        text_zh: sentence(Lang::Zh, it),
        text_en: sentence(Lang::En, it),
        at: told.at,
        read_at: told.read.map(|it| it.0),
    }
}

/// Which notices.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct WhichNotices {
    /// Only those that nobody has read.
    #[serde(default)]
    unread: bool,
    /// Go on where the last part ended.
    after: Option<String>,
    /// At most so many; 50 when absent, 200 at most.
    limit: Option<u64>,
}

/// Notices, the newest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct NoticesView {
    items: Vec<NoticeView>,
    /// For `after`; absent at the end.
    next: Option<String>,
    /// How many nobody has read, in all.
    unread: u64,
}

/// What I was told in each of my roles, the newest first.
#[utoipa::path(get, path = "/notices", tag = "notices", params(WhichNotices),
    responses((status = 200, body = NoticesView), (status = "4XX", body = Problem)))]
async fn list(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Query(which): Query<WhichNotices>,
) -> Result<Json<NoticesView>, Problem> {
    let after = which.after.as_deref().map(|it| id(it, "notice")).transpose()?;
    let found = flow::list_notices(&app, &actor, which.unread, after, which.limit.unwrap_or(50)).await?;
    Ok(Json(NoticesView {
        items: found.all.iter().map(view).collect(),
        next: found.next.map(|it| it.to_string()),
        unread: found.unread,
    }))
}

/// Mark a notice as read, for everybody to whom it was told.
#[utoipa::path(post, path = "/notices/{id}/read", tag = "notices", params(("id" = String, Path)),
    responses((status = 200, body = NoticeView), (status = "4XX", body = Problem)))]
async fn read(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Path(which): Path<String>,
) -> Result<Json<NoticeView>, Problem> {
    Ok(Json(view(
        &flow::read_notice(&app, &actor, id(&which, "notice")?).await?,
    )))
}

/// Mark everything I was told as read.
#[utoipa::path(post, path = "/notices/read", tag = "notices", responses((status = 204), (status = "4XX", body = Problem)))]
async fn read_all(State(app): State<Arc<App>>, Who(actor): Who) -> Result<StatusCode, Problem> {
    flow::read_all_notices(&app, &actor).await?;
    Ok(StatusCode::NO_CONTENT)
}
