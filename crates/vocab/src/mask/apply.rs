//! Masks on a single value, as pure functions. The engine applies the same rules to columns.

use super::Mask;
use crate::{
    codes::{CitizenId, OldCitizenId},
    data::DataType,
    divisions::divisions,
};

/// Family names of more than one character (复姓).
pub const COMPOUND_SURNAMES: &[&str] = &[
    "欧阳",
    "太史",
    "端木",
    "上官",
    "司马",
    "东方",
    "独孤",
    "南宫",
    "万俟",
    "闻人",
    "夏侯",
    "诸葛",
    "尉迟",
    "公羊",
    "赫连",
    "澹台",
    "皇甫",
    "宗政",
    "濮阳",
    "公冶",
    "太叔",
    "申屠",
    "公孙",
    "慕容",
    "仲孙",
    "钟离",
    "长孙",
    "宇文",
    "司徒",
    "鲜于",
    "司空",
    "闾丘",
    "子车",
    "亓官",
    "司寇",
    "巫马",
    "公西",
    "颛孙",
    "壤驷",
    "公良",
    "漆雕",
    "乐正",
    "宰父",
    "谷梁",
    "拓跋",
    "夹谷",
    "轩辕",
    "令狐",
    "段干",
    "百里",
    "呼延",
    "东郭",
    "南门",
    "羊舌",
    "微生",
    "公户",
    "公玉",
    "梁丘",
    "左丘",
    "东门",
    "西门",
    "第五",
    "歐陽",
    "諸葛",
    "尉遲",
    "赫連",
    "鍾離",
    "長孫",
    "東方",
    "軒轅",
    "澹臺",
    "慕容",
    "納蘭",
    "纳兰",
    "那拉",
    "爱新觉罗",
    "叶赫那拉",
];

/// What stands for the hidden rest of an address: always four, so that the length tells nothing.
pub const HIDDEN: &str = "****";

/// HMAC over (key, message), 32 bytes.
pub type Hmac<'f> = dyn Fn(&[u8], &[u8]) -> [u8; 32] + 'f;

impl Mask {
    /// The type of the masked item: text for all masks but [`Mask::Clear`] and [`Mask::Null`], which keep it.
    #[must_use]
    pub const fn output(&self, input: DataType) -> DataType {
        match self {
            Self::Clear | Self::Null => input,
            _ => DataType::Text,
        }
    }

    /// The masked value; `None` is NULL. Counts characters, never bytes.
    ///
    /// `hmac` is HMAC-SM3 over (key, message) and used by [`Mask::Pseudonym`] only. [`Mask::Sql`] needs an engine; here it
    /// gives `None`, which hides more and never less.
    #[must_use]
    pub fn apply_text(&self, value: &str, key: &[u8], hmac: &Hmac<'_>) -> Option<String> {
        match self {
            Self::Clear => Some(value.to_owned()),
            Self::KeepEnds { head, tail } => Some(keep_ends(value, usize::from(*head), usize::from(*tail))),
            Self::Name => Some(name(value)),
            Self::AddressToCounty => Some(address_to_county(value)),
            Self::YearOfBirth => year_of_birth(value),
            Self::Pseudonym => Some(hex(&hmac(key, value.as_bytes()))),
            Self::Null | Self::Sql { .. } => None,
        }
    }
}

/// Keeps `head` and `tail` characters, one `*` for each between; a value no longer than both becomes all `*`.
#[must_use]
pub fn keep_ends(value: &str, head: usize, tail: usize) -> String {
    let count = value.chars().count();
    if count <= head + tail {
        return "*".repeat(count);
    }
    let end = count - tail;
    value
        .chars()
        .enumerate()
        .map(|(place, it)| if place < head || place >= end { it } else { '*' })
        .collect()
}

