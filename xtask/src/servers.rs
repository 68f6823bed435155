//! The automation's own database servers: on free ports, in a temporary folder, stopped when dropped.

use std::{
    io::Read as _,
    net::{TcpListener, TcpStream},
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use crate::{
    machine,
    run::{self, Failed, Result},
};

/// How long a server may take to answer, and to stop.
const PATIENCE: Duration = Duration::from_secs(60);

/// How much the servers may lose when the machine stops.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Durable {
    /// As in production: for measuring.
    Yes,
    /// Nothing is flushed: for tests.
    No,
}

/// The servers that run, and how tests find them.
pub struct Servers {
    folder: PathBuf,
    running: Vec<Running>,
    /// Names and values for the environment of tests and benches.
    pub env: Vec<(&'static str, String)>,
}

struct Running {
    name: &'static str,
    child: Child,
    /// The signal on which it stops without waiting for its clients.
    signal: &'static str,
}

impl Servers {
    /// Starts every server whose programs are there; says which are not.
    pub fn start(durable: Durable) -> Result<Self> {
        let folder = std::env::temp_dir().join(format!("jutong-servers-{}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        let mut all = Self {
            folder,
            running: Vec::new(),
            env: Vec::new(),
        };
        match machine::postgres_bin() {
            Some(bin) => all.postgres(&bin, durable)?,
            None => run::complain("no PostgreSQL on this machine: what needs it is left out"),
        }
        match (machine::program("mariadbd"), machine::program("mariadb-install-db")) {
            (Some(server), Some(install)) => all.mariadb(&server, &install, durable)?,
            _ => run::complain("no MariaDB on this machine: what needs it is left out"),
        }
        if machine::uses_nats()
            && let Some(server) = machine::program("nats-server")
        {
            all.nats(&server)?;
        }
        for (name, value) in &all.env {
            run::say(&format!("{name}={value}"));
        }
        Ok(all)
    }

    fn postgres(&mut self, bin: &Path, durable: Durable) -> Result {
        let (folder, owner) = self.folder_of("postgres")?;
        let data = folder.join("data");
        let init = [
            "--no-sync",
            "--auth=trust",
            "--username=postgres",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--pgdata",
        ];
        run::output(
            as_user(&mut Command::new(bin.join("initdb")), owner)
                .args(init)
                .arg(&data),
        )?;
        let port = free_port()?;
        let mut command = Command::new(bin.join("postgres"));
        command
            .arg("-D")
            .arg(&data)
            .args(["-p", &port.to_string(), "-k"])
            .arg(&folder);
        let mut settings = vec!["listen_addresses=127.0.0.1", "max_connections=400", "wal_level=logical"];
        if durable == Durable::No {
            settings.extend(["fsync=off", "full_page_writes=off", "synchronous_commit=off"]);
        }
        for setting in settings {
            command.args(["-c", setting]);
        }
        self.spawn("postgres", "INT", as_user(&mut command, owner))?;
        self.wait("postgres", || {
            let ready = Command::new(bin.join("pg_isready"))
                .args(["-q", "-h", "127.0.0.1", "-p", &port.to_string()])
                .status();
            ready.is_ok_and(|it| it.success())
        })?;
        self.env.push((
            "JUTONG_TEST_POSTGRES",
            format!("postgres://postgres@127.0.0.1:{port}/postgres"),
        ));
        Ok(())
    }

    fn mariadb(&mut self, server: &Path, install: &Path, durable: Durable) -> Result {
        let (folder, owner) = self.folder_of("mysql")?;
        let data = folder.join("data");
        let datadir = format!("--datadir={}", data.display());
        let init = [
            "--no-defaults",
            "--skip-test-db",
            "--auth-root-authentication-method=normal",
        ];
        run::output(as_user(&mut Command::new(install), owner).args(init).arg(&datadir))?;
        let first = folder.join("first.sql");
        std::fs::write(
            &first,
            "create database if not exists test character set utf8mb4;
             create user if not exists 'root'@'127.0.0.1' identified by '';
             grant all privileges on *.* to 'root'@'127.0.0.1' with grant option;\n",
        )?;
        let port = free_port()?;
        let mut command = Command::new(server);
        command.args([
            "--no-defaults",
            "--bind-address=127.0.0.1",
            "--skip-name-resolve",
            "--local-infile=1",
        ]);
        command.args([
            "--character-set-server=utf8mb4",
            "--collation-server=utf8mb4_bin",
            "--max-connections=300",
        ]);
        command
            .arg(&datadir)
            .arg(format!("--port={port}"))
            .arg(format!("--init-file={}", first.display()));
        command.arg(format!("--socket={}", folder.join("mariadb.sock").display()));
        command.arg(format!("--pid-file={}", folder.join("mariadb.pid").display()));
        if durable == Durable::No {
            command.arg("--innodb-flush-log-at-trx-commit=0");
        }
        self.spawn("mysql", "TERM", as_user(&mut command, owner))?;
        self.wait("mysql", || greets(port))?;
        self.env
            .push(("JUTONG_TEST_MYSQL", format!("mysql://root@127.0.0.1:{port}/test")));
        Ok(())
    }

    fn nats(&mut self, server: &Path) -> Result {
        let folder = self.folder.join("nats");
        std::fs::create_dir_all(&folder)?;
        let port = free_port()?;
        let mut command = Command::new(server);
        command
            .args(["-a", "127.0.0.1", "-p", &port.to_string(), "-js", "-sd"])
            .arg(&folder);
        self.spawn("nats", "TERM", &mut command)?;
        self.wait("nats", || greets(port))?;
        self.env.push(("JUTONG_TEST_NATS", format!("nats://127.0.0.1:{port}")));
        Ok(())
    }

    /// A folder for a server, owned by its account when we are root (PostgreSQL refuses to be root).
    fn folder_of(&self, account: &str) -> Result<(PathBuf, Option<(u32, u32)>)> {
        let folder = self.folder.join(account);
        std::fs::create_dir_all(&folder)?;
        if !machine::is_root() {
            return Ok((folder, None));
        }
        let owner = machine::account(account)
            .ok_or_else(|| Failed::new(format!("this machine has no account `{account}` for its server")))?;
        std::os::unix::fs::chown(&folder, Some(owner.0), Some(owner.1))?;
        Ok((folder, Some(owner)))
    }

    fn spawn(&mut self, name: &'static str, signal: &'static str, command: &mut Command) -> Result {
        let log = std::fs::File::create(self.log(name))?;
        command
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        let child = command
            .spawn()
            .map_err(|it| Failed::new(format!("{name} does not start: {it}")))?;
        self.running.push(Running { name, child, signal });
        Ok(())
    }

    fn log(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.log"))
    }

    fn wait(&mut self, name: &str, ready: impl Fn() -> bool) -> Result {
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            if ready() {
                return Ok(());
            }
            let ended = self
                .running
                .last_mut()
                .and_then(|it| it.child.try_wait().ok().flatten());
            if ended.is_some() {
                break;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        let log = std::fs::read_to_string(self.log(name)).unwrap_or_default();
        Err(Failed::new(format!("{name} does not answer; its last words:\n{log}")))
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        for it in &mut self.running {
            it.stop();
        }
        if let Err(error) = std::fs::remove_dir_all(&self.folder) {
            run::complain(&format!("{} stays behind: {error}", self.folder.display()));
        }
    }
}

impl Running {
    /// Asks the server to stop, by its own process number, and ends it when it does not.
    fn stop(&mut self) {
        let pid = self.child.id().to_string();
        let asked = Command::new("kill")
            .args(["-s", self.signal, &pid])
            .status()
            .is_ok_and(|it| it.success());
        let start = Instant::now();
        while asked && start.elapsed() < PATIENCE {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        run::complain(&format!("{} does not stop, it is ended", self.name));
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn as_user(command: &mut Command, owner: Option<(u32, u32)>) -> &mut Command {
    if let Some((uid, gid)) = owner {
        command.uid(uid).gid(gid).env("HOME", "/nonexistent").current_dir("/");
    }
    command
}

/// A port nobody uses at this moment.
fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// Does a server there say the first word, as MariaDB and NATS do?
fn greets(port: u16) -> bool {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else {
        return false;
    };
    stream.set_read_timeout(Some(Duration::from_secs(2))).is_ok() && stream.read(&mut [0; 1]).is_ok_and(|it| it == 1)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn servers_answer_and_leave_nothing_behind() {
        let servers = Servers::start(Durable::No).unwrap();
        let folder = servers.folder.clone();
        let pids: Vec<u32> = servers.running.iter().map(|it| it.child.id()).collect();
        let url = |name: &str| servers.env.iter().find(|it| it.0 == name).map(|it| it.1.clone());
        if let Some(url) = url("JUTONG_TEST_POSTGRES") {
            let asked = run::output(Command::new("psql").args([&url, "-Atc", "show server_encoding"]));
            assert_eq!(asked.unwrap().trim(), "UTF8");
        }
        if let Some(url) = url("JUTONG_TEST_MYSQL") {
            let port = url
                .rsplit(':')
                .next()
                .and_then(|it| it.split('/').next())
                .unwrap()
                .to_owned();
            let mut ask = Command::new("mariadb");
            ask.args([
                "--no-defaults",
                "-h",
                "127.0.0.1",
                "-P",
                &port,
                "-u",
                "root",
                "test",
                "-Ne",
                "select @@character_set_database",
            ]);
            assert_eq!(run::output(&mut ask).unwrap().trim(), "utf8mb4");
        }
        drop(servers);
        assert!(!folder.exists());
        for pid in pids {
            assert!(!Path::new(&format!("/proc/{pid}")).exists(), "{pid} still runs");
        }
    }
}
