//! The published log as files for everybody: C2SP tlog-tiles.

use std::io::ErrorKind;

use crate::{App, Error};

/// What kind of file of the log it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFileKind {
    /// The signed checkpoint: text, the newest replaces it.
    Checkpoint,
    /// Hashes: never changes.
    Tile,
    /// The entries themselves: never changes.
    Entries,
}

/// A file of the published log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFile {
    /// What kind.
    pub kind: LogFileKind,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// A file of the published log by its path: `checkpoint`, `tile/0/x001/234`, `tile/entries/000.p/7`, `sm3/…`.
///
/// Only paths that this log writes are looked up, so nothing outside the folder can be reached.
///
/// # Errors
/// [`Error::NotFound`] for other paths and for files that are not published (yet).
pub async fn serve_log(app: &App, path: &str) -> Result<LogFile, Error> {
    let kind = kind_of(path).ok_or(Error::NotFound("file"))?;
    match tokio::fs::read(app.log_dir().join(path)).await {
        Ok(bytes) => Ok(LogFile { kind, bytes }),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Err(Error::NotFound("file"))
        }
        Err(other) => Err(Error::internal(other)),
    }
}

/// The public keys of this node's log, as outside verifiers are given them: Ed25519, SM2, SM2 of the SM3 tree.
#[must_use]
pub fn log_keys(app: &App) -> Vec<String> {
    app.log
        .verifier_keys()
        .into_iter()
        .chain([app.log.shadow_key()])
        .map(ToString::to_string)
        .collect()
}

/// What a path of the log is; `None` for every other text.
fn kind_of(path: &str) -> Option<LogFileKind> {
    let inner = path.strip_prefix("sm3/").unwrap_or(path);
    if inner == "checkpoint" {
        return Some(LogFileKind::Checkpoint);
    }
    let (level, number) = inner.strip_prefix("tile/")?.split_once('/')?;
    let kind = match level {
        "entries" if inner == path => LogFileKind::Entries,
        _ if small(level, 63) => LogFileKind::Tile,
        _ => return None,
    };
    let mut parts: Vec<&str> = number.split('/').collect();
    if let [.., last, width] = parts.as_slice()
        && let Some(last) = last.strip_suffix(".p")
    {
        if !small(width, 255) || *width == "0" {
            return None;
        }
        parts.pop();
        parts.pop();
        parts.push(last);
    }
    let last = parts.pop()?;
    let digits = |it: &str| it.len() == 3 && it.bytes().all(|it| it.is_ascii_digit());
    let groups = parts.iter().all(|it| it.strip_prefix('x').is_some_and(digits));
    (digits(last) && groups && parts.len() < 7).then_some(kind)
}

/// Is it a number from 0 to `most` in its shortest form?
fn small(text: &str, most: u32) -> bool {
    text.parse::<u32>().is_ok_and(|it| it <= most && it.to_string() == text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn only_paths_of_the_log_are_paths() {
        use LogFileKind::{Checkpoint, Entries, Tile};
        for (path, kind) in [
            ("checkpoint", Checkpoint),
            ("sm3/checkpoint", Checkpoint),
            ("tile/0/000", Tile),
            ("tile/0/000.p/7", Tile),
            ("tile/1/x001/x234/067.p/255", Tile),
            ("sm3/tile/0/x001/234", Tile),
            ("tile/entries/000", Entries),
            ("tile/entries/x001/000.p/1", Entries),
        ] {
            assert_eq!(kind_of(path), Some(kind), "{path}");
        }
        for path in [
            "",
            ".lock",
            "../keys/vault.key",
            "tile/../../keys/vault.key",
            "tile/0/../../../jutong.db",
            "/etc/passwd",
            "tile/0",
            "tile/0/",
            "tile/00/000",
            "tile/64/000",
            "tile/0/00",
            "tile/0/0000",
            "tile/0/000.p",
            "tile/0/000.p/0",
            "tile/0/000.p/256",
            "tile/0/000.p/07",
            "tile/0/000.new",
            "tile/0/001/002",
            "tile/0/x001",
            "sm3/sm3/checkpoint",
            "sm3/tile/entries/000",
            "tile/0/x001//002",
            "tile/0/\0",
            "tile/0/000/..",
            "tile/0/０００",
            "checkpoint/",
        ] {
            assert_eq!(kind_of(path), None, "{path}");
        }
    }
}
