//! What requests, agreements, corrections and disputes show alike: names, clocks, items, and their story from the ledger.

use std::collections::{BTreeMap, btree_map::Entry};

use platform::{
    App, Error,
    catalog::Content,
    flow,
    ledger::{Filter, Page as Part, Recorded},
    sharing::{Timer, clock::Extension},
    vocab::{
        ActorId, Calendar, GrantedItem, OrgId, ResourceId, Sensitivity, SharingClass, Timestamp, calendar::shanghai,
    },
};
use serde_json::Value;

use super::{frame::Reader, words::lines};
use crate::{
    locale::{Lang, beijing},
    page::{
        Clock, Errors, Fields, Happening, Link, Tag, Tone, Ui,
        request::AskedItem,
        update::{MoreTime, Wish},
    },
    problem::Problem,
};

/// Entries that a story shows.
const SHOWN: u64 = 100;

/// The name of an organisation; empty when it is not known.
pub(crate) async fn org(ui: &Ui, app: &App, id: OrgId) -> Result<String, Problem> {
    Ok(orgs(ui, app, &[id]).await?.remove(&id).unwrap_or_default())
}

/// The names of organisations in the page's language.
pub(crate) async fn orgs(ui: &Ui, app: &App, ids: &[OrgId]) -> Result<BTreeMap<OrgId, String>, Problem> {
    let names = flow::name_orgs(app, ids).await?;
    Ok(names.into_iter().map(|(id, it)| (id, ui.named(&it))).collect())
}

/// The names of people in the page's language.
pub(crate) async fn people(ui: &Ui, app: &App, ids: &[ActorId]) -> Result<BTreeMap<ActorId, String>, Problem> {
    let names = flow::name_people(app, ids).await?;
    Ok(names.into_iter().map(|(id, it)| (id, ui.named(&it))).collect())
}

/// The name of a person; empty when they are not known.
pub(crate) async fn person(ui: &Ui, app: &App, id: ActorId) -> Result<String, Problem> {
    Ok(people(ui, app, &[id]).await?.remove(&id).unwrap_or_default())
}

/// The published entry of a resource, while there is one.
pub(crate) async fn entry(app: &App, id: ResourceId) -> Result<Option<Content>, Problem> {
    match flow::show_resource(app, id).await {
        Ok(version) => Ok(Some(version.content)),
        Err(Error::NotFound(_)) => Ok(None),
        Err(other) => Err(other.into()),
    }
}

/// The names of the resources of a list; a withdrawn one is called by the identifier.
pub(crate) async fn titles(
    ui: &Ui,
    app: &App,
    ids: impl Iterator<Item = ResourceId>,
) -> Result<BTreeMap<ResourceId, String>, Problem> {
    let mut names = BTreeMap::new();
    for id in ids {
        if let Entry::Vacant(free) = names.entry(id) {
            free.insert(entry(app, id).await?.map_or_else(|| id.to_string(), |it| ui.title(&it)));
        }
    }
    Ok(names)
}

/// A resource as a link.
pub(crate) fn resource(ui: &Ui, id: ResourceId, content: Option<&Content>) -> Link {
    Link::new(
        content.map_or_else(|| id.to_string(), |it| ui.title(it)),
        format!("/resources/{id}"),
    )
}

/// Items with their masks beside what the catalogue says of them.
pub(crate) fn asked(items: &[GrantedItem], content: Option<&Content>) -> Vec<AskedItem> {
    let row = |it: &GrantedItem| {
        let known = content.and_then(|content| content.item(&it.item));
        AskedItem {
            name: it.item.clone(),
            mask: it.mask.to_string(),
            sensitivity: known.map_or(Sensitivity::None, |it| it.sensitivity),
            class: known.map_or(SharingClass::Conditional, |it| it.sharing.class),
        }
    };
    items.iter().map(row).collect()
}

/// The working-day calendar of the node.
pub(crate) async fn calendar(app: &App) -> Result<Calendar, Problem> {
    Ok(Calendar::new(flow::list_days(app, None).await?))
}

