//! Benches: what Jutong costs beside its peers, measured in one run on one machine.
//!
//! Every bench is a program in `src/bin`, run by `cargo xtask bench NAME [--quick]`. It starts the real binary and the peers,
//! checks that every side gives the right answer, alternates the sides round by round, and quotes the median of the rounds.
//! It writes `docs/benchmarks/NAME.md` and `NAME.svg`, and its last line is the JSON object of [`Report::closing`].
//!
//! Invariants: no figure without a checked answer; an error on any side fails the bench; nothing that names a machine is
//! written.

pub mod address;
pub mod catalog;
pub mod city;
pub mod http;
pub mod load;
pub mod machine;
pub mod mariadb;
pub mod movement;
pub mod numbers;
pub mod peers;
pub mod plot;
pub mod postgres;
pub mod process;
pub mod queries;
pub mod record;
pub mod report;
pub mod searches;
pub mod trigrams;
pub mod words;

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

pub use report::Report;

/// Why a bench ended without figures.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What comes out, or why nothing does.
pub type Result<T = ()> = std::result::Result<T, Failure>;

/// How a bench was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish {
    /// Shorter and fewer rounds: to see that everything works.
    pub quick: bool,
}

impl Wish {
    /// Reads the arguments of the command line.
    ///
    /// # Errors
    /// For anything but `--quick`.
    pub fn read(words: impl IntoIterator<Item = String>) -> Result<Self> {
        let mut quick = false;
        for word in words {
            match word.as_str() {
                "--quick" => quick = true,
                other => return Err(format!("unknown argument `{other}`; there is only --quick").into()),
            }
        }
        Ok(Self { quick })
    }

    /// One of two values: for a full run, for a quick one.
    #[must_use]
    pub const fn either<T: Copy>(self, full: T, quick: T) -> T {
        if self.quick { quick } else { full }
    }

    /// The command that was given.
    #[must_use]
    pub fn command(self, name: &str) -> String {
        format!("cargo xtask bench {name}{}", self.either("", " --quick"))
    }
}

/// Runs a bench from its arguments to its closing line: the whole of a bench's `main`.
pub fn run(bench: impl FnOnce(Wish) -> Result<Report>) -> ExitCode {
    let done = Wish::read(std::env::args().skip(1)).and_then(bench).and_then(|report| {
        report.write(&root().join("docs/benchmarks"))?;
        say(&report.closing());
        Ok(())
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let mut text = error.to_string();
            let mut source = error.source();
            while let Some(it) = source {
                text += &format!(": {it}");
                source = it.source();
            }
            // That nobody listens is not our failure.
            let _ = writeln!(std::io::stderr().lock(), "bench: {text}");
            ExitCode::FAILURE
        }
    }
}

/// One line to standard output. That nobody listens is not our failure.
pub fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{}", text.trim_end_matches('\n'));
    let _ = out.flush();
}

/// The root of the work tree this program was built from.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .map_or_else(|| PathBuf::from("."), Path::to_path_buf)
}

/// Where the project keeps what can be made again: `jutong` in the user's cache.
#[must_use]
pub fn cache() -> PathBuf {
    let named = |name: &str| std::env::var_os(name).filter(|it| !it.is_empty()).map(PathBuf::from);
    named("XDG_CACHE_HOME")
        .or_else(|| named("HOME").map(|it| it.join(".cache")))
        .unwrap_or_else(std::env::temp_dir)
        .join("jutong")
}

/// A value of the environment that `cargo xtask bench` sets.
///
/// # Errors
/// When it is not there.
pub fn needed(name: &str) -> Result<String> {
    std::env::var(name)
        .ok()
        .filter(|it| !it.is_empty())
        .ok_or_else(|| format!("{name} is not set: run this bench with `cargo xtask bench`").into())
}

#[cfg(test)]
mod tests {
    use super::Wish;

    #[test]
    fn a_wish_is_read() {
        let read = |text: &str| Wish::read(text.split_whitespace().map(str::to_owned));
        assert!(!read("").unwrap().quick);
        assert_eq!(
            read("--quick").unwrap().command("serve"),
            "cargo xtask bench serve --quick"
        );
        assert!(read("--fast").is_err());
    }
}
