//! `cargo xtask tidy`: the walls of the house, checked.
//!
//! Two kinds of findings. A *fault* is wrong and must go. A *question* (a long file, a long function, words for people
//! in code, a flow file with too many deeds or none) needs an answer in `docs/tidy-answers.toml`: path, kind and the reason why it
//! is right as it is. An answer to which there is no question any more is a fault.

mod answers;
mod doors;
mod house;
mod rust;
mod text;
mod walls;
mod words;

#[cfg(test)]
mod tests;

use std::{path::Path, process::Command};

use crate::run::{self, Failed, Result};
use rust::Source;

/// Something that must go.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// File, and line if there is one: `crates/db/src/tx.rs:12`.
    pub place: String,
    /// What is wrong.
    pub what: String,
}

/// Something that must be answered for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Question {
    /// The file.
    pub path: String,
    /// `file`, `function NAME`, `text` or `flow`.
    pub kind: String,
    /// What is asked.
    pub what: String,
}

/// The files of the work tree that are, or would be, committed.
pub struct Tree {
    /// Paths with `/`, relative to the root, and their text; what is no text is not in it.
    pub files: Vec<(String, String)>,
}

impl Tree {
    fn read(root: &Path) -> Result<Self> {
        let list = run::output(
            Command::new("git")
                .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
                .current_dir(root),
        )?;
        let files = list
            .split('\0')
            .filter(|it| !it.is_empty())
            .filter_map(|path| Some((path.to_owned(), std::fs::read_to_string(root.join(path)).ok()?)))
            .collect();
        Ok(Self { files })
    }

    /// The text of one file.
    pub fn get(&self, path: &str) -> Option<&str> {
        self.files.iter().find(|it| it.0 == path).map(|it| it.1.as_str())
    }

    /// The files below a folder whose names end so.
    pub fn below<'a>(&'a self, folder: &'a str, end: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.files
            .iter()
            .filter(move |it| it.0.starts_with(folder) && it.0.ends_with(end))
            .map(|it| (it.0.as_str(), it.1.as_str()))
    }
}

/// Checks the work tree and says everything that was found.
pub fn run(root: &Path) -> Result {
    let tree = Tree::read(root)?;
    let faults = check(&tree);
    for fault in &faults {
        run::say(&format!("{}: {}", fault.place, fault.what));
    }
    match faults.len() {
        0 => {
            run::say(&format!("tidy: {} files, nothing to complain about", tree.files.len()));
            Ok(())
        }
        n => Err(Failed::new(format!("tidy: {n} faults in {} files", tree.files.len()))),
    }
}

/// Every fault, unanswered questions among them, sorted.
fn check(tree: &Tree) -> Vec<Fault> {
    let sources: Vec<Source> = tree
        .below("", ".rs")
        .map(|(path, text)| Source::new(path, text))
        .collect();
    let mut faults = walls::check(tree);
    let mut questions = Vec::new();
    for source in &sources {
        rust::check(source, &mut faults, &mut questions);
    }
    text::check(tree, &mut faults);
    words::check(tree, &mut faults);
    answers::settle(tree.get(answers::PATH), questions, &mut faults);
    faults.sort();
    faults.dedup();
    faults
}

fn fault(place: impl Into<String>, what: impl Into<String>) -> Fault {
    Fault {
        place: place.into(),
        what: what.into(),
    }
}
