//! The rules: texts that are parsed, named, validated and digested once.

use std::{collections::BTreeMap, sync::Arc};

use cedar_policy::{ActionConstraint, EntityUid, Policy, PolicyId, PolicySet, Schema, ValidationMode, Validator};
use serde::Serialize;

use crate::{Error, about};

const SCHEMA: &str = include_str!("../policies/jutong.cedarschema");

/// The rules that the house is delivered with.
const FILES: &[(&str, &str)] = &[
    ("admin.cedar", include_str!("../policies/admin.cedar")),
    ("catalog.cedar", include_str!("../policies/catalog.cedar")),
    ("sharing.cedar", include_str!("../policies/sharing.cedar")),
    ("use.cedar", include_str!("../policies/use.cedar")),
    ("duties.cedar", include_str!("../policies/duties.cedar")),
    ("rows.cedar", include_str!("../policies/rows.cedar")),
];

/// Does a rule open or close?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// It permits.
    Permit,
    /// It forbids, whatever else permits.
    Forbid,
}

/// A rule as people read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rule {
    /// Its name, unique and lasting: `provider-decides-requests`.
    pub id: String,
    /// Permit or forbid.
    pub effect: Effect,
    /// What it says, in Chinese.
    pub zh: String,
    /// What it says, in English.
    pub en: String,
    /// The file it stands in.
    pub file: String,
    /// The Cedar text.
    pub text: String,
}

/// All rules in force; cheap to clone.
#[derive(Debug, Clone)]
pub struct Rules(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    schema: Schema,
    deeds: PolicySet,
    rows: PolicySet,
    texts: BTreeMap<String, Rule>,
    digest: String,
}

impl Rules {
    /// The rules that the house is delivered with.
    ///
    /// # Errors
    /// [`Error`], when the program was built with rules that do not hold together (a test proves the opposite).
    pub fn embedded() -> Result<Self, Error> {
        Self::of(FILES)
    }

    /// The delivered rules and local ones on top: `(file, Cedar text)`. Local rules only forbid (省、市可以更严).
    ///
    /// # Errors
    /// [`Error::Widens`] for a local `permit`; else as the parser and the schema say.
    pub fn with_local(local: &[(&str, &str)]) -> Result<Self, Error> {
        for (file, text) in local {
            if let Some((_, rule)) = read(file, text)?
                .into_iter()
                .find(|(_, rule)| rule.effect == Effect::Permit)
            {
                return Err(Error::Widens {
                    file: rule.file,
                    id: rule.id,
                });
            }
        }
        let all: Vec<_> = FILES.iter().chain(local).copied().collect();
        Self::of(&all)
    }

    /// Exactly these files.
    pub(crate) fn of(files: &[(&str, &str)]) -> Result<Self, Error> {
        let (schema, _) = Schema::from_cedarschema_str(SCHEMA).map_err(|it| Error::Schema(it.to_string()))?;
        let (mut deeds, mut rows, mut texts) = (PolicySet::new(), PolicySet::new(), BTreeMap::new());
        for (file, text) in files {
            for (policy, rule) in read(file, text)? {
                let set = if is_row_rule(&policy) { &mut rows } else { &mut deeds };
                let twice = Error::Twice {
                    file: rule.file.clone(),
                    id: rule.id.clone(),
                };
                if set.add(policy).is_err() || texts.insert(rule.id.clone(), rule).is_some() {
                    return Err(twice);
                }
            }
        }
        for set in [&deeds, &rows] {
            let found = Validator::new(schema.clone()).validate(set, ValidationMode::Strict);
            if let Some(first) = found.validation_errors().next() {
                let id = first.policy_id().to_string();
                return Err(Error::Invalid {
                    file: texts.get(&id).map(|it| it.file.clone()).unwrap_or_default(),
                    why: first.to_string(),
                    id,
                });
            }
        }
        let mut hasher = seal::Hasher::new(seal::Suite::International);
        hasher.update(SCHEMA);
        for rule in texts.values() {
            hasher.update([0]);
            hasher.update(&rule.id);
            hasher.update([0]);
            hasher.update(&rule.text);
        }
        Ok(Self(Arc::new(Inner {
            schema,
            deeds,
            rows,
            texts,
            digest: hasher.finish_hex(),
        })))
    }

