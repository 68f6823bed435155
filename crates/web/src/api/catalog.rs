//! The shelf as everybody sees it: search, entries in force, their versions.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json,
    extract::{Path, State},
};
use platform::{
    App,
    catalog::{
        Content, Version,
        search::{Audience, Facet, Hit, Query as Search, Sort},
    },
    flow,
    vocab::{Openness, ResourceId, Timestamp},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::wire::id;
use crate::{
    body::Query,
    problem::Problem,
    who::{Visitor, Who},
};

pub(crate) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(search))
        .routes(routes!(show))
        .routes(routes!(versions))
        .routes(routes!(version))
        .routes(routes!(compare))
}

/// What is looked for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct SearchQuery {
    /// Anything: Chinese, pinyin, initials, English, codes.
    #[serde(default)]
    q: String,
    /// `facet:value`, as often as wished: any of a facet's values, in all facets. Facets are those of the answer.
    #[serde(default)]
    only: Vec<String>,
    /// relevance, newest or name.
    sort: Option<String>,
    /// Results to skip.
    #[serde(default)]
    offset: usize,
    /// Results wanted; 20 when absent.
    limit: Option<usize>,
    /// `true`: my department's drafts too.
    #[serde(default)]
    drafts: bool,
}

impl SearchQuery {
    fn read(self) -> Result<Search, Problem> {
        let mut facets: BTreeMap<Facet, Vec<String>> = BTreeMap::new();
        for text in &self.only {
            let (name, value) = text.split_once(':').unwrap_or((text, ""));
            let facet = Facet::ALL.into_iter().find(|it| it.code() == name);
            let facet = facet.ok_or_else(|| {
                let known: Vec<_> = Facet::ALL.iter().map(|it| it.code()).collect();
                Problem::unreadable(format!("`only` is facet:value with a facet of {}", known.join(", ")))
            })?;
            facets.entry(facet).or_default().push(value.to_owned());
        }
        let sort = match self.sort.as_deref() {
            None | Some("relevance") => Sort::Relevance,
            Some("newest") => Sort::Newest,
            Some("name") => Sort::Name,
            Some(_) => return Err(Problem::unreadable("`sort` is relevance, newest or name")),
        };
        // The flow narrows this to what the caller may see.
        let audience = if self.drafts {
            Audience::Authority
        } else {
            Audience::Everyone
        };
        let limit = self.limit.unwrap_or(20).min(200);
        Ok(Search {
            text: self.q,
            facets,
            sort,
            offset: self.offset.min(10_000),
            limit,
            audience,
        })
    }
}

/// A resource that was found.
#[derive(Serialize, ToSchema)]
pub(crate) struct HitView {
    id: String,
    name: String,
    name_en: String,
    summary: String,
    summary_en: String,
    provider: String,
    provider_name: String,
    sharing: String,
    format: String,
    update_cycle: String,
    openness: String,
    theme: Option<String>,
    keywords: Vec<String>,
    codes: Vec<String>,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Is it in force, or a draft of my department?
    published: bool,
}

fn hit(it: Hit) -> HitView {
    let it = it.doc;
    HitView {
        id: it.id.to_string(),
        name: it.name,
        name_en: it.name_en,
        summary: it.summary,
        summary_en: it.summary_en,
        provider: it.provider.to_string(),
        provider_name: it.provider_name,
        sharing: it.sharing.to_string(),
        format: it.format.to_string(),
        update_cycle: it.update_cycle.to_string(),
        openness: it.openness.to_string(),
        theme: it.theme,
        keywords: it.keywords,
        codes: it.codes,
        at: it.at,
        published: it.visible,
    }
}

/// How many results have a value.
#[derive(Serialize, ToSchema)]
pub(crate) struct FacetView {
    value: String,
    count: u64,
}

/// What was found.
#[derive(Serialize, ToSchema)]
pub(crate) struct FoundView {
    total: u64,
    items: Vec<HitView>,
    /// Counts by facet and value.
    facets: BTreeMap<&'static str, Vec<FacetView>>,
    /// Nothing had all the words, so some of them sufficed.
    relaxed: bool,
    /// False while the index is being made: more will be found soon.
    complete: bool,
}

/// Search the catalogue.
#[utoipa::path(get, path = "/catalog", tag = "catalog", params(SearchQuery),
    responses((status = 200, body = FoundView), (status = "4XX", body = Problem)))]
