#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use chrono::Duration;

use super::*;

#[test]
fn a_token_has_no_more_than_its_owner_and_an_end() {
    let now = vocab::time::parse("2026-03-09T09:00:00Z").unwrap();
    let limits = Limits::read(|_| Ok::<u64, ()>(30)).unwrap();
    let held = [Role::DataOfficer, Role::Approver];
    let good = NewToken {
        person: ActorId::new(),
        org: OrgId::new(),
        name: "nightly".to_owned(),
        roles: vec![Role::DataOfficer],
        expires_at: now + Duration::days(30),
    };
    assert!(fits(&good, &held, &limits, now).is_ok());

    let verdict = |change: fn(&mut NewToken, Timestamp)| {
        let mut new = good.clone();
        change(&mut new, now);
        fits(&new, &held, &limits, now).unwrap_err().to_string()
    };
    assert_eq!(
        verdict(|it, _| it.roles.push(Role::Auditor)),
        "the person does not hold the role auditor in this organisation"
    );
    assert_eq!(
        verdict(|it, _| it.roles.clear()),
        "a token needs a name and at least one role"
    );
    assert_eq!(
        verdict(|it, _| it.name = "  ".to_owned()),
        "a token needs a name and at least one role"
    );
    let lifetime = "a token must expire within 30 days and not in the past";
    assert_eq!(verdict(|it, now| it.expires_at = now), lifetime);
    assert_eq!(verdict(|it, now| it.expires_at = now + Duration::days(31)), lifetime);
}
