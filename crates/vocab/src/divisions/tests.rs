#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
use proptest::prelude::*;

use super::*;
use crate::codes::DivisionLevel;

fn code(text: &str) -> DivisionCode {
    text.parse().unwrap()
}

#[test]
fn the_table_is_whole() {
    let table = divisions();
    assert_eq!(table.all().count(), 34 + 333 + 2847);
    assert_eq!(table.children(None).len(), 34);
    assert_eq!(
        table.changes.len(),
        include_str!("../../data/division-changes.csv").lines().count() - 1
    );
    for it in table.all() {
        let it_code = code(it.code);
        assert!(
            it.parent.is_empty() || table.by_text(it.parent).is_some(),
            "{}",
            it.code
        );
        assert!(table.valid_on(&it_code, 2026), "{}", it.code);
        assert_eq!(table.today(it.code), vec![it]);
        let path = table.path(&it_code).unwrap();
        assert_eq!(table.by_path(&path).map(|it| it.name), Some(it.name), "{path}");
    }
    for it in &table.changes {
        assert!(
            it.old_code.is_empty() || it.old_code.parse::<DivisionCode>().is_ok(),
            "{}",
            it.old_code
        );
        assert!(
            it.new_code.is_empty() || it.new_code.parse::<DivisionCode>().is_ok(),
            "{}",
            it.new_code
        );
        for six in [it.old_code, it.new_code] {
            let _ = table.today(six);
            for pair in table.spans(six).windows(2) {
                assert!(pair[0].until <= pair[1].from, "{six}: lives follow each other");
            }
        }
    }
}

#[test]
fn paths() {
    let table = divisions();
    assert_eq!(table.path(&code("330106001005")).unwrap(), "浙江省杭州市西湖区");
    assert_eq!(table.by_path("浙江省杭州市西湖区").unwrap().code, "330106");
    assert_eq!(table.by_path("浙江省 / 杭州市 / 西湖区").unwrap().code, "330106");
    assert_eq!(table.by_path("杭州市西湖区").unwrap().code, "330106");
    assert_eq!(table.by_path("北京市朝阳区").unwrap().code, "110105");
    assert_eq!(table.by_path("朝阳区"), None, "several, no guess");
    let (found, rest) = table.read_path("浙江省杭州市西湖区文三路1号").unwrap();
    assert_eq!((found.code, rest), ("330106", "文三路1号"));
    assert_eq!(table.read_path("不知道在哪里"), None);
    assert_eq!(table.children(Some(&code("110000"))).len(), 16);
}

#[test]
fn codes_in_time() {
    let table = divisions();
    // 下城区 was merged in 2021; 沙县 became a district; 通县 became 通州区 in 1997.
    assert_eq!(table.in_force(&code("330103"), 2020), InForce::Yes);
    assert_eq!(table.in_force(&code("330103"), 2021), InForce::Withdrawn);
    assert_eq!(table.today("330103")[0].name, "拱墅区");
    assert_eq!(table.in_force(&code("350405"), 2020), InForce::NotYet);
    assert_eq!(table.today("350427")[0].code, "350405");
    assert_eq!(table.in_force(&code("500112"), 2024), InForce::Yes);
    assert_eq!(table.today("500112")[0].name, "两江新区");
    assert_eq!(table.in_force(&code("110105"), 1981), InForce::Yes);
    assert_eq!(table.in_force(&code("330199"), 2026), InForce::Never);
    assert_eq!(
        table.in_force(&code("330102"), 1999),
        InForce::Yes,
        "a merger into an old code does not make it new"
    );
    assert_eq!(table.name_on("340302", 2000), Some("东市区"));
    assert_eq!(table.name_on("340302", 2010), Some("龙子湖区"));
    // Chongqing's counties of before 1997 stood in Sichuan.
    assert_eq!(table.today("510228")[0].name, "铜梁区");
}

proptest! {
    /// Any place of the table and any township and village below it, in every written length.
    #[test]
    fn places_nest_in_every_length(at in 0usize..3214, township in 1u16..999, village in 1u16..999, year in 1981u16..2027) {
        let table = divisions();
        let place = table.all().nth(at).unwrap();
        let it = code(place.code);
        for same in [it.to_twelve(), it.to_twelve().shortest(), it.shortest()] {
            prop_assert!(same.is_same_place(&it) && same.is_within(&it));
            prop_assert_eq!(same.level(), it.level());
            prop_assert_eq!(table.get(&same), Some(place));
        }
        if !place.parent.is_empty() {
            prop_assert!(it.is_within(&code(place.parent)), "{} in {}", place.code, place.parent);
            prop_assert!(!code(place.parent).is_within(&it));
            prop_assert!(table.children(Some(&code(place.parent))).contains(place));
        }
        let deeper = code(&format!("{}{township:03}{village:03}", place.code));
        prop_assert!(deeper.is_within(&it));
        prop_assert_eq!(deeper.level(), DivisionLevel::Village);
        prop_assert_eq!(deeper.county(), place.code);
        prop_assert_eq!(table.path(&deeper), table.path(&it));
        let fits = table.valid_on(&it, year);
        prop_assert_eq!(fits, table.in_force(&it, year) == InForce::Yes);
        prop_assert!(table.was_ever(&it));
    }
}
