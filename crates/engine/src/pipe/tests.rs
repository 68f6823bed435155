#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]
//! Out of a PostgreSQL into another by pass-through: the same rows as by columns, exact beyond what columns can hold.

mod diverted;
mod held;
mod long;

use futures::StreamExt;
use vocab::{GovernedItem, GovernedTable, Mask, SinkSpec, SourceKind, SourceSpec, Timestamp};

use super::*;
use crate::{
    digest::{RowDigest, RowSum},
    shape::Shape,
    sink::{self, Options, Sink, Totals},
    source::postgres::Postgres,
    testing::{self, open_wide},
};

fn at() -> Timestamp {
    chrono::DateTime::from_timestamp(1_767_225_600, 0).unwrap()
}

fn quiet(_: RowSum, _: u64) {}

/// A PostgreSQL, where the tests are told of one, with a schema of its own that is empty.
async fn server(schema: &str) -> Option<SourceSpec> {
    let url = std::env::var("JUTONG_TEST_POSTGRES").ok().filter(|it| !it.is_empty());
    let Some(url) = url else {
        eprintln!("SKIPPED: JUTONG_TEST_POSTGRES is not set, nothing passes through");
        return None;
    };
    let rest = url.split_once("://").unwrap().1;
    let (login, rest) = rest.rsplit_once('@').unwrap();
    let (address, database) = rest.split_once('/').unwrap();
    let (host, port) = address.split_once(':').unwrap_or((address, "5432"));
    let (user, secret) = login.split_once(':').unwrap_or((login, ""));
    let mut spec = SourceSpec::new(SourceKind::Postgres)
        .with("host", host)
        .with("port", port)
        .with("database", database)
        .with("user", user);
    spec.secret = (!secret.is_empty()).then(|| secret.to_owned());
    let fresh = format!("DROP SCHEMA IF EXISTS {schema} CASCADE; CREATE SCHEMA {schema}");
    execute(&spec, &fresh).await;
    Some(spec)
}

async fn execute(spec: &SourceSpec, sql: &str) {
    testing::postgres(spec, sql).await.unwrap();
}

async fn asked(spec: &SourceSpec, sql: &str) -> String {
    let client = Postgres::open(spec).unwrap().dedicated().await.unwrap();
    let rows = client.query(sql, &[]).await.unwrap();
    rows.iter()
        .map(|it| it.get::<_, String>(0))
        .collect::<Vec<_>>()
        .join("\n")
}

/// One table under one agreement, and where it goes.
struct Way {
    opened: Opened,
    shape: Shape,
    sink: SinkSpec,
    parts: Vec<Part>,
}

impl Way {
    async fn of(table: GovernedTable, target: &str) -> Self {
        let sink = SinkSpec {
            target: table.source.clone(),
            table: target.to_owned(),
        };
        let opened = Engine::new(Limits::default()).open(vec![table]).await.unwrap();
        let described = opened.tables().remove(0);
        let shape = Shape::of(&described.schema, &described.key).unwrap();
        let mut it = Self {
            opened,
            shape,
            sink,
            parts: Vec::new(),
        };
        it.parts = by_pages(it.pipe().await.pages().unwrap());
        it
    }

    async fn pipe(&self) -> Pipe {
        self.opened.pipe("t").await.unwrap().unwrap()
    }

    async fn sink(&self, pipe: &Pipe, run: &str) -> Sink {
        for _ in 0..100 {
            match Sink::open_piped(&self.sink, self.shape.clone(), pipe, run, Options::default()).await {
                Err(sink::Error::Busy(_)) => tokio::time::sleep(std::time::Duration::from_millis(50)).await,
                other => return other.unwrap(),
            }
        }
        panic!("the lanes of before do not end");
    }

    /// The whole way in one go.
    async fn go(&self, run: &str) -> Totals {
        let pipe = self.pipe().await;
        let mut sink = self.sink(&pipe, run).await;
        let totals = sink.pipe(&pipe, &self.parts, &at, &quiet).await.unwrap();
        assert_eq!(totals.chunks, self.parts.len() as u64);
        finish(&mut sink, totals).await;
        totals
    }

