//! Bench `serve`: one record by its key, with one mask, through REST, beside `pgbench` on the same row and beside the same
//! lookup in Python and on Node.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use benches::{
    Report, Result, Wish,
    city::{City, MASK, MASKED, answers},
    load::{self, CONNECTIONS, Door, FEW, Seen, THREADS},
    machine::Machine,
    numbers::{median, ratios},
    peers::Peer,
    plot::{Bar, Panel, Plot},
    postgres::Postgres,
    process::{self, Program, free_port},
    record::{self, COMPARED, Truth, select},
    report::{Case, Table},
    say,
};

fn main() -> ExitCode {
    benches::run(bench)
}

/// pgbench once more, on as many connections as suit it.
const ON_FEW: &str = "pgbench, 32 connections";

/// Something that answers.
struct Side {
    name: &'static str,
    ask: Ask,
}

enum Ask {
    Http {
        door: Door,
        keys: PathBuf,
        pid: u32,
    },
    Pgbench {
        script: PathBuf,
        people: u64,
        connections: u32,
    },
}

/// What one round of one side took.
#[derive(Clone, Copy)]
struct Measured {
    seen: Seen,
    /// Processor seconds for a thousand answers: everything that answers (for pgbench: itself too).
    cpu: f64,
    /// Of it in PostgreSQL.
    postgres: f64,
    /// Of the load generator, for a thousand answers.
    generator: f64,
    rss_mib: f64,
}

fn bench(wish: Wish) -> Result<Report> {
    let folder = tempfile::tempdir()?;
    let machine = Machine::look(folder.path())?;
    let (fastapi, node) = (Peer::fastapi()?, Peer::node()?);
    let postgres = Postgres::of_bench()?;
    let people = wish.either(200_000, 20_000);
    say(&format!("making a city of {people} people"));
    let mut city = City::make(folder.path(), people, 1000, Some(&postgres.url))?;
    let deal = city.one_mask("insurance.officer")?;
    city.restart()?;

    let postgres = postgres.of_bureau("police");
    let keys = record::keys(&postgres)?;
    let select = select(&deal.items, "$1");
    let mut running = Vec::new();
    let mut sides = vec![
        http("Jutong", deal.door.clone(), &keys, city.program.pid(), folder.path())?,
        pgbench("pgbench", &deal.items, u64::from(people), CONNECTIONS, folder.path())?,
    ];
    for peer in [&fastapi, &node] {
        let port = free_port()?;
        let program = Program::start(
            peer.name,
            &mut peer.command(port, &postgres.url, &select),
            folder.path(),
        )?;
        sides.push(started(peer.name, port, program, &keys, folder.path(), &mut running)?);
    }
    sides.push(pgbench(ON_FEW, &deal.items, u64::from(people), FEW, folder.path())?);
    let truth = Truth::read(&postgres, &deal, &keys)?;
    compare(&truth, &sides)?;
    let before = city.receipts(&deal.agreement)?;
    let rounds = measure(wish, &sides, &postgres, &city)?;
    compare(&truth, &sides)?;
    let receipts = city.receipts(&deal.agreement)? - before;
    let answered = check(&rounds, receipts)?;
    let versions = versions(&postgres, &[&fastapi, &node])?;
    Ok(report(
        wish,
        machine,
        &rounds,
        &sides,
        versions,
        people,
        (answered, receipts),
    ))
}

fn http(name: &'static str, door: Door, keys: &[String], pid: u32, folder: &Path) -> Result<Side> {
    let keys = load::write_keys(folder, name, &door, keys)?;
    Ok(Side {
        name,
        ask: Ask::Http { door, keys, pid },
    })
}

fn pgbench(name: &'static str, items: &[String], people: u64, connections: u32, folder: &Path) -> Result<Side> {
    let script = folder.join("keyed.sql");
    let question = select(items, "lpad(:n::text, 12, '0')");
    std::fs::write(&script, format!("\\set n random(1, :people)\n{question};\n"))?;
    Ok(Side {
        name,
        ask: Ask::Pgbench {
            script,
            people,
            connections,
        },
    })
}

fn started(
    name: &'static str,
    port: u16,
    mut program: Program,
    keys: &[String],
    folder: &Path,
    running: &mut Vec<Program>,
) -> Result<Side> {
    let first = keys.first().ok_or("the register of people is empty")?;
    let path = format!("/records/{first}");
    program.wait(Duration::from_millis(20), || answers(port, &path))?;
    let door = Door {
        port,
        path: "/records/".to_owned(),
        token: String::new(),
    };
    let side = http(name, door, keys, program.pid(), folder)?;
    running.push(program);
    Ok(side)
}

/// Every side that speaks HTTP gives the true records.
fn compare(truth: &Truth, sides: &[Side]) -> Result {
    for side in sides {
        if let Ask::Http { door, .. } = &side.ask {
            truth.compare(side.name, door)?;
        }
    }
    Ok(())
}

