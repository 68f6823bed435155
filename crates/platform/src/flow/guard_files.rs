//! Which files a department may use: those of the folders it was given, and no other department's.
//!
//! A file is *held* by the department whose source it is, and by the one a delivery wrote it for; what lies beside it
//! under its name (`people.db-wal`, `people.csv.part`, `.people.csv.jutong`) is held with it. The node's own folder and
//! database are nobody's.

use std::path::{Path, PathBuf};

use db::Tx;
use exchange::{DeliveryState, store::Deliveries};
use vocab::{DeliveryId, OrgId, SinkSpec, SourceKind, SourceSpec};

use crate::{App, Error, error::Fault};

/// What is wrong with a source's file for a department that wants to read it.
///
/// # Errors
/// When the database fails.
pub(crate) async fn guard_source(app: &App, tx: &Tx, org: OrgId, spec: &SourceSpec) -> Result<Option<Fault>, Error> {
    let Some(file) = File::of(spec) else { return Ok(None) };
    if !inside(app, tx, org, &file).await? {
        return Ok(Some(outside()));
    }
    let by_source = sources(tx, |owner| owner != org).await?;
    let by_delivery = deliveries(tx).await?;
    let by_delivery = by_delivery.iter().filter(|it| it.consumer != org);
    let held = by_source.iter().any(|it| file.belongs_to(it))
        || by_delivery
            .filter_map(|it| File::of(&it.sink.target))
            .any(|it| file.belongs_to(&it));
    Ok(held.then(held_by_others))
}

/// What is wrong with a delivery's target for a department: a file that others hold or that is anybody's source, a table
/// or file that another delivery writes. `own` is the delivery itself, where it is defined already.
///
/// # Errors
/// When the database fails.
pub(crate) async fn guard_target(
    app: &App,
    tx: &Tx,
    org: OrgId,
    sink: &SinkSpec,
    own: Option<DeliveryId>,
) -> Result<Vec<Fault>, Error> {
    let mut faults = Vec::new();
    let file = File::of(&sink.target);
    let others = deliveries(tx).await?;
    let others = others.iter().filter(|it| Some(it.id) != own);
    if let Some(file) = &file {
        if !inside(app, tx, org, file).await? {
            faults.push(outside());
        }
        let by_source = sources(tx, |_| true).await?;
        let by_delivery = others.clone().filter(|it| it.consumer != org);
        let by_delivery = by_delivery.filter_map(|it| File::of(&it.sink.target));
        if by_source
            .iter()
            .chain(&by_delivery.collect::<Vec<_>>())
            .any(|it| file.belongs_to(it))
        {
            faults.push(held_by_others());
        }
    }
    let mut writing = others.filter(|it| it.state != DeliveryState::Ended);
    if faults.is_empty() && writing.any(|it| same_target(&it.sink, sink)) {
        let detail = "another delivery writes this table or file";
        faults.push(Fault::new("table", "target-taken", detail));
    }
    Ok(faults)
}

fn outside() -> Fault {
    let detail = "the file is not in a folder that this department may use";
    Fault::new("path", "path-outside", detail)
}

fn held_by_others() -> Fault {
    let detail = "the file is another department's, or already a source";
    Fault::new("path", "path-held", detail)
}

/// A file by its place, links followed, and by its identity where it is there.
#[derive(Debug, Clone, PartialEq, Eq)]
struct File {
    real: PathBuf,
    identity: Option<(u64, u64)>,
}

impl File {
    /// The file of a spec; none for a server.
    fn of(spec: &SourceSpec) -> Option<Self> {
        let by_file = !matches!(spec.kind, SourceKind::Postgres | SourceKind::Mysql);
        by_file.then(|| Self::at(Path::new(spec.option("path").unwrap_or_default())))
    }

    fn at(path: &Path) -> Self {
        let real = path.canonicalize().or_else(|_| {
            let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
            let folder = folder.unwrap_or(Path::new(".")).canonicalize()?;
            Ok::<_, std::io::Error>(folder.join(path.file_name().unwrap_or_default()))
        });
        Self {
            identity: identity(path),
            real: real.unwrap_or_else(|_| path.to_owned()),
        }
    }

    /// Is it the held file, the same under another name, or one that lies beside it under its name?
    fn belongs_to(&self, held: &Self) -> bool {
        if self.real == held.real || (self.identity.is_some() && self.identity == held.identity) {
            return true;
        }
        let name = |it: &Self| it.real.file_name().map(|it| it.to_string_lossy().into_owned());
        let (Some(own), Some(held_name)) = (name(self), name(held)) else {
            return false;
        };
        let rest = own.trim_start_matches('.').strip_prefix(held_name.as_str());
        self.real.parent() == held.real.parent() && rest.is_some_and(|it| it.starts_with(['.', '-']))
    }
}

#[cfg(unix)]
fn identity(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt as _;
    let it = path.metadata().ok()?;
    Some((it.dev(), it.ino()))
}

#[cfg(not(unix))]
fn identity(_: &Path) -> Option<(u64, u64)> {
    None
}

/// Is the file in a folder that the department may use, and not the node's own?
async fn inside(app: &App, tx: &Tx, org: OrgId, file: &File) -> Result<bool, Error> {
    let within = |root: &PathBuf| root.canonicalize().is_ok_and(|it| file.real.starts_with(it));
    let database = app.config.db_url.strip_prefix("sqlite:");
    let database = database.map(|it| File::at(Path::new(it.trim_start_matches("//"))));
    if within(&app.config.data_dir) || database.is_some_and(|it| file.belongs_to(&it)) {
        return Ok(false);
    }
    let code = catalog::store::org(tx, org).await?.code;
    let mut private = app.config.private_roots.iter();
    Ok(match private.find(|(_, roots)| roots.iter().any(within)) {
        Some((owner, _)) => *owner == code,
        None => app.config.file_roots.iter().any(within),
    })
}