/// Keeps the family name (two or more characters of compound ones), one `*` for each other character. A value that is only
/// a family name keeps its first character less than itself: one character becomes `*`.
#[must_use]
pub fn name(value: &str) -> String {
    let value = value.trim();
    let count = value.chars().count();
    let compound = COMPOUND_SURNAMES
        .iter()
        .filter(|it| value.starts_with(**it))
        .map(|it| it.chars().count())
        .max();
    let kept = compound.filter(|it| *it < count).unwrap_or(1);
    if count <= 1 {
        "*".repeat(count)
    } else {
        keep_ends(value, kept, 0)
    }
}

/// Cuts after the county and puts [`HIDDEN`] for the rest; falls back to the city, then the province, then hides all.
///
/// Names of today's divisions are known; older county names are found by their last word within a few characters.
#[must_use]
pub fn address_to_county(value: &str) -> String {
    let value = value.trim();
    if value.is_empty() {
        return String::new();
    }
    let known = divisions().read_path(value);
    let mut end = known.map_or(0, |(_, rest)| value.len() - rest.len());
    // A code that does not end with 00 is a county's: the address is read far enough.
    if known.is_none_or(|(found, _)| found.code.ends_with("00")) {
        if end == 0 {
            for words in [PROVINCE_WORDS, CITY_WORDS] {
                end += ends_with_word(value.get(end..).unwrap_or(""), words, 9).unwrap_or(0);
            }
        }
        if end == 0 {
            return HIDDEN.to_owned();
        }
        end += ends_with_word(value.get(end..).unwrap_or(""), COUNTY_WORDS, 9).unwrap_or(0);
    }
    let (kept, rest) = value.split_at_checked(end).unwrap_or(("", value));
    if rest.trim().is_empty() {
        value.to_owned()
    } else {
        format!("{kept}{HIDDEN}")
    }
}

const PROVINCE_WORDS: &[&str] = &["自治区", "特别行政区", "省"];
const CITY_WORDS: &[&str] = &["自治州", "地区", "盟", "市"];
const COUNTY_WORDS: &[&str] = &["自治县", "自治旗", "林区", "特区", "县", "区", "旗", "市"];
/// Words that show that a place below the county has been reached.
const LOCAL_WORDS: &[&str] = &[
    "路",
    "街",
    "道",
    "巷",
    "弄",
    "号",
    "村",
    "镇",
    "乡",
    "小区",
    "园区",
    "社区",
    "开发区",
    "单元",
    "栋",
];

/// The byte length up to and with the first of these words, when it comes within `most` characters and before any word
/// of a lower level.
fn ends_with_word(text: &str, words: &[&str], most: usize) -> Option<usize> {
    for (place, (at, _)) in text.char_indices().enumerate().skip(1) {
        if place > most {
            return None;
        }
        let rest = text.get(at..).unwrap_or("");
        if let Some(word) = words.iter().find(|it| rest.starts_with(**it)) {
            let end = at + word.len();
            let whole = text.get(..end).unwrap_or("");
            return (!LOCAL_WORDS.iter().any(|it| whole.ends_with(*it))).then_some(end);
        }
        if LOCAL_WORDS.iter().any(|it| rest.starts_with(*it)) {
            return None;
        }
    }
    None
}

