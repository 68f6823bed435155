//! Pages and REST: the only HTTP server of the house. Handlers are doors: text becomes words, one flow is called, the
//! answer becomes text again.

mod api;
mod body;
mod guard;
mod locale;
mod logs;
mod metrics;
mod page;
mod problem;
mod serve;
mod static_files;
mod who;

pub use problem::{Fault, Problem};
pub use serve::serve;

use std::{sync::Arc, time::Duration};

use axum::{Router, extract::State, http::StatusCode, middleware, routing::get};
use platform::App;
use tower_http::{catch_panic::CatchPanicLayer, compression::CompressionLayer};

/// One record by its key: the one question that programs ask thousands of times a second.
const RECORD: &str = "/api/v1/data/{agreement}/records/{key}";

/// Every page and every API under one router.
pub fn router(app: Arc<App>) -> Router {
    let metrics = Arc::new(metrics::Metrics::new());
    let (api, openapi) = api::router();
    // Found first, and only behind the layers that concern it: no cookies, no pages, nothing that changes anything.
    let records = Router::new()
        .route(RECORD, get(api::data::record))
        .method_not_allowed_fallback(|| async { Problem::method() })
        .with_state(app.clone())
        .layer(CatchPanicLayer::new())
        .layer(middleware::from_fn_with_state(metrics.clone(), logs::watch));
    let everything = Router::new()
        .merge(api)
        .merge(page::router())
        .merge(static_files::router())
        .merge(api::ledger::files())
        .route("/healthz", get(healthz))
        .route("/openapi.json", get(|| async move { axum::Json(openapi) }))
        .fallback(nothing)
        .method_not_allowed_fallback(|| async { Problem::method() })
        .with_state(app.clone())
        .route(
            "/metrics",
            get(metrics::show).with_state((metrics.clone(), app.clone())),
        )
        .layer(middleware::from_fn(guard::same_site))
        .layer(middleware::from_fn_with_state(app.clone(), page::dress))
        .layer(middleware::from_fn_with_state(app, guard::secure_cookies))
        .layer(CompressionLayer::new())
        .layer(CatchPanicLayer::new())
        .layer(middleware::from_fn_with_state(metrics, logs::watch));
    records.fallback_service(everything)
}

/// The API's description, OpenAPI 3.1, made from the types.
#[must_use]
pub fn openapi() -> String {
    let (_, openapi) = api::router();
    openapi.to_pretty_json().unwrap_or_default()
}

/// An address where nothing is.
async fn nothing() -> Problem {
    Problem::not_found("this address")
}

/// `GET /healthz`: 200 when the database answers within two seconds.
async fn healthz(State(app): State<Arc<App>>) -> (StatusCode, &'static str) {
    match tokio::time::timeout(Duration::from_secs(2), app.ping()).await {
        Ok(Ok(())) => (StatusCode::OK, "ok\n"),
        _ => (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n"),
    }
}
