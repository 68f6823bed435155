//! Clocks and notices, from the request to the decision and from the agreement to the proof of disposal, with a clock that
//! stands still until the test moves it, on SQLite and PostgreSQL.

use chrono::TimeDelta;
use testkit::{
    Failure, TestApp,
    platform::{
        Error,
        flow::{self, Changed},
        sharing::{RefusalKind, RequestState, Warrant},
        vocab::{AgreementState, CalendarDay, DayKind, RequestId, ResourceId, Timestamp},
    },
    story::Deal,
};

use crate::{doors, people};

fn at(text: &str) -> Timestamp {
    testkit::platform::vocab::time::parse(&format!("{text}:00+08:00")).unwrap()
}

/// What somebody was told and has not read, the oldest first; they have read it then.
async fn news(app: &TestApp, who: &str) -> Result<Vec<String>, Failure> {
    let actor = app.actor(who)?;
    let found = flow::list_notices(&app.app, &actor, true, None, 100).await?;
    flow::read_all_notices(&app.app, &actor).await?;
    let kind = |it: &flow::ShownNotice| {
        let clock = it.told.kind.clock().map(|it| format!(" {it}")).unwrap_or_default();
        format!("{}{clock}", it.told.kind.code())
    };
    Ok(found.all.iter().rev().map(kind).collect())
}

/// What waits for somebody: the task, its limit, and whether it was handed up.
async fn tasks(app: &TestApp, who: &str) -> Result<Vec<String>, Failure> {
    let all = flow::list_tasks(&app.app, &app.actor(who)?).await?;
    let text = |it: &flow::Waiting| {
        let deed = match it.deed {
            flow::Deed::Sharing(kind) => kind.code(),
            flow::Deed::Review => "review-resource",
        };
        let clock = it.clock.as_ref().map_or("-", |it| it.clock.code());
        let escalated = it.clock.as_ref().is_some_and(|it| it.escalated);
        format!("{deed} {clock}{}", if escalated { " escalated" } else { "" })
    };
    Ok(all.iter().map(text).collect())
}

/// A page as somebody sees it who signs in now; tokens of the beginning have run out in between.
async fn seen(app: &TestApp, who: &str, line: &str) -> Result<testkit::talk::Answer, Failure> {
    let session = doors::session(app, who).await?;
    app.talk_with("", line, "", &[("cookie", &session)]).await?.ok()
}

/// Time goes on to an instant, and the clocks are looked at.
async fn until(app: &TestApp, when: &str) -> Result<(), Failure> {
    app.app.set_now(at(when));
    app.work().await?;
    Ok(())
}

/// Everybody's news is read, so that the next ones stand alone.
async fn hush(app: &TestApp) -> Result<(), Failure> {
    for who in [
        "operator",
        "police.officer",
        "police.approver",
        "civil.officer",
        "civil.approver",
    ] {
        flow::read_all_notices(&app.app, &app.actor(who)?).await?;
    }
    Ok(())
}

async fn asked(app: &TestApp, resource: ResourceId) -> Result<RequestId, Failure> {
    let officer = app.actor("civil.officer")?;
    let application = app.application(resource, &Deal::default()).await?;
    Ok(
        flow::request_data(&app.app, &officer, resource, application, Warrant::WHOLE)
            .await?
            .id,
    )
}

