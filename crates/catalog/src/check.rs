//! What is wrong with an entry: everything at once, each with its place.
//!
//! Rules: 政务信息资源目录编制指南(试行) 2017 for the fields; Order 809 Art. 3 (no secrets), Art. 13 (what an entry
//! states), Art. 14-15 (classes, conditions, legal basis).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use vocab::{DataType, Openness, Sensitivity, SharingClass, codes::CreditCode, profile::Meaning};

use crate::resource::{Content, Item, Secrecy, Sharing};

/// Longest name, in characters.
pub const NAME_MAX: usize = 128;
/// Longest summary, in characters.
pub const SUMMARY_MAX: usize = 1000;

macro_rules! problems {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $blocks:literal;)+) => {
        /// What can be wrong with an entry. The message for people has the key `finding-<code>`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Problem { $($(#[$doc])* #[serde(rename = $code)] $name,)+ }

        impl Problem {
            /// Every problem.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The stable machine code.
            #[must_use]
            pub const fn code(self) -> &'static str { match self { $(Self::$name => $code,)+ } }

            /// Does it keep the entry from being submitted?
            #[must_use]
            pub const fn blocks(self) -> bool { match self { $(Self::$name => $blocks,)+ } }
        }
    };
}

problems! {
    /// Not declared to be no state or work secret (Order 809 Art. 3).
    SecrecyUndeclared = "secrecy-undeclared", true;
    /// Empty name.
    NameMissing = "name-missing", true;
    /// Name longer than 128 characters.
    NameTooLong = "name-too-long", true;
    /// Empty summary.
    SummaryMissing = "summary-missing", true;
    /// Summary longer than 1000 characters.
    SummaryTooLong = "summary-too-long", true;
    /// Note of what was changed longer than 1000 characters.
    NoteTooLong = "note-too-long", true;
    /// Empty provider name.
    ProviderMissing = "provider-missing", true;
    /// The provider code is no valid 统一社会信用代码.
    ProviderCodeInvalid = "provider-code-invalid", true;
    /// The concrete format is not named.
    FormatMissing = "format-missing", true;
    /// 有条件共享 without its condition.
    ConditionMissing = "condition-missing", true;
    /// 不予共享 without the law that forbids.
    LegalBasisMissing = "legal-basis-missing", true;
    /// Shared, but no mode of sharing.
    ModeMissing = "mode-missing", true;
    /// Opened under conditions without the condition.
    OpeningConditionMissing = "opening-condition-missing", true;
    /// No item at all.
    ItemsMissing = "items-missing", true;
    /// An item without name.
    ItemNameMissing = "item-name-missing", true;
    /// Two items of the same name (letters' case aside).
    ItemNameTwice = "item-name-twice", true;
    /// An item without a column while the resource is mounted.
    ItemColumnMissing = "item-column-missing", true;
    /// An item is shared more freely than the resource.
    ItemLooserThanResource = "item-looser-than-resource", true;
    /// An item is opened more widely than the resource.
    ItemMoreOpenThanResource = "item-more-open-than-resource", true;
    /// An item is graded higher than the resource.
    ItemGradedHigher = "item-graded-higher", true;
    /// An item type is impossible: a decimal of more than 38 digits, or of more places than digits.
    ItemTypeInvalid = "item-type-invalid", true;
    /// What standing row rules look at is of another type: a grade is an integer, a sealed mark true or false.
    RowMarkType = "row-mark-type", true;
    /// Two items are the same mark of a row.
    RowMarkTwice = "row-mark-twice", true;
    /// Sensitive personal information is opened to the public unmasked.
    SensitiveItemOpen = "sensitive-item-open", true;
    /// No item is a key and no reason is given.
    KeyMissing = "key-missing", true;
    /// A key item may be NULL.
    KeyNullable = "key-nullable", true;
    /// Every item is withheld while the resource is shared.
    NothingShared = "nothing-shared", true;
    /// A related code is its own.
    RelatedToItself = "related-to-itself", true;
    /// Sensitive personal information without a default mask (advice).
    SensitiveItemClear = "sensitive-item-clear", false;
    /// Not mounted: nobody can use it through the platform (advice).
    NotMounted = "not-mounted", false;
    /// An item without a title (advice).
    ItemTitleMissing = "item-title-missing", false;
    /// No keyword (advice).
    KeywordsMissing = "keywords-missing", false;
    /// No English name (advice).
    EnglishNameMissing = "english-name-missing", false;
}

