#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
use chrono::NaiveDate;
use proptest::prelude::*;

use super::*;

fn day(y: i32, m: u32, d: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(y, m, d).unwrap()
}

#[test]
fn citizen_samples() {
    let id: CitizenId = "11010519491231002x".parse().unwrap();
    assert_eq!(id.as_str(), "11010519491231002X");
    assert_eq!(
        (id.birth_date(), id.sex(), id.holder()),
        (day(1949, 12, 31), Sex::Female, Holder::Citizen)
    );
    assert_eq!(id.division().unwrap().as_str(), "110105");
    assert_eq!(id.age_on(day(2026, 12, 30)), 76);
    assert_eq!(id.age_on(day(2026, 12, 31)), 77);
    // A published specimen of the foreign permanent resident card of 2023.
    let foreign: CitizenId = "911124198108030024".parse().unwrap();
    assert_eq!((foreign.holder(), foreign.division()), (Holder::Foreigner, None));
    for (head, holder) in [
        ("810000", Holder::HongKong),
        ("820000", Holder::Macao),
        ("830000", Holder::Taiwan),
    ] {
        assert_eq!(
            CitizenId::with_check(head, day(1990, 1, 2), 17).unwrap().holder(),
            holder
        );
    }
    let old: OldCitizenId = "110105491231002".parse().unwrap();
    assert_eq!(old.upgrade().unwrap(), id);
    assert_eq!(id.downgrade().unwrap(), old);
    assert_eq!(CitizenId::parse_any("110105491231002").unwrap(), id);
    let hundred: OldCitizenId = "110105991231997".parse().unwrap();
    assert_eq!(hundred.upgrade().unwrap().birth_date(), day(1899, 12, 31));
}

#[test]
fn citizen_faults_say_where() {
    let fault = |text: &str| {
        let it = text.parse::<CitizenId>().unwrap_err();
        (it.kind(), it.at())
    };
    assert_eq!(fault("1101051949123100"), ("length", None));
    assert_eq!(fault("1101O519491231002X"), ("char", Some(5)));
    assert_eq!(fault("990105194912310029"), ("part", Some(1)));
    assert_eq!(fault("110105194902300029"), ("part", Some(7)));
    assert_eq!(fault("110105194912310021"), ("check", Some(18)));
    assert_eq!(fault("一二三四五六七八九十一二三四五六七八"), ("char", Some(1)));
    assert!(
        !"11010519491231002Y"
            .parse::<CitizenId>()
            .unwrap_err()
            .to_string()
            .contains("1949")
    );
}

#[test]
fn credit_and_organisation_samples() {
    for text in [
        "91350100M000100Y43",
        "11370800MB28559184",
        "11100000000013338W",
        "11430000006122244L",
    ] {
        let code: CreditCode = text.parse().unwrap();
        assert_eq!(code.as_str(), text);
        assert_eq!(CreditCode::of_body(&text[..17]).unwrap(), code);
        assert!(code.registrar().is_some());
    }
    let ministry: CreditCode = "11100000000013338W".parse().unwrap();
    assert_eq!(ministry.organisation().unwrap().as_str(), "000013338");
    assert_eq!(ministry.division().unwrap().level(), DivisionLevel::Country);
    assert_eq!("00001333-8".parse::<OrganisationCode>().unwrap().as_str(), "000013338");
    let made = CreditCode::with_check("91", "330106", "MA2B1C3D").unwrap();
    assert!(made.is_market_entity() && made.organisation().is_some());
    assert_eq!("91350100M000100Y44".parse::<CreditCode>().unwrap_err().kind(), "check");
    assert_eq!("9135010IM000100Y43".parse::<CreditCode>().unwrap_err().at(), Some(8));
}

#[test]
fn division_levels() {
    let code = |text: &str| text.parse::<DivisionCode>().unwrap();
    assert_eq!(code("330106").level(), DivisionLevel::County);
    assert_eq!(code("330000").level(), DivisionLevel::Province);
    assert_eq!(code("330106001").parent().unwrap(), code("330106000"));
    assert_eq!(code("330106001005").level(), DivisionLevel::Village);
    assert_eq!(code("330106001005").shortest(), code("330106001005"));
    assert_eq!(code("330106000000").shortest(), code("330106"));
    assert!(code("330106001005").is_within(&code("330100")) && !code("330106").is_within(&code("330200")));
    assert!(code("330106").is_within(&code("100000")) && code("330106").is_same_place(&code("330106000000")));
    assert_eq!(code("330000").parent().unwrap().as_str(), "100000");
    assert_eq!(code("100000").parent(), None);
    assert_eq!(
        code("460001").parent().unwrap(),
        code("460000"),
        "a county directly under a province"
    );
    for wrong in ["990000", "3301", "330106000001", "33010a", "100001"] {
        assert!(wrong.parse::<DivisionCode>().is_err(), "{wrong}");
    }
}

