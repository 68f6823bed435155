//! The ledger: what was done, the proof of it, and the published log as files.

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, State},
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use platform::{
    App,
    flow::{self, Claim, Evidence, LogFileKind},
    ledger::{Filter, Page, Recorded},
    vocab::{Timestamp, time},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    body::{Body, Query},
    problem::Problem,
    who::{Visitor, Who},
};

/// The largest bundle that is checked, bytes.
const LARGEST_BUNDLE: usize = 64 << 20;

pub(crate) fn router() -> OpenApiRouter<Arc<App>> {
    let verify = OpenApiRouter::new()
        .routes(routes!(verify_bundle))
        .layer(DefaultBodyLimit::max(LARGEST_BUNDLE));
    OpenApiRouter::new()
        .routes(routes!(list_entries))
        .routes(routes!(show_entry))
        .routes(routes!(entry_bundle))
        .routes(routes!(open_receipt))
        .routes(routes!(make_bundle))
        .routes(routes!(publish_log))
        .routes(routes!(check_log))
        .routes(routes!(keys))
        .merge(verify)
}

/// The published log for everybody, as C2SP tlog-tiles wants it: outside the API and its description.
pub(crate) fn files() -> Router<Arc<App>> {
    Router::new()
        .route("/log/vkey", get(vkey))
        .route("/log/{*path}", get(log_file))
}

/// An entry.
#[derive(Serialize, ToSchema)]
pub(crate) struct EntryView {
    index: u64,
    at: String,
    kind: String,
    /// `act_…`; absent when the platform itself did it.
    actor: Option<String>,
    subject: String,
    body: Value,
}

/// A part of the ledger.
#[derive(Serialize, ToSchema)]
pub(crate) struct EntriesView {
    /// Newest first.
    items: Vec<EntryView>,
    /// `after` of the next part.
    next: Option<u64>,
    /// Entries in the whole ledger.
    size: u64,
    /// Entries under the last checkpoint.
    published: u64,
    /// The last signed checkpoint.
    checkpoint: Option<String>,
}

/// An entry and its proof.
#[derive(Serialize, ToSchema)]
pub(crate) struct ShownView {
    entry: EntryView,
    /// The exact bytes that are hashed.
    data: String,
    /// Leaf hash in the SHA-256 tree, base64.
    leaf: String,
    /// Not there before the next checkpoint.
    proof: Option<ProofView>,
}

/// That an entry is in the published log (RFC 6962 §2.1.1).
#[derive(Serialize, ToSchema)]
pub(crate) struct ProofView {
    size: u64,
    /// Base64.
    root: String,
    /// Base64, leaf side first.
    path: Vec<String>,
    checkpoint: String,
}

/// Which entries; all conditions hold.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct EntriesQuery {
    /// The kind, exactly; `release` for receipts.
    kind: Option<String>,
    /// The subject, exactly.
    subject: Option<String>,
    /// Who did it, `act_…`.
    actor: Option<String>,
    /// An organisation that is named, `org_…`.
    org: Option<String>,
    /// Any identifier that is named.
    mentions: Option<String>,
    /// From this instant on, RFC 3339.
    from: Option<String>,
    /// Before this instant, RFC 3339.
    to: Option<String>,
    /// Text that stands anywhere in it.
    text: Option<String>,
    /// `next` of the part before: entries with a smaller number.
    after: Option<u64>,
    /// At most so many, 1 to 500.
    limit: Option<u64>,
}

/// Which entries a bundle holds: exactly one of these.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) enum BundleBody {
    /// Entries by their numbers.
    Entries(Vec<u64>),
    /// Everything done to one subject.
    Subject(String),
    /// Everything that names an identifier.
    Mentions(String),
    /// The receipts of a release, `rel_…`.
    Release(String),
    /// Everything about an agreement, `agr_…`.
    Agreement(String),
}

/// What a check of a bundle found.
#[derive(Serialize, ToSchema)]
pub(crate) struct VerifiedView {
    /// Is everything in it true?
    good: bool,
    /// Why not.
    fault: Option<String>,
    origin: Option<String>,
    /// Entries under its checkpoint.
    size: Option<u64>,
    /// Root of the SHA-256 tree, base64.
    root: Option<String>,
    entries: Vec<EntryView>,
}

/// A signed checkpoint.
#[derive(Serialize, ToSchema)]
pub(crate) struct PublishedView {
    /// Entries under it.
    size: u64,
    /// The note; absent while there is no entry.
    checkpoint: Option<String>,
}

/// What reading the whole ledger again found.
#[derive(Serialize, ToSchema)]
pub(crate) struct CheckedView {
    entries: u64,
    /// Where database and published log part.
    fault: Option<String>,
}

/// What was done, newest first: all of it for auditors and the authority, what names one's organisation for others.
#[utoipa::path(get, path = "/ledger", tag = "ledger", params(EntriesQuery),
    responses((status = 200, body = EntriesView), (status = "4XX", body = Problem)))]
