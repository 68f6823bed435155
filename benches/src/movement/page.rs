//! The page of the bench: its tables, its text, its plot, and the cases for programs.

use serde_json::Value;

use super::{Group, Measured, Pair, Side, fewer_rounds, rounds};
use crate::{
    Wish,
    city::text,
    numbers::{median, ratios, shown},
    plot::{Bar, Panel, Plot},
    report::{Case, Table},
};

/// MiB that our process may have in use beyond its idle: 32 MB.
const MEMORY_GOAL: f64 = 32.0e6 / 1024.0 / 1024.0;

/// What a round took, in the order of the tables.
const FIGURES: [fn(&Measured) -> f64; 5] = [
    |it| it.wall,
    Measured::cpu,
    |it| it.programs,
    |it| it.servers,
    |it| it.peak_mib,
];

const HEAD: [&str; 7] = [
    "side",
    "seconds",
    "rows a second",
    "CPU, s",
    "of it the side's own, s",
    "of it database servers, s",
    "memory, MiB",
];

/// The numbers of a row: seconds, rows a second, and the rest.
fn numbers(rows: f64, figures: [f64; 5]) -> [f64; 6] {
    let [wall, cpu, programs, servers, peak] = figures;
    [wall, rows / wall, cpu, programs, servers, peak]
}

/// The tables: medians of each group, what is beside what, and every round.
#[must_use]
pub fn tables(groups: &[Group], rows: u32) -> Vec<Table> {
    let mut all: Vec<Table> = groups.iter().map(|it| medians(it, rows)).collect();
    all.push(beside(groups));
    all.push(every(groups, rows));
    all
}

fn medians(group: &Group, rows: u32) -> Table {
    let mut table = Table::new(group.title, &HEAD);
    for side in &group.sides {
        let figures = FIGURES.map(|it| median(&side.all(it)));
        table.row(side.name, &numbers(f64::from(rows), figures));
    }
    let told: Vec<String> = group.sides.iter().filter(|it| it.is_ours()).map(told).collect();
    table.note = told.join(" ");
    table
}

/// In words, which way the rows of a side of ours went.
fn told(side: &Side) -> String {
    let run = &side.told;
    let item = text(run, "/path/item");
    let why = match (text(run, "/path/path").as_str(), item.as_str()) {
        ("pass-through", _) => "undecoded tuples".to_owned(),
        (_, "") => format!("batches of columns ({})", text(run, "/path/why")),
        (_, item) => format!("batches of columns ({} of `{item}`)", text(run, "/path/why")),
    };
    let lanes = run.pointer("/path/lanes").and_then(Value::as_u64).unwrap_or(1);
    let lanes = if lanes == 1 {
        "1 lane".to_owned()
    } else {
        format!("{lanes} lanes")
    };
    let rows = run.pointer("/reconciliation/target/rows").and_then(Value::as_u64);
    format!(
        "{}: {} rows as {why}, {lanes}; digest `{}`; key {}; {:.2} s until the first row could leave.",
        side.name,
        rows.map_or_else(|| "no".to_owned(), grouped),
        text(run, "/digest_algorithm"),
        text(run, "/key"),
        median(&side.all(|it| it.waited))
    )
}

/// A number of rows as people read it.
#[allow(
    clippy::cast_precision_loss,
    reason = "a table has fewer rows than a double has whole numbers"
)]
fn grouped(rows: u64) -> String {
    if rows < 1000 {
        rows.to_string()
    } else {
        shown(rows as f64)
    }
}

fn beside(groups: &[Group]) -> Table {
    let head = [
        "case: beside whom",
        "seconds",
        "CPU",
        "rows a second",
        "goal for seconds",
    ];
    let mut table = Table::new("Jutong ÷ peer", &head);
    for (pair, ours, peer) in pairs(groups) {
        let [wall, cpu, rate] = beside_each(ours, peer);
        let name = format!("{}: {}", pair.case, pair.peer);
        table.row(&name, &[wall, cpu, rate, pair.goal.unwrap_or(f64::NAN)]);
    }
    table.note = "Medians of the ratios of each round. Rows a second: more is better for Jutong; the others: less. Rows are those \
                  of the source's table, also where a row rule keeps some of them back."
        .to_owned();
    table
}

