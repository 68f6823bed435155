#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use proptest::prelude::*;

use super::*;

fn at(text: &str) -> Timestamp {
    vocab::time::parse(text).unwrap()
}

#[test]
fn a_login_is_folded_and_checked() {
    assert_eq!(" Zhang.Wei@DBJ ".parse::<Login>().unwrap().as_str(), "zhang.wei@dbj");
    assert_eq!("z".parse::<Login>(), Err(BadLogin::Length(1)));
    assert_eq!(".zhang".parse::<Login>(), Err(BadLogin::Char('.')));
    assert_eq!("zhang wei".parse::<Login>(), Err(BadLogin::Char(' ')));
    assert_eq!("张伟".parse::<Login>(), Err(BadLogin::Char('张')));
    assert_eq!("a".repeat(65).parse::<Login>(), Err(BadLogin::Length(65)));
}

proptest! {
    #[test]
    fn a_login_reads_back_as_itself(text in "\\PC{0,70}") {
        if let Ok(login) = text.parse::<Login>() {
            prop_assert_eq!(login.as_str().parse::<Login>(), Ok(login.clone()));
        }
    }

    #[test]
    fn separation_does_not_depend_on_order(mut posts in posts(), seed in any::<u64>()) {
        let before = separate(&posts).is_ok();
        let turn = usize::try_from(seed % 7).unwrap() % posts.len().max(1);
        posts.rotate_left(turn);
        prop_assert_eq!(separate(&posts).is_ok(), before);
    }

    #[test]
    fn taking_a_post_away_never_breaks_separation(posts in posts()) {
        prop_assume!(separate(&posts).is_ok());
        for leave in 0..posts.len() {
            let mut fewer = posts.clone();
            fewer.remove(leave);
            prop_assert!(separate(&fewer).is_ok());
        }
    }
}

fn posts() -> impl Strategy<Value = Vec<Post>> {
    let orgs = [OrgId::new(), OrgId::new()];
    proptest::collection::vec(
        (0..2usize, 0..Role::ALL.len()).prop_map(move |(org, role)| Post {
            org: orgs[org],
            role: Role::ALL[role],
        }),
        0..6,
    )
}

#[test]
fn two_administrations_are_refused_and_one_is_not() {
    let (here, there) = (OrgId::new(), OrgId::new());
    let post = |org, role| Post { org, role };
    assert!(separate(&[post(here, Role::SystemAdmin), post(here, Role::Leader)]).is_ok());
    assert!(separate(&[post(here, Role::SystemAdmin), post(here, Role::SystemAdmin)]).is_ok());
    assert!(matches!(
        separate(&[post(here, Role::SystemAdmin), post(there, Role::Auditor)]),
        Err(Error::Separation)
    ));
    assert!(matches!(
        separate(&[post(here, Role::Auditor), post(there, Role::Auditor)]),
        Err(Error::Separation)
    ));
}

#[test]
fn a_lock_opens_by_itself_and_disabled_is_stronger() {
    let until = at("2026-03-09T09:15:00Z");
    let mut person = Person {
        id: ActorId::new(),
        login: "zhang.wei".parse().unwrap(),
        name_zh: "张伟".to_owned(),
        name_en: "Zhang Wei".to_owned(),
        org: OrgId::new(),
        posts: vec![],
        disabled: false,
        locked_until: Some(until),
        must_change_password: false,
        created_at: at("2026-01-01T00:00:00Z"),
        last_seen_at: None,
    };
    assert_eq!(person.state(at("2026-03-09T09:00:00Z")), State::Locked { until });
    assert_eq!(person.state(until), State::Active);
    person.disabled = true;
    assert_eq!(person.state(at("2026-03-09T09:00:00Z")), State::Disabled);
}
