#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
//! The first minute of a node, its people and its ledger, on each database at hand.

use std::sync::Arc;

use catalog::Organisation;
use ledger::{Filter, Page, Trust};
use staff::{Known, NewPerson, Post};
use vocab::{Actor, Level, Role};

use super::{
    Evidence, FirstOrg, FirstPassword, LogFileKind, Proof, TokenWish, change_own_password, change_person, check_log,
    disable_person, found_node, issue_service_token, issue_token, know_actor, list_entries, list_own_sessions,
    list_people, list_tokens, log_keys, make_bundle, publish_log, register_person, reset_password, revoke_token,
    serve_log, set_posts, show_entry, sign_in, switch_org, verify_bundle, watch_node,
};
use crate::{App, Config, Error, rounds::Rounds, work_once};

const GOOD: &str = "Rain-on-7-roofs";

struct Node {
    app: Arc<App>,
    org: Organisation,
    system: Actor,
    auditor: Actor,
    first: String,
    _folder: tempfile::TempDir,
    _fresh: db::testing::Fresh,
}

fn bureau() -> FirstOrg {
    FirstOrg {
        name: "云州市数据局".to_owned(),
        name_en: "Yunzhou Data Bureau".to_owned(),
        code: "91350100M000100Y43".to_owned(),
        division: "350100".to_owned(),
        level: Level::City,
    }
}

async fn nodes() -> Vec<Node> {
    let mut all = Vec::new();
    for fresh in db::testing::each().await.unwrap() {
        let folder = tempfile::tempdir().unwrap();
        let config = Config {
            db_url: fresh.url.clone(),
            data_dir: folder.path().to_owned(),
            node: "云州市".to_owned(),
            origin: "node.example.gov.cn/log".to_owned(),
            division: None,
            local_codes: None,
            limits: engine::Limits::default(),
            local_rules: Vec::new(),
            https: false,
            file_roots: Vec::new(),
            private_roots: std::collections::BTreeMap::new(),
        };
        let now = vocab::time::parse("2026-03-09T01:00:00Z").unwrap();
        let app = App::open_still(config, now).await.unwrap();
        let org = bureau().organisation(now).unwrap();
        let founders = found_node(&app, org.clone()).await.unwrap();
        let actor = async |role: Role| {
            let it = founders.iter().find(|it| it.role == role).unwrap();
            staff::store::person(&app.read().await.unwrap(), it.id)
                .await
                .unwrap()
                .actor(org.id)
        };
        let (system, auditor) = (actor(Role::SystemAdmin).await, actor(Role::Auditor).await);
        let first = founders[0].password.expose_text().unwrap().to_owned();
        all.push(Node {
            app,
            org,
            system,
            auditor,
            first,
            _folder: folder,
            _fresh: fresh,
        });
    }
    all
}

impl Node {
    async fn officer(&self, login: &str, roles: &[Role]) -> Known {
        let posts = roles
            .iter()
            .map(|role| Post {
                org: self.org.id,
                role: *role,
            })
            .collect();
        let new = NewPerson {
            login: login.parse().unwrap(),
            name_zh: "张伟".to_owned(),
            name_en: String::new(),
            org: self.org.id,
            posts,
        };
        register_person(&self.app, &self.system, new, FirstPassword::Kept(GOOD.to_owned()))
            .await
            .unwrap();
        self.known(login, GOOD).await
    }

    async fn known(&self, login: &str, password: &str) -> Known {
        let signed_in = sign_in(&self.app, login, password, "::1").await.unwrap();
        know_actor(&self.app, Proof::Session(signed_in.secret.expose()))
            .await
            .unwrap()
            .unwrap()
    }

    fn wish(&self) -> TokenWish {
        let expires_at = self.app.now() + chrono::TimeDelta::days(30);
        TokenWish {
            name: "reports".to_owned(),
            roles: Vec::new(),
            expires_at,
        }
    }
}

#[tokio::test]
async fn a_node_is_founded_once_by_three_people() {
    for node in nodes().await {
        let again = found_node(&node.app, bureau().organisation(node.app.now()).unwrap()).await;
        assert!(matches!(again, Err(Error::State(_))), "{again:?}");
        let everybody = list_people(&node.app, &node.system, staff::store::Filter::default(), 2)
            .await
            .unwrap();
        assert_eq!(everybody.all.len(), 2);
        assert!(everybody.next.is_some());
        let found = list_entries(
            &node.app,
            &node.auditor,
            Filter::default(),
            Page {
                before: None,
                limit: 10,
            },
        )
        .await
        .unwrap();
        assert_eq!(
            found.all.iter().map(|it| it.entry.kind.as_str()).collect::<Vec<_>>(),
            ["node-founded"]
        );
        assert!(!found.all[0].data.contains(&node.first), "no password in the ledger");
    }
    let wrong = FirstOrg {
        code: "1".to_owned(),
        division: "x".to_owned(),
        name: String::new(),
        ..bureau()
    };
    let now = vocab::time::parse("2026-03-09T01:00:00Z").unwrap();
    assert!(matches!(wrong.organisation(now), Err(Error::Faults(all)) if all.len() == 3));
}