/// Every pair whose sides are both there.
fn pairs(groups: &[Group]) -> Vec<(&Pair, &Side, &Side)> {
    let mut all = Vec::new();
    for group in groups {
        for pair in &group.pairs {
            if let (Some(ours), Some(peer)) = (group.side(pair.ours), group.side(pair.peer)) {
                all.push((pair, ours, peer));
            }
        }
    }
    all
}

/// Seconds, processor time and rate of ours ÷ those of the peer: medians over the rounds that both were in.
fn beside_each(ours: &Side, peer: &Side) -> [f64; 3] {
    let ratio = |figure: fn(&Measured) -> f64| median(&ratios(&ours.all(figure), &peer.all(figure)));
    let rate = median(&ratios(&peer.all(|it| it.wall), &ours.all(|it| it.wall)));
    [ratio(|it| it.wall), ratio(Measured::cpu), rate]
}

fn every(groups: &[Group], rows: u32) -> Table {
    let mut table = Table::new("Every round", &HEAD);
    for group in groups {
        let rounds = group.sides.iter().map(|it| it.measured.len()).max().unwrap_or(0);
        for round in 0..rounds {
            for side in &group.sides {
                if let Some(it) = side.measured.get(round) {
                    let name = format!("{}, {}: {}", group.title, round + 1, side.name);
                    table.row(&name, &numbers(f64::from(rows), FIGURES.map(|figure| figure(it))));
                }
            }
        }
    }
    table
}

/// The cases of the closing line.
#[must_use]
pub fn cases(groups: &[Group]) -> Vec<Case> {
    let case = |(pair, ours, peer): (&Pair, &Side, &Side)| {
        let [wall, cpu, rate] = beside_each(ours, peer);
        Case {
            case: pair.case.to_owned(),
            peer: Some(pair.peer.to_owned()),
            wall_ratio: Some(wall),
            cpu_ratio: Some(cpu),
            rate_ratio: Some(rate),
            rss_mib: Some(most_memory(ours)),
            ..Case::default()
        }
    };
    pairs(groups).into_iter().map(case).collect()
}

fn most_memory(side: &Side) -> f64 {
    side.all(|it| it.peak_mib).into_iter().fold(0.0, f64::max)
}

/// The heading.
#[must_use]
pub fn title(rows: u32) -> String {
    format!("Moving a table of {} people", grouped(rows.into()))
}

/// The plot: seconds of each group, and our memory.
#[must_use]
pub fn plot(groups: &[Group], rows: u32) -> Plot {
    let mut panels: Vec<Panel> = groups.iter().map(seconds).collect();
    let ours = groups
        .iter()
        .flat_map(|group| group.sides.iter().map(move |side| (group, side)));
    let bars = ours.filter(|(_, side)| side.is_ours()).map(|(group, side)| Bar {
        name: short(group, side),
        value: most_memory(side),
        ours: true,
    });
    panels.push(Panel {
        title: "Most memory of Jutong beyond its idle, MiB (less is better)".to_owned(),
        bars: bars.collect(),
        goal: Some(("goal: 32 MB".to_owned(), MEMORY_GOAL)),
    });
    let told: Vec<String> = pairs(groups)
        .into_iter()
        .filter(|(pair, ..)| pair.goal.is_some())
        .map(|(pair, ours, peer)| format!("{} {:.2} times {}", pair.case, beside_each(ours, peer)[0], pair.peer))
        .collect();
    Plot {
        title: title(rows),
        description: format!("Seconds of Jutong: {}.", told.join("; ")),
        panels,
    }
}

