//! Bench `search`: a catalogue of 100,000 entries, searched through REST in every way people search; beside SQLite's FTS5.

use std::{process::ExitCode, time::Instant};

use benches::{
    Report, Result, Wish, catalog,
    city::City,
    machine::Machine,
    numbers::{median, percentile, ratios, sorted},
    plot::{Bar, Panel, Plot},
    process,
    queries::{self, Kind, SHORT, SUBSTRING},
    report::{Case, Table},
    say,
    searches::{ENTRIES, READERS, Round, check},
    trigrams::Trigrams,
};

/// Milliseconds within which 99 of 100 searches must be answered.
const GOAL_MS: f64 = 20.0;

fn main() -> ExitCode {
    benches::run(bench)
}

/// Facts beside the rounds.
struct Facts {
    first_start: f64,
    later_start: f64,
    rss_mib: f64,
    peer_seconds: f64,
}

fn bench(wish: Wish) -> Result<Report> {
    let folder = tempfile::tempdir()?;
    let machine = Machine::look(folder.path())?;
    say("making a city, filling its catalogue");
    let mut city = City::make(folder.path(), 500, 200, None)?;
    city.stop();
    catalog::fill(&city.database(), ENTRIES)?;
    std::fs::remove_dir_all(city.index())?;
    let answering = city.restart()?;
    let first_start = (answering + city.until_whole()?).as_secs_f64();
    let later_start = city.restart()?.as_secs_f64();
    say(&format!(
        "first start {first_start:.1} s, later ones {later_start:.2} s"
    ));
    let began = Instant::now();
    let peer = Trigrams::make(&folder.path().join("peer.db"), ENTRIES)?;
    let peer_seconds = began.elapsed().as_secs_f64();

    let kinds = queries::kinds(ENTRIES, wish.either(55, 20));
    check(city.port, &peer, &kinds)?;
    let mut rounds = Vec::new();
    for number in 0..wish.either(7, 2) {
        let it = Round::run(&city, &peer, &kinds)?;
        if number == 0 {
            continue; // caches get warm
        }
        let all = sorted(&it.kinds.concat());
        say(&format!(
            "round {number}: p50 {:.2} ms, p99 {:.2} ms",
            percentile(&all, 50.0),
            percentile(&all, 99.0)
        ));
        rounds.push(it);
    }
    let facts = Facts {
        first_start,
        later_start,
        rss_mib: process::rss_mib(city.program.pid()),
        peer_seconds,
    };
    let jutong = process::output(std::process::Command::new(benches::city::binary()?).arg("version"))?;
    let versions = vec![jutong.trim().to_owned(), format!("SQLite {}", Trigrams::version())];
    Ok(report(wish, machine, &kinds, &rounds, &facts, versions))
}

/// p50, p99 and the slowest.
fn three(times: &[f64]) -> [f64; 3] {
    let sorted = sorted(times);
    [50.0, 99.0, 100.0].map(|it| percentile(&sorted, it))
}

fn of_kind(rounds: &[Round], at: usize) -> Vec<f64> {
    rounds
        .iter()
        .filter_map(|it| it.kinds.get(at))
        .flatten()
        .copied()
        .collect()
}

/// The medians of each round, of a kind of ours and of the peer.
fn beside(rounds: &[Round], kinds: &[Kind], name: &str, peer: usize) -> (Vec<f64>, Vec<f64>) {
    let at = kinds.iter().position(|it| it.name == name).unwrap_or(0);
    let ours = rounds
        .iter()
        .filter_map(|it| it.kinds.get(at))
        .map(|it| median(it))
        .collect();
    let theirs = rounds
        .iter()
        .filter_map(|it| it.peer.get(peer))
        .map(|it| median(it))
        .collect();
    (ours, theirs)
}

fn report(
    wish: Wish,
    machine: Machine,
    kinds: &[Kind],
    rounds: &[Round],
    facts: &Facts,
    versions: Vec<String>,
) -> Report {
    let everything: Vec<f64> = rounds.iter().flat_map(|it| it.kinds.concat()).collect();
    Report {
        name: "search",
        title: "Searching a catalogue of 100,000 entries".to_owned(),
        command: wish.command("search"),
        machine,
        about: about(facts),
        versions,
        plot: plot(kinds, rounds, &everything),
        tables: vec![by_kind(kinds, rounds), by_peer(kinds, rounds), every(kinds, rounds)],
        cases: cases(kinds, rounds, facts),
    }
}

fn crowd(rounds: &[Round]) -> Vec<f64> {
    rounds.iter().flat_map(|it| it.crowd.0.clone()).collect()
}

fn by_kind(kinds: &[Kind], rounds: &[Round]) -> Table {
    let everything: Vec<f64> = rounds.iter().flat_map(|it| it.kinds.concat()).collect();
    let rate = median(&rounds.iter().map(|it| it.crowd.1).collect::<Vec<f64>>());
    let mut table = Table::new(
        "By kind of search",
        &["what is typed", "p50, ms", "p99, ms", "slowest, ms"],
    );
    for (at, kind) in kinds.iter().enumerate() {
        table.row(kind.name, &three(&of_kind(rounds, at)));
    }
    table.row("all of them, one reader", &three(&everything));
    table.row(
        &format!("all of them, {READERS} readers at once"),
        &three(&crowd(rounds)),
    );
    table.note = format!(
        "{} searches by one reader; {READERS} readers at once get {rate:.0} answers a second.",
        everything.len()
    );
    table
}

