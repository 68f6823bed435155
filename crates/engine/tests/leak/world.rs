//! Two databases: one with everything, governed, and one that physically holds only what is allowed.

use std::path::{Path, PathBuf};

use vocab::{
    AgreementId, DataType, GovernedItem, GovernedTable, Mask, ResourceId, RowRule, SourceKind, SourceSpec, Value,
    rule::Compare,
};

/// Parts of hidden values that must never be told.
pub const POISON: &[&str] = &["poison", "99999999999999999999", "not-a-number", "[unclosed"];

const ROWS: usize = 120;

type Row = Vec<Option<String>>;

/// The columns of a table: name, declared SQL type, house type, mask.
type Columns = Vec<(&'static str, &'static str, DataType, Mask)>;

pub struct World {
    pub name: &'static str,
    prefix: &'static str,
    person: SourceSpec,
    dept: SourceSpec,
    person_copy: SourceSpec,
    dept_copy: SourceSpec,
    _folder: tempfile::TempDir,
}

fn person() -> Columns {
    let decimal = DataType::Decimal {
        precision: 12,
        scale: 2,
    };
    vec![
        ("id", "bigint", DataType::Integer, Mask::Clear),
        ("code", "varchar(40)", DataType::Text, Mask::Clear),
        ("region", "varchar(12)", DataType::Text, Mask::Clear),
        ("qty", "bigint", DataType::Integer, Mask::Clear),
        ("amount", "decimal(12,2)", decimal, Mask::Clear),
        ("name", "varchar(40)", DataType::Text, Mask::Name),
        (
            "card",
            "varchar(40)",
            DataType::Text,
            Mask::KeepEnds { head: 3, tail: 2 },
        ),
        ("born", "date", DataType::Date, Mask::Clear),
        ("note", "varchar(80)", DataType::Text, Mask::Clear),
        ("phone", "varchar(20)", DataType::Text, Mask::Pseudonym),
        ("gone", "bigint", DataType::Integer, Mask::Null),
        (
            "prefix",
            "varchar(12)",
            DataType::Text,
            Mask::Sql {
                expr: "substr(value, 1, 4)".to_owned(),
            },
        ),
        ("secret", "varchar(10)", DataType::Text, Mask::Clear),
        ("family", "varchar(10)", DataType::Text, Mask::Clear),
    ]
}

fn dept() -> Columns {
    vec![
        ("region", "varchar(12)", DataType::Text, Mask::Clear),
        ("title", "varchar(40)", DataType::Text, Mask::Clear),
        ("weight", "bigint", DataType::Integer, Mask::Clear),
        ("level", "bigint", DataType::Integer, Mask::Clear),
    ]
}

/// A row is allowed when: secret = 'open' AND NOT (family IN ('x','y')) AND region starts with 33.
fn rule() -> RowRule {
    let text = |it: &str| Value::Text(it.to_owned());
    RowRule::And {
        of: vec![
            RowRule::Compare {
                item: "secret".into(),
                op: Compare::Eq,
                value: text("open"),
            },
            RowRule::Not {
                of: Box::new(RowRule::In {
                    item: "family".into(),
                    values: vec![text("x"), text("y")],
                }),
            },
            RowRule::StartsWith {
                item: "region".into(),
                prefix: "33".into(),
            },
        ],
    }
}

fn allowed(row: &Row) -> bool {
    let at = |it: usize| row[it].as_deref();
    at(12) == Some("open")
        && at(13).is_some_and(|it| it != "x" && it != "y")
        && at(2).is_some_and(|it| it.starts_with("33"))
}

