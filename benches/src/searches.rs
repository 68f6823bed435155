//! Searching, with a stopwatch: what the bench `search` asks of a node and of its peer in one round.

use std::time::Instant;

use serde_json::Value;

use crate::{
    Result,
    catalog::Entry,
    city::{City, text},
    http::Client,
    process,
    queries::{Kind, Question, SHORT, SUBSTRING},
    trigrams::Trigrams,
};

/// Entries in the catalogue.
pub const ENTRIES: usize = 100_000;

/// Readers that search at the same time in the second part of a round.
pub const READERS: usize = 4;

/// What one round took.
#[derive(Debug, Clone)]
pub struct Round {
    /// Milliseconds of every search, by kind.
    pub kinds: Vec<Vec<f64>>,
    /// Milliseconds of the peer: parts of names, words of two characters.
    pub peer: [Vec<f64>; 2],
    /// Processor seconds of a search for a part of a name: ours, the peer's.
    pub cpu: [f64; 2],
    /// Milliseconds of every search while several readers ask, and searches a second.
    pub crowd: (Vec<f64>, f64),
}

fn ask(client: &mut Client, question: &Question) -> Result<Value> {
    let path = question.path();
    let answer = client.get(&path, "")?;
    if answer.status != 200 {
        return Err(format!("GET {path}: {}", answer.status).into());
    }
    Ok(serde_json::from_slice(&answer.body)?)
}

/// Every search is answered, and what must be found is.
///
/// # Errors
/// For the first search of which that is not so.
pub fn check(port: u16, peer: &Trigrams, kinds: &[Kind]) -> Result {
    let mut client = Client::connect(port)?;
    for kind in kinds {
        for question in &kind.questions {
            let found = ask(&mut client, question)?;
            let total = found.get("total").and_then(Value::as_u64).unwrap_or(0);
            if total == 0 && !kind.name.contains("nobody") {
                return Err(format!("{}: nothing is found for `{}`", kind.name, question.text).into());
            }
            let missed = match kind.name {
                SUBSTRING => peer.search(&question.text)?.is_empty(),
                SHORT => peer.scan(&question.text)?.is_empty(),
                _ => false,
            };
            if missed {
                return Err(format!("the peer finds nothing for `{}`", question.text).into());
            }
        }
    }
    for n in [7, 31_234, ENTRIES - 1] {
        let name = Entry::new(n).name;
        let found = ask(
            &mut client,
            &Question {
                text: name.clone(),
                only: Vec::new(),
                offset: 0,
            },
        )?;
        if text(&found, "/items/0/name") != name {
            return Err(format!("`{name}` is not the first that is found for its name").into());
        }
    }
    Ok(())
}

/// Runs each of `all`, and takes the time of each in milliseconds.
fn times<T>(all: &[T], mut run: impl FnMut(&T) -> Result) -> Result<Vec<f64>> {
    let mut times = Vec::with_capacity(all.len());
    for it in all {
        let began = Instant::now();
        run(it)?;
        times.push(began.elapsed().as_secs_f64() * 1000.0);
    }
    Ok(times)
}

fn get(client: &mut Client, question: &Question) -> Result {
    let answer = client.get(&question.path(), "")?;
    if answer.status == 200 {
        Ok(())
    } else {
        Err(format!("a search is answered {}", answer.status).into())
    }
}

impl Round {
    /// Asks everything once: kind by kind, ours and then the peer; then several readers at once.
    ///
    /// # Errors
    /// When a search is not answered.
    #[allow(clippy::cast_precision_loss, reason = "a kind has some dozens of questions")]
    pub fn run(city: &City, peer: &Trigrams, kinds: &[Kind]) -> Result<Self> {
        let mut client = Client::connect(city.port)?;
        let mut of_kinds = Vec::new();
        let mut of_peer = [Vec::new(), Vec::new()];
        let mut cpu = [0.0; 2];
        for kind in kinds {
            let before = process::seconds(city.program.pid());
            of_kinds.push(times(&kind.questions, |it| get(&mut client, it))?);
            let ours = process::seconds(city.program.pid()) - before;
            let before = process::own_seconds();
            match kind.name {
                SUBSTRING => {
                    of_peer[0] = times(&kind.questions, |it| peer.search(&it.text).map(drop))?;
                    let many = kind.questions.len() as f64;
                    cpu = [ours / many, (process::own_seconds() - before) / many];
                }
                SHORT => of_peer[1] = times(&kind.questions, |it| peer.scan(&it.text).map(drop))?,
                _ => {}
            }
        }
        Ok(Self {
            kinds: of_kinds,
            peer: of_peer,
            cpu,
            crowd: crowd(city.port, kinds)?,
        })
    }
}

/// Several readers ask everything at the same time, each beginning elsewhere.
#[allow(clippy::cast_precision_loss, reason = "a round has some thousand questions")]
fn crowd(port: u16, kinds: &[Kind]) -> Result<(Vec<f64>, f64)> {
    let all: Vec<Question> = kinds.iter().flat_map(|it| it.questions.clone()).collect();
    let began = Instant::now();
    let read = |reader: usize| -> Result<Vec<f64>> {
        let mut mine = all.clone();
        mine.rotate_left(reader * all.len() / READERS);
        let mut client = Client::connect(port)?;
        times(&mine, |it| get(&mut client, it))
    };
    let results: Vec<Result<Vec<f64>>> = std::thread::scope(|scope| {
        let readers: Vec<_> = (0..READERS).map(|it| scope.spawn(move || read(it))).collect();
        let gone = || Err("a reader broke off".into());
        readers
            .into_iter()
            .map(|it| it.join().unwrap_or_else(|_| gone()))
            .collect()
    });
    let mut taken = Vec::new();
    for result in results {
        taken.extend(result?);
    }
    let rate = taken.len() as f64 / began.elapsed().as_secs_f64();
    Ok((taken, rate))
}
