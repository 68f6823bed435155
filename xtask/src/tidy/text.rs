//! Any tracked text: no unfinished work, no place of one machine, no address of a package registry.

use super::{Fault, Tree, fault};

/// Words that mean unfinished work; in two pieces, so that this file passes.
const UNFINISHED: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];

/// Folders of one machine.
const PLACES: &[&str] = &[concat!("/ho", "me/"), concat!("/ro", "ot/"), concat!("/Us", "ers/")];

/// First labels of hosts that serve packages.
const REGISTRIES: &[&str] = &["index.", "static.", "registry.", "files.", "deb.", "pypi."];

/// Kinds of files that are ours to read; the rest is data or made by tools.
const OURS: &[&str] = &[
    ".rs", ".toml", ".sql", ".md", ".ftl", ".html", ".scss", ".ts", ".mjs", ".js", ".json", ".cedar", ".sh", ".py",
    "/run",
];

/// Checks every file.
pub fn check(tree: &Tree, faults: &mut Vec<Fault>) {
    for (path, text) in &tree.files {
        if path == "Cargo.lock" || !OURS.iter().any(|it| path.ends_with(it)) {
            continue;
        }
        let is_made = path.starts_with("crates/web/dist/");
        for (n, line) in text.lines().enumerate() {
            let place = || format!("{path}:{}", n + 1);
            if let Some(word) = UNFINISHED.iter().find(|it| !is_made && is_marked(line, it)) {
                faults.push(fault(place(), format!("`{word}`: finish it, or say it in an issue")));
            }
            if let Some(found) = PLACES.iter().find(|it| names_place(line, it)) {
                faults.push(fault(place(), format!("names a place of one machine ({found}…)")));
            }
            if let Some(host) = registry(line) {
                faults.push(fault(place(), format!("names a package registry ({host}…)")));
            }
        }
        if path.ends_with("package-lock.json") {
            check_lock(path, text, faults);
        }
        if path.starts_with("crates/db/migrations/") && !text.starts_with("-- ") {
            faults.push(fault(path, "a migration begins with a comment that says why"));
        }
        if (path.ends_with("/src/lib.rs") || path.ends_with("/src/main.rs")) && !text.starts_with("//! ") {
            faults.push(fault(path, "a crate begins with `//!` and what it is for"));
        }
    }
}

/// The word as a mark: whole, and followed by nothing that makes it a part of another.
fn is_marked(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let joins = |it: char| it.is_ascii_alphanumeric() || it == '_';
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        !before.is_some_and(joins) && !after.is_some_and(joins)
    })
}

/// The folder at the beginning of a path, not inside an address.
fn names_place(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|it| it.is_alphanumeric() || matches!(it, '.' | '}' | '_' | '-' | '/' | '*' | '$' | '~'))
    })
}

fn registry(line: &str) -> Option<&'static str> {
    line.match_indices("://").find_map(|(at, mark)| {
        let host = &line[at + mark.len()..];
        REGISTRIES.iter().copied().find(|it| host.starts_with(it))
    })
}

/// A lock file of npm must work with any registry: it names versions and digests, not addresses.
fn check_lock(path: &str, text: &str, faults: &mut Vec<Fault>) {
    let Ok(lock) = serde_json::from_str::<serde_json::Value>(text) else {
        faults.push(fault(path, "is no JSON"));
        return;
    };
    let packages = lock.get("packages").and_then(|it| it.as_object());
    let resolved = packages.into_iter().flatten().filter(|(_, package)| {
        package
            .get("resolved")
            .and_then(|it| it.as_str())
            .is_some_and(|it| it.contains("://"))
    });
    for (name, _) in resolved {
        faults.push(fault(
            path,
            format!("`{name}` has an address; install with omit-lockfile-registry-resolved"),
        ));
    }
}