/// A side of ours by the case it is in.
fn short(group: &Group, side: &Side) -> String {
    let pair = group.pairs.iter().find(|it| it.ours == side.name);
    pair.map_or_else(|| side.name.to_owned(), |it| it.case.to_owned())
}

fn seconds(group: &Group) -> Panel {
    let bar = |side: &Side| Bar {
        name: side.name.to_owned(),
        value: median(&side.all(|it| it.wall)),
        ours: side.is_ours(),
    };
    let goal = group.pairs.iter().find(|it| it.goal.is_some()).and_then(|pair| {
        let peer = group.side(pair.peer)?;
        let most = pair.goal? * median(&peer.all(|it| it.wall));
        Some((format!("goal of {}", pair.case), most))
    });
    Panel {
        title: format!("{}: seconds (less is better)", group.title),
        bars: group.sides.iter().map(bar).collect(),
        goal,
    }
}

/// The paragraphs before the tables.
#[must_use]
pub fn about(wish: Wish, rows: u32, idle_mib: f64, left_out: &[String]) -> Vec<String> {
    let mut all = vec![
        done(wish, rows),
        "**What a delivery of Jutong holds that the peers' runs do not.** The agreement and its policy decide before the first row leaves and \
         every few seconds after; a release is opened in the ledger and closed with a receipt, signed and published, and that processor time \
         is counted. Rows are digested as they leave and once more as they are read back from the target; both digests must be equal. Rows \
         and checkpoint of a chunk are one transaction, so that a killed run goes on where it was. The new table stands beside the old one \
         until it is proved equal, then they change names: readers never see half a table. The wait for a worker, which looks for work every \
         half second, is part of the time."
            .to_owned(),
        "**How the peers are run.** `psql -c \"copy … to stdout (format binary)\" | psql -c \"copy … from stdin (format binary)\"` into a \
         bare heap that was made before the clock runs, alone or followed by `alter table … add primary key`; `psql -c \"\\copy … from 'FILE' \
         (format csv, header)\"`; `mariadb --batch --quick` into `copy … from stdin` of its lines; DuckDB's `COPY (FROM …) TO 'FILE' (FORMAT \
         parquet, COMPRESSION zstd)`, the same compression as ours, with its reader of PostgreSQL; ADBC's `adbc_ingest` of the batches that \
         it reads; `sling run --mode full-refresh`; `pgcopydb copy table-data --table-jobs 2`, which also vacuums and analyses. ADBC and \
         sling make their own tables (sling loads one and copies it into another). None of them masks, compares what has arrived, or leaves a \
         proof. Not compared: ingestr, dlt, Meltano, pgloader."
            .to_owned(),
        format!(
            "**What is checked.** After every round of every side PostgreSQL counts the target's rows and sums a hash of each, all columns \
             brought to one type; number and sum must be those of the source. Under masks they must be those of the source's rows that the \
             rule lets out, masked by the database a second time; pseudonyms must be 64 hexadecimal digits and as many different ones as \
             there are different values. DuckDB reads both Parquet files and the source for the same sum. Every run of ours must tell equal \
             digests and its receipt's place in the ledger. Anything else fails the bench. Then the target is dropped, and a `CHECKPOINT` \
             stands before the next side; autovacuum is off, and no other checkpoint comes in between. Memory: of Jutong the most that the \
             process had in use beyond its {idle_mib:.0} MiB when idle, that is after its start and before the first run; of peers the sum of \
             their own processes' peaks (of pgcopydb the first process's alone)."
        ),
    ];
    if !left_out.is_empty() {
        all.push(format!(
            "**Left out**, since it could not be had or did not run here: {}.",
            left_out.join("; ")
        ));
    }
    all
}

