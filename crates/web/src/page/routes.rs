//! Addresses of the pages.

use std::sync::Arc;

use axum::Router;
use platform::App;

/// Every page.
pub(crate) fn router() -> Router<Arc<App>> {
    super::handlers::router()
}
