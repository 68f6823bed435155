//! The command line as a client: each step of the work is one REST call, and what the server says is shown as it is.

mod api;
mod ask;
mod credentials;
mod show;
mod table;

pub(crate) mod command;

pub(crate) use api::Client;
pub(crate) use command::Command;

use crate::{config::Secret, exit::Failure};

/// Flags every client command takes.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct ClientArgs {
    /// The node, http://host:port; the one of the last `jutong login` when absent.
    #[arg(
        long,
        global = true,
        env = "JUTONG_SERVER",
        value_name = "URL",
        help_heading = "Client options"
    )]
    pub(crate) server: Option<String>,
    /// An API token, instead of the session of `jutong login`.
    #[arg(
        long,
        global = true,
        env = "JUTONG_TOKEN",
        hide_env_values = true,
        value_name = "TOKEN",
        help_heading = "Client options"
    )]
    pub(crate) token: Option<String>,
}

/// Runs one client command.
pub(crate) async fn run(command: Command, args: &ClientArgs, as_json: bool) -> Result<(), Failure> {
    match command {
        Command::Login(it) => ask::login(&it, args, as_json).await,
        Command::Logout => ask::logout(args, as_json).await,
        other => {
            let client = Client::new(args.server.as_deref(), args.token.clone().map(Secret::new), as_json)?;
            command::run(other, &client).await
        }
    }
}
