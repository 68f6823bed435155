//! Running other programs, and saying what happens.

use std::{
    fmt,
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// Why a command of the automation ended: a sentence for people.
#[derive(Debug)]
pub struct Failed(String);

impl Failed {
    pub fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<std::io::Error> for Failed {
    fn from(error: std::io::Error) -> Self {
        Self(error.to_string())
    }
}

pub type Result<T = ()> = std::result::Result<T, Failed>;

/// One line to standard output. That nobody listens is not our failure.
pub fn say(text: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{}", text.trim_end_matches('\n'));
}

/// One line to standard error.
pub fn complain(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{}", text.trim_end_matches('\n'));
}

/// The root of the work tree for which cargo runs this program. Two clones share what is built, this program too, so the
/// one that it was built from may be the other.
pub fn root() -> PathBuf {
    std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from)
        .parent()
        .map_or_else(|| PathBuf::from("."), Path::to_path_buf)
}

/// Where cargo builds: `$CARGO_TARGET_DIR`, else the user's cache, so that a fresh clone finds yesterday's build.
pub fn target_dir() -> PathBuf {
    let named = |name: &str| std::env::var_os(name).filter(|it| !it.is_empty()).map(PathBuf::from);
    named("CARGO_TARGET_DIR").unwrap_or_else(|| cache_dir().join("target"))
}

/// Where this project keeps what can be made again.
pub fn cache_dir() -> PathBuf {
    let named = |name: &str| std::env::var_os(name).filter(|it| !it.is_empty()).map(PathBuf::from);
    named("XDG_CACHE_HOME")
        .or_else(|| named("HOME").map(|it| it.join(".cache")))
        .unwrap_or_else(|| root().join("target"))
        .join("jutong")
}

/// A cargo command in the work tree, building into [`target_dir`].
///
/// What cargo told us of ourselves is not for it: a build script that watches these variables (that of `ring` does) would run
/// again, and everything above it be built again, whenever cargo is called by hand in between.
pub fn cargo(args: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    let of_us = |name: &str| ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|it| name.starts_with(it));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(of_us)) {
        command.env_remove(name);
    }
    command
        .args(args)
        .current_dir(root())
        .env("CARGO_TARGET_DIR", target_dir());
    command
}

/// Runs a command to its end; its words go where ours go.
pub fn succeed(command: &mut Command) -> Result {
    let status = command
        .status()
        .map_err(|it| Failed::new(format!("{}: {it}", shown(command))))?;
    if status.success() {
        Ok(())
    } else {
        Err(Failed::new(format!("`{}` ended with {status}", shown(command))))
    }
}

/// Runs a command, hands every line of its standard output to `each`, and passes it on.
pub fn listen(command: &mut Command, mut each: impl FnMut(&str)) -> Result {
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|it| Failed::new(format!("{}: {it}", shown(command))))?;
    if let Some(out) = child.stdout.take() {
        for line in BufReader::new(out).split(b'\n') {
            let line = String::from_utf8_lossy(&line?).into_owned();
            each(&line);
            say(&line);
        }
    }
    let status = child.wait()?;
    if status.success() {
        Ok(())
    } else {
        Err(Failed::new(format!("`{}` ended with {status}", shown(command))))
    }
}

/// What a command prints, when it succeeds.
pub fn output(command: &mut Command) -> Result<String> {
    let out = command
        .output()
        .map_err(|it| Failed::new(format!("{}: {it}", shown(command))))?;
    if out.status.success() {
        return Ok(String::from_utf8_lossy(&out.stdout).into_owned());
    }
    let words = String::from_utf8_lossy(&out.stderr);
    Err(Failed::new(format!(
        "`{}` ended with {}\n{}",
        shown(command),
        out.status,
        words.trim()
    )))
}

fn shown(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy().into_owned()];
    words.extend(command.get_args().map(|it| it.to_string_lossy().into_owned()));
    words.join(" ")
}
