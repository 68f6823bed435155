//! Programs that a bench starts, and what they use: processor time and memory of a process with all its descendants, from
//! `/proc`.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use crate::{Failure, Result};

/// How long a program may take to answer, and to stop.
const PATIENCE: Duration = Duration::from_secs(300);

/// Ticks a second of the times in `/proc/PID/stat`; Linux shows 100 to programs on every architecture we build for.
const TICKS: f64 = 100.0;

/// A program of a bench: stopped, with everything it started, when dropped.
#[derive(Debug)]
pub struct Program {
    name: &'static str,
    child: Child,
    log: PathBuf,
}

impl Program {
    /// Starts a program; its words go into a file in `folder`.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start(name: &'static str, command: &mut Command, folder: &Path) -> Result<Self> {
        let log = folder.join(format!("{name}.log"));
        let file = std::fs::OpenOptions::new().create(true).append(true).open(&log)?;
        let child = command
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .spawn()
            .map_err(|it| format!("{name} does not start: {it}"))?;
        Ok(Self { name, child, log })
    }

    /// Its process number.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until `ready` says so, looking every `pause`; how long that took since the call.
    ///
    /// # Errors
    /// With its last words, when it ends or nothing happens for five minutes.
    pub fn wait(&mut self, pause: Duration, mut ready: impl FnMut() -> bool) -> Result<Duration> {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            if ready() {
                return Ok(began.elapsed());
            }
            if let Some(status) = self.child.try_wait()? {
                return Err(self.last_words(&format!("ended with {status}")));
            }
            std::thread::sleep(pause);
        }
        Err(self.last_words("does not answer"))
    }

    fn last_words(&self, what: &str) -> Failure {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        let tail = lines.get(lines.len().saturating_sub(20)..).unwrap_or_default();
        format!("{} {what}; its last words:\n{}", self.name, tail.join("\n")).into()
    }

    /// Asks it to stop and waits; what does not go by itself is ended.
    pub fn stop(&mut self) {
        if matches!(self.child.try_wait(), Ok(Some(_))) {
            return;
        }
        let others: Vec<u32> = tree(self.pid()).into_iter().map(|it| it.pid).collect();
        signal("TERM", self.pid());
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(30) {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        // Workers of a program that went without them.
        for pid in others {
            if pid != self.pid() && Path::new(&format!("/proc/{pid}")).exists() {
                signal("KILL", pid);
            }
        }
        let _gone = self.child.kill();
        let _status = self.child.wait();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.stop();
    }
}

fn signal(name: &str, pid: u32) {
    let quiet = Command::new("kill")
        .args(["-s", name, &pid.to_string()])
        .stderr(Stdio::null())
        .status();
    drop(quiet); // one that is gone needs no signal
}

/// A process as `/proc/PID/stat` shows it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stat {
    /// Its number.
    pub pid: u32,
    /// Who started it.
    pub parent: u32,
    /// Seconds of processor time, its own and of the children it has waited for.
    pub seconds: f64,
    /// Memory in use, MiB.
    pub rss_mib: f64,
}

impl Stat {
    /// Reads a line of `/proc/PID/stat`; the name in parentheses may hold anything.
    #[must_use]
    pub fn parse(line: &str) -> Option<Self> {
        let pid = line.split_once(' ')?.0.parse().ok()?;
        let fields: Vec<&str> = line.rsplit_once(')')?.1.split_whitespace().collect();
        let number = |at: usize| fields.get(at)?.parse::<f64>().ok();
        Some(Self {
            pid,
            parent: fields.get(1)?.parse().ok()?,
            seconds: (number(11)? + number(12)? + number(13)? + number(14)?) / TICKS,
            rss_mib: number(21)? * 4096.0 / 1024.0 / 1024.0,
        })
    }

    fn of(pid: u32) -> Option<Self> {
        Self::parse(&std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
    }
}

/// A process and all its descendants that live.
#[must_use]
pub fn tree(root: u32) -> Vec<Stat> {
    let mut children: HashMap<u32, Vec<Stat>> = HashMap::new();
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|it| it.file_name().to_str()?.parse::<u32>().ok());
    for stat in pids.filter_map(Stat::of) {
        children.entry(stat.parent).or_default().push(stat);
    }
    let mut all: Vec<Stat> = Stat::of(root).into_iter().collect();
    let mut at = 0;
    while let Some(it) = all.get(at) {
        all.extend(children.remove(&it.pid).unwrap_or_default());
        at += 1;
    }
    all
}

