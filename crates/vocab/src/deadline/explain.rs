//! A deadline in a sentence. The structured [`Deadline`] is the truth; these are for logs, receipts and the command line.

use chrono::{Datelike, NaiveDate};

use super::{Deadline, Skipped, Unit};
use crate::calendar::DayOff;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

fn month(day: NaiveDate) -> &'static str {
    usize::try_from(day.month0())
        .ok()
        .and_then(|it| MONTHS.get(it))
        .copied()
        .unwrap_or("")
}

/// `4-6 April`, `30 September to 2 October`, `4 April`.
fn range_en(it: &Skipped) -> String {
    if it.from == it.to {
        format!("{} {}", it.from.day(), month(it.from))
    } else if (it.from.year(), it.from.month()) == (it.to.year(), it.to.month()) {
        format!("{}-{} {}", it.from.day(), it.to.day(), month(it.to))
    } else {
        format!(
            "{} {} to {} {}",
            it.from.day(),
            month(it.from),
            it.to.day(),
            month(it.to)
        )
    }
}

fn range_zh(it: &Skipped) -> String {
    let from = format!("{}月{}日", it.from.month(), it.from.day());
    if it.from == it.to {
        from
    } else if (it.from.year(), it.from.month()) == (it.to.year(), it.to.month()) {
        format!("{from}至{}日", it.to.day())
    } else {
        format!("{from}至{}月{}日", it.to.month(), it.to.day())
    }
}

impl Deadline {
    /// `10 working days from 1 April 2026, skipped 4-6 April Qingming; ends with 16 April 2026`.
    ///
    /// Weekends are skipped without a word; holidays, pauses, extensions with the consent they rest on, counted make-up
    /// days and unknown years are told.
    #[must_use]
    pub fn explain_en(&self) -> String {
        let many = |n: u32| match (self.limit.unit, n) {
            (Unit::WorkingDays, 1) => "1 working day".to_owned(),
            (Unit::CalendarDays, 1) => "1 day".to_owned(),
            (Unit::Hours, 1) => "1 hour".to_owned(),
            (other, n) => format!("{n} {}", other.en()),
        };
        let mut text = many(self.limit.n);
        if self.extended > 0 && self.consents.is_empty() {
            text.push_str(&format!(" extended by {}", self.extended));
        }
        let start = self.start_day;
        text.push_str(&format!(" from {} {} {}", start.day(), month(start), start.year()));
        for it in &self.consents {
            let (more, by) = (many(it.n), it.by.en().to_lowercase());
            let on = format!("{} {} {}", it.on.day(), month(it.on), it.on.year());
            text.push_str(&format!(", extended by {more} with the consent of the {by} on {on}"));
        }
        let skipped: Vec<String> = self
            .skipped
            .iter()
            .filter_map(|it| match &it.why {
                DayOff::Weekend => None,
                DayOff::Holiday { en, .. } => Some(format!("{} {en}", range_en(it))),
                DayOff::Paused if self.is_paused() && self.skipped.last() == Some(it) => None,
                DayOff::Paused => Some(format!("{} (paused)", range_en(it))),
            })
            .collect();
        if !skipped.is_empty() {
            text.push_str(&format!(", skipped {}", skipped.join(", ")));
        }
        if !self.made_up.is_empty() {
            let days: Vec<String> = self
                .made_up
                .iter()
                .map(|it| format!("{} {}", it.day(), month(*it)))
                .collect();
            text.push_str(&format!(", counted make-up {}", days.join(", ")));
        }
        match self.last_day {
            Some(last) if self.limit.unit == Unit::Hours => {
                text.push_str(&format!("; ends on {} {} {}", last.day(), month(last), last.year()))
            }
            Some(last) => text.push_str(&format!("; ends with {} {} {}", last.day(), month(last), last.year())),
            None => text.push_str("; paused"),
        }
        for year in &self.uncovered_years {
            text.push_str(&format!("; holidays of {year} unknown"));
        }
        text
    }

    /// `自2026年4月1日起10个工作日（当日不计），跳过4月4日至6日清明节；截止2026年4月16日`.
    #[must_use]
    pub fn explain_zh(&self) -> String {
        let start = self.start_day;
        let mut text = format!(
            "自{}年{}月{}日起{}{}",
            start.year(),
            start.month(),
            start.day(),
            self.limit.n,
            self.limit.unit.zh()
        );
        if self.limit.unit != Unit::Hours {
            text.push_str("（当日不计）");
        }
        if self.extended > 0 && self.consents.is_empty() {
            text.push_str(&format!("，延长{}{}", self.extended, self.limit.unit.zh()));
        }
        for it in &self.consents {
            let on = format!("{}年{}月{}日", it.on.year(), it.on.month(), it.on.day());
            let (by, more) = (it.by.zh(), self.limit.unit.zh());
            text.push_str(&format!("，{on}经{by}同意延长{}{more}", it.n));
        }
        let skipped: Vec<String> = self
            .skipped
            .iter()
            .filter_map(|it| match &it.why {
                DayOff::Weekend => None,
                DayOff::Holiday { zh, .. } => Some(format!("{}{zh}", range_zh(it))),
                DayOff::Paused if self.is_paused() && self.skipped.last() == Some(it) => None,
                DayOff::Paused => Some(format!("{}暂停计时", range_zh(it))),
            })
            .collect();
        if !skipped.is_empty() {
            text.push_str(&format!("，跳过{}", skipped.join("、")));
        }
        if !self.made_up.is_empty() {
            let days: Vec<String> = self
                .made_up
                .iter()
                .map(|it| format!("{}月{}日", it.month(), it.day()))
                .collect();
            text.push_str(&format!("，{}调休上班计入", days.join("、")));
        }
        match self.last_day {
            Some(last) => text.push_str(&format!("；截止{}年{}月{}日", last.year(), last.month(), last.day())),
            None => text.push_str("；暂停计时中"),
        }
        for year in &self.uncovered_years {
            text.push_str(&format!("；{year}年节假日安排未录入"));
        }
        text
    }
}
