//! What is refused, in whose words, and that a refusal leaves nothing behind: no ledger entry, no change.

use chrono::TimeDelta;
use expect_test::expect;
use testkit::{
    Failure, TestApp,
    platform::{
        flow,
        ledger::{Filter, Page},
        vocab::{AgreementId, Mask, RequestId, ResourceId, SharingMode},
    },
    story::Deal,
    talk::Conversation,
};

use crate::people;

/// How many entries the ledger has.
async fn entries(app: &TestApp) -> Result<u64, Failure> {
    let page = Page { before: None, limit: 1 };
    Ok(
        flow::list_entries(&app.app, &app.actor("auditor")?, Filter::default(), page)
            .await?
            .size,
    )
}

fn masked() -> Deal<'static> {
    Deal {
        masks: &[("name", Mask::Name), ("phone", Mask::KeepEnds { head: 3, tail: 4 })],
        without: &["note"],
        rows: "division_code LIKE '3301%'",
        ..Deal::default()
    }
}

/// A node on every database at hand, with the people on the shelf and an agreement of civil affairs.
async fn nodes() -> Result<Vec<(TestApp, ResourceId, AgreementId)>, Failure> {
    let mut all = Vec::new();
    for app in TestApp::each().await? {
        let resource = people::shelved(&app).await?;
        let agreement = app.agree(resource, &masked()).await?;
        all.push((app, resource, agreement));
    }
    Ok(all)
}

fn talk<'a>(app: &'a TestApp, resource: ResourceId, agreement: AgreementId) -> Conversation<'a> {
    let mut it = app.conversation();
    it.call(agreement, "agreement");
    it.call(resource, "resource");
    it
}

