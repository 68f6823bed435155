//! What a column means: tests on values, hints in names, and guesses that show their evidence.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::{
    class::Sensitivity,
    codes::{CitizenId, CreditCode, DivisionCode, OldCitizenId, OrganisationCode, Phone, Postcode},
    divisions::divisions,
    mask::{Mask, apply::COMPOUND_SURNAMES},
    profile::{Guess, Meaning},
};

/// The most common family names, over nine tenths of the population.
const SURNAMES: &str = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许邓韩冯曹彭曾肖田董袁潘于余叶蒋杜苏魏程吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤常温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆蓝路游辛靳欧阳管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳时穆农司卓古吉缪简车项连芦麦褚娄窦戚岑景党宫费卜冷晏席卫米柏宗瞿桂全佟应臧闵苟邬边卞姬师和仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩明佘池查麻苑迟邝";

/// How many values of a column fit each meaning. Counted over values that are neither NULL nor empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counts {
    /// Values looked at.
    pub looked_at: u64,
    /// Of them, values made of digits only.
    pub all_digits: u64,
    /// Of those, values that start with a zero and are longer than it.
    pub leading_zeros: u64,
    /// Of the values looked at, those that the source keeps as numbers.
    pub numbers: u64,
    /// Of those, values that became a postcode when the zero was put back that a number cannot hold (`10020` → `010020`).
    pub zeros_lost: u64,
    /// Values that fit, by meaning.
    pub fitting: BTreeMap<&'static str, u64>,
}

/// Digits of a postcode.
const POSTCODE_DIGITS: usize = 6;

impl Counts {
    /// Looks at one more value.
    pub fn look(&mut self, value: &str) {
        let value = value.trim();
        if value.is_empty() {
            return;
        }
        self.looked_at += 1;
        if value.bytes().all(|it| it.is_ascii_digit()) {
            self.all_digits += 1;
            self.leading_zeros += u64::from(value.len() > 1 && value.starts_with('0'));
        }
        for meaning in Meaning::ALL {
            if fits(*meaning, value) {
                *self.fitting.entry(meaning.code()).or_default() += 1;
            }
        }
    }

    /// Looks at one more value of a numeric column, as its digits: a code that somebody keeps as a number. A postcode
    /// has lost its leading zero there and is tried with it; division codes begin with 11 at least and lose none.
    pub fn look_number(&mut self, digits: &str) {
        self.look(digits);
        self.numbers += 1;
        let digits = digits.trim();
        if digits.len() == POSTCODE_DIGITS - 1 && fits(Meaning::Postcode, &format!("0{digits}")) {
            self.zeros_lost += 1;
            *self.fitting.entry(Meaning::Postcode.code()).or_default() += 1;
        }
    }

    /// Are the values numbers in the source?
    #[must_use]
    pub const fn are_numbers(&self) -> bool {
        self.numbers > 0
    }

    /// How many fit.
    #[must_use]
    pub fn of(&self, meaning: Meaning) -> u64 {
        self.fitting.get(meaning.code()).copied().unwrap_or(0)
    }
}

/// Could this value be of that meaning? Check characters, known divisions and real dates are asked for where a standard
/// has them; names and addresses go by their form.
#[must_use]
pub fn fits(meaning: Meaning, value: &str) -> bool {
    let value = value.trim();
    match meaning {
        Meaning::CitizenId => value.parse::<CitizenId>().is_ok() || value.parse::<OldCitizenId>().is_ok(),
        Meaning::CreditCode => value.parse::<CreditCode>().is_ok(),
        Meaning::OrganisationCode => value.parse::<OrganisationCode>().is_ok(),
        Meaning::DivisionCode => value.parse::<DivisionCode>().is_ok_and(|it| divisions().was_ever(&it)),
        Meaning::Phone => value.parse::<Phone>().is_ok(),
        Meaning::Postcode => value.parse::<Postcode>().is_ok(),
        Meaning::PersonName => is_person_name(value),
        Meaning::Address => is_address(value),
        Meaning::Date => date_year(value).is_some(),
        Meaning::Email => is_email(value),
        Meaning::Grade => matches!(value, "1" | "2" | "3"),
        Meaning::Sealed => is_truth(value),
        Meaning::Code => is_code(value),
    }
}

fn is_truth(value: &str) -> bool {
    ["true", "false", "t", "f", "0", "1", "是", "否"]
        .iter()
        .any(|it| value.eq_ignore_ascii_case(it))
}

fn is_han(it: char) -> bool {
    matches!(u32::from(it), 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF | 0x2_0000..=0x3_FFFF)
}