fn people() -> Vec<Row> {
    let regions = ["330106", "330108", "330702", "440106", "33", "110101"];
    let names = ["张三丰", "欧阳修", "李四", "王", "诸葛孔明", "赵钱孙李"];
    (0..ROWS)
        .map(|at| {
            let some = |it: String| Some(it);
            let hidden = at % 3 == 1;
            let null = |every: usize, it: String| if at % every == every - 1 { None } else { Some(it) };
            vec![
                some(at.to_string()),
                if hidden {
                    some("not-a-number".into())
                } else {
                    some(format!("{:04}", at * 7 % 53))
                },
                some(regions[at % regions.len()].to_owned()),
                if hidden {
                    some("0".into())
                } else {
                    null(11, (at % 9 + 1).to_string())
                },
                if hidden {
                    some("9999999999.99".into())
                } else {
                    null(13, format!("{}.{:02}", at * 31 % 997, at % 100))
                },
                null(17, names[at % names.len()].to_owned()),
                some(format!("3301{:014}", at * 7919)),
                if hidden {
                    some("9999-12-31".into())
                } else {
                    null(7, format!("19{:02}-0{}-1{}", 50 + at % 50, at % 9 + 1, at % 9))
                },
                if hidden {
                    some("[unclosed poison".into())
                } else {
                    null(5, format!("n{} 中𠮷", at % 6))
                },
                some(format!("139{:08}", at % 40)),
                some(at.to_string()),
                some(regions[(at + 1) % regions.len()].to_owned()),
                if hidden {
                    some(["closed", "", "poison"][at % 3].to_owned())
                } else {
                    some("open".into())
                },
                if at % 19 == 18 {
                    None
                } else {
                    some(["a", "b", "x", "c", "y", "d", "e"][at % 7].to_owned())
                },
            ]
        })
        .collect()
}

fn depts() -> Vec<Row> {
    let line = |it: [&str; 4]| it.iter().map(|it| Some((*it).to_owned())).collect();
    [
        ["330106", "Alpha", "3", "1"],
        ["330108", "Beta", "5", "1"],
        ["330702", "Gamma", "7", "1"],
        ["330106", "poison not-a-number", "0", "9"],
        ["999999", "[unclosed", "0", "9"],
        ["33", "Delta", "-2", "1"],
    ]
    .into_iter()
    .map(line)
    .collect()
}

fn key() -> Vec<u8> {
    vec![7; 32]
}

/// What a consumer may see of a person: filtered and masked by hand.
fn seen(row: &Row) -> Row {
    person()
        .iter()
        .zip(row)
        .take(12)
        .map(|((name, _, _, mask), value)| {
            let value = value.as_deref()?;
            match mask {
                Mask::Clear => Some(value.to_owned()),
                Mask::Sql { .. } => Some(value.chars().take(4).collect()),
                Mask::Pseudonym => {
                    let item = seal::hmac_sm3(&key(), name.as_bytes());
                    mask.apply_text(value, &item, &seal::hmac_sm3)
                }
                other => other.apply_text(value, &[], &seal::hmac_sm3),
            }
        })
        .collect()
}

