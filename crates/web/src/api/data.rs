//! Data under agreements: structured questions, records by key, SQL; in the format the caller accepts.

use std::sync::Arc;

use axum::{
    Json,
    body::Body as Bytes,
    extract::{Path, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use platform::{
    App,
    engine::{
        self, After, Filter, FilterOp, Select, Sort,
        encode::{self, Format},
    },
    flow::{self, Door, Question},
    release::Receipted,
    vocab::{AgreementId, Purpose},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    body::{Body, Query},
    problem::Problem,
    who::Who,
};

pub(crate) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(tables))
        .routes(routes!(rows))
        .routes(routes!(record))
        .routes(routes!(sql))
}

/// A table one may ask.
#[derive(Serialize, ToSchema)]
pub(crate) struct TableView {
    /// The name in SQL.
    name: String,
    /// The agreement that opens it.
    agreement: String,
    /// The items of its key.
    key: Vec<String>,
    items: Vec<ItemView>,
}

/// An item as it leaves: after its mask.
#[derive(Serialize, ToSchema)]
pub(crate) struct ItemView {
    name: String,
    #[serde(rename = "type")]
    data_type: String,
    nullable: bool,
}

/// The tables I may ask, under all agreements of my organisation.
#[utoipa::path(get, path = "/data", tag = "data", responses((status = 200, body = Vec<TableView>), (status = "4XX", body = Problem)))]
async fn tables(State(app): State<Arc<App>>, Who(actor): Who) -> Result<Json<Vec<TableView>>, Problem> {
    let tables = flow::list_tables(&app, &actor).await?;
    Ok(Json(
        tables
            .into_iter()
            .map(|it| TableView {
                name: it.table.name,
                agreement: it.agreement.to_string(),
                key: it.table.key,
                items: it.table.schema.fields().iter().map(|field| item(field)).collect(),
            })
            .collect(),
    ))
}

fn item(field: &engine::arrow::datatypes::Field) -> ItemView {
    ItemView {
        name: field.name().clone(),
        data_type: field.data_type().to_string(),
        nullable: field.is_nullable(),
    }
}

/// A structured question.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct RowsQuery {
    /// Items to show, comma separated; all when absent.
    select: Option<String>,
    /// Conditions `item:op:value`, all of which must hold; `op` is one of eq, ne, lt, le, gt, ge, in (values separated by
    /// `|`), starts-with, contains, is-null, not-null.
    #[serde(default)]
    filter: Vec<String>,
    /// Order: items, comma separated, `-` before an item for largest first.
    sort: Option<String>,
    /// At most so many rows, and fewer when they are large; the address of the next page comes in the `Link` header. Without
    /// it everything is streamed.
    limit: Option<u64>,
    /// Where the last page ended, from its `Link` header.
    after: Option<String>,
    /// `true`: tell in `Jutong-Count` how many rows meet the conditions. It costs no more of the quota.
    #[serde(default)]
    count: bool,
    /// For what the rows are used, when it is not the agreement's own purpose.
    purpose: Option<String>,
    /// json, ndjson, csv, parquet, arrow or xlsx; goes before `Accept`. CSV is the data unchanged: a spreadsheet that opens
    /// it may run a text that begins with `=`, `+`, `-` or `@`; xlsx has such texts as texts.
    format: Option<String>,
}

/// Rows under an agreement, with its masks and row rule.
#[utoipa::path(get, path = "/data/{agreement}", tag = "data", params(("agreement" = String, Path, description = "agr_…"), RowsQuery),
    responses((status = 200, description = "Rows in the accepted format: JSON, NDJSON, CSV, Parquet, Arrow stream, XLSX"),
        (status = "4XX", body = Problem)))]