/// All rounds: for each, what every side took.
fn measure(wish: Wish, sides: &[Side], postgres: &Postgres, city: &City) -> Result<Vec<Vec<Measured>>> {
    for side in sides {
        round(side, postgres, city, 2)?; // caches and compilers get warm
    }
    let mut rounds = Vec::new();
    for number in 1..=wish.either(7, 2) {
        let mut all = Vec::new();
        for side in sides {
            let it = round(side, postgres, city, wish.either(10, 3))?;
            say(&format!(
                "round {number}: {} {:.0} a second, {} failed",
                side.name, it.seen.rate, it.seen.failed
            ));
            all.push(it);
        }
        rounds.push(all);
    }
    Ok(rounds)
}

#[allow(
    clippy::cast_precision_loss,
    reason = "a round has fewer answers than a double has whole numbers"
)]
fn round(side: &Side, postgres: &Postgres, city: &City, seconds: u32) -> Result<Measured> {
    let of_database = process::seconds(postgres.pid);
    let (seen, own, rss_mib) = match &side.ask {
        Ask::Http { door, keys, pid } => {
            let before = process::seconds(*pid);
            let seen = load::wrk(door, keys, seconds)?;
            let rss_mib = process::rss_mib(*pid);
            // Signing and publishing the log of the round belongs to it; peers publish nothing and are through at once.
            city.settle()?;
            (seen, process::seconds(*pid) - before, rss_mib)
        }
        Ask::Pgbench {
            script,
            people,
            connections,
        } => {
            let seen = load::pgbench(postgres, script, &[("people", *people)], (*connections, seconds))?;
            (seen, seen.generator_seconds, f64::NAN) // its memory is no server's
        }
    };
    let of_database = process::seconds(postgres.pid) - of_database;
    let thousand = seen.answers as f64 / 1000.0;
    Ok(Measured {
        seen,
        cpu: (own + of_database) / thousand,
        postgres: of_database / thousand,
        generator: seen.generator_seconds / thousand,
        rss_mib,
    })
}

/// No answer failed, and each of ours has its receipt; how many ours were.
fn check(rounds: &[Vec<Measured>], receipts: u64) -> Result<u64> {
    let failed: u64 = rounds.iter().flatten().map(|it| it.seen.failed).sum();
    if failed > 0 {
        return Err(format!("{failed} answers failed: these are no figures").into());
    }
    let answered: u64 = rounds
        .iter()
        .filter_map(|it| it.first())
        .map(|it| it.seen.answers)
        .sum();
    if receipts < answered {
        return Err(format!("{answered} answers left, but only {receipts} receipts are in the ledger").into());
    }
    Ok(answered)
}

fn versions(postgres: &Postgres, peers: &[&Peer]) -> Result<Vec<String>> {
    let jutong = process::output(std::process::Command::new(benches::city::binary()?).arg("version"))?;
    let wrk = std::process::Command::new("wrk").arg("-v").output()?; // it ends with 1
    let wrk = String::from_utf8_lossy(&wrk.stdout)
        .split_whitespace()
        .take(2)
        .collect::<Vec<_>>()
        .join(" ");
    let mut all = vec![
        jutong.trim().to_owned(),
        format!("PostgreSQL and pgbench {}", postgres.version()?),
        wrk,
    ];
    all.extend(peers.iter().flat_map(|it| it.versions.clone()));
    Ok(all)
}

/// A figure of a side in every round.
fn of(rounds: &[Vec<Measured>], side: usize, figure: fn(&Measured) -> f64) -> Vec<f64> {
    rounds.iter().filter_map(|it| it.get(side)).map(figure).collect()
}

const FIGURES: [fn(&Measured) -> f64; 7] = [
    |it| it.seen.rate,
    |it| it.seen.p50_ms,
    |it| it.seen.p99_ms,
    |it| it.cpu * 1000.0,
    |it| it.postgres * 1000.0,
    |it| it.generator * 1000.0,
    |it| it.rss_mib,
];

const HEAD: [&str; 8] = [
    "side",
    "answers a second",
    "p50, ms",
    "p99, ms",
    "CPU of 1000 answers, ms",
    "of it PostgreSQL, ms",
    "generator's CPU, ms of 1000",
    "memory, MiB",
];

