#![allow(clippy::unwrap_used)]

use super::*;
use crate::store::testing::{at, org};

#[test]
fn the_tree_is_walked_both_ways() {
    let city = org("滨海市人民政府", None);
    let police = org("滨海市公安局", Some(city.id));
    let station = org("城东派出所", Some(police.id));
    let tree = OrgTree::new([station.clone(), city.clone(), police.clone()]);

    assert_eq!(tree.roots().map(|it| it.id).collect::<Vec<_>>(), [city.id]);
    assert_eq!(
        tree.ancestors(station.id).iter().map(|it| it.id).collect::<Vec<_>>(),
        [police.id, city.id]
    );
    assert_eq!(tree.within(city.id), [city.id, police.id, station.id]);
    assert!(tree.may_stand_below(station.id, city.id));
    assert!(!tree.may_stand_below(city.id, station.id));
    assert!(!tree.may_stand_below(city.id, city.id));
    let lines: Vec<String> = tree
        .lines()
        .iter()
        .map(|(depth, it)| format!("{}{}", " ".repeat(*depth), it.name))
        .collect();
    assert_eq!(lines, ["滨海市人民政府", " 滨海市公安局", "  城东派出所"]);
}

#[test]
fn a_stored_circle_ends() {
    let mut a = org("甲", None);
    let b = org("乙", Some(a.id));
    a.parent = Some(b.id);
    let tree = OrgTree::new([a.clone(), b.clone()]);
    assert_eq!(tree.ancestors(a.id).len(), 1);
    assert_eq!(tree.within(a.id).len(), 2);
    assert_eq!(a.created_at, at(0));
}

#[test]
fn an_organisation_is_canonical_or_told_everything() {
    let mut it = org("  滨海市公安局 ", None);
    let code = it.code.clone();
    it.code = format!(" {} ", code.to_lowercase());
    it.division = "330100000000".to_owned();
    let fit = it.clone().canonical().unwrap();
    assert_eq!(
        (fit.name.as_str(), fit.code, fit.division.as_str()),
        ("滨海市公安局", code, "330100")
    );

    let fields =
        |it: Organisation| -> Vec<&'static str> { it.canonical().unwrap_err().iter().map(|it| it.code).collect() };
    it.name = " ".to_owned();
    it.code = "91350100M000100Y44".to_owned();
    it.division = "33".to_owned();
    assert_eq!(fields(it.clone()), ["missing", "credit-code", "division-code"]);
    it = org("滨海市公安局", None);
    it.division = "339900".to_owned();
    assert_eq!(fields(it.clone()), ["division-unknown"]);
    it.division = "330106".to_owned();
    assert_eq!(fields(it.clone()), ["level-of-division"]);
    it.level = Level::County;
    assert!(it.clone().canonical().is_ok());
    it.level = Level::Nation;
    it.division = "100000".to_owned();
    assert!(it.canonical().is_ok());
}
