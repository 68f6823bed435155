//! A database of its own for each bureau in a server that the caller names, and the way there for the node.

use platform::vocab::{SourceKind, SourceSpec};
use tokio_postgres::config::Host;

use super::table::Failure;

/// `demo` of the caller and the bureau: `demo_police`. Letters, digits and `_` only, so that it needs no quoting.
fn own(database: Option<&str>, bureau: &str) -> String {
    let base = database.filter(|it| !it.is_empty()).unwrap_or("jutong");
    let text = format!("{base}_{bureau}").to_lowercase();
    text.chars()
        .map(|it| if it.is_ascii_alphanumeric() { it } else { '_' })
        .collect()
}

fn spec(kind: SourceKind, host: &str, port: u16, database: &str, user: &str, password: Option<String>) -> SourceSpec {
    let mut spec = SourceSpec::new(kind)
        .with("host", host)
        .with("port", port.to_string())
        .with("database", database)
        .with("user", user);
    spec.secret = password.filter(|it| !it.is_empty());
    spec
}

/// Reads `postgres://user:password@host:port/database`; the database of a bureau beside it, and the way there.
fn postgres(url: &str, bureau: &str) -> Result<(tokio_postgres::Config, tokio_postgres::Config, SourceSpec), Failure> {
    let mut server: tokio_postgres::Config = url.parse()?;
    if server.get_user().is_none() {
        server.user("postgres");
    }
    let host = match server.get_hosts().first() {
        Some(Host::Tcp(host)) => host.clone(),
        _ => return Err("the URL of --postgres names no host".into()),
    };
    let port = server.get_ports().first().copied().unwrap_or(5432);
    let database = own(server.get_dbname(), bureau);
    let user = server.get_user().unwrap_or("postgres").to_owned();
    let password = server.get_password().map(|it| String::from_utf8_lossy(it).into_owned());
    let mut there = server.clone();
    there.dbname(&database);
    let spec = spec(SourceKind::Postgres, &host, port, &database, &user, password);
    Ok((server, there, spec))
}

/// Makes the bureau's database anew in a PostgreSQL server.
pub(super) async fn own_postgres(url: &str, bureau: &str) -> Result<(tokio_postgres::Config, SourceSpec), Failure> {
    let (mut server, there, spec) = postgres(url, bureau)?;
    if server.get_dbname().is_none() {
        server.dbname("postgres");
    }
    let database = spec.option("database").unwrap_or_default().to_owned();
    let (client, connection) = server.connect(tokio_postgres::NoTls).await?;
    let driver = tokio::spawn(connection);
    // One statement a time: neither may stand in a transaction.
    client
        .batch_execute(&format!("drop database if exists {database} with (force)"))
        .await?;
    client
        .batch_execute(&format!(
            "create database {database} encoding 'UTF8' template template0"
        ))
        .await?;
    drop(client);
    driver.await??;
    Ok((there, spec))
}

/// Reads `mysql://user:password@host:port/database`; the database of a bureau beside it, and the way there.
fn mysql(url: &str, bureau: &str) -> Result<(mysql_async::Opts, mysql_async::Opts, SourceSpec), Failure> {
    let server = mysql_async::Opts::from_url(url)?;
    let database = own(server.db_name(), bureau);
    let there = mysql_async::OptsBuilder::from_opts(server.clone()).db_name(Some(&database));
    let spec = spec(
        SourceKind::Mysql,
        server.ip_or_hostname(),
        server.tcp_port(),
        &database,
        server.user().unwrap_or("root"),
        server.pass().map(str::to_owned),
    );
    Ok((server, there.into(), spec))
}

/// Makes the bureau's database anew in a MySQL or MariaDB server.
pub(super) async fn own_mysql(url: &str, bureau: &str) -> Result<(mysql_async::Opts, SourceSpec), Failure> {
    use mysql_async::prelude::Queryable as _;
    let (server, there, spec) = mysql(url, bureau)?;
    let database = spec.option("database").unwrap_or_default().to_owned();
    // Without a database: the one of the URL need not be there.
    let bare = mysql_async::OptsBuilder::from_opts(server).db_name(None::<String>);
    let mut connection = mysql_async::Conn::new(bare).await?;
    connection
        .query_drop(format!("drop database if exists {database}"))
        .await?;
    connection
        .query_drop(format!("create database {database} default character set utf8mb4"))
        .await?;
    connection.disconnect().await?;
    Ok((there, spec))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn told(it: &SourceSpec) -> Vec<&str> {
        let option = |name| it.option(name).unwrap_or_default();
        let mut all = vec![option("host"), option("port"), option("user"), option("database")];
        all.push(it.secret.as_deref().unwrap_or_default());
        all
    }

    #[test]
    fn each_bureau_has_a_database_of_its_own() {
        let (_, there, spec) = postgres("postgres://de%40mo:p%2Fw%3A@db.example:6432/Demo", "police").unwrap();
        assert_eq!(told(&spec), ["db.example", "6432", "de@mo", "demo_police", "p/w:"]);
        assert_eq!(there.get_dbname(), Some("demo_police"));
        let (.., other) = postgres("postgres://127.0.0.1/demo", "insurance").unwrap();
        assert_eq!(told(&other), ["127.0.0.1", "5432", "postgres", "demo_insurance", ""]);
        let (_, there, spec) = mysql("mysql://r%40t:a%20b@127.0.0.1:3307/x-y", "market").unwrap();
        assert_eq!(told(&spec), ["127.0.0.1", "3307", "r@t", "x_y_market", "a b"]);
        assert_eq!(there.db_name(), Some("x_y_market"));
        let (.., bare) = mysql("mysql://127.0.0.1/x", "housing").unwrap();
        assert_eq!(told(&bare), ["127.0.0.1", "3306", "root", "x_housing", ""]);
        assert!(postgres("nothing", "police").is_err() && mysql("nothing", "market").is_err());
    }
}
