//! The one binary, `jutong`: it reads the configuration, opens the doors, does background work, checks proofs, and is the
//! command line of every step.

mod client;
mod config;
mod demo;
mod demo_args;
mod doctor;
mod exit;
mod init;
mod log;
mod logging;
mod out;
mod serve;
mod verify;

use std::{io::Write as _, path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

use config::{Config, Overrides};
use demo_args::DemoArgs;
use exit::Failure;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Jutong: governed exchange of government data.
#[derive(Debug, Parser)]
#[command(name = "jutong", version, about, after_help = exit::HELP, propagate_version = true, max_term_width = 120)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Print JSON instead of text.
    #[arg(long, global = true)]
    json: bool,
    #[command(flatten)]
    node: NodeArgs,
    #[command(flatten)]
    client: client::ClientArgs,
}

/// Flags of the commands that run on the node's own machine.
#[derive(Debug, Clone, clap::Args)]
struct NodeArgs {
    /// The configuration file; `jutong.toml` of the current folder when absent.
    #[arg(
        long,
        global = true,
        env = "JUTONG_CONFIG",
        value_name = "FILE",
        help_heading = "Node options"
    )]
    config: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve pages, REST and Flight SQL, and do background work.
    Serve {
        /// Address of pages and REST.
        #[arg(long, value_name = "ADDRESS")]
        listen: Option<String>,
        /// Address of Arrow Flight SQL; empty for none.
        #[arg(long, value_name = "ADDRESS")]
        flight_listen: Option<String>,
        /// Leave background work to `jutong work`.
        #[arg(long)]
        no_work: bool,
    },
    /// Do background work only: deliveries, reminders, publishing the log.
    Work,
    Init(init::InitArgs),
    /// Look for what keeps this node from working.
    Doctor,
    Demo(DemoArgs),
    Verify(verify::VerifyArgs),
    #[command(subcommand)]
    Log(log::LogCommand),
    /// Make the search index again from the database.
    Reindex,
    /// Open the lock that failed sign-ins closed, from the node's own machine.
    Unlock {
        /// The sign-in name.
        login: String,
    },
    /// Print the description of the REST interface, OpenAPI 3.1.
    Openapi,
    /// Print the version.
    Version,
    #[command(flatten)]
    Client(client::Command),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let as_json = cli.json;
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(it) => it,
        Err(error) => return ended(&Failure::because("the runtime cannot start", &error), as_json),
    };
    let done = runtime.block_on(run(cli));
    // Blocking work that nobody waits for any more does not keep the process.
    runtime.shutdown_background();
    done.unwrap_or_else(|failure| ended(&failure, as_json))
}

/// Tells why it ended; with `--json` the server's own answer, or one in the same form.
fn ended(failure: &Failure, as_json: bool) -> ExitCode {
    let json = || {
        failure
            .json
            .clone()
            .unwrap_or_else(|| serde_json::json!({ "detail": failure.text }))
    };
    // When nobody can be told, the exit code still says it.
    drop(if as_json {
        out::json(&json())
    } else {
        writeln!(std::io::stderr(), "jutong: {}", failure.text)
    });
    failure.code()
}

async fn run(cli: Cli) -> Result<ExitCode, Failure> {
    let environment = environment()?;
    let load = |overrides: &Overrides| -> Result<Config, Failure> {
        let config = Config::load(cli.node.config.as_deref(), &environment, overrides)?;
        logging::start(&config.log);
        Ok(config)
    };
    let plain = Overrides::default();
    match cli.command {
        Command::Serve {
            listen,
            flight_listen,
            no_work,
        } => {
            serve::serve(&load(&Overrides {
                listen,
                flight_listen,
                no_work,
            })?)
            .await?;
        }
        Command::Work => serve::work(&load(&plain)?).await?,
        Command::Init(it) => init::run(&it, &environment, cli.json).await?,
        Command::Doctor => return doctor::run(&load(&plain)?, cli.json).await,
        Command::Demo(it) => {
            logging::start(&Config::read("environment", "", &environment)?.log);
            demo::run(&it).await?;
            return Ok(ExitCode::SUCCESS);
        }
        Command::Verify(it) => return verify::run(&it, cli.json),
        Command::Log(it) => log::run(it, &load(&plain)?, cli.json).await?,
        Command::Reindex => reindex(&load(&plain)?, cli.json).await?,
        Command::Unlock { login } => unlock(&load(&plain)?, &login, cli.json).await?,
        Command::Openapi => out::line(web::openapi().trim_end())?,
        Command::Version => version(cli.json)?,
        Command::Client(it) => client::run(it, &cli.client, cli.json).await?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The variables that are ours. One that looks like an option and is none is refused: a typing error must not be silent.
fn environment() -> Result<Vec<(String, String)>, Failure> {
    const OTHERS: [&str; 4] = ["JUTONG_CONFIG", "JUTONG_SERVER", "JUTONG_TOKEN", "JUTONG_PASSWORD"];
    let ours =
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let ours: Vec<_> = ours.filter(|(name, _)| name.starts_with("JUTONG_")).collect();
    let known = |name: &str| {
        OTHERS.contains(&name)
            || name.starts_with("JUTONG_TEST_")
            || name.starts_with("JUTONG_BENCH_")
            || name.starts_with("JUTONG_LEAK_")
            || config::OPTIONS.iter().any(|it| it.variable() == name)
    };
    match ours.iter().find(|(name, _)| !known(name)) {
        Some((name, _)) => Err(Failure::usage(format!(
            "environment {name}: there is no such option; `jutong init` writes a file with every option"
        ))),
        None => Ok(ours),
    }
}

async fn reindex(config: &Config, as_json: bool) -> Result<(), Failure> {
    let app = serve::open(config).await?;
    let many = platform::flow::rebuild_index(&app).await?;
    if as_json {
        out::json(&serde_json::json!({ "resources": many }))?;
    } else {
        out::line(&format!("{many} resources are in the index"))?;
    }
    Ok(())
}

async fn unlock(config: &Config, login: &str, as_json: bool) -> Result<(), Failure> {
    let app = serve::open(config).await?;
    platform::flow::unlock_login(&app, login).await?;
    if as_json {
        out::json(&serde_json::json!({ "unlocked": login }))?;
    } else {
        out::line(&format!("{login} is no longer locked"))?;
    }
    Ok(())
}

fn version(as_json: bool) -> Result<(), Failure> {
    let version = env!("CARGO_PKG_VERSION");
    if as_json {
        out::json(&serde_json::json!({ "name": "jutong", "version": version }))?;
    } else {
        out::line(&format!("jutong {version}"))?;
    }
    Ok(())
}