    /// What the columnar path gives, under its own digest.
    async fn columnar(&self) -> RowSum {
        let mut rows = self.opened.read("t").await.unwrap();
        let mut digest = RowDigest::of(self.shape.clone());
        while let Some(batch) = rows.next().await {
            digest.update(&batch.unwrap()).unwrap();
        }
        digest.sum()
    }

    /// What stands in the target, read as the items' own types, under the same digest.
    async fn delivered(&self) -> RowSum {
        sink::read_back(&self.sink, &self.shape).await.unwrap()
    }
}

async fn finish(sink: &mut Sink, totals: Totals) {
    sink.finish().await.unwrap();
    assert_eq!(sink.verify().await.unwrap(), totals.loaded);
    sink.swap(at()).await.unwrap();
}

/// A page to a part.
fn by_pages(pages: u64) -> Vec<Part> {
    let total = pages.max(1);
    let part = |no: u64| Part {
        no,
        bounds: RowRule::All,
        pages: Some((no, (no + 1 < total).then_some(no + 1))),
    };
    (0..total).map(part).collect()
}

fn item(name: &str, data_type: DataType, mask: Mask) -> GovernedItem {
    GovernedItem {
        name: name.to_owned(),
        column: name.to_owned(),
        data_type,
        mask,
        key: name == "id",
    }
}

/// Legal values that others lose or die of.
const EDGE: &str = "
CREATE TABLE s.edge (id bigint PRIMARY KEY, i2 smallint, i4 int, f4 real, f8 float8, n numeric, n2 numeric(14,2), nn numeric(50,20),
  b bool, t text, v varchar(20), c char(6), by bytea, d date, ti time, tiz timetz(3), ts timestamp, ts3 timestamp(3), tz timestamptz,
  iv interval, ivd interval day to second(2), u uuid, j json, jb jsonb, ip inet, ci cidr, m macaddr, bi bit(5), vb bit varying(9),
  ai int[], at text[], ad date[], aj jsonb[], mood s.mood, mo money, w name);
