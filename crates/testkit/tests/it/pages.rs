//! Deeds on pages, as a browser without scripts sends them.

use testkit::{
    Failure, TestApp,
    platform::{
        flow,
        sharing::DisputeState,
        vocab::{Mask, SharingMode},
    },
    story::Deal,
    talk::Answer,
};

use crate::people;

/// A form, sent.
async fn send(app: &TestApp, who: &str, path: &str, fields: &[(&str, &str)]) -> Result<Answer, Failure> {
    let body: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
        .collect();
    app.talk(who, &format!("POST {path}"), &body.join("&")).await
}

fn encoded(text: &str) -> String {
    let plain = |it: u8| it.is_ascii_alphanumeric();
    text.bytes()
        .map(|it| {
            if plain(it) {
                char::from(it).to_string()
            } else {
                format!("%{it:02X}")
            }
        })
        .collect()
}

#[tokio::test]
async fn items_masks_and_modes_of_an_agreement_are_changed_on_its_page() -> Result<(), Failure> {
    let app = TestApp::start().await?;
    let resource = people::shelved(&app).await?;
    let agreement = app.agree(resource, &Deal::default()).await?;
    let approver = app.actor("police.approver")?;
    let page = app
        .talk("police.approver", &format!("GET /agreements/{agreement}"), "")
        .await?
        .ok()?;
    for part in [
        "name=\"items\" value=\"name\" checked",
        "name=\"mask.phone\"",
        "name=\"modes\"",
    ] {
        assert!(page.text.contains(part), "{part}");
    }
    let path = format!("/agreements/{agreement}/change");
    let fields = [
        ("items", "person_no"),
        ("items", "name"),
        ("items", "phone"),
        ("mask.person_no", "clear"),
        ("mask.name", "name"),
        ("own.phone", "keep-ends(3,4)"),
        ("mask.note", "clear"),
        ("modes", "interface"),
        ("rows", "division_code LIKE '3301%'"),
        ("quota", "7"),
        ("reason", "收窄"),
    ];
    let unread = [
        ("items", "name"),
        ("mask.name", "bald"),
        ("modes", "interface"),
        ("reason", "x"),
    ];
    let refused = send(&app, "police.approver", &path, &unread).await?;
    assert_eq!(refused.status, 422, "{}", refused.text);
    let sent = send(&app, "police.approver", &path, &fields).await?;
    assert_eq!(sent.status, 303, "{}", sent.text);
    let changed = flow::show_agreement(&app.app, &approver, agreement).await?;
    let terms = changed.terms();
    let items: Vec<_> = terms.items.iter().map(|it| (it.item.as_str(), &it.mask)).collect();
    let ends = Mask::KeepEnds { head: 3, tail: 4 };
    assert_eq!(
        items,
        [("person_no", &Mask::Clear), ("name", &Mask::Name), ("phone", &ends)]
    );
    assert_eq!(terms.modes, [SharingMode::Interface]);
    assert_eq!((terms.version, terms.quota_per_day), (2, Some(7)));
    Ok(())
}

#[tokio::test]
async fn a_suspension_is_disputed_and_settled_by_both_on_pages() -> Result<(), Failure> {
    let app = TestApp::start().await?;
    let resource = people::shelved(&app).await?;
    let agreement = app.agree(resource, &Deal::default()).await?;
    let approver = app.actor("police.approver")?;
    let page = format!("/agreements/{agreement}");
    let shown = app.talk("civil.officer", &format!("GET {page}"), "").await?.ok()?;
    assert!(!shown.text.contains(&format!("{page}/dispute")), "nothing to dispute");
    flow::suspend_agreement(&app.app, &approver, agreement, "核查".to_owned()).await?;
    let shown = app.talk("civil.officer", &format!("GET {page}"), "").await?.ok()?;
    assert!(shown.text.contains(&format!("{page}/dispute")));
    let raised = send(
        &app,
        "civil.officer",
        &format!("{page}/dispute"),
        &[("reason", "影响办事")],
    )
    .await?;
    assert_eq!(raised.status, 303, "{}", raised.text);
    let dispute = raised.header("location").to_owned();
    assert!(dispute.starts_with("/disputes/dsp_"), "{dispute}");

    let alone = [("deed", "settle"), ("text", "按我方意见")];
    let refused = send(&app, "police.approver", &dispute, &alone).await?;
    assert!(refused.status.is_client_error(), "{}", refused.status);
    let shown = app.talk("police.approver", &format!("GET {dispute}"), "").await?.ok()?;
    assert!(!shown.text.contains("value=\"settle\"") && shown.text.contains("value=\"propose\""));
    let proposed = [("deed", "propose"), ("text", "三日内恢复")];
    assert_eq!(send(&app, "police.approver", &dispute, &proposed).await?.status, 303);
    let shown = app.talk("civil.officer", &format!("GET {dispute}"), "").await?.ok()?;
    assert!(shown.text.contains("value=\"settle\"") && shown.text.contains("三日内恢复"));
    let agreed = send(&app, "civil.officer", &dispute, &[("deed", "settle"), ("text", "")]).await?;
    assert_eq!(agreed.status, 303, "{}", agreed.text);
    let id = dispute.trim_start_matches("/disputes/").parse()?;
    let it = flow::show_dispute(&app.app, &approver, id).await?;
    assert_eq!(it.state, DisputeState::Settled);
    Ok(())
}

