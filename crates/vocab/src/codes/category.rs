//! 1 信息资源分类: 类, 项, 目, 细目 (政务信息资源目录编制指南(试行) 2017), with the 项 that the Guide names as data.

use serde::{Deserialize, Serialize};

/// 项 that the Guide names: three digits of 类 and 项, Chinese, English. Their numbers below 类 2 and 3 follow the Guide's
/// order; a region may use others.
const GROUPS: &str = include_str!("../../data/categories.csv");

/// 类: the first digit of a resource code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CategoryClass {
    /// 1 基础信息资源.
    Base,
    /// 2 主题信息资源.
    Theme,
    /// 3 部门信息资源.
    Department,
}

impl CategoryClass {
    /// Every class, in order.
    pub const ALL: &'static [Self] = &[Self::Base, Self::Theme, Self::Department];

    /// The digit.
    #[must_use]
    pub const fn digit(self) -> char {
        match self {
            Self::Base => '1',
            Self::Theme => '2',
            Self::Department => '3',
        }
    }
}

/// 类 (1 digit), 项 (2 digits), 目 (3 digits), 细目 (any number, here 0 to 24): `101001`, `3070010012`.
///
/// Invariant: every part consists of digits and has its width. Source: 2017 Guide, code structure.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Category(String);

/// A text is no category.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a category is one digit 1 to 3, two digits, three digits and up to 24 more; got `{0}`")]
pub struct CategoryError(pub String);

impl Category {
    /// 类.
    #[must_use]
    pub fn class(&self) -> CategoryClass {
        match self.0.as_bytes().first() {
            Some(b'1') => CategoryClass::Base,
            Some(b'2') => CategoryClass::Theme,
            _ => CategoryClass::Department,
        }
    }

    /// 项, two digits.
    #[must_use]
    pub fn group(&self) -> &str {
        self.0.get(1..3).unwrap_or_default()
    }

    /// 目, three digits.
    #[must_use]
    pub fn subject(&self) -> &str {
        self.0.get(3..6).unwrap_or_default()
    }

    /// 细目, up to 24 digits; may be empty.
    #[must_use]
    pub fn detail(&self) -> &str {
        self.0.get(6..).unwrap_or_default()
    }

    /// The 项 as the Guide names it; `None` for those of a region.
    #[must_use]
    pub fn named(&self) -> Option<CategoryGroup> {
        CategoryGroup::all().find(|it| self.0.starts_with(it.code))
    }

    /// All digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// 项 that the Guide names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CategoryGroup {
    /// Three digits: 类 and 项.
    pub code: &'static str,
    /// Its Chinese name.
    pub zh: &'static str,
    /// Its English name.
    pub en: &'static str,
}

impl CategoryGroup {
    /// Every 项 that the Guide names, in its order.
    pub fn all() -> impl Iterator<Item = Self> {
        GROUPS.lines().skip(1).filter_map(|line| {
            let mut parts = line.split(',');
            Some(Self {
                code: parts.next()?,
                zh: parts.next()?,
                en: parts.next()?,
            })
        })
    }

    /// 主题信息资源: the themes of the Guide (公共服务, 社会保障 …), which also are the theme of an entry.
    pub fn themes() -> impl Iterator<Item = Self> {
        Self::all().filter(|it| it.code.starts_with('2'))
    }
}

impl std::fmt::Display for Category {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for Category {
    type Err = CategoryError;
    fn from_str(text: &str) -> Result<Self, CategoryError> {
        let digits: String = text.chars().filter(|it| !it.is_whitespace() && *it != '-').collect();
        let good = (6..=30).contains(&digits.len())
            && digits.bytes().all(|it| it.is_ascii_digit())
            && matches!(digits.as_bytes().first(), Some(b'1'..=b'3'));
        if good {
            Ok(Self(digits))
        } else {
            Err(CategoryError(text.chars().take(80).collect()))
        }
    }
}

impl TryFrom<String> for Category {
    type Error = CategoryError;
    fn try_from(text: String) -> Result<Self, CategoryError> {
        text.parse()
    }
}

impl From<Category> for String {
    fn from(it: Category) -> Self {
        it.0
    }
}
