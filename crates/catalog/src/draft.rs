//! A draft that fills itself from the profile of a table: every guess shows its evidence and can be undone.
//!
//! Code-safe typing: what looks like a code becomes text, whatever the source says, because a number loses the leading
//! zeros of postcodes, divisions and identifiers.

use serde::{Deserialize, Serialize};
use vocab::{
    Classification, DataType, Openness, OrgId, ResourceFormat, RowRule, Sensitivity, SharingClass, SharingMode,
    SourceKind, UpdateCycle,
    profile::{ColumnProfile, Guess, Meaning, TableProfile},
};

use crate::resource::{Attribute, Category, Content, Evidence, Format, Item, Mount, Opening, Secrecy, Sharing, Why};

/// Share of the values, in percent, from which on a guess counts as certain. A weaker one is taken too, by caution: its
/// evidence says so, with its numbers.
pub const FIT_PERCENT: u64 = 90;
/// Longest value of a column that is guessed to be the key, in characters.
const KEY_LENGTH_MAX: u32 = 64;

/// What the draft cannot see in the table.
#[derive(Debug, Clone, PartialEq)]
pub struct DraftContext {
    /// Who provides.
    pub provider: OrgId,
    /// Its full name.
    pub provider_name: String,
    /// Its 统一社会信用代码.
    pub provider_code: String,
    /// The category to start with.
    pub category: Category,
    /// The source.
    pub mount: Mount,
    /// Its kind; gives the format.
    pub kind: SourceKind,
}

/// A filled draft.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Draft {
    /// The entry, not yet declared to be no secret.
    pub content: Content,
    /// Rows that were read for it.
    pub rows_read: u64,
    /// Was that the whole table?
    pub complete: bool,
}

/// Drafts an entry from a table's profile. Classes are proposed carefully: a table with personal information starts as
/// 有条件共享, everything else as 无条件共享; nothing is opened; secrecy is not declared.
#[must_use]
pub fn draft_from_profile(profile: &TableProfile, context: DraftContext) -> Draft {
    let mut items: Vec<Item> = Vec::new();
    for column in &profile.columns {
        let mut item = item(column, profile.complete);
        item.name = free_name(&item.name, &items);
        items.push(item);
    }
    key(&mut items, profile);
    let personal = items.iter().any(|it| it.sensitivity != Sensitivity::None);
    let class = if personal {
        Sharing::conditional("")
    } else {
        Sharing::unconditional()
    };
    for item in &mut items {
        item.sharing = class.clone();
    }
    let comment = profile
        .table
        .comment
        .as_deref()
        .map(str::trim)
        .filter(|it| !it.is_empty());
    let table_name = bare(context.kind, &profile.table.name);
    let (group, format) = format(context.kind);
    let content = Content {
        category: context.category,
        name: comment
            .unwrap_or(table_name)
            .chars()
            .take(crate::check::NAME_MAX)
            .collect(),
        name_en: if table_name.is_ascii() {
            table_name.replace('_', " ")
        } else {
            String::new()
        },
        national_code: None,
        local_code: None,
        provider: context.provider,
        provider_name: context.provider_name,
        provider_code: context.provider_code,
        summary: String::new(),
        summary_en: String::new(),
        format: Format {
            group,
            name: format.to_owned(),
        },
        items,
        sharing: class,
        modes: vec![SharingMode::Interface, SharingMode::Batch, SharingMode::File],
        opening: Opening {
            openness: Openness::Closed,
            condition: String::new(),
        },
        update_cycle: UpdateCycle::Irregular,
        related: Vec::new(),
        keywords: Vec::new(),
        theme: None,
        mount: Some(context.mount),
        classification: Classification::General,
        secrecy: Secrecy::Undeclared,
        row_scope: RowRule::All,
        no_key_reason: String::new(),
        change_note: String::new(),
        left_out: Vec::new(),
    };
    Draft {
        content,
        rows_read: profile.rows_read,
        complete: profile.complete,
    }
}

const fn must_be_text(meaning: Meaning) -> bool {
    !matches!(meaning, Meaning::Date | Meaning::Grade | Meaning::Sealed)
}

