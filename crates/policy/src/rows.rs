//! Standing row rules: Cedar's partial evaluation for one asker, translated to a row rule of the engine.
//!
//! A row leaves where some `permit` is true and no `forbid` is. Cedar skips a policy that fails; here a `permit` that
//! fails opens nothing and a `forbid` that fails closes everything. An item that a table does not have is an absent
//! attribute; a NULL is one too, so `resource has x` becomes `NOT x IS NULL`. Whatever the translation does not know
//! makes the rule unreadable, and an unreadable rule denies.

use cedar_policy::{Entities, EntityTypeName, PartialEntities, PartialEntityUid, PartialRequest, Policy};
use serde_json::Value as Json;
use vocab::{Actor, RowRule, Terms, Value, rule::Compare};

use crate::{
    about::{SEE_ROW, Unaskable, Use, actor_entity, seeing, uid},
    rules::{Rule, Rules},
};

/// Which items of a resource play a part in standing row rules. An absent one does not exist for the rules.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RowItems {
    /// The item with the 行政区划代码 of the row (`resource.region`, text).
    pub region: Option<String>,
    /// The item with the grade of the row (`resource.level`, integer; 1 general, 2 important, 3 core).
    pub level: Option<String>,
    /// The item that says that a row is sealed (`resource.sealed`, boolean).
    pub sealed: Option<String>,
}

impl RowItems {
    fn get(&self, attr: &str) -> Option<&str> {
        match attr {
            "region" => self.region.as_deref(),
            "level" => self.level.as_deref(),
            "sealed" => self.sealed.as_deref(),
            _ => None,
        }
    }
}

/// What the standing rules leave of the rows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Standing {
    pub rule: RowRule,
    /// The residual policies as Cedar text, in the order of their names.
    pub residuals: Vec<String>,
}

/// Why standing rules let no row out.
#[derive(Debug)]
pub(crate) enum Closed {
    Forbidden(Vec<Rule>),
    NoGrant,
    Broken(Vec<String>),
}

/// The standing rules for one asker under some terms.
pub(crate) fn standing(
    rules: &Rules,
    actor: &Actor,
    terms: &Terms,
    usage: &Use,
    items: &RowItems,
) -> Result<Standing, Closed> {
    let broken = |_: Unaskable| Closed::Broken(vec!["rows".to_owned()]);
    let unaskable = || Closed::Broken(vec!["rows".to_owned()]);
    let who = actor_entity(actor).map_err(broken)?;
    let principal = PartialEntityUid::from_concrete(who.uid());
    let row: EntityTypeName = "Row".parse().map_err(|_| unaskable())?;
    let request = PartialRequest::new(
        principal,
        uid("Action", SEE_ROW).map_err(broken)?,
        PartialEntityUid::new(row, None),
        Some(seeing(terms, usage).map_err(broken)?),
        rules.schema(),
    )
    .map_err(|_| unaskable())?;
    let entities = Entities::from_entities([who], Some(rules.schema())).map_err(|_| unaskable())?;
    let entities = PartialEntities::from_concrete(entities, rules.schema()).map_err(|_| unaskable())?;
    let response = rules
        .rows()
        .tpe(&request, &entities, rules.schema())
        .map_err(|_| unaskable())?;

    let failed: Vec<_> = response
        .error_permits()
        .chain(response.error_forbids())
        .map(ToString::to_string)
        .collect();
    if !failed.is_empty() {
        return Err(Closed::Broken(failed));
    }
    let forbidden = rules.named(response.true_forbids());
    if !forbidden.is_empty() {
        return Err(Closed::Forbidden(forbidden));
    }
    let mut residuals: Vec<Policy> = response.residual_policies().collect();
    residuals.sort_by(|a, b| a.id().cmp(b.id()));

    let open = response.true_permits().next().is_some();
    let rule = combine(&residuals, open, items)?;
    let residuals = residuals.iter().map(|it| it.to_string()).collect();
    Ok(Standing { rule, residuals })
}

/// Some permit (all rows, where one is true already) and no forbid.
fn combine(residuals: &[Policy], open: bool, items: &RowItems) -> Result<RowRule, Closed> {
    let mut permits = Vec::new();
    let mut forbids = Vec::new();
    for policy in residuals {
        let rule = translate(policy, items).map_err(|Unreadable| Closed::Broken(vec![policy.id().to_string()]))?;
        match policy.effect() {
            cedar_policy::Effect::Permit => permits.push(rule),
            cedar_policy::Effect::Forbid => forbids.push(not(rule)),
        }
    }
    if open {
        permits = vec![RowRule::All];
    }
    if permits.is_empty() {
        return Err(Closed::NoGrant);
    }
    Ok(RowRule::and(std::iter::once(RowRule::or(permits)).chain(forbids)))
}

/// A residual that cannot be said as a row rule.
#[derive(Debug, PartialEq, Eq)]
struct Unreadable;

fn translate(policy: &Policy, items: &RowItems) -> Result<RowRule, Unreadable> {
    let json = policy.to_json().map_err(|_| Unreadable)?;
    let conditions = json.get("conditions").and_then(Json::as_array).ok_or(Unreadable)?;
    let mut all = Vec::new();
    for condition in conditions {
        let body = truth(condition.get("body").ok_or(Unreadable)?, items)?;
        all.push(match condition.get("kind").and_then(Json::as_str) {
            Some("when") => body,
            Some("unless") => not(body),
            _ => return Err(Unreadable),
        });
    }
    Ok(RowRule::and(all))
}