async fn list_entries(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Query(query): Query<EntriesQuery>,
) -> Result<Json<EntriesView>, Problem> {
    let page = Page {
        before: query.after,
        limit: query.limit.unwrap_or(50),
    };
    let found = flow::list_entries(&app, &actor, filter(query)?, page).await?;
    Ok(Json(EntriesView {
        items: found.all.iter().map(entry).collect(),
        next: found.next,
        size: found.size,
        published: found.published,
        checkpoint: found.checkpoint,
    }))
}

/// An entry with its proof.
#[utoipa::path(get, path = "/ledger/{index}", tag = "ledger", params(("index" = u64, Path)),
    responses((status = 200, body = ShownView), (status = "4XX", body = Problem)))]
async fn show_entry(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Path(index): Path<String>,
) -> Result<Json<ShownView>, Problem> {
    let found = flow::show_entry(&app, &actor, number(&index)?).await?;
    Ok(Json(ShownView {
        entry: entry(&found.recorded),
        data: found.recorded.data,
        leaf: STANDARD.encode(found.leaf),
        proof: found.proof.map(|it| ProofView {
            size: it.size,
            root: STANDARD.encode(it.root),
            path: it.path.iter().map(|it| STANDARD.encode(it)).collect(),
            checkpoint: it.checkpoint,
        }),
    }))
}

/// The evidence bundle of one entry.
#[utoipa::path(get, path = "/ledger/{index}/bundle", tag = "ledger", params(("index" = u64, Path)),
    responses((status = 200, description = "An evidence bundle"), (status = "4XX", body = Problem)))]
async fn entry_bundle(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Path(index): Path<String>,
) -> Result<Response, Problem> {
    let bytes = flow::make_bundle(&app, &actor, &Evidence::Entries(vec![number(&index)?])).await?;
    Ok(bundle(bytes))
}

/// What a party says a receipt commits to.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClaimBody {
    /// The question as it was asked.
    query: Option<String>,
    /// The digest of what left, lower-case hex.
    digest: Option<String>,
    /// Of which release, `rel_…`; needed where several answers share the entry.
    release: Option<String>,
}

/// Is it so?
#[derive(Serialize, ToSchema)]
pub(crate) struct ConfirmedView {
    /// Absent when nothing was claimed of it.
    query: Option<bool>,
    /// Absent when nothing was claimed of it.
    digest: Option<bool>,
}

/// Compare what a receipt commits to with what provider or consumer say it was. Every look is an entry of its own.
#[utoipa::path(post, path = "/ledger/{index}/open", tag = "ledger", params(("index" = u64, Path)), request_body = ClaimBody,
    responses((status = 200, body = ConfirmedView), (status = "4XX", body = Problem)))]
async fn open_receipt(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Path(index): Path<String>,
    Body(it): Body<ClaimBody>,
) -> Result<Json<ConfirmedView>, Problem> {
    let release = it.release.map(|it| it.parse()).transpose();
    let claim = Claim {
        release: release.map_err(Problem::unreadable)?,
        question: it.query,
        digest: it.digest,
    };
    let found = flow::open_receipt(&app, &actor, number(&index)?, &claim).await?;
    Ok(Json(ConfirmedView {
        query: found.question,
        digest: found.digest,
    }))
}

/// An evidence bundle: entries with their proofs, checked offline by `jutong verify`.
#[utoipa::path(post, path = "/ledger/bundle", tag = "ledger", request_body = BundleBody,
    responses((status = 200, description = "An evidence bundle"), (status = "4XX", body = Problem)))]
async fn make_bundle(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Body(it): Body<BundleBody>,
) -> Result<Response, Problem> {
    let evidence = match it {
        BundleBody::Entries(all) => Evidence::Entries(all),
        BundleBody::Subject(it) => Evidence::Subject(it),
        BundleBody::Mentions(it) => Evidence::Mentions(it),
        BundleBody::Release(it) => Evidence::Release(it.parse().map_err(Problem::unreadable)?),
        BundleBody::Agreement(it) => Evidence::Agreement(it.parse().map_err(Problem::unreadable)?),
    };
    Ok(bundle(flow::make_bundle(&app, &actor, &evidence).await?))
}

/// Check an evidence bundle, sent as it is, with this node's own keys.
#[utoipa::path(post, path = "/ledger/verify", tag = "ledger",
    request_body(content = Value, content_type = "application/json", description = "The bundle's bytes"),
    responses((status = 200, body = VerifiedView), (status = "4XX", body = Problem)))]
async fn verify_bundle(
    State(app): State<Arc<App>>,
    Who(_actor): Who,
    bytes: Bytes,
) -> Result<Json<VerifiedView>, Problem> {
    Ok(Json(match flow::verify_bundle(&app, bytes.to_vec()).await? {
        Ok(it) => VerifiedView {
            good: true,
            fault: None,
            origin: Some(it.origin),
            size: Some(it.size),
            root: Some(STANDARD.encode(it.root)),
            entries: it.entries.iter().map(entry).collect(),
        },
        Err(fault) => VerifiedView {
            good: false,
            fault: Some(fault.to_string()),
            origin: None,
            size: None,
            root: None,
            entries: Vec::new(),
        },
    }))
}

