//! Bench `start`: from the start of the program to its first answer, and what it holds in memory when idle; beside the
//! Python peer of the bench `serve`.

use std::{
    path::Path,
    process::{Command, ExitCode},
    time::{Duration, Instant},
};

use benches::{
    Report, Result, Wish,
    city::{self, answers},
    machine::Machine,
    numbers::{median, ratios},
    peers::Peer,
    plot::{Bar, Panel, Plot},
    postgres::Postgres,
    process::{self, Program, free_port},
    report::{Case, Table},
    say,
};

/// How often somebody knocks until the first answer: as often as that the figure is not coarser.
const KNOCK: Duration = Duration::from_millis(1);

fn main() -> ExitCode {
    benches::run(bench)
}

/// One start.
#[derive(Clone, Copy)]
struct Started {
    /// Milliseconds to the first answer.
    first_ms: f64,
    /// Milliseconds of processor time until then.
    cpu_ms: f64,
    /// Memory in use some seconds later.
    rss_mib: f64,
}

fn bench(wish: Wish) -> Result<Report> {
    let folder = tempfile::tempdir()?;
    let machine = Machine::look(folder.path())?;
    let peer = Peer::fastapi()?;
    let postgres = Postgres::of_bench()?;
    let idle = wish.either(Duration::from_secs(5), Duration::from_secs(2));
    // Once each without a stopwatch: program files get into memory, Python compiles its modules.
    ours(folder.path(), "warm", Duration::ZERO)?;
    theirs(folder.path(), &peer, &postgres, Duration::ZERO)?;
    let mut all = Vec::new();
    for number in 1..=wish.either(15, 10) {
        let ours = ours(folder.path(), &number.to_string(), idle)?;
        let theirs = theirs(folder.path(), &peer, &postgres, idle)?;
        say(&format!(
            "start {number}: Jutong {:.0} ms, {} {:.0} ms",
            ours.first_ms, peer.name, theirs.first_ms
        ));
        all.push([ours, theirs]);
    }
    let binary = city::binary()?;
    let size = mib(std::fs::metadata(&binary)?.len());
    let jutong = process::output(Command::new(&binary).arg("version"))?;
    let mut versions = vec![jutong.trim().to_owned(), format!("PostgreSQL {}", postgres.version()?)];
    versions.extend(peer.versions.clone());
    Ok(report(wish, machine, &all, peer.name, size, versions))
}

#[allow(
    clippy::cast_precision_loss,
    reason = "a file has fewer bytes than a double has whole numbers"
)]
fn mib(bytes: u64) -> f64 {
    bytes as f64 / 1024.0 / 1024.0
}

/// A new node each time: `jutong init`, then the clock runs from `jutong serve`.
fn ours(folder: &Path, name: &str, idle: Duration) -> Result<Started> {
    let config = city::found(&folder.join(format!("node-{name}")))?;
    let (port, flight) = (free_port()?, free_port()?);
    let mut command = Command::new(city::binary()?);
    command.arg("--config").arg(config).args([
        "serve",
        "--listen",
        &format!("127.0.0.1:{port}"),
        "--flight-listen",
        &format!("127.0.0.1:{flight}"),
    ]);
    start(folder, "jutong", &mut command, port, idle)
}

fn theirs(folder: &Path, peer: &Peer, postgres: &Postgres, idle: Duration) -> Result<Started> {
    let port = free_port()?;
    let mut command = peer.command(port, &postgres.url, "select 1");
    start(folder, "peer", &mut command, port, idle)
}

fn start(folder: &Path, name: &'static str, command: &mut Command, port: u16, idle: Duration) -> Result<Started> {
    let began = Instant::now();
    let mut program = Program::start(name, command, folder)?;
    program.wait(KNOCK, || answers(port, "/"))?;
    let first_ms = began.elapsed().as_secs_f64() * 1000.0;
    let cpu_ms = process::seconds(program.pid()) * 1000.0;
    std::thread::sleep(idle);
    Ok(Started {
        first_ms,
        cpu_ms,
        rss_mib: process::rss_mib(program.pid()),
    })
}

