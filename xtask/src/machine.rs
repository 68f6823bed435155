//! What the automation needs on a Debian machine, and how it gets there.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use crate::run::{self, Failed, Result};

/// A Debian package and how to see that it is there already.
struct Need {
    package: &'static str,
    what_for: &'static str,
    is_there: fn() -> bool,
}

const NEEDS: &[Need] = &[
    Need {
        package: "postgresql",
        what_for: "rooms and sources on PostgreSQL",
        is_there: || postgres_bin().is_some(),
    },
    Need {
        package: "mariadb-server",
        what_for: "sources and sinks on MariaDB",
        is_there: || program("mariadbd").is_some(),
    },
    Need {
        package: "chromium",
        what_for: "browser tests",
        is_there: || program("chromium").is_some(),
    },
    Need {
        package: "nodejs",
        what_for: "assets and browser tests",
        is_there: || program("node").is_some(),
    },
    Need {
        package: "npm",
        what_for: "assets and browser tests",
        is_there: || program("npm").is_some(),
    },
    Need {
        package: "python3-venv",
        what_for: "the verifier and the driver from outside",
        is_there: || {
            program("python3")
                .is_some_and(|it| run::output(Command::new(it).args(["-c", "import venv, ensurepip"])).is_ok())
        },
    },
    Need {
        package: "fonts-noto-cjk",
        what_for: "Chinese in screenshots",
        is_there: has_chinese_font,
    },
];

/// Programs from outside that judge what this house makes, from PyPI: a verifier of C2SP logs, and the ADBC driver for
/// Flight SQL.
const OUTSIDE: &[&str] = &["aics-tlog==0.2.1", "adbc-driver-flightsql==1.13.0", "pyarrow==26.0.1"];
/// The oldest Python they run on.
const PYTHON: (u32, u32) = (3, 12);

/// Where the programs from outside are.
pub struct Outside {
    /// The verifier.
    pub aics_tlog: PathBuf,
    /// A Python that knows the ADBC driver.
    pub python: PathBuf,
}

/// Installs the programs from outside into a folder of the cache, once. A machine without a Python that is new enough
/// does without them, and says so.
pub fn outside() -> Result<Option<Outside>> {
    let folder = run::cache_dir().join("outside");
    let (mark, wanted) = (folder.join("installed"), OUTSIDE.join("\n"));
    let found = Outside {
        aics_tlog: folder.join("bin/aics-tlog"),
        python: folder.join("bin/python3"),
    };
    let is_there = found.aics_tlog.is_file() && found.python.is_file();
    if is_there && std::fs::read_to_string(&mark).is_ok_and(|it| it == wanted) {
        return Ok(Some(found));
    }
    let Some(python) = python() else {
        run::complain(&format!(
            "no Python {}.{} or newer on this machine: the verifier and the driver from outside are left out",
            PYTHON.0, PYTHON.1
        ));
        return Ok(None);
    };
    run::succeed(Command::new(&python).args(["-m", "venv", "--clear"]).arg(&folder))?;
    run::succeed(
        Command::new(&found.python)
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
            .args(OUTSIDE),
    )?;
    std::fs::write(mark, wanted)?;
    Ok(Some(found))
}

/// A Python that is new enough: on the path, or one that pyenv keeps.
fn python() -> Option<PathBuf> {
    let named = ["python3.14", "python3.13", "python3.12", "python3"];
    let kept = program("pyenv")
        .and_then(|it| run::output(Command::new(it).arg("root")).ok())
        .and_then(|root| std::fs::read_dir(Path::new(root.trim()).join("versions")).ok());
    let kept = kept
        .into_iter()
        .flatten()
        .filter_map(|it| Some(it.ok()?.path().join("bin/python3")));
    named.into_iter().filter_map(program).chain(kept).find(|it| {
        run::output(Command::new(it).arg("--version"))
            .ok()
            .and_then(|it| version(&it))
            .is_some_and(|it| it >= PYTHON)
    })
}