async fn rows(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Path(agreement): Path<String>,
    Query(query): Query<RowsQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let agreement: AgreementId = agreement.parse().map_err(|_| Problem::not_found("agreement"))?;
    let format = wanted(query.format.as_deref(), &headers)?;
    let purpose = query
        .purpose
        .as_deref()
        .map(str::parse::<Purpose>)
        .transpose()
        .map_err(Problem::unreadable)?;
    let question = Question {
        agreement,
        purpose,
        select: select(&query)?,
    };
    let mut extra = HeaderMap::new();
    if query.limit.is_none() {
        let (count, release) = flow::count_and_stream(&app, &actor, Door::Rest, &question, query.count).await?;
        counted(&mut extra, count);
        let schema = release.schema();
        handle(&mut extra, release.receipts());
        return streamed(schema, release.into_batches(), format, extra);
    }
    let (count, page, receipted) = flow::count_and_page(&app, &actor, Door::Rest, &question, query.count).await?;
    counted(&mut extra, count);
    handle(&mut extra, &receipted);
    if let Some(next) = &page.next {
        let link = format!("<?{}>; rel=\"next\"", next_query(&query, next));
        extra.insert(header::LINK, link.parse().map_err(Problem::unreadable)?);
    }
    let schema = page.rows.schema();
    let batches = futures::stream::iter([Ok::<_, engine::Error>(page.rows)]);
    streamed(schema, Box::pin(batches), format, extra)
}

/// Tells how many rows there are, where that was asked.
fn counted(headers: &mut HeaderMap, count: Option<u64>) {
    headers.extend(count.map(|it| (HeaderName::from_static("jutong-count"), HeaderValue::from(it))));
}

/// Which item the key is of.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecordQuery {
    /// The item that is searched; the key when absent.
    item: Option<String>,
    /// For a key of several items: the values of its second and further items, in the key's order (`GET /data` tells it).
    #[serde(default)]
    and: Vec<String>,
}

/// One record by its key.
#[utoipa::path(get, path = "/data/{agreement}/records/{key}", tag = "data",
    params(("agreement" = String, Path), ("key" = String, Path), RecordQuery),
    responses((status = 200, description = "The record as a JSON object"), (status = "4XX", body = Problem)))]
pub(crate) async fn record(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Path((agreement, key)): Path<(String, String)>,
    Query(query): Query<RecordQuery>,
) -> Result<Response, Problem> {
    let agreement: AgreementId = agreement.parse().map_err(|_| Problem::not_found("agreement"))?;
    let mut key = vec![key];
    key.extend(query.and);
    let (found, receipted) = flow::lookup_record(&app, &actor, agreement, query.item.as_deref(), &key).await?;
    let mut response = match found {
        Some(json) => ([(header::CONTENT_TYPE, "application/json")], json).into_response(),
        // That there is none is an answer too, and has its receipt.
        None => Problem::not_found("record").into_response(),
    };
    handle(response.headers_mut(), &receipted);
    Ok(response)
}

/// A read-only SQL question.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SqlQuestion {
    /// One `SELECT` over the tables of `GET /data`.
    sql: String,
    /// The agreements it needs; all usable ones when absent.
    #[serde(default)]
    agreements: Vec<String>,
}

/// Answer read-only SQL across the tables of all my agreements.
#[utoipa::path(post, path = "/sql", tag = "data", request_body = SqlQuestion,
    responses((status = 200, description = "Rows in the accepted format"), (status = "4XX", body = Problem)))]
async fn sql(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    headers: HeaderMap,
    Body(question): Body<SqlQuestion>,
) -> Result<Response, Problem> {
    let format = wanted(None, &headers)?;
    let ids = question.agreements.iter().map(|it| it.parse::<AgreementId>());
    let ids = ids.collect::<Result<Vec<_>, _>>().map_err(Problem::unreadable)?;
    let release = flow::query_sql(&app, &actor, Door::Sql, &ids, &question.sql, None).await?;
    let schema = release.schema();
    let mut extra = HeaderMap::new();
    handle(&mut extra, release.receipts());
    streamed(schema, release.into_batches(), format, extra)
}

/// The caller's handle on the receipts of an answer: `Jutong-Receipt: rel_…` and the numbers of their entries in the
/// ledger, `Jutong-Receipt-Index: 2079, 2080`.
fn handle(headers: &mut HeaderMap, it: &Receipted) {
    let numbers: Vec<String> = it.entries.clone().map(|it| it.to_string()).collect();
    for (name, text) in [
        ("jutong-receipt", it.release.to_string()),
        ("jutong-receipt-index", numbers.join(", ")),
    ] {
        if let Ok(value) = HeaderValue::from_str(&text) {
            headers.append(HeaderName::from_static(name), value);
        }
    }
}

