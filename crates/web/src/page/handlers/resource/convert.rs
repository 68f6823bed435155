//! A resource as the values of a page.

use platform::{
    catalog::{
        Category, CategoryClass, Content, Difference, Finding, Item, OrgTree, Resource, State, version::FieldChange,
    },
    vocab::{
        Classification, Openness, ResourceFormat, ResourceId, RowRule, Sensitivity, SharingClass, SharingMode,
        UpdateCycle, codes::CategoryGroup,
    },
};
use serde_json::Value;

use super::super::search::shortened;
use crate::{
    locale::Lang,
    page::{
        Choice, Errors, Link, Ui, Word,
        catalog::{DiffRow, Hit, ItemRow, Marked, ResourceView},
        why,
    },
};

/// A resource in the department's own list.
pub(super) fn row(ui: &Ui, it: &Resource, orgs: &OrgTree) -> Hit {
    let content = &it.content;
    Hit {
        id: it.id.to_string(),
        title: Marked::plain(ui.title(content)),
        summary: shortened(Marked::plain(ui.name(&content.summary, &content.summary_en))),
        org: orgs
            .get(content.provider)
            .map_or_else(|| content.provider_name.clone(), |it| ui.org(it)),
        class: content.sharing.class,
        cycle: content.update_cycle,
        items: content.items.len(),
        found_items: Vec::new(),
        changed: Some(it.updated_at),
        state: Some(ui.state("resource", it.state.code())),
    }
}

/// A resource in full. Version, day, source and declaration are added by the handler.
pub(super) fn view(ui: &Ui, id: ResourceId, content: &Content, state: State) -> ResourceView {
    ResourceView {
        id: id.to_string(),
        category: category(ui, &content.category),
        title: ui.title(content),
        title_en: content.name_en.clone(),
        code: content.local_code.clone().unwrap_or_default(),
        national_code: content.national_code.clone().unwrap_or_default(),
        provider: content.provider_name.clone(),
        provider_code: content.provider_code.clone(),
        summary: ui.name(&content.summary, &content.summary_en).to_owned(),
        summary_en: content.summary_en.clone(),
        theme: content.theme.clone().unwrap_or_default(),
        keywords: content.keywords.clone(),
        row_scope: scope(&content.row_scope),
        no_key_reason: content.no_key_reason.clone(),
        format: content.format.group,
        format_detail: content.format.name.clone(),
        items: content.items.iter().map(item).collect(),
        class: content.sharing.class,
        condition: condition(&content.sharing),
        modes: content.modes.clone(),
        openness: content.opening.openness,
        open_condition: content.opening.condition.clone(),
        cycle: content.update_cycle,
        published: None,
        related: content
            .related
            .iter()
            .map(|it| Link::new(it, format!("/search?q={}", super::super::frame::escaped(it))))
            .collect(),
        classification: content.classification,
        state: ui.state("resource", state.code()),
        version: 0,
        source: None,
        not_secret: String::new(),
    }
}

/// The rule of rows as text; empty for all of them.
pub(super) fn scope(it: &RowRule) -> String {
    if *it == RowRule::All {
        String::new()
    } else {
        it.to_string()
    }
}

/// The condition, or for 不予共享 the law.
pub(crate) fn condition(it: &platform::catalog::Sharing) -> String {
    match it.class {
        SharingClass::Withheld => it.legal_basis.clone(),
        SharingClass::Conditional | SharingClass::Unconditional => it.condition.clone(),
    }
}

/// An item as a row of a table.
pub(crate) fn item(it: &Item) -> ItemRow {
    let title = if it.title == it.name { "" } else { it.title.as_str() };
    let note: Vec<&str> = [title, it.description.as_str()]
        .into_iter()
        .filter(|it| !it.is_empty())
        .collect();
    ItemRow {
        name: it.name.clone(),
        note: note.join(" · "),
        data_type: it.data_type.to_string(),
        national: it.data_type.national().code(),
        class: it.sharing.class,
        condition: condition(&it.sharing),
        openness: it.openness,
        sensitivity: it.sensitivity,
        classification: it.classification,
        mask: it.mask.to_string(),
        key: it.key,
    }
}

