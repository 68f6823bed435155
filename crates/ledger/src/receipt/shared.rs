//! Receipts of one moment in one entry.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::{ANSWERS, KIND, MOST, OWN, Receipt};
use crate::{
    Entry, Error, Prepared,
    canonical::{self, write_text},
};

/// Receipts that are like each other, by their places, in the order of the first of each.
fn groups(receipts: &[&Receipt]) -> Vec<Vec<usize>> {
    let mut groups: Vec<(&Receipt, Vec<usize>)> = Vec::new();
    for (place, receipt) in receipts.iter().enumerate() {
        // The newest groups first: one that is full is followed by its next.
        match groups.iter_mut().rev().find(|(first, _)| first.is_like(receipt)) {
            Some((_, places)) if places.len() < MOST => places.push(place),
            _ => groups.push((receipt, vec![place])),
        }
    }
    groups.into_iter().map(|(_, places)| places).collect()
}

/// What receipts that are like each other have in common, as an entry; of one receipt, its entry.
fn common(together: &[&Receipt]) -> Option<Entry> {
    let mut entry = together.first()?.entry();
    if let (Value::Object(body), true) = (&mut entry.body, together.len() > 1) {
        body.retain(|name, _| !OWN.contains(&name.as_str()));
        entry.at = together.iter().map(|it| it.ended).max().unwrap_or(entry.at);
    }
    Some(entry)
}

/// The documents of what [`written`] writes.
#[cfg(test)]
pub(crate) fn share(receipts: &[&Receipt]) -> Vec<(Entry, Vec<usize>)> {
    let shared = |places: Vec<usize>| {
        let together: Vec<&Receipt> = places.iter().filter_map(|it| receipts.get(*it)).copied().collect();
        let mut entry = common(&together)?;
        if let (Value::Object(body), [_, _, ..]) = (&mut entry.body, &*together) {
            body.insert(ANSWERS.into(), together.iter().map(|it| it.own()).collect());
        }
        Some((entry, places))
    };
    groups(receipts).into_iter().filter_map(shared).collect()
}

/// The entries of receipts that are written at the same moment, in the order of the first receipt of each; with the
/// places of its receipts among those given. A receipt that is like no other has the entry that [`Receipt::entry`] makes.
///
/// What each answer has of its own goes into the text without a document between: it is by far the most of it.
///
/// # Errors
/// [`Error::TooLarge`].
pub fn written(receipts: &[&Receipt]) -> Result<Vec<(Prepared, Vec<usize>)>, Error> {
    let mut all = Vec::new();
    for places in groups(receipts) {
        let together: Vec<&Receipt> = places.iter().filter_map(|it| receipts.get(*it)).copied().collect();
        let Some(entry) = common(&together) else { continue };
        let prepared = match (&*together, &entry.body) {
            ([_, _, ..], Value::Object(body)) => {
                let text = |out: &mut String| write_shared(body, &together, out);
                Prepared::with_body(&entry, together.len() as u64, text)?
            }
            _ => Prepared::new(&entry)?,
        };
        all.push((prepared, places));
    }
    Ok(all)
}

/// The body of a shared entry, canonical JSON.
fn write_shared(common: &Map<String, Value>, together: &[&Receipt], out: &mut String) {
    canonical::write_members(common, Some(ANSWERS), out, |out| {
        for (place, receipt) in together.iter().enumerate() {
            out.push(if place == 0 { '[' } else { ',' });
            receipt.write_own(out);
        }
        out.push(']');
    });
}

/// How many answers an entry tells of: 1 but for receipts that share it.
pub(crate) fn answers(entry: &Entry) -> u64 {
    let answers = entry.body.get(ANSWERS).and_then(Value::as_array);
    answers.filter(|_| entry.kind == KIND).map_or(1, |it| it.len() as u64)
}

impl Receipt {
    /// The members of [`OWN`].
    #[cfg(test)]
    fn own(&self) -> Value {
        let mut own = Map::new();
        own.insert("release".into(), self.release.to_string().into());
        own.insert("query".into(), self.query.as_str().into());
        own.insert("rows".into(), self.rows.into());
        own.insert("bytes".into(), self.bytes.into());
        own.insert("digest".into(), self.digest.as_str().into());
        own.insert("started".into(), vocab::time::to_text(self.started).into());
        own.insert("ended".into(), vocab::time::to_text(self.ended).into());
        Value::Object(own)
    }

    /// The canonical text of an object of the members of [`OWN`].
    fn write_own(&self, out: &mut String) {
        out.push_str("{\"bytes\":");
        // Writing to a String does not fail.
        let _ = match self.bytes {
            Some(it) => write!(out, "{it}"),
            None => write!(out, "null"),
        };
        for (name, text) in [
            ("digest", &*self.digest),
            ("ended", &vocab::time::to_text(self.ended)),
            ("query", &self.query),
        ] {
            let _ = write!(out, ",\"{name}\":");
            write_text(text, out);
        }
        let _ = write!(out, ",\"release\":\"{}\",\"rows\":{}", self.release, self.rows);
        out.push_str(",\"started\":");
        write_text(&vocab::time::to_text(self.started), out);
        out.push('}');
    }
}
