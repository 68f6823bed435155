//! What `jutong login` remembers: one file for its owner only, under the XDG configuration folder.

use std::{collections::BTreeMap, path::PathBuf};

use serde::{Deserialize, Serialize};

use crate::{config::Secret, exit::Failure, init::write_private};

/// How one is recognised.
#[derive(Debug, Clone)]
pub(crate) enum Proof {
    /// An API token.
    Token(Secret),
    /// A session of name and password.
    Session(Secret),
}

/// The file: nodes and what one has there.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Credentials {
    /// The node of the last sign-in.
    pub(crate) current: Option<String>,
    nodes: BTreeMap<String, Kept>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kept {
    Token(String),
    Session(String),
}

impl Credentials {
    /// The file's content; empty when there is none.
    pub(crate) fn read() -> Result<Self, Failure> {
        let Some(path) = path() else { return Ok(Self::default()) };
        match std::fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|_| {
                Failure::usage(format!(
                    "{} cannot be read; delete it and sign in again",
                    path.display()
                ))
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(Failure::because(&path.display().to_string(), &error)),
        }
    }

    /// What one has at a node.
    pub(crate) fn proof(&self, server: &str) -> Option<Proof> {
        Some(match self.nodes.get(server)? {
            Kept::Token(it) => Proof::Token(Secret::new(it.clone())),
            Kept::Session(it) => Proof::Session(Secret::new(it.clone())),
        })
    }

    /// Remembers it, as the current node.
    pub(crate) fn keep(&mut self, server: &str, proof: &Proof) -> Result<(), Failure> {
        let kept = match proof {
            Proof::Token(it) => Kept::Token(it.expose().to_owned()),
            Proof::Session(it) => Kept::Session(it.expose().to_owned()),
        };
        self.nodes.insert(server.to_owned(), kept);
        self.current = Some(server.to_owned());
        self.write()
    }

    /// Forgets what one has at a node.
    pub(crate) fn forget(&mut self, server: &str) -> Result<(), Failure> {
        self.nodes.remove(server);
        self.write()
    }

    /// Written beside and renamed, so that a reader never sees half of it.
    fn write(&self) -> Result<(), Failure> {
        let path = path().ok_or_else(|| {
            Failure::usage("neither XDG_CONFIG_HOME nor HOME says where to keep the session; pass --token instead")
        })?;
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let text = serde_json::to_string_pretty(self)
            .map_err(|error| Failure::because("the session cannot be kept", &error))?;
        let beside = path.with_extension(format!("{}.tmp", std::process::id()));
        write_private(&beside, &text)?;
        Ok(std::fs::rename(beside, path)?)
    }
}

/// `$XDG_CONFIG_HOME/jutong/credentials.json`, else under `$HOME/.config`.
fn path() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|it| !it.is_empty()).map(PathBuf::from);
    let base = set("XDG_CONFIG_HOME").or_else(|| set("HOME").map(|it| it.join(".config")))?;
    Some(base.join("jutong").join("credentials.json"))
}
