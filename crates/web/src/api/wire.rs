//! What the areas of the API share on the wire: fields read together, lists by parts, clocks, instants.

use std::{fmt::Display, str::FromStr};

use axum::http::StatusCode;
use chrono::{Days, NaiveDate, TimeZone};
use platform::{
    flow::Listed,
    sharing::Timer,
    vocab::{GrantedItem, Mask, RowRule, SharingMode, Timestamp, calendar::shanghai},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::problem::{Fault, Problem};

/// Reads fields one after the other and keeps everything that cannot be read.
#[derive(Default)]
pub(crate) struct Reader(Vec<Fault>);

impl Reader {
    /// A field's value.
    pub(crate) fn read<T: FromStr<Err: Display>>(&mut self, field: impl Display, text: &str) -> Option<T> {
        match text.parse() {
            Ok(it) => Some(it),
            Err(why) => self.wrong(field, &why),
        }
    }

    /// A field that may be absent: absent is `Some(None)`, unreadable is `None`.
    #[allow(clippy::option_option, reason = "absent and unreadable are two things")]
    pub(crate) fn maybe<T: FromStr<Err: Display>>(
        &mut self,
        field: impl Display,
        text: Option<&str>,
    ) -> Option<Option<T>> {
        match text.filter(|it| !it.is_empty()) {
            None => Some(None),
            Some(text) => self.read(field, text).map(Some),
        }
    }

    /// A list of values.
    pub(crate) fn all<T: FromStr<Err: Display>>(&mut self, field: &str, texts: &[String]) -> Option<Vec<T>> {
        let read: Vec<Option<T>> = texts
            .iter()
            .enumerate()
            .map(|(at, text)| self.read(format_args!("{field}[{at}]"), text))
            .collect();
        read.into_iter().collect()
    }

    /// A row rule; absent is every row.
    pub(crate) fn rows(&mut self, text: Option<&str>) -> Option<RowRule> {
        self.maybe("rows", text).map(Option::unwrap_or_default)
    }

    /// An instant, or a day: its beginning, or its end where it is a last day.
    pub(crate) fn instant(&mut self, field: &str, text: &str, last_day: bool) -> Option<Timestamp> {
        if let Ok(at) = platform::vocab::time::parse(text) {
            return Some(at);
        }
        let day = NaiveDate::from_str(text).ok();
        let day = if last_day {
            day.and_then(|it| it.checked_add_days(Days::new(1)))
        } else {
            day
        };
        let midnight = day.and_then(|it| shanghai().from_local_datetime(&it.and_hms_opt(0, 0, 0)?).single());
        match midnight {
            Some(at) => Some(at.to_utc()),
            None => self.wrong(field, &"a day like 2026-03-09 or an RFC 3339 instant is needed"),
        }
    }

    /// What was read, or every fault.
    pub(crate) fn done<T>(self, read: Option<T>) -> Result<T, Problem> {
        match read {
            Some(it) if self.0.is_empty() => Ok(it),
            _ => Err(Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "faults",
                "some fields must be corrected",
            )
            .with_faults(self.0)),
        }
    }

    fn wrong<T>(&mut self, field: impl Display, why: &dyn Display) -> Option<T> {
        self.0
            .push(Fault::new(field.to_string(), "unreadable", why.to_string()));
        None
    }
}

/// An identifier in a path: what is no identifier does not exist.
pub(crate) fn id<T: FromStr>(text: &str, what: &'static str) -> Result<T, Problem> {
    text.parse().map_err(|_| Problem::not_found(what))
}

/// A part of a list: newest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct Part<T> {
    items: Vec<T>,
    /// Send it as `after` for the next part; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

impl<T> Part<T> {
    pub(crate) const fn new(items: Vec<T>, next: Option<String>) -> Self {
        Self { items, next }
    }

    pub(crate) fn of<U>(listed: Listed<U>, view: impl Fn(&U) -> T) -> Self {
        Self {
            items: listed.all.iter().map(view).collect(),
            next: listed.next.map(|it| it.to_string()),
        }
    }
}

/// Which part of a list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Which {
    /// `next` of the part before.
    after: Option<String>,
    /// At most so many, 1 to 200; 50 when absent.
    limit: Option<u64>,
    /// Only in this state.
    pub(crate) state: Option<String>,
    /// `consumer` or `provider`: only where my organisation is that side.
    pub(crate) side: Option<String>,
    /// Only of this resource, `res_…`.
    pub(crate) resource: Option<String>,
}

