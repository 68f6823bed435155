//! Codes for invented people and enterprises, with right check digits, and ways to make them wrong.

use chrono::NaiveDate;
use vocab::{
    codes::{CitizenId, CreditCode},
    divisions::divisions,
};

/// The real prefecture whose districts the fictional city borrows.
const PREFECTURE: &str = "330100";

/// The city's districts: code of six digits and name.
pub(crate) fn districts() -> Vec<(String, String)> {
    let city = PREFECTURE.parse().ok();
    divisions()
        .children(city.as_ref())
        .iter()
        .map(|it| (it.code.to_owned(), it.name.to_owned()))
        .collect()
}

/// Counties of the rest of the country, where people were born.
pub(crate) fn counties_elsewhere() -> Vec<String> {
    let elsewhere = divisions()
        .all()
        .filter(|it| !it.code.ends_with("00") && !it.code.starts_with("3301"));
    elsewhere.map(|it| it.code.to_owned()).collect()
}

/// Counties that are no more; older people's numbers begin with them. From the recorded changes of the city's province.
pub(crate) fn withdrawn_counties() -> Vec<String> {
    let mut old: Vec<String> = divisions()
        .all()
        .flat_map(|it| divisions().changes(it.code))
        .filter(|it| it.new_code.starts_with("33") && !it.old_code.is_empty() && it.old_code != it.new_code)
        .filter(|it| divisions().by_text(it.old_code).is_none() && !it.old_code.ends_with("00"))
        .map(|it| it.old_code.to_owned())
        .collect();
    old.sort();
    old.dedup();
    old
}

pub(crate) fn citizen_id(division: &str, birth: NaiveDate, sequence: u16) -> String {
    CitizenId::with_check(division, birth, sequence).map_or_else(|_| String::new(), |it| it.to_string())
}

/// The old form of 15 digits: no century, no check digit.
pub(crate) fn fifteen(id: &str) -> String {
    format!(
        "{}{}",
        id.get(0..6).unwrap_or_default(),
        id.get(8..17).unwrap_or_default()
    )
}

/// The same with another last character.
pub(crate) fn wrong_check(code: &str) -> String {
    let mut characters: Vec<char> = code.chars().collect();
    if let Some(last) = characters.last_mut() {
        *last = if *last == '0' { '1' } else { '0' };
    }
    characters.into_iter().collect()
}

pub(crate) fn credit_code(division: &str, no: u64) -> String {
    let body = format!("MA{:06}", no % 1_000_000);
    CreditCode::with_check("91", division, &body).map_or_else(|_| String::new(), |it| it.to_string())
}

/// The credit code of a government department: registrar 11, a body of eight characters.
pub(crate) fn department_code(body: &str) -> String {
    CreditCode::with_check("11", PREFECTURE, body).map_or_else(|_| String::new(), |it| it.to_string())
}
