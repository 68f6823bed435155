//! An entry as a form, and a form as an entry.

use axum::http::StatusCode;
use platform::{
    catalog::{Attribute, Content, Format, Item, Opening, Secrecy, Sharing},
    vocab::{DataType, RowRule, SharingClass, SharingMode},
};

use super::convert::{condition, scope};
use crate::{
    page::{
        Choice, Fields,
        catalog::{GuessView, Guessed, ItemForm, ResourceForm},
    },
    problem::{Fault, Problem},
};

/// Rows for items of an entry that is written by hand.
const BY_HAND: usize = 8;

/// The entry as a form.
pub(super) fn form_of(it: &Content) -> (ResourceForm, Vec<ItemForm>) {
    let form = ResourceForm {
        title: it.name.clone(),
        title_en: it.name_en.clone(),
        category: String::from(it.category.clone()),
        national_code: it.national_code.clone().unwrap_or_default(),
        local_code: it.local_code.clone().unwrap_or_default(),
        summary: it.summary.clone(),
        summary_en: it.summary_en.clone(),
        theme: it.theme.clone().unwrap_or_default(),
        keywords: it.keywords.join(", "),
        row_scope: scope(&it.row_scope),
        no_key_reason: it.no_key_reason.clone(),
        restore: Vec::new(),
        format: it.format.group.code().to_owned(),
        format_detail: it.format.name.clone(),
        class: it.sharing.class.code().to_owned(),
        condition: condition(&it.sharing),
        modes: it.modes.iter().map(|it| it.code().to_owned()).collect(),
        openness: it.opening.openness.code().to_owned(),
        open_condition: it.opening.condition.clone(),
        cycle: it.update_cycle.code().to_owned(),
        classification: it.classification.code().to_owned(),
        related: it.related.join(", "),
        note: it.change_note.clone(),
        not_secret: if it.secrecy == Secrecy::Undeclared { "" } else { "yes" }.to_owned(),
        source: it.mount.as_ref().map(|it| it.source.to_string()).unwrap_or_default(),
        table: it.mount.as_ref().map(|it| it.table.clone()).unwrap_or_default(),
        revision: String::new(),
    };
    (form, it.items.iter().map(item_form).collect())
}

fn item_form(it: &Item) -> ItemForm {
    ItemForm {
        name: it.name.clone(),
        title: it.title.clone(),
        description: it.description.clone(),
        column: it.column.clone(),
        data_type: it.data_type.to_string(),
        class: it.sharing.class.code().to_owned(),
        condition: condition(&it.sharing),
        openness: it.openness.code().to_owned(),
        sensitivity: it.sensitivity.code().to_owned(),
        classification: it.classification.code().to_owned(),
        mask: it.mask.to_string(),
        key: it.key,
        nullable: it.nullable,
        leave_out: false,
        guesses: guesses(it),
    }
}

/// Every guess that made the item what it is, while its value still stands.
fn guesses(it: &Item) -> Vec<GuessView> {
    it.evidence
        .iter()
        .filter(|found| it.attribute(found.what) == found.after)
        .map(|found| GuessView {
            attribute: found.what.code(),
            value: guessed(it, found.what),
            why: found.why.code(),
            fitting: found.fitting,
            looked_at: found.looked_at,
            evidence: found.from.clone(),
        })
        .collect()
}

fn guessed(it: &Item, what: Attribute) -> Guessed {
    match what {
        Attribute::Meaning => it.meaning.map_or(Guessed::Yes, Guessed::Meaning),
        Attribute::Sensitivity => Guessed::Sensitivity(it.sensitivity),
        Attribute::Mask => Guessed::Mask(it.mask.to_string()),
        Attribute::DataType => Guessed::Text(it.data_type.to_string()),
        Attribute::Length => it.length.map_or(Guessed::Yes, |it| Guessed::Text(it.to_string())),
        Attribute::Title => Guessed::Text(it.title.clone()),
        Attribute::Name => Guessed::Text(it.name.clone()),
        Attribute::Sharing | Attribute::Key | Attribute::Nullable => Guessed::Yes,
    }
}

/// Columns that are left out and may come back.
pub(super) fn left_out(it: &Content) -> Vec<Choice> {
    let text = |it: &Item| {
        if it.title == it.column {
            it.column.clone()
        } else {
            format!("{} · {}", it.column, it.title)
        }
    };
    it.left_out.iter().map(|it| Choice::new(&it.column, text(it))).collect()
}

/// Empty rows for an entry that is written by hand.
pub(super) fn empty_items(by_hand: bool) -> Vec<ItemForm> {
    let row = ItemForm {
        data_type: "text".to_owned(),
        mask: "clear".to_owned(),
        nullable: true,
        ..ItemForm::default()
    };
    vec![row; if by_hand { BY_HAND } else { 0 }]
}

/// The typed items, with the guesses that the entry remembers.
pub(super) fn with_guesses(mut items: Vec<ItemForm>, base: &Content) -> Vec<ItemForm> {
    for item in &mut items {
        item.guesses = known(base, item).map(guesses).unwrap_or_default();
    }
    items
}

fn known<'a>(base: &'a Content, form: &ItemForm) -> Option<&'a Item> {
    let same = |it: &&Item| {
        if form.column.is_empty() {
            it.name == form.name
        } else {
            it.column == form.column
        }
    };
    base.items.iter().find(same)
}