INSERT INTO s.edge VALUES
 (-9223372036854775808,-32768,-2147483648,'-Infinity','NaN','NaN','NaN',1e-20,true,E'a\\n\\t','𠮷','ab','\\x00ff','4713-01-01 BC','24:00',
  '23:59:59.999+14:59','294276-12-31 23:59:59.999999','2020-01-01 1:1:1.1234','infinity','-178000000 years 3 mons -5 days 04:05:06.789',
  '3 days 04:05:06.789','00112233-4455-6677-8899-aabbccddeeff','{\"b\" : 1.00, \"a\":1e5,\"a\":2}','{\"b\" : 1.00, \"a\":1e5, \"c\":-0.0}',
  '::1/64','10.0.0.0/8','08:00:2b:01:02:03','10101','101','[2:3][0:1]={{1,2},{3,NULL}}','{\"a,b\",\"{}\",NULL,\"\"}',
  '{infinity,-infinity,\"4713-01-01 BC\"}','{\"{\\\"a\\\":1}\"}','好','12.50','名'),
 (0,0,0,'-0','-0','Infinity',-0.00,0,false,'','','','','-infinity','00:00','00:00-14:59','4713-01-01 BC','-infinity','4713-01-01 BC',
  '0','0','00000000-0000-0000-0000-000000000000','null','null','1.2.3.4','::/0','00:00:00:00:00:00','00000','','{}','{}','{}','{}',
  '坏','0',''),
 (9223372036854775807,32767,2147483647,1e38,5e-324,12345678901234567890.1234567890,999999999999.99,-1e29,NULL,'OK',' x ','123456',
  '\\xdeadbeef','9999-12-31','23:59:59.999999','12:00:00+08','1969-12-31 23:59:59.5','1999-01-01','0001-01-01 00:00:00+00','1 mon','1 day',
  NULL,'[1, 2]','[1, 2]',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
-- An array that may hold NULL, says its header, and does not.
UPDATE s.edge SET ai[2] = 5 WHERE id = 9223372036854775807;
INSERT INTO s.edge (id, ai) VALUES (1, '{1,NULL,3}');
UPDATE s.edge SET ai[2] = 5 WHERE id = 1;
INSERT INTO s.edge (id) VALUES (2)";

#[tokio::test]
async fn extreme_values_arrive_as_they_are() {
    let Some(spec) = server("pipe_edge").await else { return };
    let made = format!("CREATE TYPE s.mood AS ENUM ('坏', '好'); {EDGE}").replace("s.", "pipe_edge.");
    execute(&spec, &made).await;
    let engine = Engine::new(Limits::default());
    let table = open_wide(&engine, &spec, "pipe_edge.edge", "t").await.unwrap();
    let way = Way::of(table, "pipe_edge.copy").await;
    let totals = way.go("run_1").await;
    assert_eq!(totals.source.rows, 5);
    let types = |table: &str| {
        format!(
            "SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'pipe_edge.{table}'::regclass \
             AND attnum > 0 AND attname NOT IN ('mood', 'mo', 'w') ORDER BY attnum"
        )
    };
    let same = asked(&spec, &types("edge")).await;
    assert_eq!(asked(&spec, &types("copy")).await, same);
    let rows = |table: &str| {
        let every = "coalesce(array_to_string(x.ai, ',', '-'), '') || x::text";
        format!("SELECT {every} FROM (SELECT * FROM pipe_edge.{table}) x ORDER BY id")
    };
    assert_eq!(asked(&spec, &rows("copy")).await, asked(&spec, &rows("edge")).await);
    let key = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'pipe_edge.copy'::regclass";
    assert_eq!(asked(&spec, key).await, "PRIMARY KEY (id)");
    let preflight = sink::piped_preflight(&way.sink, &way.shape, &way.pipe().await);
    let told = |name: &str| {
        let it = preflight.columns.iter().find(|it| it.item == name).unwrap();
        format!("{} {:?}", it.target_type, it.fits)
    };
    assert_eq!(told("iv"), "interval [Exact]");
    assert_eq!(told("mood"), "text [Mapped(AsText)]");
}

/// Texts that are hard to mask: of every length, with every white space, 4-byte characters, compound family names.
fn hard_texts() -> Vec<String> {
    let alphabet: Vec<char> = "张欧阳司马𠮷野a*é\u{301}'\\ \t\n\u{85}\u{a0}\u{3000}\u{2028}\u{feff}\u{200b}"
        .chars()
        .collect();
    let mut seed = 11_u64;
    let mut below = |most: usize| {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).unwrap() % most
    };
    let mut all: Vec<String> = (0..1500)
        .map(|_| (0..below(9)).map(|_| alphabet[below(alphabet.len())]).collect())
        .collect();
    for it in vocab::mask::apply::COMPOUND_SURNAMES {
        all.extend([(*it).to_owned(), format!("{it}修"), format!(" {it}文长\u{3000}")]);
    }
    all.extend((0..300).map(|it| "数".repeat(it)));
    for it in [
        "11010519491231002X",
        "110105194912310021",
        "110105491231002",
        "1990-05-01",
        " 1990/5/1 ",
        "19900501",
        "1990年5月1日",
        "1990-13-01",
        "浙江省杭州市西湖区文三路1号",
        "新疆维吾尔自治区阿勒泰地区布尔津县城镇1号",
        "文三路1号幸福小区",
    ] {
        all.push(it.to_owned());
    }
    all
}

