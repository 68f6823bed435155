//! Stories of sharing, told through the flows on each database at hand: what became of the things, what the ledger keeps,
//! and what waits for whom.

mod agreement;
mod dispute;
mod dry_run;
mod request;
mod rows;
mod sign_in;

use std::sync::Arc;

use catalog::{Content, Sharing};
use chrono::TimeDelta;
use engine::testing::sqlite;
use ledger::{Filter, Page};
use sharing::{Agreement, Application, Basis, Request, Warrant};
use staff::{NewPerson, Post};
use vocab::{
    Actor, GrantedItem, Level, Mask, OrgId, Purpose, ResourceId, Role, RowRule, SharingMode, SourceId, Timestamp,
};

use crate::{
    App, Config, Error,
    flow::{self, FirstOrg, FirstPassword, GrantWish},
};

fn at() -> Timestamp {
    vocab::time::parse("2026-03-09T01:00:00Z").unwrap()
}

fn org(name: &str, code: &str, division: &str) -> catalog::Organisation {
    let code = vocab::codes::CreditCode::with_check("11", "330100", code)
        .unwrap()
        .to_string();
    let first = FirstOrg {
        name: name.to_owned(),
        name_en: name.to_owned(),
        code,
        division: division.to_owned(),
        level: Level::City,
    };
    first.organisation(at()).unwrap()
}

/// A node with an authority, a department that provides (police) and one that uses (civil).
struct Stage {
    app: Arc<App>,
    system: Actor,
    authority: Actor,
    provider: Actor,
    approver: Actor,
    officer: Actor,
    colleague: Actor,
    source: SourceId,
    folder: tempfile::TempDir,
    _fresh: db::testing::Fresh,
}

impl Stage {
    /// One on each database.
    async fn each() -> Vec<Self> {
        Self::each_under(&[]).await
    }

    /// The same under local rules.
    async fn each_under(local: &[(&str, &str)]) -> Vec<Self> {
        let mut all = Vec::new();
        for fresh in db::testing::each().await.unwrap() {
            all.push(Self::set(fresh, local).await);
        }
        all
    }

    async fn set(fresh: db::testing::Fresh, local: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = Config {
            division: Some("330100".to_owned()),
            local_rules: local.iter().map(|it| (it.0.to_owned(), it.1.to_owned())).collect(),
            file_roots: vec![folder.path().to_owned()],
            ..Config::delivered("云州市", fresh.url.clone(), folder.path().join("node"))
        };
        let app = App::open_still(config, at()).await.unwrap();
        let bureau = org("数据局", "00300000", "330100");
        let founders = flow::found_node(&app, bureau.clone()).await.unwrap();
        let system = founders.iter().find(|it| it.role == Role::SystemAdmin).unwrap().id;
        let tx = app.read().await.unwrap();
        let system = staff::store::person(&tx, system).await.unwrap().actor(bureau.id);
        drop(tx);
        let (police, civil) = (org("公安局", "00300001", "330100"), org("民政局", "00300002", "330200"));
        for it in [&police, &civil] {
            let it = catalog::Organisation {
                parent: Some(bureau.id),
                ..it.clone()
            };
            flow::register_org(&app, &system, it).await.unwrap();
        }
        let person = async |login: &str, org: OrgId, role| person(&app, &system, login, org, role).await;
        let provider = person("provider", police.id, Role::DataOfficer).await;
        let spec = sqlite(
            &folder.path().join("source.db"),
            "create table people (id text primary key, name text, area text, data_level integer, is_sealed boolean);
             insert into people values ('0001', '张三', '330100', 1, 0), ('0002', '李四', '330200', 2, 0),
                                       ('0003', '王五', '330200', 3, 0), ('0004', '赵六', '330200', 1, 1)",
        )
        .unwrap();
        let source = flow::connect_source(&app, &provider, "业务库", spec).await.unwrap().id;
        Self {
            authority: person("authority", bureau.id, Role::Authority).await,
            approver: person("approver", police.id, Role::Approver).await,
            officer: person("officer", civil.id, Role::DataOfficer).await,
            colleague: person("colleague", civil.id, Role::DataOfficer).await,
            provider,
            system,
            source,
            app,
            folder,
            _fresh: fresh,
        }
    }

