//! What was typed, as a query of the index.
//!
//! The text is cut at spaces and where the script changes; every part must be found somewhere (all words of a Chinese
//! part), each with the rank of the best place. Nothing typed is syntax.

use std::ops::Bound;

use tantivy::{
    Term,
    query::{
        AllQuery, BooleanQuery, ConstScoreQuery, DisjunctionMaxQuery, FuzzyTermQuery, InvertedIndexRangeQuery, Occur,
        TermQuery,
    },
    schema::{Field, IndexRecordOption},
};

use super::schema::{Edges, Fields};
use crate::segment::{self, Run};

type Part = Box<dyn tantivy::query::Query>;

/// Longest text that is looked at, in characters.
const TEXT_MAX: usize = 200;
/// Most parts that are looked at.
const PARTS_MAX: usize = 24;

/// Ranks of the places.
mod rank {
    pub const EXACT: f32 = 100.0;
    pub const BEGINS: f32 = 10.0;
    pub const CODE: f32 = 9.0;
    pub const NAME: f32 = 8.0;
    pub const PINYIN: f32 = 6.0;
    pub const INITIALS: f32 = 5.0;
    pub const ITEMS: f32 = 4.0;
    pub const GRAMS: f32 = 3.5;
    pub const KEYWORDS: f32 = 3.0;
    pub const BEGINNING: f32 = 2.5;
    pub const ITEM_PINYIN: f32 = 2.0;
    pub const SUMMARY: f32 = 1.0;
    pub const NEARLY: f32 = 0.5;
}

/// Words that say nothing about what is looked for.
const STOP: &[&str] = &[
    "的", "了", "和", "与", "及", "在", "是", "the", "of", "a", "an", "and", "in", "for",
];

/// How a code with signs in it is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Codes {
    /// As the beginning of a code.
    Whole,
    /// Also as its parts, anywhere: `id_card`.
    InParts,
}

/// A text, understood.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Asked {
    /// The whole, folded and trimmed.
    pub whole: String,
    /// Its parts.
    pub words: Vec<Word>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Word {
    /// A Chinese word.
    Han(String),
    /// A word or number of another script.
    Latin(String),
    /// A code with its signs (`101001/000001`), and its parts.
    Code(String, Vec<Word>),
}

impl Asked {
    pub fn new(text: &str) -> Self {
        let folded: String = segment::fold(text.trim()).chars().take(TEXT_MAX).collect();
        let mut words: Vec<Word> = Vec::new();
        for chunk in folded.split_whitespace() {
            let parts: Vec<Word> = segment::runs(chunk)
                .into_iter()
                .flat_map(|run| match run {
                    Run::Han(run) => segment::cut(&run).into_iter().map(Word::Han).collect(),
                    Run::Latin(run) => vec![Word::Latin(run)],
                })
                .collect();
            let is_code = chunk.is_ascii() && parts.len() > 1 && chunk.bytes().any(|it| it.is_ascii_digit());
            if is_code {
                words.push(Word::Code(chunk.to_owned(), parts))
            } else {
                words.extend(parts)
            }
        }
        let tells = |it: &Word| match it {
            Word::Han(it) | Word::Latin(it) => !STOP.contains(&it.as_str()),
            Word::Code(..) => true,
        };
        if words.iter().any(tells) {
            words.retain(tells);
        }
        let mut seen: Vec<Word> = Vec::new();
        for word in words {
            if !seen.contains(&word) {
                seen.push(word);
            }
        }
        seen.truncate(PARTS_MAX);
        Self {
            whole: folded.trim().to_owned(),
            words: seen,
        }
    }

    /// Is there anything to look for?
    pub fn is_everything(&self) -> bool {
        self.whole.is_empty()
    }

    /// Was something typed that no document can have?
    pub fn is_nothing(&self) -> bool {
        !self.whole.is_empty() && self.words.is_empty()
    }

    /// Was something typed that looks like a code?
    pub fn has_code(&self) -> bool {
        self.words.iter().any(|it| matches!(it, Word::Code(..)))
    }

