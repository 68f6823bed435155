//! 工作日历: which days are working days. Holidays and make-up working days are rows, not code.
//!
//! The built-in rows are the State Council's notices for 2025 and 2026; a node's own rows win over them. A year without
//! rows counts Monday to Friday, and [`Calendar::covers`] lets a caller say so.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::OnceLock,
};

use chrono::{Datelike, Days, FixedOffset, NaiveDate, Weekday};
use serde::{Deserialize, Serialize};

use crate::{Timestamp, class::list};

list! {
    /// What a row of the calendar says about its day.
    DayKind: "day kind" {
        /// 放假: no working day.
        Holiday = "holiday", "放假", "Holiday";
        /// 调休上班: a working day on a weekend.
        MakeUp = "make-up", "调休上班", "Make-up working day";
    }
}

/// One day that is not what its weekday says, or a holiday anyway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CalendarDay {
    /// The day.
    pub date: NaiveDate,
    /// What it is.
    pub kind: DayKind,
    /// The holiday's Chinese name: 清明节.
    pub name_zh: String,
    /// The holiday's English name: Qingming.
    pub name_en: String,
    /// The notice that says so: 国办发明电〔2025〕7号.
    pub basis: String,
}

/// Why a day does not count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "kebab-case")]
pub enum DayOff {
    /// Saturday or Sunday.
    Weekend,
    /// A holiday.
    Holiday {
        /// Its Chinese name.
        zh: String,
        /// Its English name.
        en: String,
    },
    /// The clock was paused.
    Paused,
}

/// The working-day calendar of a node.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Calendar {
    rows: BTreeMap<NaiveDate, CalendarDay>,
    years: BTreeSet<i32>,
}

/// A line of a calendar file that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("calendar line {line}: {wrong} is missing or wrong")]
pub struct CalendarError {
    /// The line, from 1.
    pub line: usize,
    /// Which cell.
    pub wrong: &'static str,
}

/// The zone of China Standard Time, +08:00 all year. (Zero in the impossible case that chrono refuses it.)
#[must_use]
pub fn shanghai() -> FixedOffset {
    FixedOffset::east_opt(8 * 3600).unwrap_or_else(|| chrono::Offset::fix(&chrono::Utc))
}

/// The calendar day of an instant in a zone.
#[must_use]
pub fn local_day(at: Timestamp, zone: FixedOffset) -> NaiveDate {
    at.with_timezone(&zone).date_naive()
}

impl Calendar {
    /// A calendar of these rows; of two rows for a day the later wins. A year is covered once it has a holiday.
    #[must_use]
    pub fn new(rows: impl IntoIterator<Item = CalendarDay>) -> Self {
        let mut calendar = Self::default();
        calendar.add(rows);
        calendar
    }

    /// The State Council's notices that this version carries (2025 and 2026).
    #[must_use]
    pub fn built_in() -> &'static Self {
        static BUILT_IN: OnceLock<Calendar> = OnceLock::new();
        BUILT_IN.get_or_init(|| Self::new(Self::read(include_str!("../data/calendar.csv")).unwrap_or_default()))
    }

    /// Reads rows from CSV text: a header line, then `date,kind,name_zh,name_en,basis` without quotes.
    ///
    /// # Errors
    /// [`CalendarError`] at the first line that is wrong.
    pub fn read(csv: &str) -> Result<Vec<CalendarDay>, CalendarError> {
        let lines = csv
            .lines()
            .enumerate()
            .skip(1)
            .filter(|(_, line)| !line.trim().is_empty());
        lines
            .map(|(place, line)| row(line).map_err(|wrong| CalendarError { line: place + 1, wrong }))
            .collect()
    }

    /// Adds rows, which win over rows of the same day.
    pub fn add(&mut self, rows: impl IntoIterator<Item = CalendarDay>) {
        for row in rows {
            if row.kind == DayKind::Holiday {
                self.years.insert(row.date.year());
            }
            self.rows.insert(row.date, row);
        }
    }

    /// The rows in the order of days.
    pub fn rows(&self) -> impl Iterator<Item = &CalendarDay> {
        self.rows.values()
    }

    /// The row of a day.
    #[must_use]
    pub fn row(&self, day: NaiveDate) -> Option<&CalendarDay> {
        self.rows.get(&day)
    }

    /// Are the holidays of that day's year known? Otherwise answers are weekdays only and should be shown with a warning.
    #[must_use]
    pub fn covers(&self, day: NaiveDate) -> bool {
        self.years.contains(&day.year())
    }

    /// The covered years.
    pub fn years(&self) -> impl Iterator<Item = i32> {
        self.years.iter().copied()
    }

    /// Why this is no working day; `None` of working days.
    #[must_use]
    pub fn day_off(&self, day: NaiveDate) -> Option<DayOff> {
        match self.rows.get(&day) {
            Some(row) if row.kind == DayKind::Holiday => Some(DayOff::Holiday {
                zh: row.name_zh.clone(),
                en: row.name_en.clone(),
            }),
            Some(_) => None,
            None => matches!(day.weekday(), Weekday::Sat | Weekday::Sun).then_some(DayOff::Weekend),
        }
    }

    /// Is it a working day?
    #[must_use]
    pub fn is_working_day(&self, day: NaiveDate) -> bool {
        self.day_off(day).is_none()
    }

    /// The first working day after a day (never the day itself).
    #[must_use]
    pub fn next_working_day(&self, day: NaiveDate) -> Option<NaiveDate> {
        let mut day = day;
        // No run of days off is longer than a year, unless the rows say nonsense.
        for _ in 0..400 {
            day = day.checked_add_days(Days::new(1))?;
            if self.is_working_day(day) {
                return Some(day);
            }
        }
        None
    }

    /// Working days after `from` up to and with `to`; negative when `to` is earlier.
    #[must_use]
    pub fn working_days(&self, from: NaiveDate, to: NaiveDate) -> i64 {
        if to < from {
            return -self.working_days(to, from);
        }
        let days = from
            .iter_days()
            .skip(1)
            .take_while(|it| *it <= to)
            .filter(|it| self.is_working_day(*it));
        i64::try_from(days.count()).unwrap_or(i64::MAX)
    }
}

