//! `jutong demo`: a fictional city of departments with their own databases, people who work there, and a story so far.
//! A second start finds the city as it was left.

mod chance;
mod chapter;
mod city;
mod codes;
mod servers;
mod sources;
mod story;
mod table;
mod words;

use std::{path::Path, time::Instant};

use platform::{App, Config, engine::Limits};
use serde_json::{Value, json};

use crate::{
    demo_args::DemoArgs,
    exit::Failure,
    serve::{Doors, Stop, run as serve},
};

/// Milliseconds the worker rests when there is nothing to do.
const REST: u64 = 500;

/// Makes the city where there is none, and serves it.
pub(crate) async fn run(args: &DemoArgs) -> Result<(), Failure> {
    let doors = Doors::open(args.listen, Some(args.flight_listen), Some(REST)).await?;
    std::fs::create_dir_all(&args.dir)?;
    let told = args.dir.join("demo.json");
    let node = args.dir.join("node");
    // The card speaks of the node beside it: one without the other is no city.
    let fresh = !(told.exists() && node.join("jutong.db").exists());
    if fresh && told.exists() {
        std::fs::remove_file(&told)?;
    }
    if fresh && node.exists() {
        // A start that was cut off left half a city: it is made again from the beginning.
        std::fs::remove_dir_all(&node)?;
    }
    let closed = |error: platform::Error| Failure::because("the city cannot be opened", &error);
    let card = if fresh {
        let today = chrono::Utc::now();
        let past = App::open_still(config(&args.dir)?, today - chapter::AGO)
            .await
            .map_err(closed)?;
        make(args, &past, today).await?
    } else {
        again(&told)?
    };
    let app = App::open(config(&args.dir)?).await.map_err(closed)?;
    let card = with_addresses(card, &doors)?;
    write(&told, &card)?;
    print(&card, &args.dir);
    serve(app, doors, Stop::on_signals()?).await
}

fn config(dir: &Path) -> Result<Config, Failure> {
    let dir = dir.canonicalize()?;
    let node = dir.join("node");
    Ok(Config {
        db_url: format!("sqlite:{}", node.join("jutong.db").display()),
        data_dir: node,
        node: "云州市".to_owned(),
        origin: "yunzhou.example/log".to_owned(),
        division: Some("330100".to_owned()),
        local_codes: "{division}-{category}-{seq:4}".parse().ok(),
        limits: Limits::default(),
        local_rules: Vec::new(),
        https: false,
        file_roots: vec![dir.join("bureaus"), dir.join("out")],
        private_roots: std::collections::BTreeMap::new(),
    })
}

async fn make(args: &DemoArgs, app: &App, today: platform::vocab::Timestamp) -> Result<Value, Failure> {
    let began = Instant::now();
    let out = args.dir.join("out");
    std::fs::create_dir_all(&out)?;
    let out = out.canonicalize()?;
    let failed = |error: table::Failure| Failure::because("a bureau's database cannot be made", error.as_ref());
    let (places, flaws) = sources::make(args, &args.dir).await.map_err(failed)?;
    let told = story::tell(app, &places, &out, today).await.map_err(|error| {
        if let platform::Error::Faults(all) = &error {
            for it in all {
                tracing::error!(field = it.field, code = it.code, "{}: {}", it.field, it.detail);
            }
        }
        Failure::because("the city's story cannot be told", &error)
    })?;
    let flaws = json!({ "planted": flaws });
    write(&args.dir.join("flaws.json"), &flaws)?;
    tracing::info!(seconds = began.elapsed().as_secs(), "the city was made");
    Ok(json!({
        "accounts": told.accounts,
        "ready": told.ready,
        "agreement": told.ready.agreement,
        "resource": told.ready.resource,
        "table": told.ready.table,
    }))
}

fn again(told: &Path) -> Result<Value, Failure> {
    let text = std::fs::read_to_string(told)?;
    serde_json::from_str(&text)
        .map_err(|error| Failure::because("demo.json is damaged; remove the folder to begin anew", &error))
}

fn with_addresses(mut card: Value, doors: &Doors) -> Result<Value, Failure> {
    let web = doors.web.local_addr()?;
    let flight = doors
        .flight
        .as_ref()
        .map(tokio::net::TcpListener::local_addr)
        .transpose()?;
    if let Some(card) = card.as_object_mut() {
        card.insert("base_url".to_owned(), json!(format!("http://{web}")));
        card.insert("flight_url".to_owned(), json!(flight.map(|it| format!("grpc://{it}"))));
    }
    Ok(card)
}

fn write(path: &Path, card: &Value) -> Result<(), Failure> {
    let part = path.with_extension("part");
    std::fs::write(&part, format!("{card:#}\n"))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(&part, std::fs::Permissions::from_mode(0o600))?;
    }
    std::fs::rename(&part, path)?;
    Ok(())
}

/// What to try and where, in both languages.
#[allow(clippy::print_stdout, reason = "this is what the command is for")]
fn print(card: &Value, dir: &Path) {
    let text = |path: &str| {
        card.pointer(path)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let base = text("/base_url");
    let of = |user: &str, field: &str| {
        let accounts = card["accounts"].as_array().cloned().unwrap_or_default();
        let found = accounts.into_iter().find(|it| it["user"] == user);
        found
            .and_then(|it| it[field].as_str().map(str::to_owned))
            .unwrap_or_default()
    };
    let words = include_str!("card.txt")
        .replace("{base}", &base)
        .replace("{flight}", &text("/flight_url"))
        .replace("{agreement}", &text("/ready/agreement"))
        .replace("{table}", &text("/ready/table"))
        .replace("{second}", &text("/ready/second_table"))
        .replace("{key}", &text("/ready/key_value"))
        .replace("{token}", &of("civil.officer", "token"))
        .replace("{password}", story::PASSWORD)
        .replace("{dir}", &dir.display().to_string());
    println!("{words}");
}
