//! The whole platform alive for a test: its own folder, its own database, its own ports, real HTTP.
//!
//! [`TestApp::start`] founds a node with an authority and two departments, each with people whose tokens are at hand.
//! Real servers are used where the environment names them (`JUTONG_TEST_POSTGRES`, `JUTONG_TEST_MYSQL`); a test that
//! needs one says loudly when it is skipped.

pub use platform;

pub mod servers;
pub mod story;
pub mod talk;

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use platform::{
    App, Config, Work,
    catalog::Organisation,
    engine::Limits,
    flow::{self, FirstPassword, Proof, TokenWish},
    staff::{Known, NewPerson, Post},
    vocab::{
        Actor, OrgId, Role, Timestamp,
        codes::CreditCode,
        org::{Level, OrgKind},
    },
};
use tokio::{net::TcpListener, sync::watch};

/// Anything that goes wrong in a test.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The password of everybody in a test.
pub const PASSWORD: &str = "Correct-Horse-2026!";

/// One person of the test's node.
#[derive(Debug, Clone)]
pub struct Member {
    /// As the flows know them.
    pub actor: Actor,
    /// Their bearer token.
    pub token: String,
}

/// A running node.
pub struct TestApp {
    /// For flows.
    pub app: Arc<App>,
    /// `http://127.0.0.1:port`.
    pub base: String,
    /// The Flight SQL door.
    pub flight: SocketAddr,
    /// A folder for files; the node may read and write here.
    pub files: PathBuf,
    /// Who works here, by sign-in name.
    pub people: BTreeMap<String, Member>,
    /// The departments: `police` provides, `civil` uses.
    pub orgs: BTreeMap<&'static str, OrgId>,
    /// The database's URL, to open it again.
    pub db_url: String,
    stop: watch::Sender<bool>,
    folder: tempfile::TempDir,
}

impl TestApp {
    /// A node on SQLite.
    ///
    /// # Errors
    /// When it cannot be started.
    pub async fn start() -> Result<Self, Failure> {
        let folder = tempfile::tempdir()?;
        let url = format!("sqlite:{}", folder.path().join("node/jutong.db").display());
        Self::begin(folder, url, None).await
    }

    /// A node on every database at hand: SQLite always, PostgreSQL where `JUTONG_TEST_POSTGRES` names a server.
    ///
    /// # Errors
    /// When one cannot be started.
    pub async fn each() -> Result<Vec<Self>, Failure> {
        Self::on_each(None).await
    }

    /// The same with a clock that stands still at `now` until [`App::set_now`] moves it.
    ///
    /// # Errors
    /// As [`TestApp::each`].
    pub async fn each_still(now: Timestamp) -> Result<Vec<Self>, Failure> {
        Self::on_each(Some(now)).await
    }

    async fn on_each(still: Option<Timestamp>) -> Result<Vec<Self>, Failure> {
        let folder = tempfile::tempdir()?;
        let url = format!("sqlite:{}", folder.path().join("node/jutong.db").display());
        let mut all = vec![Self::begin(folder, url, still).await?];
        match db::testing::postgres().await? {
            Some(fresh) => all.push(Self::begin(tempfile::tempdir()?, fresh.url.clone(), still).await?),
            None => servers::skipped("JUTONG_TEST_POSTGRES", "this test runs on SQLite alone"),
        }
        Ok(all)
    }

    async fn begin(folder: tempfile::TempDir, db_url: String, still: Option<Timestamp>) -> Result<Self, Failure> {
        let files = folder.path().join("files");
        std::fs::create_dir_all(&files)?;
        let config = config(folder.path(), &db_url);
        let app = match still {
            Some(now) => App::open_still(config, now).await?,
            None => App::open(config).await?,
        };
        let web = TcpListener::bind("127.0.0.1:0").await?;
        let wire = TcpListener::bind("127.0.0.1:0").await?;
        let (base, flight) = (format!("http://{}", web.local_addr()?), wire.local_addr()?);
        let (stop, heard) = watch::channel(false);
        let until = move || {
            let mut heard = heard.clone();
            async move { drop(heard.wait_for(|it| *it).await) }
        };
        tokio::spawn(web::serve(Arc::clone(&app), web, until()));
        tokio::spawn(wire::serve_on(Arc::clone(&app), wire, None, until()));
        let mut it = Self {
            app,
            base,
            flight,
            files,
            people: BTreeMap::new(),
            orgs: BTreeMap::new(),
            db_url,
            stop,
            folder,
        };
        it.found().await?;
        Ok(it)
    }