fn row(line: &str) -> Result<CalendarDay, &'static str> {
    let mut cells = line.split(',').map(str::trim);
    let mut cell = |name| cells.next().filter(|it| !it.is_empty()).ok_or(name);
    Ok(CalendarDay {
        date: cell("date")?.parse().map_err(|_| "date")?,
        kind: cell("kind")?.parse().map_err(|_| "kind")?,
        name_zh: cell("name_zh")?.to_owned(),
        name_en: cell("name_en")?.to_owned(),
        basis: cell("basis")?.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn the_notices() {
        let calendar = Calendar::built_in();
        assert_eq!(calendar.rows().count(), 72);
        assert_eq!(calendar.years().collect::<Vec<_>>(), [2025, 2026]);
        for (text, working) in [
            ("2026-04-03", true),
            ("2026-04-04", false),
            ("2026-04-06", false),
            ("2026-04-07", true),
            ("2026-02-14", true),
            ("2026-10-10", true),
            ("2026-10-08", true),
            ("2026-10-11", false),
            ("2025-01-26", true),
            ("2025-10-08", false),
        ] {
            assert_eq!(calendar.is_working_day(day(text)), working, "{text}");
        }
        assert!(calendar.covers(day("2026-12-31")) && !calendar.covers(day("2027-01-01")));
        assert_eq!(calendar.day_off(day("2027-01-02")), Some(DayOff::Weekend));
        // 2026 has 248 working days by the notice: 365 - 104 weekend days - 13 statutory days off on or moved to weekdays.
        assert_eq!(calendar.working_days(day("2025-12-31"), day("2026-12-31")), 248);
        assert_eq!(calendar.working_days(day("2024-12-31"), day("2025-12-31")), 248);
    }

    #[test]
    fn rows_are_editable() {
        let mut calendar = Calendar::built_in().clone();
        let rows = Calendar::read("h\n2027-01-01,holiday,元旦,New Year's Day,市政府通知\n").unwrap();
        calendar.add(rows);
        assert!(calendar.covers(day("2027-06-01")) && !calendar.is_working_day(day("2027-01-01")));
        assert_eq!(
            Calendar::read("h\n2027-13-01,holiday,a,b,c"),
            Err(CalendarError { line: 2, wrong: "date" })
        );
        assert_eq!(
            Calendar::read("h\n\n2027-01-01,holiday,a,b"),
            Err(CalendarError {
                line: 3,
                wrong: "basis"
            })
        );
    }

    proptest! {
        #[test]
        fn working_days_add_up(a in 0u64..700, b in 0u64..700, c in 0u64..700) {
            let calendar = Calendar::built_in();
            let at = |n| day("2025-01-01") + Days::new(n);
            prop_assert_eq!(
                calendar.working_days(at(a), at(b)) + calendar.working_days(at(b), at(c)),
                calendar.working_days(at(a), at(c))
            );
            let next = calendar.next_working_day(at(a)).unwrap();
            prop_assert!(calendar.is_working_day(next) && calendar.working_days(at(a), next) == 1);
        }
    }
}
