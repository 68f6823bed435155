//! Organisations and their tree.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use platform::{
    App,
    catalog::Organisation,
    flow,
    vocab::{Level, OrgId, OrgKind, Timestamp},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::wire::{Reader, id};
use crate::{body::Body, problem::Problem, who::Who};

pub(crate) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(show, change))
}

/// What an organisation is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OrgBody {
    /// 统一社会信用代码, 18 characters.
    code: String,
    name: String,
    #[serde(default)]
    name_en: String,
    #[serde(default)]
    short_name: String,
    /// `org_…` it stands below.
    parent: Option<String>,
    /// nation, province, city, county or township.
    level: String,
    /// 行政区划代码.
    division: String,
    /// department, authority, authorised or government.
    kind: String,
    /// The revision that was read; for a change.
    revision: Option<u64>,
}

impl OrgBody {
    fn read(self, id: OrgId, revision: u64, created_at: Timestamp) -> Result<Organisation, Problem> {
        let mut it = Reader::default();
        let parent: Option<Option<OrgId>> = it.maybe("parent", self.parent.as_deref());
        let level: Option<Level> = it.read("level", &self.level);
        let kind: Option<OrgKind> = it.read("kind", &self.kind);
        let read = || {
            Some(Organisation {
                id,
                revision,
                code: self.code.clone(),
                name: self.name.clone(),
                name_en: self.name_en.clone(),
                short_name: self.short_name.clone(),
                parent: parent?,
                level: level?,
                division: self.division.clone(),
                kind: kind?,
                created_at,
            })
        };
        it.done(read())
    }
}

/// An organisation.
#[derive(Serialize, ToSchema)]
pub(crate) struct OrgView {
    id: String,
    code: String,
    name: String,
    name_en: String,
    short_name: String,
    parent: Option<String>,
    level: String,
    division: String,
    kind: String,
    revision: u64,
}

fn view(it: &Organisation) -> OrgView {
    OrgView {
        id: it.id.to_string(),
        code: it.code.clone(),
        name: it.name.clone(),
        name_en: it.name_en.clone(),
        short_name: it.short_name.clone(),
        parent: it.parent.map(|it| it.to_string()),
        level: it.level.to_string(),
        division: it.division.clone(),
        kind: it.kind.to_string(),
        revision: it.revision,
    }
}

/// Every organisation, parents before children.
#[utoipa::path(get, path = "/orgs", tag = "orgs", responses((status = 200, body = Vec<OrgView>), (status = "4XX", body = Problem)))]
async fn list(State(app): State<Arc<App>>, _who: Who) -> Result<Json<Vec<OrgView>>, Problem> {
    let tree = flow::list_orgs(&app).await?;
    Ok(Json(tree.lines().into_iter().map(|(_, it)| view(it)).collect()))
}

/// An organisation.
#[utoipa::path(get, path = "/orgs/{id}", tag = "orgs", params(("id" = String, Path)),
    responses((status = 200, body = OrgView), (status = "4XX", body = Problem)))]
async fn show(State(app): State<Arc<App>>, _who: Who, Path(which): Path<String>) -> Result<Json<OrgView>, Problem> {
    let tree = flow::list_orgs(&app).await?;
    tree.get(id(&which, "organisation")?)
        .map(|it| Json(view(it)))
        .ok_or_else(|| Problem::not_found("organisation"))
}

/// Take an organisation into the tree.
#[utoipa::path(post, path = "/orgs", tag = "orgs", request_body = OrgBody,
    responses((status = 201, body = OrgView), (status = "4XX", body = Problem)))]
async fn create(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Body(it): Body<OrgBody>,
) -> Result<(StatusCode, Json<OrgView>), Problem> {
    let org = it.read(OrgId::new(), 1, app.now())?;
    Ok((
        StatusCode::CREATED,
        Json(view(&flow::register_org(&app, &actor, org).await?)),
    ))
}

/// Change an organisation.
#[utoipa::path(put, path = "/orgs/{id}", tag = "orgs", params(("id" = String, Path)), request_body = OrgBody,
    responses((status = 200, body = OrgView), (status = "4XX", body = Problem)))]
async fn change(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Path(which): Path<String>,
    Body(it): Body<OrgBody>,
) -> Result<Json<OrgView>, Problem> {
    let tree = flow::list_orgs(&app).await?;
    let old = tree
        .get(id(&which, "organisation")?)
        .ok_or_else(|| Problem::not_found("organisation"))?;
    let revision = it.revision.unwrap_or(old.revision);
    let org = it.read(old.id, revision, old.created_at)?;
    Ok(Json(view(&flow::change_org(&app, &actor, org).await?)))
}