fn category(ui: &Ui, it: &Category) -> String {
    let named = it.named().map(|it| group_text(ui, it).to_owned());
    [Some(class_text(ui, it.class())), named, Some(it.to_string())]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" · ")
}

fn class_text(ui: &Ui, class: CategoryClass) -> String {
    match class {
        CategoryClass::Base => ui.t("category-base"),
        CategoryClass::Theme => ui.t("category-theme"),
        CategoryClass::Department => ui.t("category-department"),
    }
}

fn group_text(ui: &Ui, it: CategoryGroup) -> &'static str {
    match ui.lang {
        Lang::Zh => it.zh,
        Lang::En => it.en,
    }
}

/// The 项 that the Guide names, below the three classes. 目 and 细目 are further digits.
pub(super) fn categories(ui: &Ui) -> Vec<Choice> {
    let classes = CategoryClass::ALL
        .iter()
        .map(|it| Choice::new(format!("{}00000", it.digit()), class_text(ui, *it)));
    let groups = CategoryGroup::all().map(|it| Choice::new(format!("{}000", it.code), group_text(ui, it)));
    let mut all: Vec<Choice> = classes.chain(groups).collect();
    all.sort_by(|a, b| a.value.cmp(&b.value));
    all
}

/// The formats that the national catalogue names, each with its group; others may be typed.
pub(super) fn formats(ui: &Ui) -> Vec<Choice> {
    let of = |group: &ResourceFormat| {
        let text = ui.w(group).to_owned();
        group.named().iter().map(move |it| Choice::new(*it, text.clone()))
    };
    ResourceFormat::ALL.iter().flat_map(of).collect()
}

/// The themes of the Guide; a region may use others.
pub(super) fn themes(ui: &Ui) -> Vec<Choice> {
    CategoryGroup::themes()
        .map(|it| Choice::new(it.zh, group_text(ui, it)))
        .collect()
}

/// The changes between two entries, in words.
pub(super) fn diff(ui: &Ui, it: &Difference) -> Vec<DiffRow> {
    let mut rows: Vec<DiffRow> = it.fields.iter().map(|it| changed(ui, "", it)).collect();
    let row = |name: &str, before: String, after: String| DiffRow {
        what: name.to_owned(),
        before,
        after,
    };
    rows.extend(it.removed.iter().map(|name| row(name, name.clone(), String::new())));
    rows.extend(it.added.iter().map(|name| row(name, String::new(), name.clone())));
    for item in &it.changed {
        rows.extend(item.fields.iter().map(|it| changed(ui, &item.item, it)));
    }
    if it.reordered {
        rows.push(row(&ui.t("res-items"), String::new(), ui.t("diff-reordered")));
    }
    rows
}

fn changed(ui: &Ui, item: &str, it: &FieldChange) -> DiffRow {
    let label = label(ui, &it.path);
    DiffRow {
        what: if item.is_empty() {
            label
        } else {
            format!("{item} · {label}")
        },
        before: value(ui, &it.path, &it.before),
        after: value(ui, &it.path, &it.after),
    }
}

/// The name of a field of an entry.
fn label(ui: &Ui, path: &str) -> String {
    match path {
        "name" => ui.t("res-title"),
        "category" => ui.t("res-category"),
        "summary" => ui.t("res-summary"),
        "provider_name" => ui.t("res-provider"),
        "provider_code" => ui.t("res-provider-code"),
        "national_code" => ui.t("res-national-code"),
        "local_code" => ui.t("res-code"),
        "name_en" => ui.t("res-title-en"),
        "summary_en" => ui.t("res-summary-en"),
        "keywords" => ui.t("res-keywords"),
        "no_key_reason" => ui.t("res-no-key"),
        it if it.starts_with("row_scope") => ui.t("res-rows"),
        "title" => ui.t("item-title"),
        "description" => ui.t("item-description"),
        "nullable" => ui.t("item-nullable"),
        "update_cycle" => ui.t("res-cycle"),
        "modes" => ui.t("res-modes"),
        "related" => ui.t("res-related"),
        "theme" => ui.t("res-theme"),
        "classification" => ui.t("res-grade"),
        "data_type" => ui.t("item-type"),
        "sensitivity" => ui.t("item-sensitivity"),
        "key" => ui.t("item-key"),
        "openness" => ui.t("item-open"),
        it if it.starts_with("format") => ui.t("res-format"),
        "sharing.class" => ui.t("res-class"),
        it if it.starts_with("sharing") => ui.t("res-condition"),
        "opening.condition" => ui.t("res-open-condition"),
        it if it.starts_with("opening") => ui.t("res-open"),
        it if it.starts_with("mount") => ui.t("res-source"),
        it if it.starts_with("secrecy") => ui.t("res-not-secret"),
        it if it.starts_with("mask") => ui.t("item-mask"),
        other => other.replace('_', " "),
    }
}

