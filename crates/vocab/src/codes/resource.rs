//! 信息资源代码 of the national catalogue (政务信息资源目录编制指南(试行) 2017): 类, 项, 目, 细目 "/" 顺序码.

use super::{Category, CodeError, code, digits, part};

const CODE: &str = "resource code";

code! {
    /// Class (one digit), item (two), heading (three), sub-heading (any number, may be empty), `/`, sequence (one or
    /// more digits): `101001/000001`.
    ResourceCode, parse
}

fn parse(text: &str) -> Result<String, CodeError> {
    let Some((class, sequence)) = text.split_once('/') else {
        return Err(CodeError::Part {
            code: CODE,
            at: text.chars().count() + 1,
            part: "`/` and sequence",
        });
    };
    digits(CODE, class, 0)?;
    digits(CODE, sequence, class.len() + 1)?;
    if !(6..=30).contains(&class.len()) {
        return Err(CodeError::Length {
            code: CODE,
            found: class.len(),
            expected: "6 to 30 before the `/`",
        });
    }
    if !(1..=20).contains(&sequence.len()) {
        return Err(CodeError::Length {
            code: CODE,
            found: sequence.len(),
            expected: "1 to 20 after the `/`",
        });
    }
    if !matches!(part(class, 0, 1), "1" | "2" | "3") {
        return Err(CodeError::Part {
            code: CODE,
            at: 1,
            part: "class (1 to 3)",
        });
    }
    Ok(text.to_owned())
}

impl ResourceCode {
    /// The code of a category's resource; the sequence is written with six digits at least.
    #[must_use]
    pub fn new(category: &Category, sequence: u64) -> Self {
        Self(format!("{category}/{sequence:06}"))
    }

    /// 类, 项, 目 and 细目.
    #[must_use]
    pub fn category(&self) -> Option<Category> {
        self.0.split_once('/')?.0.parse().ok()
    }

    /// 顺序码, with its leading zeros.
    #[must_use]
    pub fn sequence(&self) -> &str {
        self.0.split_once('/').map_or("", |it| it.1)
    }
}
