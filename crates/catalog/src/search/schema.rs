//! The fields of the index, and a document made of match keys.

use std::collections::BTreeSet;

use tantivy::{
    TantivyDocument,
    schema::{FAST, Field, INDEXED, IndexRecordOption, STORED, Schema, TextFieldIndexing, TextOptions},
};

use super::{Error, Facet, SearchDoc};
use crate::{segment, spelling};

/// Part of the folder's name: another number, another index, made anew.
pub(super) const FORMAT: &str = "v2";

#[derive(Debug, Clone)]
pub(super) struct Fields {
    pub schema: Schema,
    /// The resource, whole.
    pub id: Field,
    /// The document as JSON.
    pub doc: Field,
    /// Words.
    pub name: Field,
    pub items: Field,
    pub keywords: Field,
    pub summary: Field,
    /// The folded name, whole, and its beginnings.
    pub exact: Field,
    pub begins: (Field, Edges),
    /// Characters and pairs of name and items.
    pub grams: Field,
    /// Pinyin of the name and keywords, and of items.
    pub pinyin: (Field, Edges),
    pub initials: (Field, Edges),
    pub item_pinyin: (Field, Edges),
    /// Words of other scripts, for beginnings.
    pub latin: (Field, Edges),
    /// Codes, for beginnings.
    pub code: (Field, Edges),
    pub facets: [Field; 6],
    pub visible: Field,
    pub at: Field,
    pub name_length: Field,
    pub name_key: Field,
}

/// Names of the fast fields that the collector reads.
pub(super) const VISIBLE: &str = "visible";
pub(super) const AT: &str = "at";
pub(super) const NAME_LENGTH: &str = "name_length";
pub(super) const NAME_KEY: &str = "name_key";

/// Which beginnings of a key are keys of their own, in characters, and after how many a key is cut off.
#[derive(Debug, Clone, Copy)]
pub(super) struct Edges {
    pub from: usize,
    pub short: usize,
    pub longest: usize,
}

const BEGINS: Edges = Edges {
    from: 2,
    short: 6,
    longest: 40,
};
const PINYIN: Edges = Edges {
    from: 2,
    short: 6,
    longest: 16,
};
const INITIALS: Edges = Edges {
    from: 2,
    short: 5,
    longest: 8,
};
const LATIN: Edges = Edges {
    from: 1,
    short: 4,
    longest: 40,
};
const CODE: Edges = Edges {
    from: 2,
    short: 24,
    longest: 40,
};

impl Fields {
    pub fn new() -> Self {
        let mut builder = Schema::builder();
        // keys only: neither positions nor frequencies nor lengths, which keeps the index small and the ranks plain
        let indexing = TextFieldIndexing::default()
            .set_tokenizer("raw")
            .set_index_option(IndexRecordOption::Basic)
            .set_fieldnorms(false);
        let keys = TextOptions::default().set_indexing_options(indexing);
        let mut text = |name: &str| builder.add_text_field(name, keys.clone());
        let (id, name, items, keywords, summary) = (
            text("id"),
            text("name"),
            text("items"),
            text("keywords"),
            text("summary"),
        );
        let (exact, begins, grams) = (text("exact"), (text("begins"), BEGINS), text("grams"));
        let (pinyin, initials) = ((text("pinyin"), PINYIN), (text("initials"), INITIALS));
        let (item_pinyin, latin, code) = (
            (text("item_pinyin"), PINYIN),
            (text("latin"), LATIN),
            (text("code"), CODE),
        );
        let fast = TextOptions::default().set_fast("raw");
        let facets = Facet::ALL.map(|it| builder.add_text_field(it.code(), fast.clone()));
        let doc = builder.add_text_field("doc", STORED);
        let visible = builder.add_u64_field(VISIBLE, FAST);
        let at = builder.add_u64_field(AT, FAST | INDEXED);
        let name_length = builder.add_u64_field(NAME_LENGTH, FAST);
        let name_key = builder.add_u64_field(NAME_KEY, FAST);
        let schema = builder.build();
        Self {
            schema,
            id,
            doc,
            name,
            items,
            keywords,
            summary,
            exact,
            begins,
            grams,
            pinyin,
            initials,
            item_pinyin,
            latin,
            code,
            facets,
            visible,
            at,
            name_length,
            name_key,
        }
    }

