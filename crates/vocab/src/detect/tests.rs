#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
use proptest::prelude::*;

use super::*;

fn counts<'a>(values: impl IntoIterator<Item = &'a str>) -> Counts {
    let mut counts = Counts::default();
    values.into_iter().for_each(|it| counts.look(it));
    counts
}

fn first(name: &str, values: &[&str]) -> Option<Meaning> {
    guess(name, &counts(values.iter().copied()))
        .first()
        .map(|it| it.meaning)
}

#[test]
fn values() {
    for (meaning, good, bad) in [
        (Meaning::CitizenId, "11010519491231002X", "110105194912310021"),
        (Meaning::CreditCode, "91350100M000100Y43", "91350100M000100Y44"),
        (Meaning::OrganisationCode, "00001333-8", "000013339"),
        (Meaning::DivisionCode, "330106", "330199"),
        (Meaning::DivisionCode, "330103", "999999"),
        (Meaning::Phone, "13812345678", "23812345678"),
        (Meaning::Postcode, "310012", "990012"),
        (Meaning::PersonName, "张三", "桌子椅"),
        (Meaning::PersonName, "欧阳娜娜", "朝阳公园南路"),
        (Meaning::PersonName, "买买提·吐尔逊", "Bob"),
        (Meaning::Address, "浙江省杭州市西湖区文三路1号", "张三"),
        (Meaning::Date, "2026-04-01", "2026-02-30"),
        (Meaning::Date, "2026年4月1日", "4月1日"),
        (Meaning::Date, "2026-04-01T08:00:00Z", "13812345678"),
        (Meaning::Email, "a.b@example.gov.cn", "a@b"),
        (Meaning::Code, "007", "x"),
    ] {
        assert!(fits(meaning, good), "{meaning} {good}");
        assert!(!fits(meaning, bad), "{meaning} {bad}");
    }
}

#[test]
fn names() {
    for (name, meaning) in [
        ("联系电话", Some(Meaning::Phone)),
        ("手机号码", Some(Meaning::Phone)),
        ("法定代表人身份证号", Some(Meaning::CitizenId)),
        ("统一社会信用代码", Some(Meaning::CreditCode)),
        ("division_code", Some(Meaning::DivisionCode)),
        ("所在区划", Some(Meaning::DivisionCode)),
        ("邮编", Some(Meaning::Postcode)),
        ("XM", Some(Meaning::PersonName)),
        ("hotel", None),
        ("案件编号", Some(Meaning::Code)),
        ("remark", None),
    ] {
        assert_eq!(hint(name).map(|it| it.0), meaning, "{name}");
    }
}

#[test]
fn guesses_show_evidence() {
    let ids = ["11010519491231002X", "110105194912310021", "911124198108030024"];
    let found = guess("证件号", &counts(ids));
    assert_eq!(
        (found[0].meaning, found[0].fitting, found[0].looked_at),
        (Meaning::CitizenId, 2, 3)
    );
    assert_eq!(
        found[0].evidence,
        "GB 11643 check character and birth date; name contains 证件号"
    );
    assert_eq!(
        first("a", &["91350100M000100Y43", "11100000000013338W"]),
        Some(Meaning::CreditCode)
    );
    assert_eq!(first("a", &["330106", "330102", "110105"]), Some(Meaning::DivisionCode));
    assert_eq!(first("邮编", &["310012", "100000"]), Some(Meaning::Postcode));
    assert_eq!(first("a", &["310012", "310013"]), None);
    assert_eq!(first("a", &["0012", "0013"]), Some(Meaning::Code));
    assert_eq!(first("amount", &["12", "13"]), None);
    assert_eq!(first("备注", &["好", "不好"]), None);
    assert_eq!(first("x", &[]), None);
    assert_eq!(Meaning::CitizenId.default_mask(), Mask::KeepEnds { head: 6, tail: 4 });
}

fn numbers<'a>(name: &str, values: impl IntoIterator<Item = &'a str>) -> Option<Guess> {
    let mut counts = Counts::default();
    values.into_iter().for_each(|it| counts.look_number(it));
    guess(name, &counts).into_iter().next()
}

#[test]
fn numbers_are_codes_too() {
    let found = |name: &str, values: &[&str]| numbers(name, values.iter().copied()).map(|it| it.meaning);
    assert_eq!(found("a", &["110105194912310029"]), None, "a wrong check digit");
    assert_eq!(found("a", &["911124198108030024"]), Some(Meaning::CitizenId));
    assert_eq!(found("a", &["13812345678", "13912345678"]), Some(Meaning::Phone));
    assert_eq!(found("a", &["330106", "330102"]), Some(Meaning::DivisionCode));
    assert_eq!(found("amount", &["12", "330106"]), None);
    for quantity in ["order_id", "serial_no", "number"] {
        assert_eq!(found(quantity, &["1", "22", "333"]), None, "{quantity}");
    }
    assert_eq!(found("案件编号", &["20261", "20262"]), Some(Meaning::Code));
    let postcode = numbers("postcode", ["10020", "310012", "50000", "7"]).unwrap();
    assert_eq!(
        (postcode.meaning, postcode.fitting, postcode.looked_at),
        (Meaning::Postcode, 3, 4)
    );
    assert_eq!(
        postcode.evidence,
        "postal provinces; name contains postcode; numbers in the source; 2 values have lost a leading zero"
    );
}

proptest! {
    #[test]
    fn no_value_panics(name in "\\PC{0,20}", values in proptest::collection::vec("\\PC{0,24}", 0..5)) {
        let counts = counts(values.iter().map(String::as_str));
        for it in guess(&name, &counts) {
            prop_assert!(it.fitting <= it.looked_at);
        }
    }
}