fn wanted(name: Option<&str>, headers: &HeaderMap) -> Result<Format, Problem> {
    let refused = || {
        let detail = "rows come as JSON, NDJSON, CSV, Parquet, Arrow stream or XLSX";
        Problem::new(StatusCode::NOT_ACCEPTABLE, "format", detail)
    };
    match (name, headers.get(header::ACCEPT).and_then(|it| it.to_str().ok())) {
        (Some(name), _) => Format::named(name).ok_or_else(refused),
        (None, Some(accept)) => Format::accept(accept).ok_or_else(refused),
        (None, None) => Ok(Format::Json),
    }
}

/// The answer's head and its rows as they come. Small answers are compressed elsewhere; what is compressed in itself is
/// not compressed again.
fn streamed(
    schema: engine::SchemaRef,
    batches: engine::Batches,
    format: Format,
    extra: HeaderMap,
) -> Result<Response, Problem> {
    let bytes = encode::encode(&schema, batches, format, encode::Options::default());
    let mut response = Bytes::from_stream(bytes).into_response();
    response.headers_mut().extend(extra);
    // The same address answers in another format to another `Accept`.
    response
        .headers_mut()
        .append(header::VARY, HeaderValue::from_static("accept"));
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(format.media_type()));
    if !matches!(format, Format::Json | Format::NdJson) {
        let name = format!("attachment; filename=\"rows.{}\"", format.extension());
        response
            .headers_mut()
            .insert(header::CONTENT_DISPOSITION, name.parse().map_err(Problem::unreadable)?);
    }
    Ok(response)
}

fn select(query: &RowsQuery) -> Result<Select, Problem> {
    let filters = query
        .filter
        .iter()
        .map(|it| filter(it))
        .collect::<Result<Vec<_>, _>>()?;
    let after = query.after.as_deref().map(cursor).transpose()?;
    let sort = query
        .sort
        .iter()
        .flat_map(|it| it.split(','))
        .filter(|it| !it.is_empty())
        .map(|it| match it.strip_prefix('-') {
            Some(item) => Sort {
                item: item.to_owned(),
                descending: true,
            },
            None => Sort {
                item: it.to_owned(),
                descending: false,
            },
        });
    let items = query
        .select
        .iter()
        .flat_map(|it| it.split(','))
        .filter(|it| !it.is_empty())
        .map(str::to_owned);
    Ok(Select {
        items: items.collect(),
        filters,
        sort: sort.collect(),
        after,
        limit: query.limit,
    })
}

fn filter(text: &str) -> Result<Filter, Problem> {
    let mut parts = text.splitn(3, ':');
    let (item, op) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let op: FilterOp = serde_json::from_value(serde_json::Value::from(op)).map_err(|_| {
        Problem::unreadable(format!("filter `{item}:{op}` must be item:op:value with op one of eq, ne, lt, le, gt, ge, in, starts-with, contains, is-null, not-null"))
    })?;
    let value = parts.next();
    let values = match (op, value) {
        (FilterOp::In, Some(value)) => value.split('|').map(str::to_owned).collect(),
        (_, Some(value)) => vec![value.to_owned()],
        (_, None) => Vec::new(),
    };
    Ok(Filter {
        item: item.to_owned(),
        op,
        values,
    })
}

fn cursor(text: &str) -> Result<After, Problem> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok();
    bytes
        .and_then(|it| serde_json::from_slice(&it).ok())
        .ok_or_else(|| Problem::unreadable("`after` is not from a `Link` header of this question"))
}

/// The query of the next page: the same with another `after`.
fn next_query(query: &RowsQuery, next: &After) -> String {
    let after = URL_SAFE_NO_PAD.encode(serde_json::to_vec(next).unwrap_or_default());
    let mut out = form_urlencoded::Serializer::new(String::new());
    for (name, value) in [
        ("select", &query.select),
        ("sort", &query.sort),
        ("purpose", &query.purpose),
        ("format", &query.format),
    ] {
        if let Some(value) = value {
            out.append_pair(name, value);
        }
    }
    for filter in &query.filter {
        out.append_pair("filter", filter);
    }
    if let Some(limit) = query.limit {
        out.append_pair("limit", &limit.to_string());
    }
    out.append_pair("after", &after);
    out.finish()
}