    pub fn document(&self, it: &SearchDoc) -> Result<TantivyDocument, Error> {
        let mut doc = TantivyDocument::new();
        doc.add_text(self.id, it.id.to_string());
        doc.add_text(
            self.doc,
            serde_json::to_string(it).map_err(|error| Error::Index(Box::new(error)))?,
        );
        self.words(it, &mut doc);
        self.keys(it, &mut doc);
        for (field, value) in self.facets.iter().zip(facet_values(it)) {
            if let Some(value) = value {
                doc.add_text(*field, value);
            }
        }
        doc.add_u64(self.visible, u64::from(it.visible));
        doc.add_u64(self.at, u64::try_from(it.at.timestamp_millis()).unwrap_or(0));
        doc.add_u64(self.name_length, it.name.chars().count() as u64);
        doc.add_u64(self.name_key, sort_key(&it.name));
        Ok(doc)
    }

    fn words(&self, it: &SearchDoc, doc: &mut TantivyDocument) {
        let mut name = segment::words(&it.name);
        name.extend(segment::words(&it.name_en));
        add(doc, self.name, name);
        add(
            doc,
            self.items,
            it.items.iter().flat_map(|it| segment::words(it)).collect(),
        );
        let mut keywords: BTreeSet<String> = it.keywords.iter().flat_map(|it| segment::words(it)).collect();
        keywords.extend(segment::words(&it.provider_name));
        keywords.extend(it.theme.iter().flat_map(|it| segment::words(it)));
        add(doc, self.keywords, keywords);
        let mut summary = segment::words(&it.summary);
        summary.extend(segment::words(&it.summary_en));
        add(doc, self.summary, summary);
    }

    fn keys(&self, it: &SearchDoc, doc: &mut TantivyDocument) {
        let whole: BTreeSet<String> = [&it.name, &it.name_en]
            .into_iter()
            .map(|it| segment::fold(it.trim()))
            .filter(|it| !it.is_empty())
            .collect();
        add_edges(doc, self.begins, &whole);
        add(doc, self.exact, whole);
        let texts = || std::iter::once(&it.name).chain(&it.keywords);
        add(
            doc,
            self.grams,
            texts().chain(&it.items).flat_map(|it| segment::grams(it)).collect(),
        );
        let (mut full, mut initials) = (BTreeSet::new(), BTreeSet::new());
        for text in texts() {
            let (more_full, more_initials) = spelling::pinyin_keys(text);
            full.extend(more_full);
            initials.extend(more_initials);
        }
        add_edges(doc, self.pinyin, &full);
        add_edges(doc, self.initials, &initials);
        let items = it.items.iter().filter(|it| !it.is_ascii());
        add_edges(
            doc,
            self.item_pinyin,
            &items.flat_map(|it| spelling::spellings(it)).collect(),
        );
        let others = [&it.name_en, &it.name].into_iter().chain(&it.items).chain(&it.keywords);
        add_edges(doc, self.latin, &others.flat_map(|it| segment::latin(it)).collect());
        let mut codes = BTreeSet::new();
        for code in &it.codes {
            let code = segment::fold(code);
            if let Some((_, number)) = code.split_once('/') {
                codes.insert(number.to_owned());
            }
            codes.insert(code);
        }
        add_edges(doc, self.code, &codes);
    }
}

pub(super) fn facet_values(it: &SearchDoc) -> [Option<String>; 6] {
    [
        Some(it.provider.to_string()),
        Some(it.sharing.code().to_owned()),
        it.theme.clone().filter(|it| !it.is_empty()),
        Some(it.format.code().to_owned()),
        Some(it.update_cycle.code().to_owned()),
        Some(it.openness.code().to_owned()),
    ]
}

fn add(doc: &mut TantivyDocument, field: Field, keys: BTreeSet<String>) {
    for key in keys {
        doc.add_text(field, key);
    }
}

fn add_edges(doc: &mut TantivyDocument, (field, edges): (Field, Edges), whole: &BTreeSet<String>) {
    let mut keys = BTreeSet::new();
    for key in whole {
        let key: String = key.chars().take(edges.longest).collect();
        for (at, (byte, _)) in key.char_indices().enumerate().skip(edges.from) {
            if at > edges.short {
                break;
            }
            keys.insert(key.get(..byte).unwrap_or_default().to_owned());
        }
        keys.insert(key);
    }
    add(doc, field, keys);
}

/// The first eight bytes of the spelled name as a number that sorts the same way.
fn sort_key(name: &str) -> u64 {
    let spelled = spelling::spelled(name);
    let mut bytes = [0u8; 8];
    for (place, byte) in bytes.iter_mut().zip(spelled.bytes()) {
        *place = byte;
    }
    u64::from_be_bytes(bytes)
}
