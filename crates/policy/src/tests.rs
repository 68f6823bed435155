#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use expect_test::{Expect, expect, expect_file};
use vocab::{
    Action, Actor, ActorId, AgreementId, AgreementState, GrantedItem, Mask, OrgId, Purpose, ResourceId, Role, RowRule,
    SharingClass, SharingMode, Terms, Timestamp,
};

use super::*;

fn at(day: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + chrono::Duration::days(20_000 + day)
}

pub(crate) fn actor(org: OrgId, roles: &[Role]) -> Actor {
    Actor {
        id: ActorId::new(),
        login: "li".to_owned(),
        name: "李".to_owned(),
        org,
        roles: roles.to_vec(),
        via: None,
    }
}

pub(crate) fn terms(provider: OrgId, consumer: OrgId) -> Terms {
    Terms {
        agreement: AgreementId::new(),
        version: 1,
        resource: ResourceId::new(),
        provider,
        consumer,
        purpose: Purpose::Service,
        items: vec![GrantedItem {
            item: "name".to_owned(),
            mask: Mask::Name,
        }],
        rows: RowRule::All,
        modes: vec![SharingMode::Interface],
        quota_per_day: Some(10),
        valid_from: at(0),
        valid_until: at(100),
    }
}

pub(crate) fn usage() -> Use {
    Use {
        purpose: Purpose::Service,
        mode: SharingMode::Interface,
        now: at(50),
        used_today: 0,
        division: None,
    }
}

fn request(provider: OrgId, consumer: OrgId, submitted_by: Option<ActorId>) -> About {
    About::Request {
        id: None,
        consumer,
        provider,
        class: SharingClass::Conditional,
        submitted_by,
    }
}

#[test]
fn every_action_has_a_rule() {
    let rules = Rules::embedded().unwrap();
    let schema: std::collections::BTreeSet<_> = rules
        .schema()
        .actions()
        .map(|it| AsRef::<str>::as_ref(it.id()).to_owned())
        .collect();
    let groups = ["change", "look", "data", about::SEE_ROW];
    let ours: std::collections::BTreeSet<_> = Action::ALL
        .iter()
        .map(|it| it.code().to_owned())
        .chain(groups.map(str::to_owned))
        .collect();
    assert_eq!(schema, ours);
    for action in Action::ALL {
        assert!(
            !rules
                .permits_for(&about::uid("Action", action.code()).unwrap())
                .is_empty(),
            "{action}"
        );
    }
}

#[test]
fn the_matrix_is_known() {
    expect_file!["../policies/matrix.txt"].assert_eq(&matrix(&Rules::embedded().unwrap()));
}

#[test]
fn a_permit_tells_who_what_and_why() {
    let rules = Rules::embedded().unwrap();
    let provider = OrgId::new();
    let approver = actor(provider, &[Role::Approver]);
    let permit = decide(
        &rules,
        &approver,
        Action::DecideRequest,
        &request(provider, OrgId::new(), None),
    )
    .unwrap();
    assert_eq!(permit.action(), Action::DecideRequest);
    assert_eq!(permit.actor(), &approver);
    assert_eq!(permit.subject(), "request new");
    assert_eq!(permit.rules(), ["provider-decides-requests"]);
    assert_eq!(permit.policy_digest(), rules.digest());
    assert_eq!(rules.digest().len(), 64);
}

/// The sentence of a denial, with ids replaced by names.
fn refused(roles: &[Role], org: &str, action: Action, make: impl Fn(OrgId, OrgId, ActorId) -> About, expected: Expect) {
    let rules = Rules::embedded().unwrap();
    let (provider, consumer, other) = (OrgId::new(), OrgId::new(), OrgId::new());
    let home = match org {
        "provider" => provider,
        "consumer" => consumer,
        _ => other,
    };
    let who = actor(home, roles);
    let denial = decide(&rules, &who, action, &make(provider, consumer, who.id)).unwrap_err();
    let text = denial
        .to_string()
        .replace(&provider.to_string(), "PROVIDER")
        .replace(&consumer.to_string(), "CONSUMER");
    expected.assert_eq(&text);
}

