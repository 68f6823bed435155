//! Resources (信息资源) with the thirteen fields of the national catalogue, and their items (信息项).
//!
//! Fields: 政务信息资源目录编制指南(试行) 2017, core metadata 1 to 13; per-item attributes as practised by provinces.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
pub use vocab::codes::{Category, CategoryClass, CategoryError};
use vocab::{
    ActorId, Classification, DataType, Mask, Openness, OrgId, ResourceFormat, ResourceId, RowRule, Sensitivity,
    SharingClass, SharingMode, SourceId, Timestamp, UpdateCycle, profile::Meaning,
};

use crate::{
    Error,
    check::{blocks, check},
    life::State,
};

/// A resource: the entry that is being written or in force, and where it stands in its life.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Resource {
    /// Identifier.
    pub id: ResourceId,
    /// Optimistic concurrency: the revision that was read; a write makes the next.
    pub revision: u64,
    /// Where it stands.
    pub state: State,
    /// The newest published version, if there ever was one.
    pub published_version: Option<u32>,
    /// 13 fields: 12 发布日期, as an instant: when the newest version was published.
    pub published_at: Option<Timestamp>,
    /// Drafted by.
    pub created_by: ActorId,
    /// Drafted at.
    pub created_at: Timestamp,
    /// Last changed at.
    pub updated_at: Timestamp,
    /// Submitted by, last; whoever submits does not review.
    pub submitted_by: Option<ActorId>,
    /// Why it was sent back last; gone after the next submission.
    pub sent_back: Option<SentBack>,
    /// The entry itself.
    pub content: Content,
}

/// Why a submitted resource was sent back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentBack {
    /// By whom.
    pub by: ActorId,
    /// When.
    pub at: Timestamp,
    /// Everything that must change, in words.
    pub reasons: Vec<String>,
}

/// The entry: what is written, reviewed, published and compared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Content {
    /// 1 信息资源分类.
    pub category: Category,
    /// 2 信息资源名称, at most 128 characters.
    pub name: String,
    /// English name; may be empty.
    pub name_en: String,
    /// 3 信息资源代码 of the nation, given at the first publication; see [`crate::code`].
    pub national_code: Option<String>,
    /// The region's own code beside it.
    pub local_code: Option<String>,
    /// 4 信息资源提供方.
    pub provider: OrgId,
    /// 4 its full name as of this entry, down to the responsible unit.
    pub provider_name: String,
    /// 5 信息资源提供方代码: 统一社会信用代码 (GB 32100).
    pub provider_code: String,
    /// 6 信息资源摘要, at most 1000 characters.
    pub summary: String,
    /// English summary; may be empty.
    pub summary_en: String,
    /// 7 信息资源格式, two levels.
    pub format: Format,
    /// 8 信息项信息.
    pub items: Vec<Item>,
    /// 9 共享类型, 共享条件, and the legal basis of a refusal.
    pub sharing: Sharing,
    /// 9 共享方式.
    pub modes: Vec<SharingMode>,
    /// 10 是否向社会开放, 开放条件.
    pub opening: Opening,
    /// 11 更新周期.
    pub update_cycle: UpdateCycle,
    /// 13 关联资源代码.
    pub related: Vec<String>,
    /// Words to find it by.
    pub keywords: Vec<String>,
    /// Theme (公共服务, 社会保障 …); a free list of the region.
    pub theme: Option<String>,
    /// Where its rows are.
    pub mount: Option<Mount>,
    /// 数据分级 of the whole, at least that of every item.
    pub classification: Classification,
    /// The declaration that it is no secret.
    pub secrecy: Secrecy,
    /// Rows a consumer gets when nothing else is agreed.
    pub row_scope: RowRule,
    /// Why it has no key, when no item is one.
    pub no_key_reason: String,
    /// What was changed and why, for the list of versions; may be empty.
    #[serde(default)]
    pub change_note: String,
    /// Columns of the mounted table that the entry leaves out, as they were drafted: known to the department alone, so that they can
    /// come back.
    #[serde(default)]
    pub left_out: Vec<Item>,
}

/// 9 共享类型 with what the law wants beside it (Order 809 Art. 14-15). Also of a single item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sharing {
    /// The class.
    pub class: SharingClass,
    /// Scope, purpose and other conditions; for 有条件共享.
    pub condition: String,
    /// The law, administrative regulation or State Council decision that forbids; for 不予共享.
    pub legal_basis: String,
}

