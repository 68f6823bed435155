//! What people type into the search, kind by kind.

use crate::{
    catalog::Entry,
    http::percent,
    words::{THEMES, THINGS, Thing},
};

/// One search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// What is typed.
    pub text: String,
    /// Chosen facets, `facet:value`.
    pub only: Vec<String>,
    /// How many results are skipped.
    pub offset: usize,
}

impl Question {
    fn typed(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            only: Vec::new(),
            offset: 0,
        }
    }

    /// The path that asks it.
    #[must_use]
    pub fn path(&self) -> String {
        let mut path = format!("/api/v1/catalog?limit=20&q={}", percent(&self.text));
        for only in &self.only {
            path += &format!("&only={}", percent(only));
        }
        if self.offset > 0 {
            path += &format!("&offset={}", self.offset);
        }
        path
    }
}

/// One kind of search.
#[derive(Debug, Clone)]
pub struct Kind {
    /// What it is called in the table.
    pub name: &'static str,
    /// Searches, in the order in which they are asked.
    pub questions: Vec<Question>,
}

/// The kind that a trigram index can answer too.
pub const SUBSTRING: &str = "part of a name, three characters or more";

/// The kind for which a trigram index has to read everything.
pub const SHORT: &str = "word of two characters";

/// Every kind, with `each` searches over a catalogue of `many` entries.
#[must_use]
pub fn kinds(many: usize, each: usize) -> Vec<Kind> {
    let maker = Maker { many, each };
    let mut all = maker.chinese();
    all.extend(maker.other_spellings());
    all.extend(maker.facets());
    all
}

struct Maker {
    many: usize,
    each: usize,
}

impl Maker {
    /// Entry number `n` of those that are asked for: neighbours are far apart.
    fn entry(&self, n: usize) -> Entry {
        Entry::new((n * 7919 + 13) % self.many)
    }

    fn thing(n: usize) -> Thing {
        THINGS.get(n % THINGS.len()).copied().unwrap_or(Thing::NONE)
    }

    fn kind(&self, name: &'static str, question: impl Fn(usize) -> Question) -> Kind {
        Kind {
            name,
            questions: (0..self.each).map(question).collect(),
        }
    }

    fn chinese(&self) -> Vec<Kind> {
        vec![
            self.kind("Chinese words", |n| {
                let zh = Self::thing(n).zh;
                let place: String = self.entry(n).name.chars().take(3).collect();
                Question::typed(if n % 2 == 0 {
                    zh.to_owned()
                } else {
                    format!("{place} {zh}")
                })
            }),
            self.kind(SUBSTRING, |n| Question::typed(part(&self.entry(n).name, n, 3 + n % 4))),
            self.kind(SHORT, |n| {
                let words = [
                    "人口", "法人", "学籍", "名录", "台账", "信息", "医疗", "保险", "登记", "公交",
                ];
                Question::typed(words.get(n % words.len()).copied().unwrap_or_default())
            }),
            self.kind("name as it is typed, key by key", |n| {
                // One name is typed to its end, then the next.
                let name = self.entry(n / 11).name;
                Question::typed(name.chars().take(1 + n % 11).collect::<String>())
            }),
            self.kind("traditional characters", |n| {
                Question::typed(Self::thing(n).traditional)
            }),
            self.kind("a word nobody has, a letter wrong", |n| {
                let it = Self::thing(n);
                let wrong = it.en.replacen('i', "e", 1);
                Question::typed(if n % 2 == 0 {
                    format!("{} 恐龙化石", it.zh)
                } else {
                    wrong
                })
            }),
        ]
    }

    fn other_spellings(&self) -> Vec<Kind> {
        vec![
            self.kind("pinyin, also half typed", |n| {
                let long = if n % 2 == 0 { 40 } else { 4 };
                Question::typed(Self::thing(n).pinyin.chars().take(long).collect::<String>())
            }),
            self.kind("initials", |n| Question::typed(Self::thing(n).initials)),
            self.kind("English, also half typed", |n| {
                let en = Self::thing(n).en;
                let cut = en.len().saturating_sub(if n % 2 == 0 { 0 } else { 2 });
                Question::typed(en.get(..cut).unwrap_or_default())
            }),
            self.kind("code, also half typed", |n| {
                let code = self.entry(n).code;
                let cut = code.len().saturating_sub(n % 3);
                Question::typed(code.get(..cut).unwrap_or_default())
            }),
        ]
    }

    fn facets(&self) -> Vec<Kind> {
        vec![
            self.kind("word within two facets", |n| Question {
                only: vec![
                    "sharing:conditional".to_owned(),
                    format!("update-cycle:{}", if n % 2 == 0 { "ten-days" } else { "realtime" }),
                ],
                ..Question::typed(Self::thing(n).zh)
            }),
            self.kind("facet alone, page after page", |n| Question {
                only: vec![format!(
                    "theme:{}",
                    THEMES.get(n % THEMES.len()).copied().unwrap_or_default()
                )],
                offset: (n % 10) * 20,
                ..Question::typed("")
            }),
            self.kind("nothing typed, page after page", |n| Question {
                offset: (n % 50) * 20,
                ..Question::typed("")
            }),
        ]
    }
}

/// `length` characters out of the middle of a name.
fn part(name: &str, n: usize, length: usize) -> String {
    let all: Vec<char> = name.chars().collect();
    let room = all.len().saturating_sub(length) + 1;
    all.iter().skip(n % room).take(length).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_questions() {
        let all = kinds(100_000, 60);
        assert_eq!(all.len(), 13);
        assert!(all.iter().all(|it| it.questions.len() == 60));
        let of = |name: &str| &all.iter().find(|it| it.name == name).unwrap().questions;
        assert!(of(SUBSTRING).iter().all(|it| it.text.chars().count() >= 3));
        assert!(of(SHORT).iter().all(|it| it.text.chars().count() == 2));
        let typed = of("name as it is typed, key by key");
        assert!(typed[1].text.starts_with(&typed[0].text) && typed[0].text.chars().count() == 1);
    }

    #[test]
    fn a_question_is_a_path() {
        let it = Question {
            only: vec!["sharing:conditional".to_owned()],
            offset: 20,
            ..Question::typed("人 a")
        };
        assert_eq!(
            it.path(),
            "/api/v1/catalog?limit=20&q=%E4%BA%BA%20a&only=sharing%3Aconditional&offset=20"
        );
        assert_eq!(part("东山区人口基本信息", 2, 3), "区人口");
    }
}
