//! `cargo xtask test`: everything that must hold before a change lands.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use crate::{
    assets, machine,
    run::{self, Failed, Result, cargo},
    servers::{Durable, Servers},
    tidy,
};

/// The steps, in order. Every one is run even when another failed, so that one run tells everything.
const STEPS: &[&str] = &["tidy", "fmt", "clippy", "test", "assets", "e2e"];

/// What a run may be told to do without; otherwise what is missing is a failure, because a green run means that
/// everything was tried.
const LEAVES: &[&str] = &["postgres", "mysql", "outside", "data"];

pub fn run(args: &[String]) -> Result {
    let Wanted { steps, without } = wanted(args)?;
    let mut done = Done::default();
    let mut stage = Stage::default();
    let mut count = Count::default();

    done.step("machine", machine::prepare);
    if steps.iter().any(|it| matches!(*it, "test" | "e2e")) {
        done.step("servers", || stage.servers(&without));
    }
    if steps.contains(&"test") {
        done.step("outside", || stage.outside(&without));
    }
    for step in steps.iter().copied() {
        done.step(step, || match step {
            "tidy" => tidy::run(&run::root()),
            "fmt" => run::succeed(&mut cargo(&["fmt", "--all", "--check"])),
            "clippy" => run::succeed(&mut cargo(&[
                "clippy",
                "--workspace",
                "--all-targets",
                "--",
                "--deny",
                "warnings",
            ])),
            "test" => rust_tests(&stage.env, &mut count),
            "assets" => assets::check(),
            _ => browser_tests(&stage.env),
        });
    }
    drop(stage);
    if steps.contains(&"test") {
        run::say(&format!(
            "{} passed, {} failed, {} skipped",
            count.passed, count.failed, count.ignored
        ));
    }
    done.close()
}

/// What the tests find around them: servers, programs from outside, real input.
#[derive(Default)]
struct Stage {
    running: Option<Servers>,
    /// Names and values for the environment of the tests.
    env: Vec<(&'static str, String)>,
    /// Variables without which a test fails instead of skipping.
    required: Vec<&'static str>,
}

impl Stage {
    fn servers(&mut self, without: &[&str]) -> Result {
        let servers = Servers::start(Durable::No)?;
        self.env.extend(servers.env.iter().cloned());
        self.running = Some(servers);
        for (what, name) in [("postgres", "JUTONG_TEST_POSTGRES"), ("mysql", "JUTONG_TEST_MYSQL")] {
            if without.contains(&what) {
                self.env.retain(|it| it.0 != name);
            } else if self.env.iter().all(|it| it.0 != name) {
                return Err(Failed::new(format!(
                    "no {what} server could be started; `--without {what}` leaves out what needs it"
                )));
            } else {
                self.required.push(name);
            }
        }
        Ok(())
    }