#[tokio::test]
async fn a_first_password_must_be_changed_and_then_opens_a_new_session_alone() {
    for node in nodes().await {
        let app = &node.app;
        let first = sign_in(app, "sysadmin", &node.first, "::1").await.unwrap();
        assert!(first.must_change_password);
        let known = know_actor(app, Proof::Session(first.secret.expose()))
            .await
            .unwrap()
            .unwrap();
        assert!(known.must_change_password);
        let wrong = change_own_password(app, &known, "not-this-1X", GOOD, "::1").await;
        assert!(matches!(wrong, Err(Error::SignIn(_))), "{wrong:?}");
        let weak = change_own_password(app, &known, &node.first, "short", "::1").await;
        assert!(matches!(weak, Err(Error::Staff(staff::Error::Weak(_)))), "{weak:?}");
        let second = change_own_password(app, &known, &node.first, GOOD, "::1")
            .await
            .unwrap();
        assert!(!second.must_change_password);
        assert_eq!(
            know_actor(app, Proof::Session(first.secret.expose())).await.unwrap(),
            None
        );
        assert!(sign_in(app, "sysadmin", &node.first, "::1").await.is_err());
        assert_eq!(list_own_sessions(app, &known.actor).await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn the_three_administrations_stay_apart() {
    for node in nodes().await {
        let app = &node.app;
        let zhang = node.officer("zhang", &[Role::DataOfficer]).await;
        let id = zhang.actor.id;
        let post = |role| Post { org: node.org.id, role };
        let two = set_posts(app, &node.system, id, &[post(Role::SystemAdmin), post(Role::Auditor)]).await;
        assert!(matches!(two, Err(Error::Staff(staff::Error::Separation))), "{two:?}");
        let own = set_posts(app, &node.system, node.system.id, &[]).await;
        assert!(matches!(own, Err(Error::State(_))), "{own:?}");
        for actor in [&zhang.actor, &node.auditor] {
            let refused = change_person(app, actor, id, "李", "", node.org.id).await;
            assert!(matches!(refused, Err(Error::Denied(_))), "{refused:?}");
            let refused = reset_password(app, actor, node.system.id).await;
            assert!(matches!(refused, Err(Error::Denied(_))), "{refused:?}");
        }
        let page = Page {
            before: None,
            limit: 10,
        };
        let refused = list_entries(app, &node.system, Filter::default(), page).await;
        assert!(
            matches!(refused, Err(Error::Denied(_))),
            "a system administrator reads no ledger"
        );
        set_posts(app, &node.system, id, &[post(Role::Approver)]).await.unwrap();
        let nowhere = Post {
            org: vocab::OrgId::new(),
            role: Role::Approver,
        };
        assert!(matches!(
            set_posts(app, &node.system, id, &[nowhere]).await,
            Err(Error::Faults(_))
        ));
        assert!(watch_node(app, &node.system).await.unwrap().figures.is_some());
    }
}

#[tokio::test]
async fn a_token_opens_until_it_is_taken_back_and_makes_no_other_token() {
    for node in nodes().await {
        let app = &node.app;
        let zhang = node.officer("zhang", &[Role::DataOfficer, Role::Approver]).await;
        let wish = TokenWish {
            roles: vec![Role::DataOfficer],
            ..node.wish()
        };
        let (token, secret) = issue_token(app, &zhang, wish).await.unwrap();
        let known = know_actor(app, Proof::Token(secret.expose())).await.unwrap().unwrap();
        assert_eq!(known.actor.roles, [Role::DataOfficer]);
        let child = issue_token(app, &known, node.wish()).await;
        assert!(matches!(child, Err(Error::State(_))), "{child:?}");
        assert!(matches!(
            switch_org(app, &known, node.org.id).await,
            Err(Error::State(_))
        ));
        let too_much = TokenWish {
            roles: vec![Role::Authority],
            ..node.wish()
        };
        assert!(matches!(
            issue_token(app, &zhang, too_much).await,
            Err(Error::Staff(staff::Error::NotHeld(_)))
        ));

        let stranger = revoke_token(app, &node.auditor, token.id).await;
        assert!(
            matches!(stranger, Err(Error::Staff(staff::Error::NotFound(_)))),
            "{stranger:?}"
        );
        revoke_token(app, &zhang.actor, token.id).await.unwrap();
        assert_eq!(
            know_actor(app, Proof::Token(secret.expose())).await.unwrap(),
            None,
            "forgotten at once"
        );
        assert_eq!(list_tokens(app, &zhang.actor).await.unwrap().len(), 1);

        let person = issue_service_token(app, &node.system, zhang.actor.id, node.wish()).await;
        assert!(matches!(person, Err(Error::State(_))), "{person:?}");
        let robot = node.officer("robot", &[Role::Service]).await;
        let (_, secret) = issue_service_token(app, &node.system, robot.actor.id, node.wish())
            .await
            .unwrap();
        assert!(know_actor(app, Proof::Token(secret.expose())).await.unwrap().is_some());
        disable_person(app, &node.system, robot.actor.id).await.unwrap();
        assert_eq!(
            know_actor(app, Proof::Token(secret.expose())).await.unwrap(),
            None,
            "forgotten at once"
        );
    }
}

#[tokio::test]
async fn a_bundle_is_accepted_and_an_altered_one_is_refused() {
    for node in nodes().await {
        let app = &node.app;
        let zhang = node.officer("zhang", &[Role::DataOfficer]).await;
        let evidence = Evidence::Mentions(node.org.id.to_string());
        let bytes = make_bundle(app, &zhang.actor, &evidence).await.unwrap();
        let trust = Trust {
            keys: log_keys(app).iter().take(2).map(|it| it.parse().unwrap()).collect(),
            ..Trust::default()
        };
        let verified = ledger::verify(&bytes, &trust).unwrap();
        assert_eq!(verified.entries.len(), 2);
        assert!(verify_bundle(app, bytes.clone()).await.unwrap().is_ok());
        let altered = String::from_utf8(bytes)
            .unwrap()
            .replacen("person-registered", "person-forgotten!", 1);
        assert!(verify_bundle(app, altered.into_bytes()).await.unwrap().is_err());

        let whole = list_entries(app, &node.auditor, Filter::default(), Page { before: None, limit: 2 })
            .await
            .unwrap();
        let signed_in = whole.all.iter().find(|it| it.entry.kind == "signed-in").unwrap().index;
        assert_eq!(whole.next, Some(1));
        let hidden = show_entry(app, &zhang.actor, signed_in).await;
        assert!(
            matches!(hidden, Err(Error::NotFound("entry"))),
            "it does not name the organisation"
        );
        let hidden = make_bundle(app, &zhang.actor, &Evidence::Entries(vec![signed_in])).await;
        assert!(matches!(hidden, Err(Error::NotFound("entry"))));
        let shown = show_entry(app, &node.auditor, signed_in).await.unwrap();
        let proof = shown.proof.unwrap();
        let suite = seal::Suite::International;
        assert!(ledger::verify_inclusion(
            suite,
            &shown.leaf,
            signed_in,
            proof.size,
            &proof.path,
            &proof.root
        ));
    }
}

#[tokio::test]
async fn the_rounds_publish_what_is_new_and_files_are_served() {
    for node in nodes().await {
        let app = &node.app;
        assert!(matches!(serve_log(app, "checkpoint").await, Err(Error::NotFound(_))));
        Rounds::default().keep(app).await.unwrap();
        while work_once(app, "tester").await.unwrap() {}
        let file = serve_log(app, "checkpoint").await.unwrap();
        assert_eq!(file.kind, LogFileKind::Checkpoint);
        assert!(
            String::from_utf8(file.bytes)
                .unwrap()
                .starts_with("node.example.gov.cn/log\n1\n")
        );
        assert_eq!(serve_log(app, "tile/0/000.p/1").await.unwrap().bytes.len(), 32);
        assert_eq!(
            serve_log(app, "sm3/tile/0/000.p/1").await.unwrap().kind,
            LogFileKind::Tile
        );
        assert!(matches!(
            serve_log(app, "../keys/vault.key").await,
            Err(Error::NotFound(_))
        ));

        assert_eq!(check_log(app, &node.auditor).await.unwrap().fault, None);
        let tx = app.db.write().await.unwrap();
        tx.run(
            "update ledger_entry set subject = subject, data = replace(data, 'node-founded', 'node-forgotte')",
            [],
        )
        .await
        .unwrap();
        tx.commit().await.unwrap();
        assert!(check_log(app, &node.auditor).await.unwrap().fault.is_some());
        assert!(watch_node(app, &node.auditor).await.unwrap().check_failed);
        assert!(
            publish_log(app).await.is_err(),
            "nothing is published over a rewritten ledger"
        );
    }
}

mod stories;
