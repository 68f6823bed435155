//! One line for each answer, with fields that machines read: request id, method, route pattern, status, milliseconds. What
//! machines ask all the time is told at the level of debugging: health, figures, and records by their key.
//! Never the address itself: paths and queries carry citizen IDs and what people look for.

use std::{
    hash::{BuildHasher, RandomState},
    sync::{
        Arc, LazyLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderName, HeaderValue, Method, StatusCode},
    middleware::Next,
    response::Response,
};
use tracing::Instrument;

use crate::{RECORD, guard, metrics::Metrics};

const ID: HeaderName = HeaderName::from_static("x-request-id");

/// The method, one of a closed list: what a client makes up is `other`.
pub(crate) fn method(it: &Method) -> &'static str {
    match *it {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// The pattern of the route, never the path.
pub(crate) fn route(request: &Request) -> String {
    let matched = request.extensions().get::<MatchedPath>();
    matched.map_or("other", MatchedPath::as_str).to_owned()
}

/// What every answer gets, whatever its route, in one layer: an identifier that it carries and that every line on the way
/// has, a line that tells of it, its place in the figures, and the security headers.
pub(crate) async fn watch(State(metrics): State<Arc<Metrics>>, request: Request, next: Next) -> Response {
    let id = fresh();
    let (method, route) = (method(request.method()), route(&request));
    let span = tracing::info_span!("request", id, method, route);
    let began = Instant::now();
    let running = metrics.begins();
    let mut response = next.run(request).instrument(span.clone()).await;
    drop(running);
    let (status, took) = (response.status(), began.elapsed());
    span.in_scope(|| tell(&route, status, took));
    metrics.answered(method, route, status.as_u16(), took);
    guard::add_headers(response.headers_mut());
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(ID, id);
    }
    response
}

fn tell(route: &str, status: StatusCode, took: Duration) {
    let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    let status = status.as_u16();
    match route {
        // Asked every few seconds by machines.
        "/healthz" | "/metrics" => tracing::debug!(status, ms, "answered"),
        // Asked thousands of times a second; the receipt of each is in the ledger.
        RECORD if status < 400 => tracing::debug!(status, ms, "answered"),
        _ => tracing::info!(status, ms, "answered"),
    }
}

/// An identifier of a request: a number under a key of this process, which tells nobody how many came between two.
fn fresh() -> String {
    static PROCESS: LazyLock<RandomState> = LazyLock::new(RandomState::new);
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    format!(
        "{:016x}{:016x}",
        PROCESS.hash_one((0, number)),
        PROCESS.hash_one((1, number))
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::{Arc, Mutex};

    use axum::{Router, body::Body, middleware, routing::get};
    use tower::ServiceExt;
    use tracing::{
        Event, Level, Metadata, Subscriber,
        field::{Field, Visit},
        span,
    };

    use super::*;

    /// Writes everything down that a log would see at the level of debugging.
    #[derive(Clone, Default)]
    struct Seen(Arc<Mutex<String>>);

    impl Visit for Seen {
        fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
            self.0.lock().unwrap().push_str(&format!(" {field}={value:?}"));
        }
    }

    impl Subscriber for Seen {
        fn enabled(&self, it: &Metadata<'_>) -> bool {
            *it.level() <= Level::DEBUG
        }
        fn new_span(&self, it: &span::Attributes<'_>) -> span::Id {
            self.0.lock().unwrap().push_str(it.metadata().name());
            it.record(&mut self.clone());
            span::Id::from_u64(1)
        }
        fn record(&self, _: &span::Id, it: &span::Record<'_>) {
            it.record(&mut self.clone());
        }
        fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
        fn event(&self, it: &Event<'_>) {
            self.0.lock().unwrap().push_str(&format!("\n{}", it.metadata().level()));
            it.record(&mut self.clone());
        }
        fn enter(&self, _: &span::Id) {}
        fn exit(&self, _: &span::Id) {}
    }

    #[tokio::test]
    async fn a_line_tells_the_route_and_never_the_address() {
        let seen = Seen::default();
        let _guard = tracing::subscriber::set_default(seen.clone());
        let router = Router::new()
            .route("/data/{agreement}/records/{key}", get(|| async { "row" }))
            .layer(middleware::from_fn_with_state(Arc::new(Metrics::new()), watch));
        let request = Request::get("/data/agr_1/records/330102199001011234?item=citizen&q=%E5%BC%A0")
            .body(Body::empty())
            .unwrap();
        let answer = router.clone().oneshot(request).await.unwrap();
        let id = answer.headers()[ID].to_str().unwrap().to_owned();
        let told = seen.0.lock().unwrap().clone();
        for part in [
            &id,
            "method=\"GET\"",
            "route=\"/data/{agreement}/records/{key}\"",
            "\nINFO",
            "status=200",
            "ms=",
        ] {
            assert!(told.contains(part), "{part} in {told}");
        }
        for part in ["330102", "agr_1", "citizen", "%E5"] {
            assert!(!told.contains(part), "{part} in {told}");
        }
        let request = Request::builder().method("BREW").uri("/x").body(Body::empty()).unwrap();
        router.oneshot(request).await.unwrap();
        let told = seen.0.lock().unwrap().clone();
        assert!(
            told.contains("method=\"other\"") && told.contains("route=\"other\""),
            "{told}"
        );
        assert!(!told.contains("BREW"), "{told}");
    }
}
