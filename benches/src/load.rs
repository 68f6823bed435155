//! Load: `wrk` for everything that speaks HTTP, `pgbench` for PostgreSQL itself, and what they report.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use crate::{Result, numbers, postgres::Postgres, process, root};

/// Connections that ask at the same time, on every side: a node is asked by many programs at once.
pub const CONNECTIONS: u32 = 256;

/// Connections of the other round of pgbench, near the number with which it is fastest on two cores.
pub const FEW: u32 = 32;

/// Threads of the load generator, on every side.
pub const THREADS: u32 = 2;

/// pgbench notes the time of one transaction in so many: writing down each would slow it.
const NOTED: f64 = 0.1;

/// What a generator saw in one round.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Seen {
    /// Answers.
    pub answers: u64,
    /// Answers that were no success, and connections that broke.
    pub failed: u64,
    /// Answers a second.
    pub rate: f64,
    /// Latency below which half of the answers lie, milliseconds.
    pub p50_ms: f64,
    /// Latency below which 99 of 100 answers lie, milliseconds.
    pub p99_ms: f64,
    /// Processor time of the generator, seconds.
    pub generator_seconds: f64,
}

/// Where the keys are asked.
#[derive(Debug, Clone)]
pub struct Door {
    /// The port on this machine.
    pub port: u16,
    /// The path before the key, `/records/`.
    pub path: String,
    /// A bearer token, or nothing.
    pub token: String,
}

/// Writes what `load/keys.lua` reads: path, token, keys.
///
/// # Errors
/// When the file cannot be written.
pub fn write_keys(folder: &Path, name: &str, door: &Door, keys: &[String]) -> Result<PathBuf> {
    let path = folder.join(format!("{name}.keys"));
    std::fs::write(&path, format!("{}\n{}\n{}\n", door.path, door.token, keys.join("\n")))?;
    Ok(path)
}

/// One round of `wrk` on a door, random keys out of a file of [`write_keys`].
///
/// # Errors
/// When it does not run, or says nothing readable.
pub fn wrk(door: &Door, keys: &Path, seconds: u32) -> Result<Seen> {
    let before = process::own_seconds();
    let text = process::output(
        Command::new("wrk")
            .args(["-t", &THREADS.to_string(), "-c", &CONNECTIONS.to_string()])
            .args(["-d", &format!("{seconds}s"), "--timeout", "10s", "-s"])
            .arg(root().join("benches/load/keys.lua"))
            .arg(format!("http://127.0.0.1:{}/", door.port))
            .arg("--")
            .arg(keys),
    )?;
    let mut seen = read_wrk(&text)?;
    seen.generator_seconds = process::own_seconds() - before;
    Ok(seen)
}

fn read_wrk(text: &str) -> Result<Seen> {
    let line = text.lines().find_map(|it| it.strip_prefix("result "));
    let all: Value = serde_json::from_str(line.ok_or("wrk reported nothing")?)?;
    let number = |name: &str| {
        let found = all.get(name).and_then(Value::as_f64);
        found.ok_or_else(|| format!("wrk reported no `{name}`"))
    };
    let whole = |name: &str| {
        let found = all.get(name).and_then(Value::as_u64);
        found.ok_or_else(|| format!("wrk reported no `{name}`"))
    };
    let requests = whole("requests")?;
    Ok(Seen {
        answers: requests,
        failed: whole("refused")? + whole("broken")?,
        rate: number("requests")? / (number("micros")? / 1e6),
        p50_ms: number("p50")? / 1000.0,
        p99_ms: number("p99")? / 1000.0,
        generator_seconds: 0.0,
    })
}

