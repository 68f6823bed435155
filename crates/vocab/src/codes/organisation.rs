//! 组织机构代码 (GB 11714-1997).

use super::{CodeError, code, each, length};

const CODE: &str = "organisation code";
const WEIGHTS: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];

code! {
    /// Nine characters: eight of `0-9A-Z` and a check character (`0`-`9`, `X`). A hyphen before the check character is
    /// accepted and dropped.
    OrganisationCode, parse
}

fn parse(text: &str) -> Result<String, CodeError> {
    let text = text.to_ascii_uppercase();
    let text = match text.char_indices().nth(8) {
        Some((at, '-')) => format!("{}{}", text.get(..at).unwrap_or(""), text.get(at + 1..).unwrap_or("")),
        _ => text,
    };
    length(CODE, &text, &[9], "9")?;
    let (body, last) = text.split_at_checked(8).unwrap_or((&text, ""));
    let wanted = check(body)?;
    each(CODE, last, 8, "0-9 and X", |it| it.is_ascii_digit() || it == 'X')?;
    if last.chars().eq([wanted]) {
        Ok(text)
    } else {
        Err(CodeError::Check { code: CODE, at: 9 })
    }
}

/// The check character of eight body characters.
fn check(body: &str) -> Result<char, CodeError> {
    each(CODE, body, 0, "0-9 and A-Z", |it| {
        it.is_ascii_digit() || it.is_ascii_uppercase()
    })?;
    let sum: u32 = body
        .chars()
        .filter_map(|it| it.to_digit(36))
        .zip(WEIGHTS)
        .map(|(value, weight)| value * weight)
        .sum();
    Ok(match 11 - sum % 11 {
        10 => 'X',
        11 => '0',
        other => char::from_digit(other, 10).unwrap_or('0'),
    })
}

impl OrganisationCode {
    /// Adds the check character to eight characters.
    ///
    /// # Errors
    /// When the body is not eight characters of `0-9A-Z`.
    pub fn with_check(body: &str) -> Result<Self, CodeError> {
        let body = body.to_ascii_uppercase();
        length(CODE, &body, &[8], "8 before the check character")?;
        let check = check(&body)?;
        Ok(Self(format!("{body}{check}")))
    }
}
