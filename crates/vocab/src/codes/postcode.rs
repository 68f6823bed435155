//! 邮政编码: six digits, the first two name the postal province.

use super::{CodeError, code, digits, length, part};

const CODE: &str = "postcode";

code! {
    /// Six digits: province (2), district (1), county (1), delivery office (2). `999077` and `999078` stand for Hong
    /// Kong and Macao.
    Postcode, parse
}

fn parse(text: &str) -> Result<String, CodeError> {
    length(CODE, text, &[6], "6")?;
    digits(CODE, text, 0)?;
    let head: u8 = part(text, 0, 2).parse().unwrap_or(0);
    let known = matches!(head, 1..=7 | 10..=13 | 15 | 16 | 20..=27 | 30..=36 | 40..=47 | 51..=57 | 61..=67 | 71..=75 | 81 | 83..=85)
        || matches!(text, "999077" | "999078" | "999079");
    if known {
        Ok(text.to_owned())
    } else {
        Err(CodeError::Part {
            code: CODE,
            at: 1,
            part: "postal province",
        })
    }
}
