//! An entry: who did what to what, when; and the bytes that are hashed for it.

use serde_json::Value;
use vocab::{ActorId, Timestamp};

use crate::{
    Error,
    canonical::{self, write_text},
    receipt, tree,
};

/// The version of an entry's form.
const VERSION: u64 = 1;
/// What fits into an entry bundle's 16-bit length.
const MAX_BYTES: usize = 0xffff;
/// Digits of the largest number.
const MAX_DIGITS: usize = 20;
/// Identifiers that entries are found by, wherever in the entry they stand.
const MENTIONED: [&str; 8] = ["org_", "res_", "req_", "agr_", "src_", "dlv_", "cor_", "dsp_"];

/// Something to be remembered.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// When it was done.
    pub at: Timestamp,
    /// What was done, a stable word: `request.submitted`, `release`.
    pub kind: String,
    /// Who did it; `None` for the platform itself.
    pub actor: Option<ActorId>,
    /// What it was done to, usually an identifier.
    pub subject: String,
    /// The particulars. Never rows, never secrets; personal identifiers only as [`crate::receipt::commitment`].
    pub body: Value,
}

/// Where an entry was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logged {
    /// Its number, from 0.
    pub index: u64,
    /// Its leaf hash in the SHA-256 tree.
    pub leaf: seal::Hash,
    /// The exact bytes that are hashed, canonical JSON.
    pub data: String,
}

/// An entry as it is read back, always from its hashed bytes.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// Its number, from 0.
    pub index: u64,
    /// The entry.
    pub entry: Entry,
    /// The exact bytes that are hashed.
    pub data: String,
}

/// An entry, written down but for its number: so that nothing but the number is left to do while others wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    pub(crate) at: Timestamp,
    pub(crate) kind: String,
    pub(crate) actor: Option<ActorId>,
    pub(crate) subject: String,
    pub(crate) mentions: Vec<String>,
    /// Of how many answers it is the receipt; 1 for whatever is no receipt.
    pub(crate) answers: u64,
    /// The canonical JSON up to the number, and after it.
    head: String,
    tail: String,
}

impl Prepared {
    /// Writes an entry down, members in the order of canonical JSON.
    ///
    /// # Errors
    /// [`Error::TooLarge`].
    pub fn new(entry: &Entry) -> Result<Self, Error> {
        Self::with_body(entry, receipt::answers(entry), |out| canonical::write(&entry.body, out))
    }

    /// The same with a body whose text is written by `body`: it is of so many answers and mentions nothing that the entry's
    /// own body does not.
    pub(crate) fn with_body(entry: &Entry, answers: u64, body: impl FnOnce(&mut String)) -> Result<Self, Error> {
        let mut head = String::with_capacity(1536);
        head.push_str("{\"actor\":");
        match entry.actor {
            Some(actor) => write_text(&actor.to_string(), &mut head),
            None => head.push_str("null"),
        }
        head.push_str(",\"at\":");
        write_text(&vocab::time::to_text(entry.at), &mut head);
        head.push_str(",\"body\":");
        body(&mut head);
        head.push_str(",\"idx\":");
        let mut tail = String::from(",\"kind\":");
        write_text(&entry.kind, &mut tail);
        tail.push_str(",\"subject\":");
        write_text(&entry.subject, &mut tail);
        tail.push_str(&format!(",\"v\":{VERSION}}}"));
        // With the longest number, so that the entry fits at every place of the log.
        let longest = head.len() + MAX_DIGITS + tail.len();
        if longest > MAX_BYTES {
            return Err(Error::TooLarge(longest));
        }
        Ok(Self {
            at: entry.at,
            kind: entry.kind.clone(),
            actor: entry.actor,
            subject: entry.subject.clone(),
            mentions: entry.mentions(),
            answers,
            head,
            tail,
        })
    }

    /// [`Entry::data`] at a place in the log.
    pub(crate) fn data(&self, index: u64) -> String {
        format!("{}{index}{}", self.head, self.tail)
    }
}

impl Entry {
    /// The canonical JSON of this entry at a place in the log: members `actor, at, body, idx, kind, subject, v`.
    ///
    /// # Errors
    /// [`Error::TooLarge`].
    pub fn data(&self, index: u64) -> Result<String, Error> {
        Ok(Prepared::new(self)?.data(index))
    }

    /// Identifiers of organisations, resources, requests, agreements, sources, deliveries, corrections and disputes that
    /// stand anywhere in the entry, each once.
    pub(crate) fn mentions(&self) -> Vec<String> {
        let mut found = Vec::new();
        note_mention(&self.subject, &mut found);
        collect(&self.body, &mut found);
        found.sort_unstable();
        found.dedup();
        found
    }
}

fn collect(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => note_mention(text, found),
        Value::Array(items) => items.iter().for_each(|it| collect(it, found)),
        Value::Object(members) => members.values().for_each(|it| collect(it, found)),
        _ => {}
    }
}

fn note_mention(text: &str, found: &mut Vec<String>) {
    let known = text.len() == 36 && MENTIONED.iter().any(|it| text.starts_with(it));
    if known && text.bytes().skip(4).all(|it| it.is_ascii_hexdigit()) {
        found.push(text.to_owned());
    }
}

impl Logged {
    pub(crate) fn new(index: u64, data: String) -> Self {
        Self {
            index,
            leaf: tree::leaf_hash(seal::Suite::International, data.as_bytes()),
            data,
        }
    }
}

impl Recorded {
    /// Reads an entry from its hashed bytes; `None` unless they are exactly what [`Entry::data`] writes.
    #[must_use]
    pub fn parse(data: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(data).ok()?;
        let members = value.as_object()?;
        let text = |name: &str| members.get(name)?.as_str();
        let index = members.get("idx")?.as_u64()?;
        let entry = Entry {
            at: vocab::time::parse(text("at")?).ok()?,
            kind: text("kind")?.to_owned(),
            actor: match members.get("actor")? {
                Value::Null => None,
                other => Some(other.as_str()?.parse().ok()?),
            },
            subject: text("subject")?.to_owned(),
            body: members.get("body")?.clone(),
        };
        // Writing it again proves that nothing else stood in it: no other member, version, order or space.
        (entry.data(index).ok()? == data).then(|| Self {
            index,
            entry,
            data: data.to_owned(),
        })
    }
}
