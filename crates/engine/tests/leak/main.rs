//! Hidden rows and masked values leave no trace: thousands of generated questions have the same outcome on the governed
//! table as on a physical copy that holds only the allowed rows, masked.
//!
//! Hidden rows are made to be noticed: their values make casts, divisions, regular expressions and overflows fail.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout
)]

mod grammar;
mod rest;
mod world;

use engine::{Engine, Error, Limits, Opened};
use grammar::{Grammar, Question};
use world::World;

/// Questions asked of each world; more with `JUTONG_LEAK_QUESTIONS`.
const QUESTIONS: u64 = 2500;

async fn outcome(opened: &Opened, sql: &str) -> Result<Vec<String>, String> {
    let rows = opened.sql(sql).await.map_err(|it| told(&it))?;
    let (batches, _) = rows.collect_all().await.map_err(|it| told(&it))?;
    let mut lines = Vec::new();
    for batch in &batches {
        let columns: Vec<_> = batch
            .columns()
            .iter()
            .map(|it| engine::arrow::util::display::ArrayFormatter::try_new(it, &Default::default()).unwrap())
            .collect();
        for row in 0..batch.num_rows() {
            lines.push(
                columns
                    .iter()
                    .map(|it| it.value(row).to_string())
                    .collect::<Vec<_>>()
                    .join("\u{1f}"),
            );
        }
    }
    lines.sort();
    Ok(lines)
}

fn told(error: &Error) -> String {
    match error {
        Error::Internal(inner) => panic!("internal: {inner:?}"),
        other => other.to_string(),
    }
}

/// A question whose parts run side by side may tell either part's fault first. Both sides failed, and each with a fault that
/// the parts have on the copy alone, where there is no hidden row to cause it.
async fn both_faults_are_the_copys(
    copy: &Opened,
    question: &Question,
    ours: &Result<Vec<String>, String>,
    theirs: &Result<Vec<String>, String>,
) -> bool {
    let (Err(ours), Err(theirs)) = (ours, theirs) else {
        return false;
    };
    let mut faults = Vec::new();
    for part in &question.parts {
        faults.extend(outcome(copy, part).await.err());
    }
    faults.contains(ours) && faults.contains(theirs)
}

async fn compare(world: &World, seed: u64) {
    let engine = Engine::new(Limits::default());
    let governed = engine.open(world.governed()).await.unwrap();
    let copy = engine.open(world.copy()).await.unwrap();
    let questions = std::env::var("JUTONG_LEAK_QUESTIONS")
        .ok()
        .and_then(|it| it.parse().ok())
        .unwrap_or(QUESTIONS);
    let mut grammar = Grammar::new(seed);
    let (mut answered, mut refused, mut rows) = (0_u64, 0_u64, 0_u64);
    for number in 0..questions {
        let question = grammar.question();
        let sql = &question.sql;
        let ours = outcome(&governed, sql).await;
        let theirs = outcome(&copy, sql).await;
        if ours != theirs && !both_faults_are_the_copys(&copy, &question, &ours, &theirs).await {
            assert_eq!(ours, theirs, "{}: question {number} differs:\n{sql}", world.name);
        }
        match ours {
            Ok(lines) => {
                answered += 1;
                rows += lines.len() as u64;
            }
            Err(text) => {
                refused += 1;
                for poison in world::POISON {
                    assert!(!text.contains(poison), "an error tells a value: {text}");
                }
            }
        }
    }
    println!(
        "leak suite on {}: {questions} questions, {answered} answered ({rows} rows), {refused} failed on both sides, 0 differences",
        world.name
    );
    assert!(
        answered * 4 > questions,
        "too few questions were answered to prove anything"
    );
    assert!(refused > 0, "no question failed: the poison was not tasted");
    let mut rest = rest::Questions(seed);
    for _ in 0..questions / 10 {
        rest.compare(world.name, &governed, &copy).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_tells_nothing() {
    compare(&World::sqlite(), 20_261_122).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn csv_tells_nothing() {
    compare(&World::csv(), 7).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_tells_nothing() {
    match World::postgres().await {
        Some(world) => compare(&world, 42).await,
        None => println!("SKIPPED: JUTONG_TEST_POSTGRES is not set"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn views_tell_nothing() {
    match World::view().await {
        Some(world) => compare(&world, 4_242).await,
        None => println!("SKIPPED: JUTONG_TEST_POSTGRES is not set"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mariadb_tells_nothing() {
    match World::mysql().await {
        Some(world) => compare(&world, 77).await,
        None => println!("SKIPPED: JUTONG_TEST_MYSQL is not set"),
    }
}

#[tokio::test]
async fn plans_show_nothing_of_the_source() {
    let world = World::sqlite();
    let engine = Engine::new(Limits::default());
    let opened = engine.open(world.governed()).await.unwrap();
    let told = outcome(
        &opened,
        "EXPLAIN SELECT name FROM person WHERE region = '330106' AND qty > 2",
    )
    .await
    .unwrap();
    let told = told.join("\n");
    assert!(told.contains("Governed: table=person"), "{told}");
    for word in ["secret", "sqlite", "t_person", "open", "family"] {
        assert!(!told.contains(word), "the plan tells `{word}`: {told}");
    }
    for sql in [
        "SELECT secret FROM person",
        "SELECT * FROM t_person",
        "EXPLAIN ANALYZE SELECT * FROM person",
        "SELECT * FROM sqlite_master",
        "SELECT * FROM information_schema.columns WHERE column_name = 'secret' AND 1 = 1/0",
    ] {
        assert!(
            !matches!(outcome(&opened, sql).await, Ok(lines) if !lines.is_empty()),
            "{sql}"
        );
    }
    let listed = outcome(
        &opened,
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'",
    )
    .await;
    assert_eq!(listed.unwrap(), ["dept", "person"]);
}
