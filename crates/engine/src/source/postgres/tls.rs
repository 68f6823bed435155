//! The secure channel to PostgreSQL, with libpq's words: `disable`, `prefer` (the default) and `require` encrypt where
//! they say so and accept any certificate; `verify-ca` and `verify-full` ask for one that `sslrootcert` (a PEM file)
//! vouches for.

use std::sync::Arc;

use rustls::{
    ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject},
};
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;
use vocab::SourceSpec;

use crate::error::{Cause, Error};

/// Makes secure channels.
pub(crate) type Connector = MakeRustlsConnect;

/// Reads the options `sslmode` and `sslrootcert`.
pub(super) fn open(spec: &SourceSpec) -> Result<(SslMode, Connector), Error> {
    let (mode, verify) = match spec.option("sslmode").unwrap_or("prefer") {
        "" | "prefer" | "allow" => (SslMode::Prefer, false),
        "disable" => (SslMode::Disable, false),
        "require" => (SslMode::Require, false),
        "verify-ca" | "verify-full" => (SslMode::Require, true),
        _ => {
            let known = "option `sslmode` is not disable, prefer, require, verify-ca or verify-full";
            return Err(Error::source(Cause::Options, known));
        }
    };
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(Error::internal)?;
    let config = if verify {
        builder
            .with_root_certificates(roots(super::option(spec, "sslrootcert")?)?)
            .with_no_client_auth()
    } else {
        builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Any(provider)))
            .with_no_client_auth()
    };
    Ok((mode, MakeRustlsConnect::new(config)))
}

fn roots(path: &str) -> Result<RootCertStore, Error> {
    let bad = || Error::source(Cause::Tls, "`sslrootcert` is not a PEM file with certificates");
    let mut store = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|_| bad())? {
        store.add(certificate.map_err(|_| bad())?).map_err(|_| bad())?;
    }
    if store.is_empty() { Err(bad()) } else { Ok(store) }
}

/// Encryption without asking who the server is, as libpq's `require`.
#[derive(Debug)]
struct Any(Arc<CryptoProvider>);

impl ServerCertVerifier for Any {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
