//! REST under `/api/v1`, one file an area.

mod agreements;
mod catalog;
mod clocks;
mod corrections;
pub(crate) mod data;
mod deliveries;
mod describe;
mod disputes;
pub(crate) mod ledger;
mod limits;
mod notices;
mod operations;
mod orgs;
mod people;
mod policy;
mod requests;
mod resources;
pub(crate) mod session;
mod sources;
mod tasks;
mod tokens;
mod wire;

use std::sync::Arc;

use axum::Router;
use platform::App;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

#[derive(OpenApi)]
#[openapi(info(
    title = "Jutong",
    description = "Governed exchange of government data: catalogue, request, agreement, data, proof.",
    license(name = "Apache-2.0", identifier = "Apache-2.0")
))]
struct Description;

fn areas() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .merge(session::router())
        .merge(people::router())
        .merge(tokens::router())
        .merge(orgs::router())
        .merge(sources::router())
        .merge(resources::router())
        .merge(catalog::router())
        .merge(requests::router())
        .merge(agreements::router())
        .merge(tasks::router())
        .merge(notices::router())
        .merge(corrections::router())
        .merge(disputes::router())
        .merge(policy::router())
        .merge(clocks::router())
        .merge(limits::router())
        .merge(data::router())
        .merge(deliveries::router())
        .merge(ledger::router())
        .merge(operations::router())
}

/// The routes and their description.
pub(crate) fn router() -> (Router<Arc<App>>, utoipa::openapi::OpenApi) {
    let (router, mut description) = OpenApiRouter::with_openapi(Description::openapi())
        .nest("/api/v1", areas())
        .split_for_parts();
    describe::complete(&mut description);
    (router, description)
}
