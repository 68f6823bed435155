//! How a process ends: a code for programs and a sentence for people.

use std::{error::Error, process::ExitCode};

/// What the exit code says. The numbers are promised in `--help` and `docs/cli.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// It failed, or a bundle proves nothing.
    Failed = 1,
    /// The command line or the configuration is wrong.
    Usage = 2,
    /// The server cannot be reached.
    Unreachable = 3,
    /// Not signed in, or no longer.
    NotSignedIn = 4,
    /// The agreement's quota is used up, or sign-in is locked for a while.
    Quota = 5,
    /// The policy does not allow it.
    Denied = 6,
    /// It does not exist, or not for you.
    NotFound = 7,
    /// What was sent must be corrected.
    Faults = 8,
    /// The thing's state does not allow it now.
    Conflict = 9,
}

/// The part of `--help` that tells them.
pub(crate) const HELP: &str = "Exit codes:
  0  done
  1  failed, or the bundle proves nothing
  2  wrong arguments or configuration
  3  the server cannot be reached
  4  not signed in
  5  quota used up, or sign-in locked for a while
  6  not allowed by the policy
  7  does not exist, or not for you
  8  what was sent must be corrected
  9  its state does not allow it now

Sign in once with `jutong login URL`, or set JUTONG_SERVER and JUTONG_TOKEN.";

/// Why a command ended badly.
#[derive(Debug)]
pub(crate) struct Failure {
    /// The code.
    pub(crate) exit: Exit,
    /// The sentence, with further lines where there is more to tell.
    pub(crate) text: String,
    /// The server's answer as it came, for `--json`.
    pub(crate) json: Option<serde_json::Value>,
}

impl Failure {
    pub(crate) fn new(exit: Exit, text: impl Into<String>) -> Self {
        Self {
            exit,
            text: text.into(),
            json: None,
        }
    }

    pub(crate) fn usage(text: impl Into<String>) -> Self {
        Self::new(Exit::Usage, text)
    }

    /// What was tried, and every reason behind it.
    pub(crate) fn because(tried: &str, error: &(dyn Error + 'static)) -> Self {
        Self::new(Exit::Failed, format!("{tried}: {}", chain(error)))
    }

    pub(crate) fn code(&self) -> ExitCode {
        ExitCode::from(self.exit as u8)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::new(Exit::Failed, error.to_string())
    }
}

impl From<crate::config::Error> for Failure {
    fn from(error: crate::config::Error) -> Self {
        Self::usage(error.to_string())
    }
}

impl From<platform::Error> for Failure {
    fn from(error: platform::Error) -> Self {
        Self::new(Exit::Failed, chain(&error))
    }
}

/// An error with its reasons, each once.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(reason) = next {
        let sentence = reason.to_string();
        if !text.contains(&sentence) {
            text = format!("{text}: {sentence}");
        }
        next = reason.source();
    }
    text
}
