//! Sources: the databases and files of one's own department.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use platform::{
    App,
    catalog::Source,
    flow,
    vocab::{SourceKind, SourceSpec},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::wire::{Reader, id};
use crate::{
    body::{Body, Query},
    problem::Problem,
    who::Who,
};

pub(crate) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(list, connect))
        .routes(routes!(attempt))
        .routes(routes!(show, change, remove))
        .routes(routes!(test))
        .routes(routes!(tables))
        .routes(routes!(profile))
}

/// How to reach a source.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SourceBody {
    #[serde(default)]
    name: String,
    /// postgres, mysql, sqlite, csv, xlsx, jsonl or parquet.
    kind: String,
    /// host, port, database, user; or path, delimiter, encoding, ….
    #[serde(default)]
    options: BTreeMap<String, String>,
    /// The password; never shown again. Absent in a change: it stays.
    secret: Option<String>,
}

impl SourceBody {
    fn spec(&self) -> Result<SourceSpec, Problem> {
        let mut it = Reader::default();
        let kind: Option<SourceKind> = it.read("kind", &self.kind);
        let kind = it.done(kind)?;
        Ok(SourceSpec {
            kind,
            options: self.options.clone(),
            secret: self.secret.clone().filter(|it| !it.is_empty()),
        })
    }
}

/// A source.
#[derive(Serialize, ToSchema)]
pub(crate) struct SourceView {
    id: String,
    name: String,
    kind: String,
    options: BTreeMap<String, String>,
    /// Is a secret sealed for it?
    has_secret: bool,
    /// untested, working or failing.
    state: &'static str,
    #[schema(value_type = Object)]
    last_test: Value,
}

fn view(it: &Source) -> SourceView {
    SourceView {
        id: it.id.to_string(),
        name: it.name.clone(),
        kind: it.spec.kind.to_string(),
        options: it.spec.options.clone(),
        has_secret: it.sealed_secret.is_some(),
        state: it.state.code(),
        last_test: serde_json::to_value(&it.last_test).unwrap_or_default(),
    }
}

/// The sources of my department.
#[utoipa::path(get, path = "/sources", tag = "sources", responses((status = 200, body = Vec<SourceView>), (status = "4XX", body = Problem)))]
async fn list(State(app): State<Arc<App>>, Who(actor): Who) -> Result<Json<Vec<SourceView>>, Problem> {
    Ok(Json(flow::list_sources(&app, &actor).await?.iter().map(view).collect()))
}

/// Connect a source; it is tested first, and its secret is sealed.
#[utoipa::path(post, path = "/sources", tag = "sources", request_body = SourceBody,
    responses((status = 201, body = SourceView), (status = "4XX", body = Problem)))]
async fn connect(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Body(it): Body<SourceBody>,
) -> Result<(StatusCode, Json<SourceView>), Problem> {
    let spec = it.spec()?;
    Ok((
        StatusCode::CREATED,
        Json(view(&flow::connect_source(&app, &actor, &it.name, spec).await?)),
    ))
}

/// What a source answered.
#[derive(Serialize, ToSchema)]
pub(crate) struct TriedView {
    version: String,
    tables: u64,
    latency_ms: u64,
}

/// Try a source without keeping it.
#[utoipa::path(post, path = "/sources/try", tag = "sources", request_body = SourceBody,
    responses((status = 200, body = TriedView), (status = "4XX", body = Problem)))]
async fn attempt(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Body(it): Body<SourceBody>,
) -> Result<Json<TriedView>, Problem> {
    let tested = flow::try_source(&app, &actor, &it.spec()?).await?;
    Ok(Json(TriedView {
        version: tested.version,
        tables: tested.tables,
        latency_ms: tested.latency_ms,
    }))
}

/// A source of my department.
#[utoipa::path(get, path = "/sources/{id}", tag = "sources", params(("id" = String, Path)),
    responses((status = 200, body = SourceView), (status = "4XX", body = Problem)))]
async fn show(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Path(which): Path<String>,
) -> Result<Json<SourceView>, Problem> {
    Ok(Json(view(
        &flow::own_source(&app, &actor, id(&which, "source")?).await?,
    )))
}

/// Change name, options or secret of a source.
#[utoipa::path(put, path = "/sources/{id}", tag = "sources", params(("id" = String, Path)), request_body = SourceBody,
    responses((status = 200, body = SourceView), (status = "4XX", body = Problem)))]
async fn change(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Path(which): Path<String>,
    Body(it): Body<SourceBody>,
) -> Result<Json<SourceView>, Problem> {
    let spec = it.spec()?;
    Ok(Json(view(
        &flow::change_source(&app, &actor, id(&which, "source")?, &it.name, spec).await?,
    )))
}

/// Disconnect a source on which nothing is mounted.
#[utoipa::path(delete, path = "/sources/{id}", tag = "sources", params(("id" = String, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
async fn remove(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Path(which): Path<String>,
) -> Result<StatusCode, Problem> {
    flow::remove_source(&app, &actor, id(&which, "source")?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Test a source again.
#[utoipa::path(post, path = "/sources/{id}/test", tag = "sources", params(("id" = String, Path)),
    responses((status = 200, body = SourceView), (status = "4XX", body = Problem)))]
async fn test(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Path(which): Path<String>,
) -> Result<Json<SourceView>, Problem> {
    Ok(Json(view(
        &flow::test_source(&app, &actor, id(&which, "source")?).await?,
    )))
}

/// The tables of a source with their columns.
#[utoipa::path(get, path = "/sources/{id}/tables", tag = "sources", params(("id" = String, Path)),
    responses((status = 200, body = Vec<Object>), (status = "4XX", body = Problem)))]
async fn tables(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Path(which): Path<String>,
) -> Result<Json<Value>, Problem> {
    let tables = flow::list_source_tables(&app, &actor, id(&which, "source")?).await?;
    Ok(Json(serde_json::to_value(tables).unwrap_or_default()))
}

/// What to look at.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProfileQuery {
    table: String,
    /// Rows to read; 100,000 when absent.
    sample: Option<u64>,
}

/// What the columns of a table hold: types, nulls, ranges, codes with their evidence.
#[utoipa::path(get, path = "/sources/{id}/profile", tag = "sources", params(("id" = String, Path), ProfileQuery),
    responses((status = 200, body = Object), (status = "4XX", body = Problem)))]
async fn profile(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Path(which): Path<String>,
    Query(it): Query<ProfileQuery>,
) -> Result<Json<Value>, Problem> {
    let sample = it.sample.unwrap_or(100_000);
    let found = flow::profile_source(&app, &actor, id(&which, "source")?, &it.table, sample, |_| {}).await?;
    Ok(Json(serde_json::to_value(found).unwrap_or_default()))
}
