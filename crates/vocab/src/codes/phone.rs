//! Telephone numbers of the mainland's numbering plan.

use super::{CodeError, code, digits, part};

const CODE: &str = "phone number";

code! {
    /// A mobile number (`13812345678`), a landline with area code (`0571-87654321`, extension `-802`) or a service number
    /// (`4001234567`). Country code 86, spaces and hyphens are accepted and normalised.
    Phone, parse
}

/// What kind of number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PhoneKind {
    /// Eleven digits from 13 to 19.
    Mobile,
    /// Area code and local number.
    Landline,
    /// 400 and 800 numbers.
    Service,
}

fn parse(text: &str) -> Result<String, CodeError> {
    let trimmed = ["+86", "0086"]
        .iter()
        .find_map(|it| text.strip_prefix(it))
        .unwrap_or(text);
    let plain: String = trimmed
        .chars()
        .filter(|it| !matches!(it, ' ' | '-' | '(' | ')' | '\u{ff08}' | '\u{ff09}'))
        .collect();
    let plain = if plain.len() == 13 {
        plain.strip_prefix("861").map(|it| format!("1{it}")).unwrap_or(plain)
    } else {
        plain
    };
    digits(CODE, &plain, 0)?;
    let mobile = plain.len() == 11 && plain.starts_with('1');
    if mobile {
        return if matches!(part(&plain, 1, 2), "3" | "4" | "5" | "6" | "7" | "8" | "9") {
            Ok(plain)
        } else {
            Err(CodeError::Part {
                code: CODE,
                at: 2,
                part: "mobile prefix",
            })
        };
    }
    if plain.len() == 10 && (plain.starts_with("400") || plain.starts_with("800")) {
        return Ok(plain);
    }
    landline(trimmed, &plain)
}

fn landline(written: &str, plain: &str) -> Result<String, CodeError> {
    if !plain.starts_with('0') {
        return Err(CodeError::Length {
            code: CODE,
            found: plain.len(),
            expected: "11 of a mobile number, or an area code with 0",
        });
    }
    let area = if matches!(part(plain, 1, 2), "1" | "2") { 3 } else { 4 };
    if matches!(part(plain, 1, 2), "0" | "") {
        return Err(CodeError::Part {
            code: CODE,
            at: 2,
            part: "area code",
        });
    }
    let groups: Vec<&str> = written
        .split(|it: char| !it.is_ascii_digit())
        .filter(|it| !it.is_empty())
        .collect();
    // The extension is the third group; without groups the local number takes seven or eight digits.
    let extension = groups.get(2).copied().unwrap_or("");
    let local = part(plain, area, plain.len().saturating_sub(extension.len()));
    if !matches!(local.len(), 7 | 8) || extension.len() > 6 || !part(plain, 0, area + local.len()).ends_with(local) {
        return Err(CodeError::Length {
            code: CODE,
            found: plain.len(),
            expected: "area code and 7 or 8 digits",
        });
    }
    if matches!(part(local, 0, 1), "0" | "1") {
        return Err(CodeError::Part {
            code: CODE,
            at: area + 1,
            part: "local number",
        });
    }
    let area = part(plain, 0, area);
    Ok(if extension.is_empty() {
        format!("{area}-{local}")
    } else {
        format!("{area}-{local}-{extension}")
    })
}

impl Phone {
    /// What kind of number.
    #[must_use]
    pub fn kind(&self) -> PhoneKind {
        match part(&self.0, 0, 1) {
            "1" => PhoneKind::Mobile,
            "0" => PhoneKind::Landline,
            _ => PhoneKind::Service,
        }
    }

    /// The area code with its zero, of landlines.
    #[must_use]
    pub fn area(&self) -> Option<&str> {
        (self.kind() == PhoneKind::Landline)
            .then(|| self.0.split('-').next())
            .flatten()
    }
}
