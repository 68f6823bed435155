//! Locales: the same words in every language.

use std::collections::{BTreeMap, BTreeSet};

use super::{Fault, Tree, fault};

const LANGUAGES: [&str; 2] = ["zh", "en"];

/// Compares every `.ftl` file of one language with its twin in the other.
pub fn check(tree: &Tree, faults: &mut Vec<Fault>) {
    let mut files: BTreeMap<&str, BTreeMap<&str, BTreeSet<String>>> = BTreeMap::new();
    for (path, text) in tree.below("locales/", ".ftl") {
        let mut parts = path.splitn(3, '/').skip(1);
        let (Some(language), Some(name)) = (parts.next(), parts.next()) else {
            continue;
        };
        if !LANGUAGES.contains(&language) {
            faults.push(fault(path, format!("`{language}` is not one of our languages")));
            continue;
        }
        let keys = keys(path, text, faults);
        files.entry(name).or_default().insert(language, keys);
    }
    for (name, languages) in &files {
        for (here, there) in [("zh", "en"), ("en", "zh")] {
            let path = format!("locales/{there}/{name}");
            match (languages.get(here), languages.get(there)) {
                (Some(here), Some(there)) => {
                    for key in here.difference(there) {
                        faults.push(fault(&path, format!("`{key}` is missing")));
                    }
                }
                (Some(_), None) => faults.push(fault(&path, "is missing")),
                _ => {}
            }
        }
    }
}

/// The messages, terms and attributes of a Fluent file: `name`, `-term`, `name.attribute`.
fn keys(path: &str, text: &str, faults: &mut Vec<Fault>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut message = String::new();
    for (n, line) in text.lines().enumerate() {
        let Some((name, _)) = line.split_once('=') else {
            continue;
        };
        let is_attribute = name.starts_with([' ', '\t']) && name.trim_start().starts_with('.');
        let name = name.trim();
        let plain = name.trim_start_matches(['-', '.']);
        let is_name = plain.starts_with(|it: char| it.is_ascii_alphabetic())
            && plain
                .chars()
                .all(|it| it.is_ascii_alphanumeric() || it == '-' || it == '_');
        let key = match (is_name, is_attribute, line.starts_with([' ', '\t', '#'])) {
            (true, true, _) => format!("{message}{name}"),
            (true, false, false) => {
                message = name.to_owned();
                name.to_owned()
            }
            _ => continue,
        };
        if !found.insert(key.clone()) {
            faults.push(fault(format!("{path}:{}", n + 1), format!("`{key}` is there twice")));
        }
    }
    found
}