fn is_person_name(value: &str) -> bool {
    let count = value.chars().count();
    if value.contains(['·', '•']) {
        return count <= 30 && value.chars().all(|it| is_han(it) || matches!(it, '·' | '•'));
    }
    (2..=4).contains(&count)
        && value.chars().all(is_han)
        && (value.chars().next().is_some_and(|it| SURNAMES.contains(it))
            || COMPOUND_SURNAMES.iter().any(|it| value.starts_with(it)))
        && divisions().by_path(value).is_none()
}

fn is_address(value: &str) -> bool {
    const WORDS: &[&str] = &[
        "省", "市", "区", "县", "旗", "镇", "乡", "街道", "村", "路", "街", "巷", "弄", "号", "室", "栋", "楼", "单元",
        "小区",
    ];
    let words = WORDS.iter().filter(|it| value.contains(**it)).count();
    let count = value.chars().count();
    (5..=200).contains(&count)
        && (words >= 3 || words >= 2 && divisions().read_path(value).is_some_and(|it| !it.1.is_empty()))
}

fn is_email(value: &str) -> bool {
    let Some((local, domain)) = value.split_once('@') else {
        return false;
    };
    let plain = |it: char| it.is_ascii_alphanumeric() || matches!(it, '.' | '-' | '_' | '+');
    let labels = || domain.split('.');
    !local.is_empty()
        && local.len() <= 64
        && local.chars().all(plain)
        && labels().count() >= 2
        && labels().all(|it| !it.is_empty() && it.chars().all(|it| it.is_ascii_alphanumeric() || it == '-'))
        && labels().next_back().is_some_and(|it| it.len() >= 2)
}

fn is_code(value: &str) -> bool {
    (2..=64).contains(&value.len())
        && value
            .bytes()
            .all(|it| it.is_ascii_alphanumeric() || matches!(it, b'-' | b'_' | b'/' | b'.'))
        && value.bytes().any(|it| it.is_ascii_digit())
}

/// The year of a text that begins with a real date: `2026-04-01`, `2026/4/1`, `2026.4.1`, `20260401`, `2026年4月1日`; a
/// time may follow after a blank or `T`. `None` of anything else, and of years outside 1800 to 2199.
#[must_use]
pub fn date_year(value: &str) -> Option<String> {
    let day = value.trim().split([' ', 'T']).next()?;
    let plain: String = day
        .chars()
        .map(|it| {
            if matches!(it, '/' | '.' | '年' | '月') {
                '-'
            } else {
                it
            }
        })
        .collect();
    let plain = plain.strip_suffix('日').unwrap_or(&plain);
    let found = if plain.len() == 8 && plain.bytes().all(|it| it.is_ascii_digit()) {
        NaiveDate::parse_from_str(plain, "%Y%m%d").ok()?
    } else if plain.split('-').map(str::len).eq([4, 2, 2]) || plain.split('-').next().is_some_and(|it| it.len() == 4) {
        NaiveDate::parse_from_str(plain, "%Y-%m-%d").ok()?
    } else {
        return None;
    };
    let year = chrono::Datelike::year(&found);
    (1800..2200).contains(&year).then(|| format!("{year:04}"))
}

/// Share of fitting values, in hundredths, that a guess needs: without and with a hint in the name.
const fn needed(meaning: Meaning) -> Option<(u64, u64)> {
    match meaning {
        Meaning::CitizenId | Meaning::CreditCode => Some((60, 20)),
        Meaning::OrganisationCode | Meaning::DivisionCode | Meaning::Phone => Some((80, 30)),
        Meaning::Email | Meaning::Date => Some((80, 40)),
        Meaning::PersonName | Meaning::Address => Some((85, 30)),
        // Any six digits look like a postcode: the name has to say so.
        Meaning::Postcode => None,
        // So does any small number like a grade, and any truth like a mark.
        Meaning::Grade | Meaning::Sealed => None,
        Meaning::Code => Some((95, 80)),
    }
}

const fn test_name(meaning: Meaning) -> &'static str {
    match meaning {
        Meaning::CitizenId => "GB 11643 check character and birth date",
        Meaning::CreditCode => "GB 32100 check character",
        Meaning::OrganisationCode => "GB 11714 check character",
        Meaning::DivisionCode => "GB/T 2260 codes since 1980",
        Meaning::Phone => "numbering plan",
        Meaning::Postcode => "postal provinces",
        Meaning::PersonName => "family names",
        Meaning::Address => "words of addresses",
        Meaning::Date => "dates that exist",
        Meaning::Email => "form of an address",
        Meaning::Grade => "GB/T 43697 grades 1 to 3",
        Meaning::Sealed => "true or false",
        Meaning::Code => "form of a code",
    }
}