#[tokio::test]
async fn a_request_is_reminded_of_handed_up_decided_and_told() -> Result<(), Failure> {
    for app in TestApp::each_still(at("2026-03-09T10:00")).await? {
        let resource = people::shelved(&app).await?;
        hush(&app).await?;
        let id = asked(&app, resource).await?;
        assert_eq!(news(&app, "operator").await?, ["request-submitted"]);
        until(&app, "2026-03-11T08:00").await?;
        assert_eq!(
            news(&app, "operator").await?,
            ["due-soon T5"],
            "the check has its own reminder"
        );
        flow::accept_request(&app.app, &app.actor("operator")?, id, String::new()).await?;
        assert_eq!(news(&app, "police.approver").await?, ["request-accepted"]);
        assert_eq!(news(&app, "civil.officer").await?, ["request-accepted"]);

        until(&app, "2026-03-18T08:00").await?;
        assert_eq!(news(&app, "police.approver").await?, [""; 0], "not near yet");
        until(&app, "2026-03-19T08:00").await?;
        assert_eq!(
            news(&app, "police.approver").await?,
            ["due-soon T4"],
            "the answer counts from the submission on 9 March"
        );
        until(&app, "2026-03-24T08:00").await?;
        assert_eq!(news(&app, "police.approver").await?, ["overdue T4"]);
        assert_eq!(news(&app, "civil.officer").await?, ["overdue T4"]);
        let page = app.talk("operator", "GET /notices?lang=en", "").await?.ok()?;
        assert!(page.text.contains("Please step in: police is late"), "{}", page.text);
        assert!(
            page.text.contains("<span class=\"jt-count\">1</span>"),
            "the header counts it"
        );
        let listed = app
            .talk("operator", "GET /api/v1/notices?unread=true", "")
            .await?
            .ok()?;
        assert_eq!(listed.at("/items/0/kind")?, "escalated");
        assert_eq!(listed.at("/items/0/last_day")?, "2026-03-23");
        let one = listed.at("/items/0/id")?;
        let stranger = app
            .talk("civil.officer", &format!("POST /api/v1/notices/{one}/read"), "")
            .await?;
        assert_eq!(stranger.status.as_u16(), 404, "{}", stranger.text);
        app.talk("operator", &format!("POST /api/v1/notices/{one}/read"), "")
            .await?
            .ok()?;
        assert_eq!(news(&app, "operator").await?, [""; 0]);
        assert_eq!(tasks(&app, "operator").await?, ["oversee T4 escalated"]);
        let task = app.talk("operator", "GET /api/v1/tasks", "").await?.ok()?;
        assert_eq!(
            (task.at("/0/kind")?.as_str(), task.at("/0/other")?.as_str()),
            ("oversee", "police")
        );
        let page = app.talk("operator", "GET /tasks?lang=en", "").await?.ok()?;
        assert!(page.text.contains("Step in: overdue"), "{}", page.text);
        assert_eq!(tasks(&app, "police.approver").await?, ["decide-request T4 escalated"]);
        until(&app, "2026-03-25T08:00").await?;
        assert_eq!(news(&app, "operator").await?, [""; 0], "each notice once");

        let reasons = "不掌握该数据".to_owned();
        let approver = app.actor("police.approver")?;
        flow::refuse_request(&app.app, &approver, id, RefusalKind::NotHeld, reasons, None).await?;
        assert_eq!(news(&app, "civil.officer").await?, ["request-refused"]);
        assert_eq!(tasks(&app, "operator").await?, [""; 0]);
    }
    Ok(())
}

#[tokio::test]
async fn a_request_does_not_lie_with_the_authority_for_ever() -> Result<(), Failure> {
    for app in TestApp::each_still(at("2026-03-09T10:00")).await? {
        let resource = people::shelved(&app).await?;
        hush(&app).await?;
        asked(&app, resource).await?;
        until(&app, "2026-03-24T08:00").await?;
        assert_eq!(
            news(&app, "operator").await?,
            ["request-submitted", "overdue T5", "overdue T4"]
        );
        assert_eq!(news(&app, "civil.officer").await?, ["overdue T4"]);
        assert_eq!(tasks(&app, "operator").await?, ["check-request T5 escalated"]);
    }
    Ok(())
}

