//! The door for machines that speak Arrow Flight SQL: ADBC and JDBC drivers, BI tools, notebooks.
//!
//! A caller signs in by handshake (`user`, `password`; a token may stand as the password of any user) or sends
//! `authorization: Bearer <token>`. It sees the governed tables of its organisation's agreements as one catalogue,
//! `jutong`, with one schema, `public`. Every answer is a [`platform::release::Release`]: no receipt, no rows.

mod answer;
mod facts;
mod keys;
mod login;
mod plain;
mod prepared;
mod running;
mod service;
mod shelf;

use std::sync::Arc;

use arrow_flight::flight_service_server::FlightServiceServer;
use platform::App;
use tonic::transport::{Identity, Server, ServerTlsConfig};

use plain::Service;
use service::Door;

/// Certificate chain and private key of the door, PEM.
#[derive(Clone)]
pub struct Tls {
    /// The chain, the server's own certificate first.
    pub certificate: Vec<u8>,
    /// Its key.
    pub key: Vec<u8>,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tls")
    }
}

/// Why the door could not be opened or fell shut.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is taken, or the transport failed.
    #[error("the Flight door failed")]
    Transport(#[from] tonic::transport::Error),
}

/// Answers on a listener until `stop` resolves; answers under way are finished first. With `tls` every call is encrypted
/// (TLS 1.2 and 1.3); without, the door belongs behind a proxy or on loopback.
///
/// # Errors
/// [`Error::Transport`], also for a certificate or key that cannot be used.
pub async fn serve_on(
    app: Arc<App>,
    listener: tokio::net::TcpListener,
    tls: Option<Tls>,
    stop: impl Future<Output = ()>,
) -> Result<(), Error> {
    let service = Service::new(Door::new(app));
    let service = FlightServiceServer::new(service).max_decoding_message_size(16 << 20);
    let incoming = tokio_stream::wrappers::TcpListenerStream::new(listener);
    let mut server = Server::builder();
    if let Some(tls) = tls {
        let identity = Identity::from_pem(tls.certificate, tls.key);
        server = server.tls_config(ServerTlsConfig::new().identity(identity))?;
    }
    server
        .add_service(service)
        .serve_with_incoming_shutdown(incoming, stop)
        .await?;
    Ok(())
}
