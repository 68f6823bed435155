//! What operators measure, in the OpenMetrics text form at `/metrics`.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use platform::{App, Counts, counts, flow};
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    method: &'static str,
    route: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    route: String,
}

/// Counters of the HTTP door.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<Labels, Counter>,
    seconds: Family<Route, Histogram>,
    running: Gauge,
    node: NodeGauges,
    done: Done,
    told: Mutex<Counts>,
}

/// What this process has done since it started.
#[derive(Default)]
struct Done {
    releases: Counter,
    rows: Counter,
    uncounted: Counter,
    denials: Counter,
    sign_in_failures: Counter,
    runs: Counter,
}

impl Done {
    fn register(&self, registry: &mut Registry) {
        registry.register("releases", "Releases of rows with their receipt", self.releases.clone());
        registry.register("released_rows", "Rows those receipts counted", self.rows.clone());
        registry.register(
            "uncounted_releases",
            "Receipts among them whose rows nobody could count, because the node was killed",
            self.uncounted.clone(),
        );
        registry.register("denials", "Deeds the policy refused", self.denials.clone());
        registry.register(
            "sign_in_failures",
            "Sign-ins that were refused",
            self.sign_in_failures.clone(),
        );
        registry.register(
            "delivery_runs",
            "Runs of deliveries worked on to their end",
            self.runs.clone(),
        );
    }

    fn add(&self, before: &Counts, now: &Counts) {
        self.releases.inc_by(now.releases - before.releases);
        self.rows.inc_by(now.rows - before.rows);
        self.uncounted.inc_by(now.uncounted - before.uncounted);
        self.denials.inc_by(now.denials - before.denials);
        self.sign_in_failures
            .inc_by(now.sign_in_failures - before.sign_in_failures);
        self.runs.inc_by(now.runs - before.runs);
    }
}

/// Figures of the node, measured when somebody looks.
#[derive(Default)]
struct NodeGauges {
    jobs_waiting: Gauge,
    jobs_failing: Gauge,
    ledger_entries: Gauge,
    ledger_published: Gauge,
    organisations: Gauge,
    resources: Gauge,
    requests_open: Gauge,
    agreements_active: Gauge,
    values_nulled: Gauge,
    rows_set_aside: Gauge,
    ledger_check_failed: Gauge,
}

impl NodeGauges {
    fn register(&self, registry: &mut Registry) {
        registry.register("jobs_waiting", "Jobs that wait or run", self.jobs_waiting.clone());
        registry.register(
            "jobs_failing",
            "Jobs among them that have failed before",
            self.jobs_failing.clone(),
        );
        registry.register("ledger_entries", "Entries of the ledger", self.ledger_entries.clone());
        registry.register(
            "ledger_published",
            "Entries under the last checkpoint",
            self.ledger_published.clone(),
        );
        registry.register("organisations", "Organisations", self.organisations.clone());
        registry.register("resources", "Resources in the catalogue", self.resources.clone());
        registry.register(
            "requests_open",
            "Requests that are not decided",
            self.requests_open.clone(),
        );
        registry.register(
            "agreements_active",
            "Agreements in force",
            self.agreements_active.clone(),
        );
        registry.register(
            "values_nulled",
            "Values of sources without a place in their type that became NULL, since the process began",
            self.values_nulled.clone(),
        );
        registry.register(
            "rows_set_aside",
            "Rows of files that could not be read and were left out, since the process began",
            self.rows_set_aside.clone(),
        );
        registry.register(
            "ledger_check_failed",
            "1 when the last check of the whole ledger found that it was rewritten",
            self.ledger_check_failed.clone(),
        );
    }

    fn set(&self, it: &flow::NodeFigures) {
        let set = |gauge: &Gauge, value: u64| {
            gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        };
        set(&self.jobs_waiting, it.jobs_waiting);
        set(&self.jobs_failing, it.jobs_failing);
        set(&self.ledger_entries, it.ledger_entries);
        set(&self.ledger_published, it.ledger_published);
        set(&self.organisations, it.orgs);
        set(&self.resources, it.resources);
        set(&self.requests_open, it.requests_open);
        set(&self.agreements_active, it.agreements_active);
        set(&self.values_nulled, it.values_nulled);
        set(&self.rows_set_aside, it.rows_set_aside);
        set(&self.ledger_check_failed, u64::from(it.ledger_check_failed));
    }
}

/// A request that is being answered; its caller may go away at any time.
pub(crate) struct Running<'a>(&'a Gauge);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("jutong");
        let requests = Family::<Labels, Counter>::default();
        let seconds = Family::<Route, Histogram>::new_with_constructor(|| {
            Histogram::new([0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0, 30.0])
        });
        let running = Gauge::default();
        registry.register("http_requests", "Requests answered", requests.clone());
        registry.register("http_seconds", "Seconds until the head of the answer", seconds.clone());
        registry.register("http_running", "Requests being answered", running.clone());
        let node = NodeGauges::default();
        node.register(&mut registry);
        let done = Done::default();
        done.register(&mut registry);
        Self {
            done,
            told: Mutex::default(),
            registry,
            requests,
            seconds,
            running,
            node,
        }
    }

    /// A request has come; it runs until what this gives is dropped.
    pub(crate) fn begins(&self) -> Running<'_> {
        self.running.inc();
        Running(&self.running)
    }

    /// It is answered: counted under its route's pattern, never under its path.
    pub(crate) fn answered(&self, method: &'static str, route: String, status: u16, took: Duration) {
        self.seconds
            .get_or_create(&Route { route: route.clone() })
            .observe(took.as_secs_f64());
        let labels = Labels { method, route, status };
        self.requests.get_or_create(&labels).inc();
    }

    fn text(&self) -> Result<String, std::fmt::Error> {
        {
            let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
            let now = counts();
            self.done.add(&told, &now);
            *told = now;
        }
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

/// `GET /metrics`. When the database does not answer, the node's figures stay as they were.
pub(crate) async fn show(State((metrics, app)): State<(Arc<Metrics>, Arc<App>)>) -> Response {
    match flow::measure_node(&app).await {
        Ok(figures) => metrics.node.set(&figures),
        Err(error) => tracing::warn!(
            error = &error as &dyn std::error::Error,
            "the node's figures could not be counted"
        ),
    }
    match metrics.text() {
        Ok(text) => (
            [(
                header::CONTENT_TYPE,
                "application/openmetrics-text; version=1.0.0; charset=utf-8",
            )],
            text,
        )
            .into_response(),
        Err(_) => axum::http::StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
