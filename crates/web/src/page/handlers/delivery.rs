//! Deliveries of the reader's department: defining, trying, running; a run as it goes.

use std::sync::Arc;

use axum::{
    Router,
    extract::Path,
    http::StatusCode,
    routing::{get, post},
};
use platform::{
    App, Error,
    exchange::{Phase, Refresh, Run, RunState},
    flow::{self, ListedDelivery, NewDelivery},
    sharing::{Agreement, store::AgreementFilter},
    vocab::{AgreementState, DeliveryId, RunId, SharingMode, SinkSpec, SourceKind, SourceSpec},
};

use super::frame::{Asks, Page, Reader, correctable, done, errors, id};
use crate::{
    page::{
        Choice, Errors, Fields, Link, Pager, Ui, answer, answer_with,
        delivery::{
            DeliveriesPage, DeliveryForm, DeliveryFormPage, DeliveryPage, DeliveryRow, Live, Report, RunPage, RunRow,
        },
        source::TestView,
        why,
    },
    problem::Problem,
};

/// Deliveries, and runs of one, on a page.
const SHOWN: u32 = 50;
/// Rows that may be put into quarantine when nothing else is said.
const ERROR_LIMIT: u64 = 1000;

pub(crate) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/deliveries", get(list).post(create))
        .route("/deliveries/new", get(new))
        .route("/deliveries/{id}", get(show))
        .route("/deliveries/{id}/run", post(run))
        .route("/deliveries/{id}/remove", post(remove))
        .route("/deliveries/{id}/runs/{run}", get(show_run))
        .route("/deliveries/{id}/runs/{run}/cancel", post(cancel))
}

async fn list(reader: Reader, Asks(asked): Asks) -> Page {
    let after = asked.one("after").parse::<DeliveryId>().ok();
    let all = flow::list_deliveries(&reader.app, reader.actor(), None, after, SHOWN).await?;
    let ui = reader.ui("deliveries").await;
    let full = all.len() == SHOWN as usize;
    let next = all
        .last()
        .filter(|_| full)
        .map(|it| format!("/deliveries?after={}", it.delivery.id));
    let rows: Vec<DeliveryRow> = all.iter().map(|it| row(&ui, it)).collect();
    let pager = Pager {
        next,
        prev: after.map(|_| "/deliveries".to_owned()),
        ..Pager::default()
    };
    Ok(answer(&DeliveriesPage { rows, pager, ui }))
}

fn row(ui: &Ui, it: &ListedDelivery) -> DeliveryRow {
    DeliveryRow {
        id: it.delivery.id.to_string(),
        name: it.delivery.name.clone(),
        title: ui.named(&it.title),
        target: if it.own {
            target(&it.delivery.sink)
        } else {
            it.delivery.sink.target.kind.to_string()
        },
        refresh: it.delivery.refresh.code(),
        state: it.last.as_ref().map(|it| ui.state("run", state(it))),
        last: it.last.as_ref().map(|it| it.started_at.unwrap_or(it.queued_at)),
        rows: it.last.as_ref().map_or(0, |it| it.progress.rows),
    }
}

/// What the locale calls a run's state.
const fn state(it: &Run) -> &'static str {
    match it.state {
        RunState::Verifying => "running",
        other => other.code(),
    }
}

/// Where it goes, without secrets: `mysql://db:3306/school · villages`.
fn target(sink: &SinkSpec) -> String {
    let option = |name: &str| sink.target.option(name).unwrap_or_default();
    let kind = sink.target.kind;
    match kind {
        SourceKind::Postgres | SourceKind::Mysql => {
            let port = if option("port").is_empty() {
                String::new()
            } else {
                format!(":{}", option("port"))
            };
            format!(
                "{kind}://{}{port}/{} · {}",
                option("host"),
                option("database"),
                sink.table
            )
        }
        SourceKind::Sqlite => format!("{} · {}", option("path"), sink.table),
        _ => option("path").to_owned(),
    }
}

