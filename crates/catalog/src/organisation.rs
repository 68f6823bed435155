//! Organisations and their tree.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use vocab::{
    Level, OrgId, OrgKind, Timestamp,
    codes::{CreditCode, DivisionCode, DivisionLevel},
    divisions,
};

/// A government department or other organisation (信息资源提供方 and data user).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organisation {
    /// Identifier.
    pub id: OrgId,
    /// Optimistic concurrency: the revision that was read; a write makes the next.
    pub revision: u64,
    /// 统一社会信用代码 (GB 32100), 18 characters.
    pub code: String,
    /// Full name in Chinese.
    pub name: String,
    /// Name in English; empty when there is none.
    pub name_en: String,
    /// Short name in Chinese (市公安局); empty when there is none.
    pub short_name: String,
    /// The organisation it stands below.
    pub parent: Option<OrgId>,
    /// Administrative level.
    pub level: Level,
    /// 行政区划代码 (GB/T 2260, 6 digits, or its 9- and 12-digit extensions).
    pub division: String,
    /// What it is.
    pub kind: OrgKind,
    /// Born at.
    pub created_at: Timestamp,
}

impl Organisation {
    /// The organisation with its codes in their canonical form, or everything that is wrong with it: a name, a code with
    /// its check character, a division that exists or once did, and a level that is the division's.
    ///
    /// # Errors
    /// Every [`Misfit`] at once.
    pub fn canonical(mut self) -> Result<Self, Vec<Misfit>> {
        let mut found = Vec::new();
        self.name = self.name.trim().to_owned();
        self.name_en = self.name_en.trim().to_owned();
        self.short_name = self.short_name.trim().to_owned();
        if self.name.is_empty() {
            found.push(Misfit::new("name", "missing", "an organisation needs a name"));
        }
        match self.code.parse::<CreditCode>() {
            Ok(code) => self.code = code.to_string(),
            Err(error) => found.push(Misfit::new("code", "credit-code", error.to_string())),
        }
        match self.division.parse::<DivisionCode>() {
            Ok(code) => {
                self.division = code.shortest().to_string();
                found.extend(ill_placed(&code, self.level));
            }
            Err(error) => found.push(Misfit::new("division", "division-code", error.to_string())),
        }
        if found.is_empty() { Ok(self) } else { Err(found) }
    }

    /// The short name, or the full name where there is none.
    #[must_use]
    pub fn label(&self) -> &str {
        if self.short_name.is_empty() {
            &self.name
        } else {
            &self.short_name
        }
    }
}

/// One thing that is wrong with an organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// The field.
    pub field: &'static str,
    /// The stable machine code.
    pub code: &'static str,
    /// The sentence in English.
    pub detail: String,
}

impl Misfit {
    fn new(field: &'static str, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            field,
            code,
            detail: detail.into(),
        }
    }
}

/// A division that nobody knows, or a level that is not its own.
fn ill_placed(division: &DivisionCode, level: Level) -> Option<Misfit> {
    let own = match division.level() {
        DivisionLevel::Country => Level::Nation,
        DivisionLevel::Province => Level::Province,
        DivisionLevel::City => Level::City,
        DivisionLevel::County => Level::County,
        DivisionLevel::Township | DivisionLevel::Village => Level::Township,
    };
    if own != Level::Nation && !divisions().was_ever(division) {
        let detail = "no division has or had this code (GB/T 2260)";
        return Some(Misfit::new("division", "division-unknown", detail));
    }
    (own != level).then(|| {
        let detail = format!("the division is of another level: {own}");
        Misfit::new("level", "level-of-division", detail)
    })
}

/// All organisations, as a tree. An organisation whose parent is not among them is a root.
#[derive(Debug, Clone, Default)]
pub struct OrgTree {
    orgs: BTreeMap<OrgId, Organisation>,
    below: BTreeMap<Option<OrgId>, Vec<OrgId>>,
}

impl OrgTree {
    /// Builds the tree. Children stand in order of division and code.
    #[must_use]
    pub fn new(orgs: impl IntoIterator<Item = Organisation>) -> Self {
        let orgs: BTreeMap<OrgId, Organisation> = orgs.into_iter().map(|it| (it.id, it)).collect();
        let mut below: BTreeMap<Option<OrgId>, Vec<OrgId>> = BTreeMap::new();
        for org in orgs.values() {
            let parent = org.parent.filter(|it| orgs.contains_key(it));
            below.entry(parent).or_default().push(org.id);
        }
        for children in below.values_mut() {
            children.sort_by_key(|id| orgs.get(id).map(|it| (it.level, it.division.clone(), it.code.clone())));
        }
        Self { orgs, below }
    }

    /// An organisation.
    #[must_use]
    pub fn get(&self, id: OrgId) -> Option<&Organisation> {
        self.orgs.get(&id)
    }

    /// The organisations that stand below none.
    pub fn roots(&self) -> impl Iterator<Item = &Organisation> {
        self.list(None)
    }

    /// The organisations directly below one.
    pub fn children(&self, id: OrgId) -> impl Iterator<Item = &Organisation> {
        self.list(Some(id))
    }

    fn list(&self, parent: Option<OrgId>) -> impl Iterator<Item = &Organisation> {
        self.below
            .get(&parent)
            .into_iter()
            .flatten()
            .filter_map(|id| self.orgs.get(id))
    }

    /// The organisations above one, nearest first. Ends even when stored parents form a circle.
    #[must_use]
    pub fn ancestors(&self, id: OrgId) -> Vec<&Organisation> {
        let mut seen = BTreeSet::from([id]);
        let mut line = Vec::new();
        let mut next = self.orgs.get(&id).and_then(|it| it.parent);
        while let Some(org) = next.filter(|it| seen.insert(*it)).and_then(|it| self.orgs.get(&it)) {
            line.push(org);
            next = org.parent;
        }
        line
    }

    /// The organisation and all below it, parents before children.
    #[must_use]
    pub fn within(&self, id: OrgId) -> Vec<OrgId> {
        let mut seen = BTreeSet::from([id]);
        let mut all = vec![id];
        let mut at = 0;
        while let Some(parent) = all.get(at).copied() {
            all.extend(self.children(parent).map(|it| it.id).filter(|it| seen.insert(*it)));
            at += 1;
        }
        all
    }

    /// Would the tree stay a tree if `id` stood below `parent`?
    #[must_use]
    pub fn may_stand_below(&self, id: OrgId, parent: OrgId) -> bool {
        id != parent && self.ancestors(parent).iter().all(|it| it.id != id)
    }

    /// The whole tree, depth first, each with its depth (0 for roots): the order of a page.
    #[must_use]
    pub fn lines(&self) -> Vec<(usize, &Organisation)> {
        let mut lines = Vec::new();
        let mut waiting: Vec<(usize, OrgId)> = Vec::new();
        let push = |waiting: &mut Vec<(usize, OrgId)>, depth, parent: Option<OrgId>| {
            waiting.extend(
                self.below
                    .get(&parent)
                    .into_iter()
                    .flatten()
                    .rev()
                    .map(|id| (depth, *id)),
            );
        };
        push(&mut waiting, 0, None);
        while let Some((depth, id)) = waiting.pop() {
            if let Some(org) = self.orgs.get(&id) {
                lines.push((depth, org));
                push(&mut waiting, depth + 1, Some(id));
            }
        }
        lines
    }
}

#[cfg(test)]
mod tests;
