//! Programs that move rows: run to their end, in lines as a shell has them, with what they took.

use std::{
    fs::File,
    io::{Read as _, Seek as _, SeekFrom},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use crate::{Result, process};

/// How often somebody looks whether a program has ended, and how much memory it has in use.
const LOOK: Duration = Duration::from_millis(5);

/// How much of a failed program's words is told, in bytes.
const TOLD: u64 = 2000;

/// A program with its arguments, for as often as it is needed.
#[derive(Debug, Clone)]
pub struct Call {
    program: PathBuf,
    arguments: Vec<String>,
    environment: Vec<(&'static str, String)>,
}

/// What programs took.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Took {
    /// Seconds from the start of the first to the end of the last.
    pub wall: f64,
    /// Their processor seconds.
    pub cpu: f64,
    /// The sum of their peaks of memory, MiB, of the hungriest line.
    pub peak_mib: f64,
}

/// Programs under way: ended when they are dropped.
struct Running(Vec<Child>);

impl Drop for Running {
    fn drop(&mut self) {
        for child in &mut self.0 {
            if !matches!(child.try_wait(), Ok(Some(_))) {
                let _gone = child.kill();
                let _status = child.wait();
            }
        }
    }
}

impl Call {
    /// A program with its arguments.
    #[must_use]
    pub fn new(program: impl Into<PathBuf>, arguments: &[&str]) -> Self {
        Self {
            program: program.into(),
            arguments: arguments.iter().map(|it| (*it).to_owned()).collect(),
            environment: Vec::new(),
        }
    }

    /// The same with a value in its environment.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.environment.push((name, value.into()));
        self
    }

    /// The same with more arguments.
    #[must_use]
    pub fn and(mut self, arguments: impl IntoIterator<Item = String>) -> Self {
        self.arguments.extend(arguments);
        self
    }

    /// As a command.
    #[must_use]
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        let environment = self.environment.iter().map(|(name, value)| (*name, value.as_str()));
        command.args(&self.arguments).envs(environment);
        command
    }

    fn name(&self) -> String {
        let name = self.program.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }
}

/// Runs lines of programs, one after the other.
///
/// # Errors
/// When one does not start or ends with a failure, with its last words.
pub fn run(lines: &[Vec<Call>]) -> Result<Took> {
    let before = process::waited_seconds();
    let began = Instant::now();
    let mut peak_mib: f64 = 0.0;
    for line in lines {
        peak_mib = peak_mib.max(run_line(line)?);
    }
    Ok(Took {
        wall: began.elapsed().as_secs_f64(),
        cpu: process::waited_seconds() - before,
        peak_mib,
    })
}

/// Runs one line: each program reads what the one before it writes. The sum of their peaks of memory.
fn run_line(line: &[Call]) -> Result<f64> {
    let words = tempfile::tempfile()?;
    let mut running = start(line, &words)?;
    let mut peaks = vec![0.0_f64; line.len()];
    let mut under_way = true;
    while under_way {
        under_way = false;
        for (child, peak) in running.0.iter_mut().zip(&mut peaks) {
            if child.try_wait()?.is_none() {
                under_way = true;
                *peak = peak.max(process::peak_mib(child.id()).unwrap_or(0.0));
            }
        }
        if under_way {
            std::thread::sleep(LOOK);
        }
    }
    for (call, child) in line.iter().zip(&mut running.0) {
        let status = child.wait()?;
        if !status.success() {
            return Err(format!("{} ended with {status}\n{}", call.name(), last_words(words)?).into());
        }
    }
    Ok(peaks.iter().sum())
}

fn start(line: &[Call], words: &File) -> Result<Running> {
    let mut running = Running(Vec::new());
    let mut input = Stdio::null();
    for (at, call) in line.iter().enumerate() {
        let output = if at + 1 < line.len() {
            Stdio::piped()
        } else {
            Stdio::from(words.try_clone()?)
        };
        let mut command = call.command();
        command.stdin(input).stdout(output).stderr(words.try_clone()?);
        let mut child = command
            .spawn()
            .map_err(|it| format!("{} does not start: {it}", call.name()))?;
        input = child.stdout.take().map_or_else(Stdio::null, Stdio::from);
        running.0.push(child);
    }
    Ok(running)
}

fn last_words(mut words: File) -> Result<String> {
    let length = words.seek(SeekFrom::End(0))?;
    words.seek(SeekFrom::Start(length.saturating_sub(TOLD)))?;
    let mut bytes = Vec::new();
    words.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Call {
        Call::new("sh", &["-c", script])
    }

    #[test]
    fn a_line_reads_what_the_one_before_writes() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("count");
        let line = vec![
            shell("yes | head -n 100000"),
            shell("sleep 0.05; wc -l > \"$COUNT\"").with("COUNT", file.display().to_string()),
        ];
        let took = run(&[line, vec![shell("exit 0")]]).unwrap();
        assert_eq!(std::fs::read_to_string(file).unwrap().trim(), "100000");
        assert!(took.wall >= 0.05 && took.peak_mib > 0.0, "{took:?}");
        assert!(took.cpu >= 0.0);
    }

    #[test]
    fn a_program_that_fails_says_why() {
        let error = run(&[vec![shell("echo no such table >&2; exit 3"), shell("cat")]]).unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("no such table") && text.starts_with("sh ended with"),
            "{text}"
        );
        let missing = run(&[vec![Call::new("no-such-program-at-all", &[])]]).unwrap_err();
        assert!(missing.to_string().contains("does not start"), "{missing}");
    }
}