#[tokio::test]
async fn supplement_extension_and_withdrawal_are_told() -> Result<(), Failure> {
    for app in TestApp::each_still(at("2026-03-09T10:00")).await? {
        let resource = people::shelved(&app).await?;
        hush(&app).await?;
        let id = asked(&app, resource).await?;
        let (operator, officer) = (app.actor("operator")?, app.actor("civil.officer")?);
        let approver = app.actor("police.approver")?;
        app.app.set_now(at("2026-03-10T10:00"));
        flow::ask_supplement(&app.app, &operator, id, vec!["条款".to_owned()]).await?;
        assert_eq!(news(&app, "civil.officer").await?, ["supplement-asked"]);
        until(&app, "2026-04-13T10:00").await?;
        assert_eq!(
            news(&app, "operator").await?,
            ["request-submitted"],
            "the clocks stand still"
        );
        let application = app.application(resource, &Deal::default()).await?;
        let note = "已补充条款".to_owned();
        let it = flow::supplement_request(&app.app, &officer, id, application, note).await?;
        assert_eq!(
            it.supplement.as_ref().and_then(|it| it.note.as_deref()),
            Some("已补充条款")
        );
        let t4 = it.timers.iter().find(|it| it.clock().code() == "T4").unwrap();
        assert_eq!(
            t4.deadline.last_day.map(|it| it.to_string()).as_deref(),
            Some("2026-04-27"),
            "ten working days without those of the supplement, its first and last among them"
        );
        assert_eq!(news(&app, "operator").await?, ["request-supplemented"]);
        flow::accept_request(&app.app, &operator, id, String::new()).await?;
        hush(&app).await?;

        let too_much = flow::extend_request(&app.app, &approver, id, 11, "核对".to_owned()).await;
        assert!(matches!(too_much, Err(Error::Faults(_))), "{too_much:?}");
        flow::extend_request(&app.app, &approver, id, 10, "需要核对".to_owned()).await?;
        assert_eq!(news(&app, "operator").await?, ["extension-asked"]);
        assert_eq!(tasks(&app, "operator").await?, ["answer-extension T4"]);
        let twice = flow::extend_request(&app.app, &approver, id, 1, "再核对".to_owned()).await;
        assert!(matches!(twice, Err(Error::Sharing(_))), "one wish at a time: {twice:?}");
        let silent = flow::answer_extension(&app.app, &operator, id, false, String::new()).await;
        assert!(matches!(silent, Err(Error::Faults(_))), "{silent:?}");
        let path = format!("GET /requests/{id}?lang=en");
        let page = seen(&app, "operator", &path).await?;
        assert!(
            page.text.contains("10 more working days are asked for"),
            "{}",
            page.text
        );
        flow::answer_extension(&app.app, &operator, id, true, String::new()).await?;
        let page = seen(&app, "police.approver", &path).await?;
        assert!(
            page.text
                .contains("extended by 10 working days with the consent of the sharing authority on 13 April 2026"),
            "{}",
            page.text
        );
        assert_eq!(news(&app, "civil.officer").await?, ["extension-consented"]);
        assert_eq!(news(&app, "police.approver").await?, ["extension-consented"]);
        until(&app, "2026-05-06T10:00").await?;
        assert_eq!(news(&app, "operator").await?, [""; 0], "the extended limit runs");

        flow::withdraw_request(&app.app, &officer, id, "不再需要".to_owned()).await?;
        let told = news(&app, "police.approver").await?;
        assert_eq!(told.last().map(String::as_str), Some("request-withdrawn"), "{told:?}");
        let it = flow::show_request(&app.app, &officer, id).await?;
        assert_eq!(it.state, RequestState::Withdrawn);
        assert!(it.timers.iter().all(|it| !it.is_open()));
        until(&app, "2026-09-01T10:00").await?;
        assert_eq!(news(&app, "operator").await?, [""; 0]);
    }
    Ok(())
}

