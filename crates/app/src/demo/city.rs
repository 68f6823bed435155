//! The people and enterprises of 云州市, with the flaws that real registers have. Every value is invented; every code
//! has its right check digit unless the flaw is that it has not, and every flaw is counted.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};

use super::{
    chance::Chance,
    codes,
    table::{Column, Kind, Row, Table},
    words,
};

/// How large the city is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    pub people: u64,
    pub enterprises: u64,
}

/// Counted flaws: table and kind → how many.
pub(crate) type Flaws = BTreeMap<String, u64>;

pub(crate) const PERSON: Table = Table {
    name: "person",
    server_name: "jutong_demo_person",
    comment: "常住人口登记",
    columns: &[
        Column("person_no", Kind::Text(12), "人员编号"),
        Column("id_card", Kind::Text(18), "公民身份号码"),
        Column("name", Kind::Text(60), "姓名"),
        Column("sex_code", Kind::Text(1), "性别代码"),
        Column("nation_code", Kind::Text(2), "民族代码"),
        Column("birth_date", Kind::Date, "出生日期"),
        Column("division_code", Kind::Text(6), "行政区划代码"),
        Column("address", Kind::Text(200), "现住址"),
        Column("phone", Kind::Text(20), "联系电话"),
        Column("registered_at", Kind::DateTime, "登记时间"),
    ],
    indexed: &["id_card"],
};

pub(crate) const ENTERPRISE: Table = Table {
    name: "enterprise",
    server_name: "jutong_demo_enterprise",
    comment: "市场主体登记",
    columns: &[
        Column("credit_code", Kind::Text(18), "统一社会信用代码"),
        Column("name", Kind::Text(200), "企业名称"),
        Column("legal_person", Kind::Text(60), "法定代表人"),
        Column("legal_person_id", Kind::Text(18), "法定代表人身份号码"),
        Column("industry_code", Kind::Text(5), "行业代码"),
        Column("registered_capital", Kind::Decimal(18, 2), "注册资本（万元）"),
        Column("established_on", Kind::Date, "成立日期"),
        Column("division_code", Kind::Text(6), "行政区划代码"),
        Column("address", Kind::Text(200), "住所"),
        Column("postcode", Kind::Text(6), "邮政编码"),
        Column("status_code", Kind::Text(2), "登记状态代码"),
        Column("updated_at", Kind::DateTime, "更新时间"),
    ],
    indexed: &["division_code"],
};

pub(crate) const INSURANCE: Table = Table {
    name: "insurance",
    server_name: "jutong_demo_insurance",
    comment: "社会保险参保缴费",
    columns: &[
        Column("record_no", Kind::Text(12), "参保记录号"),
        Column("id_card", Kind::Text(18), "公民身份号码"),
        Column("employer_code", Kind::Text(18), "单位统一社会信用代码"),
        Column("kind_code", Kind::Text(3), "险种代码"),
        Column("kind_name", Kind::Text(40), "险种名称"),
        Column("base_amount", Kind::Decimal(10, 2), "缴费基数（元）"),
        Column("months_paid", Kind::Int, "累计缴费月数"),
        Column("paid_until", Kind::Date, "缴费至"),
        Column("status_code", Kind::Text(2), "参保状态代码"),
    ],
    indexed: &["id_card"],
};

pub(crate) const ASSISTANCE: Table = Table {
    name: "assistance",
    server_name: "jutong_demo_assistance",
    comment: "社会救助对象",
    columns: &[
        Column("case_no", Kind::Text(14), "救助编号"),
        Column("id_card", Kind::Text(18), "公民身份号码"),
        Column("name", Kind::Text(60), "姓名"),
        Column("kind_code", Kind::Text(2), "救助类别代码"),
        Column("kind_name", Kind::Text(40), "救助类别"),
        Column("monthly_amount", Kind::Decimal(10, 2), "月救助金额（元）"),
        Column("division_code", Kind::Text(6), "行政区划代码"),
        Column("granted_on", Kind::Date, "批准日期"),
    ],
    indexed: &["id_card"],
};

pub(crate) const PROPERTY: Table = Table {
    name: "property",
    server_name: "jutong_demo_property",
    comment: "不动产登记",
    columns: &[
        Column("cert_no", Kind::Text(20), "不动产权证号"),
        Column("id_card", Kind::Text(18), "权利人身份号码"),
        Column("division_code", Kind::Text(6), "行政区划代码"),
        Column("address", Kind::Text(200), "坐落"),
        Column("area", Kind::Decimal(10, 2), "建筑面积（平方米）"),
        Column("usage_code", Kind::Text(2), "用途代码"),
        Column("registered_on", Kind::Date, "登记日期"),
    ],
    indexed: &["id_card"],
};

pub(crate) const SCHOOL: Table = Table {
    name: "school",
    server_name: "jutong_demo_school",
    comment: "学校名录",
    columns: &[
        Column("school_code", Kind::Text(10), "学校标识码"),
        Column("name", Kind::Text(100), "学校名称"),
        Column("division_code", Kind::Text(6), "行政区划代码"),
        Column("postcode", Kind::Text(6), "邮政编码"),
        Column("students", Kind::Int, "在校生数"),
    ],
    indexed: &[],
};