/// Seconds of processor time of a process and its descendants, those that ended (and were waited for) included.
#[must_use]
pub fn seconds(root: u32) -> f64 {
    tree(root).iter().map(|it| it.seconds).sum()
}

/// Memory in use of a process and its descendants, MiB. Pages that several of them share count in each.
#[must_use]
pub fn rss_mib(root: u32) -> f64 {
    tree(root).iter().map(|it| it.rss_mib).sum()
}

/// Seconds of processor time of this process and of the programs it has waited for.
#[must_use]
pub fn own_seconds() -> f64 {
    Stat::of(std::process::id()).map_or(0.0, |it| it.seconds)
}

/// Seconds of processor time of the programs that this process has started and waited for.
#[must_use]
pub fn waited_seconds() -> f64 {
    let line = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    waited(&line).unwrap_or(0.0)
}

fn waited(line: &str) -> Option<f64> {
    let mut fields = line.rsplit_once(')')?.1.split_whitespace().skip(13);
    let mut next = || fields.next()?.parse::<f64>().ok();
    Some((next()? + next()?) / TICKS)
}

/// The most memory that a process has had in use since its start, or since [`forget_peak`], MiB; nothing when it is gone.
#[must_use]
pub fn peak_mib(pid: u32) -> Option<f64> {
    peak(&std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?)
}

fn peak(status: &str) -> Option<f64> {
    let line = status.lines().find_map(|it| it.strip_prefix("VmHWM:"))?;
    Some(line.split_whitespace().next()?.parse::<f64>().ok()? / 1024.0)
}

/// Lets a process's peak begin anew with what it has in use now.
///
/// # Errors
/// When the process is gone, or somebody else's.
pub fn forget_peak(pid: u32) -> Result {
    Ok(std::fs::write(format!("/proc/{pid}/clear_refs"), "5\n")?)
}

/// A port nobody uses at this moment.
///
/// # Errors
/// When there is none.
pub fn free_port() -> Result<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// What a command prints, when it succeeds.
///
/// # Errors
/// With what it said when it failed.
pub fn output(command: &mut Command) -> Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let out = command.output().map_err(|it| format!("{name} does not start: {it}"))?;
    if out.status.success() {
        return Ok(String::from_utf8_lossy(&out.stdout).into_owned());
    }
    let words = String::from_utf8_lossy(&out.stderr);
    Err(format!("{name} ended with {}\n{}", out.status, words.trim()).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_read_whatever_it_is_called() {
        let line = "42 (a) b (c) S 7 42 42 0 -1 4194560 1 2 0 0 100 50 25 25 20 0 9 0 1 1000 2560 18446744073709551615";
        let it = Stat::parse(line).unwrap();
        assert_eq!((it.pid, it.parent), (42, 7));
        assert!((it.seconds - 2.0).abs() < 1e-9);
        assert!((it.rss_mib - 10.0).abs() < 1e-9);
        assert_eq!(Stat::parse("42 (cut off"), None);
    }

    #[test]
    fn what_children_and_peaks_were_is_read() {
        let line = "42 (a) b (c) S 7 42 42 0 -1 4194560 1 2 0 0 100 50 25 75 20 0 9 0 1 1000 2560 18446744073709551615";
        assert!((waited(line).unwrap() - 1.0).abs() < 1e-9);
        assert!((peak("Name:\tx\nVmHWM:\t    2048 kB\nVmRSS:\t 1 kB\n").unwrap() - 2.0).abs() < 1e-9);
        assert_eq!((waited("cut off"), peak("Name:\tx\n")), (None, None));
    }

    #[test]
    fn a_program_is_stopped_with_what_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 100 & wait"]);
        let mut program = Program::start("shell", &mut command, folder.path()).unwrap();
        let pid = program.pid();
        program.wait(Duration::from_millis(5), || tree(pid).len() == 2).unwrap();
        let all = tree(pid);
        assert!(rss_mib(pid) > 0.0);
        drop(program);
        std::thread::sleep(Duration::from_millis(50));
        // Gone, or dead and not yet buried by its new parent.
        assert!(
            all.iter()
                .all(|it| Stat::of(it.pid).is_none_or(|now| now.rss_mib < 0.01))
        );
    }

    #[test]
    fn a_program_that_ends_says_why() {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", "echo no such thing; exit 3"]);
        let mut program = Program::start("shell", &mut command, folder.path()).unwrap();
        let error = program
            .wait(Duration::from_millis(5), || false)
            .unwrap_err()
            .to_string();
        assert!(error.contains("no such thing") && error.contains("shell"), "{error}");
    }
}