/// A table's name without the schema before it, a file's without the extension behind it.
fn bare(kind: SourceKind, name: &str) -> &str {
    let cut = match kind {
        SourceKind::Postgres | SourceKind::Mysql | SourceKind::Sqlite => name.rsplit_once('.').map(|(_, it)| it),
        SourceKind::Csv | SourceKind::JsonLines | SourceKind::Parquet => name.rsplit_once('.').map(|(it, _)| it),
        SourceKind::Xlsx => None,
    };
    cut.filter(|it| !it.is_empty()).unwrap_or(name)
}

/// The first level and the concrete format of a kind of source.
const fn format(kind: SourceKind) -> (ResourceFormat, &'static str) {
    match kind {
        SourceKind::Postgres => (ResourceFormat::Database, "postgresql"),
        SourceKind::Mysql => (ResourceFormat::Database, "mysql"),
        SourceKind::Sqlite => (ResourceFormat::Database, "sqlite"),
        SourceKind::Csv => (ResourceFormat::Spreadsheet, "csv"),
        SourceKind::Xlsx => (ResourceFormat::Spreadsheet, "xlsx"),
        SourceKind::JsonLines => (ResourceFormat::SelfDescribing, "jsonl"),
        SourceKind::Parquet => (ResourceFormat::SelfDescribing, "parquet"),
    }
}

fn free_name(wanted: &str, taken: &[Item]) -> String {
    let is_taken = |name: &str| taken.iter().any(|it| it.name.to_lowercase() == name.to_lowercase());
    let mut name = wanted.to_owned();
    let mut number = 2u32;
    while is_taken(&name) {
        name = format!("{wanted}_{number}");
        number += 1;
    }
    name
}

fn item(profile: &ColumnProfile, complete: bool) -> Item {
    let column = &profile.column;
    let mut item = Item::new(column.name.trim(), column.data_type);
    item.column.clone_from(&column.name);
    if let Some(comment) = column.comment.as_deref().map(str::trim).filter(|it| !it.is_empty()) {
        guess(
            &mut item,
            Attribute::Title,
            Why::SourceComment,
            comment,
            (0, 0),
            &comment,
        );
    }
    meaning(&mut item, profile);
    if let (DataType::Text, Some((_, longest))) = (item.data_type, profile.lengths) {
        let whole = (profile.rows.saturating_sub(profile.nulls), profile.rows);
        guess(
            &mut item,
            Attribute::Length,
            Why::LongestValue,
            &column.source_type,
            whole,
            &Some(longest),
        );
    }
    if column.key {
        guess(
            &mut item,
            Attribute::Key,
            Why::SourceDeclares,
            "primary key",
            (0, 0),
            &true,
        );
    }
    if !column.nullable || column.key {
        guess(
            &mut item,
            Attribute::Nullable,
            Why::SourceDeclares,
            "not null",
            (0, 0),
            &false,
        );
    } else if complete && profile.nulls == 0 && profile.rows > 0 {
        guess(
            &mut item,
            Attribute::Nullable,
            Why::NoNullSeen,
            "",
            (profile.rows, profile.rows),
            &false,
        );
    }
    item
}

fn meaning(item: &mut Item, profile: &ColumnProfile) {
    let suiting = |it: &&Guess| suits(it.meaning, item.data_type);
    let certain = profile.guesses.iter().filter(suiting).find(|it| fits(it));
    if let Some(best) = certain.or_else(|| profile.guesses.iter().find(suiting)) {
        let numbers = (best.fitting, best.looked_at);
        let why = if certain.is_some() {
            Why::ValuesFit
        } else {
            Why::SomeValuesFit
        };
        guess(
            item,
            Attribute::Meaning,
            why,
            &best.evidence,
            numbers,
            &Some(best.meaning),
        );
        let (sensitivity, mask) = (best.meaning.sensitivity(), best.meaning.default_mask());
        if sensitivity != Sensitivity::None {
            guess(
                item,
                Attribute::Sensitivity,
                Why::FollowsMeaning,
                best.meaning.code(),
                numbers,
                &sensitivity,
            );
        }
        if !mask.is_clear() {
            guess(
                item,
                Attribute::Mask,
                Why::FollowsMeaning,
                best.meaning.code(),
                numbers,
                &mask,
            );
        }
        if must_be_text(best.meaning) && item.data_type != DataType::Text {
            guess(
                item,
                Attribute::DataType,
                Why::CodeNotNumber,
                &best.evidence,
                numbers,
                &DataType::Text,
            );
        }
    } else if profile.leading_zeros > 0 && item.data_type.is_number() {
        text_for_zeros(item, profile);
    }
}