/// The entry as the form has it; what the form does not say stays as it was.
pub(super) fn applied(fields: &Fields, base: &Content) -> Result<Content, Problem> {
    let form = ResourceForm::from_fields(fields);
    let mut read = Reading::default();
    let class = read.word("sharing.class", &form.class);
    let opened = read.word("opening.openness", &form.openness);
    let (category, cycle) = (
        read.word("category", &form.category),
        read.word("update_cycle", &form.cycle),
    );
    let (group, grade) = (
        read.word("format", &form.format),
        read.word("classification", &form.classification),
    );
    let modes: Vec<Option<SharingMode>> = form.modes.iter().map(|it| read.word("modes", it)).collect();
    let row_scope = read.rule(&form.row_scope);
    let (items, left_out) = read.items(fields, base, &form.restore);
    let (Some(class), Some(openness), Some(category), Some(update_cycle), Some(group), Some(classification), []) =
        (class, opened, category, cycle, group, grade, read.0.as_slice())
    else {
        let problem = Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "faults",
            "some fields must be corrected",
        );
        return Err(problem.with_faults(read.0));
    };
    Ok(Content {
        category,
        name: form.title,
        name_en: form.title_en,
        local_code: Some(form.local_code),
        summary: form.summary,
        summary_en: form.summary_en,
        theme: Some(form.theme),
        keywords: listed(&form.keywords),
        row_scope,
        no_key_reason: form.no_key_reason,
        change_note: form.note,
        left_out,
        format: Format {
            group,
            name: form.format_detail,
        },
        items,
        sharing: sharing(class, form.condition),
        modes: modes.into_iter().flatten().collect(),
        opening: Opening {
            openness,
            condition: form.open_condition,
        },
        update_cycle,
        related: listed(&form.related),
        classification,
        ..base.clone()
    })
}

/// Words with commas between them, of either kind.
fn listed(text: &str) -> Vec<String> {
    text.split([',', '，', '、'])
        .map(str::trim)
        .filter(|it| !it.is_empty())
        .map(str::to_owned)
        .collect()
}

fn sharing(class: SharingClass, text: String) -> Sharing {
    match class {
        SharingClass::Unconditional => Sharing::unconditional(),
        SharingClass::Conditional => Sharing::conditional(text),
        SharingClass::Withheld => Sharing::withheld(text),
    }
}

/// Reads words of closed lists and notes everything that is none.
#[derive(Default)]
struct Reading(Vec<Fault>);

impl Reading {
    fn word<T: std::str::FromStr<Err: std::fmt::Display>>(&mut self, path: &str, text: &str) -> Option<T> {
        text.parse()
            .inspect_err(|error: &T::Err| self.wrong(path, "unknown-word", error.to_string()))
            .ok()
    }

    fn rule(&mut self, text: &str) -> RowRule {
        if text.is_empty() {
            return RowRule::All;
        }
        self.word("row_scope", text).unwrap_or(RowRule::All)
    }

    fn wrong(&mut self, path: &str, code: &str, detail: String) {
        self.0.push(Fault::new(path, code, detail));
    }

    /// The items, and the columns that stay left out.
    fn items(&mut self, fields: &Fields, base: &Content, restore: &[String]) -> (Vec<Item>, Vec<Item>) {
        let known_out = base.left_out.iter().cloned();
        let (back, mut left_out): (Vec<Item>, Vec<Item>) = known_out.partition(|it| restore.contains(&it.column));
        let mut items = Vec::new();
        for (at, item) in ItemForm::from_fields(fields).into_iter().enumerate() {
            if item.leave_out {
                left_out.extend(known(base, &item).filter(|_| base.mount.is_some()).cloned());
            } else if !(item.name.is_empty() && item.column.is_empty()) {
                items.extend(self.item(at, &item, base));
            }
        }
        items.extend(back);
        (items, left_out)
    }

    fn item(&mut self, at: usize, form: &ItemForm, base: &Content) -> Option<Item> {
        let path = |name: &str| format!("items[{at}].{name}");
        let data_type: Option<DataType> = self.word(&path("data_type"), &form.data_type);
        let mask = self.word(&path("mask"), &form.mask);
        let class = self.word(&path("sharing.class"), &form.class);
        let openness = self.word(&path("openness"), &form.openness);
        let sensitivity = self.word(&path("sensitivity"), &form.sensitivity);
        let grade = self.word(&path("classification"), &form.classification);
        let mut item = known(base, form)
            .cloned()
            .unwrap_or_else(|| Item::new(form.name.clone(), DataType::Text));
        item.title = if form.title.is_empty() || form.title == item.name {
            form.name.clone()
        } else {
            form.title.clone()
        };
        item.name.clone_from(&form.name);
        item.description.clone_from(&form.description);
        if !form.column.is_empty() {
            item.column.clone_from(&form.column);
        }
        item.nullable = form.nullable && !form.key;
        item.key = form.key;
        item.data_type = data_type?;
        item.mask = mask?;
        item.sharing = sharing(class?, form.condition.clone());
        item.openness = openness?;
        item.sensitivity = sensitivity?;
        item.classification = grade?;
        Some(item)
    }
}
