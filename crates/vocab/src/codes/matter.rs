//! 政务服务事项编码: basic and implementation codes of government service matters (GB/T 39046-2020; ZWFW C0109.1-2018).

use super::{CodeError, CreditCode, code, digits, each, length, part};

const CODE: &str = "matter code";

code! {
    /// A matter code in one of the forms in use: 10 or 24 characters (GB/T 39046), 31 (credit code of the implementing
    /// body, one digit of level, twelve of the basic code) or 33 (31 and two digits of the business item).
    MatterCode, parse
}

/// Which of the forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MatterKind {
    /// 基本编码 of GB/T 39046, 10 characters.
    Basic,
    /// 实施编码 of GB/T 39046, 24 characters.
    Implementation24,
    /// 实施编码 in production, 31 characters.
    Implementation,
    /// 业务办理项编码, 33 characters.
    BusinessItem,
}

fn parse(text: &str) -> Result<String, CodeError> {
    let text = text.to_ascii_uppercase();
    length(CODE, &text, &[10, 24, 31, 33], "10, 24, 31 or 33")?;
    each(CODE, &text, 0, "0-9 and A-Z", |it| {
        it.is_ascii_digit() || it.is_ascii_uppercase()
    })?;
    if text.len() >= 31 {
        part(&text, 0, 18).parse::<CreditCode>().map_err(|it| match it {
            CodeError::Check { at, .. } => CodeError::Check { code: CODE, at },
            CodeError::Char { at, found, allowed, .. } => CodeError::Char {
                code: CODE,
                at,
                found,
                allowed,
            },
            _ => CodeError::Part {
                code: CODE,
                at: 1,
                part: "implementing body",
            },
        })?;
        each(CODE, part(&text, 18, 19), 18, "1-7", |it| ('1'..='7').contains(&it))?;
        digits(CODE, part(&text, 19, text.len()), 19)?;
    }
    Ok(text)
}

impl MatterCode {
    /// Which of the forms it is.
    #[must_use]
    pub fn kind(&self) -> MatterKind {
        match self.0.len() {
            10 => MatterKind::Basic,
            24 => MatterKind::Implementation24,
            31 => MatterKind::Implementation,
            _ => MatterKind::BusinessItem,
        }
    }

    /// Makes an implementation code of 31 characters.
    ///
    /// # Errors
    /// When `level` is not 1 to 7 or `basic` not twelve digits.
    pub fn implementation(body: &CreditCode, level: u8, basic: &str) -> Result<Self, CodeError> {
        length(CODE, basic, &[12], "12 of the basic code")?;
        parse(&format!("{body}{level}{basic}")).map(Self)
    }

    /// The implementing body, of codes with 31 or 33 characters.
    #[must_use]
    pub fn implementer(&self) -> Option<CreditCode> {
        if self.0.len() >= 31 {
            part(&self.0, 0, 18).parse().ok()
        } else {
            None
        }
    }

    /// 行使层级: 1 state, 2 province, 3 city, 4 county, 5 township, 6 village, 7 by levels.
    #[must_use]
    pub fn level(&self) -> Option<u8> {
        if self.0.len() >= 31 {
            part(&self.0, 18, 19).parse().ok()
        } else {
            None
        }
    }

    /// The basic code: all of 10, or the twelve digits inside 31 and 33.
    #[must_use]
    pub fn basic(&self) -> Option<&str> {
        match self.kind() {
            MatterKind::Basic => Some(&self.0),
            MatterKind::Implementation24 => None,
            MatterKind::Implementation | MatterKind::BusinessItem => Some(part(&self.0, 19, 31)),
        }
    }

    /// 事项类型 (two digits: 01 permit, 02 penalty … 20 public service), of codes with 31 or 33 characters.
    #[must_use]
    pub fn matter_type(&self) -> Option<&str> {
        (self.0.len() >= 31).then(|| part(&self.0, 21, 23))
    }

    /// The implementation code without the business item.
    #[must_use]
    pub fn without_business_item(&self) -> Self {
        if self.0.len() == 33 {
            Self(part(&self.0, 0, 31).to_owned())
        } else {
            self.clone()
        }
    }
}
