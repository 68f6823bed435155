//! The closed lists of the national catalogue: sharing class, update cycle, format, grade.
//!
//! Source: 政务信息资源目录编制指南(试行) 2017 core metadata; 政务数据共享条例 (State Council Order 809)
//! Art. 13-15; GB/T 43697-2024 for the grade.

/// A text is not one of a closed list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a {list}; allowed: {allowed}")]
pub struct NotInList {
    /// What was given.
    pub text: String,
    /// The list's name.
    pub list: &'static str,
    /// The allowed codes, comma separated.
    pub allowed: String,
}

/// A closed list: a code for machines, Chinese and English names for people, and forgiving parsing of all three.
#[macro_export]
macro_rules! list {
    ($(#[$doc:meta])* $name:ident: $what:literal { $($(#[$vdoc:meta])* $variant:ident = $code:literal, $zh:literal, $en:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $code)] $variant,)+ }

        impl $name {
            /// Every member, in the standard's order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The machine code, used in JSON, the database and URLs.
            #[must_use]
            pub const fn code(self) -> &'static str { match self { $(Self::$variant => $code,)+ } }

            /// The Chinese term of the standard.
            #[must_use]
            pub const fn zh(self) -> &'static str { match self { $(Self::$variant => $zh,)+ } }

            /// The English term.
            #[must_use]
            pub const fn en(self) -> &'static str { match self { $(Self::$variant => $en,)+ } }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(self.code()) }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::class::NotInList;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let wanted = text.trim();
                Self::ALL.iter().copied()
                    .find(|it| it.code() == wanted || it.zh() == wanted || it.en().eq_ignore_ascii_case(wanted))
                    .ok_or_else(|| $crate::class::NotInList {
                        text: wanted.chars().take(80).collect(),
                        list: $what,
                        allowed: Self::ALL.iter().map(|it| it.code()).collect::<Vec<_>>().join(", "),
                    })
            }
        }
    };
}
pub(crate) use list;

list! {
    /// 共享类型: to whom a resource or item may go (Order 809 Art. 14-15).
    SharingClass: "sharing class" {
        /// May go to every department.
        Unconditional = "unconditional", "无条件共享", "Unconditional";
        /// May go to certain departments or under conditions, which must be stated.
        Conditional = "conditional", "有条件共享", "Conditional";
        /// Only where a law, administrative regulation or State Council decision expressly forbids; the basis must be named.
        Withheld = "withheld", "不予共享", "Not shared";
    }
}

list! {
    /// 共享方式: how shared data is supplied.
    SharingMode: "sharing mode" {
        /// 服务接口.
        Interface = "interface", "服务接口", "Service interface";
        /// 批量交换 (database).
        Batch = "batch", "批量交换", "Batch exchange";
        /// 文件下载.
        File = "file", "文件下载", "File download";
    }
}

list! {
    /// 更新周期.
    UpdateCycle: "update cycle" {
        /// Real time.
        RealTime = "realtime", "实时", "Real time";
        /// Daily.
        Daily = "daily", "每日", "Daily";
        /// Weekly.
        Weekly = "weekly", "每周", "Weekly";
        /// Every ten days (旬).
        TenDays = "ten-days", "每旬", "Every ten days";
        /// Monthly.
        Monthly = "monthly", "每月", "Monthly";
        /// Quarterly.
        Quarterly = "quarterly", "每季度", "Quarterly";
        /// Half-yearly.
        HalfYearly = "half-yearly", "每半年", "Half-yearly";
        /// Yearly.
        Yearly = "yearly", "每年", "Yearly";
        /// No fixed cycle.
        Irregular = "irregular", "不定期", "Irregular";
    }
}

list! {
    /// 信息资源格式, first level (seven groups).
    ResourceFormat: "resource format" {
        /// 电子文件.
        Document = "document", "电子文件", "Document";
        /// 电子表格.
        Spreadsheet = "spreadsheet", "电子表格", "Spreadsheet";
        /// 数据库.
        Database = "database", "数据库", "Database";
        /// 图形图像.
        Image = "image", "图形图像", "Image";
        /// 流媒体.
        Media = "media", "流媒体", "Streaming media";
        /// 自描述格式.
        SelfDescribing = "self-describing", "自描述格式", "Self-describing";
        /// 服务接口.
        Service = "service", "服务接口", "Service interface";
    }
}

list! {
    /// 数据分级 (GB/T 43697-2024).
    Classification: "classification" {
        /// 一般数据.
        General = "general", "一般数据", "General";
        /// 重要数据.
        Important = "important", "重要数据", "Important";
        /// 核心数据.
        Core = "core", "核心数据", "Core";
    }
}