impl Sharing {
    /// 无条件共享.
    #[must_use]
    pub const fn unconditional() -> Self {
        Self {
            class: SharingClass::Unconditional,
            condition: String::new(),
            legal_basis: String::new(),
        }
    }

    /// 有条件共享 under a condition.
    #[must_use]
    pub fn conditional(condition: impl Into<String>) -> Self {
        Self {
            class: SharingClass::Conditional,
            condition: condition.into(),
            legal_basis: String::new(),
        }
    }

    /// 不予共享 on a legal basis.
    #[must_use]
    pub fn withheld(legal_basis: impl Into<String>) -> Self {
        Self {
            class: SharingClass::Withheld,
            condition: String::new(),
            legal_basis: legal_basis.into(),
        }
    }
}

/// 10 是否向社会开放.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// To whom.
    pub openness: Openness,
    /// 开放条件; for an opening under conditions.
    pub condition: String,
}

/// 7 信息资源格式: the group, and the concrete format in it (`mysql`, `xlsx`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Format {
    /// First level.
    pub group: ResourceFormat,
    /// Second level.
    pub name: String,
}

/// 挂接: the table of a source that holds the rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mount {
    /// The source.
    pub source: SourceId,
    /// Table, sheet or file in it, as the source names it.
    pub table: String,
}

/// Is the data free of state secrets and work secrets (Order 809 Art. 3)?
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "secrecy", rename_all = "kebab-case")]
pub enum Secrecy {
    /// Nobody has declared it: the resource cannot be submitted.
    Undeclared,
    /// Declared to be no state secret and no work secret.
    NotSecret {
        /// By whom.
        declared_by: ActorId,
        /// When.
        at: Timestamp,
    },
}

/// 信息项: one column that can be shared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// The name consumers use in queries; unique in the resource; Chinese is allowed.
    pub name: String,
    /// What people read.
    pub title: String,
    /// The same in English; may be empty.
    pub title_en: String,
    /// The column in the source.
    pub column: String,
    /// The type. Codes are text.
    pub data_type: DataType,
    /// Longest value in characters, where it is known.
    pub length: Option<u32>,
    /// Sharing class; never looser than the resource's.
    pub sharing: Sharing,
    /// Is it opened to the public?
    pub openness: Openness,
    /// Is it personal information?
    pub sensitivity: Sensitivity,
    /// 数据分级.
    pub classification: Classification,
    /// The mask it leaves under unless a decision says otherwise.
    pub mask: Mask,
    /// Is it part of the key?
    pub key: bool,
    /// May it be NULL?
    pub nullable: bool,
    /// In words; may be empty.
    pub description: String,
    /// What its values mean.
    pub meaning: Option<Meaning>,
    /// The guesses that made it what it is, each of which can be undone.
    pub evidence: Vec<Evidence>,
}

impl Item {
    /// The column, or the name of an item that has none.
    fn place(&self) -> &str {
        if self.column.is_empty() {
            &self.name
        } else {
            &self.column
        }
    }

    /// A plain item: its column's name, no mask, nothing personal, unconditional.
    #[must_use]
    pub fn new(name: impl Into<String>, data_type: DataType) -> Self {
        let name = name.into();
        Self {
            title: name.clone(),
            title_en: String::new(),
            column: name.clone(),
            name,
            data_type,
            length: None,
            sharing: Sharing::unconditional(),
            openness: Openness::Closed,
            sensitivity: Sensitivity::None,
            classification: Classification::General,
            mask: Mask::Clear,
            key: false,
            nullable: true,
            description: String::new(),
            meaning: None,
            evidence: Vec::new(),
        }
    }
}

/// An attribute of an item that a draft guesses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Attribute {
    /// [`Item::name`].
    Name,
    /// [`Item::title`].
    Title,
    /// [`Item::data_type`].
    DataType,
    /// [`Item::length`].
    Length,
    /// [`Item::meaning`].
    Meaning,
    /// [`Item::sensitivity`].
    Sensitivity,
    /// [`Item::mask`].
    Mask,
    /// [`Item::sharing`].
    Sharing,
    /// [`Item::key`].
    Key,
    /// [`Item::nullable`].
    Nullable,
}