/// The files of the sources of some departments.
async fn sources(tx: &Tx, of: impl Fn(OrgId) -> bool) -> Result<Vec<File>, Error> {
    let all = catalog::store::sources(tx, None).await?;
    Ok(all
        .iter()
        .filter(|it| of(it.org))
        .filter_map(|it| File::of(&it.spec))
        .collect())
}

/// Every delivery of the node: what an ended one wrote still stands.
async fn deliveries(tx: &Tx) -> Result<Vec<exchange::Delivery>, Error> {
    const PAGE: u32 = 500;
    let mut all = Vec::new();
    loop {
        let after = all.last().map(|it: &exchange::Delivery| it.id);
        let page = exchange::store::deliveries(tx, Deliveries::default(), after, PAGE).await?;
        let last = page.len() < PAGE as usize;
        all.extend(page);
        if last {
            return Ok(all);
        }
    }
}

/// Do both write the same table or file?
fn same_target(one: &SinkSpec, other: &SinkSpec) -> bool {
    if let (Some(a), Some(b)) = (File::of(&one.target), File::of(&other.target)) {
        let tables = [one, other].map(|it| (it.target.kind == SourceKind::Sqlite).then(|| table(it)));
        let same_file = a.real == b.real || (a.identity.is_some() && a.identity == b.identity);
        return match tables {
            [Some(a), Some(b)] => same_file && a == b,
            _ => a.belongs_to(&b) || b.belongs_to(&a),
        };
    }
    one.target.kind == other.target.kind && place(&one.target) == place(&other.target) && table(one) == table(other)
}

/// A server's database.
fn place(it: &SourceSpec) -> (String, String, String) {
    let host = it.option("host").unwrap_or_default().trim().to_ascii_lowercase();
    let host = match host.as_str() {
        "localhost" | "::1" => "127.0.0.1".to_owned(),
        _ => host,
    };
    let port = it.option("port").map_or("", str::trim);
    let standard = if it.kind == SourceKind::Postgres {
        "5432"
    } else {
        "3306"
    };
    let port = if port.is_empty() { standard } else { port };
    (
        host,
        port.to_owned(),
        it.option("database").unwrap_or_default().trim().to_owned(),
    )
}

/// The table, as the kind of target tells names apart.
fn table(it: &SinkSpec) -> String {
    let name = it.table.trim();
    match it.target.kind {
        SourceKind::Postgres => name.strip_prefix("public.").unwrap_or(name).to_owned(),
        // SQLite does not tell upper from lower case in names; MySQL does or does not, as its server is set up.
        SourceKind::Sqlite | SourceKind::Mysql => name.to_lowercase(),
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn sink(kind: SourceKind, options: &[(&str, &str)], table: &str) -> SinkSpec {
        let target = options
            .iter()
            .fold(SourceSpec::new(kind), |it, (name, value)| it.with(name, *value));
        SinkSpec {
            target,
            table: table.to_owned(),
        }
    }

    #[test]
    fn a_file_is_known_under_every_name() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| File::at(&folder.path().join(name));
        for name in ["people.db", "other.db", "people.dbx"] {
            std::fs::write(folder.path().join(name), name).unwrap();
        }
        std::fs::create_dir(folder.path().join("sub")).unwrap();
        std::fs::hard_link(folder.path().join("people.db"), folder.path().join("hard")).unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(folder.path().join("people.db"), folder.path().join("soft")).unwrap();
        let held = at("people.db");
        for own in [
            "people.db",
            "sub/../people.db",
            "./people.db",
            "hard",
            "soft",
            "people.db-wal",
            "people.db-journal",
            "people.db.part",
            ".people.db.jutong",
            "people.db.run_1.quarantine.jsonl",
        ] {
            assert!(at(own).belongs_to(&held), "{own}");
        }
        for other in ["other.db", "people.dbx", "sub/people.db", "people", "my.people.db"] {
            assert!(!at(other).belongs_to(&held), "{other}");
        }
    }

    #[test]
    fn one_table_is_one_target_however_it_is_written() {
        let server = |host: &str, port: &[(&'static str, &'static str)], table: &str| {
            let mut options = vec![("host", host), ("database", "d"), ("user", "u")];
            options.extend(port);
            sink(SourceKind::Postgres, &options, table)
        };
        let one = server("LOCALHOST", &[], "people");
        assert!(same_target(
            &one,
            &server("127.0.0.1", &[("port", "5432")], " public.people ")
        ));
        assert!(!same_target(&one, &server("127.0.0.1", &[("port", "5433")], "people")));
        assert!(!same_target(&one, &server("127.0.0.1", &[], "s.people")));
        let file = |path: &str, table: &str| sink(SourceKind::Sqlite, &[("path", path)], table);
        assert!(same_target(&file("/tmp/../tmp/a.db", "T"), &file("/tmp/a.db", "t")));
        assert!(!same_target(&file("/tmp/a.db", "t"), &file("/tmp/a.db", "u")));
        let csv = sink(SourceKind::Csv, &[("path", "/tmp/a.db")], "");
        assert!(same_target(&csv, &file("/tmp/a.db", "u")), "a file over a database");
    }
}
