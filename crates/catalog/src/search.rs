//! Finding resources: an index in a folder that can be made again from the database at any time.
//!
//! A document is found by its Chinese words (and pairs of characters, for words that no dictionary knows), by pinyin and
//! initials, in traditional or simplified characters, by English words and beginnings of words, and by its codes. Where a
//! word is found decides the rank: name before items before keywords before summary; then the shorter name, then the
//! newer entry. Facets count what each choice would leave, the choices of the same facet aside.
//!
//! Several processes may share a folder: one writes at a time, all see what was committed. Nothing is held while idle
//! but mapped files; the Chinese dictionary is loaded when it is first needed.

mod collect;
mod highlight;
mod index;
mod query;
mod schema;
mod table;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use vocab::{Openness, OrgId, ResourceFormat, ResourceId, SharingClass, Timestamp, UpdateCycle};

pub use index::Index;

use crate::{Content, Organisation};

/// Why the index failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another process writes to it for too long.
    #[error("another process is writing to the search index")]
    Busy,
    /// The folder could not be used.
    #[error("the folder of the search index could not be used")]
    Io(#[from] std::io::Error),
    /// Anything else the index says.
    #[error("the search index failed")]
    Index(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<tantivy::TantivyError> for Error {
    fn from(error: tantivy::TantivyError) -> Self {
        match error {
            tantivy::TantivyError::LockFailure(..) => Self::Busy,
            other => Self::Index(Box::new(other)),
        }
    }
}

/// What is indexed of a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchDoc {
    /// The resource.
    pub id: ResourceId,
    /// Name.
    pub name: String,
    /// English name.
    pub name_en: String,
    /// Summary.
    pub summary: String,
    /// English summary.
    pub summary_en: String,
    /// Keywords.
    pub keywords: Vec<String>,
    /// Items: name, title, English title and column, as far as they differ.
    pub items: Vec<String>,
    /// National and local code, provider code.
    pub codes: Vec<String>,
    /// Who provides.
    pub provider: OrgId,
    /// Its name.
    pub provider_name: String,
    /// Facet.
    pub sharing: SharingClass,
    /// Facet.
    pub theme: Option<String>,
    /// Facet.
    pub format: ResourceFormat,
    /// Facet.
    pub update_cycle: UpdateCycle,
    /// Facet.
    pub openness: Openness,
    /// When it was published (or last changed): the order of an empty query.
    pub at: Timestamp,
    /// Does everyone see it? Otherwise only its provider and the authority.
    pub visible: bool,
}

impl SearchDoc {
    /// What is indexed of an entry.
    #[must_use]
    pub fn new(id: ResourceId, content: &Content, provider: &Organisation, at: Timestamp, visible: bool) -> Self {
        let mut items = Vec::new();
        for item in &content.items {
            for text in [&item.title, &item.name, &item.title_en, &item.column] {
                if !text.is_empty() && !items.contains(text) {
                    items.push(text.clone());
                }
            }
        }
        let codes = [
            content.national_code.as_ref(),
            content.local_code.as_ref(),
            Some(&content.provider_code),
        ];
        Self {
            id,
            name: content.name.clone(),
            name_en: content.name_en.clone(),
            summary: content.summary.clone(),
            summary_en: content.summary_en.clone(),
            keywords: content.keywords.clone(),
            items,
            codes: codes.into_iter().flatten().cloned().collect(),
            provider: content.provider,
            provider_name: provider.name.clone(),
            sharing: content.sharing.class,
            theme: content.theme.clone(),
            format: content.format.group,
            update_cycle: content.update_cycle,
            openness: content.opening.openness,
            at,
            visible,
        }
    }
}

macro_rules! facets {
    ($($(#[$doc:meta])* $name:ident = $code:literal;)+) => {
        /// By what results are narrowed.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Facet { $($(#[$doc])* #[serde(rename = $code)] $name,)+ }

        impl Facet {
            /// Every facet, in the order of a page.
            pub const ALL: [Self; 6] = [$(Self::$name,)+];

            /// The machine code, also the name of the query parameter.
            #[must_use]
            pub const fn code(self) -> &'static str { match self { $(Self::$name => $code,)+ } }
        }
    };
}

facets! {
    /// Provider; its values are organisation identifiers.
    Provider = "provider";
    /// Sharing class.
    Sharing = "sharing";
    /// Theme.
    Theme = "theme";
    /// Format, first level.
    Format = "format";
    /// Update cycle.
    UpdateCycle = "update-cycle";
    /// Openness.
    Openness = "openness";
}

/// The order of results.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sort {
    /// Best first; newest first for an empty query.
    #[default]
    Relevance,
    /// Newest first.
    Newest,
    /// By the first letters of the name's pinyin.
    Name,
}

/// Who asks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub enum Audience {
    /// Sees what is published.
    #[default]
    Everyone,
    /// Sees its own drafts too.
    Provider(OrgId),
    /// Sees everything.
    Authority,
}

/// A question to the index.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Query {
    /// What was typed; anything is allowed, nothing has a syntax.
    pub text: String,
    /// Chosen values by facet: any of the values, in all of the facets.
    pub facets: BTreeMap<Facet, Vec<String>>,
    /// The order.
    pub sort: Sort,
    /// Results to skip, at most 10,000.
    pub offset: usize,
    /// Results wanted, at most 200.
    pub limit: usize,
    /// Who asks.
    pub audience: Audience,
}