/// A table with everything that can be masked, by hard texts and by odd values.
async fn hard_table(spec: &SourceSpec, schema: &str) {
    let quoted = |it: &String| format!("('{}')", it.replace('\'', "''"));
    let texts: Vec<String> = hard_texts().iter().map(quoted).collect();
    execute(
        spec,
        &format!(
            "CREATE TABLE {schema}.hard (id int PRIMARY KEY, t text, c char(7), v varchar(400), no int, money numeric(12,2), \
               truth bool, born date, met timestamp, seen timestamptz, raw bytea, doc jsonb, odd int[]);
             INSERT INTO {schema}.hard SELECT row_number() OVER (), t, left(t, 7), t, hashtext(t), \
               CASE WHEN length(t) = 5 THEN 'NaN' ELSE hashtext(t) / 100.0 END, length(t) % 2 = 0, \
               CASE length(t) WHEN 1 THEN 'infinity' WHEN 2 THEN '-infinity' WHEN 3 THEN '0044-03-15 BC' WHEN 4 THEN '12345-06-07' \
                              ELSE DATE '1790-01-01' + hashtext(t) % 200000 END, \
               CASE length(t) WHEN 1 THEN 'infinity' ELSE TIMESTAMP '1995-01-01' + hashtext(t) * INTERVAL '3.5 s' END, \
               CASE length(t) WHEN 1 THEN '-infinity' ELSE TIMESTAMPTZ '2000-01-01 00:00:00+08' + hashtext(t) * INTERVAL '3 s' END, \
               convert_to(t, 'UTF8'), to_jsonb(t), ARRAY[length(t)] \
             FROM (VALUES {}) AS x(t);
             INSERT INTO {schema}.hard (id) VALUES (0)",
            texts.join(", ")
        ),
    )
    .await;
}

#[tokio::test]
async fn masks_are_to_the_byte_those_of_the_house() {
    use DataType::{Boolean, Bytes, Date, DateTime, Instant, Integer, Json, Text};
    let Some(spec) = server("pipe_mask").await else { return };
    hard_table(&spec, "pipe_mask").await;
    let engine = Engine::new(Limits::default());
    let mut table = open_wide(&engine, &spec, "pipe_mask.hard", "t").await.unwrap();
    let money = DataType::Decimal {
        precision: 12,
        scale: 2,
    };
    let ends = |head, tail| Mask::KeepEnds { head, tail };
    let masks = [
        ("t", Text, Mask::Name),
        ("t", Text, ends(1, 1)),
        ("t", Text, ends(0, 0)),
        ("t", Text, ends(6, 4)),
        ("t", Text, ends(255, 3)),
        ("c", Text, Mask::Name),
        ("c", Text, ends(2, 1)),
        ("v", Text, Mask::Name),
        ("no", Integer, ends(1, 1)),
        ("no", Integer, Mask::Name),
        ("no", Text, ends(1, 0)),
        ("money", money, ends(2, 2)),
        ("truth", Boolean, ends(1, 0)),
        ("t", Text, Mask::Pseudonym),
        ("t", Text, Mask::AddressToCounty),
        ("t", Text, Mask::YearOfBirth),
        ("c", Text, Mask::Pseudonym),
        ("v", Text, Mask::AddressToCounty),
        ("no", Integer, Mask::Pseudonym),
        ("money", money, Mask::Pseudonym),
        ("truth", Boolean, Mask::Pseudonym),
        ("raw", Bytes, Mask::Pseudonym),
        ("doc", Json, Mask::Pseudonym),
        ("odd", Text, Mask::Pseudonym),
        ("born", Date, Mask::YearOfBirth),
        ("met", DateTime, Mask::YearOfBirth),
        ("seen", Instant, Mask::YearOfBirth),
        ("raw", Bytes, ends(3, 3)),
        ("raw", Text, ends(3, 3)),
        ("doc", Json, ends(2, 2)),
        ("odd", Text, ends(1, 1)),
        ("born", Date, Mask::Null),
        ("odd", Text, Mask::Null),
    ];
    for (no, (column, data_type, mask)) in masks.into_iter().enumerate() {
        table.items = vec![
            item("id", Integer, Mask::Clear),
            GovernedItem {
                column: column.to_owned(),
                ..item("masked", data_type, mask.clone())
            },
        ];
        let way = Way::of(table.clone(), &format!("pipe_mask.copy_{no}")).await;
        way.go("run_1").await;
        assert_eq!(way.delivered().await, way.columnar().await, "{column} {mask}");
    }
}

