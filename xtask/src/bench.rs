//! `cargo xtask bench NAME`: one binary per bench, `benches/src/bin/NAME.rs`, built for release.
//!
//! A bench gets its servers' addresses in the environment, writes its table under `docs/benchmarks/`, and prints one
//! JSON object as its last line; that it does is checked here.

use crate::{
    machine,
    run::{self, Failed, Result, cargo},
    servers::{Durable, Servers},
};

pub fn run(args: &[String]) -> Result {
    let names = names();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let (name, rest) = match words.as_slice() {
        [] => {
            run::say(&format!("benches: {}", names.join(", ")));
            return Ok(());
        }
        [name, rest @ ..] => (*name, rest),
    };
    if !names.iter().any(|it| it == name) {
        return Err(Failed::new(format!(
            "there is no bench `{name}`; there are: {}",
            names.join(", ")
        )));
    }
    machine::prepare_for_benches()?;
    run::succeed(&mut cargo(&["build", "--release", "--package", "app"]))?;
    let servers = Servers::start(Durable::Yes)?;
    let mut command = cargo(&["run", "--release", "--package", "benches", "--bin", name, "--"]);
    command
        .args(rest)
        .env("JUTONG", run::target_dir().join("release/jutong"));
    command.envs(servers.env.iter().map(|(name, value)| (*name, value.as_str())));
    let mut last = String::new();
    run::listen(&mut command, |line| last = line.to_owned())?;
    check(name, &last)
}

/// The benches there are.
fn names() -> Vec<String> {
    let folder = run::root().join("benches/src/bin");
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut names: Vec<String> = entries
        .filter_map(|it| it.ok()?.path().file_stem().map(|it| it.to_string_lossy().into_owned()))
        .collect();
    names.sort();
    names
}

/// Is this the closing line of that bench?
fn check(name: &str, line: &str) -> Result {
    let closing: serde_json::Value = serde_json::from_str(line)
        .map_err(|_| Failed::new(format!("the last line of bench `{name}` is no JSON object")))?;
    let is_right = closing.get("bench").and_then(|it| it.as_str()) == Some(name)
        && closing
            .get("cases")
            .and_then(|it| it.as_array())
            .is_some_and(|it| !it.is_empty());
    if is_right {
        Ok(())
    } else {
        Err(Failed::new(format!(
            "the last line of bench `{name}` lacks its name or its cases"
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bench_closes_with_its_name_and_cases() {
        assert!(
            check(
                "serve",
                r#"{"bench":"serve","cases":[{"case":"key","peer":"pgbench","rate_ratio":0.6}]}"#
            )
            .is_ok()
        );
        assert!(check("serve", r#"{"bench":"search","cases":[{}]}"#).is_err());
        assert!(check("serve", r#"{"bench":"serve","cases":[]}"#).is_err());
        assert!(check("serve", "done").is_err());
    }
}