/// One finding: what, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The field: `summary`, `items[3].sharing.legal_basis` (items counted from 0).
    pub path: String,
    /// What is wrong there.
    pub problem: Problem,
    /// Values for the message: `item`, `max`, `found`.
    pub args: BTreeMap<String, String>,
}

impl Finding {
    /// The key of its message.
    #[must_use]
    pub fn message_key(&self) -> String {
        format!("finding-{}", self.problem.code())
    }
}

/// Does this finding keep the entry from being submitted?
#[must_use]
pub const fn blocks(finding: &Finding) -> bool {
    finding.problem.blocks()
}

/// Everything that is wrong with an entry, in the order of its fields.
#[must_use]
pub fn check(content: &Content) -> Vec<Finding> {
    let mut found = Findings(Vec::new());
    whole(content, &mut found);
    sharing(&content.sharing, "sharing", None, &mut found);
    let shared = content.sharing.class != SharingClass::Withheld;
    if shared && content.modes.is_empty() {
        found.add("modes", Problem::ModeMissing, &[]);
    }
    if content.opening.openness == Openness::Conditional && blank(&content.opening.condition) {
        found.add("opening.condition", Problem::OpeningConditionMissing, &[]);
    }
    items(content, &mut found);
    found.0
}

struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, path: impl Into<String>, problem: Problem, args: &[(&str, String)]) {
        let args = args
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect();
        self.0.push(Finding {
            path: path.into(),
            problem,
            args,
        });
    }
}

fn blank(text: &str) -> bool {
    text.trim().is_empty()
}

fn length(text: &str, path: &str, max: usize, missing: Problem, too_long: Problem, found: &mut Findings) {
    let count = text.chars().count();
    if blank(text) {
        found.add(path, missing, &[]);
    } else if count > max {
        found.add(
            path,
            too_long,
            &[("max", max.to_string()), ("found", count.to_string())],
        );
    }
}

fn whole(content: &Content, found: &mut Findings) {
    length(
        &content.name,
        "name",
        NAME_MAX,
        Problem::NameMissing,
        Problem::NameTooLong,
        found,
    );
    length(
        &content.summary,
        "summary",
        SUMMARY_MAX,
        Problem::SummaryMissing,
        Problem::SummaryTooLong,
        found,
    );
    let note = content.change_note.chars().count();
    if note > SUMMARY_MAX {
        found.add(
            "change_note",
            Problem::NoteTooLong,
            &[("max", SUMMARY_MAX.to_string()), ("found", note.to_string())],
        );
    }
    if blank(&content.name_en) {
        found.add("name_en", Problem::EnglishNameMissing, &[]);
    }
    if content.secrecy == Secrecy::Undeclared {
        found.add("secrecy", Problem::SecrecyUndeclared, &[]);
    }
    if blank(&content.provider_name) {
        found.add("provider_name", Problem::ProviderMissing, &[]);
    }
    if content.provider_code.parse::<CreditCode>().is_err() {
        found.add(
            "provider_code",
            Problem::ProviderCodeInvalid,
            &[("found", content.provider_code.chars().take(40).collect())],
        );
    }
    if blank(&content.format.name) {
        found.add("format.name", Problem::FormatMissing, &[]);
    }
    if content.keywords.iter().all(|it| blank(it)) {
        found.add("keywords", Problem::KeywordsMissing, &[]);
    }
    if content.mount.is_none() {
        found.add("mount", Problem::NotMounted, &[]);
    }
    if let Some(own) = &content.national_code
        && let Some(at) = content.related.iter().position(|it| it == own)
    {
        found.add(format!("related[{at}]"), Problem::RelatedToItself, &[]);
    }
}

fn sharing(it: &Sharing, path: &str, item: Option<&Item>, found: &mut Findings) {
    let args: Vec<(&str, String)> = item.map(|it| ("item", it.name.clone())).into_iter().collect();
    match it.class {
        SharingClass::Conditional if blank(&it.condition) => {
            found.add(format!("{path}.condition"), Problem::ConditionMissing, &args);
        }
        SharingClass::Withheld if blank(&it.legal_basis) => {
            found.add(format!("{path}.legal_basis"), Problem::LegalBasisMissing, &args);
        }
        SharingClass::Unconditional | SharingClass::Conditional | SharingClass::Withheld => {}
    }
}

