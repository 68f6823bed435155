//! Deliveries into one's own tables and files, their runs and how far they are.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use platform::{
    App,
    engine::sink::fit::Fit,
    exchange::{Delivery, Refresh, Refreshed, Run, Taken},
    flow::{self, ListedDelivery, NewDelivery, SinkReport},
    vocab::{AgreementId, SinkSpec, SourceKind, SourceSpec, Timestamp},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::wire::{Part, Reader, id};
use crate::{
    body::{Body, Query},
    problem::Problem,
    who::Who,
};

pub(crate) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(attempt))
        .routes(routes!(show, end))
        .routes(routes!(preflight))
        .routes(routes!(pause))
        .routes(routes!(resume))
        .routes(routes!(runs, start))
        .routes(routes!(run))
        .routes(routes!(cancel))
}

/// Where a delivery writes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SinkBody {
    /// postgres, mysql, sqlite (batch exchange); csv, xlsx, jsonl or parquet (files).
    kind: String,
    /// host, port, database, user, sslmode; or path.
    #[serde(default)]
    options: BTreeMap<String, String>,
    /// The password; never shown again.
    secret: Option<String>,
    /// The table, `schema.table` or `table`; not for files.
    #[serde(default)]
    table: String,
}

impl SinkBody {
    fn spec(self, reader: &mut Reader) -> Option<SinkSpec> {
        let kind: SourceKind = reader.read("sink.kind", &self.kind)?;
        let secret = self.secret.filter(|it| !it.is_empty());
        Some(SinkSpec {
            target: SourceSpec {
                kind,
                options: self.options,
                secret,
            },
            table: self.table,
        })
    }
}

/// A new delivery.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewBody {
    /// `agr_…`, of my organisation.
    agreement: String,
    name: String,
    sink: SinkBody,
    /// full (every row, each time) or changes (the rows that differ, written into the table as it stands; needs a key that is
    /// granted whole and without masks, and a database as target); full when absent.
    refresh: Option<String>,
    /// May a table or file that no delivery made be replaced?
    #[serde(default)]
    replace: bool,
    /// Rows that may be put into quarantine before a run fails; 1000 when absent.
    error_limit: Option<u64>,
}

/// A target that is tried.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AttemptBody {
    /// `agr_…`, of my organisation.
    agreement: String,
    sink: SinkBody,
    /// full or changes; full when absent.
    refresh: Option<String>,
}

/// Where a delivery writes, without its secret.
#[derive(Serialize, ToSchema)]
pub(crate) struct SinkView {
    kind: String,
    options: BTreeMap<String, String>,
    table: String,
    /// Is a secret sealed for it?
    has_secret: bool,
}

/// A delivery.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeliveryView {
    id: String,
    name: String,
    agreement: String,
    /// The agreement's number.
    agreement_no: String,
    /// The resource's name.
    resource_name: String,
    consumer: String,
    /// active, paused or ended.
    state: String,
    /// full or changes.
    refresh: String,
    /// Absent for the provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    sink: Option<SinkView>,
    replace: bool,
    error_limit: u64,
    created_by: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    last_run: Option<RunView>,
}

fn view(it: &ListedDelivery) -> DeliveryView {
    let of: &Delivery = &it.delivery;
    DeliveryView {
        id: of.id.to_string(),
        name: of.name.clone(),
        agreement: of.agreement.to_string(),
        agreement_no: it.no.clone(),
        resource_name: it.title.zh.clone(),
        consumer: of.consumer.to_string(),
        state: of.state.to_string(),
        refresh: of.refresh.to_string(),
        sink: it.own.then(|| SinkView {
            kind: of.sink.target.kind.to_string(),
            options: of.sink.target.options.clone(),
            table: of.sink.table.clone(),
            has_secret: of.sealed_secret.is_some(),
        }),
        replace: of.replace,
        error_limit: of.error_limit,
        created_by: of.created_by.to_string(),
        created_at: of.created_at,
        last_run: it.last.as_ref().map(|last| run_view(last, it.own)),
    }
}