    /// Every word must be found.
    pub fn strict(&self, fields: &Fields, codes: Codes) -> Part {
        if self.is_everything() {
            return Box::new(AllQuery);
        }
        let words: Vec<(Occur, Part)> = self
            .words
            .iter()
            .map(|it| (Occur::Must, word(fields, it, codes, false)))
            .collect();
        let mut clauses: Vec<(Occur, Part)> = vec![(Occur::Must, Box::new(BooleanQuery::new(words)))];
        clauses.push((Occur::Should, at(rank::EXACT, key(fields.exact, &self.whole))));
        if self.whole.chars().count() > 1 {
            clauses.push((Occur::Should, at(rank::BEGINS, beginning(fields.begins, &self.whole))));
        }
        Box::new(BooleanQuery::new(clauses))
    }

    /// Some word must be found, or one that is spelled nearly so.
    pub fn relaxed(&self, fields: &Fields) -> Part {
        Box::new(BooleanQuery::new(
            self.words
                .iter()
                .map(|it| (Occur::Should, word(fields, it, Codes::InParts, true)))
                .collect(),
        ))
    }
}

fn word(fields: &Fields, it: &Word, codes: Codes, nearly: bool) -> Part {
    match it {
        Word::Han(it) => han(fields, it),
        Word::Latin(it) => latin(fields, it, nearly),
        Word::Code(code, parts) => {
            let whole = at(rank::CODE, beginning(fields.code, code));
            if codes == Codes::Whole {
                return whole;
            }
            let parts: Vec<(Occur, Part)> = parts
                .iter()
                .map(|it| (Occur::Must, word(fields, it, codes, nearly)))
                .collect();
            best(vec![whole, Box::new(BooleanQuery::new(parts))])
        }
    }
}

fn han(fields: &Fields, it: &str) -> Part {
    let mut places = places(fields, it);
    let pairs = segment::pairs(it);
    let grams: Part = if pairs.is_empty() {
        key(fields.grams, it)
    } else {
        Box::new(BooleanQuery::new(
            pairs.iter().map(|it| (Occur::Must, key(fields.grams, it))).collect(),
        ))
    };
    places.push(at(rank::GRAMS, grams));
    best(places)
}

fn latin(fields: &Fields, it: &str, nearly: bool) -> Part {
    let mut places = places(fields, &segment::stem(it));
    let length = it.chars().count();
    places.push(at(rank::BEGINNING, beginning(fields.latin, it)));
    if length >= 2 {
        places.push(at(rank::CODE, beginning(fields.code, it)));
        if it.is_ascii() && it.bytes().all(|it| it.is_ascii_alphabetic()) {
            places.push(at(rank::PINYIN, beginning(fields.pinyin, it)));
            places.push(at(rank::INITIALS, beginning(fields.initials, it)));
            if length >= 3 {
                places.push(at(rank::ITEM_PINYIN, beginning(fields.item_pinyin, it)));
            }
        }
    }
    if nearly && (4..=30).contains(&length) {
        places.push(at(
            rank::NEARLY,
            Box::new(FuzzyTermQuery::new(Term::from_field_text(fields.latin.0, it), 1, true)),
        ));
        places.push(at(
            rank::NEARLY,
            Box::new(FuzzyTermQuery::new(Term::from_field_text(fields.pinyin.0, it), 1, true)),
        ));
    }
    best(places)
}

fn places(fields: &Fields, it: &str) -> Vec<Part> {
    vec![
        at(rank::NAME, key(fields.name, it)),
        at(rank::ITEMS, key(fields.items, it)),
        at(rank::KEYWORDS, key(fields.keywords, it)),
        at(rank::SUMMARY, key(fields.summary, it)),
    ]
}

fn best(places: Vec<Part>) -> Part {
    Box::new(DisjunctionMaxQuery::with_tie_breaker(places, 0.1))
}

fn at(rank: f32, part: Part) -> Part {
    Box::new(ConstScoreQuery::new(part, rank))
}

fn key(field: Field, text: &str) -> Part {
    Box::new(TermQuery::new(
        Term::from_field_text(field, text),
        IndexRecordOption::Basic,
    ))
}

/// Keys that begin with a text. The index holds short beginnings as keys of their own; only longer ones are looked up
/// as a range, which few keys are in.
fn beginning((field, edges): (Field, Edges), text: &str) -> Part {
    let text: String = text.chars().take(edges.longest).collect();
    if text.chars().count() <= edges.short {
        return key(field, &text);
    }
    let from = Term::from_field_text(field, &text);
    let to = Term::from_field_text(field, &format!("{text}\u{10ffff}"));
    Box::new(InvertedIndexRangeQuery::new(Bound::Included(from), Bound::Excluded(to)))
}