    /// Authority, two departments, and who works there.
    async fn found(&mut self) -> Result<(), Failure> {
        let authority = organisation(
            "云州市数据局",
            "Yunzhou Data Administration",
            "00200000",
            None,
            OrgKind::Authority,
        )?;
        let root = authority.id;
        for founder in flow::found_node(&self.app, authority).await? {
            let first = founder.password.expose_text().unwrap_or_default().to_owned();
            self.enter(&founder.login.to_string(), &first).await?;
        }
        self.person("operator", root, &[Role::Authority]).await?;
        self.person("leader", root, &[Role::Leader]).await?;
        for (short, name, code) in [
            ("police", "云州市公安局", "00200001"),
            ("civil", "云州市民政局", "00200002"),
        ] {
            let org = organisation(name, short, code, Some(root), OrgKind::Department)?;
            let id = org.id;
            flow::register_org(&self.app, &self.actor("sysadmin")?, org).await?;
            self.orgs.insert(short, id);
            self.person(&format!("{short}.officer"), id, &[Role::DataOfficer])
                .await?;
            self.person(&format!("{short}.approver"), id, &[Role::Approver]).await?;
        }
        Ok(())
    }

    async fn person(&mut self, login: &str, org: OrgId, roles: &[Role]) -> Result<(), Failure> {
        let person = NewPerson {
            login: login.parse()?,
            name_zh: login.to_owned(),
            name_en: login.to_owned(),
            org,
            posts: roles.iter().map(|role| Post { org, role: *role }).collect(),
        };
        let admin = self.actor("sysadmin")?;
        flow::register_person(&self.app, &admin, person, FirstPassword::Kept(PASSWORD.to_owned())).await?;
        self.enter(login, PASSWORD).await
    }

    /// Signs in, sets the test's password, issues a token.
    async fn enter(&mut self, login: &str, first: &str) -> Result<(), Failure> {
        let mut signed_in = flow::sign_in(&self.app, login, first, "test").await?;
        if signed_in.must_change_password {
            let known = self.known(signed_in.secret.expose()).await?;
            signed_in = flow::change_own_password(&self.app, &known, first, PASSWORD, "test").await?;
        }
        let known = self.known(signed_in.secret.expose()).await?;
        let expires_at = self.app.now() + chrono::TimeDelta::days(30);
        let wish = TokenWish {
            name: "test".to_owned(),
            roles: Vec::new(),
            expires_at,
        };
        let (_, secret) = flow::issue_token(&self.app, &known, wish).await?;
        let token = secret.expose().to_owned();
        self.people.insert(
            login.to_owned(),
            Member {
                actor: known.actor,
                token,
            },
        );
        Ok(())
    }

    async fn known(&self, session: &str) -> Result<Known, Failure> {
        Ok(flow::know_actor(&self.app, Proof::Session(session))
            .await?
            .ok_or("the session opens nothing")?)
    }

    /// Somebody of the node, for flows.
    ///
    /// # Errors
    /// When nobody is called so.
    pub fn actor(&self, login: &str) -> Result<Actor, Failure> {
        Ok(self
            .people
            .get(login)
            .ok_or_else(|| format!("nobody is called {login}"))?
            .actor
            .clone())
    }

    /// Does every job that is due, until none is left; how many.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn work(&self) -> Result<u64, Failure> {
        let mut done = 0;
        while platform::work_once(&self.app, "test").await? {
            done += 1;
        }
        Ok(done)
    }

    /// A worker in the background, until the test ends.
    pub fn spawn_worker(&self) {
        let mut heard = self.stop.subscribe();
        let work = Work {
            name: "background".to_owned(),
            idle: std::time::Duration::from_millis(50),
        };
        tokio::spawn(work.run(
            Arc::clone(&self.app),
            async move { drop(heard.wait_for(|it| *it).await) },
        ));
    }

    /// The node's folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

/// How a node in a folder is configured; another process may open the same one.
#[must_use]
pub fn config(folder: &Path, db_url: &str) -> Config {
    Config {
        db_url: db_url.to_owned(),
        data_dir: folder.join("node"),
        node: "云州市".to_owned(),
        origin: "test.example/log".to_owned(),
        division: Some("330100".to_owned()),
        local_codes: "{division}-{category}-{seq:4}".parse().ok(),
        limits: Limits::default(),
        local_rules: Vec::new(),
        https: false,
        file_roots: vec![folder.join("files")],
        private_roots: BTreeMap::new(),
    }
}

fn organisation(
    name: &str,
    name_en: &str,
    code: &str,
    parent: Option<OrgId>,
    kind: OrgKind,
) -> Result<Organisation, Failure> {
    Ok(Organisation {
        id: OrgId::new(),
        revision: 0,
        code: CreditCode::with_check("11", "330100", code)?.to_string(),
        name: name.to_owned(),
        name_en: name_en.to_owned(),
        short_name: name_en.to_owned(),
        parent,
        level: Level::City,
        division: "330100".to_owned(),
        kind,
        created_at: chrono::Utc::now(),
    })
}
