//! The record that the bench `serve` asks for: its question in SQL, and how it must leave.

use serde_json::Value;

use crate::{
    Result,
    city::{MASKED, OneMask},
    http::Client,
    load::Door,
    postgres::Postgres,
};

/// The demo city's register of people in PostgreSQL.
pub const TABLE: &str = "jutong_demo_person";

/// Records compared with the database on every side.
pub const COMPARED: usize = 40;

/// The question for one record, its key as an SQL expression.
#[must_use]
pub fn select(items: &[String], key: &str) -> String {
    format!("SELECT {} FROM {TABLE} WHERE person_no = {key}", items.join(", "))
}

/// Every key of the register.
///
/// # Errors
/// When the database does not answer.
pub fn keys(postgres: &Postgres) -> Result<Vec<String>> {
    let text = postgres.ask(&format!("select person_no from {TABLE} order by 1"))?;
    Ok(text.lines().map(str::to_owned).collect())
}

/// Some records as they must leave, from the database itself.
#[derive(Debug, Clone)]
pub struct Truth(Vec<(String, Value)>);

impl Truth {
    /// Reads records at equal distances, and masks them.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn read(postgres: &Postgres, deal: &OneMask, keys: &[String]) -> Result<Self> {
        let mut all = Vec::new();
        for key in keys.iter().step_by((keys.len() / COMPARED).max(1)) {
            let question = select(&deal.items, &format!("'{key}'"));
            let text = postgres.ask(&format!("select row_to_json(it) from ({question}) it"))?;
            let mut record: Value = serde_json::from_str(&text)?;
            if let Some(value) = record.get_mut(MASKED)
                && let Some(text) = value.as_str()
            {
                *value = Value::from(keep_ends(text, 3, 4));
            }
            all.push((key.clone(), record));
        }
        Ok(Self(all))
    }

    /// Does a side give these records?
    ///
    /// # Errors
    /// When it answers otherwise, with the first difference.
    pub fn compare(&self, side: &str, door: &Door) -> Result {
        let mut client = Client::connect(door.port)?;
        for (key, record) in &self.0 {
            let answer = client.get(&format!("{}{key}", door.path), &door.token)?;
            let given: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
            if answer.status != 200 || given != *record {
                let status = answer.status;
                return Err(format!("{side}: record {key} is {status} {given}, not {record}").into());
            }
        }
        Ok(())
    }
}

/// The mask of the agreement, written a second time.
fn keep_ends(text: &str, head: usize, tail: usize) -> String {
    let all: Vec<char> = text.chars().collect();
    let hidden = |at: usize| all.len() <= head + tail || (at >= head && at + tail < all.len());
    let shown = |(at, it): (usize, &char)| if hidden(at) { '*' } else { *it };
    all.iter().enumerate().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_kept() {
        assert_eq!(keep_ends("13812345678", 3, 4), "138****5678");
        assert_eq!(keep_ends("1381234", 3, 4), "*******");
        assert_eq!(keep_ends("１３８12345678", 3, 4), "１３８****5678");
    }

    #[test]
    fn the_question_names_the_columns() {
        let items = ["person_no".to_owned(), "phone".to_owned()];
        assert_eq!(
            select(&items, "$1"),
            "SELECT person_no, phone FROM jutong_demo_person WHERE person_no = $1"
        );
    }
}