impl Default for Query {
    fn default() -> Self {
        Self {
            text: String::new(),
            facets: BTreeMap::new(),
            sort: Sort::default(),
            offset: 0,
            limit: 20,
            audience: Audience::Everyone,
        }
    }
}

impl Query {
    /// A question by words alone.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            ..Self::default()
        }
    }

    /// The same, narrowed by one more facet value.
    #[must_use]
    pub fn only(mut self, facet: Facet, value: impl Into<String>) -> Self {
        self.facets.entry(facet).or_default().push(value.into());
        self
    }
}

/// The answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Hits {
    /// How many were found in all.
    pub total: u64,
    /// This page of them.
    pub hits: Vec<Hit>,
    /// For each facet its values with counts, most first, then by value.
    pub facets: BTreeMap<Facet, Vec<FacetCount>>,
    /// Nothing had all the words: these have some of them, or words spelled nearly so.
    pub relaxed: bool,
}

/// One value of a facet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FacetCount {
    /// The value.
    pub value: String,
    /// Resources with it.
    pub count: u64,
}

/// One resource that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// What was indexed.
    pub doc: SearchDoc,
    /// Its rank's number; greater is better.
    pub score: f32,
    /// Where the words are, by field.
    pub marks: Vec<Mark>,
}

impl Hit {
    /// The name, with the matches in it.
    #[must_use]
    pub fn name(&self) -> Vec<(bool, &str)> {
        let spans = self
            .marks
            .iter()
            .find(|it| it.field == MarkField::Name)
            .map_or(&[][..], |it| &it.spans);
        pieces(&self.doc.name, spans)
    }

    /// The English name, with the matches in it.
    #[must_use]
    pub fn name_en(&self) -> Vec<(bool, &str)> {
        let spans = self
            .marks
            .iter()
            .find(|it| it.field == MarkField::NameEn)
            .map_or(&[][..], |it| &it.spans);
        pieces(&self.doc.name_en, spans)
    }

    /// The summary, with the matches in it.
    #[must_use]
    pub fn summary(&self) -> Vec<(bool, &str)> {
        let spans = self
            .marks
            .iter()
            .find(|it| it.field == MarkField::Summary)
            .map_or(&[][..], |it| &it.spans);
        pieces(&self.doc.summary, spans)
    }
}

/// Where a match is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MarkField {
    /// Name.
    Name,
    /// English name.
    NameEn,
    /// Summary.
    Summary,
    /// An item; [`Mark::at`] tells which.
    Item,
    /// A keyword; [`Mark::at`] tells which.
    Keyword,
}

/// Matches in one text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The field.
    pub field: MarkField,
    /// Which of several (items, keywords), from 0.
    pub at: usize,
    /// The matches, as byte ranges of the text, in order, not overlapping.
    pub spans: Vec<(usize, usize)>,
}

/// Cuts a text at the spans of a [`Mark`]: pieces in order, true where it matched.
#[must_use]
pub fn pieces<'a>(text: &'a str, spans: &[(usize, usize)]) -> Vec<(bool, &'a str)> {
    let mut pieces = Vec::new();
    let mut at = 0;
    let mut push = |matched, from, to| {
        if let Some(piece) = text.get(from..to).filter(|it| !it.is_empty()) {
            pieces.push((matched, piece));
        }
    };
    for (from, to) in spans {
        push(false, at, *from);
        push(true, *from, *to);
        at = *to;
    }
    push(false, at, text.len());
    pieces
}

#[cfg(test)]
mod tests;
