//! What waits for me.

use std::sync::Arc;

use axum::{Json, extract::State};
use chrono::NaiveDate;
use platform::{
    App,
    flow::{self, Deed, Waiting},
    vocab::Timestamp,
};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{problem::Problem, who::Who};

pub(crate) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(list))
}

/// Something that waits.
#[derive(Serialize, ToSchema)]
pub(crate) struct TaskView {
    /// finish-draft, supplement, check-request, answer-extension, decide-request, provide-data, prove-disposal,
    /// answer-correction, confirm-correction, negotiate, mediate, update-catalog, oversee or review-resource.
    kind: &'static str,
    /// With what: `req_…`, `agr_…`, `cor_…`, `dsp_…`, `res_…`, `org_…`.
    subject: String,
    no: String,
    /// The resource's name.
    title: String,
    /// The other side; who is late, in `oversee`.
    other: String,
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    /// T1 to T10, D1 to D3 of disputes, when a limit runs.
    clock: Option<String>,
    #[schema(value_type = Option<String>, format = DateTime)]
    due: Option<Timestamp>,
    last_day: Option<NaiveDate>,
    overdue: bool,
    /// Was it handed up to the authority, because nobody acted in time?
    escalated: bool,
    explain_zh: Option<String>,
    explain_en: Option<String>,
}

fn view(it: Waiting) -> TaskView {
    let clock = it.clock;
    TaskView {
        kind: match it.deed {
            Deed::Sharing(kind) => kind.code(),
            Deed::Review => "review-resource",
        },
        subject: it.subject,
        no: it.no,
        title: it.title.zh,
        other: it.other.zh,
        since: it.since,
        clock: clock.as_ref().map(|it| it.clock.to_string()),
        due: clock.as_ref().and_then(|it| it.due),
        last_day: clock.as_ref().and_then(|it| it.last_day),
        overdue: clock.as_ref().is_some_and(|it| it.overdue),
        escalated: clock.as_ref().is_some_and(|it| it.escalated),
        explain_zh: clock.as_ref().map(|it| it.explain_zh.clone()),
        explain_en: clock.map(|it| it.explain_en),
    }
}

/// What waits for me in each of my roles, the most urgent first.
#[utoipa::path(get, path = "/tasks", tag = "tasks", responses((status = 200, body = Vec<TaskView>), (status = "4XX", body = Problem)))]
async fn list(State(app): State<Arc<App>>, Who(actor): Who) -> Result<Json<Vec<TaskView>>, Problem> {
    Ok(Json(
        flow::list_tasks(&app, &actor).await?.into_iter().map(view).collect(),
    ))
}