/// The year of birth inside a citizen identity number (18 or 15), or the year of a date `1990-05-01`, `1990/5/1`,
/// `19900501`, `1990年5月1日`, or an instant that begins so. Anything else is `None`: NULL hides, a guess could leak.
#[must_use]
pub fn year_of_birth(value: &str) -> Option<String> {
    let value = value.trim();
    if let Ok(id) = value.parse::<CitizenId>() {
        return Some(id.birth_date().format("%Y").to_string());
    }
    if let Ok(old) = value.parse::<OldCitizenId>() {
        return old.upgrade().ok().map(|it| it.birth_date().format("%Y").to_string());
    }
    crate::detect::date_year(value)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|it| format!("{it:02x}")).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use proptest::prelude::*;

    use super::*;

    fn fake(key: &[u8], message: &[u8]) -> [u8; 32] {
        let sum = key
            .iter()
            .chain(message)
            .fold(0u8, |sum, it| sum.wrapping_mul(31).wrapping_add(*it));
        [sum; 32]
    }

    fn masked(mask: &Mask, value: &str) -> Option<String> {
        mask.apply_text(value, b"key", &fake)
    }

    #[test]
    fn samples() {
        let ends = Mask::KeepEnds { head: 6, tail: 4 };
        assert_eq!(masked(&ends, "11010519491231002X").unwrap(), "110105********002X");
        assert_eq!(masked(&ends, "1234567890").unwrap(), "**********");
        assert_eq!(masked(&Mask::KeepEnds { head: 1, tail: 1 }, "𠮷野家").unwrap(), "𠮷*家");
        for (value, want) in [
            ("张三丰", "张**"),
            ("欧阳修", "欧阳*"),
            ("欧阳", "欧*"),
            ("张", "*"),
            ("", ""),
            ("爱新觉罗溥仪", "爱新觉罗**"),
            ("𠮷三", "𠮷*"),
            ("买买提·吐尔逊", "买******"),
        ] {
            assert_eq!(masked(&Mask::Name, value).unwrap(), want);
        }
        for (value, want) in [
            ("1990-05-01", Some("1990")),
            ("19900501", Some("1990")),
            ("11010519491231002X", Some("1949")),
            ("110105491231002", Some("1949")),
            ("1990-13-01", None),
            ("无", None),
        ] {
            assert_eq!(masked(&Mask::YearOfBirth, value).as_deref(), want, "{value}");
        }
        assert_eq!(masked(&Mask::Pseudonym, "x").unwrap().len(), 64);
        assert_eq!(masked(&Mask::Null, "x"), None);
        assert_eq!(masked(&Mask::Sql { expr: "value".into() }, "x"), None);
        assert_eq!(Mask::YearOfBirth.output(DataType::Date), DataType::Text);
        assert_eq!(Mask::Null.output(DataType::Date), DataType::Date);
    }

    #[test]
    fn addresses() {
        for (value, want) in [
            ("浙江省杭州市西湖区文三路1号", "浙江省杭州市西湖区****"),
            ("浙江省杭州市西湖区", "浙江省杭州市西湖区"),
            ("北京市朝阳区建国路小区3栋", "北京市朝阳区****"),
            ("浙江省杭州市下城区中山北路1号", "浙江省杭州市下城区****"),
            ("浙江省杭州市文三路幸福小区", "浙江省杭州市****"),
            ("杭州市西湖区文三路", "杭州市西湖区****"),
            (
                "新疆维吾尔自治区阿勒泰地区布尔津县城镇1号",
                "新疆维吾尔自治区阿勒泰地区布尔津县****",
            ),
            ("河南省济源市沁园路1号", "河南省济源市****"),
            ("幻想省梦境市云上县山路3号", "幻想省梦境市云上县****"),
            ("文三路1号幸福小区", "****"),
            ("Unknown street 5", "****"),
            ("", ""),
        ] {
            assert_eq!(masked(&Mask::AddressToCounty, value).unwrap(), want);
        }
    }

    proptest! {
        #[test]
        fn lengths_hold(value in "\\PC{0,20}", head in 0u8..9, tail in 0u8..9) {
            let out = masked(&Mask::KeepEnds { head, tail }, &value).unwrap();
            prop_assert_eq!(out.chars().count(), value.chars().count());
            let kept = value.chars().count().saturating_sub(usize::from(head) + usize::from(tail));
            prop_assert!(out.chars().filter(|it| *it == '*').count() >= kept);
            for mask in [Mask::Name, Mask::AddressToCounty, Mask::YearOfBirth, Mask::Pseudonym] {
                let _ = masked(&mask, &value);
            }
        }

        #[test]
        fn addresses_never_tell_the_street(street in "[一二三四五六七八九]{2,6}", number in 1u16..999) {
            let out = masked(&Mask::AddressToCounty, &format!("浙江省杭州市西湖区{street}路{number}号")).unwrap();
            prop_assert_eq!(out, "浙江省杭州市西湖区****");
        }
    }
}
