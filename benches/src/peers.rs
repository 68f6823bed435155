//! The peers: the same lookup as it is usually built in Python and on Node. What they need is installed here, pinned; so is
//! what comes from PyPI for the peers of other benches.

use std::{path::PathBuf, process::Command};

use crate::{Result, cache, process, root};

/// A peer that is installed.
#[derive(Debug, Clone)]
pub struct Peer {
    /// What it is called in tables.
    pub name: &'static str,
    /// Its parts and their versions.
    pub versions: Vec<String>,
    program: PathBuf,
    arguments: Vec<String>,
}

/// Processes that answer, of each peer: as many as the cores a bench is made for.
const WORKERS: &str = "2";

/// A virtual environment in the user's cache, with what `benches/peers/NAME/requirements.txt` pins.
#[derive(Debug, Clone)]
pub struct Python {
    /// The environment.
    pub home: PathBuf,
    /// `benches/peers/NAME`.
    pub folder: PathBuf,
    pinned: String,
}

impl Python {
    /// Makes it where it is not there, or not as it is pinned.
    ///
    /// # Errors
    /// When Python or a package cannot be had.
    pub fn with(name: &str) -> Result<Self> {
        let folder = root().join("benches/peers").join(name);
        let pinned = std::fs::read_to_string(folder.join("requirements.txt"))?;
        let home = cache().join("benches").join(name);
        let installed = home.join("installed.txt");
        if std::fs::read_to_string(&installed).ok().as_deref() != Some(&pinned) {
            crate::say(&format!("installing the peer {name}"));
            std::fs::create_dir_all(&home)?;
            process::output(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&home))?;
            let mut pip = Command::new(home.join("bin/pip"));
            pip.args(["install", "--quiet", "--disable-pip-version-check", "--no-deps", "-r"]);
            process::output(pip.arg(folder.join("requirements.txt")))?;
            std::fs::write(&installed, &pinned)?;
        }
        Ok(Self { home, folder, pinned })
    }

    /// The interpreter.
    #[must_use]
    pub fn program(&self) -> PathBuf {
        self.home.join("bin/python")
    }

    /// The wanted packages as `name version`.
    #[must_use]
    pub fn versions(&self, wanted: &[&str]) -> Vec<String> {
        pins(&self.pinned, wanted)
    }
}

impl Peer {
    /// FastAPI on uvicorn (uvloop, httptools) with an asyncpg pool, in a virtual environment in the user's cache.
    ///
    /// # Errors
    /// When Python or a package cannot be had.
    pub fn fastapi() -> Result<Self> {
        let peer = Python::with("fastapi")?;
        let python = process::output(Command::new(peer.program()).arg("--version"))?;
        let mut versions = vec![python.trim().to_owned()];
        versions.extend(peer.versions(&["fastapi", "uvicorn", "uvloop", "httptools", "asyncpg", "orjson"]));
        let mut arguments = words("server:app --loop uvloop --http httptools --no-access-log --log-level warning");
        arguments.extend(words("--host 127.0.0.1 --workers"));
        let folder = peer.folder.display().to_string();
        arguments.extend([WORKERS.to_owned(), "--app-dir".to_owned(), folder]);
        Ok(Self {
            name: "FastAPI + asyncpg",
            versions,
            program: peer.home.join("bin/uvicorn"),
            arguments,
        })
    }

    /// Node's own HTTP server with `pg`, a cluster of two.
    ///
    /// # Errors
    /// When Node or a package cannot be had.
    pub fn node() -> Result<Self> {
        let folder = root().join("benches/peers/node");
        let mut install = Command::new("npm");
        install.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]);
        process::output(install.current_dir(&folder))?;
        let node = process::output(Command::new("node").arg("--version"))?;
        let pg = std::fs::read_to_string(folder.join("node_modules/pg/package.json"))?;
        let pg: serde_json::Value = serde_json::from_str(&pg)?;
        let pg = pg.get("version").and_then(|it| it.as_str()).unwrap_or_default();
        Ok(Self {
            name: "Node + pg",
            versions: vec![
                format!("Node {}", node.trim().trim_start_matches('v')),
                format!("pg {pg}"),
            ],
            program: PathBuf::from("node"),
            arguments: vec![folder.join("server.mjs").display().to_string()],
        })
    }

    /// How it is started on a port: which database, which question.
    #[must_use]
    pub fn command(&self, port: u16, postgres: &str, select: &str) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            .env("BENCH_POSTGRES", postgres)
            .env("BENCH_SELECT", select)
            .env("BENCH_PORT", port.to_string());
        if !self.program.ends_with("node") {
            command.args(["--port", &port.to_string()]);
        }
        command
    }
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// `name==version` lines of the wanted packages, as `name version`.
fn pins(requirements: &str, wanted: &[&str]) -> Vec<String> {
    let pins: Vec<(&str, &str)> = requirements.lines().filter_map(|it| it.split_once("==")).collect();
    let found = wanted.iter().filter_map(|name| pins.iter().find(|it| it.0 == *name));
    // Behind a `;` stands the machine that the pin is for.
    let version = |text: &str| text.split(';').next().unwrap_or_default().trim().to_owned();
    found.map(|(name, pin)| format!("{name} {}", version(pin))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_come_from_the_pins() {
        let text = "# why\nasyncpg==0.30.0\nfastapi==0.115.6\nuvicorn==0.34.0\n";
        assert_eq!(
            pins(text, &["fastapi", "asyncpg", "orjson"]),
            ["fastapi 0.115.6", "asyncpg 0.30.0"]
        );
    }

    #[test]
    fn everything_of_the_python_peers_is_pinned() {
        for (name, first) in [
            ("fastapi", "fastapi=="),
            ("adbc", "adbc-driver-postgresql=="),
            ("duckdb", "duckdb=="),
            ("sling", "sling-linux-amd64=="),
        ] {
            let folder = root().join("benches/peers").join(name);
            let text = std::fs::read_to_string(folder.join("requirements.txt")).unwrap();
            let mut lines = text.lines().filter(|it| !it.starts_with('#'));
            assert!(text.contains(first) && lines.all(|it| it.contains("==")), "{name}");
        }
        let marked = "sling-linux-amd64==1.4.11; platform_machine == \"x86_64\"\n";
        assert_eq!(pins(marked, &["sling-linux-amd64"]), ["sling-linux-amd64 1.4.11"]);
    }
}
