//! People's words, in Chinese and English: every text that is shown lives in `locales/{zh,en}/*.ftl`.
//!
//! Invariant (tested): every key exists in both languages, every key that a template or the code names exists, and no key
//! is left without use.

use std::sync::OnceLock;

use axum::http::{HeaderMap, header};
use chrono::{Datelike, FixedOffset, NaiveDate, Timelike};
pub use fluent_bundle::FluentValue;
use fluent_bundle::{FluentArgs, FluentResource, concurrent::FluentBundle};
use unic_langid::{LanguageIdentifier, langid};
use vocab::Timestamp;

/// The cookie that remembers the choice.
pub const COOKIE: &str = "jt-lang";

/// A language of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Lang {
    /// 简体中文.
    #[default]
    Zh,
    /// English.
    En,
}

impl Lang {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Zh, Self::En];

    /// The code in URLs and the cookie.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Zh => "zh",
            Self::En => "en",
        }
    }

    /// The BCP 47 tag for `<html lang>`.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Zh => "zh-CN",
            Self::En => "en",
        }
    }

    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Zh => Self::En,
            Self::En => Self::Zh,
        }
    }

    /// By a code or tag: `zh`, `zh-CN`, `en-GB`.
    #[must_use]
    pub fn named(text: &str) -> Option<Self> {
        let primary = text.trim().split(['-', '_']).next().unwrap_or("");
        Self::ALL.into_iter().find(|it| primary.eq_ignore_ascii_case(it.code()))
    }

    /// The language of a request: `?lang=`, then the cookie, then `Accept-Language` by weight, then Chinese.
    #[must_use]
    pub fn of_request(query: Option<&str>, headers: &HeaderMap) -> Self {
        let asked = query
            .into_iter()
            .flat_map(|it| it.split('&'))
            .find_map(|it| it.strip_prefix("lang="))
            .and_then(Self::named);
        let kept = || {
            headers
                .get_all(header::COOKIE)
                .iter()
                .filter_map(|it| it.to_str().ok())
                .flat_map(|it| it.split(';'))
                .find_map(|it| it.trim().strip_prefix("jt-lang="))
                .and_then(Self::named)
        };
        let accepted = || {
            headers
                .get(header::ACCEPT_LANGUAGE)
                .and_then(|it| it.to_str().ok())
                .and_then(Self::accepted)
        };
        asked.or_else(kept).or_else(accepted).unwrap_or_default()
    }

    fn accepted(text: &str) -> Option<Self> {
        let mut best: Option<(f32, Self)> = None;
        for part in text.split(',') {
            let mut words = part.split(';').map(str::trim);
            let Some(lang) = words.next().and_then(Self::named) else {
                continue;
            };
            let weight = words
                .find_map(|it| it.strip_prefix("q="))
                .and_then(|it| it.parse().ok())
                .unwrap_or(1.0);
            if weight > 0.0 && best.is_none_or(|(known, _)| weight > known) {
                best = Some((weight, lang));
            }
        }
        best.map(|(_, lang)| lang)
    }

    /// A name in this language; the Chinese one where there is no English one.
    #[must_use]
    pub fn name<'a>(self, zh: &'a str, en: &'a str) -> &'a str {
        match self {
            Self::En if !en.trim().is_empty() => en,
            Self::En | Self::Zh => zh,
        }
    }

    /// The `Set-Cookie` value that keeps the choice for a year.
    #[must_use]
    pub fn cookie(self) -> String {
        format!("{COOKIE}={}; Path=/; Max-Age=31536000; SameSite=Lax", self.code())
    }
}

/// Keys that handlers choose by a code or name where no template does: whole families, by their beginning.
#[cfg(test)]
pub const FAMILIES: &[&str] = &[
    "bundle-",
    "clock-name-",
    "cause-",
    "done-",
    "error-",
    "finding-",
    "notice-",
    "path-",
    "problem-",
    "rule-",
    "run-failed-",
    "state-",
    "task-deed-",
];

macro_rules! texts {
    ($lang:literal) => {
        [
            ("frame", include_str!(concat!("../../../locales/", $lang, "/frame.ftl"))),
            ("words", include_str!(concat!("../../../locales/", $lang, "/words.ftl"))),
            (
                "catalog",
                include_str!(concat!("../../../locales/", $lang, "/catalog.ftl")),
            ),
            (
                "sharing",
                include_str!(concat!("../../../locales/", $lang, "/sharing.ftl")),
            ),
            ("data", include_str!(concat!("../../../locales/", $lang, "/data.ftl"))),
            (
                "ledger",
                include_str!(concat!("../../../locales/", $lang, "/ledger.ftl")),
            ),
            ("admin", include_str!(concat!("../../../locales/", $lang, "/admin.ftl"))),
            (
                "notices",
                include_str!(concat!("../../../locales/", $lang, "/notices.ftl")),
            ),
        ]
    };
}