async fn search(
    State(app): State<Arc<App>>,
    Visitor(known): Visitor,
    Query(it): Query<SearchQuery>,
) -> Result<Json<FoundView>, Problem> {
    let actor = known.map(|it| it.actor);
    let found = flow::search_catalog(&app, actor.as_ref(), it.read()?).await?;
    let counts = |all: Vec<platform::catalog::search::FacetCount>| {
        all.into_iter()
            .map(|it| FacetView {
                value: it.value,
                count: it.count,
            })
            .collect()
    };
    Ok(Json(FoundView {
        total: found.total,
        items: found.hits.into_iter().map(hit).collect(),
        facets: found
            .facets
            .into_iter()
            .map(|(facet, all)| (facet.code(), counts(all)))
            .collect(),
        relaxed: found.relaxed,
        complete: flow::search_is_whole(&app),
    }))
}

/// An entry in force. Where its rows are is the provider's own knowledge and left out.
#[derive(Serialize, ToSchema)]
pub(crate) struct VersionView {
    id: String,
    version: u32,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// The thirteen fields and the items.
    #[schema(value_type = Object)]
    content: Value,
}

fn version_view(it: &Version) -> VersionView {
    let mut content = serde_json::to_value(&it.content).unwrap_or_default();
    if let Some(fields) = content.as_object_mut() {
        let mounted = fields.remove("mount").is_some_and(|it| !it.is_null());
        fields.insert("mounted".to_owned(), mounted.into());
        fields.remove("left_out");
        fields.insert("national".to_owned(), national(&it.content));
    }
    for item in content
        .get_mut("items")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
        .filter_map(Value::as_object_mut)
    {
        item.remove("column");
        item.remove("evidence");
    }
    VersionView {
        id: it.resource.to_string(),
        version: it.number,
        at: it.at,
        content,
    }
}

/// The closed lists of an entry as the national catalogue writes them: digits, and a letter for the type of every item.
fn national(it: &Content) -> Value {
    let types: BTreeMap<&str, &str> = it
        .items
        .iter()
        .map(|it| (it.name.as_str(), it.data_type.national().code()))
        .collect();
    let open = it.opening.openness != Openness::Closed;
    json!({
        "sharing": it.sharing.class.digit(),
        "update_cycle": it.update_cycle.digit(),
        "format": it.format.group.digit(),
        "open": if open { '1' } else { '0' },
        "item_types": types,
    })
}

/// An entry in force.
#[utoipa::path(get, path = "/catalog/{id}", tag = "catalog", params(("id" = String, Path)),
    responses((status = 200, body = VersionView), (status = "4XX", body = Problem)))]
async fn show(
    State(app): State<Arc<App>>,
    _visitor: Visitor,
    Path(which): Path<String>,
) -> Result<Json<VersionView>, Problem> {
    Ok(Json(version_view(
        &flow::show_resource(&app, id(&which, "resource")?).await?,
    )))
}

/// Its versions, newest first.
#[utoipa::path(get, path = "/catalog/{id}/versions", tag = "catalog", params(("id" = String, Path)),
    responses((status = 200, body = Vec<VersionView>), (status = "4XX", body = Problem)))]
async fn versions(
    State(app): State<Arc<App>>,
    _who: Who,
    Path(which): Path<String>,
) -> Result<Json<Vec<VersionView>>, Problem> {
    Ok(Json(
        flow::list_versions(&app, id(&which, "resource")?)
            .await?
            .iter()
            .map(version_view)
            .collect(),
    ))
}

/// One version.
#[utoipa::path(get, path = "/catalog/{id}/versions/{number}", tag = "catalog", params(("id" = String, Path), ("number" = u32, Path)),
    responses((status = 200, body = VersionView), (status = "4XX", body = Problem)))]
async fn version(
    State(app): State<Arc<App>>,
    _who: Who,
    Path((which, number)): Path<(String, String)>,
) -> Result<Json<VersionView>, Problem> {
    let resource: ResourceId = id(&which, "resource")?;
    let number: u32 = number.parse().map_err(|_| Problem::not_found("version"))?;
    let all = flow::list_versions(&app, resource).await?;
    all.iter()
        .find(|it| it.number == number)
        .map(|it| Json(version_view(it)))
        .ok_or_else(|| Problem::not_found("version"))
}

/// Which two.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct DiffQuery {
    before: u32,
    after: u32,
}

/// What changed between two versions.
#[utoipa::path(get, path = "/catalog/{id}/diff", tag = "catalog", params(("id" = String, Path), DiffQuery),
    responses((status = 200, body = Object), (status = "4XX", body = Problem)))]
async fn compare(
    State(app): State<Arc<App>>,
    _who: Who,
    Path(which): Path<String>,
    Query(it): Query<DiffQuery>,
) -> Result<Json<Value>, Problem> {
    let mut found = flow::compare_versions(&app, id(&which, "resource")?, it.before, it.after).await?;
    found.fields.retain(|it| !it.path.starts_with("mount"));
    for item in &mut found.changed {
        item.fields.retain(|it| it.path != "column");
    }
    Ok(Json(serde_json::to_value(found).unwrap_or_default()))
}
