#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;
use crate::store::testing::{at, complete, org};

#[test]
fn a_life_with_a_way_back() {
    let by = ActorId::new();
    let mut resource = Resource::draft(complete(&org("滨海市公安局", None)), by, at(0));
    resource.submit(by, at(1)).unwrap();
    assert!(
        resource.edit(resource.content.clone(), at(2)).is_err(),
        "under review nothing is edited"
    );
    resource.send_back(by, vec!["摘要过于简略".to_owned()], at(3)).unwrap();
    assert_eq!(resource.state, State::Draft);
    assert_eq!(resource.sent_back.as_ref().unwrap().reasons, ["摘要过于简略"]);
    resource.submit(by, at(4)).unwrap();
    assert_eq!(resource.sent_back, None);
    assert!(resource.withdraw(at(5)).is_err());
    assert!(resource.reopen(at(5)).is_err(), "only a withdrawn resource is reopened");
}

#[test]
fn without_the_declaration_nothing_is_submitted() {
    let mut content = complete(&org("滨海市公安局", None));
    content.secrecy = Secrecy::Undeclared;
    let mut resource = Resource::draft(content, ActorId::new(), at(0));
    let Err(Error::Findings(findings)) = resource.submit(ActorId::new(), at(1)) else {
        panic!("submitted")
    };
    assert_eq!(findings.len(), 1);
    assert_eq!(resource.state, State::Draft);
}

#[test]
fn a_change_keeps_code_and_provider() {
    let provider = org("滨海市公安局", None);
    let mut resource = Resource::draft(complete(&provider), ActorId::new(), at(0));
    resource.state = State::Published;
    resource.content.national_code = Some("101001/000001".to_owned());
    let mut next = complete(&org("另一单位", None));
    next.name = "常住人口信息".to_owned();
    resource.edit(next, at(1)).unwrap();
    assert_eq!(resource.state, State::Changed);
    assert_eq!(resource.content.national_code.as_deref(), Some("101001/000001"));
    assert_eq!(resource.content.provider, provider.id);
    assert_eq!(resource.content.name, "常住人口信息");
}

#[test]
fn other_data_wants_another_declaration() {
    let declared = |it: &Resource| it.content.secrecy != Secrecy::Undeclared;
    let by = ActorId::new();
    let mut resource = Resource::draft(complete(&org("滨海市公安局", None)), by, at(0));
    let mut renamed = resource.content.clone();
    renamed.items[1].name = "名字".to_owned();
    renamed.items[1].mask = Mask::Clear;
    renamed.summary = "同一批数据。".to_owned();
    resource.edit(renamed, at(1)).unwrap();
    assert!(declared(&resource), "the same columns under other names");

    let mut more = resource.content.clone();
    more.items.push(Item::new("住址", DataType::Text));
    let mut again = resource.clone();
    again.edit(more, at(2)).unwrap();
    assert!(!declared(&again), "another column");

    let mut elsewhere = resource.content.clone();
    elsewhere.mount.as_mut().unwrap().table = "secret_person".to_owned();
    resource.edit(elsewhere, at(2)).unwrap();
    assert!(!declared(&resource), "another table");
    assert!(resource.submit(by, at(3)).is_err());
}

#[test]
fn a_given_code_keeps_its_category() {
    let by = ActorId::new();
    let mut resource = Resource::draft(complete(&org("滨海市公安局", None)), by, at(0));
    let mut next = resource.content.clone();
    next.category = "102001".parse().unwrap();
    resource.edit(next.clone(), at(1)).unwrap();
    resource.content.national_code = Some("102001/000001".to_owned());
    next.category = "101001".parse().unwrap();
    assert!(matches!(resource.edit(next, at(2)), Err(Error::CategoryFixed)));
    assert_eq!(resource.content.category.as_str(), "102001");
}

#[test]
fn what_is_typed_is_tidied_and_notes_begin_anew() {
    let by = ActorId::new();
    let mut content = complete(&org("滨海市公安局", None));
    content.local_code = Some("  ".to_owned());
    content.theme = Some(" 公共服务 ".to_owned());
    content.keywords = vec![" 户籍 ".to_owned(), String::new()];
    content.change_note = "首次编制".to_owned();
    let mut resource = Resource::draft(content, by, at(0));
    assert_eq!(resource.content.local_code, None);
    assert_eq!(resource.content.theme.as_deref(), Some("公共服务"));
    assert_eq!(resource.content.keywords, ["户籍"]);
    resource.state = State::Published;
    let mut next = resource.content.clone();
    resource.edit(next.clone(), at(1)).unwrap();
    assert_eq!(resource.content.change_note, "", "the note of the version before");
    next.change_note = "增加住址".to_owned();
    resource.edit(next, at(2)).unwrap();
    assert_eq!(resource.content.change_note, "增加住址");
}

#[test]
fn a_submission_is_taken_back_and_names_who_submitted() {
    let (writer, sender) = (ActorId::new(), ActorId::new());
    let mut resource = Resource::draft(complete(&org("滨海市公安局", None)), writer, at(0));
    assert!(resource.take_back(at(1)).is_err(), "nothing was submitted");
    resource.submit(sender, at(1)).unwrap();
    assert_eq!(resource.submitted_by, Some(sender));
    resource.take_back(at(2)).unwrap();
    assert_eq!((resource.state, &resource.sent_back), (State::Draft, &None));
    resource.state = State::Changed;
    resource.submit(sender, at(3)).unwrap();
    resource.take_back(at(4)).unwrap();
    assert_eq!(resource.state, State::Changed);
}

#[test]
fn evidence_is_found_and_not_written() {
    let known = complete(&org("滨海市公安局", None));
    let mut forged = known.clone();
    let mut true_one = known.clone();
    let evidence = Evidence {
        what: Attribute::Key,
        why: Why::SourceDeclares,
        from: "primary key".to_owned(),
        fitting: 0,
        looked_at: 0,
        before: false.into(),
        after: true.into(),
    };
    true_one.items[0].evidence = vec![evidence.clone()];
    forged.items[1].evidence = vec![evidence.clone()];
    forged.items[0].name = "证件号".to_owned();
    forged.keep_evidence(Some(&true_one));
    assert_eq!(forged.items[0].evidence, [evidence], "found by its column");
    assert!(forged.items[1].evidence.is_empty());
    forged.keep_evidence(None);
    assert!(forged.items[0].evidence.is_empty());
}
