//! Styles and scripts of the pages: built by npm from `assets/` into `crates/web/dist`, which is committed so that
//! cargo needs no Node.

use std::{collections::BTreeMap, path::Path, process::Command};

use crate::{
    machine,
    run::{self, Failed, Result},
};

/// Installs the packages of `assets/` and builds.
pub fn build() -> Result {
    let npm = machine::program("npm").ok_or_else(|| Failed::new("npm is not on this machine"))?;
    let folder = run::root().join("assets");
    run::succeed(
        Command::new(&npm)
            .args(["ci", "--no-audit", "--no-fund"])
            .current_dir(&folder),
    )?;
    run::succeed(
        Command::new(&npm)
            .args(["run", "--silent", "build"])
            .current_dir(&folder),
    )
}

/// Builds again and compares: what is committed must be what the sources give.
pub fn check() -> Result {
    if machine::program("npm").is_none() || !run::root().join("assets/package.json").is_file() {
        run::complain("no npm, or no assets/package.json: the assets are not rebuilt");
        return Ok(());
    }
    let dist = run::root().join("crates/web/dist");
    let before = contents(&dist)?;
    build()?;
    let after = contents(&dist)?;
    let changed: Vec<&str> = before
        .iter()
        .filter(|(name, bytes)| after.get(*name) != Some(bytes))
        .map(|it| it.0)
        .chain(after.keys().filter(|it| !before.contains_key(*it)))
        .map(String::as_str)
        .collect();
    if changed.is_empty() {
        return Ok(());
    }
    Err(Failed::new(format!(
        "crates/web/dist is not what assets/ gives; commit the rebuilt files: {}",
        changed.join(", ")
    )))
}

/// Every file by name. Of a compressed twin only the name counts: its bytes differ between versions of zlib.
fn contents(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut all = BTreeMap::new();
    if !folder.is_dir() {
        return Ok(all);
    }
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path
            .file_name()
            .map(|it| it.to_string_lossy().into_owned())
            .unwrap_or_default();
        let bytes = if name.ends_with(".gz") {
            Vec::new()
        } else {
            std::fs::read(&path)?
        };
        all.insert(name, bytes);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn compressed_twins_count_by_name_alone() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("main.css"), "a{}").unwrap();
        std::fs::write(folder.path().join("main.css.gz"), "whatever").unwrap();
        let all = contents(folder.path()).unwrap();
        assert_eq!(all["main.css"], b"a{}");
        assert!(all["main.css.gz"].is_empty());
        assert!(contents(&folder.path().join("nothing")).unwrap().is_empty());
    }
}