/// How far a run is.
#[derive(Serialize, ToSchema)]
pub(crate) struct ProgressView {
    /// waiting, planning, loading, finishing, verifying, swapping or over.
    phase: String,
    /// Rows read from the source.
    rows: u64,
    /// Bytes of them, as the digest counts them.
    bytes: u64,
    chunks_done: u64,
    chunks_total: Option<u64>,
    /// Rows that will come, as far as it is known.
    rows_estimate: Option<u64>,
    rows_per_second: u64,
    /// Tenths of a percent.
    permille: Option<u64>,
    seconds_left: Option<u64>,
    quarantined: u64,
}

/// Why a run failed.
#[derive(Serialize, ToSchema)]
pub(crate) struct FailureView {
    /// denied, quota-used-up, source, target, occupied, busy, too-many-bad, source-changed, not-equal, ….
    code: String,
    detail: String,
}

/// A run.
#[derive(Serialize, ToSchema)]
pub(crate) struct RunView {
    id: String,
    delivery: String,
    /// queued, running, verifying, done, failed or cancelled.
    state: String,
    cancel_asked: bool,
    progress: ProgressView,
    /// Which path the rows take, and why; absent before it was decided.
    path: Option<PathView>,
    /// Of a delivery that wishes for changes: what the run brings, and why; absent before it was decided.
    refreshed: Option<RefreshedView>,
    /// Both sides compared: rows, bytes and digests of source, expected and target, quarantined, equal, differences.
    #[schema(value_type = Option<Object>)]
    reconciliation: Option<Value>,
    /// How the digests are made.
    digest_algorithm: &'static str,
    /// What each item became in the target.
    #[schema(value_type = Option<Object>)]
    preflight: Option<Value>,
    /// What became of the key: made, none or not-unique.
    key: Option<String>,
    /// When the rows were read: one-moment, or each-chunk (each at its own moment, while the source may have changed).
    reading: Option<String>,
    // For the provider alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    noticed: Option<NoticedView>,
    /// The release of its receipts.
    release: Option<String>,
    /// The ledger's index of the closing receipt.
    receipt: Option<u64>,
    failure: Option<FailureView>,
    asked_by: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    queued_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    started_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    ended_at: Option<Timestamp>,
}

/// Which path rows take from source to target, and why.
#[derive(Serialize, ToSchema)]
pub(crate) struct PathView {
    /// pass-through (the database's own tuples) or columnar.
    path: String,
    /// tuples for a pass-through; else what stands in its way: source-kind, target-kind, encoding, mask, type, row-rule,
    /// target-refused or changes.
    why: String,
    /// The item that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    item: Option<String>,
    /// Lanes side by side.
    lanes: u64,
}

fn path_view(it: &Taken) -> PathView {
    PathView {
        path: it.path.to_string(),
        why: it.why.clone(),
        item: it.item.clone(),
        lanes: it.lanes,
    }
}

/// What a run of a delivery that wishes for changes brings, and why.
#[derive(Serialize, ToSchema)]
pub(crate) struct RefreshedView {
    /// full or changes.
    refresh: String,
    /// compared for changes; else why everything was copied: first, other-basis, other-table, no-key, key-missing,
    /// key-repeats, mostly-changed, target-refused, target-changed or not-equal.
    why: String,
    /// What became of the rows; absent where everything was copied, and before it is known.
    changed: Option<ChangedView>,
}

/// Rows of a run by what became of them in the target.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChangedView {
    inserted: u64,
    updated: u64,
    deleted: u64,
    unchanged: u64,
}

fn refreshed_view(it: &Refreshed) -> RefreshedView {
    RefreshedView {
        refresh: it.refresh.to_string(),
        why: it.why.clone(),
        changed: it.changed.map(|it| ChangedView {
            inserted: it.inserted,
            updated: it.updated,
            deleted: it.deleted,
            unchanged: it.unchanged,
        }),
    }
}

/// For the provider alone: what was noticed about a source's values, over all rows that were read.
#[derive(Serialize, ToSchema)]
pub(crate) struct NoticedView {
    /// Values without a place in their type, which became NULL.
    nulled: u64,
    /// Rows of a file that could not be read and were left out.
    set_aside: u64,
}

