//! The configuration: one TOML file, then `JUTONG_*` from the environment, then flags. Read once, here, and nowhere else.
//!
//! [`options::OPTIONS`] is the one list of what can be said; the commented file of `jutong init`, the environment and the
//! reference page follow it: a test compares `docs/configuration.md` with it.

mod files;
mod options;
mod secret;
#[cfg(test)]
mod tests;

use std::{
    fmt::Write as _,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use files::Files;
pub(crate) use options::{OPTIONS, template};
pub(crate) use secret::Secret;

/// The file that is looked for when none is named.
pub(crate) const FILE_NAME: &str = "jutong.toml";

/// Everything a process of this node needs to know.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Config {
    pub(crate) node: String,
    pub(crate) division: String,
    pub(crate) local_code: String,
    pub(crate) listen: String,
    pub(crate) https: bool,
    pub(crate) flight_listen: String,
    pub(crate) flight_certificate: PathBuf,
    pub(crate) flight_key: PathBuf,
    pub(crate) data_dir: PathBuf,
    pub(crate) database: Database,
    pub(crate) ledger: Ledger,
    pub(crate) files: Files,
    pub(crate) policy: Policy,
    pub(crate) engine: Engine,
    pub(crate) work: Work,
    pub(crate) log: Log,
}

/// Where the node's own tables are.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Database {
    /// May hold a password. Empty: an SQLite file in the data folder.
    pub(crate) url: Secret,
}

/// The transparency log.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Ledger {
    pub(crate) origin: String,
}

/// Rules on top of the delivered ones.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Policy {
    pub(crate) local: Vec<PathBuf>,
    /// What stands in them, read with the configuration.
    #[serde(skip)]
    pub(crate) texts: Vec<(String, String)>,
}

impl Policy {
    /// Reads the files and checks that the rules hold together with the delivered ones.
    fn read(&mut self) -> Result<(), Error> {
        for path in &self.local {
            let text = std::fs::read_to_string(path).map_err(|reason| Error::Rules {
                path: path.clone(),
                reason,
            })?;
            self.texts.push((path.display().to_string(), text));
        }
        let texts = self.texts.iter();
        let texts: Vec<_> = texts.map(|(file, text)| (file.as_str(), text.as_str())).collect();
        platform::policy::Rules::with_local(&texts)?;
        Ok(())
    }
}

/// What one question to data may use.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Engine {
    pub(crate) memory_mib: usize,
    pub(crate) rows: u64,
    pub(crate) seconds: u64,
    pub(crate) concurrent: usize,
    pub(crate) threads: usize,
    pub(crate) bad_rows: u64,
}

/// Background work.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Work {
    pub(crate) in_serve: bool,
    pub(crate) idle_ms: u64,
}

/// What is written to standard error while a process runs.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Log {
    pub(crate) format: LogFormat,
    pub(crate) filter: String,
}

/// How a log line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            node: "Jutong".to_owned(),
            division: String::new(),
            local_code: String::new(),
            listen: "127.0.0.1:8080".to_owned(),
            https: false,
            flight_listen: "127.0.0.1:8081".to_owned(),
            flight_certificate: PathBuf::new(),
            flight_key: PathBuf::new(),
            data_dir: PathBuf::from("data"),
            database: Database::default(),
            ledger: Ledger::default(),
            files: Files::default(),
            policy: Policy::default(),
            engine: Engine::default(),
            work: Work::default(),
            log: Log::default(),
        }
    }
}

impl Default for Ledger {
    fn default() -> Self {
        Self {
            origin: "jutong.invalid/log".to_owned(),
        }
    }
}

impl Default for Engine {
    fn default() -> Self {
        let it = platform::engine::Limits::default();
        Self {
            memory_mib: it.memory_bytes >> 20,
            rows: it.rows,
            seconds: it.seconds,
            concurrent: it.concurrent,
            threads: it.threads,
            bad_rows: it.bad_rows,
        }
    }
}

impl Default for Work {
    fn default() -> Self {
        Self {
            in_serve: true,
            idle_ms: 500,
        }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self {
            format: LogFormat::Text,
            filter: "info,sea_orm_migration=warn".to_owned(),
        }
    }
}

