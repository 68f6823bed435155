//! What a door may not name.

use super::{
    Fault, fault,
    house::DOORS,
    rust::{Source, has_word},
};

/// A door calls flows; nothing in it leads around the corridor.
pub fn check(source: &Source, faults: &mut Vec<Fault>) {
    if !source.is_in(DOORS) {
        return;
    }
    for (n, line) in source.code.lines().enumerate().filter(|(n, _)| !source.is_test(n + 1)) {
        for called in goes_around(line) {
            faults.push(fault(
                format!("{}:{}", source.path, n + 1),
                format!("`{called}`: a door calls a flow, which asks the policy and writes the ledger"),
            ));
        }
    }
}

/// What a line of a door names that would lead around the corridor: a function of a room's store, or an engine of its own.
/// Words of a store (`store::Filter`) are only words.
fn goes_around(line: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = line;
    while let Some(at) = rest.find("store::") {
        let whole = rest[..at]
            .chars()
            .next_back()
            .is_none_or(|it| !it.is_alphanumeric() && it != '_');
        rest = &rest[at + "store::".len()..];
        let named = match rest.strip_prefix('{') {
            Some(list) => list.split('}').next().unwrap_or_default(),
            None => rest
                .split(|it: char| !it.is_alphanumeric() && it != '_')
                .next()
                .unwrap_or_default(),
        };
        let functions = named
            .split(',')
            .map(str::trim)
            .filter(|it| it.starts_with(|first: char| first.is_ascii_lowercase() || first == '*'))
            .filter(|it| *it != "self");
        found.extend(functions.filter(|_| whole).map(|it| format!("store::{it}")));
    }
    if has_word(line, "Engine::new") {
        found.push("Engine::new".to_owned());
    }
    found
}
