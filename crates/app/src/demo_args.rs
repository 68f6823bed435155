//! What the demo city is told.

use std::{net::SocketAddr, path::PathBuf};

/// Build a fictional city of departments with their own databases, and serve it.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct DemoArgs {
    /// Folder of the city; a second start finds it as it was left.
    #[arg(long, default_value = "jutong-demo")]
    pub(crate) dir: PathBuf,
    /// Address of pages and REST.
    #[arg(long, default_value = "127.0.0.1:8080")]
    pub(crate) listen: SocketAddr,
    /// Address of Arrow Flight SQL.
    #[arg(long, default_value = "127.0.0.1:8081")]
    pub(crate) flight_listen: SocketAddr,
    /// How many people live in the city.
    #[arg(long, default_value_t = 200_000)]
    pub(crate) people: u32,
    /// How many enterprises are registered in it.
    #[arg(long, default_value_t = 50_000)]
    pub(crate) enterprises: u32,
    /// Put some departments' databases into this PostgreSQL server, each into one of its own beside the one that is
    /// named (demo_police, demo_insurance; made anew): postgres://user:password@host:port/demo.
    #[arg(long, value_name = "URL")]
    pub(crate) postgres: Option<String>,
    /// Put some departments' databases into this MySQL or MariaDB server, each into one of its own beside the one that
    /// is named (demo_market, demo_housing; made anew): mysql://user:password@host:port/demo.
    #[arg(long, value_name = "URL")]
    pub(crate) mysql: Option<String>,
}