/// Numbers with leading zeros are codes, whatever they mean.
fn text_for_zeros(item: &mut Item, profile: &ColumnProfile) {
    let numbers = (profile.leading_zeros, profile.rows.saturating_sub(profile.nulls));
    guess(
        item,
        Attribute::DataType,
        Why::CodeNotNumber,
        "leading zeros",
        numbers,
        &DataType::Text,
    );
}

/// Guesses a key where the source declares none: a column whose values are all there and all different, counted exactly
/// over the whole table. Codes come first; names, addresses, phones and the like are none.
fn key(items: &mut [Item], profile: &TableProfile) {
    let rows = profile.rows_read;
    if items.iter().any(|it| it.key) || !profile.complete || rows < 2 {
        return;
    }
    let may_be = |item: &Item, column: &ColumnProfile| {
        let kind = matches!(
            item.data_type,
            DataType::Text | DataType::Integer | DataType::Decimal { scale: 0, .. }
        );
        let told_apart = column.distinct_exact && column.distinct == rows && column.nulls == 0 && column.empties == 0;
        let short = column.lengths.is_some_and(|(_, longest)| longest <= KEY_LENGTH_MAX);
        kind && told_apart && short && item.meaning.is_none_or(names_a_thing)
    };
    let found: Vec<usize> = items
        .iter()
        .zip(&profile.columns)
        .enumerate()
        .filter(|(_, (item, column))| may_be(item, column))
        .map(|(at, _)| at)
        .collect();
    let coded = found
        .iter()
        .find(|at| items.get(**at).is_some_and(|it| it.meaning.is_some()));
    if let Some(item) = coded.or(found.first()).and_then(|at| items.get_mut(*at)) {
        guess(item, Attribute::Key, Why::AllDistinct, "", (rows, rows), &true);
    }
}

/// Does a value of this meaning name one thing and no other?
const fn names_a_thing(meaning: Meaning) -> bool {
    matches!(
        meaning,
        Meaning::CitizenId | Meaning::CreditCode | Meaning::OrganisationCode | Meaning::DivisionCode | Meaning::Code
    )
}

/// A mark of a row is one only in the type that standing row rules compare.
const fn suits(meaning: Meaning, data_type: DataType) -> bool {
    match meaning {
        Meaning::Grade => matches!(data_type, DataType::Integer),
        Meaning::Sealed => matches!(data_type, DataType::Boolean),
        _ => true,
    }
}

fn fits(guess: &Guess) -> bool {
    guess.looked_at > 0 && guess.fitting.saturating_mul(100) >= guess.looked_at.saturating_mul(FIT_PERCENT)
}

fn guess(
    item: &mut Item,
    what: Attribute,
    why: Why,
    from: &str,
    (fitting, looked_at): (u64, u64),
    after: &impl Serialize,
) {
    let before = item.attribute(what);
    let after = serde_json::to_value(after).unwrap_or_default();
    if before == after || item.set_attribute(what, after.clone()).is_none() {
        return;
    }
    item.evidence.push(Evidence {
        what,
        why,
        from: from.to_owned(),
        fitting,
        looked_at,
        before,
        after,
    });
}

impl Content {
    /// Are all the items at least as strict as the class of the whole? Tightens those that are not.
    pub fn tighten_items(&mut self) {
        for item in &mut self.items {
            if item.sharing.class < self.sharing.class {
                item.sharing = self.sharing.clone();
            }
            if item.openness > self.opening.openness {
                item.openness = self.opening.openness;
            }
        }
        if let Some(highest) = self.items.iter().map(|it| it.classification).max() {
            self.classification = self.classification.max(highest);
        }
    }

    /// Is every row withheld?
    #[must_use]
    pub fn is_withheld(&self) -> bool {
        self.sharing.class == SharingClass::Withheld
    }
}

mod undo;

#[cfg(test)]
mod tests;
