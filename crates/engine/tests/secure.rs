//! Secure channels to MySQL and MariaDB, against a server of the test's own with a certificate of its own. Left out where
//! there is no MariaDB or no openssl.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout
)]

use std::{
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use engine::{Cause, Engine, Limits};
use mysql_async::prelude::Queryable;
use vocab::{SourceKind, SourceSpec};

struct Server {
    child: Child,
    port: u16,
    folder: tempfile::TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn openssl(folder: &Path, arguments: &str) -> Option<()> {
    let done = Command::new("openssl")
        .args(arguments.split(' '))
        .current_dir(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    done.ok()?.success().then_some(())
}

/// An authority and a certificate for 127.0.0.1 that it vouches for.
fn certificates(folder: &Path) -> Option<()> {
    std::fs::write(folder.join("names"), "subjectAltName=IP:127.0.0.1,DNS:localhost\n").unwrap();
    let new = "req -newkey rsa:2048 -nodes";
    openssl(
        folder,
        &format!("{new} -x509 -days 2 -subj /CN=authority -keyout ca.key -out ca.pem"),
    )?;
    openssl(
        folder,
        &format!("{new} -subj /CN=127.0.0.1 -keyout server.key -out server.csr"),
    )?;
    let sign = "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names";
    openssl(folder, &format!("{sign} -out server.pem"))?;
    openssl(
        folder,
        &format!("{new} -x509 -days 2 -subj /CN=stranger -keyout other.key -out other.pem"),
    )
}

fn server() -> Option<Server> {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    certificates(folder.path())?;
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let owner = std::env::var("USER").unwrap_or_else(|_| "root".to_owned());
    let installed = Command::new("mariadb-install-db")
        .args([
            "--no-defaults",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
        ])
        .arg(format!("--datadir={}", at("data")))
        .arg(format!("--user={owner}"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    installed.ok()?.success().then_some(())?;
    let program = ["mariadbd", "/usr/sbin/mariadbd"].into_iter().find(|it| {
        let version = Command::new(it).arg("--version").stdout(Stdio::null()).status();
        version.is_ok_and(|it| it.success())
    })?;
    let child = Command::new(program)
        .arg("--no-defaults")
        .args([
            "--bind-address=127.0.0.1",
            "--skip-name-resolve",
            "--innodb-buffer-pool-size=16M",
        ])
        .arg(format!("--user={owner}"))
        .arg(format!("--port={port}"))
        .arg(format!("--datadir={}", at("data")))
        .arg(format!("--socket={}", at("s.sock")))
        .arg(format!("--pid-file={}", at("s.pid")))
        .arg(format!("--ssl-ca={}", at("ca.pem")))
        .arg(format!("--ssl-cert={}", at("server.pem")))
        .arg(format!("--ssl-key={}", at("server.key")))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    Some(Server { child, port, folder })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mysql_is_reached_through_a_secure_channel() {
    let Some(server) = server() else {
        println!("SKIPPED: there is no MariaDB or no openssl");
        return;
    };
    let spec = |mode: &str, roots: &str| {
        SourceSpec::new(SourceKind::Mysql)
            .with("host", "127.0.0.1")
            .with("port", server.port.to_string())
            .with("database", "mysql")
            .with("user", "root")
            .with("sslmode", mode)
            .with("sslrootcert", server.folder.path().join(roots).to_string_lossy())
    };
    let engine = Engine::new(Limits::default());
    let begin = Instant::now();
    while let Err(error) = engine.test(&spec("disable", "ca.pem")).await {
        assert!(
            begin.elapsed() < Duration::from_secs(60),
            "the server does not come up: {error}"
        );
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let opts = mysql_async::OptsBuilder::default()
        .ip_or_hostname("127.0.0.1")
        .tcp_port(server.port);
    let mut admin = mysql_async::Conn::new(opts.user(Some("root"))).await.unwrap();
    // Who does not come through a secure channel does not come in.
    admin
        .query_drop("CREATE USER 'only'@'%' IDENTIFIED BY 'x' REQUIRE SSL")
        .await
        .unwrap();
    admin.query_drop("GRANT SELECT ON mysql.* TO 'only'@'%'").await.unwrap();
    let only = |mode: &str, roots: &str| {
        let mut spec = spec(mode, roots).with("user", "only");
        spec.secret = Some("x".to_owned());
        spec
    };
    assert_eq!(
        engine.test(&only("disable", "ca.pem")).await.unwrap_err().cause(),
        Some(Cause::Auth)
    );
    for mode in ["prefer", "require", "verify-ca", "verify-full"] {
        let tested = engine.test(&only(mode, "ca.pem")).await;
        assert!(tested.is_ok(), "{mode}: {tested:?}");
    }
    let stranger = engine.test(&only("verify-ca", "other.pem")).await.unwrap_err();
    assert_eq!(stranger.cause(), Some(Cause::Tls), "{stranger}");
    let nothing = engine.test(&only("verify-ca", "names")).await.unwrap_err();
    assert_eq!(nothing.cause(), Some(Cause::Tls), "{nothing}");
    let unknown = engine.test(&only("perhaps", "ca.pem")).await.unwrap_err();
    assert_eq!(unknown.cause(), Some(Cause::Options), "{unknown}");
    // What reads through the channel reads what is there, and a delivery's target is reached the same way.
    let tables = engine.tables(&only("require", "ca.pem")).await.unwrap();
    assert!(tables.iter().any(|it| it.name == "user" || it.name == "global_priv"));
}

#[tokio::test]
async fn a_server_without_a_secure_channel_is_told_apart() {
    let Ok(url) = std::env::var("JUTONG_TEST_MYSQL") else {
        println!("SKIPPED: JUTONG_TEST_MYSQL is not set");
        return;
    };
    let opts = mysql_async::Opts::from_url(&url).unwrap();
    let mut conn = mysql_async::Conn::new(opts.clone()).await.unwrap();
    let has: Option<String> = conn.query_first("SELECT @@have_ssl").await.unwrap();
    if has.as_deref() == Some("YES") {
        println!("SKIPPED: the server has a secure channel");
        return;
    }
    let mut spec = SourceSpec::new(SourceKind::Mysql)
        .with("host", opts.ip_or_hostname())
        .with("port", opts.tcp_port().to_string())
        .with("database", opts.db_name().unwrap())
        .with("user", opts.user().unwrap());
    spec.secret = opts.pass().map(str::to_owned);
    let engine = Engine::new(Limits::default());
    assert!(engine.test(&spec.clone().with("sslmode", "prefer")).await.is_ok());
    let required = engine.test(&spec.with("sslmode", "require")).await.unwrap_err();
    assert_eq!(required.cause(), Some(Cause::Tls), "{required}");
}
