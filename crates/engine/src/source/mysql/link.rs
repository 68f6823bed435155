//! Connections to MySQL and MariaDB, for sources and for sinks, and the secure channel they go through.
//!
//! Options: `host`, `port`, `database`, `user`, `sslmode`, `sslrootcert`; secret: password. `sslmode` has libpq's words
//! as for PostgreSQL: `disable`; `prefer` (the default: a secure channel where the server has one) and `require` accept
//! any certificate; `verify-ca` and `verify-full` ask for one that `sslrootcert` (a PEM file) vouches for.

use std::{path::PathBuf, time::Duration};

use mysql_async::{Conn, DriverError, Error as My, OptsBuilder, Pool, PoolConstraints, PoolOpts, SslOpts};
use tokio::sync::OnceCell;
use vocab::SourceSpec;

use crate::{
    error::{Cause, Error},
    source::{option, port},
};

/// Connections of one pool at the same time.
const CONNECTIONS: usize = 8;
/// How long connecting may take, and waiting for a free connection.
const CONNECTING: Duration = Duration::from_secs(10);
const WAITING: Duration = Duration::from_secs(30);

/// How to connect.
pub(crate) struct Link {
    plain: OptsBuilder,
    secure: Option<OptsBuilder>,
    optional: bool,
    pool: OnceCell<Pool>,
}

/// A connection could not be made: in time, or at all.
pub(crate) enum Failed {
    /// The server, or the way to it, refused.
    Driver(My),
    /// Nobody answered.
    Late,
}

impl Link {
    /// Reads the options; every connection begins with the statements of `setup`.
    pub fn open(spec: &SourceSpec, setup: &[&str]) -> Result<Self, Error> {
        let plain = OptsBuilder::default()
            .ip_or_hostname(option(spec, "host")?.to_owned())
            .tcp_port(port(spec, 3306)?)
            .db_name(Some(option(spec, "database")?.to_owned()))
            .user(Some(option(spec, "user")?.to_owned()))
            .pass(spec.secret.clone())
            .prefer_socket(Some(false))
            .pool_opts(PoolOpts::default().with_constraints(
                PoolConstraints::new(0, CONNECTIONS).ok_or_else(|| Error::internal("a pool of no size"))?,
            ))
            .setup(setup.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>());
        let (secure, optional) = match spec.option("sslmode").unwrap_or("prefer") {
            "disable" => (None, false),
            it @ ("" | "prefer" | "allow" | "require") => {
                // The driver's own roots are kept: it wants some, though none is asked.
                (
                    Some(SslOpts::default().with_danger_accept_invalid_certs(true)),
                    it != "require",
                )
            }
            "verify-ca" | "verify-full" => (Some(verified(option(spec, "sslrootcert")?)?), false),
            _ => {
                let known = "option `sslmode` is not disable, prefer, require, verify-ca or verify-full";
                return Err(Error::source(Cause::Options, known));
            }
        };
        Ok(Self {
            secure: secure.map(|it| plain.clone().ssl_opts(it)),
            plain,
            optional,
            pool: OnceCell::new(),
        })
    }

    /// A connection of its own.
    ///
    /// # Errors
    /// [`Failed`].
    pub async fn connect(&self) -> Result<Conn, Failed> {
        match &self.secure {
            Some(secure) => match connect(secure.clone()).await {
                Err(Failed::Driver(My::Driver(DriverError::NoClientSslFlagFromServer))) if self.optional => {
                    connect(self.plain.clone()).await
                }
                other => other,
            },
            None => connect(self.plain.clone()).await,
        }
    }

    /// A connection that goes back to the pool when it is dropped.
    ///
    /// # Errors
    /// [`Failed`].
    pub async fn pooled(&self) -> Result<Conn, Failed> {
        let pool = self.pool.get_or_try_init(|| self.probe()).await?;
        match tokio::time::timeout(WAITING, pool.get_conn()).await {
            Ok(it) => it.map_err(Failed::Driver),
            Err(_) => Err(Failed::Late),
        }
    }

    /// The pool, with or without a secure channel as the server has it.
    async fn probe(&self) -> Result<Pool, Failed> {
        let conn = self.connect().await?;
        let opts = conn.opts().clone();
        let _ = conn.disconnect().await;
        Ok(Pool::new(opts))
    }
}

async fn connect(opts: OptsBuilder) -> Result<Conn, Failed> {
    // The driver takes the process's provider of cryptography; the first one stays.
    let _ = rustls::crypto::ring::default_provider().install_default();
    match tokio::time::timeout(CONNECTING, Conn::new(opts)).await {
        Ok(it) => it.map_err(Failed::Driver),
        Err(_) => Err(Failed::Late),
    }
}

fn verified(roots: &str) -> Result<SslOpts, Error> {
    let readable = std::fs::read(roots).is_ok_and(|it| it.windows(11).any(|it| it == b"-----BEGIN "));
    if !readable {
        return Err(Error::source(
            Cause::Tls,
            "`sslrootcert` is not a PEM file with certificates",
        ));
    }
    Ok(SslOpts::default()
        .with_disable_built_in_roots(true)
        .with_root_certs(vec![PathBuf::from(roots).into()]))
}
