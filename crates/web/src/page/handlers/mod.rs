//! Handlers of the pages, one file for each area: they ask the corridor, fill the page's struct and return it.

mod account;
mod admin;
mod agreement;
mod correction;
mod data;
mod delivery;
pub(crate) mod frame;
mod home;
mod ledger;
pub(crate) mod notice;
mod request;
mod resource;
mod search;
mod source;
mod story;
mod words;

use std::sync::Arc;

use axum::Router;
use platform::App;

/// Every area.
pub(crate) fn router() -> Router<Arc<App>> {
    Router::new()
        .merge(account::router())
        .merge(admin::router())
        .merge(agreement::router())
        .merge(correction::router())
        .merge(data::router())
        .merge(delivery::router())
        .merge(home::router())
        .merge(ledger::router())
        .merge(notice::router())
        .merge(request::router())
        .merge(resource::router())
        .merge(search::router())
        .merge(source::router())
        .merge(words::router())
}