fn run_view(it: &Run, own: bool) -> RunView {
    let report = it.report.clone().unwrap_or_default();
    let progress = &it.progress;
    RunView {
        id: it.id.to_string(),
        delivery: it.delivery.to_string(),
        state: it.state.to_string(),
        cancel_asked: it.cancel_asked,
        progress: ProgressView {
            phase: progress.phase.to_string(),
            rows: progress.rows,
            bytes: progress.bytes,
            chunks_done: progress.chunks_done,
            chunks_total: progress.chunks_total,
            rows_estimate: progress.rows_estimate,
            rows_per_second: progress.rows_per_second,
            permille: progress.permille(),
            seconds_left: progress.seconds_left(),
            quarantined: progress.quarantined,
        },
        reconciliation: report.reconciliation.and_then(|it| serde_json::to_value(it).ok()),
        digest_algorithm: flow::algorithm_of(report.path.as_ref().map(|it| it.path)),
        path: report.path.as_ref().map(path_view),
        refreshed: report.refreshed.as_ref().map(refreshed_view),
        preflight: report.preflight,
        key: report.key,
        reading: report.reading.map(|it| it.to_string()),
        noticed: (!own).then_some(NoticedView {
            nulled: report.noticed.nulled,
            set_aside: report.noticed.set_aside,
        }),
        release: report.release.map(|it| it.to_string()),
        receipt: report.receipt,
        failure: report.failure.map(|it| FailureView {
            code: it.code,
            detail: it.detail,
        }),
        asked_by: it.asked_by.map(|it| it.to_string()),
        queued_at: it.queued_at,
        started_at: it.started_at,
        ended_at: it.ended_at,
    }
}

/// What an item becomes in the target.
#[derive(Serialize, ToSchema)]
pub(crate) struct FitView {
    item: String,
    column: String,
    #[serde(rename = "type")]
    data_type: String,
    target_type: String,
    /// Value for value in a type of the same meaning?
    exact: bool,
    /// Value for value in another form: utc-date-time, as-text, as-zero-one, ….
    mapped: Vec<&'static str>,
    /// A row is put into quarantine when: nul-character, out-of-range, key-too-long, ….
    quarantined_when: Vec<&'static str>,
}

/// What a target was found to be, before a row moves.
#[derive(Serialize, ToSchema)]
pub(crate) struct PreflightView {
    kind: String,
    columns: Vec<FitView>,
    /// Will there be a primary key?
    key: bool,
    /// The server's version; absent for files.
    server: Option<String>,
    latency_ms: Option<u64>,
    /// Which path the rows would take now, and why.
    path: PathView,
}

fn fits(it: &SinkReport) -> PreflightView {
    let columns = it.preflight.columns.iter().map(|it| FitView {
        item: it.item.clone(),
        column: it.column.clone(),
        data_type: it.data_type.to_string(),
        target_type: it.target_type.clone(),
        exact: it.fits.contains(&Fit::Exact),
        mapped: it
            .fits
            .iter()
            .filter_map(|it| {
                if let Fit::Mapped(note) = it {
                    Some(note.code())
                } else {
                    None
                }
            })
            .collect(),
        quarantined_when: it
            .fits
            .iter()
            .filter_map(|it| {
                if let Fit::QuarantinedWhen(note) = it {
                    Some(note.code())
                } else {
                    None
                }
            })
            .collect(),
    });
    PreflightView {
        kind: it.preflight.kind.to_string(),
        columns: columns.collect(),
        key: it.preflight.key,
        server: it.server.as_ref().map(|it| it.version.clone()),
        latency_ms: it.server.as_ref().map(|it| it.latency_ms),
        path: path_view(&it.path),
    }
}

/// What a delivery's runs bring; everything when nothing is said.
fn refresh_of(reader: &mut Reader, text: Option<&str>) -> Option<Refresh> {
    reader.maybe("refresh", text).map(|it| it.unwrap_or(Refresh::Full))
}

/// Which part of a list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct PartQuery {
    /// Only under this agreement, `agr_…`; its provider may ask so too.
    agreement: Option<String>,
    /// `next` of the part before.
    after: Option<String>,
    /// At most so many, 1 to 200; 50 when absent.
    limit: Option<u32>,
}

