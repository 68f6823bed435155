//! A large catalogue: a node of the demo city is filled with copies of one published entry under other names.
//!
//! The node is not running meanwhile. Rows are written as publishing writes them, but at once: by the doors it would take
//! hours. The search index is made from them when the node starts.

use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{Connection, Transaction, params};
use serde_json::{Value, json};

use crate::{
    Result,
    words::{CYCLES, KINDS, LEVELS, PLACES, PURPOSES, THEMES, THINGS, Thing},
};

/// How many departments provide the entries.
const PROVIDERS: usize = 60;

/// What people see of entry number `n`: the same for our side and for the peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its number.
    pub number: usize,
    /// Name; no two entries have the same.
    pub name: String,
    /// English name.
    pub name_en: String,
    /// Summary.
    pub summary: String,
    /// English summary.
    pub summary_en: String,
    /// Keywords.
    pub keywords: Vec<String>,
    /// National code.
    pub code: String,
}

fn pick<T: Copy>(list: &[T], at: usize) -> Option<T> {
    list.get(at % list.len().max(1)).copied()
}

/// What entry `n` is about.
#[must_use]
pub fn thing(n: usize) -> Thing {
    pick(THINGS, n / (PLACES.len() * LEVELS.len())).unwrap_or(Thing::NONE)
}

impl Entry {
    /// Entry number `n`. There are 102,000 different ones.
    #[must_use]
    pub fn new(n: usize) -> Self {
        let places = PLACES.len() * LEVELS.len();
        let (place, place_en) = pick(PLACES, n).unwrap_or_default();
        let (level, level_en) = pick(LEVELS, n / PLACES.len()).unwrap_or_default();
        let Thing { zh, en, .. } = thing(n);
        let (kind, kind_en) = pick(KINDS, n / (places * THINGS.len())).unwrap_or_default();
        let purpose = pick(PURPOSES, n / 7).unwrap_or_default();
        let theme = pick(THEMES, n / places).unwrap_or_default();
        Self {
            number: n,
            name: format!("{place}{level}{zh}{kind}"),
            name_en: capital(&format!("{en} {kind_en} of {place_en} {level_en}")),
            summary: format!("{place}{level}{zh}的{kind}，由业务系统汇集，用于{purpose}。"),
            summary_en: format!("Collected from business systems by {place_en} {level_en}."),
            keywords: vec![zh.to_owned(), theme.to_owned()],
            code: format!("301001/{:06}", n + 1),
        }
    }

    fn content(&self, template: &Value, provider: &Provider) -> Value {
        let mut content = template.clone();
        let class = if self.number.is_multiple_of(3) {
            "conditional"
        } else {
            "unconditional"
        };
        let condition = if self.number.is_multiple_of(3) {
            "限本部门职责范围"
        } else {
            ""
        };
        let fields = json!({
            "name": self.name, "name_en": self.name_en, "summary": self.summary, "summary_en": self.summary_en,
            "keywords": self.keywords, "national_code": self.code, "local_code": null,
            "theme": pick(THEMES, self.number / (PLACES.len() * LEVELS.len())),
            "update_cycle": pick(CYCLES, self.number),
            "provider": provider.id, "provider_name": provider.name, "provider_code": provider.code,
            "sharing": { "class": class, "condition": condition, "legal_basis": "" },
        });
        if let (Some(content), Some(fields)) = (content.as_object_mut(), fields.as_object()) {
            content.extend(fields.clone());
        }
        content
    }
}

fn capital(text: &str) -> String {
    let mut rest = text.chars();
    rest.next()
        .map_or_else(String::new, |it| it.to_uppercase().chain(rest).collect())
}

#[derive(Debug, Clone)]
struct Provider {
    id: String,
    name: String,
    code: String,
}

/// The entry that is copied.
struct Template {
    source: Option<String>,
    created_by: String,
    content: Value,
}