/// Publish what was appended, now.
#[utoipa::path(post, path = "/ledger/publish", tag = "ledger",
    responses((status = 200, body = PublishedView), (status = "4XX", body = Problem)))]
async fn publish_log(State(app): State<Arc<App>>, Who(actor): Who) -> Result<Json<PublishedView>, Problem> {
    let made = flow::publish_log_now(&app, &actor).await?;
    let size = made.as_ref().map_or(0, |it| it.size);
    Ok(Json(PublishedView {
        size,
        checkpoint: made.map(|it| it.served().to_string()),
    }))
}

/// Read the whole ledger again and compare it with everything that was published.
#[utoipa::path(post, path = "/ledger/check", tag = "ledger",
    responses((status = 200, body = CheckedView), (status = "4XX", body = Problem)))]
async fn check_log(State(app): State<Arc<App>>, Who(actor): Who) -> Result<Json<CheckedView>, Problem> {
    let found = flow::check_log(&app, &actor).await?;
    Ok(Json(CheckedView {
        entries: found.entries,
        fault: found.fault,
    }))
}

/// The public keys of this node's log.
#[utoipa::path(get, path = "/ledger/keys", tag = "ledger", responses((status = 200, body = Vec<String>)))]
async fn keys(State(app): State<Arc<App>>) -> Json<Vec<String>> {
    Json(flow::log_keys(&app))
}

/// `GET /log/vkey`: one key a line.
async fn vkey(State(app): State<Arc<App>>) -> Response {
    let mut text = flow::log_keys(&app).join("\n");
    text.push('\n');
    public(text.into_bytes(), "text/plain; charset=utf-8", "no-cache")
}

/// `GET /log/checkpoint`, `/log/tile/…`, `/log/sm3/…`.
///
/// Hash tiles prove without telling anything; entry bundles tell who shares what with whom, so they are for those who
/// may read the whole ledger.
async fn log_file(
    State(app): State<Arc<App>>,
    Visitor(known): Visitor,
    Path(path): Path<String>,
) -> Result<Response, Problem> {
    let file = flow::serve_log(&app, &path).await?;
    let reads_all = known.is_some_and(|it| flow::reads_whole_ledger(&app, &it.actor));
    Ok(match file.kind {
        LogFileKind::Entries if reads_all => private(file.bytes),
        LogFileKind::Entries => {
            return Err(Problem::new(
                StatusCode::FORBIDDEN,
                "denied",
                "entries of the log are for those who read the whole ledger",
            ));
        }
        LogFileKind::Checkpoint => public(file.bytes, "text/plain; charset=utf-8", "no-cache"),
        LogFileKind::Tile => public(
            file.bytes,
            "application/octet-stream",
            "public, max-age=31536000, immutable",
        ),
    })
}

/// A file for this reader alone: no cache on the way keeps it, and no program on another site reads it.
fn private(bytes: Vec<u8>) -> Response {
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/octet-stream"),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, no-store")),
        (header::VARY, HeaderValue::from_static("authorization, cookie")),
    ];
    (headers, bytes).into_response()
}

/// A file that everybody may have, programs on other sites too.
fn public(bytes: Vec<u8>, media: &'static str, caching: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(media)),
        (header::CACHE_CONTROL, HeaderValue::from_static(caching)),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            HeaderValue::from_static("cross-origin"),
        ),
    ];
    (headers, bytes).into_response()
}

fn bundle(bytes: Vec<u8>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (
            header::CONTENT_DISPOSITION,
            HeaderValue::from_static("attachment; filename=\"evidence.json\""),
        ),
    ];
    (headers, bytes).into_response()
}

fn filter(query: EntriesQuery) -> Result<Filter, Problem> {
    Ok(Filter {
        subject: query.subject,
        kind: query.kind,
        actor: query
            .actor
            .as_deref()
            .map(str::parse)
            .transpose()
            .map_err(Problem::unreadable)?,
        org: query
            .org
            .as_deref()
            .map(str::parse)
            .transpose()
            .map_err(Problem::unreadable)?,
        mentions: query.mentions,
        from: query.from.as_deref().map(instant).transpose()?,
        to: query.to.as_deref().map(instant).transpose()?,
        text: query.text,
    })
}

fn instant(text: &str) -> Result<Timestamp, Problem> {
    time::parse(text).map_err(|_| Problem::unreadable(format!("`{text}` is no instant like 2026-03-09T01:00:00Z")))
}

fn number(text: &str) -> Result<u64, Problem> {
    text.parse().map_err(|_| Problem::not_found("entry"))
}

fn entry(it: &Recorded) -> EntryView {
    EntryView {
        index: it.index,
        at: time::to_text(it.entry.at),
        kind: it.entry.kind.clone(),
        actor: it.entry.actor.map(|it| it.to_string()),
        subject: it.entry.subject.clone(),
        body: it.entry.body.clone(),
    }
}