const ZH: [(&str, &str); 8] = texts!("zh");
const EN: [(&str, &str); 8] = texts!("en");

type Bundle = FluentBundle<FluentResource>;

fn bundle(lang: Lang) -> &'static Bundle {
    static BOTH: [OnceLock<Bundle>; 2] = [OnceLock::new(), OnceLock::new()];
    let [zh, en] = &BOTH;
    match lang {
        Lang::Zh => zh.get_or_init(|| load(langid!("zh-CN"), &ZH)),
        Lang::En => en.get_or_init(|| load(langid!("en"), &EN)),
    }
}

fn load(id: LanguageIdentifier, texts: &[(&str, &str)]) -> Bundle {
    let mut bundle = Bundle::new_concurrent(vec![id]);
    bundle.set_use_isolating(false);
    bundle.set_formatter(Some(|value, _| match value {
        FluentValue::Number(it) if it.value.fract() == 0.0 => Some(grouped(&it.as_string())),
        _ => None,
    }));
    for (name, text) in texts {
        let resource = FluentResource::try_new((*text).to_owned()).unwrap_or_else(|(partly, errors)| {
            tracing::error!(file = name, count = errors.len(), "locale file has errors");
            partly
        });
        if let Err(errors) = bundle.add_resource(resource) {
            tracing::error!(file = name, count = errors.len(), "locale file repeats keys");
        }
    }
    bundle
}

/// A text by key; a key that is missing shows itself (a test sees to it that none is).
#[must_use]
pub fn t(lang: Lang, key: &str, args: &[(&'static str, FluentValue<'_>)]) -> String {
    find(lang, key, args).unwrap_or_else(|| key.to_owned())
}

/// A text by key, if there is one.
#[must_use]
pub fn find(lang: Lang, key: &str, args: &[(&'static str, FluentValue<'_>)]) -> Option<String> {
    let bundle = bundle(lang);
    let pattern = bundle.get_message(key)?.value()?;
    let args: FluentArgs<'_> = args.iter().cloned().collect();
    let mut errors = Vec::new();
    Some(bundle.format_pattern(pattern, Some(&args), &mut errors).into_owned())
}

/// Digits in groups of three: `620573` → `620,573`.
#[must_use]
pub fn grouped(digits: &str) -> String {
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |it| ("-", it));
    let mut out = String::from(sign);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

const WEEK_ZH: [&str; 7] = ["一", "二", "三", "四", "五", "六", "日"];
const WEEK_EN: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];
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

/// Beijing time (UTC+8, without summer time), in which offices count their days.
#[must_use]
pub fn beijing(at: Timestamp) -> chrono::DateTime<FixedOffset> {
    let zone = FixedOffset::east_opt(8 * 3600).unwrap_or_else(|| chrono::Offset::fix(&chrono::Utc));
    at.with_timezone(&zone)
}

/// `2026年3月9日（星期一）` or `Monday 9 March 2026`.
#[must_use]
pub fn day(lang: Lang, day: NaiveDate) -> String {
    let week = day.weekday().num_days_from_monday() as usize;
    match lang {
        Lang::Zh => {
            format!(
                "{}年{}月{}日（星期{}）",
                day.year(),
                day.month(),
                day.day(),
                WEEK_ZH.get(week).unwrap_or(&"")
            )
        }
        Lang::En => format!(
            "{} {} {} {}",
            WEEK_EN.get(week).unwrap_or(&""),
            day.day(),
            MONTHS.get(day.month0() as usize).unwrap_or(&""),
            day.year()
        ),
    }
}

/// The day and the time of day, in Beijing.
#[must_use]
pub fn moment(lang: Lang, at: Timestamp) -> String {
    let at = beijing(at);
    format!("{} {:02}:{:02}", day(lang, at.date_naive()), at.hour(), at.minute())
}

/// The short form for tables: `2026-03-09 周一 16:05` or `Mon 2026-03-09 16:05`.
#[must_use]
pub fn short(lang: Lang, at: Timestamp) -> String {
    let at = beijing(at);
    format!(
        "{} {:02}:{:02}",
        short_day(lang, at.date_naive()),
        at.hour(),
        at.minute()
    )
}

/// The short form of a day for tables: `2026-03-09 周一` or `Mon 2026-03-09`.
#[must_use]
pub fn short_day(lang: Lang, day: NaiveDate) -> String {
    let week = day.weekday().num_days_from_monday() as usize;
    match lang {
        Lang::Zh => format!("{} 周{}", day.format("%Y-%m-%d"), WEEK_ZH.get(week).unwrap_or(&"")),
        Lang::En => {
            let name: String = WEEK_EN.get(week).unwrap_or(&"").chars().take(3).collect();
            format!("{name} {}", day.format("%Y-%m-%d"))
        }
    }
}

#[cfg(test)]
mod tests;