/// `Python 3.12.1` as (3, 12).
fn version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.trim().strip_prefix("Python ")?.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}
/// What benches need beside.
const FOR_BENCHES: &[Need] = &[
    Need {
        package: "wrk",
        what_for: "load on everything that speaks HTTP",
        is_there: || program("wrk").is_some(),
    },
    Need {
        package: "python3-venv",
        what_for: "peers in Python",
        is_there: has_python,
    },
    Need {
        package: "pgcopydb",
        what_for: "a peer that copies tables",
        is_there: || program("pgcopydb").is_some(),
    },
];

const NATS: Need = Need {
    package: "nats-server",
    what_for: "events between processes",
    is_there: || program("nats-server").is_some(),
};

/// Does any crate speak NATS? Only then is a server needed.
pub fn uses_nats() -> bool {
    std::fs::read_to_string(run::root().join("Cargo.lock")).is_ok_and(|it| it.contains("name = \"async-nats\""))
}

/// Installs what is missing, as root; otherwise says what is missing and what will be left out.
pub fn prepare() -> Result {
    install(&[])
}

/// The same, with what benches need.
pub fn prepare_for_benches() -> Result {
    install(FOR_BENCHES)
}

fn install(more: &'static [Need]) -> Result {
    let nats = uses_nats().then_some(&NATS);
    let all = NEEDS.iter().chain(more).chain(nats);
    let missing: Vec<&Need> = all.filter(|it| !(it.is_there)()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    for need in &missing {
        run::say(&format!("missing: {} ({})", need.package, need.what_for));
    }
    if !is_root() {
        run::complain(
            "not root: nothing is installed, and tests that need the missing programs say so and are left out",
        );
        return Ok(());
    }
    let apt = |args: &[&str]| {
        run::succeed(
            Command::new("apt-get")
                .args(args)
                .env("DEBIAN_FRONTEND", "noninteractive")
                .arg("-qq"),
        )
    };
    apt(&["update"])?;
    let mut install = vec!["install", "--yes", "--no-install-recommends"];
    install.extend(missing.iter().map(|it| it.package));
    apt(&install)?;
    match missing.iter().find(|it| !(it.is_there)()) {
        Some(still) => Err(Failed::new(format!(
            "{} is still missing after its installation",
            still.package
        ))),
        None => Ok(()),
    }
}

/// Finds a program on the path or in the places for servers.
pub fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain([PathBuf::from("/usr/sbin"), PathBuf::from("/usr/local/sbin")])
        .map(|it| it.join(name))
        .find(|it| it.is_file())
}

/// The folder with the programs of the newest PostgreSQL.
pub fn postgres_bin() -> Option<PathBuf> {
    let version = |it: &Path| {
        it.file_name()
            .and_then(|it| it.to_str())
            .and_then(|it| it.parse::<u32>().ok())
    };
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .filter_map(|it| it.ok().map(|it| it.path()))
        .collect();
    versions.sort_by_key(|it| version(it));
    versions
        .into_iter()
        .rev()
        .map(|it| it.join("bin"))
        .find(|it| it.join("initdb").is_file())
}

fn has_chinese_font() -> bool {
    Path::new("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc").is_file()
        || Command::new("fc-list")
            .arg(":lang=zh")
            .output()
            .is_ok_and(|it| it.status.success() && !it.stdout.is_empty())
}

/// Python with what makes virtual environments.
fn has_python() -> bool {
    Command::new("python3")
        .args(["-c", "import ensurepip, venv"])
        .output()
        .is_ok_and(|it| it.status.success())
}

/// Are we root?
pub fn is_root() -> bool {
    run::output(Command::new("id").arg("-u")).is_ok_and(|it| it.trim() == "0")
}

/// The user and group numbers of an account of this machine.
pub fn account(name: &str) -> Option<(u32, u32)> {
    let accounts = std::fs::read_to_string("/etc/passwd").ok()?;
    let line = accounts.lines().find(|it| it.split(':').next() == Some(name))?;
    let mut fields = line.split(':').skip(2);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pythons_are_compared_by_their_numbers() {
        assert_eq!(version("Python 3.12.1\n"), Some((3, 12)));
        assert!(version("Python 3.9.18") < Some(PYTHON));
        assert_eq!(version("Segmentation fault"), None);
    }
}