/// An expression that is true or false of a row. Like Cedar, the right side is not looked at where the left decides:
/// `resource has level && resource.level > 2` of a table without levels is false, not unreadable.
fn truth(json: &Json, items: &RowItems) -> Result<RowRule, Unreadable> {
    let (op, of) = node(json)?;
    let side = |name: &str| of.get(name).ok_or(Unreadable);
    match op {
        "Value" => of.as_bool().map(known).ok_or(Unreadable),
        "&&" => match truth(side("left")?, items)? {
            RowRule::Nothing => Ok(RowRule::Nothing),
            left => Ok(RowRule::and([left, truth(side("right")?, items)?])),
        },
        "||" => match truth(side("left")?, items)? {
            RowRule::All => Ok(RowRule::All),
            left => Ok(RowRule::or([left, truth(side("right")?, items)?])),
        },
        "!" => Ok(not(truth(side("arg")?, items)?)),
        "if-then-else" => {
            let test = truth(side("if")?, items)?;
            let then = || truth(side("then")?, items);
            let other = || truth(side("else")?, items);
            match test {
                RowRule::All => then(),
                RowRule::Nothing => other(),
                test => Ok(RowRule::or([
                    RowRule::and([test.clone(), then()?]),
                    RowRule::and([not(test), other()?]),
                ])),
            }
        }
        "has" => {
            let attr = row_attr(of)?;
            Ok(items
                .get(attr)
                .map_or(RowRule::Nothing, |item| not(RowRule::IsNull { item: item.to_owned() })))
        }
        "." => Ok(RowRule::Compare {
            item: item(json, items)?,
            op: Compare::Eq,
            value: Value::Bool(true),
        }),
        "==" | "!=" | "<" | "<=" | ">" | ">=" => compare(op, side("left")?, side("right")?, items),
        "contains" => {
            let values = literals(side("left")?)?;
            Ok(RowRule::In {
                item: item(side("right")?, items)?,
                values,
            })
        }
        "like" => like(side("left")?, side("pattern")?, items),
        _ => Err(Unreadable),
    }
}

fn compare(op: &str, left: &Json, right: &Json, items: &RowItems) -> Result<RowRule, Unreadable> {
    let plain = match op {
        "==" => Compare::Eq,
        "!=" => Compare::Ne,
        "<" => Compare::Lt,
        "<=" => Compare::Le,
        ">" => Compare::Gt,
        ">=" => Compare::Ge,
        _ => return Err(Unreadable),
    };
    let turned = match plain {
        Compare::Lt => Compare::Gt,
        Compare::Le => Compare::Ge,
        Compare::Gt => Compare::Lt,
        Compare::Ge => Compare::Le,
        same => same,
    };
    let (item, op, value) = match (literal(left), literal(right)) {
        (Err(Unreadable), Ok(value)) => (item(left, items)?, plain, value),
        (Ok(value), Err(Unreadable)) => (item(right, items)?, turned, value),
        _ => return Err(Unreadable),
    };
    Ok(RowRule::Compare { item, op, value })
}

fn like(left: &Json, pattern: &Json, items: &RowItems) -> Result<RowRule, Unreadable> {
    let item = item(left, items)?;
    let parts = pattern.as_array().ok_or(Unreadable)?;
    let mut prefix = String::new();
    for (at, part) in parts.iter().enumerate() {
        match part.get("Literal").and_then(Json::as_str) {
            Some(literal) => prefix.push_str(literal),
            // Only one wildcard, and only at the end, is a prefix.
            None if part.as_str() == Some("Wildcard") && at + 1 == parts.len() => {
                return Ok(RowRule::StartsWith { item, prefix });
            }
            None => return Err(Unreadable),
        }
    }
    Ok(RowRule::Compare {
        item,
        op: Compare::Eq,
        value: Value::Text(prefix),
    })
}

/// The one operator of a JSON node and what it is applied to.
fn node(json: &Json) -> Result<(&str, &Json), Unreadable> {
    let object = json.as_object().filter(|it| it.len() == 1).ok_or(Unreadable)?;
    object.iter().next().map(|(op, of)| (op.as_str(), of)).ok_or(Unreadable)
}

/// The attribute of `resource.attr` or `resource has attr`.
fn row_attr(of: &Json) -> Result<&str, Unreadable> {
    let is_row = of.get("left").and_then(|it| it.get("Var")).and_then(Json::as_str) == Some("resource");
    of.get("attr")
        .and_then(Json::as_str)
        .filter(|_| is_row)
        .ok_or(Unreadable)
}

fn item(json: &Json, items: &RowItems) -> Result<String, Unreadable> {
    match node(json)? {
        (".", of) => items.get(row_attr(of)?).map(str::to_owned).ok_or(Unreadable),
        _ => Err(Unreadable),
    }
}

fn literal(json: &Json) -> Result<Value, Unreadable> {
    match node(json)? {
        ("Value", of) => plain(of),
        _ => Err(Unreadable),
    }
}

fn plain(json: &Json) -> Result<Value, Unreadable> {
    match json {
        Json::Bool(it) => Ok(Value::Bool(*it)),
        Json::Number(it) => it.as_i64().map(Value::Int).ok_or(Unreadable),
        Json::String(it) => Ok(Value::Text(it.clone())),
        _ => Err(Unreadable),
    }
}

/// The members of a set of literals, written as one value or as a set of expressions.
fn literals(json: &Json) -> Result<Vec<Value>, Unreadable> {
    match node(json)? {
        ("Value", Json::Array(all)) => all.iter().map(plain).collect(),
        ("Set", Json::Array(all)) => all.iter().map(literal).collect(),
        _ => Err(Unreadable),
    }
}

const fn known(it: bool) -> RowRule {
    if it { RowRule::All } else { RowRule::Nothing }
}

fn not(part: RowRule) -> RowRule {
    RowRule::Not { of: Box::new(part) }.simplify()
}

#[cfg(test)]
mod tests;
