//! The bureaus' own databases: SQLite files, or tables in servers where URLs are given.

use std::path::{Path, PathBuf};

use platform::vocab::{SourceKind, SourceSpec};

use super::{
    city::{self, City, Size},
    servers,
    table::{Column, Failure, Row, Table, into_csv, into_mysql, into_postgres, into_sqlite},
};
use crate::demo_args::DemoArgs;

/// Where one bureau's data is now.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// How the node reaches it.
    pub spec: SourceSpec,
    /// The table as the source names it.
    pub table: String,
    /// What its columns are called by people.
    pub columns: &'static [Column],
}

/// The data of all bureaus.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    pub police: Place,
    pub market: Place,
    pub insurance: Place,
    pub civil: Place,
    pub housing: Place,
    pub schools: Place,
}

/// Makes every bureau's database. Says what it does on standard error, since it takes some seconds.
pub(crate) async fn make(args: &DemoArgs, dir: &Path) -> Result<(Places, city::Flaws), Failure> {
    let size = Size {
        people: u64::from(args.people).max(1),
        enterprises: u64::from(args.enterprises).max(1),
    };
    let bureaus = dir.join("bureaus");
    std::fs::create_dir_all(&bureaus)?;
    let mut city = City::new(size);
    let maker = Maker {
        bureaus,
        postgres: args.postgres.clone(),
        mysql: args.mysql.clone(),
    };
    let places = Places {
        police: maker
            .in_postgres("police", &city::PERSON, size.people, |no| city.person(no))
            .await?,
        market: maker
            .in_mysql("market", &city::ENTERPRISE, size.enterprises, |no| city.enterprise(no))
            .await?,
        insurance: maker
            .in_postgres("insurance", &city::INSURANCE, size.people * 7 / 10, |no| {
                city.insurance(no)
            })
            .await?,
        civil: maker.in_file("civil", &city::ASSISTANCE, (size.people / 20).max(1), |no| {
            city.assistance(no)
        })?,
        housing: maker
            .in_mysql("housing", &city::PROPERTY, (size.people / 4).max(1), |no| {
                city.property(no)
            })
            .await?,
        schools: maker.in_csv("education", &city::SCHOOL, 480, |no| city.school(no))?,
    };
    Ok((places, city.flaws))
}

struct Maker {
    bureaus: PathBuf,
    postgres: Option<String>,
    mysql: Option<String>,
}

impl Maker {
    async fn in_postgres(
        &self,
        bureau: &str,
        table: &Table,
        rows: u64,
        row: impl FnMut(u64) -> Row,
    ) -> Result<Place, Failure> {
        let Some(url) = &self.postgres else {
            return self.in_file(bureau, table, rows, row);
        };
        let table = table.in_server();
        let (server, spec) = servers::own_postgres(url, bureau).await?;
        let rows = into_postgres(&server, &table, (1..=rows).map(row)).await?;
        tell(bureau, &table, rows, "PostgreSQL");
        Ok(Place {
            spec,
            table: format!("public.{}", table.name),
            columns: table.columns,
        })
    }

    async fn in_mysql(
        &self,
        bureau: &str,
        table: &Table,
        rows: u64,
        row: impl FnMut(u64) -> Row,
    ) -> Result<Place, Failure> {
        let Some(url) = &self.mysql else {
            return self.in_file(bureau, table, rows, row);
        };
        let table = table.in_server();
        let (server, spec) = servers::own_mysql(url, bureau).await?;
        let rows = into_mysql(server, &table, (1..=rows).map(row)).await?;
        tell(bureau, &table, rows, "MySQL/MariaDB");
        Ok(Place {
            spec,
            table: table.name.to_owned(),
            columns: table.columns,
        })
    }

    fn in_file(&self, bureau: &str, table: &Table, rows: u64, row: impl FnMut(u64) -> Row) -> Result<Place, Failure> {
        let path = self.bureaus.join(format!("{bureau}.db"));
        if path.exists() {
            std::fs::remove_file(&path)?; // left over from a start that was cut off before the city was whole
        }
        let rows = into_sqlite(&path, table, (1..=rows).map(row))?;
        tell(bureau, table, rows, &path.display().to_string());
        Ok(Place {
            spec: SourceSpec::new(SourceKind::Sqlite).with("path", absolute(&path)?),
            table: table.name.to_owned(),
            columns: table.columns,
        })
    }

    fn in_csv(&self, bureau: &str, table: &Table, rows: u64, row: impl FnMut(u64) -> Row) -> Result<Place, Failure> {
        let path = self.bureaus.join(format!("{bureau}-{}.csv", table.name));
        let rows = into_csv(&path, table, true, (1..=rows).map(row))?;
        tell(bureau, table, rows, &path.display().to_string());
        let name = path
            .file_name()
            .map_or_else(String::new, |it| it.to_string_lossy().into_owned());
        Ok(Place {
            spec: SourceSpec::new(SourceKind::Csv).with("path", absolute(&path)?),
            table: name,
            columns: table.columns,
        })
    }
}

fn absolute(path: &Path) -> Result<String, Failure> {
    Ok(path.canonicalize()?.display().to_string())
}

fn tell(bureau: &str, table: &Table, rows: u64, place: &str) {
    tracing::info!(
        bureau,
        table = table.name,
        rows,
        "{bureau}: {rows} rows of {} in {place}",
        table.name
    );
}