/// Writes `many` published entries into a node's database, in one transaction.
///
/// # Errors
/// When the database is not what this version of the node writes.
pub fn fill(database: &Path, many: usize) -> Result {
    let mut link = Connection::open(database)?;
    let tx = link.transaction()?;
    let providers = providers(&tx)?;
    let template = template(&tx)?;
    let now = Utc::now();
    for n in 0..many {
        let entry = Entry::new(n);
        let provider = providers.get(n % providers.len()).ok_or("there is no provider")?;
        let minutes = TimeDelta::minutes(i64::try_from(n)?);
        insert(&tx, &entry, &template, provider, now - minutes)?;
    }
    tx.commit()?;
    link.execute_batch("pragma wal_checkpoint(truncate); analyze")?;
    Ok(())
}

fn insert(tx: &Transaction<'_>, it: &Entry, of: &Template, provider: &Provider, at: DateTime<Utc>) -> Result {
    let content = it.content(&of.content, provider);
    let id = format!("res_{}", uuid::Uuid::now_v7().simple());
    let at = at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
    let text = content.to_string();
    let field = |pointer: &str| content.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    tx.prepare_cached(
        "insert into resource (id, revision, state, provider, source, national_code, name, sharing_class, theme,
                published_version, published_at, updated_at, content, created_by, created_at)
         values (?1, 1, 'published', ?2, ?3, ?4, ?5, ?6, ?7, 1, ?8, ?8, ?9, ?10, ?8)",
    )?
    .execute(params![
        id,
        provider.id,
        of.source,
        it.code,
        it.name,
        field("/sharing/class"),
        field("/theme"),
        at,
        text,
        of.created_by
    ])?;
    tx.prepare_cached(
        "insert into resource_version (resource, number, by_actor, at, content) values (?1, 1, ?2, ?3, ?4)",
    )?
    .execute(params![id, of.created_by, at, text])?;
    Ok(())
}

fn template(tx: &Transaction<'_>) -> Result<Template> {
    let sql = "select source, created_by, content from resource where state = 'published' order by id limit 1";
    let (source, created_by, text): (_, _, String) =
        tx.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(Template {
        source,
        created_by,
        content: serde_json::from_str(&text)?,
    })
}

/// The city's departments, and invented ones below them until there are sixty.
fn providers(tx: &Transaction<'_>) -> Result<Vec<Provider>> {
    let mut all = Vec::new();
    let mut ask = tx.prepare("select id, name, code from organisation order by code")?;
    let rows = ask.query_map([], |row| {
        Ok(Provider {
            id: row.get(0)?,
            name: row.get(1)?,
            code: row.get(2)?,
        })
    })?;
    for row in rows {
        all.push(row?);
    }
    let parent = all.first().ok_or("the city has no organisation")?.id.clone();
    while all.len() < PROVIDERS {
        let no = all.len();
        let it = Provider {
            id: format!("org_{}", uuid::Uuid::now_v7().simple()),
            name: format!("云州市第{no}局"),
            code: format!("BENCH{no:013}"),
        };
        tx.execute(
            "insert into organisation (id, revision, code, name, name_en, short_name, parent, level, division, kind, created_at)
             select ?1, 1, ?2, ?3, '', ?3, id, level, division, 'department', created_at from organisation where id = ?4",
            params![it.id, it.code, it.name, parent],
        )?;
        all.push(it);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_hundred_thousand_entries_have_names_of_their_own() {
        let names: HashSet<String> = (0..100_000).map(|it| Entry::new(it).name).collect();
        assert_eq!(names.len(), 100_000);
        let it = Entry::new(121);
        assert_eq!(it.name, "西湖区不动产基本信息");
        assert_eq!(it.name_en, "Real estate register of Xihu District");
        assert_eq!(it.code, "301001/000122");
        assert_eq!(thing(121).pinyin, "budongchan");
    }

    #[test]
    fn a_copy_keeps_what_it_does_not_change() {
        let provider = Provider {
            id: "org_1".to_owned(),
            name: "局".to_owned(),
            code: "1".to_owned(),
        };
        let content = Entry::new(3).content(&json!({ "items": [1], "name": "old", "local_code": "x" }), &provider);
        assert_eq!(content["items"], json!([1]));
        assert_eq!(content["name"], Entry::new(3).name);
        assert_eq!(content["local_code"], Value::Null);
        assert_eq!(content["sharing"]["class"], "conditional");
    }
}
