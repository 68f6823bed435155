//! 电子证照标识 (GB/T 36904-2018).

use super::{CodeError, code, digits, each, part};
use crate::iso7064::System;

const CODE: &str = "electronic certificate identifier";
/// The root of certificates in the national object identifier tree.
const ROOT: &str = "1.2.156.3005.2";

code! {
    /// `1.2.156.3005.2.<type>.<issuer>.<serial>.<version>.<check>`: certificate type (credit code of the defining
    /// ministry and three digits), issuer (credit code, or a division code in some places), serial (to 32 characters),
    /// version (three digits), check character (ISO 7064 MOD 37,36 over the four without dots).
    ///
    /// Lengths are read tolerantly because issuers differ; the check character is strict. Letters become upper case.
    CertificateId, parse
}

fn parse(text: &str) -> Result<String, CodeError> {
    let text = text.to_ascii_uppercase();
    let Some(rest) = text.strip_prefix(ROOT).and_then(|it| it.strip_prefix('.')) else {
        return Err(CodeError::Part {
            code: CODE,
            at: 1,
            part: "root 1.2.156.3005.2",
        });
    };
    let parts: Vec<&str> = rest.split('.').collect();
    let [kind, issuer, serial, version, check] = parts.as_slice() else {
        return Err(CodeError::Part {
            code: CODE,
            at: ROOT.len() + 2,
            part: "type.issuer.serial.version.check",
        });
    };
    let mut at = ROOT.len() + 1;
    for (name, text, lengths) in [
        ("certificate type", kind, 4..=24),
        ("issuer", issuer, 6..=18),
        ("serial", serial, 1..=32),
        ("version", version, 3..=3),
        ("check", check, 1..=1),
    ] {
        each(CODE, text, at, "0-9 and A-Z", |it| {
            it.is_ascii_digit() || it.is_ascii_uppercase()
        })?;
        if !lengths.contains(&text.len()) {
            return Err(CodeError::Part {
                code: CODE,
                at: at + 1,
                part: name,
            });
        }
        at += text.len() + 1;
    }
    digits(CODE, version, text.len().saturating_sub(5))?;
    if System::Mod37And36.is_valid(&format!("{kind}{issuer}{serial}{version}{check}")) {
        Ok(text)
    } else {
        Err(CodeError::Check {
            code: CODE,
            at: text.len(),
        })
    }
}

impl CertificateId {
    /// Makes an identifier with its check character.
    ///
    /// # Errors
    /// When a part is not valid.
    pub fn with_check(kind: &str, issuer: &str, serial: &str, version: u16) -> Result<Self, CodeError> {
        let body = format!("{kind}{issuer}{serial}{:03}", version % 1000).to_ascii_uppercase();
        let check = System::Mod37And36.compute(&body).map_err(|it| CodeError::Char {
            code: CODE,
            at: it.at,
            found: it.found,
            allowed: it.allowed,
        })?;
        parse(&format!(
            "{ROOT}.{kind}.{issuer}.{serial}.{:03}.{check}",
            version % 1000
        ))
        .map(Self)
    }

    fn nth(&self, place: usize) -> &str {
        part(&self.0, ROOT.len() + 1, self.0.len())
            .split('.')
            .nth(place)
            .unwrap_or("")
    }

    /// 证照类型代码.
    #[must_use]
    pub fn kind(&self) -> &str {
        self.nth(0)
    }

    /// 颁发机构代码.
    #[must_use]
    pub fn issuer(&self) -> &str {
        self.nth(1)
    }

    /// 流水号.
    #[must_use]
    pub fn serial(&self) -> &str {
        self.nth(2)
    }

    /// 版本号, from 1.
    #[must_use]
    pub fn version(&self) -> u16 {
        self.nth(3).parse().unwrap_or(0)
    }
}