/// A timer as the clock of a page.
pub(crate) fn clock(ui: &Ui, timer: &Timer, calendar: &Calendar) -> Clock {
    let (explained, basis) = match ui.lang {
        Lang::Zh => (timer.deadline.explain_zh(), timer.rule.basis_zh.clone()),
        Lang::En => (timer.deadline.explain_en(), timer.rule.basis_en.clone()),
    };
    Clock {
        name: ui.w(&timer.clock()).to_owned(),
        due: timer.deadline.last_day,
        left: timer
            .deadline
            .working_days_left(ui.now, calendar, shanghai())
            .unwrap_or_default(),
        stopped: !timer.is_open() || timer.due().is_none(),
        explained: lines(&explained),
        basis,
    }
}

/// The clock of a list: the open one that ends first.
pub(crate) fn running(ui: &Ui, timers: &[Timer], calendar: &Calendar) -> Option<Clock> {
    let open = timers.iter().filter(|it| it.is_open());
    open.min_by_key(|it| it.due().unwrap_or(Timestamp::MAX_UTC))
        .map(|it| clock(ui, it, calendar))
}

/// What the reader can do about more time on a timer: ask for it, or answer the wish that somebody else has made.
pub(crate) async fn more_time(
    reader: &Reader,
    ui: &Ui,
    timer: Option<&Timer>,
    wish: Option<&Extension>,
    (asks, answers): (bool, bool),
) -> Result<MoreTime, Problem> {
    let most = timer.map_or(0, |it| it.rule.most_extension());
    if let Some(open) = wish.filter(|it| it.is_open()) {
        if !answers || open.asked_by == reader.actor().id {
            return Ok(MoreTime::Nothing);
        }
        return Ok(MoreTime::Answer(Wish {
            who: person(ui, &reader.app, open.asked_by).await?,
            at: open.asked_at,
            days: open.days,
            reason: open.reason.clone(),
        }));
    }
    let extended = wish.and_then(|it| it.answer.as_ref()).is_some_and(|it| it.consent);
    Ok(match asks && most > 0 && !extended {
        true => MoreTime::Ask(most),
        false => MoreTime::Nothing,
    })
}

/// How many working days more were typed; none, which no rule gives, when it is no number.
pub(crate) fn typed_days(fields: &Fields) -> u32 {
    fields.one("days").parse().unwrap_or_default()
}

/// The tag of a state that has its words in a closed list.
pub(crate) fn state<W: crate::page::Word>(ui: &Ui, word: W) -> Tag {
    let tone = match word.code() {
        "granted" | "active" | "closed" | "settled" => Tone::Good,
        "refused" | "revoked" | "disputed" => Tone::Bad,
        "supplement-asked" | "suspended" | "expired" | "disposal-due" | "asked" => Tone::Warn,
        "draft" | "withdrawn" => Tone::Calm,
        _ => Tone::Info,
    };
    Tag::new(tone, ui.w(&word))
}

/// What the ledger tells about a thing, newest first; nothing for readers who may not read it.
pub(crate) async fn story(reader: &Reader, ui: &Ui, subject: &str) -> Result<Vec<Happening>, Problem> {
    let filter = Filter {
        subject: Some(subject.to_owned()),
        ..Filter::default()
    };
    let part = Part {
        before: None,
        limit: SHOWN,
    };
    let found = match flow::list_entries(&reader.app, reader.actor(), filter, part).await {
        Ok(found) => found.all,
        Err(Error::Denied(_)) => return Ok(Vec::new()),
        Err(other) => return Err(other.into()),
    };
    let shown: Vec<Recorded> = found.into_iter().filter(|it| it.entry.kind != "release").collect();
    let people: Vec<ActorId> = shown.iter().filter_map(|it| it.entry.actor).collect();
    let names = self::people(ui, &reader.app, &people).await?;
    Ok(shown.iter().map(|it| happening(ui, it, &names)).collect())
}