/// A maker of rows that remembers which flaws it planted.
pub(crate) struct City {
    size: Size,
    districts: Vec<(String, String)>,
    elsewhere: Vec<String>,
    withdrawn: Vec<String>,
    pub flaws: Flaws,
}

impl City {
    pub(crate) fn new(size: Size) -> Self {
        Self {
            size,
            districts: codes::districts(),
            elsewhere: codes::counties_elsewhere(),
            withdrawn: codes::withdrawn_counties(),
            flaws: Flaws::new(),
        }
    }

    fn flaw(&mut self, table: &str, kind: &str) {
        *self.flaws.entry(format!("{table}: {kind}")).or_default() += 1;
    }

    /// A stream of chance that belongs to one person, so that every register tells of the same one.
    fn of_person(no: u64) -> Chance {
        Chance::new(no.wrapping_mul(0x5851_f42d_4c95_7f2d) ^ 0x1405)
    }

    /// The (right) identity of person `no`: identity number, name, birth date, home district.
    pub(crate) fn identity(&self, no: u64) -> (String, String, NaiveDate, (String, String)) {
        let mut chance = Self::of_person(no);
        let home = chance.pick(&self.districts).cloned().unwrap_or_default();
        let first = match chance.below(100) {
            0..=69 => home.0.clone(),
            70..=96 => chance.pick(&self.elsewhere).cloned().unwrap_or_else(|| home.0.clone()),
            _ => chance.pick(&self.withdrawn).cloned().unwrap_or_else(|| home.0.clone()),
        };
        let birth = day(1936, chance.below(31_000));
        let sequence = u16::try_from(chance.between(1, 999)).unwrap_or(1);
        let name = if chance.per_mille(8) {
            chance.word(words::DOTTED).to_owned()
        } else {
            let second = if chance.below(3) == 0 {
                ""
            } else {
                chance.word(words::GIVEN)
            };
            format!("{}{}{second}", chance.word(words::FAMILY), chance.word(words::GIVEN))
        };
        (codes::citizen_id(&first, birth, sequence), name, birth, home)
    }

    fn address(chance: &mut Chance, district: &str) -> String {
        format!(
            "浙江省杭州市{district}{}{}号{}{}幢{}单元{}0{}室",
            chance.word(words::STREETS),
            chance.between(1, 899),
            chance.word(words::ESTATES),
            chance.between(1, 38),
            chance.between(1, 4),
            chance.between(1, 32),
            chance.between(1, 6)
        )
    }

    pub(crate) fn person(&mut self, no: u64) -> Row {
        let (mut id, mut name, birth, (division, district)) = self.identity(no);
        let mut chance = Self::of_person(no ^ 0xffff_0000);
        let odd = id
            .chars()
            .nth(16)
            .and_then(|it| it.to_digit(10))
            .is_some_and(|it| it % 2 == 1);
        let mut address = Some(Self::address(&mut chance, &district));
        let mut phone = Some(format!("1{}{:08}", 30 + chance.below(70), chance.below(100_000_000)));
        match chance.below(1000) {
            0..=2 => {
                id = codes::wrong_check(&id);
                self.flaw("person", "identity number with a wrong check digit");
            }
            3..=6 => {
                id = codes::fifteen(&id);
                self.flaw("person", "old identity number of 15 digits");
            }
            7..=36 => {
                address = None;
                self.flaw("person", "address missing");
            }
            37..=96 => {
                phone = None;
                self.flaw("person", "phone missing");
            }
            97..=99 => {
                name.push('　');
                self.flaw("person", "ideographic space after the name");
            }
            100..=102 => {
                phone = phone.map(|it| it.chars().map(full_width).collect());
                self.flaw("person", "phone in full-width digits");
            }
            103..=104 => {
                id = self.identity(no.saturating_sub(7).max(1)).0;
                self.flaw("person", "identity number of somebody else (duplicate)");
            }
            _ => {}
        }
        vec![
            Some(format!("{no:012}")),
            Some(id),
            Some(name),
            Some(if odd { "1" } else { "2" }.to_owned()),
            Some(format!(
                "{:02}",
                if chance.per_mille(920) {
                    1
                } else {
                    chance.between(2, 56)
                }
            )),
            Some(birth.to_string()),
            Some(division),
            address,
            phone,
            Some(moment(&mut chance)),
        ]
    }

    /// The credit code of enterprise `no`.
    pub(crate) fn credit_code(&self, no: u64) -> String {
        let mut chance = Chance::new(no ^ 0x00c0_ffee_0000);
        let district = chance
            .pick(&self.districts)
            .map_or("330102", |it| it.0.as_str())
            .to_owned();
        codes::credit_code(&district, no)
    }

