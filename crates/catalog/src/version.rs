//! Published versions, and what changed between two.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use vocab::{ActorId, ResourceId, Timestamp};

use crate::{
    Error, Unfit,
    check::{blocks, check},
    life::State,
    resource::{Content, Item, Resource},
};

/// A published version; never edited.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Version {
    /// The resource.
    pub resource: ResourceId,
    /// 1 for the first.
    pub number: u32,
    /// Published by.
    pub by: ActorId,
    /// Published at.
    pub at: Timestamp,
    /// The entry as it was published.
    pub content: Content,
}

/// Publishes a reviewed resource: its next version. The content must carry its national code by now.
///
/// # Errors
/// [`Error::Unfit`] when it is not under review; [`Error::Findings`] when it is not fit after all.
pub fn publish(resource: &mut Resource, by: ActorId, now: Timestamp) -> Result<Version, Error> {
    if !resource.state.is_waiting() {
        return Err(Unfit {
            from: resource.state,
            to: State::Published,
        }
        .into());
    }
    let blocking: Vec<_> = check(&resource.content).into_iter().filter(blocks).collect();
    if !blocking.is_empty() {
        return Err(Error::Findings(blocking));
    }
    let number = resource.published_version.unwrap_or(0) + 1;
    resource.state = resource.state.to(State::Published)?;
    resource.published_version = Some(number);
    resource.published_at = Some(now);
    resource.updated_at = now;
    Ok(Version {
        resource: resource.id,
        number,
        by,
        at: now,
        content: resource.content.clone(),
    })
}

/// What changed between two entries.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// Fields of the resource, in the order of the entry.
    pub fields: Vec<FieldChange>,
    /// Names of items that are new.
    pub added: Vec<String>,
    /// Names of items that are gone.
    pub removed: Vec<String>,
    /// Items that are in both and changed.
    pub changed: Vec<ItemChange>,
    /// Are the common items in another order?
    pub reordered: bool,
}

/// One field before and after, as JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldChange {
    /// The field, dotted: `sharing.condition`, `update_cycle`.
    pub path: String,
    /// Before.
    pub before: Value,
    /// After.
    pub after: Value,
}

/// An item that changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ItemChange {
    /// Its name.
    pub item: String,
    /// What changed in it.
    pub fields: Vec<FieldChange>,
}

impl Difference {
    /// Did nothing change?
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.fields.is_empty()
            && self.added.is_empty()
            && self.removed.is_empty()
            && self.changed.is_empty()
            && !self.reordered
    }

    /// What changes that consumers' agreements rest on: an item gone, its type, column or class; the mount, or the class of
    /// the whole.
    #[must_use]
    pub fn touched(&self) -> Touched {
        let weighty = |path: &str| {
            ["data_type", "column", "mount", "sharing.class", "key"]
                .iter()
                .any(|it| path == *it || path.starts_with(&format!("{it}.")))
        };
        if self.fields.iter().any(|it| weighty(&it.path)) {
            return Touched::Everything;
        }
        let changed = self
            .changed
            .iter()
            .filter(|it| it.fields.iter().any(|it| weighty(&it.path)))
            .map(|it| it.item.clone());
        Touched::Items(self.removed.iter().cloned().chain(changed).collect())
    }
}

/// What of a resource a change takes from under its consumers' agreements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Touched {
    /// Every agreement on it: where its rows are, or its class.
    Everything,
    /// Agreements on these items; none when there are none.
    Items(BTreeSet<String>),
}

/// Compares two entries. Items are matched by name; evidence is not compared.
#[must_use]
pub fn diff(before: &Content, after: &Content) -> Difference {
    let mut change = Difference {
        fields: Vec::new(),
        ..Difference::default()
    };
    fields("", &outside(before), &outside(after), &mut change.fields);
    change.added = names(&after.items)
        .filter(|it| before.item(it).is_none())
        .map(str::to_owned)
        .collect();
    change.removed = names(&before.items)
        .filter(|it| after.item(it).is_none())
        .map(str::to_owned)
        .collect();
    for old in &before.items {
        let Some(new) = after.item(&old.name) else { continue };
        let mut found = Vec::new();
        fields("", &inside(old), &inside(new), &mut found);
        if !found.is_empty() {
            change.changed.push(ItemChange {
                item: old.name.clone(),
                fields: found,
            });
        }
    }
    let stayed: Vec<&str> = names(&before.items).filter(|it| after.item(it).is_some()).collect();
    change.reordered = !names(&after.items).filter(|it| before.item(it).is_some()).eq(stayed);
    change
}

fn names(items: &[Item]) -> impl Iterator<Item = &str> {
    items.iter().map(|it| it.name.as_str())
}