fn tables() -> [(&'static str, Columns, Vec<Row>); 4] {
    let shown = person().into_iter().take(12).map(|(name, sql, given, mask)| {
        // What is masked in the one is computed in the other (the value itself), so that both tell their sources the
        // same conditions: which of them may be told depends on the masks that everybody knows, never on rows.
        let same = match &mask {
            Mask::Clear | Mask::Null => mask.clone(),
            _ => Mask::Sql {
                expr: "value".to_owned(),
            },
        };
        let after = mask.output(given);
        (
            name,
            if after == DataType::Text { "varchar(80)" } else { sql },
            after,
            same,
        )
    });
    let people_seen = people().iter().filter(|it| allowed(it)).map(seen).collect();
    let depts_seen = depts()
        .into_iter()
        .filter(|it| it[3].as_deref() == Some("1"))
        .map(|it| it.into_iter().take(3).collect())
        .collect();
    [
        ("t_person", person(), people()),
        ("t_dept", dept(), depts()),
        ("c_person", shown.collect(), people_seen),
        ("c_dept", dept().into_iter().take(3).collect(), depts_seen),
    ]
}

fn ddl(name: &str, columns: &Columns) -> String {
    let list: Vec<_> = columns
        .iter()
        .map(|(name, sql, ..)| format!("\"{name}\" {sql}"))
        .collect();
    format!("CREATE TABLE {name} ({})", list.join(", "))
}

fn insert(name: &str, row: &Row) -> String {
    let values: Vec<_> = row
        .iter()
        .map(|it| {
            it.as_ref()
                .map_or_else(|| "NULL".to_owned(), |it| format!("'{}'", it.replace('\'', "''")))
        })
        .collect();
    format!("INSERT INTO {name} VALUES ({})", values.join(", "))
}

impl World {
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("world.db");
        let db = rusqlite::Connection::open(&path).unwrap();
        for (name, columns, rows) in tables() {
            db.execute_batch(&ddl(name, &columns)).unwrap();
            for row in rows {
                db.execute_batch(&insert(name, &row)).unwrap();
            }
        }
        let spec = || SourceSpec::new(SourceKind::Sqlite).with("path", path.to_string_lossy());
        Self {
            name: "SQLite",
            prefix: "",
            person: spec(),
            dept: spec(),
            person_copy: spec(),
            dept_copy: spec(),
            _folder: folder,
        }
    }

    pub fn csv() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| folder.path().join(format!("{name}.csv"));
        for (name, columns, rows) in tables() {
            write_csv(&file(name), &columns, &rows);
        }
        let spec = |name: &str| SourceSpec::new(SourceKind::Csv).with("path", file(name).to_string_lossy());
        Self {
            name: "CSV",
            prefix: "",
            person: spec("t_person"),
            dept: spec("t_dept"),
            person_copy: spec("c_person"),
            dept_copy: spec("c_dept"),
            _folder: folder,
        }
    }

    /// PostgreSQL, where what is governed is a view with a column that cannot be computed for hidden rows.
    pub async fn view() -> Option<Self> {
        let mut world = Self::postgres_as("PostgreSQL view", "leak_view_").await?;
        let config: tokio_postgres::Config = std::env::var("JUTONG_TEST_POSTGRES").ok()?.parse().unwrap();
        let (client, connection) = config.connect(tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        let columns = person().into_iter().map(|(name, ..)| match name {
            "qty" => "100 / qty AS qty".to_owned(),
            other => other.to_owned(),
        });
        let columns: Vec<_> = columns.collect();
        let view = format!(
            "ALTER TABLE leak_view_t_person RENAME TO leak_view_base; \
             CREATE VIEW leak_view_t_person AS SELECT {} FROM leak_view_base; \
             UPDATE leak_view_c_person SET qty = 100 / qty; \
             ALTER TABLE leak_view_c_person RENAME TO leak_view_copy; \
             CREATE VIEW leak_view_c_person AS SELECT * FROM leak_view_copy",
            columns.join(", ")
        );
        client.batch_execute(&view).await.unwrap();
        world.prefix = "leak_view_";
        Some(world)
    }

    pub async fn mysql() -> Option<Self> {
        use mysql_async::prelude::Queryable;
        let opts = mysql_async::Opts::from_url(&std::env::var("JUTONG_TEST_MYSQL").ok()?).unwrap();
        let mut conn = mysql_async::Conn::new(opts.clone()).await.unwrap();
        conn.query_drop("SET NAMES utf8mb4").await.unwrap();
        conn.query_drop("SET sql_mode = 'ANSI_QUOTES'").await.unwrap();
        for (name, columns, rows) in tables() {
            let name = format!("leak_{name}");
            conn.query_drop(format!("DROP TABLE IF EXISTS {name}")).await.unwrap();
            let ddl = format!("{} CHARACTER SET utf8mb4", ddl(&name, &columns));
            conn.query_drop(ddl).await.unwrap();
            for row in rows {
                conn.query_drop(insert(&name, &row)).await.unwrap();
            }
        }
        conn.disconnect().await.unwrap();
        let spec = || {
            let mut spec = SourceSpec::new(SourceKind::Mysql)
                .with("host", opts.ip_or_hostname())
                .with("port", opts.tcp_port().to_string())
                .with("database", opts.db_name().unwrap())
                .with("user", opts.user().unwrap());
            spec.secret = opts.pass().map(str::to_owned);
            spec
        };
        Some(Self {
            name: "MariaDB",
            prefix: "leak_",
            person: spec(),
            dept: spec(),
            person_copy: spec(),
            dept_copy: spec(),
            _folder: tempfile::tempdir().unwrap(),
        })
    }

    pub async fn postgres() -> Option<Self> {
        Self::postgres_as("PostgreSQL", "leak_").await
    }

    async fn postgres_as(name: &'static str, prefix: &'static str) -> Option<Self> {
        let url = std::env::var("JUTONG_TEST_POSTGRES").ok()?;
        let config: tokio_postgres::Config = url.parse().unwrap();
        let (client, connection) = config.connect(tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        for (kind, columns, rows) in tables() {
            let table = format!("{prefix}{kind}");
            let gone = format!(
                "DROP TABLE IF EXISTS {prefix}base, {prefix}copy CASCADE; DROP TABLE IF EXISTS {table} CASCADE"
            );
            client.batch_execute(&gone).await.unwrap();
            client.batch_execute(&ddl(&table, &columns)).await.unwrap();
            for row in rows {
                client.batch_execute(&insert(&table, &row)).await.unwrap();
            }
            if kind.ends_with("person") {
                let index = format!("CREATE INDEX ON {table} (id)");
                client.batch_execute(&index).await.unwrap();
            }
        }
        let spec = || spec_of(&config);
        let folder = tempfile::tempdir().unwrap();
        Some(Self {
            name,
            prefix,
            person: spec(),
            dept: spec(),
            person_copy: spec(),
            dept_copy: spec(),
            _folder: folder,
        })
    }

    fn table(&self, name: &str, table: &str, source: &SourceSpec, columns: &Columns, rows: RowRule) -> GovernedTable {
        let items: Vec<_> = columns
            .iter()
            .map(|(name, _, data_type, mask)| GovernedItem {
                name: (*name).to_owned(),
                column: (*name).to_owned(),
                data_type: *data_type,
                mask: mask.clone(),
                key: *name == "id",
            })
            .collect();
        let (hidden, items): (Vec<_>, Vec<_>) = items
            .into_iter()
            .partition(|it| matches!(it.name.as_str(), "secret" | "family" | "level"));
        GovernedTable {
            agreement: AgreementId::new(),
            resource: ResourceId::new(),
            name: name.to_owned(),
            source: source.clone(),
            table: format!("{}{table}", self.prefix),
            items,
            hidden,
            rows,
            pseudonym_key: key(),
        }
    }

    pub fn governed(&self) -> Vec<GovernedTable> {
        let level = RowRule::Compare {
            item: "level".into(),
            op: Compare::Le,
            value: Value::Int(5),
        };
        vec![
            self.table("person", "t_person", &self.person, &person(), rule()),
            self.table("dept", "t_dept", &self.dept, &dept(), level),
        ]
    }

    pub fn copy(&self) -> Vec<GovernedTable> {
        let [_, _, person, dept] = tables();
        vec![
            self.table("person", "c_person", &self.person_copy, &person.1, RowRule::All),
            self.table("dept", "c_dept", &self.dept_copy, &dept.1, RowRule::All),
        ]
    }
}

fn spec_of(config: &tokio_postgres::Config) -> SourceSpec {
    let host = match config.get_hosts().first() {
        Some(tokio_postgres::config::Host::Tcp(it)) => it.clone(),
        _ => "127.0.0.1".to_owned(),
    };
    let port = config.get_ports().first().copied().unwrap_or(5432);
    let mut spec = SourceSpec::new(SourceKind::Postgres)
        .with("host", host)
        .with("port", port.to_string())
        .with("database", config.get_dbname().unwrap_or("postgres"))
        .with("user", config.get_user().unwrap_or("postgres"));
    spec.secret = config.get_password().map(|it| String::from_utf8_lossy(it).into_owned());
    spec
}

fn write_csv(path: &Path, columns: &Columns, rows: &[Row]) -> PathBuf {
    let mut out = columns.iter().map(|it| it.0).collect::<Vec<_>>().join(",") + "\n";
    for row in rows {
        let fields: Vec<_> = row
            .iter()
            .map(|it| {
                it.as_ref()
                    .map_or_else(String::new, |it| format!("\"{}\"", it.replace('"', "\"\"")))
            })
            .collect();
        out += &fields.join(",");
        out.push('\n');
    }
    std::fs::write(path, out).unwrap();
    path.to_owned()
}
