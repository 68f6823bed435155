//! Hints in the names of columns.

use crate::profile::Meaning;

/// Words in a column's name or comment that speak for a meaning, most telling first.
const HINTS: &[(Meaning, &[&str])] = &[
    (
        Meaning::Grade,
        &["数据级别", "数据分级", "安全级别", "data_level", "data_grade", "sjjb"],
    ),
    (Meaning::Sealed, &["封存", "is_sealed", "sealed"]),
    (
        Meaning::CreditCode,
        &[
            "统一社会信用代码",
            "信用代码",
            "uscc",
            "credit_code",
            "creditcode",
            "tyshxydm",
            "shxydm",
        ],
    ),
    (
        Meaning::OrganisationCode,
        &["组织机构代码", "机构代码", "org_code", "orgcode", "zzjgdm"],
    ),
    (
        Meaning::CitizenId,
        &[
            "公民身份号码",
            "身份证",
            "身份号码",
            "证件号",
            "id_card",
            "idcard",
            "id_no",
            "idno",
            "citizen_id",
            "sfzh",
            "gmsfhm",
            "zjhm",
        ],
    ),
    (
        Meaning::DivisionCode,
        &[
            "行政区划代码",
            "行政区划",
            "区划",
            "division",
            "region_code",
            "area_code",
            "adcode",
            "xzqh",
            "qhdm",
        ],
    ),
    (
        Meaning::Postcode,
        &["邮政编码", "邮编", "postcode", "postal", "zip", "yzbm"],
    ),
    (
        Meaning::Phone,
        &["电话", "手机", "联系方式", "phone", "mobile", "tel", "lxdh", "sjh"],
    ),
    (Meaning::Email, &["邮箱", "电子邮件", "email", "e_mail", "mail", "dzyx"]),
    (
        Meaning::Address,
        &["地址", "住址", "住所", "address", "addr", "dz", "zz"],
    ),
    (
        Meaning::PersonName,
        &[
            "姓名",
            "法定代表人",
            "联系人",
            "负责人",
            "申请人",
            "person_name",
            "full_name",
            "real_name",
            "xm",
        ],
    ),
    (
        Meaning::Date,
        &["日期", "时间", "出生年月", "date", "birthday", "rq", "csrq"],
    ),
    (
        Meaning::Code,
        &[
            "代码", "编码", "编号", "号码", "code", "number", "_no", "_id", "bh", "dm",
        ],
    ),
];

/// The meaning that a column's name or comment hints at, with the word that does. Latin hints of up to three letters
/// must be a whole word (`xm`, `tel`), so that `tel` is not found in `hotel`.
#[must_use]
pub fn hint(name: &str) -> Option<(Meaning, &'static str)> {
    let name = name.to_lowercase();
    let words: Vec<&str> = name.split(|it: char| !it.is_alphanumeric()).collect();
    let found = |hint: &&'static str| {
        if hint.is_ascii() && hint.len() <= 4 && !hint.starts_with('_') {
            words.contains(hint)
        } else {
            name.contains(*hint)
        }
    };
    HINTS
        .iter()
        .find_map(|(meaning, hints)| hints.iter().find(|it| found(it)).map(|hint| (*meaning, *hint)))
}