fn by_peer(kinds: &[Kind], rounds: &[Round]) -> Table {
    let head = ["what is typed", "Jutong p50, ms", "peer p50, ms", "ratio"];
    let mut table = Table::new("Beside SQLite FTS5 with trigrams", &head);
    for (at, name) in [SUBSTRING, SHORT].into_iter().enumerate() {
        let (ours, theirs) = beside(rounds, kinds, name, at);
        table.row(name, &[median(&ours), median(&theirs), median(&ratios(&ours, &theirs))]);
    }
    table.note = "Medians of the rounds' medians. The peer is called inside the bench's own process, without HTTP, JSON, facets and \
                  total counts. Two characters are less than a trigram: there it reads every row."
        .to_owned();
    table
}

fn cases(kinds: &[Kind], rounds: &[Round], facts: &Facts) -> Vec<Case> {
    let case = |name: &str, times: &[f64]| Case {
        case: name.to_owned(),
        p99_ms: Some(three(times)[1]),
        rss_mib: Some(facts.rss_mib),
        ..Case::default()
    };
    let everything: Vec<f64> = rounds.iter().flat_map(|it| it.kinds.concat()).collect();
    let mut all = vec![
        case("every kind of search, one reader", &everything),
        case("every kind of search, four readers at once", &crowd(rounds)),
    ];
    let cpu: Vec<f64> = rounds.iter().map(|it| it.cpu[0] / it.cpu[1]).collect();
    for (at, name) in [SUBSTRING, SHORT].into_iter().enumerate() {
        let (ours, theirs) = beside(rounds, kinds, name, at);
        let of_kind = of_kind(rounds, kinds.iter().position(|it| it.name == name).unwrap_or(0));
        all.push(Case {
            peer: Some("SQLite FTS5 trigram".to_owned()),
            wall_ratio: Some(median(&ratios(&ours, &theirs))),
            cpu_ratio: (at == 0).then(|| median(&cpu)),
            ..case(name, &of_kind)
        });
    }
    all
}

fn every(kinds: &[Kind], rounds: &[Round]) -> Table {
    let mut table = Table::new("Every round", &["round", "p50, ms", "p99, ms", "slowest, ms"]);
    for (number, it) in (1..).zip(rounds) {
        for (kind, times) in kinds.iter().zip(&it.kinds) {
            table.row(&format!("{number}: {}", kind.name), &three(times));
        }
        table.row(&format!("{number}: peer, {SUBSTRING}"), &three(&it.peer[0]));
        table.row(&format!("{number}: peer, {SHORT}"), &three(&it.peer[1]));
        table.row(&format!("{number}: {READERS} readers at once"), &three(&it.crowd.0));
    }
    table
}

fn about(facts: &Facts) -> Vec<String> {
    vec![
        format!(
            "**What is done.** A node with {ENTRIES} published entries of 60 departments (50 things, 60 places, 34 kinds of data; ten items \
             each) is searched by `GET /api/v1/catalog?q=…` without a token, on one connection that stays: the answer holds twenty \
             entries, the total and the counts of six facets. Goal: 99 of 100 within {GOAL_MS:.0} ms. Every search is made once before \
             the clock runs, and must find something; a full name must find its entry first."
        ),
        format!(
            "**Beside the searches.** Entries are written into the node's database by the bench while the node is stopped, as publishing \
             writes them but for the ledger. The next start makes the index from the database, {:.1} s until everything is found, while it answers already; a start \
             with the index there takes {:.2} s. The peer's index took {:.1} s. The node's memory after all searches (RSS, mapped files \
             included) is {:.0} MiB.",
            facts.first_start, facts.later_start, facts.peer_seconds, facts.rss_mib
        ),
        "**The peer.** SQLite FTS5 with the trigram tokenizer over the same names, summaries, keywords and codes, best twenty by its own \
         rank. It finds parts of texts and nothing else: no pinyin, no initials, no traditional characters for simplified ones, no \
         facets; only such searches are compared."
            .to_owned(),
    ]
}

fn plot(kinds: &[Kind], rounds: &[Round], everything: &[f64]) -> Plot {
    let bar = |name: &str, times: &[f64], ours| Bar {
        name: name.to_owned(),
        value: three(times)[1],
        ours,
    };
    let mut bars: Vec<Bar> = kinds
        .iter()
        .enumerate()
        .map(|(at, kind)| bar(kind.name, &of_kind(rounds, at), true))
        .collect();
    bars.push(bar("all of them", everything, true));
    let of_peer = |at: usize| {
        rounds
            .iter()
            .filter_map(|it| it.peer.get(at))
            .flatten()
            .copied()
            .collect::<Vec<f64>>()
    };
    let peers = vec![
        bar("peer, part of a name", &of_peer(0), false),
        bar("peer, two characters", &of_peer(1), false),
    ];
    Plot {
        title: "Searching 100,000 entries".to_owned(),
        description: format!(
            "99 of 100 searches of all kinds are answered within {:.1} ms; the goal is {GOAL_MS:.0} ms.",
            three(everything)[1]
        ),
        panels: vec![
            Panel {
                title: "Jutong through REST: 99 of 100 within, ms (less is better)".to_owned(),
                bars,
                goal: Some((format!("goal: {GOAL_MS:.0} ms"), GOAL_MS)),
            },
            Panel {
                title: "SQLite FTS5 trigram, in process: 99 of 100 within, ms".to_owned(),
                bars: peers,
                goal: None,
            },
        ],
    }
}