#[test]
fn certificate_samples() {
    for text in [
        "1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.001.U",
        "1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.002.S",
        "1.2.156.3005.2.11100000MB03271699022.340100.000000016.001.9",
        "1.2.156.3005.2.11100000000013338W032.11220000013544541J.2430599.001.F",
    ] {
        let id: CertificateId = text.parse().unwrap();
        assert_eq!(id.to_string(), text);
        assert_eq!(
            CertificateId::with_check(id.kind(), id.issuer(), id.serial(), id.version()).unwrap(),
            id
        );
    }
    let wrong = "1.2.156.3005.2.11100000000013338W050.91610800064834709T.2023000001.001.X";
    assert_eq!(wrong.parse::<CertificateId>().unwrap_err().kind(), "check");
    assert_eq!(
        "1.2.156.3005.3.A.B.C.001.1".parse::<CertificateId>().unwrap_err().at(),
        Some(1)
    );
}

#[test]
fn matter_samples() {
    let text = "11370800MB285591843370117002011";
    let matter: MatterCode = text.parse().unwrap();
    assert_eq!(matter.kind(), MatterKind::Implementation);
    assert_eq!(matter.implementer().unwrap().as_str(), "11370800MB28559184");
    assert_eq!(
        (matter.level(), matter.basic(), matter.matter_type()),
        (Some(3), Some("370117002011"), Some("01"))
    );
    let item: MatterCode = format!("{text}01").parse().unwrap();
    assert_eq!(
        (item.kind(), item.without_business_item()),
        (MatterKind::BusinessItem, matter.clone())
    );
    assert_eq!(
        MatterCode::implementation(&matter.implementer().unwrap(), 3, "370117002011").unwrap(),
        matter
    );
    assert_eq!(
        "11370800MB285591853370117002011"
            .parse::<MatterCode>()
            .unwrap_err()
            .at(),
        Some(18)
    );
    assert_eq!(
        "11370800MB285591849370117002011"
            .parse::<MatterCode>()
            .unwrap_err()
            .at(),
        Some(19)
    );
    assert_eq!("0123456789".parse::<MatterCode>().unwrap().kind(), MatterKind::Basic);
}

#[test]
fn a_category_keeps_its_parts() {
    let category: Category = "1 01 001 0002".parse().unwrap();
    assert_eq!(
        (
            category.class(),
            category.group(),
            category.subject(),
            category.detail()
        ),
        (CategoryClass::Base, "01", "001", "0002")
    );
    assert!("401001".parse::<Category>().is_err());
    assert!("10100".parse::<Category>().is_err());
    assert!("１01001".parse::<Category>().is_err());
}

#[test]
fn resource_phone_postcode() {
    let code: ResourceCode = "307020300042/000001".parse().unwrap();
    let category = code.category().unwrap();
    assert_eq!(
        (category.class(), category.group(), category.subject()),
        (CategoryClass::Department, "07", "020")
    );
    assert_eq!((category.detail(), code.sequence()), ("300042", "000001"));
    assert_eq!(ResourceCode::new(&category, 1), code);
    assert_eq!(category.named().unwrap().zh, "省、自治区、直辖市");
    assert_eq!("190001".parse::<Category>().unwrap().named(), None);
    assert_eq!(CategoryGroup::all().count(), 25);
    assert_eq!(CategoryGroup::themes().count(), 12);
    for it in CategoryGroup::all() {
        let category: Category = format!("{}000", it.code).parse().unwrap();
        assert_eq!(category.named(), Some(it));
    }
    for wrong in ["101001", "401001/1", "10100/1", "101001/", "1０1001/1"] {
        assert!(wrong.parse::<ResourceCode>().is_err(), "{wrong}");
    }
    for (text, canonical, kind) in [
        ("+86 138-1234-5678", "13812345678", PhoneKind::Mobile),
        ("8613812345678", "13812345678", PhoneKind::Mobile),
        ("(010)62345678", "010-62345678", PhoneKind::Landline),
        ("057187654321", "0571-87654321", PhoneKind::Landline),
        ("0571-87654321-802", "0571-87654321-802", PhoneKind::Landline),
        ("400-123-4567", "4001234567", PhoneKind::Service),
    ] {
        let phone: Phone = text.parse().unwrap_or_else(|it| panic!("{text}: {it}"));
        assert_eq!((phone.as_str(), phone.kind()), (canonical, kind));
        assert_eq!(canonical.parse::<Phone>().unwrap(), phone);
    }
    for wrong in ["12812345678", "1381234567", "00571876543", "0571-1234567", "电话", ""] {
        assert!(wrong.parse::<Phone>().is_err(), "{wrong}");
    }
    assert!("310012".parse::<Postcode>().is_ok() && "000000".parse::<Postcode>().is_err());
}

#[test]
fn codes_travel_as_text() {
    let id: CitizenId = serde_json::from_str("\"11010519491231002X\"").unwrap();
    assert_eq!(serde_json::to_string(&id).unwrap(), "\"11010519491231002X\"");
    assert!(serde_json::from_str::<CitizenId>("110105194912310021").is_err());
    assert!(serde_json::from_str::<DivisionCode>("\"990000\"").is_err());
}

