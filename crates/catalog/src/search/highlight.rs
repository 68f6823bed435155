//! Where the words are in the texts of a result.

use super::{
    Mark, MarkField, SearchDoc,
    query::{Asked, Word},
};
use crate::{segment, spelling};

/// Marks of every text in which a word is found.
pub(super) fn marks(doc: &SearchDoc, asked: &Asked) -> Vec<Mark> {
    let mut words = Vec::new();
    flatten(&asked.words, &mut words);
    if words.is_empty() {
        return Vec::new();
    }
    let one = |field, text: &str| (field, 0, text.to_owned());
    let mut texts = vec![
        one(MarkField::Name, &doc.name),
        one(MarkField::NameEn, &doc.name_en),
        one(MarkField::Summary, &doc.summary),
    ];
    texts.extend(
        doc.items
            .iter()
            .enumerate()
            .map(|(at, it)| (MarkField::Item, at, it.clone())),
    );
    texts.extend(
        doc.keywords
            .iter()
            .enumerate()
            .map(|(at, it)| (MarkField::Keyword, at, it.clone())),
    );
    texts
        .into_iter()
        .filter_map(|(field, at, text)| {
            let spans = spans(&text, &words);
            (!spans.is_empty()).then_some(Mark { field, at, spans })
        })
        .collect()
}

fn flatten<'a>(words: &'a [Word], into: &mut Vec<&'a Word>) {
    for word in words {
        match word {
            Word::Code(_, parts) => flatten(parts, into),
            other => into.push(other),
        }
    }
}

/// Byte ranges of the text, in order, joined where they touch.
fn spans(text: &str, words: &[&Word]) -> Vec<(usize, usize)> {
    let folded: Vec<char> = segment::fold(text).chars().collect();
    let mut matched = vec![false; folded.len()];
    for word in words {
        match word {
            Word::Han(it) => plain(&folded, it, &mut matched),
            Word::Latin(it) => {
                begun(&folded, it, &mut matched);
                pinyin(&folded, it, &mut matched);
            }
            Word::Code(..) => {}
        }
    }
    let mut spans: Vec<(usize, usize)> = Vec::new();
    for ((from, it), _) in text.char_indices().zip(&matched).filter(|(_, matched)| **matched) {
        let to = from + it.len_utf8();
        match spans.last_mut() {
            Some(last) if last.1 == from => last.1 = to,
            _ => spans.push((from, to)),
        }
    }
    spans
}

fn plain(text: &[char], word: &str, matched: &mut [bool]) {
    let word: Vec<char> = word.chars().collect();
    for (at, window) in text.windows(word.len().max(1)).enumerate() {
        if window == word
            && let Some(places) = matched.get_mut(at..at + word.len())
        {
            places.fill(true);
        }
    }
}

/// Words that begin with it, or have the same stem.
fn begun(text: &[char], word: &str, matched: &mut [bool]) {
    let stem = segment::stem(word);
    let letters: Vec<char> = word.chars().collect();
    let is_letter = |it: char| it.is_alphanumeric() && !spelling::is_read(it);
    let mut at = 0;
    while at < text.len() {
        let length = text.iter().skip(at).take_while(|it| is_letter(**it)).count();
        let token = text.get(at..at + length).unwrap_or_default();
        let marked = if token.starts_with(&letters) {
            letters.len()
        } else if !token.is_empty() && segment::stem(&token.iter().collect::<String>()) == stem {
            length
        } else {
            0
        };
        if let Some(places) = matched.get_mut(at..at + marked) {
            places.fill(true);
        }
        at += length.max(1);
    }
}

/// Runs of characters whose pinyin, or whose initials, the word spells.
fn pinyin(text: &[char], word: &str, matched: &mut [bool]) {
    if word.len() < 2 || !word.bytes().all(|it| it.is_ascii_lowercase()) {
        return;
    }
    for start in 0..text.len() {
        let rest = text.get(start..).unwrap_or_default();
        let length = spelled(rest, word).or_else(|| begins(rest, word));
        if let Some(places) = length.and_then(|it| matched.get_mut(start..start + it)) {
            places.fill(true);
        }
    }
}

/// How many characters the word spells, by any of their readings; its last syllable may be unfinished.
fn spelled(text: &[char], word: &str) -> Option<usize> {
    let (first, rest) = text.split_first()?;
    spelling::readings(*first).iter().find_map(|reading| {
        if reading.starts_with(word) {
            return Some(1);
        }
        spelled(rest, word.strip_prefix(reading.as_ref())?).map(|it| it + 1)
    })
}

/// How many characters begin with the word's letters, one each.
fn begins(text: &[char], word: &str) -> Option<usize> {
    let length = word.len();
    let taken = text.get(..length)?;
    taken
        .iter()
        .zip(word.chars())
        .all(|(it, letter)| spelling::readings(*it).iter().any(|it| it.starts_with(letter)))
        .then_some(length)
}