impl Attribute {
    /// Every attribute that a draft guesses.
    pub const ALL: &'static [Self] = &[
        Self::Name,
        Self::Title,
        Self::DataType,
        Self::Length,
        Self::Meaning,
        Self::Sensitivity,
        Self::Mask,
        Self::Sharing,
        Self::Key,
        Self::Nullable,
    ];

    /// The machine code, part of the message key.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Title => "title",
            Self::DataType => "data-type",
            Self::Length => "length",
            Self::Meaning => "meaning",
            Self::Sensitivity => "sensitivity",
            Self::Mask => "mask",
            Self::Sharing => "sharing",
            Self::Key => "key",
            Self::Nullable => "nullable",
        }
    }
}

/// Why an attribute was guessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// The values have the form, and where it has one the check digit, of a known code.
    ValuesFit,
    /// A part of the values has the form of a known code: taken by caution, to be looked at.
    SomeValuesFit,
    /// Numbers in the source, but values with leading zeros or of a code: kept as text.
    CodeNotNumber,
    /// The source has a comment.
    SourceComment,
    /// The source declares it (primary key, NOT NULL).
    SourceDeclares,
    /// No NULL among all the rows read.
    NoNullSeen,
    /// Every value read is different and none is missing.
    AllDistinct,
    /// The longest value read.
    LongestValue,
    /// Follows from what the values mean.
    FollowsMeaning,
}

impl Why {
    /// The machine code: message `evidence-<code>`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::ValuesFit => "values-fit",
            Self::SomeValuesFit => "some-values-fit",
            Self::CodeNotNumber => "code-not-number",
            Self::SourceComment => "source-comment",
            Self::SourceDeclares => "source-declares",
            Self::NoNullSeen => "no-null-seen",
            Self::AllDistinct => "all-distinct",
            Self::LongestValue => "longest-value",
            Self::FollowsMeaning => "follows-meaning",
        }
    }
}

/// One guess: which attribute, why, from what, and the value before and after. Undone with
/// [`Content::undo`](crate::Content::undo).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// Which attribute.
    pub what: Attribute,
    /// Why.
    pub why: Why,
    /// From what: the test and its numbers as the profile tells them (`GB 11643 check digit`), or the source's comment.
    pub from: String,
    /// Values that fit.
    pub fitting: u64,
    /// Values looked at.
    pub looked_at: u64,
    /// The value before the guess.
    pub before: serde_json::Value,
    /// The value it was given.
    pub after: serde_json::Value,
}

impl Content {
    /// An item by its name.
    #[must_use]
    pub fn item(&self, name: &str) -> Option<&Item> {
        self.items.iter().find(|it| it.name == name)
    }

    /// The names of the key's items, in order.
    pub fn key(&self) -> impl Iterator<Item = &str> {
        self.items.iter().filter(|it| it.key).map(|it| it.name.as_str())
    }

    /// Takes the evidence of every item from `known`, by column and else by name: evidence is what was found in the
    /// source, not what somebody writes.
    pub fn keep_evidence(&mut self, known: Option<&Self>) {
        let all = || known.into_iter().flat_map(|it| it.items.iter().chain(&it.left_out));
        for item in self.items.iter_mut().chain(&mut self.left_out) {
            let found = all()
                .find(|it| !it.column.is_empty() && it.column == item.column)
                .or_else(|| all().find(|it| it.name == item.name));
            item.evidence = found.map(|it| it.evidence.clone()).unwrap_or_default();
        }
    }

    /// Is it an entry of the same data as `other`: the same table and the same columns of it?
    #[must_use]
    pub fn is_same_data(&self, other: &Self) -> bool {
        fn columns(it: &Content) -> BTreeSet<&str> {
            it.items.iter().map(Item::place).collect()
        }
        self.mount == other.mount && columns(self) == columns(other)
    }

    /// Trims what people type; an empty code or theme is none.
    fn tidy(&mut self) {
        fn filled(text: Option<String>) -> Option<String> {
            text.map(|it| it.trim().to_owned()).filter(|it| !it.is_empty())
        }
        fn all(texts: &mut Vec<String>) {
            texts.iter_mut().for_each(|it| *it = it.trim().to_owned());
            texts.retain(|it| !it.is_empty());
        }
        self.local_code = filled(self.local_code.take());
        self.theme = filled(self.theme.take());
        all(&mut self.keywords);
        all(&mut self.related);
    }
}

impl Resource {
    /// A new draft.
    #[must_use]
    pub fn draft(mut content: Content, by: ActorId, now: Timestamp) -> Self {
        content.tidy();
        Self {
            id: ResourceId::new(),
            revision: 1,
            state: State::Draft,
            published_version: None,
            published_at: None,
            created_by: by,
            created_at: now,
            updated_at: now,
            submitted_by: None,
            sent_back: None,
            content,
        }
    }

