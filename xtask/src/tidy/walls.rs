//! Arrows between crates and homes of guests, from the manifests.

use toml::{Table, Value};

use super::{
    Fault, Tree, fault,
    house::{FOR_TESTS, GUESTS, Guests, ROOMS},
};

/// Checks every manifest of the workspace but the root's.
pub fn check(tree: &Tree) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (path, text) in tree.below("", "/Cargo.toml") {
        match text.parse::<Table>() {
            Ok(manifest) => check_one(path, &manifest, &mut faults),
            Err(error) => faults.push(fault(path, format!("cannot be read: {}", error.message()))),
        }
    }
    faults
}

fn check_one(path: &str, manifest: &Table, faults: &mut Vec<Fault>) {
    let package = manifest.get("package").and_then(Value::as_table);
    let Some(name) = package.and_then(|it| it.get("name")).and_then(Value::as_str) else {
        return;
    };
    let Some(room) = ROOMS.iter().find(|it| it.name == name) else {
        faults.push(fault(
            path,
            format!("crate `{name}` is not in the table of the house (xtask/src/tidy/house.rs)"),
        ));
        return;
    };
    let inherits = manifest
        .get("lints")
        .and_then(|it| it.get("workspace"))
        .and_then(Value::as_bool);
    if inherits != Some(true) {
        faults.push(fault(
            path,
            "does not take the workspace's lints (`[lints] workspace = true`)",
        ));
    }
    for (dependency, for_tests) in dependencies(manifest) {
        let is_ours = ROOMS.iter().any(|it| it.name == dependency);
        let is_allowed = room.imports.contains(&dependency.as_str())
            || dependency == name
            || for_tests && FOR_TESTS.contains(&dependency.as_str());
        if is_ours && !is_allowed {
            faults.push(fault(
                path,
                format!("`{name}` imports `{dependency}`: no such arrow in the house"),
            ));
        }
        if let Some(guests) = guests_named(&dependency)
            && !guests.homes.contains(&name)
        {
            let homes = guests.homes.join("`, `");
            let because = if guests.because.is_empty() {
                String::new()
            } else {
                format!(" ({})", guests.because)
            };
            faults.push(fault(
                path,
                format!("`{dependency}` lives in `{homes}` only{because}, not in `{name}`"),
            ));
        }
    }
}

/// Every dependency by the name of its package, and whether it is for tests only.
fn dependencies(manifest: &Table) -> Vec<(String, bool)> {
    let mut all = Vec::new();
    let mut tables = vec![manifest];
    if let Some(targets) = manifest.get("target").and_then(Value::as_table) {
        tables.extend(targets.values().filter_map(Value::as_table));
    }
    for table in tables {
        for (section, for_tests) in [
            ("dependencies", false),
            ("build-dependencies", false),
            ("dev-dependencies", true),
        ] {
            let Some(section) = table.get(section).and_then(Value::as_table) else {
                continue;
            };
            for (key, value) in section {
                let package = value.get("package").and_then(Value::as_str).unwrap_or(key);
                all.push((package.to_owned(), for_tests));
            }
        }
    }
    all
}

/// The guests' line that names this crate.
pub fn guests_named(name: &str) -> Option<&'static Guests> {
    let fits = |pattern: &str| match pattern.strip_suffix('*') {
        Some(begin) => name.starts_with(begin),
        None => name == pattern,
    };
    // A full name is stronger than a pattern.
    GUESTS
        .iter()
        .find(|it| it.names.contains(&name))
        .or_else(|| GUESTS.iter().find(|it| it.names.iter().any(|pattern| fits(pattern))))
}