/// Agreements in force of the reader's department that allow batches or files.
async fn agreements(reader: &Reader, kind: Option<SourceKind>) -> Result<Vec<Agreement>, Problem> {
    let actor = reader.actor();
    let filter = AgreementFilter {
        consumer: Some(actor.org),
        state: Some(AgreementState::Active),
        ..AgreementFilter::default()
    };
    let mut all = flow::list_agreements(&reader.app, actor, filter, 0, 200).await?.all;
    let wanted = |mode: &SharingMode| match kind {
        Some(kind) => *mode == flow::mode_of(kind),
        None => *mode != SharingMode::Interface,
    };
    all.retain(|it| it.consumer == actor.org && it.terms().modes.iter().any(wanted));
    Ok(all)
}

async fn new(reader: Reader, Asks(asked): Asks) -> Page {
    show_form(&reader, DeliveryForm::from_fields(&asked), None, Errors::default()).await
}

async fn show_form(reader: &Reader, form: DeliveryForm, test: Option<TestView>, errors: Errors) -> Page {
    let ui = reader.ui("deliveries").await;
    let kind = form.kind.parse().ok();
    let mut choices = Vec::new();
    for it in agreements(reader, kind).await? {
        let title = match flow::show_resource(&reader.app, it.resource).await {
            Ok(version) => ui.title(&version.content),
            Err(Error::NotFound(_)) => String::new(),
            Err(other) => return Err(other.into()),
        };
        choices.push(Choice::new(it.id.to_string(), format!("{title} · {}", it.no)));
    }
    let failed = !errors.none() || test.as_ref().is_some_and(|it| !it.good);
    let kinds = ui.choices(SourceKind::ALL);
    let refreshes = Refresh::ALL
        .iter()
        .map(|it| Choice::new(it.code(), ui.tk("refresh-", it.code())))
        .collect();
    let page = DeliveryFormPage {
        agreements: choices,
        kind,
        kinds,
        refreshes,
        form,
        test,
        errors,
        ui,
    };
    Ok(answer_with(
        if failed {
            StatusCode::UNPROCESSABLE_ENTITY
        } else {
            StatusCode::OK
        },
        &page,
    ))
}

/// Where it is to go, as the form says. Options that are not of the kind, or empty, are left out.
fn sink_of(form: &DeliveryForm, fields: &Fields) -> Result<SinkSpec, Problem> {
    let kind: SourceKind = form.kind.parse().map_err(Problem::unreadable)?;
    let server = matches!(kind, SourceKind::Postgres | SourceKind::Mysql);
    let options: Vec<(&str, &String)> = if server {
        vec![
            ("host", &form.host),
            ("port", &form.port),
            ("database", &form.database),
            ("user", &form.user),
        ]
    } else {
        vec![("path", &form.path)]
    };
    let mut target = SourceSpec::new(kind);
    for (name, value) in options.into_iter().filter(|(_, value)| !value.is_empty()) {
        target = target.with(name, value.clone());
    }
    let secret = fields.raw("secret");
    target.secret = (server && !secret.is_empty()).then_some(secret);
    Ok(SinkSpec {
        target,
        table: form.table.clone(),
    })
}

/// What runs are to bring, as the form says: everything where it does not ask.
fn refresh_of(form: &DeliveryForm) -> Result<Refresh, Problem> {
    match form.refresh.as_str() {
        "" => Ok(Refresh::Full),
        text => text.parse().map_err(Problem::unreadable),
    }
}

async fn create(reader: Reader, fields: Fields) -> Page {
    let form = DeliveryForm::from_fields(&fields);
    let (sink, refresh) = (sink_of(&form, &fields)?, refresh_of(&form)?);
    let Ok(agreement) = form.agreement.parse() else {
        let ui = reader.ui("deliveries").await;
        let mut errors = Errors::default();
        errors.add("agreement", ui.a("error-choose", ui.t("delivery-agreement")));
        return show_form(&reader, form, None, errors).await;
    };
    let (app, actor) = (&reader.app, reader.actor());
    if fields.one("do") == "test" {
        return match flow::test_sink(app, actor, agreement, &sink, refresh).await {
            Ok(report) => {
                let ui = reader.ui("deliveries").await;
                let test = found(&ui, &report);
                show_form(&reader, form, Some(test), Errors::default()).await
            }
            Err(error) => refused(&reader, form, error).await,
        };
    }
    let new = NewDelivery {
        agreement,
        name: form.name.clone(),
        sink,
        refresh,
        replace: false,
        error_limit: ERROR_LIMIT,
    };
    let made = match flow::create_delivery(app, actor, new).await {
        Ok(made) => made,
        Err(error) => return refused(&reader, form, error).await,
    };
    if fields.one("do") == "run" {
        let run = flow::start_run(app, actor, made.id).await?;
        return Ok(done(&format!("/deliveries/{}/runs/{}", made.id, run.id), "started"));
    }
    Ok(done(&format!("/deliveries/{}", made.id), "saved"))
}