fn report(
    wish: Wish,
    machine: Machine,
    rounds: &[Vec<Measured>],
    sides: &[Side],
    versions: Vec<String>,
    people: u32,
    (answered, receipts): (u64, u64),
) -> Report {
    let [rate, p50, p99, cpu, ..] = FIGURES;
    let mut medians = Table::new("Medians", &HEAD);
    let mut every = Table::new("Every round", &HEAD);
    let mut beside = Table::new(
        "Jutong ÷ peer",
        &["peer", "answers a second", "p50", "p99", "CPU of an answer"],
    );
    let mut cases = Vec::new();
    for (at, side) in sides.iter().enumerate() {
        medians.row(side.name, &FIGURES.map(|it| median(&of(rounds, at, it))));
        if at == 0 {
            continue;
        }
        let [rate, p50, p99, cpu] =
            [rate, p50, p99, cpu].map(|it| median(&ratios(&of(rounds, 0, it), &of(rounds, at, it))));
        beside.row(side.name, &[rate, p50, p99, cpu]);
        cases.push(Case {
            case: "record by key, one mask".to_owned(),
            peer: Some(side.name.to_owned()),
            wall_ratio: Some(p50),
            cpu_ratio: Some(cpu),
            rate_ratio: Some(rate),
            p99_ms: Some(median(&of(rounds, 0, FIGURES[2]))),
            rss_mib: Some(of(rounds, 0, FIGURES[6]).into_iter().fold(0.0, f64::max)),
        });
    }
    for (number, round) in (1..).zip(rounds) {
        for (side, it) in sides.iter().zip(round) {
            every.row(&format!("{number}: {}", side.name), &FIGURES.map(|figure| figure(it)));
        }
    }
    beside.note = "Medians of the ratios of each round. Rate: more is better for Jutong; the others: less.".to_owned();
    Report {
        name: "serve",
        title: "One record by its key, through REST, with one mask".to_owned(),
        command: wish.command("serve"),
        machine,
        about: about(wish, people, answered, receipts),
        versions,
        plot: plot(rounds, sides),
        tables: vec![medians, beside, every],
        cases,
    }
}

fn about(wish: Wish, people: u32, answered: u64, receipts: u64) -> Vec<String> {
    let (rounds, seconds) = wish.either((7, 10), (2, 3));
    vec![
        format!(
            "**What is done.** `GET /api/v1/data/{{agreement}}/records/{{key}}` with a bearer token, on a table of {people} people in \
             PostgreSQL, a random key each time; ten items, `{MASKED}` under the mask `{MASK}`, every row allowed. {rounds} rounds of {seconds} \
             seconds for each side, one side after the other, {CONNECTIONS} connections and {THREADS} threads of the generator on every side. \
             Load generator, servers and PostgreSQL share the cores."
        ),
        format!(
            "**What every answer of Jutong holds that the peers' do not.** The token is recognised, the agreement and its policy decide, the \
             day's quota is counted, and a receipt is in the ledger, on disk, before the record leaves: {answered} answers, {receipts} receipts \
             under this agreement in the measured time. Its processor time includes signing and publishing that log."
        ),
        "**The peers.** `pgbench -M prepared` asks for the same columns of a random row: PostgreSQL's own program, no HTTP, no JSON, no \
         mask; its processor time counts as a side's own, since it is client and server program at once. Each of its connections is a process of \
         PostgreSQL's, so it is fastest with few: a second side shows it on an eighth of the connections. FastAPI (uvicorn with uvloop \
         and httptools, two workers, an asyncpg pool whose reset between questions is off) and Node (`http`, cluster of two, `pg` \
         with a named statement) answer the same record with the same mask as JSON, and check nothing. HTTP sides are loaded by the \
         same `wrk`; its latency is of every answer, pgbench's of every tenth."
            .to_owned(),
        format!(
            "**What is checked.** Before and after, {COMPARED} records of each HTTP side are compared with the database; an answer that is \
             not a success fails the bench, and so does an answer of ours without a receipt. Memory is that of the side's processes \
             without PostgreSQL's; pages that workers share count in each."
        ),
    ]
}

fn plot(rounds: &[Vec<Measured>], sides: &[Side]) -> Plot {
    let bars = |figure: fn(&Measured) -> f64| {
        let bar = |(at, side): (usize, &Side)| Bar {
            name: side.name.to_owned(),
            value: median(&of(rounds, at, figure)),
            ours: at == 0,
        };
        sides.iter().enumerate().map(bar).collect::<Vec<Bar>>()
    };
    let rates = bars(FIGURES[0]);
    let half = rates.get(1).map_or(0.0, |it| it.value / 2.0);
    let told: Vec<String> = rates.iter().map(|it| format!("{} {:.0}", it.name, it.value)).collect();
    Plot {
        title: "One record by its key, through REST, with one mask".to_owned(),
        description: format!("Answers a second: {}.", told.join(", ")),
        panels: vec![
            Panel {
                title: "Answers a second (more is better)".to_owned(),
                bars: rates,
                goal: Some(("goal: half of pgbench".to_owned(), half)),
            },
            Panel {
                title: "Processor time of 1000 answers, ms, PostgreSQL included (less is better)".to_owned(),
                bars: bars(FIGURES[3]),
                goal: None,
            },
            Panel {
                title: "99 of 100 answers within, ms (less is better)".to_owned(),
                bars: bars(FIGURES[2]),
                goal: None,
            },
        ],
    }
}