impl PartQuery {
    fn limit(&self) -> u32 {
        self.limit.unwrap_or(50).clamp(1, 200)
    }
}

fn part<T, V>(all: &[T], limit: u32, view: impl Fn(&T) -> V, id: impl Fn(&T) -> String) -> Part<V> {
    let full = all.len() >= usize::try_from(limit).unwrap_or(usize::MAX);
    Part::new(all.iter().map(view).collect(), all.last().filter(|_| full).map(id))
}

/// Deliveries of my organisation; or those under one agreement, also for its provider.
#[utoipa::path(get, path = "/deliveries", tag = "deliveries", params(PartQuery),
    responses((status = 200, body = Part<DeliveryView>), (status = "4XX", body = Problem)))]
async fn list(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Query(it): Query<PartQuery>,
) -> Result<Json<Part<DeliveryView>>, Problem> {
    let mut reader = Reader::default();
    let agreement: Option<Option<AgreementId>> = reader.maybe("agreement", it.agreement.as_deref());
    let after = reader.maybe("after", it.after.as_deref());
    let (agreement, after) = reader.done(agreement.zip(after))?;
    let all = flow::list_deliveries(&app, &actor, agreement, after, it.limit()).await?;
    Ok(Json(part(&all, it.limit(), view, |it| it.delivery.id.to_string())))
}

/// Define a delivery.
#[utoipa::path(post, path = "/deliveries", tag = "deliveries", request_body = NewBody,
    responses((status = 201, body = DeliveryView), (status = "4XX", body = Problem)))]
async fn create(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Body(it): Body<NewBody>,
) -> Result<(StatusCode, Json<DeliveryView>), Problem> {
    let mut reader = Reader::default();
    let agreement = reader.read("agreement", &it.agreement);
    let sink = it.sink.spec(&mut reader);
    let refresh = refresh_of(&mut reader, it.refresh.as_deref());
    let ((agreement, sink), refresh) = reader.done(agreement.zip(sink).zip(refresh))?;
    let error_limit = it.error_limit.unwrap_or(1000);
    let new = NewDelivery {
        agreement,
        name: it.name,
        sink,
        refresh,
        replace: it.replace,
        error_limit,
    };
    let made = flow::create_delivery(&app, &actor, new).await?;
    Ok((
        StatusCode::CREATED,
        Json(view(&flow::show_delivery(&app, &actor, made.id).await?)),
    ))
}

/// Try a target without keeping it: connects, and tells what each item becomes there. No row moves.
#[utoipa::path(post, path = "/deliveries/preflight", tag = "deliveries", request_body = AttemptBody,
    responses((status = 200, body = PreflightView), (status = "4XX", body = Problem), (status = 502, body = Problem)))]
async fn attempt(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Body(it): Body<AttemptBody>,
) -> Result<Json<PreflightView>, Problem> {
    let mut reader = Reader::default();
    let agreement = reader.read("agreement", &it.agreement);
    let sink = it.sink.spec(&mut reader);
    let refresh = refresh_of(&mut reader, it.refresh.as_deref());
    let ((agreement, sink), refresh) = reader.done(agreement.zip(sink).zip(refresh))?;
    Ok(Json(fits(
        &flow::test_sink(&app, &actor, agreement, &sink, refresh).await?,
    )))
}

/// A delivery.
#[utoipa::path(get, path = "/deliveries/{id}", tag = "deliveries", params(("id" = String, Path)),
    responses((status = 200, body = DeliveryView), (status = "4XX", body = Problem)))]
async fn show(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Path(which): Path<String>,
) -> Result<Json<DeliveryView>, Problem> {
    Ok(Json(view(
        &flow::show_delivery(&app, &actor, id(&which, "delivery")?).await?,
    )))
}

/// End a delivery for ever. Delivered rows stay, under the agreement's duty of disposal.
#[utoipa::path(delete, path = "/deliveries/{id}", tag = "deliveries", params(("id" = String, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
async fn end(State(app): State<Arc<App>>, Who(actor): Who, Path(which): Path<String>) -> Result<StatusCode, Problem> {
    flow::end_delivery(&app, &actor, id(&which, "delivery")?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Try the target of a delivery again, and tell what each item becomes there.
#[utoipa::path(post, path = "/deliveries/{id}/preflight", tag = "deliveries", params(("id" = String, Path)),
    responses((status = 200, body = PreflightView), (status = "4XX", body = Problem), (status = 502, body = Problem)))]
