//! A seeded generator of questions: filters, casts, divisions, regular expressions, joins, aggregates, windows, common
//! table expressions, subqueries, set operations, orders and limits.

pub struct Grammar(u64);

/// A question, and what of it runs side by side.
pub struct Question {
    pub sql: String,
    /// The scans that the engine runs at the same time, each as a question of its own. When several of them fail, chance
    /// says which is heard first.
    pub parts: Vec<String>,
}

impl Question {
    fn whole(sql: String) -> Self {
        Self { sql, parts: Vec::new() }
    }
}

const TEXTS: &[&str] = &["code", "region", "name", "card", "note", "phone", "prefix"];
const NUMBERS: &[&str] = &["id", "qty", "gone"];
const ALL: &[&str] = &[
    "id", "code", "region", "qty", "amount", "name", "card", "born", "note", "phone", "gone", "prefix",
];
const WORDS: &[&str] = &[
    "'330106'",
    "'33'",
    "'0007'",
    "'张**'",
    "'n1 中𠮷'",
    "''",
    "'open'",
    "'poison'",
    "'330'",
];

impl Grammar {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, n: u64) -> u64 {
        (self.next() >> 11) % n
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        let at = self.below(of.len() as u64);
        of[usize::try_from(at).unwrap()]
    }

    /// The next question.
    pub fn question(&mut self) -> Question {
        let sql = match self.below(12) {
            0..=2 => self.plain(),
            3 => self.aggregate(),
            4 => self.join(),
            5 => self.window(),
            6 => self.with(),
            7 => return self.subquery(),
            8 => return self.union(),
            9 => self.top(),
            10 => self.case(),
            _ => format!(
                "SELECT count(*), count(DISTINCT {}) FROM person WHERE {}",
                self.one(ALL),
                self.condition(2)
            ),
        };
        Question::whole(sql)
    }

    fn plain(&mut self) -> String {
        let (a, b) = (self.value(2), self.value(2));
        format!("SELECT id, {a} AS a, {b} AS b FROM person WHERE {}", self.condition(3))
    }

    fn aggregate(&mut self) -> String {
        let by = self.one(TEXTS);
        let of = self.one(&[
            "qty",
            "amount",
            "id",
            "length(note)",
            "10 / qty",
            "CAST(code AS BIGINT)",
            "gone",
        ]);
        let function = self.one(&["sum", "min", "max", "count", "avg"]);
        let having = if self.below(3) == 0 { " HAVING count(*) > 1" } else { "" };
        format!(
            "SELECT {by}, {function}({of}) AS x, count(*) AS n FROM person WHERE {} GROUP BY {by}{having}",
            self.condition(2)
        )
    }

    fn join(&mut self) -> String {
        let kind = self.one(&["JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"]);
        let on = self.one(&[
            "p.region = d.region",
            "p.region = d.region AND p.qty > d.weight",
            "substr(p.region, 1, 2) = d.region",
        ]);
        let shown = self.one(&[
            "p.qty / d.weight",
            "CAST(p.code AS BIGINT) + d.weight",
            "d.title || p.name",
            "100 / d.weight",
        ]);
        let condition = self.condition(1).replace("region", "p.region");
        format!(
            "SELECT p.id, d.title, {shown} AS x FROM (SELECT * FROM person) p {kind} dept d ON {on} WHERE {condition}"
        )
    }

    fn window(&mut self) -> String {
        let (by, order) = (
            self.one(TEXTS),
            self.one(&["id", "id DESC", "code, id", "born DESC NULLS LAST, id"]),
        );
        let function = self.one(&[
            "row_number()",
            "rank()",
            "lag(qty)",
            "sum(qty)",
            "max(amount)",
            "first_value(name)",
            "sum(10 / qty)",
            "count(*)",
        ]);
        format!(
            "SELECT id, {function} OVER (PARTITION BY {by} ORDER BY {order}) AS w FROM person WHERE {}",
            self.condition(1)
        )
    }

    fn with(&mut self) -> String {
        let value = self.value(2);
        let (inner, outer) = (
            self.condition(2),
            self.one(&["v IS NOT NULL", "v IS NULL", "id > 20", "true"]),
        );
        format!("WITH c AS (SELECT id, {value} AS v FROM person WHERE {inner}) SELECT c.id, c.v FROM c WHERE {outer}")
    }

    fn subquery(&mut self) -> Question {
        let inner = self.condition(1);
        let condition = self.condition(1);
        let parts = |outer: &str| {
            vec![
                format!("SELECT id, qty FROM person WHERE {inner}"),
                format!("SELECT id, name, region FROM person WHERE {outer}"),
            ]
        };
        match self.below(4) {
            0 => Question {
                sql: format!(
                    "SELECT id, name FROM person WHERE id IN (SELECT id FROM person WHERE {inner}) AND {condition}"
                ),
                parts: parts(&condition),
            },
            1 => Question::whole(format!(
                "SELECT id FROM person WHERE qty > (SELECT min(qty) FROM person WHERE {inner})"
            )),
            2 => Question::whole(
                "SELECT title FROM dept d WHERE EXISTS (SELECT 1 FROM person p WHERE p.region = d.region AND p.id % 2 = 0)"
                    .to_owned(),
            ),
            _ => Question::whole(format!(
                "SELECT id FROM person WHERE region NOT IN (SELECT region FROM dept) AND {condition}"
            )),
        }
    }

    fn union(&mut self) -> Question {
        let kind = self.one(&["UNION", "UNION ALL", "INTERSECT", "EXCEPT"]);
        let item = self.one(TEXTS);
        let mut side = || format!("SELECT {item} FROM person WHERE {}", self.condition(2));
        let (left, right) = (side(), side());
        Question {
            sql: format!("{left} {kind} {right}"),
            parts: vec![left, right],
        }
    }

    fn top(&mut self) -> String {
        let (value, limit, skip) = (self.value(1), self.below(20), self.below(5));
        let order = self.one(&[
            "id",
            "id DESC",
            "amount DESC NULLS LAST, id",
            "code, id",
            "length(name), id",
            "qty NULLS FIRST, id",
        ]);
        format!(
            "SELECT id, {value} AS v FROM person WHERE {} ORDER BY {order} LIMIT {limit} OFFSET {skip}",
            self.condition(2)
        )
    }

    fn case(&mut self) -> String {
        let (a, b, condition) = (self.value(1), self.value(1), self.condition(1));
        let rest = self.condition(2);
        format!(
            "SELECT id, CASE WHEN {condition} THEN CAST({a} AS VARCHAR) ELSE CAST({b} AS VARCHAR) END AS v FROM person WHERE {rest}"
        )
    }

    /// A value, some of which fail on some rows.
    fn value(&mut self, depth: u64) -> String {
        match self.below(if depth == 0 { 3 } else { 16 }) {
            0 | 3 => self.one(ALL).to_owned(),
            1 => self.one(TEXTS).to_owned(),
            2 => self.one(NUMBERS).to_owned(),
            4 => format!(
                "CAST({} AS BIGINT)",
                self.one(&["code", "note", "card", "region", "prefix"])
            ),
            5 => format!("CAST({} AS DATE)", self.one(&["note", "code", "born"])),
            6 => format!(
                "{} / {}",
                self.one(&["100", "id", "amount"]),
                self.one(&["qty", "(qty - 3)", "gone", "id"])
            ),
            7 => format!("100 % {}", self.one(&["qty", "(qty - 2)"])),
            8 => format!("upper({})", self.one(TEXTS)),
            9 => format!("substr({}, {}, 3)", self.one(TEXTS), self.below(4) + 1),
            10 => format!("regexp_replace({}, '[0-9]+', '#')", self.one(TEXTS)),
            11 => format!("coalesce({}, '-')", self.one(TEXTS)),
            12 => format!("{} || {}", self.one(TEXTS), self.one(TEXTS)),
            13 => format!("CAST(amount * {} AS DECIMAL(12,2))", self.one(&["2", "1000000", "qty"])),
            14 => format!("date_part('year', {})", self.one(&["born", "CAST(born AS TIMESTAMP)"])),
            _ => format!("length({})", self.one(TEXTS)),
        }
    }

    /// A condition.
    fn condition(&mut self, depth: u64) -> String {
        if depth > 0 && self.below(2) == 0 {
            let (a, b) = (self.condition(depth - 1), self.condition(depth - 1));
            return match self.below(5) {
                0 | 1 => format!("({a} AND {b})"),
                2 | 3 => format!("({a} OR {b})"),
                _ => format!("NOT ({a})"),
            };
        }
        let op = self.one(&["=", "<>", "<", "<=", ">", ">="]);
        match self.below(18) {
            0 | 1 => format!("{} {op} {}", self.one(TEXTS), self.one(WORDS)),
            2 | 3 => format!("{} {op} {}", self.one(NUMBERS), self.below(12)),
            4 => format!("{} IS {}NULL", self.one(ALL), self.one(&["", "NOT "])),
            5 => format!(
                "{} {}IN ({}, {})",
                self.one(TEXTS),
                self.one(&["", "NOT "]),
                self.one(WORDS),
                self.one(WORDS)
            ),
            6 => format!(
                "{} {}LIKE {}",
                self.one(TEXTS),
                self.one(&["", "NOT "]),
                self.one(&["'33%'", "'%poison%'", "'n_%'", "'张%'", "'0%'"])
            ),
            7 => format!("qty BETWEEN {} AND {}", self.below(5), self.below(10)),
            8 => format!("amount {op} {}.5", self.below(900)),
            9 => format!("born {op} DATE '19{}-06-01'", 50 + self.below(49)),
            10 => format!("CAST(code AS BIGINT) {op} {}", self.below(50)),
            11 => format!("10 / qty {op} {}", self.below(5)),
            12 => format!(
                "regexp_like({}, {})",
                self.one(TEXTS),
                self.one(&["'^3'", "'[0-9]{4}'", "'中'", "note"])
            ),
            13 => format!("100 / (qty - {}) {op} 1", self.below(10)),
            14 => format!("length({}) {op} {}", self.one(TEXTS), self.below(20)),
            15 => format!("CAST(note AS BIGINT) {op} 1"),
            16 => format!("region = {}", self.one(&["'330106'", "'330702'", "code", "prefix"])),
            _ => "true".to_owned(),
        }
    }
}
