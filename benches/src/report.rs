//! What a bench leaves behind: a page with every round, a plot, and one closing line for programs.

use std::{fmt::Write as _, path::Path};

use serde_json::{Map, Value, json};

use crate::{Result, machine::Machine, numbers, plot::Plot};

/// A bench's result.
#[derive(Debug, Clone)]
pub struct Report {
    /// The bench: `serve`.
    pub name: &'static str,
    /// The heading of its page.
    pub title: String,
    /// The command that was run.
    pub command: String,
    /// What it was measured on.
    pub machine: Machine,
    /// Paragraphs before the tables: what was done, what is compared, what is not.
    pub about: Vec<String>,
    /// Versions of everything that took part.
    pub versions: Vec<String>,
    /// The tables, medians first.
    pub tables: Vec<Table>,
    /// The plot.
    pub plot: Plot,
    /// The closing line's cases.
    pub cases: Vec<Case>,
}

/// A table of the page.
#[derive(Debug, Clone, Default)]
pub struct Table {
    /// Its heading.
    pub title: String,
    /// Names of the columns; the first is text, the others are numbers.
    pub head: Vec<String>,
    /// The rows.
    pub rows: Vec<Vec<String>>,
    /// What must be known to read it.
    pub note: String,
}

/// One comparison of the closing line: ours ÷ peer. What does not apply is left out.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Case {
    /// What was done.
    pub case: String,
    /// Beside whom; nobody where a figure stands against a goal only.
    pub peer: Option<String>,
    /// Time from question to answer.
    pub wall_ratio: Option<f64>,
    /// Processor time of one answer.
    pub cpu_ratio: Option<f64>,
    /// Answers a second.
    pub rate_ratio: Option<f64>,
    /// Our latency below which 99 of 100 answers lie, milliseconds.
    pub p99_ms: Option<f64>,
    /// Our memory in use, MiB; in the bench `movement` the most beyond the idle process's.
    pub rss_mib: Option<f64>,
}

impl Table {
    /// A table with its columns.
    #[must_use]
    pub fn new(title: &str, head: &[&str]) -> Self {
        Self {
            title: title.to_owned(),
            head: head.iter().map(|it| (*it).to_owned()).collect(),
            ..Self::default()
        }
    }

    /// Adds a row: its name and its numbers.
    pub fn row(&mut self, name: &str, numbers: &[f64]) {
        let numbers = numbers.iter().map(|it| numbers::shown(*it));
        self.rows
            .push(std::iter::once(name.to_owned()).chain(numbers).collect());
    }

    fn markdown(&self, out: &mut String) {
        let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
        // Writing to a String does not fail.
        let _ = write!(out, "\n## {}\n\n", self.title);
        if !self.note.is_empty() {
            let _ = write!(out, "{}\n\n", self.note);
        }
        *out += &line(&self.head);
        let rule: Vec<String> = (0..self.head.len())
            .map(|at| if at == 0 { "---" } else { "---:" }.to_owned())
            .collect();
        *out += &line(&rule);
        for row in &self.rows {
            *out += &line(row);
        }
    }
}

impl Case {
    fn json(&self) -> Value {
        let mut all = Map::new();
        all.insert("case".to_owned(), json!(self.case));
        if let Some(peer) = &self.peer {
            all.insert("peer".to_owned(), json!(peer));
        }
        for (name, value) in [
            ("wall_ratio", self.wall_ratio),
            ("cpu_ratio", self.cpu_ratio),
            ("rate_ratio", self.rate_ratio),
            ("p99_ms", self.p99_ms),
            ("rss_mib", self.rss_mib),
        ] {
            if let Some(value) = value {
                all.insert(name.to_owned(), json!(numbers::rounded(value)));
            }
        }
        Value::Object(all)
    }
}

impl Report {
    /// The page.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut out = format!("# {}\n\nMeasured by `{}`", self.title, self.command);
        let _ = writeln!(
            out,
            " on {} The release profile is used; sides alternate round by round, medians are quoted.",
            self.machine.sentence()
        );
        for paragraph in &self.about {
            let _ = write!(out, "\n{paragraph}\n");
        }
        let _ = write!(out, "\n![{}]({}.svg)\n", self.plot.description, self.name);
        for table in &self.tables {
            table.markdown(&mut out);
        }
        let _ = write!(out, "\n## Versions\n\n{}.\n", self.versions.join(", "));
        let _ = write!(out, "\n## For programs\n\n```json\n{}\n```\n", self.closing());
        out
    }

    /// The last line of the bench.
    #[must_use]
    pub fn closing(&self) -> String {
        let cases: Vec<Value> = self.cases.iter().map(Case::json).collect();
        json!({ "bench": self.name, "cases": cases }).to_string()
    }

    /// Writes page and plot into a folder.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn write(&self, folder: &Path) -> Result {
        std::fs::create_dir_all(folder)?;
        std::fs::write(folder.join(format!("{}.md", self.name)), self.markdown())?;
        std::fs::write(folder.join(format!("{}.svg", self.name)), self.plot.svg())?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let mut table = Table::new("Medians", &["side", "answers a second"]);
        table.row("Jutong", &[5000.0]);
        table.row("peer", &[10_000.0]);
        Report {
            name: "serve",
            title: "Keyed lookup".to_owned(),
            command: "cargo xtask bench serve".to_owned(),
            machine: Machine {
                cores: 2,
                processor: "Some CPU".to_owned(),
                memory_gib: 8.0,
                fsync_ms: 0.5,
            },
            about: vec!["Not compared: permission.".to_owned()],
            versions: vec!["PostgreSQL 15".to_owned(), "wrk 4".to_owned()],
            tables: vec![table],
            plot: Plot::default(),
            cases: vec![Case {
                case: "key".to_owned(),
                peer: Some("pgbench".to_owned()),
                rate_ratio: Some(0.5),
                p99_ms: Some(1.234_56),
                ..Case::default()
            }],
        }
    }

    #[test]
    fn the_closing_line_holds_what_applies() {
        assert_eq!(
            report().closing(),
            r#"{"bench":"serve","cases":[{"case":"key","peer":"pgbench","rate_ratio":0.5,"p99_ms":1.2346}]}"#
        );
    }

    #[test]
    fn the_page_holds_everything() {
        let folder = tempfile::tempdir().unwrap();
        report().write(folder.path()).unwrap();
        let page = std::fs::read_to_string(folder.path().join("serve.md")).unwrap();
        for part in [
            "# Keyed lookup\n",
            "Measured by `cargo xtask bench serve` on 2 cores of Some CPU, 8 GiB",
            "\nNot compared: permission.\n",
            "(serve.svg)",
            "## Medians\n\n| side | answers a second |\n| --- | ---: |\n| Jutong | 5,000 |\n| peer | 10,000 |\n",
            "PostgreSQL 15, wrk 4.",
            "```json\n{\"bench\":\"serve\"",
        ] {
            assert!(page.contains(part), "{part}\n{page}");
        }
        assert!(folder.path().join("serve.svg").exists());
    }
}