    /// The table on the shelf, published.
    async fn shelf(&self, change: impl FnOnce(&mut Content)) -> ResourceId {
        let (app, provider) = (&self.app, &self.provider);
        let draft = flow::draft_resource(app, provider, self.source, "people", "101001".parse().unwrap())
            .await
            .unwrap();
        let mut content = draft.content.clone();
        "人员".clone_into(&mut content.name);
        "people".clone_into(&mut content.name_en);
        "测试".clone_into(&mut content.summary);
        content.sharing = Sharing::conditional("用于政务服务");
        content.modes = vec![SharingMode::Interface, SharingMode::Batch, SharingMode::File];
        for item in &mut content.items {
            item.mask = Mask::Clear;
            item.key = item.column == "id";
        }
        change(&mut content);
        content.tighten_items();
        let draft = flow::edit_resource(app, provider, draft.id, draft.revision, content)
            .await
            .unwrap();
        flow::declare_not_secret(app, provider, draft.id).await.unwrap();
        flow::submit_resource(app, provider, draft.id).await.unwrap();
        flow::publish_resource(app, &self.authority, draft.id).await.unwrap();
        draft.id
    }

    fn application(&self) -> Application {
        let item = |name: &str, mask| GrantedItem {
            item: name.to_owned(),
            mask,
        };
        Application {
            basis: Basis::Law,
            basis_text: "《政务数据共享条例》第二十条".to_owned(),
            scenario: "核对".to_owned(),
            purpose: Purpose::Service,
            items: vec![
                item("id", Mask::Clear),
                item("name", Mask::Clear),
                item("area", Mask::Clear),
            ],
            rows: RowRule::All,
            modes: vec![SharingMode::Interface, SharingMode::Batch],
            from: self.app.now(),
            until: self.app.now() + TimeDelta::days(300),
            quota_per_day: Some(100),
        }
    }

    /// Asked by the officer.
    async fn asked(&self, resource: ResourceId) -> Request {
        flow::request_data(&self.app, &self.officer, resource, self.application(), Warrant::WHOLE)
            .await
            .unwrap()
    }

    /// Asked, and found in order by the authority.
    async fn accepted(&self, resource: ResourceId) -> Request {
        let it = self.asked(resource).await;
        flow::accept_request(&self.app, &self.authority, it.id, "受理".to_owned())
            .await
            .unwrap()
            .request
    }

    /// Granted as asked.
    async fn agreed(&self, resource: ResourceId) -> Agreement {
        let it = self.accepted(resource).await;
        flow::grant_request(
            &self.app,
            &self.approver,
            it.id,
            GrantWish::default(),
            "同意".to_owned(),
        )
        .await
        .unwrap()
        .agreement
        .unwrap()
    }

    /// The kinds of the ledger's entries about a thing, oldest first.
    async fn ledger(&self, subject: impl ToString) -> String {
        let filter = Filter {
            subject: Some(subject.to_string()),
            ..Filter::default()
        };
        let page = Page {
            before: None,
            limit: 500,
        };
        let found = ledger::find(&self.app.read().await.unwrap(), &filter, page)
            .await
            .unwrap();
        let kinds: Vec<_> = found.iter().rev().map(|it| it.entry.kind.clone()).collect();
        kinds.join(" ")
    }

    /// How long the ledger is.
    async fn size(&self) -> u64 {
        ledger::size(&self.app.read().await.unwrap()).await.unwrap()
    }

    /// What waits for whom, by role.
    async fn tasks(&self) -> String {
        let mut told = Vec::new();
        for (name, actor) in [
            ("authority", &self.authority),
            ("provider", &self.provider),
            ("approver", &self.approver),
            ("officer", &self.officer),
        ] {
            for it in flow::list_tasks(&self.app, actor).await.unwrap() {
                if let flow::Deed::Sharing(kind) = it.deed {
                    told.push(format!("{name}: {kind} {}", it.no));
                }
            }
        }
        told.join("\n")
    }
}

async fn person(app: &App, system: &Actor, login: &str, org: OrgId, role: Role) -> Actor {
    let new = NewPerson {
        login: login.parse().unwrap(),
        name_zh: login.to_owned(),
        name_en: login.to_owned(),
        org,
        posts: vec![Post { org, role }],
    };
    flow::register_person(app, system, new, FirstPassword::Kept("Rain-on-7-roofs".to_owned()))
        .await
        .unwrap();
    let login = login.parse().unwrap();
    staff::store::person_by_login(&app.read().await.unwrap(), &login)
        .await
        .unwrap()
        .actor(org)
}

/// Why it was refused, in one line: faults by field and code, or the sentence.
fn why<T: std::fmt::Debug>(outcome: Result<T, Error>) -> String {
    match outcome.unwrap_err() {
        Error::Faults(all) => {
            let each: Vec<_> = all.iter().map(|it| format!("{}: {}", it.field, it.code)).collect();
            each.join(", ")
        }
        Error::Denied(it) => format!("denied: {}", it.sentence().split("; ").next().unwrap_or_default()),
        other => other.to_string(),
    }
}