fn of(all: &[[Started; 2]], side: usize, figure: fn(&Started) -> f64) -> Vec<f64> {
    all.iter().filter_map(|it| it.get(side)).map(figure).collect()
}

const FIGURES: [fn(&Started) -> f64; 3] = [|it| it.first_ms, |it| it.cpu_ms, |it| it.rss_mib];

fn report(wish: Wish, machine: Machine, all: &[[Started; 2]], peer: &str, size: f64, versions: Vec<String>) -> Report {
    let head = [
        "side",
        "to the first answer, ms",
        "CPU until then, ms",
        "memory when idle, MiB",
    ];
    let mut medians = Table::new("Medians", &head);
    let mut every = Table::new("Every start", &head);
    for (at, name) in ["Jutong", peer].into_iter().enumerate() {
        medians.row(name, &FIGURES.map(|it| median(&of(all, at, it))));
    }
    for (number, sides) in (1..).zip(all) {
        for (name, it) in ["Jutong", peer].into_iter().zip(sides) {
            every.row(&format!("{number}: {name}"), &FIGURES.map(|figure| figure(it)));
        }
    }
    let slowest = of(all, 0, FIGURES[0]).into_iter().fold(0.0, f64::max);
    medians.note = format!(
        "Slowest start of Jutong: {slowest:.0} ms. The binary, its pages, styles and fonts inside, has {size:.1} MiB."
    );
    let beside = |it| median(&ratios(&of(all, 0, it), &of(all, 1, it)));
    Report {
        name: "start",
        title: "From the start to the first answer".to_owned(),
        command: wish.command("start"),
        machine,
        about: about(wish, all.len()),
        versions,
        plot: plot(all, peer),
        tables: vec![medians, every],
        cases: vec![Case {
            case: "start to the first answer".to_owned(),
            peer: Some(peer.to_owned()),
            wall_ratio: Some(beside(FIGURES[0])),
            cpu_ratio: Some(beside(FIGURES[1])),
            rss_mib: Some(median(&of(all, 0, FIGURES[2]))),
            ..Case::default()
        }],
    }
}

fn about(wish: Wish, starts: usize) -> Vec<String> {
    let seconds = wish.either(5, 2);
    vec![
        format!(
            "**What is done.** A node is founded by `jutong init` for each start; then the clock runs from the start of `jutong serve` to \
             the first `GET /` that answers 200: the home page, rendered, from the node's database. Somebody knocks every millisecond. \
             {seconds} seconds later memory in use (RSS) is read. {starts} starts of each side, in turn; program files are in the page cache."
        ),
        "**The peer.** The FastAPI server of the bench `serve`: uvicorn with two workers, which connect to a PostgreSQL that runs \
         already; its `GET /` is a constant. Memory is that of all its processes; pages that they share count in each."
            .to_owned(),
        "**What is not compared.** Jutong also opens its database with its migrations checked, its keys, search index, Flight SQL door \
         and worker; the peer needs a database server beside it, which is not counted."
            .to_owned(),
    ]
}

fn plot(all: &[[Started; 2]], peer: &str) -> Plot {
    let bars = |figure: fn(&Started) -> f64| {
        let bar = |(at, name): (usize, &str)| Bar {
            name: name.to_owned(),
            value: median(&of(all, at, figure)),
            ours: at == 0,
        };
        ["Jutong", peer].into_iter().enumerate().map(bar).collect::<Vec<Bar>>()
    };
    let first = bars(FIGURES[0]);
    let told: Vec<String> = first
        .iter()
        .map(|it| format!("{} {:.0} ms", it.name, it.value))
        .collect();
    Plot {
        title: "From the start to the first answer".to_owned(),
        description: format!("Time to the first answer: {}.", told.join(", ")),
        panels: vec![
            Panel {
                title: "Time to the first answer, ms (less is better)".to_owned(),
                bars: first,
                goal: Some(("goal: 1 s".to_owned(), 1000.0)),
            },
            Panel {
                title: "Memory when idle, MiB (less is better)".to_owned(),
                bars: bars(FIGURES[2]),
                goal: Some(("goal: 100 MB".to_owned(), 95.4)),
            },
        ],
    }
}