    fn outside(&mut self, without: &[&str]) -> Result {
        if !without.contains(&"outside")
            && let Some(it) = machine::outside()?
        {
            for (name, path) in [
                ("JUTONG_TEST_AICS_TLOG", it.aics_tlog),
                ("JUTONG_TEST_PYTHON", it.python),
            ] {
                self.env.push((name, path.display().to_string()));
                self.required.push(name);
            }
        }
        // Real input lies beside the clone, where there is some; invented rows stand in for it, and that is counted.
        let data = run::root().join("../shared/data");
        if !without.contains(&"data") && data.is_dir() {
            self.env
                .push(("JUTONG_TEST_DATA", data.canonicalize()?.display().to_string()));
        }
        let skips = std::env::temp_dir().join(format!("jutong-skips-{}", std::process::id()));
        std::fs::write(&skips, "")?;
        self.env.push(("JUTONG_TEST_SKIPS", skips.display().to_string()));
        self.env.push(("JUTONG_TEST_REQUIRED", self.required.join(",")));
        Ok(())
    }
}

/// The steps that were run: name, time, and whether it failed.
#[derive(Default)]
struct Done(Vec<(&'static str, Duration, bool)>);

impl Done {
    fn step(&mut self, name: &'static str, step: impl FnOnce() -> Result) {
        run::say(&format!("== {name}"));
        let start = Instant::now();
        let failed = step().inspect_err(|it| run::complain(&it.to_string())).is_err();
        self.0.push((name, start.elapsed(), failed));
    }

    fn close(self) -> Result {
        run::say("== times");
        for (name, time, failed) in &self.0 {
            let mark = if *failed { "  FAILED" } else { "" };
            run::say(&format!("{name:8} {:7.1} s{mark}", time.as_secs_f64()));
        }
        let failed: Vec<&str> = self.0.iter().filter(|it| it.2).map(|it| it.0).collect();
        if failed.is_empty() {
            Ok(())
        } else {
            Err(Failed::new(format!("failed: {}", failed.join(", "))))
        }
    }
}

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
struct Wanted {
    steps: Vec<&'static str>,
    without: Vec<&'static str>,
}

fn wanted(args: &[String]) -> Result<Wanted> {
    let mut wanted = Wanted {
        steps: STEPS.to_vec(),
        without: Vec::new(),
    };
    let mut words = args.iter().map(String::as_str);
    while let Some(word) = words.next() {
        match (word, words.next()) {
            ("--only", Some(list)) => wanted.steps = chosen(list, STEPS)?,
            ("--without", Some(list)) => wanted.without = chosen(list, LEAVES)?,
            _ => {
                return Err(Failed::new(
                    "usage: cargo xtask test [--only STEP,STEP] [--without postgres,mysql,outside,data]",
                ));
            }
        }
    }
    Ok(wanted)
}

fn chosen(list: &str, all: &[&'static str]) -> Result<Vec<&'static str>> {
    let known = |name: &str| {
        let found = all.iter().copied().find(|it| *it == name);
        found.ok_or_else(|| Failed::new(format!("`{name}` is none of {}", all.join(", "))))
    };
    list.split(',').map(known).collect()
}

/// What `cargo test` counted, over all its binaries.
#[derive(Debug, Default, PartialEq, Eq)]
struct Count {
    passed: u64,
    failed: u64,
    ignored: u64,
}

impl Count {
    /// Adds a line such as `test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; …`.
    fn add(&mut self, line: &str) {
        let Some(rest) = line.strip_prefix("test result: ") else {
            return;
        };
        for part in rest.split([';', '.']) {
            let mut words = part.split_whitespace();
            let number = words.next().and_then(|it| it.parse::<u64>().ok());
            match (number, words.next()) {
                (Some(n), Some("passed")) => self.passed += n,
                (Some(n), Some("failed")) => self.failed += n,
                (Some(n), Some("ignored")) => self.ignored += n,
                _ => {}
            }
        }
    }
}

impl Count {
    fn add_skips(&mut self, skips: &str) {
        for line in skips.lines() {
            run::complain(&format!("SKIPPED: {line}"));
            self.ignored += 1;
        }
    }
}

fn rust_tests(env: &[(&'static str, String)], count: &mut Count) -> Result {
    let mut command = cargo(&["test", "--workspace", "--no-fail-fast"]);
    command.envs(env.iter().map(|(name, value)| (*name, value.as_str())));
    let ran = run::listen(&mut command, |line| count.add(line));
    // A test that leaves a part out passes all the same; it writes down what, and that counts as skipped.
    if let Some((_, path)) = env.iter().find(|it| it.0 == "JUTONG_TEST_SKIPS") {
        let skips = std::fs::read_to_string(path)?;
        count.add_skips(&skips);
        std::fs::remove_file(path)?;
    }
    ran
}

/// The browser's tests live in `e2e/`, an npm package whose `npm test` starts what it needs.
fn browser_tests(env: &[(&'static str, String)]) -> Result {
    let folder = run::root().join("e2e");
    let (Some(npm), Some(chromium)) = (machine::program("npm"), machine::program("chromium")) else {
        run::complain("no npm or no Chromium on this machine: the browser tests are left out");
        return Ok(());
    };
    run::succeed(&mut cargo(&["build", "--package", "app"]))?;
    run::succeed(Command::new(&npm).args(["ci", "--ignore-scripts"]).current_dir(&folder))?;
    let mut test = Command::new(&npm);
    test.arg("test").current_dir(&folder);
    test.env("CHROMIUM", chromium)
        .env("JUTONG", run::target_dir().join("debug/jutong"));
    run::succeed(test.envs(env.iter().map(|(name, value)| (*name, value.as_str()))))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn closing_lines_are_added_up() {
        let mut count = Count::default();
        for line in [
            "running 4 tests",
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s",
            "test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.20s",
        ] {
            count.add(line);
        }
        assert_eq!(
            count,
            Count {
                passed: 4,
                failed: 2,
                ignored: 1
            }
        );
    }

    #[test]
    fn steps_are_chosen_by_name() {
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let none = wanted(&[]).unwrap();
        assert_eq!((none.steps.as_slice(), none.without.len()), (STEPS, 0));
        let some = wanted(&words("--only fmt,tidy --without postgres")).unwrap();
        assert_eq!((some.steps, some.without), (vec!["fmt", "tidy"], vec!["postgres"]));
        assert!(wanted(&words("--only sing")).is_err());
        assert!(wanted(&words("--without tests")).is_err());
        assert!(wanted(&words("--quick")).is_err());
        assert!(wanted(&words("--only")).is_err());
    }

    #[test]
    fn what_a_test_leaves_out_is_counted() {
        let mut count = Count::default();
        count.add_skips("villages.csv.gz: invented rows are used instead\n");
        assert_eq!(count.ignored, 1);
    }
}