fn value(ui: &Ui, path: &str, it: &Value) -> String {
    match it {
        Value::Null => "—".to_owned(),
        Value::String(text) => word(ui, path, text),
        Value::Array(all) => all.iter().map(|it| value(ui, path, it)).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// A code of a closed list by its name in the list.
fn word(ui: &Ui, path: &str, text: &str) -> String {
    fn named<W: Word + std::str::FromStr>(ui: &Ui, text: &str) -> String {
        text.parse::<W>()
            .map_or_else(|_| text.to_owned(), |it| ui.w(&it).to_owned())
    }
    match path {
        "sharing.class" => named::<SharingClass>(ui, text),
        "modes" => named::<SharingMode>(ui, text),
        "update_cycle" => named::<UpdateCycle>(ui, text),
        "classification" => named::<Classification>(ui, text),
        "sensitivity" => named::<Sensitivity>(ui, text),
        "openness" | "opening.openness" => named::<Openness>(ui, text),
        _ => text.to_owned(),
    }
}

/// A finding in the reader's words, with the item it is about.
pub(super) fn finding(ui: &Ui, it: &Finding) -> String {
    at_item(ui, &it.path, why::sentence(ui, it.problem.code(), ""))
}

fn at_item(ui: &Ui, path: &str, text: String) -> String {
    match item_place(path) {
        Some((at, _)) => ui.ab("finding-of-item", (at + 1).to_string(), text),
        None => text,
    }
}

/// `items[3].mask` → 3, `mask`.
fn item_place(path: &str) -> Option<(usize, &str)> {
    let (at, rest) = path.strip_prefix("items[")?.split_once(']')?;
    Some((at.parse().ok()?, rest.trim_start_matches('.')))
}

/// Faults by the entry's paths as errors by the form's names.
pub(super) fn findings(ui: &Ui, errors: &Errors) -> Errors {
    let mut named = Errors::default();
    for it in &errors.0 {
        named.add(field(&it.field), at_item(ui, &it.field, it.text.clone()));
    }
    named
}

/// The form's name of a path of the entry.
fn field(path: &str) -> String {
    if let Some((at, rest)) = item_place(path) {
        let name = match rest {
            "sharing.class" => "class",
            "sharing.condition" | "sharing.legal_basis" => "condition",
            "data_type" => "type",
            "column" => "name",
            other => other,
        };
        return format!("item.{at}.{name}");
    }
    match path {
        "sharing.class" => "class",
        "sharing.condition" | "sharing.legal_basis" => "condition",
        "opening.condition" => "open_condition",
        "opening.openness" => "openness",
        "secrecy" => "not_secret",
        "format.name" => "format_detail",
        "update_cycle" => "cycle",
        "items" => "no_key_reason",
        "mount" | "mount.source" => "items",
        "change_note" => "note",
        "name_en" => "title_en",
        it if it.starts_with("related") => "related",
        it @ ("summary" | "summary_en" | "modes" | "category" | "classification" | "keywords" | "local_code"
        | "theme" | "row_scope" | "reason") => it,
        _ => "title",
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_names() {
        assert_eq!(field("items[3].sharing.legal_basis"), "item.3.condition");
        assert_eq!(field("items[0].mask"), "item.0.mask");
        assert_eq!(field("name"), "title");
        assert_eq!(field("secrecy"), "not_secret");
        assert_eq!(field("related[2]"), "related");
        assert_eq!(field("items"), "no_key_reason");
        assert_eq!(field("items[2].nullable"), "item.2.nullable");
        assert_eq!(field("row_scope"), "row_scope");
    }
}
