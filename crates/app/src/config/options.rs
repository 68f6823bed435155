//! Every option: its place in the file, its default, its sentence. File, environment and reference page follow it.

use std::fmt::Write as _;

/// How the environment's text becomes a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Taken as it is.
    Text,
    /// A whole number.
    Number,
    /// `true` or `false`.
    Truth,
    /// Paths with `:` between them.
    Paths,
    /// Lists of paths by a name: `name=/a:/b;other=/c`.
    Folders,
}

/// One option.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Opt {
    /// `section.key` or `key`.
    pub(crate) path: &'static str,
    /// How its text is read.
    pub(crate) kind: Kind,
    /// The default as it is written in the file.
    pub(crate) default: &'static str,
    /// What it does.
    pub(crate) about: &'static str,
}

const fn opt(path: &'static str, kind: Kind, default: &'static str, about: &'static str) -> Opt {
    Opt {
        path,
        kind,
        default,
        about,
    }
}

/// Every option, in the file's order: those without a section first.
pub(crate) const OPTIONS: &[Opt] = &[
    opt(
        "node",
        Kind::Text,
        "\"Jutong\"",
        "The name people know this node by; shown on every page.",
    ),
    opt(
        "division",
        Kind::Text,
        "\"\"",
        "Division code (GB/T 2260, six digits) whose regional limits apply; empty for national ones.",
    ),
    opt(
        "local_code",
        Kind::Text,
        "\"\"",
        "How the region writes its own resource codes, from {division}, {category}, {provider} and {seq:N}, as in {division}-{category}-{seq:4}; given at the first publication. Empty: departments give them.",
    ),
    opt(
        "listen",
        Kind::Text,
        "\"127.0.0.1:8080\"",
        "Address of pages and REST. Put a TLS proxy in front of anything but loopback.",
    ),
    opt(
        "https",
        Kind::Truth,
        "false",
        "Do people reach this node over https, through a TLS proxy? Cookies are marked Secure then. A proxy that sends `X-Forwarded-Proto: https` has the same effect.",
    ),
    opt(
        "flight_listen",
        Kind::Text,
        "\"127.0.0.1:8081\"",
        "Address of Arrow Flight SQL; empty for none. Give it a certificate, or put a TLS proxy in front of anything but loopback.",
    ),
    opt(
        "flight_certificate",
        Kind::Text,
        "\"\"",
        "File with the certificate chain of Arrow Flight SQL (PEM, its own certificate first); empty for no TLS.",
    ),
    opt(
        "flight_key",
        Kind::Text,
        "\"\"",
        "File with the certificate's private key (PEM).",
    ),
    opt(
        "data_dir",
        Kind::Text,
        "\"data\"",
        "Folder of keys, log tiles, search index and the SQLite file. Relative paths are meant from this file's folder.",
    ),
    opt(
        "database.url",
        Kind::Text,
        "\"\"",
        "The node's own tables: sqlite:PATH or postgres://user:password@host/database; empty for an SQLite file in data_dir.",
    ),
    opt(
        "ledger.origin",
        Kind::Text,
        "\"jutong.invalid/log\"",
        "Name of the transparency log, without scheme. It is part of every signature: choose it once, never change it.",
    ),
    opt(
        "files.roots",
        Kind::Paths,
        "[]",
        "Folders that file sources and file deliveries of every organisation may use; without one, files are refused. In the environment: with `:` between.",
    ),
    opt(
        "files.private",
        Kind::Folders,
        "{}",
        "Folders of one organisation alone: a table from its unified social credit code to a list of folders. In the environment: CODE=/a:/b;CODE=/c.",
    ),
    opt(
        "policy.local",
        Kind::Paths,
        "[]",
        "Files of Cedar rules on top of the delivered ones; they only forbid. Read and checked at start. In the environment: with `:` between.",
    ),
    opt(
        "engine.memory_mib",
        Kind::Number,
        "256",
        "Memory of one question for joins, sorts and aggregates, MiB; all together may use four times as much.",
    ),
    opt("engine.rows", Kind::Number, "10000000", "Rows of one answer."),
    opt(
        "engine.seconds",
        Kind::Number,
        "300",
        "Seconds from question to end of the answer.",
    ),
    opt("engine.concurrent", Kind::Number, "64", "Questions at the same time."),
    opt("engine.threads", Kind::Number, "2", "Threads of one question."),
    opt(
        "engine.bad_rows",
        Kind::Number,
        "10000",
        "Unreadable rows of a file before reading it fails.",
    ),
    opt(
        "work.in_serve",
        Kind::Truth,
        "true",
        "Does `jutong serve` do background work too? With false, run `jutong work` beside it.",
    ),
    opt(
        "work.idle_ms",
        Kind::Number,
        "500",
        "Pause of a worker that has nothing to do, milliseconds.",
    ),
    opt(
        "log.format",
        Kind::Text,
        "\"text\"",
        "Log lines: text, or json (one object a line).",
    ),
    opt(
        "log.filter",
        Kind::Text,
        "\"info,sea_orm_migration=warn\"",
        "What is logged: a level, or target=level pairs (info,platform=debug). At info there is a line for every answer but health, figures, and records that were found by their key; `web=debug` tells of these too.",
    ),
];