#[tokio::test]
async fn an_agreement_ends_and_its_data_is_chased_until_disposal_is_proved() -> Result<(), Failure> {
    for app in TestApp::each_still(at("2026-03-09T10:00")).await? {
        let resource = people::shelved(&app).await?;
        let deal = Deal {
            until: Some(at("2026-03-16T00:00")),
            ..Deal::default()
        };
        let id = app.agree(resource, &deal).await?;
        assert_eq!(
            news(&app, "civil.officer").await?,
            ["request-accepted", "request-granted", "data-provided"]
        );
        hush(&app).await?;
        let officer = app.actor("civil.officer")?;
        until(&app, "2026-03-15T23:59").await?;
        assert_eq!(
            flow::show_agreement(&app.app, &officer, id).await?.state,
            AgreementState::Active
        );
        until(&app, "2026-03-16T00:00").await?;
        assert_eq!(
            flow::show_agreement(&app.app, &officer, id).await?.state,
            AgreementState::DisposalDue
        );
        assert_eq!(
            news(&app, "civil.officer").await?,
            ["agreement-expired", "disposal-demanded"]
        );
        assert_eq!(news(&app, "police.officer").await?, ["agreement-expired"]);
        assert_eq!(tasks(&app, "civil.officer").await?, ["prove-disposal T10"]);
        until(&app, "2026-04-03T08:00").await?;
        assert_eq!(news(&app, "civil.officer").await?, ["due-soon T10"]);
        until(&app, "2026-04-09T08:00").await?;
        assert_eq!(news(&app, "civil.officer").await?, ["overdue T10"]);
        assert_eq!(news(&app, "operator").await?, ["escalated T10"]);
        assert_eq!(
            flow::list_tasks(&app.app, &app.actor("operator")?).await?[0].other.en,
            "civil",
            "who is late is the consumer"
        );

        let (how, today) = ("deleted".to_owned(), app.app.today());
        let empty = flow::prove_disposal(&app.app, &officer, id, how.clone(), today, " ".to_owned()).await;
        assert!(matches!(empty, Err(Error::Faults(_))), "{empty:?}");
        let closed = flow::prove_disposal(&app.app, &officer, id, how, today, "已全部删除".to_owned()).await?;
        assert_eq!(closed.state, AgreementState::Closed);
        assert_eq!(news(&app, "police.officer").await?, ["disposal-proved"]);
        assert_eq!(news(&app, "operator").await?, ["disposal-proved"]);
        assert_eq!(tasks(&app, "operator").await?, [""; 0]);
        assert_eq!(tasks(&app, "civil.officer").await?, [""; 0]);
    }
    Ok(())
}

