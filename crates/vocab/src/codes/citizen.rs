//! 公民身份号码 (GB 11643-1999), with residence permits of Hong Kong, Macao and Taiwan residents and the foreign
//! permanent resident card of 2023.

use chrono::{Datelike, NaiveDate};

use super::{CodeError, code, digits, division::is_province, length, part};
use crate::{codes::DivisionCode, iso7064::System};

const CODE: &str = "citizen identity number";
const OLD: &str = "15-digit citizen identity number";

code! {
    /// An identity number of 18 characters: six of the division at first registration (which may have been withdrawn
    /// since), the birth date, three of sequence (odd: male), one check character (ISO 7064 MOD 11-2).
    ///
    /// Invariant: the date exists, the first digits are a province or a card kind, the check character is right and
    /// upper case.
    CitizenId, parse
}

code! {
    /// An identity number of the first generation: 15 digits, a year of two digits, no check character.
    OldCitizenId, parse_old
}

/// Whose number it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Holder {
    /// A citizen's resident identity card.
    Citizen,
    /// Residence permit of a Hong Kong resident (810000).
    HongKong,
    /// Residence permit of a Macao resident (820000).
    Macao,
    /// Residence permit of a Taiwan resident (830000).
    Taiwan,
    /// Foreign permanent resident identity card (starts with 9).
    Foreigner,
}

/// 性别 (GB/T 2261.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sex {
    /// 1 男.
    Male,
    /// 2 女.
    Female,
}

impl Sex {
    /// The digit of GB/T 2261.1.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Male => "1",
            Self::Female => "2",
        }
    }
}

fn parse(text: &str) -> Result<String, CodeError> {
    length(CODE, text, &[18], "18")?;
    let text = text.to_ascii_uppercase();
    digits(CODE, text.get(..17).unwrap_or(&text), 0)?;
    super::each(CODE, text.get(17..).unwrap_or(""), 17, "0-9 and X", |it| {
        it.is_ascii_digit() || it == 'X'
    })?;
    region(CODE, &text)?;
    if date(part(&text, 6, 14)).is_none() {
        return Err(CodeError::Part {
            code: CODE,
            at: 7,
            part: "birth date",
        });
    }
    if System::Mod11_2.is_valid(&text) {
        Ok(text)
    } else {
        Err(CodeError::Check { code: CODE, at: 18 })
    }
}

fn parse_old(text: &str) -> Result<String, CodeError> {
    length(OLD, text, &[15], "15")?;
    digits(OLD, text, 0)?;
    region(OLD, text)?;
    if date(&format!("19{}", part(text, 6, 12))).is_none() && date(&format!("18{}", part(text, 6, 12))).is_none() {
        return Err(CodeError::Part {
            code: OLD,
            at: 7,
            part: "birth date",
        });
    }
    Ok(text.to_owned())
}

fn region(code: &'static str, text: &str) -> Result<(), CodeError> {
    let head = part(text, 0, 2);
    let card = matches!(part(text, 0, 6), "810000" | "820000" | "830000");
    let foreign = code == CODE && head.starts_with('9');
    let known = if foreign {
        is_province(part(text, 1, 3))
    } else {
        card || is_province(head)
    };
    if known {
        Ok(())
    } else {
        Err(CodeError::Part {
            code,
            at: 1,
            part: "division",
        })
    }
}

fn date(text: &str) -> Option<NaiveDate> {
    let found = NaiveDate::parse_from_str(text, "%Y%m%d").ok()?;
    (1800..2200).contains(&found.year()).then_some(found)
}

impl CitizenId {
    /// Makes a number with its check character: `division` of six digits, birth date, sequence 0 to 999 (odd: male).
    ///
    /// # Errors
    /// When a part is not valid.
    pub fn with_check(division: &str, born: NaiveDate, sequence: u16) -> Result<Self, CodeError> {
        Self::of_body(&format!("{division}{}{:03}", born.format("%Y%m%d"), sequence % 1000))
    }

    /// Adds the check character to 17 digits.
    ///
    /// # Errors
    /// When a part is not valid.
    pub fn of_body(body: &str) -> Result<Self, CodeError> {
        length(CODE, body, &[17], "17 before the check character")?;
        digits(CODE, body, 0)?;
        let check = System::Mod11_2.compute(body).unwrap_or_default();
        parse(&format!("{body}{check}")).map(Self)
    }

    /// Reads 18 characters, or 15 digits, which are upgraded.
    ///
    /// # Errors
    /// When the text is neither.
    pub fn parse_any(text: &str) -> Result<Self, CodeError> {
        let text = text.trim();
        if text.chars().count() == 15 {
            text.parse::<OldCitizenId>()?.upgrade()
        } else {
            text.parse()
        }
    }

    /// Whose number it is.
    #[must_use]
    pub fn holder(&self) -> Holder {
        match part(&self.0, 0, 2) {
            "81" => Holder::HongKong,
            "82" => Holder::Macao,
            "83" => Holder::Taiwan,
            other if other.starts_with('9') => Holder::Foreigner,
            _ => Holder::Citizen,
        }
    }

    /// The division of first registration, six digits. `None` for foreign cards, which carry province and nationality,
    /// and for permits, whose digits are the region's.
    #[must_use]
    pub fn division(&self) -> Option<DivisionCode> {
        (self.holder() == Holder::Citizen)
            .then(|| part(&self.0, 0, 6).parse().ok())
            .flatten()
    }

    /// The birth date.
    #[must_use]
    pub fn birth_date(&self) -> NaiveDate {
        date(part(&self.0, 6, 14)).unwrap_or_default()
    }

    /// The sex, from the last digit of the sequence.
    #[must_use]
    pub fn sex(&self) -> Sex {
        match part(&self.0, 16, 17) {
            "1" | "3" | "5" | "7" | "9" => Sex::Male,
            _ => Sex::Female,
        }
    }

    /// Whole years of age on a day; 0 before birth.
    #[must_use]
    pub fn age_on(&self, day: NaiveDate) -> u32 {
        day.years_since(self.birth_date()).unwrap_or(0)
    }

    /// The 15-digit form of the same person, for births of 1900 to 1999.
    #[must_use]
    pub fn downgrade(&self) -> Option<OldCitizenId> {
        if part(&self.0, 6, 8) != "19" {
            return None;
        }
        format!("{}{}", part(&self.0, 0, 6), part(&self.0, 8, 17)).parse().ok()
    }
}

impl OldCitizenId {
    /// The same person's 18 characters: the century is 19, and 18 for the sequences 996 to 999, which were kept for
    /// people over a hundred.
    ///
    /// # Errors
    /// When the date does not exist in that century (29 February 1900).
    pub fn upgrade(&self) -> Result<CitizenId, CodeError> {
        let century = if matches!(part(&self.0, 12, 15), "996" | "997" | "998" | "999") {
            "18"
        } else {
            "19"
        };
        CitizenId::of_body(&format!("{}{century}{}", part(&self.0, 0, 6), part(&self.0, 6, 15)))
    }
}