/// Guesses about a column from its name (or `name comment`) and its values, best first, each with its evidence. `Code` is
/// guessed when values carry leading zeros or the name says so, and only where nothing better is.
#[must_use]
pub fn guess(name: &str, counts: &Counts) -> Vec<Guess> {
    let hinted = hint(name);
    let mut found: Vec<(bool, Guess)> = Vec::new();
    for meaning in Meaning::ALL.iter().copied().filter(|it| *it != Meaning::Code) {
        let word = hinted.filter(|it| it.0 == meaning).map(|it| it.1);
        let fitting = counts.of(meaning);
        let (alone, with_hint) = needed(meaning).unwrap_or((101, 50));
        let wanted = if word.is_some() { with_hint } else { alone };
        if counts.looked_at == 0 || fitting * 100 < wanted * counts.looked_at {
            continue;
        }
        found.push((word.is_some(), guessed(meaning, fitting, counts, word)));
    }
    if found.is_empty() {
        found.extend(code_guess(counts, hinted));
    }
    found.sort_by(|(a_hint, a), (b_hint, b)| b_hint.cmp(a_hint).then(b.fitting.cmp(&a.fitting)));
    found.into_iter().map(|it| it.1).collect()
}

fn guessed(meaning: Meaning, fitting: u64, counts: &Counts, word: Option<&str>) -> Guess {
    let mut evidence = test_name(meaning).to_owned();
    if let Some(word) = word {
        evidence.push_str(&format!("; name contains {word}"));
    }
    if counts.are_numbers() {
        evidence.push_str("; numbers in the source");
    }
    if meaning == Meaning::Postcode && counts.zeros_lost > 0 {
        evidence.push_str(&format!("; {} values have lost a leading zero", counts.zeros_lost));
    }
    Guess {
        meaning,
        fitting,
        looked_at: counts.looked_at,
        evidence,
    }
}

/// Words that call numbers a code. `_id`, `_no` and `number` do not: a running number or a quantity may well be a number.
const CODE_WORDS: &[&str] = &["代码", "编码", "编号", "号码", "code", "bh", "dm"];

fn code_guess(counts: &Counts, hinted: Option<(Meaning, &'static str)>) -> Option<(bool, Guess)> {
    let fitting = counts.of(Meaning::Code);
    let word = hinted.filter(|it| it.0 == Meaning::Code).map(|it| it.1);
    let (_, with_hint) = needed(Meaning::Code)?;
    let word = word.filter(|it| !counts.are_numbers() || CODE_WORDS.contains(it));
    let enough = counts.looked_at > 0 && fitting * 100 >= with_hint * counts.looked_at;
    if !enough || word.is_none() && counts.leading_zeros == 0 {
        return None;
    }
    let mut guess = guessed(Meaning::Code, fitting, counts, word);
    if counts.leading_zeros > 0 {
        guess
            .evidence
            .push_str(&format!("; {} values with leading zeros", counts.leading_zeros));
    }
    Some((word.is_some(), guess))
}

impl Meaning {
    /// The mask proposed for items of this meaning: practice under GB/T 37964-2019, a default to be changed at will.
    #[must_use]
    pub const fn default_mask(self) -> Mask {
        match self {
            Self::CitizenId => Mask::KeepEnds { head: 6, tail: 4 },
            Self::Phone => Mask::KeepEnds { head: 3, tail: 4 },
            Self::Email => Mask::KeepEnds { head: 2, tail: 4 },
            Self::PersonName => Mask::Name,
            Self::Address => Mask::AddressToCounty,
            Self::CreditCode
            | Self::OrganisationCode
            | Self::DivisionCode
            | Self::Postcode
            | Self::Date
            | Self::Grade
            | Self::Sealed
            | Self::Code => Mask::Clear,
        }
    }

    /// The sensitivity proposed for items of this meaning (PIPL Art. 28; GB/T 35273-2020 Annex B counts identity numbers
    /// among sensitive personal information).
    #[must_use]
    pub const fn sensitivity(self) -> Sensitivity {
        match self {
            Self::CitizenId => Sensitivity::Sensitive,
            Self::Phone | Self::Email | Self::PersonName | Self::Address => Sensitivity::Personal,
            Self::CreditCode
            | Self::OrganisationCode
            | Self::DivisionCode
            | Self::Postcode
            | Self::Date
            | Self::Grade
            | Self::Sealed
            | Self::Code => Sensitivity::None,
        }
    }
}

mod clue;
mod hints;

pub use clue::{Clue, clues};
pub use hints::hint;

#[cfg(test)]
mod tests;