#[tokio::test]
async fn an_administrator_keeps_limits_posts_and_tokens_of_programs_on_pages() -> Result<(), Failure> {
    let app = TestApp::start().await?;
    let looser = [("name", "lock-minutes"), ("value", "1"), ("basis", "x")];
    assert_eq!(send(&app, "sysadmin", "/admin/limits", &looser).await?.status, 422);
    let stricter = [("name", "lock-minutes"), ("value", "30"), ("basis", "本市规定第八条")];
    let saved = send(&app, "sysadmin", "/admin/limits", &stricter).await?;
    assert_eq!(saved.status, 303, "{}", saved.text);
    let all = flow::list_limits(&app.app).await?;
    let lock = all
        .iter()
        .find(|it| it.name.code() == "lock-minutes")
        .ok_or("no limit")?;
    assert_eq!((lock.value, lock.legal_basis.as_str()), (30, "本市规定第八条"));
    assert_eq!(
        send(&app, "civil.officer", "/admin/limits", &stricter).await?.status,
        403
    );

    // Posts in two organisations, kept and taken away.
    let officer = app.actor("civil.officer")?;
    let (civil, police) = (app.orgs["civil"].to_string(), app.orgs["police"].to_string());
    let person = format!("/admin/people/{}", officer.id);
    let base = [
        ("login", "civil.officer"),
        ("name", "民政"),
        ("org", civil.as_str()),
        ("roles", "data-officer"),
    ];
    let more = [&base[..], &[("more-org", police.as_str()), ("more-roles", "approver")]].concat();
    assert_eq!(send(&app, "sysadmin", &person, &more).await?.status, 303);
    let admin = app.actor("sysadmin")?;
    let posts =
        async || -> Result<usize, Failure> { Ok(flow::show_person(&app.app, &admin, officer.id).await?.posts.len()) };
    assert_eq!(posts().await?, 2);
    let shown = app.talk("civil.officer", "GET /organisation", "").await?.ok()?;
    assert!(shown.text.contains(&police), "both can be chosen");
    let kept = format!("{police}=approver");
    let keep = [&base[..], &[("elsewhere", kept.as_str())]].concat();
    assert_eq!(send(&app, "sysadmin", &person, &keep).await?.status, 303);
    assert_eq!(posts().await?, 2, "a tick keeps a post");
    assert_eq!(send(&app, "sysadmin", &person, &base).await?.status, 303);
    assert_eq!(posts().await?, 1, "without it the post ends");

    // A program and its token.
    let program = [
        ("login", "pump"),
        ("name", "取数程序"),
        ("org", civil.as_str()),
        ("roles", "service"),
    ];
    assert_eq!(send(&app, "sysadmin", "/admin/people", &program).await?.status, 303);
    let all = flow::list_people(&app.app, &admin, Default::default(), 100).await?.all;
    let pump = all.iter().find(|it| it.login.as_str() == "pump").ok_or("no program")?;
    let tokens = format!("/admin/people/{}/tokens", pump.id);
    let issued = send(&app, "sysadmin", &tokens, &[("name", "每日"), ("days", "30")])
        .await?
        .ok()?;
    assert!(issued.text.contains("jt_"), "told once");
    let long = send(&app, "sysadmin", &tokens, &[("name", "每日"), ("days", "4294967295")]).await?;
    assert!(
        long.status.is_client_error(),
        "a life no calendar holds is refused: {}",
        long.status
    );
    let own = send(
        &app,
        "civil.officer",
        "/tokens",
        &[("name", "x"), ("days", "4294967295")],
    )
    .await?;
    assert!(own.status.is_client_error(), "{}", own.status);
    Ok(())
}
