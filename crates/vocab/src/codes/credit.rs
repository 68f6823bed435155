//! 统一社会信用代码 (GB 32100-2015).

use super::{CodeError, OrganisationCode, code, digits, each, length, part};
use crate::codes::DivisionCode;

const CODE: &str = "unified social credit code";
const ALPHABET: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";
const WORDS: &str = "0-9 and A-Y without I, O, S, V";
const MODULUS: usize = 31;

code! {
    /// Eighteen characters: registering department, kind of organisation, division of the registrar (6), organisation
    /// code (9), check character.
    ///
    /// Invariant: the alphabet and the check character are right. The organisation code inside is not checked again,
    /// because registers hold some that were issued without GB 11714's check.
    CreditCode, parse
}

/// 登记管理部门 and 机构类别, the first two characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Registrar {
    /// Both characters.
    pub code: &'static str,
    /// Department and kind in Chinese.
    pub zh: &'static str,
    /// Department and kind in English.
    pub en: &'static str,
}

const REGISTRARS: &[Registrar] = &[
    Registrar {
        code: "11",
        zh: "机构编制·机关",
        en: "Establishment office: government body",
    },
    Registrar {
        code: "12",
        zh: "机构编制·事业单位",
        en: "Establishment office: public institution",
    },
    Registrar {
        code: "13",
        zh: "机构编制·群众团体",
        en: "Establishment office: mass organisation",
    },
    Registrar {
        code: "19",
        zh: "机构编制·其他",
        en: "Establishment office: other",
    },
    Registrar {
        code: "51",
        zh: "民政·社会团体",
        en: "Civil affairs: association",
    },
    Registrar {
        code: "52",
        zh: "民政·民办非企业单位",
        en: "Civil affairs: private non-enterprise unit",
    },
    Registrar {
        code: "53",
        zh: "民政·基金会",
        en: "Civil affairs: foundation",
    },
    Registrar {
        code: "54",
        zh: "民政·村(居)民委员会",
        en: "Civil affairs: village or residents' committee",
    },
    Registrar {
        code: "59",
        zh: "民政·其他",
        en: "Civil affairs: other",
    },
    Registrar {
        code: "91",
        zh: "市场监管·企业",
        en: "Market regulation: enterprise",
    },
    Registrar {
        code: "92",
        zh: "市场监管·个体工商户",
        en: "Market regulation: sole trader",
    },
    Registrar {
        code: "93",
        zh: "市场监管·农民专业合作社",
        en: "Market regulation: farmers' cooperative",
    },
    Registrar {
        code: "21",
        zh: "外交·外国常驻新闻机构",
        en: "Foreign affairs: resident foreign news office",
    },
    Registrar {
        code: "29",
        zh: "外交·其他",
        en: "Foreign affairs: other",
    },
    Registrar {
        code: "31",
        zh: "司法行政·律师执业机构",
        en: "Justice: law firm",
    },
    Registrar {
        code: "32",
        zh: "司法行政·公证处",
        en: "Justice: notary office",
    },
    Registrar {
        code: "33",
        zh: "司法行政·基层法律服务所",
        en: "Justice: basic legal service",
    },
    Registrar {
        code: "34",
        zh: "司法行政·司法鉴定机构",
        en: "Justice: forensic institution",
    },
    Registrar {
        code: "35",
        zh: "司法行政·仲裁委员会",
        en: "Justice: arbitration commission",
    },
    Registrar {
        code: "39",
        zh: "司法行政·其他",
        en: "Justice: other",
    },
    Registrar {
        code: "41",
        zh: "文化·外国在华文化中心",
        en: "Culture: foreign cultural centre",
    },
    Registrar {
        code: "49",
        zh: "文化·其他",
        en: "Culture: other",
    },
    Registrar {
        code: "61",
        zh: "旅游·外国旅游部门常驻代表机构",
        en: "Tourism: office of a foreign tourism authority",
    },
    Registrar {
        code: "62",
        zh: "旅游·港澳台旅游部门常驻内地(大陆)代表机构",
        en: "Tourism: office of a Hong Kong, Macao or Taiwan tourism authority",
    },
    Registrar {
        code: "69",
        zh: "旅游·其他",
        en: "Tourism: other",
    },
    Registrar {
        code: "71",
        zh: "宗教·宗教活动场所",
        en: "Religious affairs: place of worship",
    },
    Registrar {
        code: "72",
        zh: "宗教·宗教院校",
        en: "Religious affairs: religious school",
    },
    Registrar {
        code: "79",
        zh: "宗教·其他",
        en: "Religious affairs: other",
    },
    Registrar {
        code: "81",
        zh: "工会·基层工会",
        en: "Trade unions: basic union",
    },
    Registrar {
        code: "89",
        zh: "工会·其他",
        en: "Trade unions: other",
    },
    Registrar {
        code: "A1",
        zh: "军队·事业单位",
        en: "Armed forces: public institution",
    },
    Registrar {
        code: "A9",
        zh: "军队·其他",
        en: "Armed forces: other",
    },
    Registrar {
        code: "N1",
        zh: "农业农村·组级集体经济组织",
        en: "Agriculture: collective of a villagers' group",
    },
    Registrar {
        code: "N2",
        zh: "农业农村·村级集体经济组织",
        en: "Agriculture: collective of a village",
    },
    Registrar {
        code: "N3",
        zh: "农业农村·乡镇级集体经济组织",
        en: "Agriculture: collective of a township",
    },
    Registrar {
        code: "N9",
        zh: "农业农村·其他",
        en: "Agriculture: other",
    },
    Registrar {
        code: "Y1",
        zh: "其他",
        en: "Other",
    },
];

