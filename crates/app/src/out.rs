//! Standard output. A reader that goes away (`| head`) is no failure.

use std::io::{self, Write};

use serde_json::Value;

/// Writes a text and a line end.
pub(crate) fn line(text: &str) -> io::Result<()> {
    bytes(format!("{text}\n").as_bytes())
}

/// Writes JSON as people like to read it.
pub(crate) fn json(value: &Value) -> io::Result<()> {
    line(&serde_json::to_string_pretty(value).unwrap_or_default())
}

/// Writes bytes as they are.
pub(crate) fn bytes(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => std::process::exit(0),
        done => done,
    }
}