#[tokio::test]
async fn what_is_not_certain_goes_by_columns() {
    let Some(spec) = server("pipe_why").await else { return };
    hard_table(&spec, "pipe_why").await;
    let engine = Engine::new(Limits::default());
    let table = open_wide(&engine, &spec, "pipe_why.hard", "t").await.unwrap();
    let why = async |change: &dyn Fn(&mut GovernedTable)| {
        let mut table = table.clone();
        change(&mut table);
        let opened = Engine::new(Limits::default()).open(vec![table]).await.unwrap();
        opened.pipe("t").await.unwrap().map(|_| ()).unwrap_err()
    };
    let masked = |name: &'static str, mask: Mask| {
        move |it: &mut GovernedTable| {
            let item = it.items.iter_mut().find(|it| it.name == name).unwrap();
            item.mask = mask.clone();
        }
    };
    for (name, mask) in [
        ("t", "sql(value)".parse().unwrap()),
        ("met", Mask::Name),
        ("seen", Mask::Pseudonym),
        ("born", Mask::KeepEnds { head: 1, tail: 1 }),
    ] {
        assert_eq!(why(&masked(name, mask)).await, Why::Mask(name.to_owned()));
    }
    let typed = |it: &mut GovernedTable| {
        let item = it.items.iter_mut().find(|it| it.name == "t").unwrap();
        item.data_type = DataType::Integer;
    };
    assert_eq!(why(&typed).await, Why::Type("t".to_owned()));
    let ruled = |it: &mut GovernedTable| it.rows = "doc = 'x'".parse().unwrap();
    assert_eq!(why(&ruled).await, Why::RowRule);
    let file = SinkSpec {
        target: SourceSpec::new(SourceKind::Csv).with("path", "/tmp/x.csv"),
        table: String::new(),
    };
    assert_eq!(sink::takes_tuples(&file).await.unwrap(), Some(Why::TargetKind));
}

#[tokio::test]
async fn row_rules_let_out_the_same_rows() {
    let Some(spec) = server("pipe_rule").await else { return };
    hard_table(&spec, "pipe_rule").await;
    let engine = Engine::new(Limits::default());
    let mut table = open_wide(&engine, &spec, "pipe_rule.hard", "t").await.unwrap();
    table
        .items
        .retain(|it| it.name != "money" && it.name != "born" && it.name != "met" && it.name != "seen");
    let hidden = open_wide(&engine, &spec, "pipe_rule.hard", "t").await.unwrap().items;
    for (no, rule) in [
        "born >= '1990-01-01'",
        "NOT born >= '1990-01-01'",
        "NOT (born >= '1900-01-01' AND born < '1990-01-01')",
        "born IS NULL",
        "NOT born IS NULL OR no > 0",
        "born IN ('1795-05-05', '2000-02-29') OR truth = true",
        "NOT truth = true AND NOT no IN (1, 2, 3)",
        "met < '1995-01-01 00:00:00.5' OR seen > '2000-01-01 00:00:00Z'",
        "money > 100.5 AND money <= 20000000",
        "NOT money > 100.5",
        "money IN (1.5, 2) OR money IS NULL",
        "c = '张'",
        "c LIKE '欧阳%' OR t LIKE '*%'",
        "NOT t LIKE '张%' AND t > '司'",
        "v <> '张' OR t < 'a' OR t = ''",
        "NOT (t IS NULL OR no < 0)",
    ]
    .into_iter()
    .enumerate()
    {
        let rows: RowRule = rule.parse().unwrap();
        let named: Vec<String> = rows.items().iter().map(ToString::to_string).collect();
        table.hidden = hidden
            .iter()
            .filter(|it| named.contains(&it.name) && !table.items.iter().any(|other| other.name == it.name))
            .cloned()
            .collect();
        table.rows = rows;
        let way = Way::of(table.clone(), &format!("pipe_rule.copy_{no}")).await;
        let totals = way.go("run_1").await;
        let columnar = way.columnar().await;
        assert_eq!(way.delivered().await, columnar, "{rule}");
        assert_eq!(totals.source.rows, columnar.rows);
    }
}