async fn preflight(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Path(which): Path<String>,
) -> Result<Json<PreflightView>, Problem> {
    Ok(Json(fits(
        &flow::test_delivery(&app, &actor, id(&which, "delivery")?).await?,
    )))
}

/// Let a delivery rest; a run under way is stopped.
#[utoipa::path(post, path = "/deliveries/{id}/pause", tag = "deliveries", params(("id" = String, Path)),
    responses((status = 200, body = DeliveryView), (status = "4XX", body = Problem)))]
async fn pause(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Path(which): Path<String>,
) -> Result<Json<DeliveryView>, Problem> {
    let it = flow::pause_delivery(&app, &actor, id(&which, "delivery")?).await?;
    Ok(Json(view(&flow::show_delivery(&app, &actor, it.id).await?)))
}

/// Take a resting delivery up again.
#[utoipa::path(post, path = "/deliveries/{id}/resume", tag = "deliveries", params(("id" = String, Path)),
    responses((status = 200, body = DeliveryView), (status = "4XX", body = Problem)))]
async fn resume(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Path(which): Path<String>,
) -> Result<Json<DeliveryView>, Problem> {
    let it = flow::resume_delivery(&app, &actor, id(&which, "delivery")?).await?;
    Ok(Json(view(&flow::show_delivery(&app, &actor, it.id).await?)))
}

/// The runs of a delivery, newest first.
#[utoipa::path(get, path = "/deliveries/{id}/runs", tag = "deliveries", params(("id" = String, Path), PartQuery),
    responses((status = 200, body = Part<RunView>), (status = "4XX", body = Problem)))]
async fn runs(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Path(which): Path<String>,
    Query(it): Query<PartQuery>,
) -> Result<Json<Part<RunView>>, Problem> {
    let mut reader = Reader::default();
    let after = reader.maybe("after", it.after.as_deref());
    let after = reader.done(after)?;
    let which = id(&which, "delivery")?;
    let own = flow::show_delivery(&app, &actor, which).await?.own;
    let all = flow::list_runs(&app, &actor, which, after, it.limit()).await?;
    Ok(Json(part(
        &all,
        it.limit(),
        |it| run_view(it, own),
        |it| it.id.to_string(),
    )))
}

/// Run a delivery now. When its last run failed, that run goes on after its last checkpoint.
#[utoipa::path(post, path = "/deliveries/{id}/runs", tag = "deliveries", params(("id" = String, Path)),
    responses((status = 202, body = RunView), (status = "4XX", body = Problem)))]
async fn start(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Path(which): Path<String>,
) -> Result<(StatusCode, Json<RunView>), Problem> {
    let run = flow::start_run(&app, &actor, id(&which, "delivery")?).await?;
    Ok((StatusCode::ACCEPTED, Json(run_view(&run, true))))
}

/// A run: how far it is, and what came of it.
#[utoipa::path(get, path = "/runs/{id}", tag = "deliveries", params(("id" = String, Path)),
    responses((status = 200, body = RunView), (status = "4XX", body = Problem)))]
async fn run(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Path(which): Path<String>,
) -> Result<Json<RunView>, Problem> {
    let (of, run) = flow::show_run(&app, &actor, id(&which, "run")?).await?;
    Ok(Json(run_view(&run, of.own)))
}

/// Stop a run. The old table or file stays as it was.
#[utoipa::path(post, path = "/runs/{id}/cancel", tag = "deliveries", params(("id" = String, Path)),
    responses((status = 202, body = RunView), (status = "4XX", body = Problem)))]
async fn cancel(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Path(which): Path<String>,
) -> Result<(StatusCode, Json<RunView>), Problem> {
    let run = flow::cancel_run(&app, &actor, id(&which, "run")?).await?;
    Ok((StatusCode::ACCEPTED, Json(run_view(&run, true))))
}
