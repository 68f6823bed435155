//! `jutong doctor`: what keeps this node from working, and what to do about it.

use std::{net::TcpListener, os::unix::fs::PermissionsExt as _, path::Path, process::ExitCode};

use db::Db;
use serde_json::json;

use crate::{
    config::{Config, address},
    exit::{Exit, Failure, chain},
    out,
};

/// Less than this is told.
const LITTLE_MIB: u64 = 1024;

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Health {
    Good,
    Look,
    Bad,
}

struct Finding {
    health: Health,
    what: &'static str,
    text: String,
}

#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, health: Health, what: &'static str, text: impl Into<String>) {
        self.0.push(Finding {
            health,
            what,
            text: text.into(),
        });
    }
}

/// Looks at everything; 1 when something is bad.
pub(crate) async fn run(config: &Config, as_json: bool) -> Result<ExitCode, Failure> {
    let mut all = Findings::default();
    all.add(
        Health::Good,
        "configuration",
        format!("read; the node is `{}`", config.node),
    );
    if config.ledger.origin.contains(".invalid") {
        all.add(
            Health::Look,
            "log name",
            "ledger.origin is the example; choose the node's own name before the first use",
        );
    }
    disk(config, &mut all);
    keys(config, &mut all);
    database(config, &mut all).await;
    port("pages and REST", &config.listen, &mut all);
    if config.flight_listen.is_empty() {
        all.add(Health::Good, "Flight SQL", "off");
    } else {
        port("Flight SQL", &config.flight_listen, &mut all);
    }
    files(config, &mut all);
    let is_bad = all.0.iter().any(|it| it.health == Health::Bad);
    if as_json {
        let findings: Vec<_> = all
            .0
            .iter()
            .map(|it| json!({ "health": word(it.health), "what": it.what, "text": it.text }))
            .collect();
        out::json(&json!({ "healthy": !is_bad, "findings": findings }))?;
    } else {
        for it in &all.0 {
            out::line(&format!("{:<5} {:<15} {}", word(it.health), it.what, it.text))?;
        }
    }
    Ok(if is_bad {
        ExitCode::from(Exit::Failed as u8)
    } else {
        ExitCode::SUCCESS
    })
}

const fn word(it: Health) -> &'static str {
    match it {
        Health::Good => "ok",
        Health::Look => "look",
        Health::Bad => "BAD",
    }
}

fn disk(config: &Config, all: &mut Findings) {
    let dir = &config.data_dir;
    if !dir.exists() {
        all.add(
            Health::Look,
            "data folder",
            format!("{} is not there yet; `jutong init` makes it", dir.display()),
        );
        return;
    }
    let probe = dir.join(format!(".doctor-{}", std::process::id()));
    match std::fs::write(&probe, b"") {
        Ok(()) => drop(std::fs::remove_file(&probe)),
        Err(error) => {
            all.add(
                Health::Bad,
                "data folder",
                format!("{} cannot be written: {error}", dir.display()),
            );
            return;
        }
    }
    match free_mib(dir) {
        Some(free) if free < LITTLE_MIB => all.add(
            Health::Look,
            "disk",
            format!("only {free} MiB are free under {}", dir.display()),
        ),
        Some(free) => all.add(
            Health::Good,
            "disk",
            format!("{free} MiB are free under {}", dir.display()),
        ),
        None => all.add(Health::Look, "disk", "how much is free is not known (no `df`)"),
    }
}

/// Free space as `df` of POSIX tells it.
fn free_mib(dir: &Path) -> Option<u64> {
    let output = std::process::Command::new("df").arg("-Pk").arg(dir).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let kib: u64 = text.lines().nth(1)?.split_whitespace().nth(3)?.parse().ok()?;
    Some(kib / 1024)
}

fn keys(config: &Config, all: &mut Findings) {
    for name in ["vault.key", "log-ed25519.pem", "log-sm2.pem"] {
        let path = config.data_dir.join("keys").join(name);
        match std::fs::metadata(&path) {
            Err(_) => all.add(
                Health::Look,
                "keys",
                format!("{name} is not there yet; the first start makes it"),
            ),
            Ok(it) if it.permissions().mode() & 0o077 != 0 => {
                all.add(
                    Health::Bad,
                    "keys",
                    format!("{} can be read by others; run chmod 600 on it", path.display()),
                );
            }
            Ok(_) => all.add(Health::Good, "keys", format!("{name} is there, for its owner only")),
        }
    }
}

async fn database(config: &Config, all: &mut Findings) {
    let url = config.database_url();
    if let Some(path) = url.strip_prefix("sqlite:")
        && !Path::new(path).exists()
    {
        all.add(
            Health::Look,
            "database",
            format!("{path} is not there yet; `jutong init` makes it"),
        );
        return;
    }
    let db = match Db::open(&url).await {
        Ok(db) => db,
        Err(error) => {
            all.add(Health::Bad, "database", format!("cannot be opened: {}", chain(&error)));
            return;
        }
    };
    all.add(Health::Good, "database", "answers, its tables are of this version");
    match log(&db).await {
        Ok((size, published)) if size >= published => {
            all.add(Health::Good, "log", format!("{size} entries, {published} published"));
        }
        Ok((size, published)) => all.add(
            Health::Bad,
            "log",
            format!("{published} entries were published, the database has {size}: it was rewritten or rolled back"),
        ),
        Err(error) => all.add(Health::Bad, "log", chain(&error)),
    }
}

async fn log(db: &Db) -> Result<(u64, u64), ledger::Error> {
    let tx = db.read().await?;
    let published = ledger::last_checkpoint(&tx).await?.map_or(0, |it| it.size);
    Ok((ledger::size(&tx).await?, published))
}

fn port(what: &'static str, listen: &str, all: &mut Findings) {
    let Some(at) = address(listen) else { return };
    match TcpListener::bind(at) {
        Ok(_) => all.add(Health::Good, what, format!("{at} is free")),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
            all.add(
                Health::Look,
                what,
                format!("{at} is in use: by this node, if it runs, else choose another"),
            );
        }
        Err(error) => all.add(Health::Bad, what, format!("{at} cannot be used: {error}")),
    }
}

fn files(config: &Config, all: &mut Findings) {
    if config.files.roots.is_empty() && config.files.private.is_empty() {
        all.add(
            Health::Good,
            "files",
            "no folder is open to file sources and file deliveries",
        );
    }
    for root in config.files.roots.iter().chain(config.files.private.values().flatten()) {
        if root.is_dir() {
            all.add(
                Health::Good,
                "files",
                format!("{} is open to file sources and deliveries", root.display()),
            );
        } else {
            all.add(
                Health::Bad,
                "files",
                format!(
                    "{} is no folder; make it or take it out of the configuration's [files]",
                    root.display()
                ),
            );
        }
    }
}