    pub(crate) fn enterprise(&mut self, no: u64) -> Row {
        let mut chance = Chance::new(no ^ 0x00c0_ffee_0000);
        let (division, district) = chance.pick(&self.districts).cloned().unwrap_or_default();
        let mut code = codes::credit_code(&division, no);
        let owner = chance.below(self.size.people) + 1;
        let (id, person, ..) = self.identity(owner);
        let (industry, trade) = chance.pick(words::TRADES).copied().unwrap_or(("L7231", "咨询"));
        let name = format!(
            "云州{}{}{trade}{}",
            chance.word(words::GIVEN),
            chance.word(words::GIVEN),
            chance.word(words::FORMS)
        );
        let mut postcode = Some(format!("0{:05}", 30_000 + chance.below(900)));
        let mut capital = Some(format!("{}.{:02}", chance.between(3, 90_000), chance.below(100)));
        match chance.below(1000) {
            0..=1 => {
                code = codes::wrong_check(&code);
                self.flaw("enterprise", "credit code with a wrong check character");
            }
            2..=31 => {
                postcode = None;
                self.flaw("enterprise", "postcode missing");
            }
            32..=36 => {
                capital = Some("0.00".to_owned());
                self.flaw("enterprise", "registered capital is zero");
            }
            _ => {}
        }
        vec![
            Some(code),
            Some(name),
            Some(person),
            Some(id),
            Some(industry.to_owned()),
            capital,
            Some(day(1990, chance.below(13_000)).to_string()),
            Some(division),
            Some(Self::address(&mut chance, &district)),
            postcode,
            Some(
                ["01", "01", "01", "01", "02", "03"]
                    .get(usize::try_from(chance.below(6)).unwrap_or(0))
                    .copied()
                    .unwrap_or("01")
                    .to_owned(),
            ),
            Some(moment(&mut chance)),
        ]
    }

    pub(crate) fn insurance(&mut self, no: u64) -> Row {
        let mut chance = Chance::new(no ^ 0x00ab_cdef_0000);
        let (id, ..) = self.identity(chance.below(self.size.people) + 1);
        let employer = self.credit_code(chance.below(self.size.enterprises) + 1);
        let (kind, kind_name) = chance.pick(words::INSURANCE).copied().unwrap_or(("110", ""));
        let employer = if chance.per_mille(30) {
            self.flaw("insurance", "employer missing");
            None
        } else {
            Some(employer)
        };
        vec![
            Some(format!("{no:012}")),
            Some(id),
            employer,
            Some(kind.to_owned()),
            Some(kind_name.to_owned()),
            Some(format!("{}.{:02}", chance.between(4_462, 24_930), chance.below(100))),
            Some(chance.between(1, 420).to_string()),
            Some(day(2025, chance.below(680)).to_string()),
            Some(if chance.per_mille(900) { "1" } else { "2" }.to_owned()),
        ]
    }

    pub(crate) fn assistance(&mut self, no: u64) -> Row {
        let mut chance = Chance::new(no ^ 0x0a1d_0000);
        let (id, name, _, (division, _)) = self.identity(chance.below(self.size.people) + 1);
        let (kind, kind_name) = chance.pick(words::AID).copied().unwrap_or(("01", ""));
        vec![
            Some(format!("JZ{no:012}")),
            Some(id),
            Some(name),
            Some(kind.to_owned()),
            Some(kind_name.to_owned()),
            Some(format!("{}.00", chance.between(300, 2_200))),
            Some(division),
            Some(day(2015, chance.below(4_300)).to_string()),
        ]
    }

    pub(crate) fn property(&mut self, no: u64) -> Row {
        let mut chance = Chance::new(no ^ 0x0b0b_0000);
        let (id, _, _, (division, district)) = self.identity(chance.below(self.size.people) + 1);
        vec![
            Some(format!("0{no:015}")),
            Some(id),
            Some(division),
            Some(Self::address(&mut chance, &district)),
            Some(format!("{}.{:02}", chance.between(28, 320), chance.below(100))),
            Some(format!("{:02}", chance.between(1, 6))),
            Some(day(2000, chance.below(9_400)).to_string()),
        ]
    }

    pub(crate) fn school(&mut self, no: u64) -> Row {
        let mut chance = Chance::new(no ^ 0x5c00_0000);
        let (division, district) = chance.pick(&self.districts).cloned().unwrap_or_default();
        let kind = chance.word(&["小学", "中学", "实验学校", "幼儿园", "职业高级中学"]);
        vec![
            Some(format!("{:010}", 33_010_000 + no)),
            Some(format!("{district}{}{kind}", chance.word(words::ESTATES))),
            Some(division),
            Some(format!("0{:05}", 30_000 + chance.below(900))),
            Some(chance.between(90, 3_200).to_string()),
        ]
    }
}

fn day(year: i32, after: u64) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, 1, 1)
        .unwrap_or_default()
        .checked_add_days(Days::new(after))
        .unwrap_or_default()
}

fn moment(chance: &mut Chance) -> String {
    format!(
        "{} {:02}:{:02}:{:02}",
        day(2019, chance.below(2_800)),
        chance.below(24),
        chance.below(60),
        chance.below(60)
    )
}

fn full_width(digit: char) -> char {
    char::from_u32(u32::from(digit) + 0xfee0)
        .filter(|_| digit.is_ascii_digit())
        .unwrap_or(digit)
}
