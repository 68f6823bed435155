//! Data is used as agreed or not at all.

use expect_test::expect;
use vocab::{Actor, AgreementState, OrgId, Purpose, Role, SharingMode, Terms};

use super::{actor, at, terms, usage};
use crate::{RowItems, Rules, Use, mandate};

fn use_denied(change: impl Fn(&mut Terms, &mut AgreementState, &mut Use, &mut Actor)) -> String {
    let rules = Rules::embedded().unwrap();
    let consumer = OrgId::new();
    let mut terms = terms(OrgId::new(), consumer);
    let (mut state, mut usage) = (AgreementState::Active, usage());
    let mut who = actor(consumer, &[Role::Service]);
    change(&mut terms, &mut state, &mut usage, &mut who);
    match mandate(&rules, &who, &terms, state, &usage, &RowItems::default()) {
        Ok(_) => "granted".to_owned(),
        Err(denial) if denial.rule_ids().is_empty() => denial.to_string(),
        Err(denial) => denial.rule_ids().join(" "),
    }
}

#[test]
fn data_is_used_as_agreed_or_not_at_all() {
    let all = [
        ("as agreed", use_denied(|_, _, _, _| {})),
        (
            "on the last instant",
            use_denied(|terms, _, usage, _| usage.now = terms.valid_until - chrono::Duration::microseconds(1)),
        ),
        (
            "too late",
            use_denied(|terms, _, usage, _| usage.now = terms.valid_until),
        ),
        (
            "too early",
            use_denied(|terms, _, usage, _| usage.now = terms.valid_from - chrono::Duration::microseconds(1)),
        ),
        (
            "suspended",
            use_denied(|_, state, _, _| *state = AgreementState::Suspended),
        ),
        ("revoked", use_denied(|_, state, _, _| *state = AgreementState::Revoked)),
        (
            "other purpose",
            use_denied(|_, _, usage, _| usage.purpose = Purpose::Statistics),
        ),
        (
            "other mode",
            use_denied(|_, _, usage, _| usage.mode = SharingMode::Batch),
        ),
        ("last of the quota", use_denied(|_, _, usage, _| usage.used_today = 9)),
        ("over quota", use_denied(|_, _, usage, _| usage.used_today = 10)),
        (
            "no quota",
            use_denied(|terms, _, usage, _| (terms.quota_per_day, usage.used_today) = (None, u64::MAX)),
        ),
        ("third party", use_denied(|_, _, _, who| who.org = OrgId::new())),
        ("provider", use_denied(|terms, _, _, who| who.org = terms.provider)),
        ("approver", use_denied(|_, _, _, who| who.roles = vec![Role::Approver])),
        (
            "system administrator too",
            use_denied(|_, _, _, who| who.roles.push(Role::SystemAdmin)),
        ),
        (
            "everything wrong",
            use_denied(|_, state, usage, who| {
                *state = AgreementState::Closed;
                usage.purpose = Purpose::Credit;
                usage.mode = SharingMode::File;
                usage.now = at(200);
                usage.used_today = 99;
                who.org = OrgId::new();
            }),
        ),
    ];
    let text: String = all.iter().map(|(name, answer)| format!("{name}: {answer}\n")).collect();
    expect![[r#"
        as agreed: granted
        on the last instant: granted
        too late: within-the-term
        too early: within-the-term
        suspended: agreement-is-active
        revoked: agreement-is-active
        other purpose: for-the-agreed-purpose
        other mode: in-an-agreed-mode
        last of the quota: granted
        over quota: within-the-quota
        no quota: granted
        third party: only-the-consumer-uses
        provider: only-the-consumer-uses
        approver: no rule grants use-data; missing: the role data-officer or the role service
        system administrator too: system-admin-sees-no-data
        everything wrong: agreement-is-active for-the-agreed-purpose in-an-agreed-mode only-the-consumer-uses within-the-quota within-the-term
    "#]].assert_eq(&text);
}

#[test]
fn the_digest_of_a_mandate_changes_with_terms_and_rules() {
    let consumer = OrgId::new();
    let who = actor(consumer, &[Role::Service]);
    let terms = terms(OrgId::new(), consumer);
    let digest = |rules: &Rules, terms: &Terms| {
        mandate(
            rules,
            &who,
            terms,
            AgreementState::Active,
            &usage(),
            &RowItems::default(),
        )
        .unwrap()
        .policy_digest()
        .to_owned()
    };
    let rules = Rules::embedded().unwrap();
    let first = digest(&rules, &terms);
    assert_eq!(first, digest(&Rules::embedded().unwrap(), &terms));
    let narrower = Terms {
        quota_per_day: Some(9),
        ..terms.clone()
    };
    assert_ne!(first, digest(&rules, &narrower));
    let local = [(
        "l.cedar",
        r#"@id("x") @zh("x") @en("x") forbid (principal in Role::"leader", action, resource);"#,
    )];
    assert_ne!(first, digest(&Rules::with_local(&local).unwrap(), &terms));
}
