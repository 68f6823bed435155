//! Pinyin: how characters are read, and the match keys that follow, spelled out and by initials.

use std::{borrow::Cow, collections::BTreeSet};

use pinyin::{ToPinyin, ToPinyinMulti};

use crate::segment::{Run, fold, runs};

/// Longest run of characters that gets pinyin keys from every place inside it.
const PINYIN_RUN: usize = 24;

/// Readings of one character that are looked at; what comes after them in the table is archaic.
const READINGS: usize = 3;
/// Most ways in which one stretch of text is spelled out.
const SPELLINGS: usize = 16;
/// Letters of a key after which its spellings need not differ any more: keys are cut there.
const SPELLED: usize = 16;

/// The ways a character is read, the most usual first, as they are typed: without tone, and ü as v and as u.
pub(crate) fn readings(it: char) -> Vec<Cow<'static, str>> {
    let mut readings: Vec<Cow<'static, str>> = Vec::new();
    let Some(all) = it.to_pinyin_multi() else {
        return readings;
    };
    let mut plain: Vec<&'static str> = Vec::new();
    for one in all {
        if !plain.contains(&one.plain()) {
            plain.push(one.plain());
        }
    }
    for one in plain.into_iter().take(READINGS) {
        let typed = if one.contains('ü') {
            vec![one.replace('ü', "v").into(), one.replace('ü', "u").into()]
        } else {
            vec![Cow::Borrowed(one)]
        };
        for it in typed {
            if !readings.contains(&it) {
                readings.push(it);
            }
        }
    }
    readings
}

/// Is it a character that has a reading?
pub(crate) fn is_read(it: char) -> bool {
    it.to_pinyin().is_some()
}

/// The pinyin of a whole text, other letters kept: the key by which names are sorted.
pub(crate) fn spelled(text: &str) -> String {
    let mut spelled = String::new();
    for it in fold(text).chars() {
        match readings(it).first() {
            Some(reading) => spelled += reading,
            None if it.is_alphanumeric() => spelled.push(it),
            None => {}
        }
    }
    spelled
}

/// The ways a whole text is spelled, other letters kept, from its first character on.
pub(crate) fn spellings(text: &str) -> BTreeSet<String> {
    let letters: Vec<Vec<Cow<'static, str>>> = fold(text)
        .chars()
        .filter_map(|it| {
            let readings = readings(it);
            if readings.is_empty() {
                it.is_alphanumeric().then(|| vec![it.to_string().into()])
            } else {
                Some(readings)
            }
        })
        .collect();
    combined(&letters)
}

/// Every combination of the choices, in order, as far as there are not too many; then only the first choice goes on.
fn combined(choices: &[Vec<Cow<'static, str>>]) -> BTreeSet<String> {
    let mut all = vec![String::new()];
    for some in choices {
        let open = all.iter().any(|it| it.len() < SPELLED);
        let most = if open && all.len() * some.len() <= SPELLINGS {
            some.len()
        } else {
            1
        };
        all = all
            .iter()
            .flat_map(|begun| some.iter().take(most).map(move |it| format!("{begun}{it}")))
            .collect();
    }
    all.into_iter().collect()
}

/// Pinyin keys of a text: from every character of a Chinese run to its end, spelled and by initials, in every way its
/// first characters are read (银行 is yinhang, whatever else 行 is). A query is a prefix of one of them.
pub(crate) fn pinyin_keys(text: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut full, mut initials) = (BTreeSet::new(), BTreeSet::new());
    for run in runs(&fold(text)) {
        let Run::Han(run) = run else { continue };
        let read: Vec<Vec<Cow<'static, str>>> = run
            .chars()
            .take(PINYIN_RUN)
            .map(readings)
            .filter(|it| !it.is_empty())
            .collect();
        let first: Vec<Vec<Cow<'static, str>>> = read.iter().map(|it| letters(it)).collect();
        for start in 0..read.len() {
            full.extend(combined(read.get(start..).unwrap_or_default()));
            initials.extend(combined(first.get(start..).unwrap_or_default()));
        }
    }
    (full, initials)
}

/// The first letters of some readings, each once.
fn letters(readings: &[Cow<'static, str>]) -> Vec<Cow<'static, str>> {
    let mut letters: Vec<Cow<'static, str>> = Vec::new();
    for letter in readings.iter().filter_map(|it| it.chars().next()) {
        if !letters.iter().any(|it| it.starts_with(letter)) {
            letters.push(letter.to_string().into());
        }
    }
    letters
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pinyin_begins_at_every_character() {
        let (full, initials) = pinyin_keys("全市人口库");
        assert!(full.contains("renkouku") && full.contains("quanshirenkouku"));
        assert!(initials.contains("rkk") && initials.contains("qsrkk"));
    }

    #[test]
    fn characters_with_several_readings_are_found_by_each() {
        for (text, typed, first) in [
            ("旅游", "lvyou", "ly"),
            ("旅游", "luyou", "ly"),
            ("妇女", "funv", "fn"),
            ("法律", "falv", "fl"),
            ("绿化", "lvhua", "lh"),
            ("重庆", "chongqing", "cq"),
            ("长沙", "changsha", "cs"),
            ("调解", "tiaojie", "tj"),
            ("厦门", "xiamen", "xm"),
            ("成都", "chengdu", "cd"),
            ("银行", "yinhang", "yh"),
            ("会计", "kuaiji", "kj"),
            ("校对", "jiaodui", "jd"),
            ("学校", "xuexiao", "xx"),
            ("省长调研学校会计行业", "changdiaoyan", "cdyx"),
        ] {
            let (full, initials) = pinyin_keys(text);
            assert!(
                full.iter().any(|it| it.starts_with(typed)),
                "{text} by {typed}: {full:?}"
            );
            assert!(
                initials.iter().any(|it| it.starts_with(first)),
                "{text} by {first}: {initials:?}"
            );
        }
        let (full, _) = pinyin_keys(&"行长调会校重都率".repeat(3));
        assert!(full.len() <= PINYIN_RUN * SPELLINGS, "{}", full.len());
        assert!(!spelled("旅游绿化").contains('ü'));
    }
}