/// Why there is no configuration. Every sentence says where and what to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The file is not there or not readable.
    #[error("{}: cannot be read ({reason}); `jutong init` makes one", path.display())]
    Read { path: PathBuf, reason: std::io::Error },
    /// The file is not what it should be.
    #[error("{place}: {message}")]
    File { place: String, message: String },
    /// A variable of the environment is not what it should be.
    #[error("environment {name}: {message}")]
    Variable { name: String, message: String },
    /// A file of local rules is not there or not readable.
    #[error("policy.local: {}: cannot be read ({reason})", path.display())]
    Rules { path: PathBuf, reason: std::io::Error },
    /// A local rule is not what it should be; the sentence begins with its place.
    #[error("policy.local: {0}")]
    Policy(#[from] platform::policy::Error),
    /// Readable, but cannot work; every fault at once.
    #[error("the configuration cannot work:{}", listed(.0))]
    Faults(Vec<String>),
}

fn listed(faults: &[String]) -> String {
    faults.iter().fold(String::new(), |mut text, it| {
        let _ = write!(text, "\n  {it}");
        text
    })
}

/// What flags say; they go before file and environment.
#[derive(Debug, Clone, Default)]
pub(crate) struct Overrides {
    pub(crate) listen: Option<String>,
    pub(crate) flight_listen: Option<String>,
    pub(crate) no_work: bool,
}

impl Config {
    /// Reads file and environment, applies flags, checks. Without `path`, `jutong.toml` of the current folder is read when
    /// it is there; without it the defaults serve.
    ///
    /// # Errors
    /// Each says where and what to do.
    pub(crate) fn load(
        path: Option<&Path>,
        environment: &[(String, String)],
        overrides: &Overrides,
    ) -> Result<Self, Error> {
        let default = Path::new(FILE_NAME);
        let path = path.or_else(|| default.exists().then_some(default));
        let text = match path {
            None => String::new(),
            Some(path) => std::fs::read_to_string(path).map_err(|reason| Error::Read {
                path: path.to_owned(),
                reason,
            })?,
        };
        let mut config = Self::read(&path.unwrap_or(default).display().to_string(), &text, environment)?;
        if let Some(it) = &overrides.listen {
            config.listen.clone_from(it);
        }
        if let Some(it) = &overrides.flight_listen {
            config.flight_listen.clone_from(it);
        }
        config.work.in_serve &= !overrides.no_work;
        let folder = path.and_then(Path::parent).filter(|it| !it.as_os_str().is_empty());
        if let Some(folder) = folder {
            config.beside(folder);
        }
        config.check()?;
        config.policy.read()?;
        Ok(config)
    }

    /// Text and environment as a configuration, not yet checked.
    pub(crate) fn read(name: &str, text: &str, environment: &[(String, String)]) -> Result<Self, Error> {
        let at = |error: &toml::de::Error| {
            let line = error
                .span()
                .map(|span| 1 + text.bytes().take(span.start).filter(|it| *it == b'\n').count());
            line.map_or_else(|| name.to_owned(), |line| format!("{name}:{line}"))
        };
        let refused = |error: toml::de::Error| Error::File {
            place: at(&error),
            message: error.message().to_owned(),
        };
        // Read once for its own faults with their lines, then as a table that the environment is laid over.
        toml::from_str::<Self>(text).map_err(refused)?;
        let mut table: toml::Table = text.parse().map_err(refused)?;
        for (variable, value) in environment {
            let Some(option) = OPTIONS.iter().find(|it| it.variable() == *variable) else {
                continue;
            };
            let wrong = |message: String| Error::Variable {
                name: variable.clone(),
                message,
            };
            option.set(&mut table, value).map_err(wrong)?;
            Self::deserialize(table.clone()).map_err(|it| wrong(it.message().to_owned()))?;
        }
        Self::deserialize(table).map_err(|it| Error::File {
            place: name.to_owned(),
            message: it.message().to_owned(),
        })
    }

    /// Relative paths are meant from the configuration file's folder.
    fn beside(&mut self, folder: &Path) {
        self.data_dir = folder.join(&self.data_dir);
        for file in [&mut self.flight_certificate, &mut self.flight_key] {
            if !file.as_os_str().is_empty() {
                *file = folder.join(&file);
            }
        }
        for path in &mut self.policy.local {
            *path = folder.join(&path);
        }
        self.files.beside(folder);
    }

