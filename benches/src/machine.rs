//! What a figure was measured on: cores, processor, memory, and how long the disk takes. Nothing that names a machine.

use std::{io::Write as _, path::Path, time::Instant};

use crate::{Result, numbers};

/// The machine as far as it explains figures.
#[derive(Debug, Clone, PartialEq)]
pub struct Machine {
    /// Cores that may be used.
    pub cores: usize,
    /// The processor's model.
    pub processor: String,
    /// Memory, GiB.
    pub memory_gib: f64,
    /// Milliseconds of one `fsync` after a write of 4 KiB, the median of fifty: every receipt waits for one.
    pub fsync_ms: f64,
}

impl Machine {
    /// Looks; writes some files of 4 KiB into `folder`.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn look(folder: &Path) -> Result<Self> {
        Ok(Self {
            cores: std::thread::available_parallelism()?.get(),
            processor: processor(&std::fs::read_to_string("/proc/cpuinfo")?),
            memory_gib: memory_gib(&std::fs::read_to_string("/proc/meminfo")?),
            fsync_ms: fsync_ms(folder)?,
        })
    }

    /// One sentence.
    #[must_use]
    pub fn sentence(&self) -> String {
        format!(
            "{} cores of {}, {:.0} GiB of memory; one fsync of 4 KiB takes {} ms.",
            self.cores,
            self.processor,
            self.memory_gib,
            numbers::shown(self.fsync_ms)
        )
    }
}

fn processor(cpuinfo: &str) -> String {
    let line = cpuinfo.lines().find(|it| it.starts_with("model name"));
    line.and_then(|it| it.split_once(':'))
        .map_or_else(|| std::env::consts::ARCH.to_owned(), |it| it.1.trim().to_owned())
}

fn memory_gib(meminfo: &str) -> f64 {
    let line = meminfo.lines().find_map(|it| it.strip_prefix("MemTotal:"));
    let kib = line.and_then(|it| it.split_whitespace().next()?.parse::<f64>().ok());
    kib.unwrap_or(0.0) / 1024.0 / 1024.0
}

fn fsync_ms(folder: &Path) -> Result<f64> {
    let mut file = tempfile::tempfile_in(folder)?;
    let mut times = Vec::new();
    for _ in 0..50 {
        file.write_all(&[7; 4096])?;
        let began = Instant::now();
        file.sync_data()?;
        times.push(began.elapsed().as_secs_f64() * 1000.0);
    }
    Ok(numbers::median(&times))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_is_described_without_its_name() {
        assert_eq!(processor("processor\t: 0\nmodel name\t: Some CPU 3\n"), "Some CPU 3");
        assert!((memory_gib("MemTotal:       8388608 kB\nMemFree: 1 kB\n") - 8.0).abs() < 1e-9);
        let it = Machine {
            cores: 2,
            processor: "Some CPU 3".to_owned(),
            memory_gib: 7.7,
            fsync_ms: 0.5,
        };
        assert_eq!(
            it.sentence(),
            "2 cores of Some CPU 3, 8 GiB of memory; one fsync of 4 KiB takes 0.500 ms."
        );
        let here = Machine::look(&std::env::temp_dir()).unwrap();
        assert!(here.cores > 0 && here.memory_gib > 0.0);
    }
}