/// The target answers; what each item becomes there is told in one line.
fn found(ui: &Ui, it: &flow::SinkReport) -> TestView {
    use platform::engine::sink::fit::Fit;
    let columns = &it.preflight.columns;
    let has = |wanted: fn(&Fit) -> bool| columns.iter().filter(|it| it.fits.iter().any(wanted)).count();
    let mapped = has(|it| matches!(it, Fit::Mapped(_)));
    let risky = has(|it| matches!(it, Fit::QuarantinedWhen(_)));
    let exact = columns.len() - mapped;
    let server = it
        .server
        .as_ref()
        .map_or_else(String::new, |it| format!("{} · ", it.version));
    TestView {
        good: true,
        text: format!(
            "{server}{} {} {} {}",
            ui.n("preflight-exact", exact),
            ui.n("preflight-mapped", mapped),
            ui.n("preflight-quarantined", risky),
            why::path(ui, &it.path)
        ),
        took_ms: it.server.as_ref().map_or(0, |it| it.latency_ms),
    }
}

async fn refused(reader: &Reader, form: DeliveryForm, error: Error) -> Page {
    let ui = reader.ui("deliveries").await;
    if let Error::Engine(engine) = &error
        && let Some(cause) = engine.cause()
    {
        let test = TestView {
            good: false,
            text: ui.tk("cause-", cause.code()),
            took_ms: 0,
        };
        return show_form(reader, form, Some(test), Errors::default()).await;
    }
    let problem = Problem::from(error);
    if !correctable(&problem) {
        return Err(problem);
    }
    let errors = errors(&ui, &problem, |it| if it.is_empty() { "name" } else { it }.to_owned());
    show_form(reader, form, None, errors).await
}

async fn show(reader: Reader, Path(text): Path<String>) -> Page {
    let wanted: DeliveryId = id(&text)?;
    let it = flow::show_delivery(&reader.app, reader.actor(), wanted).await?;
    let runs = flow::list_runs(&reader.app, reader.actor(), wanted, None, SHOWN).await?;
    let ui = reader.ui("deliveries").await;
    let now = reader.app.now();
    let runs = runs.iter().map(|run| RunRow {
        id: run.id.to_string(),
        state: ui.state("run", state(run)),
        at: run.started_at.unwrap_or(run.queued_at),
        seconds: seconds(run, now),
        rows: run.progress.rows,
    });
    let page = DeliveryPage {
        it: row(&ui, &it),
        agreement: Link::new(it.no.clone(), format!("/agreements/{}", it.delivery.agreement)),
        runs: runs.collect(),
        can_manage: it.own && ui.may("manage-delivery") && it.delivery.state.code() != "ended",
        ui,
    };
    Ok(answer(&page))
}

fn seconds(run: &Run, now: platform::vocab::Timestamp) -> u64 {
    let from = run.started_at.unwrap_or(run.queued_at);
    u64::try_from((run.ended_at.unwrap_or(now) - from).num_seconds()).unwrap_or(0)
}

async fn run(reader: Reader, Path(text): Path<String>) -> Page {
    let run = flow::start_run(&reader.app, reader.actor(), id(&text)?).await?;
    Ok(done(
        &format!("/deliveries/{}/runs/{}", run.delivery, run.id),
        "started",
    ))
}

async fn remove(reader: Reader, Path(text): Path<String>) -> Page {
    flow::end_delivery(&reader.app, reader.actor(), id(&text)?).await?;
    Ok(done("/deliveries", "removed"))
}

