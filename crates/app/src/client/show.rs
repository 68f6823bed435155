//! Answers as people like to read them: tables of the columns that matter, things as names and values.

use serde_json::{Map, Value};

use super::{Client, table};
use crate::{exit::Failure, out};

/// A column: its head, and where its value is (`a.b`, or several with `|` of which the first that is there is shown).
pub(crate) type Column = (&'static str, &'static str);

impl Client {
    /// Prints a list (`{items, next}` or an array) as a table, or the server's JSON.
    pub(crate) fn show_list(&self, answer: &Value, columns: &[Column]) -> Result<(), Failure> {
        if self.as_json {
            return Ok(out::json(answer)?);
        }
        let items = ["items", "hits", "entries"]
            .iter()
            .find_map(|it| answer.get(*it))
            .unwrap_or(answer);
        let items = items.as_array().map(Vec::as_slice).unwrap_or_default();
        if items.is_empty() {
            return Ok(out::line("nothing")?);
        }
        let head: Vec<&str> = columns.iter().map(|(head, _)| *head).collect();
        let rows: Vec<Vec<String>> = items
            .iter()
            .map(|item| columns.iter().map(|(_, path)| text(at(item, path))).collect())
            .collect();
        out::line(&table::table(&head, &rows))?;
        if let Some(next) = answer.get("next").filter(|it| !it.is_null()) {
            out::line(&format!("\nmore: --after {}", text(next)))?;
        }
        Ok(())
    }

    /// Prints one thing as names and values, or the server's JSON.
    pub(crate) fn show(&self, answer: &Value) -> Result<(), Failure> {
        if self.as_json {
            return Ok(out::json(answer)?);
        }
        match answer {
            Value::Null => Ok(out::line("done")?),
            Value::Object(members) => Ok(out::line(&table::list(&pairs(members)))?),
            Value::Array(_) => Ok(out::line(&nested(answer))?),
            other => Ok(out::line(&text(other))?),
        }
    }
}

fn pairs(members: &Map<String, Value>) -> Vec<(String, String)> {
    let shown = members.iter().filter(|(_, value)| !is_empty(value));
    shown
        .map(|(name, value)| (name.replace('_', " "), nested(value)))
        .collect()
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(it) => it.is_empty(),
        Value::Array(it) => it.is_empty(),
        Value::Object(it) => it.is_empty(),
        _ => false,
    }
}

/// A value inside a thing: objects one a line, lists of objects as a table of their plain members.
fn nested(value: &Value) -> String {
    match value {
        Value::Array(items) if items.iter().any(Value::is_object) => {
            let head = heads(items);
            let rows: Vec<Vec<String>> = items
                .iter()
                .map(|item| {
                    head.iter()
                        .map(|name| item.get(name).map(text).unwrap_or_default())
                        .collect()
                })
                .collect();
            table::table(&head.iter().map(String::as_str).collect::<Vec<_>>(), &rows)
        }
        Value::Object(members) => {
            let lines = pairs(members)
                .into_iter()
                .map(|(name, value)| match value.contains('\n') {
                    true => format!("{name}:\n  {}", value.replace('\n', "\n  ")),
                    false => format!("{name}: {value}"),
                });
            lines.collect::<Vec<_>>().join("\n")
        }
        other => text(other),
    }
}

/// The members that any item fills, in the order they come.
fn heads(items: &[Value]) -> Vec<String> {
    let mut head: Vec<String> = Vec::new();
    for (name, value) in items.iter().filter_map(Value::as_object).flatten() {
        if !is_empty(value) && !head.contains(name) {
            head.push(name.clone());
        }
    }
    head
}

/// The value at a path; `null` when there is none.
fn at<'a>(item: &'a Value, path: &str) -> &'a Value {
    let walk = |path: &str| {
        path.split('.')
            .try_fold(item, |it, name| it.get(name))
            .filter(|it| !it.is_null())
    };
    path.split('|').find_map(walk).unwrap_or(&Value::Null)
}

/// A value on one line.
pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(it) => it.clone(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(", "),
        Value::Object(members) => {
            let known = ["name", "label", "title", "code", "id"]
                .iter()
                .find_map(|it| members.get(*it))
                .filter(|it| it.is_string());
            known.map_or_else(|| value.to_string(), text)
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_thing_is_shown_with_what_is_in_it() {
        let thing = json!({
            "id": "agr_1", "empty": "", "none": null, "quota_per_day": 5,
            "provider": { "id": "org_1", "name": "A" },
            "items": [{ "item": "name", "mask": "clear", "why": null }, { "item": "phone", "mask": "keep-ends(3,4)" }],
            "modes": ["query", "file"]
        });
        let members = thing.as_object().cloned().unwrap_or_default();
        expect![[r#"
            id             agr_1
            quota per day  5
            provider       id: org_1
                           name: A
            items          ITEM   MASK
                           name   clear
                           phone  keep-ends(3,4)
            modes          query, file"#]]
        .assert_eq(&table::list(&pairs(&members)));
    }

    #[test]
    fn a_path_takes_the_first_that_is_there() {
        let item = json!({ "a": { "b": "x" }, "c": null, "d": 1 });
        assert_eq!(text(at(&item, "c|a.b")), "x");
        assert_eq!(text(at(&item, "c|d")), "1");
        assert_eq!(text(at(&item, "q")), "");
    }
}