impl Opt {
    /// `JUTONG_ENGINE_ROWS`.
    pub(crate) fn variable(&self) -> String {
        format!("JUTONG_{}", self.path.replace('.', "_").to_ascii_uppercase())
    }

    /// Lays the environment's text over the file's table.
    pub(crate) fn set(&self, table: &mut toml::Table, text: &str) -> Result<(), String> {
        let value = match self.kind {
            Kind::Text => toml::Value::String(text.to_owned()),
            Kind::Number => toml::Value::Integer(
                text.trim()
                    .parse()
                    .map_err(|_| format!("`{text}` is no whole number"))?,
            ),
            Kind::Truth => toml::Value::Boolean(match text.trim() {
                "true" | "1" | "yes" => true,
                "false" | "0" | "no" => false,
                _ => return Err(format!("`{text}` is neither true nor false")),
            }),
            Kind::Paths => paths(text),
            Kind::Folders => {
                let parts = text.split(';').map(str::trim).filter(|it| !it.is_empty());
                let parts = parts.map(|it| {
                    let (name, folders) = it
                        .split_once('=')
                        .ok_or_else(|| format!("`{it}` is not name=/folder"))?;
                    Ok((name.trim().to_owned(), paths(folders)))
                });
                toml::Value::Table(parts.collect::<Result<_, String>>()?)
            }
        };
        match self.path.split_once('.') {
            None => {
                table.insert(self.path.to_owned(), value);
            }
            Some((section, key)) => {
                let section = table
                    .entry(section)
                    .or_insert_with(|| toml::Value::Table(toml::Table::new()));
                if let Some(section) = section.as_table_mut() {
                    section.insert(key.to_owned(), value);
                }
            }
        }
        Ok(())
    }
}

fn paths(text: &str) -> toml::Value {
    let paths = text.split(':').map(str::trim).filter(|it| !it.is_empty());
    toml::Value::Array(paths.map(|it| toml::Value::String(it.to_owned())).collect())
}

/// The commented file of `jutong init`: every option with its sentence; what is in `given` is set, the rest shows its default.
pub(crate) fn template(given: &[(&str, String)]) -> String {
    let mut text = String::from(
        "# Configuration of a Jutong node. Every option is here; a line that begins with `#` shows a default.\n\
         # Each can be set in the environment too: engine.rows is JUTONG_ENGINE_ROWS. Unknown keys are refused.\n",
    );
    let mut section = "";
    for option in OPTIONS {
        let (in_section, key) = option.path.split_once('.').unwrap_or(("", option.path));
        if in_section != section {
            section = in_section;
            let _ = write!(text, "\n[{section}]");
        }
        let _ = write!(text, "\n# {}\n", option.about);
        match given.iter().find(|(path, _)| *path == option.path) {
            Some((_, value)) => {
                let quoted = match option.kind {
                    Kind::Text => toml::Value::String(value.clone()).to_string(),
                    _ => value.clone(),
                };
                let _ = writeln!(text, "{key} = {quoted}");
            }
            None => {
                let _ = writeln!(text, "#{key} = {}", option.default);
            }
        }
    }
    text
}