fn parse(text: &str) -> Result<String, CodeError> {
    let text = text.to_ascii_uppercase();
    length(CODE, &text, &[18], "18")?;
    each(CODE, &text, 0, WORDS, |it| ALPHABET.contains(it))?;
    digits(CODE, part(&text, 2, 8), 2)?;
    let (body, last) = text.split_at_checked(17).unwrap_or((&text, ""));
    if last.chars().eq(check(body)) {
        Ok(text)
    } else {
        Err(CodeError::Check { code: CODE, at: 18 })
    }
}

/// C18 = (31 − Σ cᵢ·3^(i−1) mod 31) mod 31, as its character.
fn check(body: &str) -> Option<char> {
    let mut weight = 1;
    let mut sum = 0;
    for found in body.chars() {
        sum += ALPHABET.chars().position(|it| it == found)? * weight;
        weight = weight * 3 % MODULUS;
    }
    ALPHABET.chars().nth((MODULUS - sum % MODULUS) % MODULUS)
}

impl CreditCode {
    /// Makes a code with both check characters: registrar (two characters: `91`), division (six digits) and the first
    /// eight characters of the organisation code.
    ///
    /// # Errors
    /// When a part is not valid.
    pub fn with_check(registrar: &str, division: &str, organisation: &str) -> Result<Self, CodeError> {
        let organisation = OrganisationCode::with_check(organisation)?;
        Self::of_body(&format!("{registrar}{division}{organisation}"))
    }

    /// Adds the check character to 17 characters.
    ///
    /// # Errors
    /// When a part is not valid.
    pub fn of_body(body: &str) -> Result<Self, CodeError> {
        let body = body.to_ascii_uppercase();
        length(CODE, &body, &[17], "17 before the check character")?;
        each(CODE, &body, 0, WORDS, |it| ALPHABET.contains(it))?;
        let whole: String = body.chars().chain(check(&body)).collect();
        parse(&whole).map(Self)
    }

    /// Registering department and kind, where the standard names the pair.
    #[must_use]
    pub fn registrar(&self) -> Option<Registrar> {
        REGISTRARS.iter().copied().find(|it| it.code == part(&self.0, 0, 2))
    }

    /// The division of the registering authority, six digits (`100000` for the state).
    #[must_use]
    pub fn division(&self) -> Option<DivisionCode> {
        part(&self.0, 2, 8).parse().ok()
    }

    /// The organisation code inside, when its own check character is right.
    #[must_use]
    pub fn organisation(&self) -> Option<OrganisationCode> {
        part(&self.0, 8, 17).parse().ok()
    }

    /// Is it an enterprise, sole trader or cooperative (registered by market regulation)?
    #[must_use]
    pub fn is_market_entity(&self) -> bool {
        self.0.starts_with('9')
    }
}
