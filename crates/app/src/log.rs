//! `jutong log`: the transparency log on the machine that holds it.

use db::Db;
use ledger::LogKeys;
use serde_json::json;

use crate::{
    config::Config,
    exit::{Exit, Failure},
    out,
};

/// Publish, check or name the transparency log of this node.
#[derive(Debug, Clone, Copy, clap::Subcommand)]
pub(crate) enum LogCommand {
    /// Sign a checkpoint over everything appended and write the tiles; doing it again changes nothing.
    Publish,
    /// Re-read the whole database and compare it with every checkpoint ever published.
    Check,
    /// Print the public keys that outside verifiers need: Ed25519, SM2, and SM2 of the SM3 tree.
    Vkey,
}

/// Does one of them.
pub(crate) async fn run(command: LogCommand, config: &Config, as_json: bool) -> Result<(), Failure> {
    match command {
        LogCommand::Vkey => {
            let keys = keys(config)?;
            let mut texts: Vec<_> = keys.verifier_keys().iter().map(ToString::to_string).collect();
            texts.push(keys.shadow_key().to_string());
            if as_json {
                out::json(&json!({ "origin": keys.origin(), "keys": texts }))?
            } else {
                out::line(&texts.join("\n"))?
            }
        }
        LogCommand::Publish => {
            let (db, keys) = (open(config).await?, keys(config)?);
            let folder = config.data_dir.join("log");
            let done = ledger::publish(&db, &keys, &folder, chrono::Utc::now()).await;
            let checkpoint = done.map_err(|error| Failure::because("the log cannot be published", &error))?;
            let (size, note) = checkpoint.map_or((0, String::new()), |it| (it.size, it.served().to_string()));
            if as_json {
                out::json(&json!({ "size": size, "checkpoint": note, "folder": folder }))?;
            } else {
                out::line(&format!(
                    "published {size} entries in {}\n\n{}",
                    folder.display(),
                    note.trim_end()
                ))?;
            }
        }
        LogCommand::Check => {
            let db = open(config).await?;
            let size = ledger::check(&db)
                .await
                .map_err(|error| Failure::because("the log is not what was published", &error))?;
            if as_json {
                out::json(&json!({ "intact": true, "size": size }))?;
            } else {
                out::line(&format!("intact: {size} entries agree with every published checkpoint"))?;
            }
        }
    }
    Ok(())
}

async fn open(config: &Config) -> Result<Db, Failure> {
    Db::open(&config.database_url())
        .await
        .map_err(|error| Failure::because("the database cannot be opened", &error))
}

/// The node's keys; never makes them.
fn keys(config: &Config) -> Result<LogKeys, Failure> {
    let folder = config.data_dir.join("keys");
    if !folder.join("log-ed25519.pem").exists() {
        let text = format!(
            "there are no keys in {}; `jutong init` or the first `jutong serve` makes them",
            folder.display()
        );
        return Err(Failure::new(Exit::NotFound, text));
    }
    LogKeys::open_or_create(&folder, &config.ledger.origin)
        .map_err(|error| Failure::because("the keys cannot be read", &error))
}