impl Which {
    pub(crate) fn offset(&self) -> Result<u64, Problem> {
        self.after.as_deref().map_or(Ok(0), |it| {
            it.parse()
                .map_err(|_| Problem::unreadable("`after` is not from a list"))
        })
    }

    pub(crate) fn limit(&self) -> u64 {
        self.limit.unwrap_or(50)
    }

    /// Is my organisation to be the consumer, the provider, or either?
    pub(crate) fn is_side(&self, side: &str) -> bool {
        self.side.as_deref() == Some(side)
    }
}

/// An item with its mask.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ItemWish {
    /// The item's name in the catalogue.
    pub(crate) item: String,
    /// `clear`, `keep-ends(3,4)`, `name`, `address-to-county`, `year-of-birth`, `pseudonym`, `null`, `sql(…)`.
    pub(crate) mask: Option<String>,
}

impl From<&GrantedItem> for ItemWish {
    fn from(it: &GrantedItem) -> Self {
        Self {
            item: it.item.clone(),
            mask: Some(it.mask.to_string()),
        }
    }
}

/// Items with masks that were named.
pub(crate) fn with_masks(reader: &mut Reader, items: &[ItemWish]) -> Option<Vec<(String, Option<Mask>)>> {
    let read: Vec<_> = items
        .iter()
        .enumerate()
        .map(|(at, it)| {
            let mask = reader.maybe(format_args!("items[{at}].mask"), it.mask.as_deref())?;
            Some((it.item.clone(), mask))
        })
        .collect();
    read.into_iter().collect()
}

/// Items, clear where no mask is named.
pub(crate) fn granted(reader: &mut Reader, items: &[ItemWish]) -> Option<Vec<GrantedItem>> {
    let items = with_masks(reader, items)?;
    Some(
        items
            .into_iter()
            .map(|(item, mask)| GrantedItem {
                item,
                mask: mask.unwrap_or_default(),
            })
            .collect(),
    )
}

/// Codes of modes.
pub(crate) fn codes(modes: &[SharingMode]) -> Vec<String> {
    modes.iter().map(ToString::to_string).collect()
}

/// A row rule on the wire; absent is every row.
pub(crate) fn rule_text(rule: &RowRule) -> Option<String> {
    (*rule != RowRule::All).then(|| rule.to_string())
}

/// A limit that runs, or ran.
#[derive(Serialize, ToSchema)]
pub(crate) struct ClockView {
    /// T1 to T10; D1 to D3 of disputes.
    clock: String,
    /// The first instant that is too late; absent while it stands still.
    #[schema(value_type = Option<String>, format = DateTime)]
    due: Option<Timestamp>,
    /// The last day in time.
    last_day: Option<NaiveDate>,
    /// Was it met late, or is it late now?
    overdue: bool,
    /// When it was met.
    #[schema(value_type = Option<String>, format = DateTime)]
    met_at: Option<Timestamp>,
    basis_zh: String,
    basis_en: String,
    /// How it was counted.
    explain_zh: String,
    explain_en: String,
}

impl ClockView {
    pub(crate) fn of(it: &Timer, now: Timestamp) -> Self {
        Self {
            clock: it.clock().to_string(),
            due: it.due(),
            last_day: it.deadline.last_day,
            overdue: it.is_overdue(now),
            met_at: it.met_at,
            basis_zh: it.rule.basis_zh.clone(),
            basis_en: it.rule.basis_en.clone(),
            explain_zh: it.deadline.explain_zh(),
            explain_en: it.deadline.explain_en(),
        }
    }
}

/// More time.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExtensionBody {
    /// Working days more.
    pub(crate) days: u32,
    pub(crate) reason: String,
}

/// Yes or no.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConsentBody {
    pub(crate) consent: bool,
    /// Why; must be said where it is declined.
    #[serde(default)]
    pub(crate) reason: String,
}

/// A thing as it is kept.
pub(crate) fn json(it: &impl Serialize) -> serde_json::Value {
    serde_json::to_value(it).unwrap_or_default()
}

/// Why something is done.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReasonBody {
    #[serde(default)]
    pub(crate) reason: String,
}

/// What is said.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Words {
    #[serde(default)]
    pub(crate) text: String,
}