    /// Replaces the entry. A published resource becomes `Changed`: its published version stays in force, and the note
    /// of what was changed begins anew. The national code and the provider stay as they are. With other columns or
    /// another mount it is other data: nobody has declared yet that this is no secret.
    ///
    /// # Errors
    /// [`Error::Unfit`] while it is under review or withdrawn; [`Error::CategoryFixed`].
    pub fn edit(&mut self, content: Content, now: Timestamp) -> Result<(), Error> {
        let state = if self.state.is_editable() {
            self.state
        } else {
            self.state.to(State::Changed)?
        };
        if self.content.national_code.is_some() && content.category != self.content.category {
            return Err(Error::CategoryFixed);
        }
        let old = std::mem::replace(&mut self.content, content);
        let new = &mut self.content;
        if self.state == State::Published && new.change_note == old.change_note {
            new.change_note.clear();
        }
        if !new.is_same_data(&old) {
            new.secrecy = Secrecy::Undeclared;
        }
        new.national_code = old.national_code;
        new.provider = old.provider;
        new.provider_name = old.provider_name;
        new.provider_code = old.provider_code;
        new.tidy();
        self.state = state;
        self.updated_at = now;
        Ok(())
    }

    /// Submits it for review.
    ///
    /// # Errors
    /// [`Error::Findings`] with everything that blocks; [`Error::Unfit`].
    pub fn submit(&mut self, by: ActorId, now: Timestamp) -> Result<(), Error> {
        let next = if self.state == State::Changed {
            State::ChangeInReview
        } else {
            State::InReview
        };
        let state = self.state.to(next)?;
        let blocking: Vec<_> = check(&self.content).into_iter().filter(blocks).collect();
        if !blocking.is_empty() {
            return Err(Error::Findings(blocking));
        }
        self.state = state;
        self.submitted_by = Some(by);
        self.sent_back = None;
        self.updated_at = now;
        Ok(())
    }

    /// Sends it back with reasons.
    ///
    /// # Errors
    /// [`Error::Unfit`] when it is not under review.
    pub fn send_back(&mut self, by: ActorId, reasons: Vec<String>, now: Timestamp) -> Result<(), Error> {
        self.return_to_department(now)?;
        self.sent_back = Some(SentBack { by, at: now, reasons });
        Ok(())
    }

    /// The department takes its submission back.
    ///
    /// # Errors
    /// [`Error::Unfit`] when it is not under review.
    pub fn take_back(&mut self, now: Timestamp) -> Result<(), Error> {
        self.return_to_department(now)
    }

    fn return_to_department(&mut self, now: Timestamp) -> Result<(), Error> {
        let next = if self.state == State::ChangeInReview {
            State::Changed
        } else {
            State::Draft
        };
        if !self.state.is_waiting() {
            return Err(crate::Unfit {
                from: self.state,
                to: next,
            }
            .into());
        }
        self.state = self.state.to(next)?;
        self.updated_at = now;
        Ok(())
    }

    /// Gives up the change beside a published version, whose entry is in force again.
    ///
    /// # Errors
    /// [`Error::Unfit`] when there is no change.
    pub fn discard_change(&mut self, published: Content, now: Timestamp) -> Result<(), Error> {
        if self.state != State::Changed {
            return Err(crate::Unfit {
                from: self.state,
                to: State::Published,
            }
            .into());
        }
        self.state = self.state.to(State::Published)?;
        self.content = published;
        self.sent_back = None;
        self.updated_at = now;
        Ok(())
    }

    /// Takes it out of the catalogue.
    ///
    /// # Errors
    /// [`Error::Unfit`].
    pub fn withdraw(&mut self, now: Timestamp) -> Result<(), Error> {
        self.state = self.state.to(State::Withdrawn)?;
        self.updated_at = now;
        Ok(())
    }

    /// Opens a withdrawn resource to be written anew.
    ///
    /// # Errors
    /// [`Error::Unfit`].
    pub fn reopen(&mut self, now: Timestamp) -> Result<(), Error> {
        if self.state != State::Withdrawn {
            return Err(crate::Unfit {
                from: self.state,
                to: State::Draft,
            }
            .into());
        }
        self.state = self.state.to(State::Draft)?;
        self.updated_at = now;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
