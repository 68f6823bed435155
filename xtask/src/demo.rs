//! `cargo xtask demo`: builds `jutong` in the profile that tests use too, and runs its demo city.

use std::{os::unix::process::CommandExt as _, process::Command};

use crate::run::{self, Failed, Result, cargo};

pub fn run(args: &[String]) -> Result {
    run::succeed(&mut cargo(&["build", "--package", "app"]))?;
    let mut command = Command::new(run::target_dir().join("debug/jutong"));
    command
        .arg("demo")
        .args(with_defaults(args, &run::cache_dir().join("demo").to_string_lossy()));
    // The demo takes our place, so that a signal to us reaches it.
    let error = command.exec();
    Err(Failed::new(format!("jutong does not start: {error}")))
}

/// The arguments of `jutong demo`, with a folder and an address unless they are given.
fn with_defaults(args: &[String], folder: &str) -> Vec<String> {
    let mut all: Vec<String> = args.iter().filter(|it| *it != "--").cloned().collect();
    for (name, value) in [("--dir", folder), ("--listen", "127.0.0.1:8080")] {
        let given = all.iter().any(|it| it == name || it.starts_with(&format!("{name}=")));
        if !given {
            all.extend([name.to_owned(), value.to_owned()]);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_stays() {
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(with_defaults(&[], "city"), words("--dir city --listen 127.0.0.1:8080"));
        assert_eq!(
            with_defaults(&words("-- --listen=0.0.0.0:80 --dir there"), "city"),
            words("--listen=0.0.0.0:80 --dir there")
        );
    }
}