#[tokio::test]
async fn reviews_and_updates_of_the_catalogue_have_their_clocks() -> Result<(), Failure> {
    for app in TestApp::each_still(at("2026-03-09T10:00")).await? {
        let resource = people::shelved(&app).await?;
        assert_eq!(news(&app, "operator").await?, ["resource-submitted"]);
        assert_eq!(news(&app, "police.officer").await?, ["resource-published"]);
        assert_eq!(tasks(&app, "operator").await?, [""; 0], "publishing met the clock");
        let (officer, operator) = (app.actor("police.officer")?, app.actor("operator")?);

        // T1: law has changed on 2 March, and the department is chased from then on.
        let path = format!("POST /api/v1/resources/{resource}/law-change");
        let change = r#"{"on":"2026-03-02","reason":"《户口登记条例》修改"}"#;
        let refused = app.talk("civil.officer", &path, change).await?;
        assert_eq!(refused.status.as_u16(), 403, "{}", refused.text);
        let to_come = app
            .talk("police.officer", &path, r#"{"on":"2026-03-10","reason":"修改"}"#)
            .await?;
        assert_eq!(to_come.status.as_u16(), 422, "{}", to_come.text);
        let silent = app
            .talk("police.officer", &path, r#"{"on":"2026-03-02","reason":" "}"#)
            .await?;
        assert_eq!(silent.status.as_u16(), 422, "{}", silent.text);
        let recorded = app.talk("police.officer", &path, change).await?.ok()?;
        assert_eq!(recorded.at("/clock/last_day")?, "2026-03-16");
        let twice = app.talk("police.officer", &path, change).await?;
        assert_eq!(twice.status.as_u16(), 409, "{}", twice.text);
        let org = app.orgs["police"];
        let whole = Changed::Org(org);
        let day = app.app.today();
        flow::record_law_change(&app.app, &operator, whole, day, "机构改革".to_owned()).await?;
        assert_eq!(news(&app, "police.officer").await?, ["law-changed", "law-changed"]);
        assert_eq!(
            tasks(&app, "police.officer").await?,
            ["update-catalog T1", "update-catalog T1"]
        );
        until(&app, "2026-03-17T08:00").await?;
        assert_eq!(news(&app, "police.officer").await?, ["overdue T1"]);
        assert_eq!(news(&app, "operator").await?, ["escalated T1"]);
        assert_eq!(tasks(&app, "operator").await?, ["oversee T1 escalated"]);

        // T2: the change is submitted, and the authority is chased.
        let now = flow::own_resource(&app.app, &officer, resource).await?;
        let mut content = now.content.clone();
        "修改后的摘要".clone_into(&mut content.summary);
        flow::edit_resource(&app.app, &officer, resource, now.revision, content).await?;
        flow::submit_resource(&app.app, &officer, resource).await?;
        assert_eq!(news(&app, "operator").await?, ["resource-submitted"]);
        assert_eq!(
            tasks(&app, "operator").await?,
            ["oversee T1 escalated", "review-resource T2"]
        );
        let page = format!("GET /resources/{resource}/review?lang=en");
        let page = app.talk("operator", &page, "").await?.ok()?;
        assert!(
            page.text.contains("Catalogue review and publication"),
            "its clock is shown"
        );
        until(&app, "2026-03-18T08:00").await?;
        assert_eq!(news(&app, "operator").await?, ["due-soon T2"]);
        until(&app, "2026-03-20T08:00").await?;
        assert_eq!(news(&app, "operator").await?, ["overdue T2"]);
        assert_eq!(
            tasks(&app, "operator").await?,
            ["oversee T1 escalated", "review-resource T2 escalated"]
        );
        flow::send_back_resource(&app.app, &operator, resource, vec!["写明依据".to_owned()]).await?;
        flow::submit_resource(&app.app, &officer, resource).await?;
        flow::publish_resource(&app.app, &operator, resource).await?;
        let told = news(&app, "police.officer").await?;
        assert!(
            told.ends_with(&["resource-sent-back".to_owned(), "resource-published".to_owned()]),
            "{told:?}"
        );
        assert_eq!(
            tasks(&app, "operator").await?,
            [""; 0],
            "the published version met all of them"
        );
        assert_eq!(tasks(&app, "police.officer").await?, [""; 0]);
    }
    Ok(())
}

#[tokio::test]
async fn an_update_gets_more_time_with_consent_and_not_before() -> Result<(), Failure> {
    for app in TestApp::each_still(at("2026-03-09T10:00")).await? {
        let resource = people::shelved(&app).await?;
        hush(&app).await?;
        let law = format!("POST /api/v1/resources/{resource}/law-change");
        let change = r#"{"on":"2026-03-09","reason":"条例修改"}"#;
        app.talk("police.officer", &law, change).await?.ok()?;
        let ask = format!("POST /api/v1/catalog-updates/{resource}/extension");
        let answer = format!("PUT /api/v1/catalog-updates/{resource}/extension");
        for (who, call, body, status) in [
            ("civil.officer", &ask, r#"{"days":5,"reason":"核对"}"#, 404),
            ("police.officer", &ask, r#"{"days":6,"reason":"核对"}"#, 422),
            ("police.officer", &ask, r#"{"days":5,"reason":" "}"#, 422),
            ("operator", &ask, r#"{"days":5,"reason":"核对"}"#, 403),
            ("operator", &answer, r#"{"consent":true}"#, 409),
            ("police.officer", &ask, r#"{"days":5,"reason":"核对"}"#, 200),
            ("police.officer", &ask, r#"{"days":1,"reason":"核对"}"#, 409),
            ("police.officer", &answer, r#"{"consent":true}"#, 403),
            ("operator", &answer, r#"{"consent":false}"#, 422),
        ] {
            let answered = app.talk(who, call, body).await?;
            assert_eq!(
                answered.status.as_u16(),
                status,
                "{who} {call} {body}: {}",
                answered.text
            );
        }
        assert_eq!(news(&app, "operator").await?, ["update-extension-asked"]);
        assert_eq!(tasks(&app, "operator").await?, ["answer-extension T1"]);
        let show = format!("GET /catalog-updates/{resource}?lang=en");
        let page = app.talk("operator", &show, "").await?.ok()?;
        assert!(page.text.contains("5 more working days are asked for"), "{}", page.text);
        let (extend, extension) = (
            format!("POST /catalog-updates/{resource}/extend"),
            format!("POST /catalog-updates/{resource}/extension"),
        );
        let silent = app.talk("operator", &extension, "consent=no&reason=").await?;
        assert_eq!(silent.status.as_u16(), 422, "{}", silent.text);
        let declined = app.talk("operator", &extension, "consent=no&reason=too+thin").await?;
        assert_eq!(declined.status.as_u16(), 303, "{}", declined.text);
        assert_eq!(
            news(&app, "police.officer").await?,
            ["law-changed", "update-extension-declined"]
        );
        until(&app, "2026-03-19T08:00").await?;
        assert_eq!(news(&app, "police.officer").await?, ["due-soon T1"], "the end stands");

        // What is not answered moves nothing; a late consent ends the escalation.
        let again = app.talk("police.officer", &extend, "days=5&reason=merging").await?;
        assert_eq!(again.status.as_u16(), 303, "{}", again.text);
        until(&app, "2026-03-24T08:00").await?;
        assert_eq!(news(&app, "police.officer").await?, ["overdue T1"]);
        assert_eq!(
            news(&app, "operator").await?,
            ["update-extension-asked", "escalated T1"]
        );
        let given = app.talk("operator", &answer, r#"{"consent":true}"#).await?.ok()?;
        assert_eq!(given.at("/clock/last_day")?, "2026-03-30");
        assert_eq!(
            given.at("/clock/explain_en")?,
            "10 working days from 9 March 2026, extended by 5 working days with the consent of the sharing authority on \
             24 March 2026; ends with 30 March 2026"
        );
        assert_eq!(tasks(&app, "operator").await?, [""; 0]);
        assert_eq!(news(&app, "police.officer").await?, ["update-extension-consented"]);
        until(&app, "2026-03-26T08:00").await?;
        assert_eq!(news(&app, "police.officer").await?, ["due-soon T1"], "of the new end");
        until(&app, "2026-03-31T08:00").await?;
        assert_eq!(news(&app, "operator").await?, ["escalated T1"]);
        let page = app.talk("operator", &show, "").await?.ok()?;
        for word in ["Extension asked", "Extension answered", "too thin", "merging"] {
            assert!(page.text.contains(word), "{word}: {}", page.text);
        }

        // The update of a whole catalogue has the same ways.
        let (officer, operator) = (app.actor("police.officer")?, app.actor("operator")?);
        let (whole, day) = (Changed::Org(app.orgs["police"]), app.app.today());
        flow::record_law_change(&app.app, &operator, whole, day, "机构改革".to_owned()).await?;
        flow::extend_update(&app.app, &officer, whole, 1, "核对".to_owned()).await?;
        let mine = app.talk("operator", "GET /tasks?lang=en", "").await?.ok()?;
        assert!(
            mine.text.contains(&format!("/catalog-updates/{whole}")),
            "{}",
            mine.text
        );
        let page = format!("GET /catalog-updates/{whole}?lang=en");
        let page = app.talk("operator", &page, "").await?.ok()?;
        assert!(page.text.contains("1 more working day is asked for"), "{}", page.text);
        let it = flow::answer_update(&app.app, &operator, whole, true, String::new()).await?;
        assert_eq!(it.timer.deadline.extended, 1);
    }
    Ok(())
}

#[tokio::test]
async fn an_edit_of_the_calendar_reaches_running_clocks() -> Result<(), Failure> {
    for app in TestApp::each_still(at("2026-03-09T10:00")).await? {
        let resource = people::shelved(&app).await?;
        let id = asked(&app, resource).await?;
        let operator = app.actor("operator")?;
        let last_day = async || {
            let it = flow::show_request(&app.app, &operator, id).await?;
            let timer = it.timers.iter().find(|it| it.clock().code() == "T4").unwrap();
            Ok::<_, Failure>(timer.deadline.last_day.unwrap().to_string())
        };
        assert_eq!(last_day().await?, "2026-03-23");
        let day = CalendarDay {
            date: "2026-03-20".parse()?,
            kind: DayKind::Holiday,
            name_zh: "防汛停工".to_owned(),
            name_en: "Flood".to_owned(),
            basis: "市政府通知".to_owned(),
        };
        flow::put_day(&app.app, &operator, day.clone()).await?;
        app.app.set_now(app.app.now() + TimeDelta::minutes(1));
        app.work().await?;
        assert_eq!(last_day().await?, "2026-03-24");
        flow::drop_day(&app.app, &operator, day.date).await?;
        app.app.set_now(app.app.now() + TimeDelta::minutes(1));
        app.work().await?;
        assert_eq!(last_day().await?, "2026-03-23");
    }
    Ok(())
}

#[tokio::test]
async fn data_counts_as_provided_from_the_release_or_from_the_officers_word() -> Result<(), Failure> {
    for app in TestApp::each_still(at("2026-03-09T10:00")).await? {
        let resource = people::shelved(&app).await?;
        let (officer, approver) = (app.actor("police.officer")?, app.actor("police.approver")?);
        let source = flow::list_sources(&app.app, &officer).await?[0].id;
        let (there, away) = (app.files.join("people.db"), app.files.join("away.db"));
        std::fs::rename(&there, &away)?;
        flow::test_source(&app.app, &officer, source).await?;
        let first = app.agree(resource, &Deal::default()).await?;
        let second = app.agree(resource, &Deal::default()).await?;
        assert_eq!(
            tasks(&app, "police.officer").await?,
            ["provide-data T7", "provide-data T7"],
            "a source that does not answer provides nothing by itself"
        );
        assert_eq!(
            tasks(&app, "police.approver").await?,
            ["provide-data T7", "provide-data T7"]
        );
        hush(&app).await?;
        let stranger = flow::provide_agreement(&app.app, &app.actor("civil.officer")?, second).await;
        assert!(matches!(stranger, Err(Error::Denied(_))), "{stranger:?}");
        flow::provide_agreement(&app.app, &officer, second).await?;
        assert_eq!(news(&app, "civil.officer").await?, ["data-provided"]);

        std::fs::rename(&away, &there)?;
        flow::test_source(&app.app, &officer, source).await?;
        app.app.set_now(at("2026-03-10T11:00"));
        let rows = format!("GET /api/v1/data/{first}?limit=1");
        app.talk("civil.officer", &rows, "").await?.ok()?;
        until(&app, "2026-03-12T09:00").await?;
        let it = flow::show_agreement(&app.app, &approver, first).await?;
        assert_eq!(it.provided_at, Some(at("2026-03-10T11:00")), "not when the job ran");
    }
    Ok(())
}

#[tokio::test]
async fn the_browser_sends_what_was_supplemented_and_marks_notices_as_read() -> Result<(), Failure> {
    for app in TestApp::each_still(at("2026-03-09T10:00")).await? {
        let resource = people::shelved(&app).await?;
        hush(&app).await?;
        let id = asked(&app, resource).await?;
        flow::ask_supplement(&app.app, &app.actor("operator")?, id, vec!["条款".to_owned()]).await?;
        let form = app
            .talk("civil.officer", &format!("GET /requests/{id}/edit?lang=en"), "")
            .await?
            .ok()?;
        assert!(form.text.contains("name=\"note\""), "the form asks for the note");
        let fields = "do=submit&ground=law&basis=%E6%9D%A1%E4%BE%8B%E7%AC%AC%E4%BA%8C%E5%8D%81%E6%9D%A1&scenario=check&purpose=service\
             &items=person_no&items=name&modes=interface&from-year=2026&from-month=3&from-day=9&until-year=2026&until-month=12\
             &until-day=31&quota=10&warrant=yes&note=clause+named";
        let sent = app
            .talk("civil.officer", &format!("POST /requests/{id}"), fields)
            .await?;
        assert_eq!(sent.status.as_u16(), 303, "{}", sent.text);
        let it = flow::show_request(&app.app, &app.actor("operator")?, id).await?;
        assert_eq!(it.state, RequestState::Supplemented);
        assert_eq!(it.supplement.and_then(|it| it.note).as_deref(), Some("clause named"));

        let page = app.talk("civil.officer", "GET /notices?lang=en", "").await?.ok()?;
        assert!(page.text.contains("must be supplemented"), "{}", page.text);
        assert!(page.text.contains("action=\"/notices/read\""), "all can be marked");
        let marked = app.talk("civil.officer", "POST /notices/read", "_csrf=").await?;
        assert_eq!(marked.status.as_u16(), 303, "{}", marked.text);
        let page = app.talk("civil.officer", "GET /notices?lang=en", "").await?.ok()?;
        assert!(
            !page.text.contains("action=\"/notices/read\""),
            "nothing is left to mark"
        );
        let nothing = app.talk("leader", "GET /notices?lang=en", "").await?.ok()?;
        assert!(nothing.text.contains("There are no notices yet"));
    }
    Ok(())
}
