//! The house as a table: who may import whom, and which guest lives where. The only place that says so.

/// A crate of the house and the crates it may import, beside itself.
pub struct Room {
    pub name: &'static str,
    pub imports: &'static [&'static str],
}

const GROUND: &[&str] = &["vocab", "seal", "db"];

/// Every crate of the house. A new room is a line here, after its decision page.
pub const ROOMS: &[Room] = &[
    // Ground.
    Room {
        name: "vocab",
        imports: &[],
    },
    Room {
        name: "seal",
        imports: &["vocab"],
    },
    Room {
        name: "db",
        imports: &["vocab"],
    },
    // Rooms.
    Room {
        name: "staff",
        imports: GROUND,
    },
    Room {
        name: "policy",
        imports: GROUND,
    },
    Room {
        name: "ledger",
        imports: GROUND,
    },
    Room {
        name: "catalog",
        imports: GROUND,
    },
    Room {
        name: "sharing",
        imports: GROUND,
    },
    Room {
        name: "exchange",
        imports: GROUND,
    },
    Room {
        name: "engine",
        imports: GROUND,
    },
    // Corridor.
    Room {
        name: "platform",
        imports: &[
            "vocab", "seal", "db", "staff", "policy", "ledger", "catalog", "sharing", "exchange", "engine",
        ],
    },
    // Doors. `app` verifies bundles offline, with `ledger` and `seal` alone and no platform behind them.
    Room {
        name: "web",
        imports: &["vocab", "platform"],
    },
    Room {
        name: "wire",
        imports: &["vocab", "platform"],
    },
    Room {
        name: "app",
        imports: &["vocab", "seal", "db", "ledger", "platform", "web", "wire"],
    },
    // Outside: the whole platform alive for a test or a bench.
    Room {
        name: "testkit",
        imports: &["vocab", "seal", "db", "ledger", "platform", "web", "wire"],
    },
    Room {
        name: "benches",
        imports: &["vocab", "seal", "db", "ledger", "platform", "web", "wire", "testkit"],
    },
    Room {
        name: "xtask",
        imports: &[],
    },
];

/// Crates that any crate may name among its dev-dependencies.
pub const FOR_TESTS: &[&str] = &["testkit"];

/// Guests of one kind, and the crates they may live in.
pub struct Guests {
    /// Names of crates; one ending in `*` stands for all that begin so.
    pub names: &'static [&'static str],
    /// The home first, then recorded exceptions.
    pub homes: &'static [&'static str],
    /// Why the exceptions; empty when there are none.
    pub because: &'static str,
}

/// Which guest lives where.
pub const GUESTS: &[Guests] = &[
    Guests {
        names: &["datafusion*", "object_store", "deltalake*", "ballista*"],
        homes: &["engine"],
        because: "",
    },
    Guests {
        names: &["parquet"],
        homes: &["engine", "testkit"],
        because: "a test reads what was handed out as any other program would",
    },
    Guests {
        names: &[
            "arrow",
            "arrow-array",
            "arrow-buffer",
            "arrow-cast",
            "arrow-csv",
            "arrow-ipc",
            "arrow-json",
            "arrow-schema",
        ],
        homes: &["engine", "wire", "testkit"],
        because: "Arrow Flight is a protocol of record batches; its door and its test client speak them",
    },
    Guests {
        names: &["rusqlite", "tokio-postgres", "deadpool-postgres", "mysql_async"],
        homes: &["engine", "testkit", "app", "benches"],
        because: "the demo city, tests and benches make the databases of other departments",
    },
    Guests {
        names: &[
            "calamine",
            "rust_xlsxwriter",
            "csv",
            "encoding_rs",
            "encoding_rs_io",
            "chardetng",
        ],
        homes: &["engine", "testkit", "app", "benches"],
        because: "the demo city, tests and benches make the files of other departments",
    },
    Guests {
        names: &[
            "axum*",
            "askama*",
            "utoipa*",
            "tower-http",
            "fluent*",
            "unic-langid",
            "prometheus-client",
        ],
        homes: &["web"],
        because: "",
    },
    Guests {
        names: &["tonic*", "prost*", "arrow-flight"],
        homes: &["wire", "testkit", "benches"],
        because: "a test of Flight SQL is a client of it",
    },
    Guests {
        names: &["cedar-policy*"],
        homes: &["policy"],
        because: "",
    },
    Guests {
        names: &["tantivy*", "jieba-rs", "pinyin", "fast2s"],
        homes: &["catalog"],
        because: "",
    },
    Guests {
        names: &["sea-orm*", "sea-query*", "sqlx*"],
        homes: &["db"],
        because: "",
    },
    Guests {
        names: &[
            "sm2",
            "sm3",
            "sm4",
            "sha1",
            "sha2",
            "sha3",
            "hmac",
            "ed25519*",
            "p256",
            "p384",
            "ecdsa",
            "rsa",
            "ring",
            "aes*",
            "argon2",
            "rand",
            "rand_core",
            "getrandom",
            "zeroize",
            "subtle",
            "blake2",
            "blake3",
            "md-5",
            "libsm",
            "openssl*",
        ],
        homes: &["seal"],
        because: "",
    },
    Guests {
        names: &["clap*", "tracing-subscriber", "mimalloc"],
        homes: &["app", "benches"],
        because: "a bench is a program",
    },
    Guests {
        names: &["reqwest", "hyper", "hyper-util"],
        homes: &["app", "testkit", "benches"],
        because: "the command line, tests and benches are clients of the doors",
    },
];

/// Places where the environment may be read.
pub const READS_ENVIRONMENT: &[&str] = &[
    "crates/app/",
    "crates/testkit/",
    "crates/db/src/testing.rs",
    "xtask/",
    "benches/",
];

/// Places where the clock may be read. Everywhere else time is an argument.
pub const READS_CLOCK: &[&str] = &[
    "crates/app/",
    "crates/testkit/",
    "crates/platform/src/app.rs",
    "xtask/",
    "benches/",
];

/// The doors: they call flows and nothing behind them.
pub const DOORS: &[&str] = &["crates/web/", "crates/wire/", "crates/app/"];

/// Places where Rust code may hold words for people: closed lists of standards, and the data of tests and demo city.
pub const HOLDS_WORDS: &[&str] = &["crates/vocab/", "crates/testkit/", "crates/app/src/demo", "benches/"];

/// A file longer than this is a question.
pub const FILE_LINES: usize = 400;

/// A test file longer than this is a question: a list of cases is longer than what it tries.
pub const TEST_LINES: usize = 600;

/// A function longer than this is a question.
pub const FUNCTION_LINES: usize = 60;

/// Where the deeds are.
pub const FLOWS: &str = "crates/platform/src/flow/";

/// More deeds than this in one flow file are a question.
pub const FLOW_DEEDS: usize = 8;