#[test]
fn denials_name_the_rule_or_what_is_missing() {
    let asked = |provider, consumer, _| request(provider, consumer, None);
    refused(
        &[Role::DataOfficer],
        "provider",
        Action::DecideRequest,
        asked,
        expect!["no rule grants decide-request; missing: the role approver"],
    );
    refused(
        &[Role::Approver],
        "consumer",
        Action::DecideRequest,
        asked,
        expect!["no rule grants decide-request; missing: to belong to PROVIDER"],
    );
    refused(
        &[Role::Service],
        "other",
        Action::CheckRequest,
        asked,
        expect![
            "check-request is forbidden by rule `service-only-uses`: A service account uses data; it changes nothing."
        ],
    );
    refused(
        &[Role::DataOfficer],
        "other",
        Action::DecideRequest,
        asked,
        expect!["no rule grants decide-request; missing: the role approver in PROVIDER"],
    );
    refused(
        &[Role::Approver],
        "provider",
        Action::DecideRequest,
        |provider, consumer, who| request(provider, consumer, Some(who)),
        expect![
            "decide-request is forbidden by rule `nobody-decides-the-own-request`: Whoever submitted a request neither checks nor decides it."
        ],
    );
    refused(
        &[Role::SystemAdmin],
        "provider",
        Action::ProfileSource,
        |owner, _, _| About::Source { id: None, owner },
        expect![
            "profile-source is forbidden by rule `system-admin-sees-no-data`: A system administrator sees no data."
        ],
    );
    refused(
        &[Role::Auditor, Role::Approver],
        "provider",
        Action::DecideRequest,
        asked,
        expect![
            "decide-request is forbidden by rule `auditor-changes-nothing`: An auditor looks; an auditor changes nothing and uses no data."
        ],
    );
    refused(
        &[Role::SystemAdmin, Role::Auditor],
        "other",
        Action::ReadLedger,
        |_, _, _| About::Platform,
        expect![
            "read-ledger is forbidden by rule `three-administrators`: System, security and audit administration are never in one person's hands."
        ],
    );
    refused(
        &[Role::Leader, Role::DataOfficer],
        "consumer",
        Action::RequestData,
        asked,
        expect![
            "request-data is forbidden by rule `leader-only-looks`: A leader looks; a leader changes nothing and uses no data."
        ],
    );
    refused(
        &[Role::DataOfficer],
        "consumer",
        Action::UseData,
        |_, _, _| About::Platform,
        expect!["use-data cannot be done with platform"],
    );
    refused(
        &[Role::Service],
        "other",
        Action::ManageOwnTokens,
        |_, org, id| About::Person { id, org },
        expect!["no rule grants manage-own-tokens"],
    );
}

#[test]
fn security_stops_an_agreement_but_does_not_change_it() {
    let rules = Rules::embedded().unwrap();
    let facts = AgreementFacts::of(&terms(OrgId::new(), OrgId::new()), AgreementState::Active);
    let security = actor(OrgId::new(), &[Role::SecurityAdmin]);
    let may = |deed| {
        decide(
            &rules,
            &security,
            Action::ManageAgreement,
            &About::Agreement {
                facts: facts.clone(),
                deed: Some(deed),
            },
        )
        .is_ok()
    };
    assert_eq!(Deed::ALL.map(may), [false, true, false, true]);
}