#[tokio::test]
async fn nobody_and_others_get_nothing() -> Result<(), Failure> {
    for (app, resource, agreement) in nodes().await? {
        let before = entries(&app).await?;
        let mut it = talk(&app, resource, agreement);
        let line = format!("GET /api/v1/data/{agreement}");
        it.say("", &line, "").await?;
        it.say_with("", &line, "", &[("authorization", "Bearer jt_0000")])
            .await?;
        it.say_with("", &line, "", &[("authorization", "Basic eDp5")]).await?;
        it.say_with("", &line, "", &[("cookie", "jt-session=0000")]).await?;
        it.say("police.officer", &line, "").await?;
        it.say("operator", &line, "").await?;
        it.say("civil.officer", "GET /api/v1/data/agr_nothing", "").await?;
        it.say("civil.approver", &line, "").await?;
        it.say("sysadmin", &line, "").await?;
        expect![[r#"
        nobody: GET /api/v1/data/‹agreement›
          401 {"status":401,"code":"sign-in","detail":"sign in, or send a valid token as `Authorization: Bearer …`"}
        nobody: GET /api/v1/data/‹agreement›
          401 {"status":401,"code":"sign-in","detail":"sign in, or send a valid token as `Authorization: Bearer …`"}
        nobody: GET /api/v1/data/‹agreement›
          401 {"status":401,"code":"sign-in","detail":"sign in, or send a valid token as `Authorization: Bearer …`"}
        nobody: GET /api/v1/data/‹agreement›
          401 {"status":401,"code":"sign-in","detail":"sign in, or send a valid token as `Authorization: Bearer …`"}
        police.officer: GET /api/v1/data/‹agreement›
          404 {"status":404,"code":"not-found","detail":"agreement does not exist"}
        operator: GET /api/v1/data/‹agreement›
          404 {"status":404,"code":"not-found","detail":"agreement does not exist"}
        civil.officer: GET /api/v1/data/agr_nothing
          404 {"status":404,"code":"not-found","detail":"agreement does not exist"}
        civil.approver: GET /api/v1/data/‹agreement›
          403 {"status":403,"code":"denied","detail":"no rule grants use-data; missing: the role data-officer or the role service"}
        sysadmin: GET /api/v1/data/‹agreement›
          404 {"status":404,"code":"not-found","detail":"agreement does not exist"}
    "#]].assert_eq(&it.text());
        assert_eq!(entries(&app).await?, before, "a refusal leaves no entry");
    }
    Ok(())
}

#[tokio::test]
async fn the_terms_hold() -> Result<(), Failure> {
    for (app, resource, agreement) in nodes().await? {
        let approver = app.actor("police.approver")?;
        let mut it = talk(&app, resource, agreement);
        let line = format!("GET /api/v1/data/{agreement}?limit=1&select=person_no");
        it.say("civil.officer", &line, "").await?;
        let before = entries(&app).await?;
        it.say("civil.officer", &format!("{line}&purpose=statistics"), "")
            .await?;
        it.say("civil.officer", &format!("{line}&purpose=curiosity"), "")
            .await?;
        assert_eq!(entries(&app).await?, before, "a refusal leaves no entry");

        flow::suspend_agreement(&app.app, &approver, agreement, "升级".to_owned()).await?;
        let before = entries(&app).await?;
        it.say("civil.officer", &line, "").await?;
        assert_eq!(entries(&app).await?, before, "suspended");
        flow::resume_agreement(&app.app, &approver, agreement, "完成".to_owned()).await?;
        it.say("civil.officer", &line, "").await?;
        flow::revoke_agreement(&app.app, &approver, agreement, "试点结束".to_owned()).await?;
        let before = entries(&app).await?;
        it.say("civil.officer", &line, "").await?;
        it.say(
            "civil.officer",
            &format!("GET /api/v1/data/{agreement}/records/0001"),
            "",
        )
        .await?;
        it.say("civil.officer", "POST /api/v1/sql", r#"{"sql":"select * from people"}"#)
            .await?;
        assert_eq!(entries(&app).await?, before, "revoked");
        expect![[r#"
        civil.officer: GET /api/v1/data/‹agreement›?limit=1&select=person_no
          200 [{"person_no":"0001"}]
        civil.officer: GET /api/v1/data/‹agreement›?limit=1&select=person_no&purpose=statistics
          403 {"status":403,"code":"denied","detail":"use-data is forbidden by rule `for-the-agreed-purpose`: Data is used for the agreed purpose only, openly or in disguise (Order 809, Art. 25).","rule":"for-the-agreed-purpose"}
        civil.officer: GET /api/v1/data/‹agreement›?limit=1&select=person_no&purpose=curiosity
          422 {"status":422,"code":"unreadable","detail":"`curiosity` is not a purpose; allowed: service, supervision, governance, statistics, credit, emergency, verification"}
        civil.officer: GET /api/v1/data/‹agreement›?limit=1&select=person_no
          403 {"status":403,"code":"denied","detail":"use-data is forbidden by rule `agreement-is-active`: The agreement must be active: not suspended, revoked or ended.","rule":"agreement-is-active"}
        civil.officer: GET /api/v1/data/‹agreement›?limit=1&select=person_no
          200 [{"person_no":"0001"}]
        civil.officer: GET /api/v1/data/‹agreement›?limit=1&select=person_no
          403 {"status":403,"code":"denied","detail":"use-data is forbidden by rule `agreement-is-active`: The agreement must be active: not suspended, revoked or ended.","rule":"agreement-is-active"}
        civil.officer: GET /api/v1/data/‹agreement›/records/0001
          403 {"status":403,"code":"denied","detail":"use-data is forbidden by rule `agreement-is-active`: The agreement must be active: not suspended, revoked or ended.","rule":"agreement-is-active"}
        civil.officer: POST /api/v1/sql {"sql":"select * from people"}
          422 {"status":422,"code":"question","detail":"table 'jutong.public.people' not found","reason":{"code":"engine","arguments":["table 'jutong.public.people' not found"]}}
    "#]].assert_eq(&it.text());
    }
    Ok(())
}

#[tokio::test]
async fn an_agreement_ends_by_its_term_and_its_quota() -> Result<(), Failure> {
    for app in TestApp::each().await? {
        let small = app.shelve_again("people2.db").await?;
        let until = app.app.now() + TimeDelta::seconds(2);
        let short = app
            .agree(
                small,
                &Deal {
                    until: Some(until),
                    ..masked()
                },
            )
            .await?;
        let third = app.shelve_again("people3.db").await?;
        let thrice = app.agree(third, &Deal { quota: 3, ..masked() }).await?;
        let mut it = app.conversation();
        it.call(short, "short");
        it.call(thrice, "thrice");
        let line = format!("GET /api/v1/data/{thrice}?limit=1&select=person_no");
        for _ in 0..3 {
            it.say("civil.officer", &line, "").await?;
        }
        let before = entries(&app).await?;
        it.say("civil.officer", &line, "").await?;
        it.say("civil.officer", &format!("GET /api/v1/data/{thrice}/records/0001"), "")
            .await?;
        it.say("civil.officer", &format!("GET /api/v1/data/{thrice}"), "")
            .await?;
        assert_eq!(entries(&app).await?, before, "used up");
        tokio::time::sleep(std::time::Duration::from_millis(2500)).await;
        it.say("civil.officer", &format!("GET /api/v1/data/{short}?limit=1"), "")
            .await?;
        assert_eq!(entries(&app).await?, before, "expired");
        expect![[r#"
        civil.officer: GET /api/v1/data/‹thrice›?limit=1&select=person_no
          200 [{"person_no":"0001"}]
        civil.officer: GET /api/v1/data/‹thrice›?limit=1&select=person_no
          200 [{"person_no":"0001"}]
        civil.officer: GET /api/v1/data/‹thrice›?limit=1&select=person_no
          200 [{"person_no":"0001"}]
        civil.officer: GET /api/v1/data/‹thrice›?limit=1&select=person_no
          429 {"status":429,"code":"quota-used-up","detail":"the agreement's quota for today is used up"}
        civil.officer: GET /api/v1/data/‹thrice›/records/0001
          429 {"status":429,"code":"quota-used-up","detail":"the agreement's quota for today is used up"}
        civil.officer: GET /api/v1/data/‹thrice›
          429 {"status":429,"code":"quota-used-up","detail":"the agreement's quota for today is used up"}
        civil.officer: GET /api/v1/data/‹short›?limit=1
          403 {"status":403,"code":"denied","detail":"use-data is forbidden by rule `within-the-term`: Data is used within the term of the agreement only.","rule":"within-the-term"}
    "#]].assert_eq(&it.text());
    }
    Ok(())
}

pub trait Again {
    /// The people once more, from another file.
    async fn shelve_again(&self, file: &str) -> Result<ResourceId, Failure>;
}

impl Again for TestApp {
    async fn shelve_again(&self, file: &str) -> Result<ResourceId, Failure> {
        let spec = people::in_file(&self.files, file)?;
        let name = file.trim_end_matches(".db");
        self.shelve(testkit::story::Shelf {
            provider: "police",
            spec,
            table: "people",
            name,
            key: &["person_no"],
        })
        .await
    }
}

#[tokio::test]
async fn questions_that_do_not_fit() -> Result<(), Failure> {
    for (app, resource, agreement) in nodes().await? {
        let before = entries(&app).await?;
        let mut it = talk(&app, resource, agreement);
        let line = format!("GET /api/v1/data/{agreement}");
        for query in [
            "?select=person_no,salary",
            "?select=note",
            "?filter=note:eq:x",
            "?filter=person_no:like:x",
            "?filter=person_no",
            "?sort=-note",
            "?limit=none",
            "?limit=1&after=zzzz",
            "?colour=red",
            "?format=docx",
        ] {
            it.say("civil.officer", &format!("{line}{query}"), "").await?;
        }
        it.say_with("civil.officer", &line, "", &[("accept", "image/png")])
            .await?;
        it.say("civil.officer", &format!("{line}/records/1?item=note"), "")
            .await?;
        expect![[r#"
        civil.officer: GET /api/v1/data/‹agreement›?select=person_no,salary
          422 {"status":422,"code":"question","detail":"table `people` has no item `salary`","reason":{"code":"engine","arguments":["table `people` has no item `salary`"]}}
        civil.officer: GET /api/v1/data/‹agreement›?select=note
          422 {"status":422,"code":"question","detail":"table `people` has no item `note`","reason":{"code":"engine","arguments":["table `people` has no item `note`"]}}
        civil.officer: GET /api/v1/data/‹agreement›?filter=note:eq:x
          422 {"status":422,"code":"question","detail":"table `people` has no item `note`","reason":{"code":"engine","arguments":["table `people` has no item `note`"]}}
        civil.officer: GET /api/v1/data/‹agreement›?filter=person_no:like:x
          422 {"status":422,"code":"unreadable","detail":"filter `person_no:like` must be item:op:value with op one of eq, ne, lt, le, gt, ge, in, starts-with, contains, is-null, not-null"}
        civil.officer: GET /api/v1/data/‹agreement›?filter=person_no
          422 {"status":422,"code":"unreadable","detail":"filter `person_no:` must be item:op:value with op one of eq, ne, lt, le, gt, ge, in, starts-with, contains, is-null, not-null"}
        civil.officer: GET /api/v1/data/‹agreement›?sort=-note
          422 {"status":422,"code":"question","detail":"table `people` has no item `note`","reason":{"code":"engine","arguments":["table `people` has no item `note`"]}}
        civil.officer: GET /api/v1/data/‹agreement›?limit=none
          422 {"status":422,"code":"unreadable","detail":"Failed to deserialize query string: limit: invalid digit found in string"}
        civil.officer: GET /api/v1/data/‹agreement›?limit=1&after=zzzz
          422 {"status":422,"code":"unreadable","detail":"`after` is not from a `Link` header of this question"}
        civil.officer: GET /api/v1/data/‹agreement›?colour=red
          422 {"status":422,"code":"unreadable","detail":"Failed to deserialize query string: colour: unknown field `colour`, expected one of `select`, `filter`, `sort`, `limit`, `after`, `count`, `purpose`, `format`"}
        civil.officer: GET /api/v1/data/‹agreement›?format=docx
          406 {"status":406,"code":"format","detail":"rows come as JSON, NDJSON, CSV, Parquet, Arrow stream or XLSX"}
        civil.officer: GET /api/v1/data/‹agreement›
          406 {"status":406,"code":"format","detail":"rows come as JSON, NDJSON, CSV, Parquet, Arrow stream or XLSX"}
        civil.officer: GET /api/v1/data/‹agreement›/records/1?item=note
          422 {"status":422,"code":"question","detail":"table `people` has no item `note`","reason":{"code":"engine","arguments":["table `people` has no item `note`"]}}
    "#]].assert_eq(&it.text());
        assert_eq!(entries(&app).await?, before, "a refusal leaves no entry");
    }
    Ok(())
}

#[tokio::test]
async fn sql_only_looks_and_only_at_what_was_agreed() -> Result<(), Failure> {
    for (app, resource, agreement) in nodes().await? {
        let before = entries(&app).await?;
        let mut it = talk(&app, resource, agreement);
        for sql in [
            "delete from people",
            "insert into people values (1)",
            "update people set name = 'x'",
            "drop table people",
            "create table x as select * from people",
            "create external table x stored as csv location '/etc/passwd'",
            "copy people to '/tmp/x.csv'",
            "set datafusion.execution.batch_size = 1",
            "select 1; select 2",
            "select * from staff_people",
            "select * from sqlite_master",
            "select * from information_schema.tables",
            "select note from people",
            "select people.note from people where note = 'x'",
            "select * from '/etc/passwd'",
            "explain analyze select * from people",
            "selec * from people",
            "",
        ] {
            let body = serde_json::json!({ "sql": sql }).to_string();
            let answer = it.say("civil.officer", "POST /api/v1/sql", &body).await?;
            assert!(!answer.status.is_success(), "{sql}: {}", answer.text);
            for secret in ["甲", "乙", "13800000001", "𠮷田一郎", "440106"] {
                assert!(!answer.text.contains(secret), "{sql}: {}", answer.text);
            }
        }
        expect![[r#"
        civil.officer: POST /api/v1/sql {"sql":"delete from people"}
          422 {"status":422,"code":"question","detail":"only one SELECT query is answered here","reason":{"code":"engine","arguments":["only one SELECT query is answered here"]}}
        civil.officer: POST /api/v1/sql {"sql":"insert into people values (1)"}
          422 {"status":422,"code":"question","detail":"only one SELECT query is answered here","reason":{"code":"engine","arguments":["only one SELECT query is answered here"]}}
        civil.officer: POST /api/v1/sql {"sql":"update people set name = 'x'"}
          422 {"status":422,"code":"question","detail":"only one SELECT query is answered here","reason":{"code":"engine","arguments":["only one SELECT query is answered here"]}}
        civil.officer: POST /api/v1/sql {"sql":"drop table people"}
          422 {"status":422,"code":"question","detail":"only one SELECT query is answered here","reason":{"code":"engine","arguments":["only one SELECT query is answered here"]}}
        civil.officer: POST /api/v1/sql {"sql":"create table x as select * from people"}
          422 {"status":422,"code":"question","detail":"only one SELECT query is answered here","reason":{"code":"engine","arguments":["only one SELECT query is answered here"]}}
        civil.officer: POST /api/v1/sql {"sql":"create external table x stored as csv location '/etc/passwd'"}
          422 {"status":422,"code":"question","detail":"only one SELECT query is answered here","reason":{"code":"engine","arguments":["only one SELECT query is answered here"]}}
        civil.officer: POST /api/v1/sql {"sql":"copy people to '/tmp/x.csv'"}
          422 {"status":422,"code":"question","detail":"only one SELECT query is answered here","reason":{"code":"engine","arguments":["only one SELECT query is answered here"]}}
        civil.officer: POST /api/v1/sql {"sql":"set datafusion.execution.batch_size = 1"}
          422 {"status":422,"code":"question","detail":"only one SELECT query is answered here","reason":{"code":"engine","arguments":["only one SELECT query is answered here"]}}
        civil.officer: POST /api/v1/sql {"sql":"select 1; select 2"}
          422 {"status":422,"code":"question","detail":"The context currently only supports a single SQL statement","reason":{"code":"engine","arguments":["The context currently only supports a single SQL statement"]}}
        civil.officer: POST /api/v1/sql {"sql":"select * from staff_people"}
          422 {"status":422,"code":"question","detail":"table 'jutong.public.staff_people' not found","reason":{"code":"engine","arguments":["table 'jutong.public.staff_people' not found"]}}
        civil.officer: POST /api/v1/sql {"sql":"select * from sqlite_master"}
          422 {"status":422,"code":"question","detail":"table 'jutong.public.sqlite_master' not found","reason":{"code":"engine","arguments":["table 'jutong.public.sqlite_master' not found"]}}
        civil.officer: POST /api/v1/sql {"sql":"select * from information_schema.tables"}
          422 {"status":422,"code":"question","detail":"the question names none of your tables","reason":{"code":"engine","arguments":["the question names none of your tables"]}}
        civil.officer: POST /api/v1/sql {"sql":"select note from people"}
          422 {"status":422,"code":"question","detail":"No field named note. Did you mean 'people.name'?\nValid fields are people.person_no, people.name, people.phone, people.division_code.","reason":{"code":"engine","arguments":["No field named note. Did you mean 'people.name'?\nValid fields are people.person_no, people.name, people.phone, people.division_code."]}}
        civil.officer: POST /api/v1/sql {"sql":"select people.note from people where note = 'x'"}
          422 {"status":422,"code":"question","detail":"No field named note. Did you mean 'people.name'?\nValid fields are people.person_no, people.name, people.phone, people.division_code.","reason":{"code":"engine","arguments":["No field named note. Did you mean 'people.name'?\nValid fields are people.person_no, people.name, people.phone, people.division_code."]}}
        civil.officer: POST /api/v1/sql {"sql":"select * from '/etc/passwd'"}
          422 {"status":422,"code":"question","detail":"table 'jutong.public./etc/passwd' not found","reason":{"code":"engine","arguments":["table 'jutong.public./etc/passwd' not found"]}}
        civil.officer: POST /api/v1/sql {"sql":"explain analyze select * from people"}
          422 {"status":422,"code":"question","detail":"only one SELECT query is answered here","reason":{"code":"engine","arguments":["only one SELECT query is answered here"]}}
        civil.officer: POST /api/v1/sql {"sql":"selec * from people"}
          422 {"status":422,"code":"question","detail":"sql parser error: Expected: an SQL statement, found: selec at Line: 1, Column: 1","reason":{"code":"engine","arguments":["sql parser error: Expected: an SQL statement, found: selec at Line: 1, Column: 1"]}}
        civil.officer: POST /api/v1/sql {"sql":""}
          422 {"status":422,"code":"question","detail":"No SQL statements were provided in the query string","reason":{"code":"engine","arguments":["No SQL statements were provided in the query string"]}}
    "#]].assert_eq(&it.text());
        assert_eq!(entries(&app).await?, before, "a refusal leaves no entry");
    }
    Ok(())
}

#[tokio::test]
async fn a_mask_cannot_be_looked_behind() -> Result<(), Failure> {
    for (app, resource, agreement) in nodes().await? {
        let mut it = talk(&app, resource, agreement);
        let line = format!("GET /api/v1/data/{agreement}?select=person_no,name,phone&sort=person_no");
        it.say("civil.officer", &line, "").await?;
        it.say("civil.officer", &format!("{line}&filter=phone:eq:13800000001"), "")
            .await?;
        it.say("civil.officer", &format!("{line}&filter=phone:starts-with:1380"), "")
            .await?;
        it.say(
            "civil.officer",
            &format!("{line}&filter=name:eq:%E5%BC%A0%E4%B8%89"),
            "",
        )
        .await?;
        it.say("civil.officer", &format!("{line}&filter=division_code:eq:440106"), "")
            .await?;
        it.say(
            "civil.officer",
            &format!("GET /api/v1/data/{agreement}/records/0005"),
            "",
        )
        .await?;
        it.say(
            "civil.officer",
            &format!("GET /api/v1/data/{agreement}/records/13800000001?item=phone"),
            "",
        )
        .await?;
        for sql in [
            "select person_no from people where phone = '13800000001'",
            "select person_no from people where substr(phone, 4, 4) <> '****'",
            "select count(*) as n, max(phone) as p from people",
            "select person_no, 1 / (cast(person_no as int) - 5) as x from people order by 1",
            "select person_no, cast(phone as bigint) as x from people",
        ] {
            it.say(
                "civil.officer",
                "POST /api/v1/sql",
                &serde_json::json!({ "sql": sql }).to_string(),
            )
            .await?;
        }
        expect![[r#"
        civil.officer: GET /api/v1/data/‹agreement›?select=person_no,name,phone&sort=person_no
          200 [{"person_no":"0001","name":"𠮷***","phone":"138****0001"},
        {"person_no":"0002","name":"张*","phone":"138****0002"},
        {"person_no":"0003","name":null,"phone":"138****0003"},
        {"person_no":"0004","name":"欧阳**","phone":"138****0004"}]
        civil.officer: GET /api/v1/data/‹agreement›?select=person_no,name,phone&sort=person_no&filter=phone:eq:13800000001
          200 []
        civil.officer: GET /api/v1/data/‹agreement›?select=person_no,name,phone&sort=person_no&filter=phone:starts-with:1380
          200 []
        civil.officer: GET /api/v1/data/‹agreement›?select=person_no,name,phone&sort=person_no&filter=name:eq:%E5%BC%A0%E4%B8%89
          200 []
        civil.officer: GET /api/v1/data/‹agreement›?select=person_no,name,phone&sort=person_no&filter=division_code:eq:440106
          200 []
        civil.officer: GET /api/v1/data/‹agreement›/records/0005
          404 {"status":404,"code":"not-found","detail":"record does not exist"}
        civil.officer: GET /api/v1/data/‹agreement›/records/13800000001?item=phone
          404 {"status":404,"code":"not-found","detail":"record does not exist"}
        civil.officer: POST /api/v1/sql {"sql":"select person_no from people where phone = '13800000001'"}
          200 []
        civil.officer: POST /api/v1/sql {"sql":"select person_no from people where substr(phone, 4, 4) <> '****'"}
          200 []
        civil.officer: POST /api/v1/sql {"sql":"select count(*) as n, max(phone) as p from people"}
          200 [{"n":4,"p":"138****0004"}]
        civil.officer: POST /api/v1/sql {"sql":"select person_no, 1 / (cast(person_no as int) - 5) as x from people order by 1"}
          200 [{"person_no":"0001","x":0},
        {"person_no":"0002","x":0},
        {"person_no":"0003","x":0},
        {"person_no":"0004","x":-1}]
        civil.officer: POST /api/v1/sql {"sql":"select person_no, cast(phone as bigint) as x from people"}
          422 {"status":422,"code":"question","detail":"a value could not be converted to the type that was asked for","reason":{"code":"engine","arguments":["a value could not be converted to the type that was asked for"]}}
    "#]].assert_eq(&it.text());
        for hidden in ["13800000001", "一郎", "阿依古丽·买买提", "440106\""] {
            assert!(
                !it.text()
                    .lines()
                    .filter(|it| it.starts_with("  2"))
                    .any(|it| it.contains(hidden)),
                "{hidden}"
            );
        }
    }
    Ok(())
}

/// The state of a request, as its applicant sees it.
async fn state(app: &TestApp, id: RequestId) -> Result<String, Failure> {
    Ok(flow::show_request(&app.app, &app.actor("civil.officer")?, id)
        .await?
        .state
        .to_string())
}

#[tokio::test]
async fn a_role_without_right_changes_nothing() -> Result<(), Failure> {
    for (app, resource, agreement) in nodes().await? {
        let other = app.shelve_again("people2.db").await?;
        let request = app.ask(other, &masked()).await?;
        let (before, was) = (entries(&app).await?, state(&app, request).await?);
        let mut it = talk(&app, resource, agreement);
        it.call(app.orgs["police"], "police");
        it.call(request, "request");
        let reason = r#"{"reason":"x"}"#;
        for who in [
            "civil.officer",
            "civil.approver",
            "police.officer",
            "leader",
            "auditor",
            "sysadmin",
        ] {
            it.say(who, &format!("POST /api/v1/agreements/{agreement}/suspend"), reason)
                .await?;
        }
        for who in [
            "civil.officer",
            "civil.approver",
            "police.officer",
            "operator",
            "leader",
            "auditor",
        ] {
            it.say(
                who,
                &format!("POST /api/v1/requests/{request}/grant"),
                r#"{"opinion":"x"}"#,
            )
            .await?;
        }
        expect![[r#"
        civil.officer: POST /api/v1/agreements/‹agreement›/suspend {"reason":"x"}
          403 {"status":403,"code":"denied","detail":"no rule grants manage-agreement; missing: the role security-admin"}
        civil.approver: POST /api/v1/agreements/‹agreement›/suspend {"reason":"x"}
          403 {"status":403,"code":"denied","detail":"no rule grants manage-agreement; missing: the role security-admin or to belong to ‹police›"}
        police.officer: POST /api/v1/agreements/‹agreement›/suspend {"reason":"x"}
          403 {"status":403,"code":"denied","detail":"no rule grants manage-agreement; missing: the role approver or the role security-admin"}
        leader: POST /api/v1/agreements/‹agreement›/suspend {"reason":"x"}
          404 {"status":404,"code":"not-found","detail":"agreement does not exist"}
        auditor: POST /api/v1/agreements/‹agreement›/suspend {"reason":"x"}
          404 {"status":404,"code":"not-found","detail":"agreement does not exist"}
        sysadmin: POST /api/v1/agreements/‹agreement›/suspend {"reason":"x"}
          404 {"status":404,"code":"not-found","detail":"agreement does not exist"}
        civil.officer: POST /api/v1/requests/‹request›/grant {"opinion":"x"}
          403 {"status":403,"code":"denied","detail":"decide-request is forbidden by rule `nobody-decides-the-own-request`: Whoever submitted a request neither checks nor decides it.","rule":"nobody-decides-the-own-request"}
        civil.approver: POST /api/v1/requests/‹request›/grant {"opinion":"x"}
          403 {"status":403,"code":"denied","detail":"no rule grants decide-request; missing: to belong to ‹police›"}
        police.officer: POST /api/v1/requests/‹request›/grant {"opinion":"x"}
          403 {"status":403,"code":"denied","detail":"no rule grants decide-request; missing: the role approver"}
        operator: POST /api/v1/requests/‹request›/grant {"opinion":"x"}
          403 {"status":403,"code":"denied","detail":"no rule grants decide-request; missing: the role approver in ‹police›"}
        leader: POST /api/v1/requests/‹request›/grant {"opinion":"x"}
          404 {"status":404,"code":"not-found","detail":"request does not exist"}
        auditor: POST /api/v1/requests/‹request›/grant {"opinion":"x"}
          404 {"status":404,"code":"not-found","detail":"request does not exist"}
    "#]].assert_eq(&it.text());
        assert_eq!(entries(&app).await?, before, "a refusal leaves no entry");
        assert_eq!(state(&app, request).await?, was);
        let still = app
            .talk("civil.officer", &format!("GET /api/v1/data/{agreement}?limit=1"), "")
            .await?;
        assert!(still.status.is_success(), "{}", still.text);
    }
    Ok(())
}

#[tokio::test]
async fn a_withdrawn_resource_is_not_used_any_more() -> Result<(), Failure> {
    for (app, resource, agreement) in nodes().await? {
        let officer = app.actor("police.officer")?;
        let line = format!("GET /api/v1/data/{agreement}?limit=1");
        assert!(app.talk("civil.officer", &line, "").await?.status.is_success());
        flow::withdraw_resource(&app.app, &officer, resource, "停用").await?;
        let mut it = talk(&app, resource, agreement);
        let page = Page { before: None, limit: 1 };
        let last = flow::list_entries(&app.app, &app.actor("auditor")?, Filter::default(), page).await?;
        let told = &last.all[0];
        assert_eq!(told.entry.kind, "resource-withdrawn");
        assert!(
            told.data.contains(&agreement.to_string()),
            "whom it takes the data from: {}",
            told.data
        );
        let before = entries(&app).await?;
        it.say("civil.officer", &line, "").await?;
        assert_eq!(entries(&app).await?, before, "a refusal leaves no entry");
        expect![[r#"
        civil.officer: GET /api/v1/data/‹agreement›?limit=1
          404 {"status":404,"code":"not-found","detail":"published resource does not exist"}
    "#]]
        .assert_eq(&it.text());
        let asked = app
            .application(
                resource,
                &Deal {
                    modes: &[SharingMode::Interface],
                    ..masked()
                },
            )
            .await;
        assert!(asked.is_err(), "nobody can ask for it");
    }
    Ok(())
}