list! {
    /// Whether an item is personal information, and how sensitive (PIPL Art. 28).
    Sensitivity: "sensitivity" {
        /// Nothing personal.
        None = "none", "非个人信息", "Not personal";
        /// 个人信息.
        Personal = "personal", "个人信息", "Personal";
        /// 敏感个人信息.
        Sensitive = "sensitive", "敏感个人信息", "Sensitive personal";
    }
}

list! {
    /// 是否向社会开放.
    Openness: "openness" {
        /// Not opened to the public.
        Closed = "closed", "不开放", "Closed";
        /// Opened under conditions.
        Conditional = "conditional", "有条件开放", "Open under conditions";
        /// Opened to everyone.
        Open = "open", "无条件开放", "Open";
    }
}

impl SharingClass {
    /// The national catalogue's digit: 1 无条件共享, 2 有条件共享, 3 不予共享.
    #[must_use]
    pub const fn digit(self) -> char {
        match self {
            Self::Unconditional => '1',
            Self::Conditional => '2',
            Self::Withheld => '3',
        }
    }

    /// The class of a national digit.
    #[must_use]
    pub fn of_digit(digit: char) -> Option<Self> {
        Self::ALL.iter().copied().find(|it| it.digit() == digit)
    }
}

impl UpdateCycle {
    /// The national catalogue's digit: 实时1, 每日2, 每周3, 每月4, 每季度5, 每年6. The cycles that some regions use beside
    /// these have none.
    #[must_use]
    pub const fn digit(self) -> Option<char> {
        match self {
            Self::RealTime => Some('1'),
            Self::Daily => Some('2'),
            Self::Weekly => Some('3'),
            Self::Monthly => Some('4'),
            Self::Quarterly => Some('5'),
            Self::Yearly => Some('6'),
            Self::TenDays | Self::HalfYearly | Self::Irregular => None,
        }
    }

    /// The cycle of a national digit.
    #[must_use]
    pub fn of_digit(digit: char) -> Option<Self> {
        Self::ALL.iter().copied().find(|it| it.digit() == Some(digit))
    }
}

impl ResourceFormat {
    /// The national catalogue's digit, 1 to 7 in the standard's order.
    #[must_use]
    pub const fn digit(self) -> char {
        match self {
            Self::Document => '1',
            Self::Spreadsheet => '2',
            Self::Database => '3',
            Self::Image => '4',
            Self::Media => '5',
            Self::SelfDescribing => '6',
            Self::Service => '7',
        }
    }

    /// 第二级: the formats that the national catalogue names in this group. Others are allowed beside them (PostgreSQL, CSV, the
    /// vector formats of ministries); a self-describing format and a service describe themselves.
    #[must_use]
    pub const fn named(self) -> &'static [&'static str] {
        match self {
            Self::Document => &["OFD", "wps", "xml", "txt", "doc", "docx", "html", "pdf", "ppt"],
            Self::Spreadsheet => &["et", "xls", "xlsx"],
            Self::Database => &[
                "Dm",
                "KingbaseES",
                "GaussDB",
                "access",
                "dbf",
                "dbase",
                "sybase",
                "oracle",
                "sql server",
                "db2",
                "mysql",
            ],
            Self::Image => &["jpg", "gif", "bmp", "tif", "png"],
            Self::Media => &["swf", "rm", "mpg"],
            Self::SelfDescribing | Self::Service => &[],
        }
    }

    /// The group in which the national catalogue names a format, without regard to case.
    #[must_use]
    pub fn of_named(name: &str) -> Option<Self> {
        let same = |it: &&str| it.eq_ignore_ascii_case(name.trim());
        Self::ALL.iter().copied().find(|it| it.named().iter().any(same))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn national_digits_are_read_back() {
        for it in SharingClass::ALL {
            assert_eq!(SharingClass::of_digit(it.digit()), Some(*it));
        }
        let cycles: String = UpdateCycle::ALL.iter().filter_map(|it| it.digit()).collect();
        assert_eq!(cycles, "123456");
        for digit in cycles.chars() {
            assert_eq!(UpdateCycle::of_digit(digit).and_then(UpdateCycle::digit), Some(digit));
        }
        assert_eq!(UpdateCycle::of_digit('2'), Some(UpdateCycle::Daily));
        assert_eq!(SharingClass::of_digit('4'), None);
    }

    #[test]
    fn formats_have_their_group() {
        let digits: String = ResourceFormat::ALL.iter().map(|it| it.digit()).collect();
        assert_eq!(digits, "1234567");
        for group in ResourceFormat::ALL {
            for name in group.named() {
                assert_eq!(
                    ResourceFormat::of_named(name),
                    Some(*group),
                    "{name} stands in one group"
                );
            }
        }
        assert_eq!(ResourceFormat::of_named(" ofd "), Some(ResourceFormat::Document));
        assert_eq!(ResourceFormat::of_named("SQL Server"), Some(ResourceFormat::Database));
        assert_eq!(ResourceFormat::of_named("csv"), None);
    }
}
