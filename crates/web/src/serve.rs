//! Listening: the router on a socket, until told to stop.

use std::{net::SocketAddr, sync::Arc};

use platform::App;
use tokio::net::TcpListener;

/// Serves pages and REST on an open listener until `stop` resolves; answers under way are finished first.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    app: Arc<App>,
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let service = crate::router(app).into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service).with_graceful_shutdown(stop).await
}