fn happening(ui: &Ui, it: &Recorded, names: &BTreeMap<ActorId, String>) -> Happening {
    let who = it
        .entry
        .actor
        .and_then(|id| names.get(&id))
        .cloned()
        .unwrap_or_default();
    let (at, text) = (it.entry.at, ui.tk("event-", &it.entry.kind));
    Happening {
        at,
        who,
        text,
        note: note(&it.entry.body),
        entry: Some(it.index),
    }
}

/// The words that somebody added to a deed.
fn note(body: &Value) -> String {
    let told = body.get("told").unwrap_or(body);
    let words = ["reason", "reasons", "opinion", "statement", "law"]
        .iter()
        .filter_map(|it| told.get(it)?.as_str());
    let mut all: Vec<&str> = words.filter(|it| !it.is_empty()).collect();
    all.extend(
        told.get("missing")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str),
    );
    all.join(" · ")
}

/// The last day on which something holds whose end is an instant.
pub(crate) fn last_day(until: Timestamp) -> chrono::NaiveDate {
    beijing(until - chrono::TimeDelta::microseconds(1)).date_naive()
}

/// The first instant of a day in Beijing, `days` later.
pub(crate) fn midnight(day: chrono::NaiveDate, days: u64) -> Option<Timestamp> {
    let day = day.checked_add_days(chrono::Days::new(days))?;
    let start = day
        .and_time(chrono::NaiveTime::MIN)
        .and_local_timezone(shanghai())
        .single()?;
    Some(start.with_timezone(&chrono::Utc))
}

/// A day that was typed: nothing when nothing was, a fault when it is none.
pub(crate) fn typed_day(ui: &Ui, text: &str, field: &str, errors: &mut Errors) -> Option<chrono::NaiveDate> {
    if text.is_empty() {
        return None;
    }
    let day = text.parse().ok();
    if day.is_none() {
        errors.add(field, ui.t("error-not-a-date"));
    }
    day
}

/// A number that was typed: nothing when nothing was, a fault when it is none.
pub(crate) fn typed_number(ui: &Ui, text: &str, field: &str, errors: &mut Errors) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    let number = text.parse().ok();
    if number.is_none() {
        errors.add(field, ui.t("error-not-a-number"));
    }
    number
}

/// A row rule that was typed; every row when nothing was.
pub(crate) fn typed_rule(ui: &Ui, text: &str, errors: &mut Errors) -> platform::vocab::RowRule {
    if text.is_empty() {
        return platform::vocab::RowRule::All;
    }
    match text.parse::<platform::vocab::RowRule>() {
        Ok(rule) => rule,
        Err(error) => {
            errors.add("rows", crate::page::why::rule(ui, &error));
            platform::vocab::RowRule::All
        }
    }
}

/// A row rule for people: empty where it keeps every row.
pub(crate) fn rule_text(rule: &platform::vocab::RowRule) -> String {
    if *rule == platform::vocab::RowRule::All {
        String::new()
    } else {
        rule.to_string()
    }
}

/// The field of a form that a path of a flow speaks of: `items[2].mask` is `items`.
pub(crate) fn field(path: &str, otherwise: &str) -> String {
    let head = path.split(['[', '.']).next().unwrap_or_default();
    if head.is_empty() || head == "resource" {
        otherwise.to_owned()
    } else {
        head.to_owned()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_last_day_comes_back() {
        let day = "2026-12-31".parse().unwrap();
        assert_eq!(last_day(midnight(day, 1).unwrap()), day);
    }

    #[test]
    fn a_path_is_a_field() {
        assert_eq!(field("items[2].mask", "rows"), "items");
        assert_eq!(field("resource", "rows"), "rows");
        assert_eq!(field("", "rows"), "rows");
    }

    #[test]
    fn words_of_a_deed_are_found() {
        let body = serde_json::json!({ "told": { "reason": "维护", "opinion": "" } });
        assert_eq!(note(&body), "维护");
        assert_eq!(
            note(&serde_json::json!({ "told": { "missing": ["甲", "乙"] } })),
            "甲 · 乙"
        );
    }
}