#[test]
fn a_dry_run_says_the_rule_its_sentence_and_its_text() {
    let rules = Rules::embedded().unwrap();
    let provider = OrgId::new();
    let auditor = actor(provider, &[Role::Auditor, Role::Approver]);
    let it = explain(
        &rules,
        &auditor,
        Action::DecideRequest,
        &request(provider, OrgId::new(), None),
    );
    assert!(!it.allowed);
    let rule = &it.rules[0];
    expect![[r#"
        auditor-changes-nothing
        审计管理员只查阅，不作任何变更，也不使用数据。
        An auditor looks; an auditor changes nothing and uses no data.
        duties.cedar
        @id("auditor-changes-nothing")
        @zh("审计管理员只查阅，不作任何变更，也不使用数据。")
        @en("An auditor looks; an auditor changes nothing and uses no data.")
        forbid (principal in Role::"auditor", action in [Action::"change", Action::"data"], resource);"#]]
    .assert_eq(&format!(
        "{}\n{}\n{}\n{}\n{}",
        rule.id, rule.zh, rule.en, rule.file, rule.text
    ));

    let approver = actor(provider, &[Role::Approver]);
    let it = explain(
        &rules,
        &approver,
        Action::DecideRequest,
        &request(provider, OrgId::new(), None),
    );
    assert!(it.allowed);
    expect![
        "decide-request is granted by rule `provider-decides-requests`: The provider's approver decides a request."
    ]
    .assert_eq(&it.sentence);

    let consumer = OrgId::new();
    let it = explain_use(
        &rules,
        &actor(consumer, &[Role::Service]),
        &terms(provider, consumer),
        AgreementState::Active,
        &usage(),
        &RowItems {
            sealed: Some("sealed".to_owned()),
            ..RowItems::default()
        },
    );
    assert!(it.answer.allowed);
    expect![[r#"
        @en("Rows of core data (level 3) do not leave (GB/T 43697: 1 general, 2 important, 3 core).")
        @id("core-rows-stay")
        @zh("核心数据（3 级）的行不通过平台提供（GB/T 43697：1 一般，2 重要，3 核心）。")
        forbid(principal, action, resource) when { (resource has level) && (!(resource.level < 3)) };
        @en("Sealed rows do not leave.")
        @id("sealed-rows-stay")
        @zh("已封存的行不提供。")
        forbid(principal, action, resource) when { (resource has sealed) && resource.sealed };"#]]
    .assert_eq(&it.residuals.join("\n"));
}

#[test]
fn bad_rules_are_refused_when_they_are_read() {
    let read = |text: &str| {
        Rules::with_local(&[("local.cedar", text)])
            .map(|_| ())
            .map_err(|it| it.to_string())
    };
    let named = |it: &str| format!(r#"@id("local-x") @zh("x") @en("x") {it}"#);
    expect!["local.cedar: the local rule `local-x` permits something; local rules only forbid"]
        .assert_eq(&read(&named("permit (principal, action, resource);")).unwrap_err());
    expect!["local.cedar:1: this rule has no @zh"]
        .assert_eq(&read(r#"@id("x") @en("x") forbid (principal, action, resource);"#).unwrap_err());
    expect!["local.cedar: a rule is called `leader-only-looks` like another"].assert_eq(
        &read(r#"@id("leader-only-looks") @zh("x") @en("x") forbid (principal, action, resource);"#).unwrap_err(),
    );
    for text in [
        "forbid (principal",
        &named(r#"forbid (principal, action == Action::"fly", resource);"#),
        &named(r#"forbid (principal, action == Action::"use-data", resource) when { resource.colour == "red" };"#),
        &named(r#"forbid (principal, action == Action::"see-row", resource) when { resource.level > 2 };"#),
    ] {
        assert!(read(text).is_err(), "{text}");
    }
    let good = named("forbid (principal, action, resource);");
    assert!(read(&good).is_ok());
    // The place of an unreadable rule is the line on which it begins; a `;` in a comment or a text ends nothing.
    let text = format!(
        "// One; two.\n// Three.\n{}\n\n// The next is cut short;\n@id(\"y\")\nforbid (principal;\n",
        good.replace(r#"@en("x")"#, r#"@en("x; y")"#)
    );
    let error = read(&text).unwrap_err();
    assert!(
        error.starts_with("local.cedar:6: the rule that begins here cannot be read"),
        "{error}"
    );
}

mod laws;
mod uses;