    /// Can it work? Every fault at once, with what to do.
    fn check(&self) -> Result<(), Error> {
        let mut faults = Vec::new();
        let mut must = |holds: bool, sentence: String| {
            if !holds {
                faults.push(sentence);
            }
        };
        must(
            address(&self.listen).is_some(),
            format!(
                "listen: `{}` is no address; write host:port, as in 127.0.0.1:8080",
                self.listen
            ),
        );
        must(
            self.flight_listen.is_empty() || address(&self.flight_listen).is_some(),
            format!(
                "flight_listen: `{}` is no address; write host:port, or \"\" for no Flight SQL",
                self.flight_listen
            ),
        );
        must(
            self.flight_listen.is_empty() || self.flight_listen != self.listen || self.listen.ends_with(":0"),
            "flight_listen: is the same as listen; give Flight SQL a port of its own".to_owned(),
        );
        must(
            self.flight_certificate.as_os_str().is_empty() == self.flight_key.as_os_str().is_empty(),
            "flight_certificate and flight_key: one is given without the other; give both, or none".to_owned(),
        );
        let url = self.database.url.expose();
        must(
            ["", "sqlite:", "postgres://", "postgresql://"].iter().any(|it| {
                if it.is_empty() {
                    url.is_empty()
                } else {
                    url.starts_with(it)
                }
            }),
            "database.url: must begin with sqlite: or postgres://, or be empty for a file in data_dir".to_owned(),
        );
        let division = &self.division;
        must(
            division.is_empty() || (division.len() == 6 && division.bytes().all(|it| it.is_ascii_digit())),
            format!("division: `{division}` is no division code; write six digits, as in \"530100\""),
        );
        let pattern = self.local_code.parse::<platform::catalog::code::LocalPattern>();
        if let Some(error) = pattern.err().filter(|_| !self.local_code.is_empty()) {
            must(
                false,
                format!("local_code: {error}; write a pattern as in \"{{division}}-{{category}}-{{seq:4}}\""),
            );
        }
        let origin = &self.ledger.origin;
        must(
            !origin.is_empty() && !origin.contains("://") && !origin.chars().any(|it| it.is_whitespace() || it == '+'),
            format!(
                "ledger.origin: `{origin}` is no log name; write a name without scheme, spaces and +, as in jutong.example.gov.cn/log"
            ),
        );
        must(
            !self.node.trim().is_empty(),
            "node: is empty; write the name people know this node by".to_owned(),
        );
        for sentence in self.files.faults(&self.data_dir) {
            must(false, sentence);
        }
        let it = &self.engine;
        must(
            it.memory_mib >= 16,
            "engine.memory_mib: less than 16 MiB answers nothing; write 16 or more".to_owned(),
        );
        must(
            it.rows > 0 && it.seconds > 0 && it.concurrent > 0 && it.threads > 0,
            "engine: rows, seconds, concurrent and threads must each be at least 1".to_owned(),
        );
        must(
            tracing_subscriber::EnvFilter::try_new(&self.log.filter).is_ok(),
            format!(
                "log.filter: `{}` is no filter; write a level (info) or target=level pairs (info,platform=debug)",
                self.log.filter
            ),
        );
        if faults.is_empty() {
            Ok(())
        } else {
            Err(Error::Faults(faults))
        }
    }

    /// The URL that the database is opened with.
    pub(crate) fn database_url(&self) -> String {
        match self.database.url.expose() {
            "" => format!("sqlite:{}", self.data_dir.join("jutong.db").display()),
            url => url.to_owned(),
        }
    }

    /// What the platform is opened with.
    pub(crate) fn platform(&self) -> platform::Config {
        let it = &self.engine;
        platform::Config {
            db_url: self.database_url(),
            data_dir: self.data_dir.clone(),
            node: self.node.clone(),
            origin: self.ledger.origin.clone(),
            division: (!self.division.is_empty()).then(|| self.division.clone()),
            local_codes: self.local_code.parse().ok(),
            limits: platform::engine::Limits {
                memory_bytes: it.memory_mib.saturating_mul(1 << 20),
                rows: it.rows,
                seconds: it.seconds,
                concurrent: it.concurrent,
                threads: it.threads,
                bad_rows: it.bad_rows,
            },
            local_rules: self.policy.texts.clone(),
            https: self.https,
            file_roots: self.files.roots.clone(),
            private_roots: self.files.private.clone(),
        }
    }
}

/// `host:port` as an address; `localhost` is 127.0.0.1.
pub(crate) fn address(text: &str) -> Option<SocketAddr> {
    match text.strip_prefix("localhost:") {
        Some(port) => format!("127.0.0.1:{port}").parse().ok(),
        None => text.parse().ok(),
    }
}
