//! The names that governed tables have in SQL.

use catalog::Content;
use vocab::GovernedTable;

/// The SQL name: the English name in lower case and underscores, else the table's, unique among the others.
pub(crate) fn unique_name(content: &Content, others: &[GovernedTable]) -> String {
    let others: Vec<&str> = others.iter().map(|it| it.name.as_str()).collect();
    name_beside(content, &others)
}

/// The same beside names that are taken.
pub(crate) fn name_beside(content: &Content, others: &[&str]) -> String {
    let table = content
        .mount
        .as_ref()
        .map_or("", |it| it.table.rsplit(['.', '/']).next().unwrap_or_default());
    let base = [content.name_en.as_str(), table]
        .into_iter()
        .map(slug)
        .find(|it| !it.is_empty());
    numbered(base.as_deref().unwrap_or("resource"), others)
}

/// The name, or the name with the first number that makes it another than those that are taken.
pub(super) fn numbered(base: &str, others: &[&str]) -> String {
    let taken = |name: &str| others.contains(&name);
    let mut name = base.to_owned();
    let mut number = 2;
    while taken(&name) {
        name = format!("{base}_{number}");
        number += 1;
    }
    name
}

fn slug(text: &str) -> String {
    let mut out = String::new();
    for character in text.chars() {
        if character.is_ascii_alphanumeric() {
            out.push(character.to_ascii_lowercase());
        } else if !out.is_empty() && !out.ends_with('_') {
            out.push('_');
        }
    }
    let out = out.trim_end_matches('_');
    if out.starts_with(|it: char| it.is_ascii_digit()) {
        format!("t_{out}")
    } else {
        out.to_owned()
    }
}