    /// Every rule, by name.
    pub fn all(&self) -> impl Iterator<Item = &Rule> {
        self.0.texts.values()
    }

    /// A rule by its name.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Rule> {
        self.0.texts.get(id)
    }

    /// SHA-256 over schema and rules in the order of their names, lower-case hex. Changes when any rule changes.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.0.digest
    }

    pub(crate) fn schema(&self) -> &Schema {
        &self.0.schema
    }

    pub(crate) fn deeds(&self) -> &PolicySet {
        &self.0.deeds
    }

    pub(crate) fn rows(&self) -> &PolicySet {
        &self.0.rows
    }

    /// The rules of some policies, in the order of their names.
    pub(crate) fn named<'a>(&self, ids: impl Iterator<Item = &'a PolicyId>) -> Vec<Rule> {
        let mut found: Vec<_> = ids.filter_map(|id| self.get(id.as_ref()).cloned()).collect();
        found.sort_by(|a, b| a.id.cmp(&b.id));
        found
    }

    /// The permitting rules that speak of an action by name.
    pub(crate) fn permits_for(&self, action: &EntityUid) -> Vec<Rule> {
        let speaks = |policy: &&Policy| {
            policy.effect() == cedar_policy::Effect::Permit
                && match policy.action_constraint() {
                    ActionConstraint::Any => true,
                    ActionConstraint::Eq(it) => it == *action,
                    ActionConstraint::In(all) => all.contains(action),
                }
        };
        let ids: Vec<_> = self
            .deeds()
            .policies()
            .filter(speaks)
            .map(|it| it.id().clone())
            .collect();
        self.named(ids.iter())
    }
}

/// The policies of a file under their own names, each with its sentence.
fn read(file: &str, text: &str) -> Result<Vec<(Policy, Rule)>, Error> {
    split(file, text)?
        .into_iter()
        .map(|(line, policy)| {
            let note = |annotation: &'static str| {
                policy
                    .annotation(annotation)
                    .filter(|it| !it.is_empty())
                    .map(str::to_owned)
                    .ok_or_else(|| Error::Unnamed {
                        file: file.to_owned(),
                        line,
                        annotation,
                    })
            };
            let rule = Rule {
                id: note("id")?,
                zh: note("zh")?,
                en: note("en")?,
                effect: match policy.effect() {
                    cedar_policy::Effect::Permit => Effect::Permit,
                    cedar_policy::Effect::Forbid => Effect::Forbid,
                },
                file: file.to_owned(),
                text: policy.to_cedar().unwrap_or_else(|| policy.to_string()),
            };
            Ok((policy.new_id(PolicyId::new(&rule.id)), rule))
        })
        .collect()
}

/// The policies of a file, each with the line on which it begins. A text is cut where a `;` ends something readable, so
/// that what cannot be read is told with its place.
fn split(file: &str, text: &str) -> Result<Vec<(usize, Policy)>, Error> {
    let mut found = Vec::new();
    let mut from = 0;
    let line_of = |from: usize| {
        let begun = text.get(from..).map_or(0, |it| {
            let rest = it.split_inclusive('\n');
            let passed = rest.take_while(|it| it.trim().is_empty() || it.trim_start().starts_with("//"));
            passed.map(str::len).sum::<usize>()
        });
        1 + text.bytes().take(from + begun).filter(|it| *it == b'\n').count()
    };
    let ends = text.match_indices(';').map(|(at, _)| at + 1).chain([text.len()]);
    for end in ends {
        let part = text.get(from..end).unwrap_or_default();
        match part.parse::<PolicySet>() {
            // Nothing but comments so far: a `;` in one of them ends nothing.
            Ok(set) if set.is_empty() && end < text.len() => {}
            Ok(set) => {
                let line = line_of(from);
                found.extend(set.policies().map(|it| (line, it.clone())));
                from = end;
            }
            Err(why) if end == text.len() => {
                return Err(Error::Syntax {
                    file: file.to_owned(),
                    line: line_of(from),
                    why: why.to_string(),
                });
            }
            Err(_) => {}
        }
    }
    Ok(found)
}

fn is_row_rule(policy: &Policy) -> bool {
    matches!(policy.action_constraint(), ActionConstraint::Eq(it) if it.type_name().to_string() == "Action"
        && AsRef::<str>::as_ref(it.id()) == about::SEE_ROW)
}