async fn show_run(reader: Reader, Path((delivery, run)): Path<(String, String)>) -> Page {
    let wanted: RunId = id(&run)?;
    let (of, run) = flow::show_run(&reader.app, reader.actor(), wanted).await?;
    if of.delivery.id.to_string() != delivery {
        return Err(Problem::not_found("run"));
    }
    let ui = reader.ui("deliveries").await;
    let href = format!("/deliveries/{}/runs/{}", of.delivery.id, run.id);
    let live = live(&ui, &run, reader.app.now());
    let page = RunPage {
        delivery: Link::new(of.delivery.name.clone(), format!("/deliveries/{}", of.delivery.id)),
        at: run.started_at.unwrap_or(run.queued_at),
        can_cancel: live.running && of.own && !run.cancel_asked && ui.may("manage-delivery"),
        report: report(&of, &run),
        live,
        href,
        ui,
    };
    Ok(if reader.part {
        answer(&page.as_live())
    } else {
        answer(&page)
    })
}

fn live(ui: &Ui, run: &Run, now: platform::vocab::Timestamp) -> Live {
    let it = &run.progress;
    let phase = match (run.state, it.phase) {
        (RunState::Done, _) => "done",
        (RunState::Failed, _) => "failed",
        (RunState::Cancelled, _) => "cancelled",
        (RunState::Queued, _) => "queued",
        (_, Phase::Waiting | Phase::Planning) => "planning",
        (_, Phase::Loading) => "copying",
        (_, Phase::Finishing | Phase::Verifying | Phase::Swapping | Phase::Over) => "reconciling",
    };
    let whole = run.state == RunState::Done;
    let permille = if run.state.is_over() && !whole {
        None
    } else {
        it.permille()
    };
    Live {
        phase: phase.to_owned(),
        percent: permille.and_then(|it| u8::try_from(it / 10).ok()),
        rows: it.rows,
        expected: if whole { Some(it.rows) } else { it.rows_estimate },
        rate: it.rows_per_second,
        chunks_done: it.chunks_done,
        chunks: it.chunks_total.unwrap_or(it.chunks_done).max(it.chunks_done),
        seconds: seconds(run, now),
        running: !run.state.is_over(),
        path: run
            .report
            .as_ref()
            .and_then(|it| it.path.as_ref())
            .map(|it| why::path(ui, it)),
        refreshed: run
            .report
            .as_ref()
            .and_then(|it| it.refreshed.as_ref())
            .map(|it| why::refreshed(ui, it)),
        failed: run
            .report
            .as_ref()
            .and_then(|it| it.failure.as_ref())
            .map(|it| why::failure(ui, it)),
    }
}

fn report(of: &ListedDelivery, run: &Run) -> Option<Report> {
    let report = run.report.as_ref()?;
    let it = report.reconciliation.as_ref()?;
    run.state.is_over().then(|| Report {
        source_rows: it.source.rows,
        target_rows: it.target.rows,
        bytes: (it.source.bytes > 0).then_some((it.source.bytes, it.target.bytes)),
        algorithm: flow::algorithm_of(report.path.as_ref().map(|it| it.path)),
        source_digest: it.source.digest.clone(),
        target_digest: it.target.digest.clone(),
        equal: it.equal,
        receipt: report.receipt,
        target: if of.own {
            target(&of.delivery.sink)
        } else {
            of.delivery.sink.target.kind.to_string()
        },
        changed: report
            .refreshed
            .as_ref()
            .and_then(|it| it.changed)
            .map(|it| (it.inserted, it.updated, it.deleted, it.unchanged)),
        reading: report.reading.map(|it| it.to_string()),
        noticed: (!of.own).then_some((report.noticed.nulled, report.noticed.set_aside)),
    })
}

async fn cancel(reader: Reader, Path((delivery, run)): Path<(String, String)>) -> Page {
    let run = flow::cancel_run(&reader.app, reader.actor(), id(&run)?).await?;
    if run.delivery.to_string() != delivery {
        return Err(Problem::not_found("run"));
    }
    Ok(done(
        &format!("/deliveries/{}/runs/{}", run.delivery, run.id),
        "cancelled",
    ))
}