/// Replaces one character; `None` when it would stay the same.
fn corrupt(text: &str, at: usize, alphabet: &str, with: usize) -> Option<String> {
    let mut letters: Vec<char> = text.chars().collect();
    let at = at % letters.len();
    let new = alphabet.chars().nth(with % alphabet.len())?;
    if letters[at] == new {
        return None;
    }
    letters[at] = new;
    Some(letters.into_iter().collect())
}

const CREDIT: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";

proptest! {
    #[test]
    fn citizen_ids(days in 0i64..72_000, sequence in 0u16..1000, at in 0usize..18, with in 0usize..10) {
        let born = day(1850, 1, 1) + chrono::Days::new(days.unsigned_abs());
        let id = CitizenId::with_check("330106", born, sequence).unwrap();
        prop_assert_eq!(id.to_string().parse::<CitizenId>().unwrap(), id.clone());
        prop_assert_eq!(id.birth_date(), born);
        prop_assert_eq!(id.sex() == Sex::Male, sequence % 2 == 1);
        if let Some(wrong) = corrupt(id.as_str(), at, "0123456789", with) {
            prop_assert!(wrong.parse::<CitizenId>().is_err(), "{wrong}");
        }
        if let Some(old) = id.downgrade().filter(|_| sequence < 996) {
            prop_assert_eq!(old.upgrade().unwrap(), id);
        }
    }

    #[test]
    fn credit_codes(body in "[0-9A-HJ-NP-RTUWXY]{8}", kind in 0usize..13, at in 0usize..18, with in 0usize..31) {
        let registrar = ["11", "12", "13", "19", "51", "52", "53", "54", "59", "91", "92", "93", "Y1"][kind];
        let code = CreditCode::with_check(registrar, "330106", &body).unwrap();
        prop_assert_eq!(code.to_string().parse::<CreditCode>().unwrap(), code.clone());
        prop_assert!(code.organisation().is_some());
        if let Some(wrong) = corrupt(code.as_str(), at, CREDIT, with) {
            prop_assert!(wrong.parse::<CreditCode>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn organisation_codes(body in "[0-9A-Z]{8}") {
        let code = OrganisationCode::with_check(&body).unwrap();
        prop_assert_eq!(code.to_string().parse::<OrganisationCode>().unwrap(), code);
    }

    #[test]
    fn certificate_ids(serial in "[0-9A-Z]{1,32}", version in 0u16..1000, at in any::<usize>(), with in 0usize..36) {
        let id = CertificateId::with_check("11100000000013338W011", "11430000006122244L", &serial, version).unwrap();
        prop_assert_eq!(id.to_string().parse::<CertificateId>().unwrap(), id.clone());
        prop_assert_eq!((id.serial(), id.version()), (serial.as_str(), version));
        if let Some(wrong) = corrupt(id.as_str(), at, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", with) {
            prop_assert!(wrong.parse::<CertificateId>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn divisions_nest(digits in "(11|33|44|65)(0[1-9]|[1-9][0-9])(0[1-9]|[1-9][0-9])(00[1-9]|[1-9][0-9]{2})(00[1-9]|[1-9][0-9]{2})") {
        let mut here: DivisionCode = digits.parse().unwrap();
        while let Some(up) = here.parent() {
            prop_assert!(here.is_within(&up) && up.level() < here.level());
            prop_assert_eq!(up.to_string().parse::<DivisionCode>().unwrap(), up.clone());
            prop_assert!(here.shortest().is_same_place(&here) && here.to_twelve().is_same_place(&here));
            here = up;
        }
    }

    #[test]
    fn matters(basic in "[0-9]{12}", level in 1u8..8) {
        let body: CreditCode = "11370800MB28559184".parse().unwrap();
        let code = MatterCode::implementation(&body, level, &basic).unwrap();
        prop_assert_eq!(code.to_string().parse::<MatterCode>().unwrap(), code.clone());
        prop_assert_eq!(code.basic(), Some(basic.as_str()));
    }

    #[test]
    fn phones(mobile in "1[3-9][0-9]{9}", land in "0(10|2[0-9]|[3-9][0-9]{2})-[2-9][0-9]{7}(-[0-9]{1,6})?") {
        for text in [mobile, land] {
            prop_assert_eq!(text.parse::<Phone>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn nothing_panics(text in "\\PC{0,40}") {
        let _ = text.parse::<CitizenId>();
        let _ = CitizenId::parse_any(&text);
        let _ = text.parse::<OldCitizenId>();
        let _ = text.parse::<CreditCode>();
        let _ = CreditCode::of_body(&text);
        let _ = CreditCode::with_check(&text, &text, &text);
        let _ = text.parse::<OrganisationCode>();
        let _ = text.parse::<DivisionCode>();
        let _ = text.parse::<CertificateId>();
        let _ = text.parse::<MatterCode>();
        let _ = text.parse::<ResourceCode>();
        let _ = text.parse::<Phone>();
        let _ = text.parse::<Postcode>();
    }
}
