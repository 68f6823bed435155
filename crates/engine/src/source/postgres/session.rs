//! How a session at a PostgreSQL begins.
//!
//! In every session that reads, the server's own catalogue comes first on the path: PostgreSQL prefers an operator or function
//! whose types fit exactly, wherever on the path it stands, to one that needs a coercion, and of two that fit exactly the
//! first one. Whoever may create in a schema of the path (up to version 14 that is everybody, in `public`) could
//! otherwise say what `=` means in a row rule. The other half of it is that every operator and function of our SQL has an
//! exact match in the catalogue: see [`crate::source::column`].

use std::pin::Pin;

use deadpool_postgres::Connect;
use tokio::task::JoinHandle;
use tokio_postgres::{Client, Config, Error};

use super::tls::Connector;

/// How every session begins. One question takes one process of the department's database; and two scans of a table give
/// its rows in the same order, so that a copy that broke off goes on where it stood.
pub(super) const SESSION: &str = "-c synchronize_seqscans=off -c max_parallel_workers_per_gather=0 -c timezone=UTC \
    -c standard_conforming_strings=on -c default_transaction_read_only=on -c datestyle=ISO -c intervalstyle=iso_8601 -c extra_float_digits=1";
/// The same for lookups, which wait for one another on their connection: none may take longer than ten seconds.
pub(super) const LOOKUPS: &str = "-c statement_timeout=10s -c lock_timeout=5s";
/// The same for copies as tuples: they take as long as they take, but wait for nobody's lock for long.
pub(super) const LINES: &str = "-c statement_timeout=0 -c idle_in_transaction_session_timeout=0 -c lock_timeout=10s";

/// Puts the catalogue first. Everything is named with its schema, as the path is anybody's yet.
const PATH: &str = "SELECT pg_catalog.set_config('search_path', \
    CASE WHEN it.path OPERATOR(pg_catalog.=) '' THEN 'pg_catalog' \
         ELSE 'pg_catalog, ' OPERATOR(pg_catalog.||) it.path END, false) \
    FROM pg_catalog.btrim(pg_catalog.current_setting('search_path')) AS it(path)";

type Opening<'a> = Pin<Box<dyn Future<Output = Result<(Client, JoinHandle<()>), Error>> + Send + 'a>>;

/// Opens the connections of a pool.
pub(super) struct Pooled(pub Connector);

impl Connect for Pooled {
    fn connect(&self, config: &Config) -> Opening<'_> {
        let (config, tls) = (config.clone(), self.0.clone());
        Box::pin(async move { reading(&config, tls).await })
    }
}

/// A connection that reads.
pub(super) async fn reading(config: &Config, tls: Connector) -> Result<(Client, JoinHandle<()>), Error> {
    let (client, task) = writing(config, tls).await?;
    client.batch_execute(PATH).await?;
    Ok((client, task))
}

/// A connection with the path as its role has it: the first schema there is where new tables go.
pub(super) async fn writing(config: &Config, tls: Connector) -> Result<(Client, JoinHandle<()>), Error> {
    let (client, connection) = config.connect(tls).await?;
    let task = tokio::spawn(async move {
        // The client's calls tell of a broken connection.
        let _ = connection.await;
    });
    Ok((client, task))
}