fn items(content: &Content, found: &mut Findings) {
    if content.items.is_empty() {
        found.add("items", Problem::ItemsMissing, &[]);
        return;
    }
    let mut names: BTreeMap<String, usize> = BTreeMap::new();
    for (at, item) in content.items.iter().enumerate() {
        one_item(content, at, item, found);
        let name = item.name.trim().to_lowercase();
        if !name.is_empty()
            && let Some(first) = names.insert(name, at)
        {
            found.add(
                format!("items[{at}].name"),
                Problem::ItemNameTwice,
                &[("item", item.name.clone()), ("found", first.to_string())],
            );
        }
    }
    row_marks(content, found);
    if content.key().next().is_none() && blank(&content.no_key_reason) {
        found.add("items", Problem::KeyMissing, &[]);
    }
    if content.sharing.class != SharingClass::Withheld
        && content
            .items
            .iter()
            .all(|it| it.sharing.class == SharingClass::Withheld)
    {
        found.add("items", Problem::NothingShared, &[]);
    }
}

/// The items that standing row rules look at (grade, sealed) are what the rules take them for, and one of each.
fn row_marks(content: &Content, found: &mut Findings) {
    for (meaning, data_type) in [
        (Meaning::Grade, DataType::Integer),
        (Meaning::Sealed, DataType::Boolean),
    ] {
        let marks = content.items.iter().enumerate();
        let marks = marks.filter(|(_, it)| it.meaning == Some(meaning));
        for (number, (at, item)) in marks.enumerate() {
            let args = [
                ("item", item.name.clone()),
                ("found", item.data_type.to_string()),
                ("wanted", data_type.to_string()),
            ];
            if item.data_type != data_type {
                found.add(format!("items[{at}].data_type"), Problem::RowMarkType, &args);
            }
            if number > 0 {
                found.add(format!("items[{at}].meaning"), Problem::RowMarkTwice, &args);
            }
        }
    }
}

fn one_item(content: &Content, at: usize, item: &Item, found: &mut Findings) {
    let path = |field: &str| format!("items[{at}].{field}");
    let args = [("item", item.name.clone())];
    if blank(&item.name) {
        found.add(path("name"), Problem::ItemNameMissing, &[]);
    } else if item.name.chars().count() > NAME_MAX {
        found.add(
            path("name"),
            Problem::NameTooLong,
            &[("item", item.name.clone()), ("max", NAME_MAX.to_string())],
        );
    }
    if blank(&item.title) {
        found.add(path("title"), Problem::ItemTitleMissing, &args);
    }
    if content.mount.is_some() && item.column.is_empty() {
        found.add(path("column"), Problem::ItemColumnMissing, &args);
    }
    if let vocab::DataType::Decimal { precision, scale } = item.data_type
        && (precision == 0 || precision > 38 || scale > precision)
    {
        found.add(
            path("data_type"),
            Problem::ItemTypeInvalid,
            &[("item", item.name.clone()), ("found", item.data_type.to_string())],
        );
    }
    // an item of the resource's own class stands under the resource's condition and basis
    if item.sharing.class != content.sharing.class {
        sharing(&item.sharing, &path("sharing"), Some(item), found);
    }
    if item.sharing.class < content.sharing.class {
        found.add(path("sharing.class"), Problem::ItemLooserThanResource, &args);
    }
    if item.openness > content.opening.openness {
        found.add(path("openness"), Problem::ItemMoreOpenThanResource, &args);
    }
    if item.classification > content.classification {
        found.add(path("classification"), Problem::ItemGradedHigher, &args);
    }
    if item.key && item.nullable {
        found.add(path("nullable"), Problem::KeyNullable, &args);
    }
    if item.sensitivity == Sensitivity::Sensitive && item.mask.is_clear() {
        let open = item.openness != Openness::Closed;
        let problem = if open {
            Problem::SensitiveItemOpen
        } else {
            Problem::SensitiveItemClear
        };
        found.add(path("mask"), problem, &args);
    }
}

#[cfg(test)]
mod tests;