fn done(wish: Wish, rows: u32) -> String {
    format!(
        "**What is done.** A table of {} people (13 columns: `bigint`, `varchar`, `char`, `smallint`, `date`, `numeric`, `boolean`, `jsonb`, \
         `timestamp`, `timestamptz`; 3 to 20 of 100 values missing in four of them), made by the bench, is moved as a whole. Ours are \
         deliveries of a node, defined and run through REST under agreements: the clock runs from `POST /api/v1/deliveries/{{id}}/runs` until \
         the run is told as done. *Three masks and a row rule*: ends of the phone number and family names stay, identity numbers become keyed \
         pseudonyms, one region of twelve is kept back; *in SQL*: ends of the identity number stay instead. Tables have no key on either \
         side, but where *the key* is named. Source and target are databases of one server that flushes as in production; it shares the cores \
         with everything else. {} rounds, side after side; peers beside the main ones are in the first {}.",
        grouped(rows.into()),
        rounds(wish),
        fewer_rounds(wish)
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{
        super::{
            How, Target,
            truth::{Truth, WHOLE},
        },
        *,
    };

    fn side(name: &'static str, how: How, walls: &[f64]) -> Side {
        let truth = Truth {
            sum: "2|3".to_owned(),
            pseudonyms: String::new(),
        };
        let target = Target::Table {
            name,
            bare: false,
            terms: &WHOLE,
            truth,
        };
        let measured = |wall: &f64| Measured {
            wall: *wall,
            programs: 1.0,
            servers: 3.0,
            peak_mib: 20.0,
            waited: 0.25,
        };
        Side {
            measured: walls.iter().map(measured).collect(),
            told: json!({
                "path": { "path": "columnar", "why": "mask", "item": "id_card", "lanes": 1 }, "digest_algorithm": "sum", "key": "none",
                "reconciliation": { "target": { "rows": 2 } },
            }),
            ..Side::new(name, how, target)
        }
    }

    fn group() -> Group {
        let pair = |peer, goal| Pair {
            case: "pg-pg",
            ours: "Jutong",
            peer,
            goal,
        };
        Group {
            title: "PostgreSQL into PostgreSQL",
            sides: vec![
                side("pipe", How::Programs(Vec::new()), &[4.0, 4.0, 4.0]),
                side("Jutong", How::Delivery("dlv".to_owned()), &[2.0, 4.0, 6.0]),
                side("late", How::Programs(Vec::new()), &[8.0]),
            ],
            pairs: vec![pair("pipe", Some(1.0)), pair("late", None), pair("missing", None)],
        }
    }

    #[test]
    fn sides_are_compared_in_the_rounds_that_both_were_in() {
        let cases = cases(&[group()]);
        let seen: Vec<_> = cases.iter().map(|it| (it.peer.as_deref(), it.wall_ratio)).collect();
        assert_eq!(seen, [(Some("pipe"), Some(1.0)), (Some("late"), Some(0.25))]);
        assert_eq!((cases[0].cpu_ratio, cases[0].rss_mib), (Some(1.0), Some(20.0)));
    }

    #[test]
    fn every_round_and_every_way_is_on_the_page() {
        let all = tables(&[group()], 10);
        assert_eq!(all.len(), 3);
        assert_eq!(all[0].rows[1][..3], ["Jutong", "4.00", "2.50"]);
        assert!(
            all[0]
                .note
                .contains("2 rows as batches of columns (mask of `id_card`), 1 lane;"),
            "{}",
            all[0].note
        );
        assert_eq!(all[1].rows[0], ["pg-pg: pipe", "1.00", "1.00", "1.00", "1.00"]);
        assert_eq!(all[1].rows[1][4], "–");
        assert_eq!(all[2].rows.len(), 7);
    }

    #[test]
    fn the_plot_has_a_panel_for_each_group_and_one_of_memory() {
        let plot = plot(&[group()], 10);
        assert_eq!(plot.panels.len(), 2);
        assert_eq!(plot.panels[0].goal, Some(("goal of pg-pg".to_owned(), 4.0)));
        assert_eq!(plot.panels[1].bars.len(), 1);
        assert_eq!(plot.description, "Seconds of Jutong: pg-pg 1.00 times pipe.");
    }
}