fn outside(content: &Content) -> Value {
    let mut value = serde_json::to_value(content).unwrap_or_default();
    if let Some(map) = value.as_object_mut() {
        for apart in ["items", "left_out", "change_note"] {
            map.shift_remove(apart);
        }
    }
    value
}

fn inside(item: &Item) -> Value {
    let mut value = serde_json::to_value(item).unwrap_or_default();
    if let Some(map) = value.as_object_mut() {
        map.shift_remove("evidence");
    }
    value
}

fn fields(path: &str, before: &Value, after: &Value, found: &mut Vec<FieldChange>) {
    if before == after {
        return;
    }
    let (Value::Object(old), Value::Object(new)) = (before, after) else {
        found.push(FieldChange {
            path: path.to_owned(),
            before: before.clone(),
            after: after.clone(),
        });
        return;
    };
    let below = |name: &str| {
        if path.is_empty() {
            name.to_owned()
        } else {
            format!("{path}.{name}")
        }
    };
    for (name, value) in old {
        fields(&below(name), value, new.get(name).unwrap_or(&Value::Null), found);
    }
    for (name, value) in new.iter().filter(|(name, _)| !old.contains_key(*name)) {
        fields(&below(name), &Value::Null, value, found);
    }
}

impl std::fmt::Display for Difference {
    /// One change a line, for people who read diffs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for it in &self.fields {
            writeln!(f, "~ {}: {} → {}", it.path, it.before, it.after)?;
        }
        for it in &self.removed {
            writeln!(f, "- {it}")?;
        }
        for it in &self.added {
            writeln!(f, "+ {it}")?;
        }
        for item in &self.changed {
            for it in &item.fields {
                writeln!(f, "~ {}.{}: {} → {}", item.item, it.path, it.before, it.after)?;
            }
        }
        if self.reordered {
            writeln!(f, "~ items stand in another order")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]

    use expect_test::expect;
    use vocab::{DataType, Mask, UpdateCycle};

    use super::*;
    use crate::{
        resource::Sharing,
        store::testing::{at, complete, org},
    };

    #[test]
    fn a_diff_reads() {
        let before = complete(&org("滨海市公安局", None));
        let mut after = before.clone();
        after.update_cycle = UpdateCycle::Daily;
        after.sharing = Sharing::conditional("用于政务服务核验");
        after.items.remove(2);
        after.items[1].mask = Mask::KeepEnds { head: 1, tail: 0 };
        after.items.insert(0, Item::new("住址", DataType::Text));
        let change = diff(&before, &after);
        expect![[r#"
            ~ sharing.class: "unconditional" → "conditional"
            ~ sharing.condition: "" → "用于政务服务核验"
            ~ update_cycle: "monthly" → "daily"
            - birth_date
            + 住址
            ~ 姓名.mask.mask: "name" → "keep-ends"
            ~ 姓名.mask.head: null → 1
            ~ 姓名.mask.tail: null → 0
        "#]]
        .assert_eq(&change.to_string());
        assert_eq!(change.touched(), Touched::Everything, "the class of the whole");
        assert!(diff(&before, &before).is_empty());
    }

    #[test]
    fn order_is_told() {
        let before = complete(&org("滨海市公安局", None));
        let mut after = before.clone();
        after.items.reverse();
        let change = diff(&before, &after);
        assert!(change.reordered);
        assert_eq!(change.touched(), Touched::Items(BTreeSet::new()));
        after.items.retain(|it| it.name != "姓名");
        for item in &mut after.items {
            item.mask = Mask::Null;
            if item.name == "birth_date" {
                item.data_type = DataType::Text;
            }
        }
        let gone = ["姓名", "birth_date"].map(str::to_owned);
        assert_eq!(
            diff(&before, &after).touched(),
            Touched::Items(gone.into()),
            "a mask is the agreement's own"
        );
    }

    #[test]
    fn versions_count_from_one() {
        let by = ActorId::new();
        let mut resource = Resource::draft(complete(&org("滨海市公安局", None)), by, at(0));
        assert!(publish(&mut resource, by, at(1)).is_err(), "a draft is not published");
        resource.submit(by, at(1)).unwrap();
        assert_eq!(publish(&mut resource, by, at(2)).unwrap().number, 1);
        let next = resource.content.clone();
        resource.edit(next, at(3)).unwrap();
        assert!(
            publish(&mut resource, by, at(3)).is_err(),
            "a change is not published without review"
        );
        resource.submit(by, at(3)).unwrap();
        assert_eq!(publish(&mut resource, by, at(4)).unwrap().number, 2);
        assert_eq!(resource.state, State::Published);
    }
}
