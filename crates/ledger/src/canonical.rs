//! Canonical JSON: one text for one meaning, so that a hash over it means something.

use std::cmp::Ordering;

use serde_json::{Map, Value};

/// The canonical text of a document, RFC 8785: no spaces, members ordered by the UTF-16 units of their names, the
/// shortest escapes. (The house writes whole numbers only; a fraction is written as `serde_json` writes it.)
#[must_use]
pub fn to_canonical(value: &Value) -> String {
    let mut out = String::new();
    write(value, &mut out);
    out
}

/// [`to_canonical`] at the end of a text.
pub(crate) fn write(value: &Value, out: &mut String) {
    match value {
        Value::Array(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write(item, out);
            }
            out.push(']');
        }
        Value::Object(members) => write_members(members, None, out, |_| {}),
        Value::String(text) => write_text(text, out),
        leaf => out.push_str(&leaf.to_string()),
    }
}

/// An object; with one member more, of this name, that is written by `more`.
pub(crate) fn write_members(
    members: &Map<String, Value>,
    extra: Option<&str>,
    out: &mut String,
    more: impl Fn(&mut String),
) {
    let named = members.iter().map(|(name, value)| (name.as_str(), Some(value)));
    let mut sorted: Vec<_> = named.chain(extra.map(|name| (name, None))).collect();
    sorted.sort_unstable_by(|(a, _), (b, _)| in_order(a, b));
    out.push('{');
    for (i, (name, value)) in sorted.into_iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        write_text(name, out);
        out.push(':');
        match value {
            Some(value) => write(value, out),
            None => more(out),
        }
    }
    out.push('}');
}

/// UTF-16 units and bytes of UTF-8 are in the same order where both texts are ASCII.
fn in_order(a: &str, b: &str) -> Ordering {
    if a.is_ascii() && b.is_ascii() {
        a.cmp(b)
    } else {
        a.encode_utf16().cmp(b.encode_utf16())
    }
}

/// A text in quotes. Identifiers, digests and times, which are most texts, need no escape.
pub(crate) fn write_text(text: &str, out: &mut String) {
    if text.bytes().all(|it| it >= b' ' && it != b'"' && it != b'\\') {
        out.push('"');
        out.push_str(text);
        out.push('"');
    } else {
        out.push_str(&Value::from(text).to_string());
    }
}