/// One round of `pgbench` with prepared statements, `variables` in its script, on so many connections.
///
/// # Errors
/// When it does not run, or says nothing readable.
pub fn pgbench(
    server: &Postgres,
    script: &Path,
    variables: &[(&str, u64)],
    (connections, seconds): (u32, u32),
) -> Result<Seen> {
    let notes = tempfile::tempdir()?;
    let prefix = notes.path().join("times");
    let mut command = Command::new("pgbench");
    command
        .args(["-M", "prepared", "-n", "-l", "-c", &connections.to_string()])
        .args(["-j", &THREADS.to_string(), "-T", &seconds.to_string()])
        .arg(format!("--sampling-rate={NOTED}"))
        .arg(format!("--log-prefix={}", prefix.display()))
        .arg("-f")
        .arg(script);
    for (name, value) in variables {
        command.arg("-D").arg(format!("{name}={value}"));
    }
    let before = process::own_seconds();
    let text = process::output(command.arg(&server.url))?;
    let generator_seconds = process::own_seconds() - before;
    let mut times = Vec::new();
    for entry in std::fs::read_dir(notes.path())? {
        times.extend(read_times(&std::fs::read_to_string(entry?.path())?));
    }
    read_pgbench(&text, &numbers::sorted(&times), generator_seconds)
}

/// The third field of a line of `pgbench --log` is the time of a transaction in microseconds.
fn read_times(log: &str) -> impl Iterator<Item = f64> + '_ {
    log.lines()
        .filter_map(|it| it.split(' ').nth(2)?.parse::<f64>().ok())
        .map(|micros| micros / 1000.0)
}

fn read_pgbench(text: &str, times_ms: &[f64], generator_seconds: f64) -> Result<Seen> {
    let after = |head: &str| {
        let line = text.lines().find_map(|it| it.strip_prefix(head));
        let word = line.and_then(|it| it.split_whitespace().next());
        word.ok_or_else(|| format!("pgbench reported no `{head}`"))
    };
    Ok(Seen {
        answers: after("number of transactions actually processed:")?
            .split('/')
            .next()
            .unwrap_or_default()
            .parse()?,
        failed: after("number of failed transactions:").map_or(Ok(0), str::parse)?,
        rate: after("tps =")?.parse()?,
        p50_ms: numbers::percentile(times_ms, 50.0),
        p99_ms: numbers::percentile(times_ms, 99.0),
        generator_seconds,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::float_cmp)]

    use super::*;

    #[test]
    fn the_line_of_wrk_is_read() {
        let text = "Running 2s test @ http://127.0.0.1:1/\n  2 threads and 32 connections\n\
            result {\"requests\":3000,\"micros\":2000000,\"bytes\":1,\"refused\":2,\"broken\":1,\"p50\":900.000,\
            \"p90\":1000.000,\"p99\":4500.000,\"max\":9000.000}\n";
        let seen = read_wrk(text).unwrap();
        assert_eq!((seen.answers, seen.failed, seen.rate), (3000, 3, 1500.0));
        assert_eq!((seen.p50_ms, seen.p99_ms), (0.9, 4.5));
        assert!(read_wrk("unable to connect").is_err());
        assert!(read_wrk("result {\"requests\":3000}").is_err());
    }

    #[test]
    fn the_words_of_pgbench_are_read() {
        let text = "pgbench (15.8)\ntransaction type: keyed.sql\nnumber of clients: 32\nduration: 2 s\n\
            number of transactions actually processed: 41234\nnumber of failed transactions: 0 (0.000%)\n\
            latency average = 1.551 ms\ninitial connection time = 30.1 ms\ntps = 20617.1 (without initial connection time)\n";
        let times: Vec<f64> = read_times("0 199 2241 0 1175850568 995598\n1 3 1000 0 1175850568 998079\n").collect();
        assert_eq!(times, [2.241, 1.0]);
        let seen = read_pgbench(text, &numbers::sorted(&times), 1.5).unwrap();
        assert_eq!((seen.answers, seen.failed, seen.rate), (41234, 0, 20617.1));
        assert_eq!((seen.p50_ms, seen.p99_ms, seen.generator_seconds), (1.0, 2.241, 1.5));
        assert!(read_pgbench("pgbench: error: connection failed", &[], 0.0).is_err());
    }

    #[test]
    fn keys_are_written_as_the_script_reads_them() {
        let folder = tempfile::tempdir().unwrap();
        let door = Door {
            port: 1,
            path: "/records/".to_owned(),
            token: String::new(),
        };
        let path = write_keys(folder.path(), "peer", &door, &["01".to_owned(), "02".to_owned()]).unwrap();
        assert_eq!(std::fs::read_to_string(path).unwrap(), "/records/\n\n01\n02\n");
    }
}
