//! `jutong verify`: does an evidence bundle prove what it says? With nothing but the file and public keys.

use std::{path::Path, path::PathBuf, process::ExitCode};

use ledger::{Outcome, Receipt, Trust, Verified, VerifierKey, bundle::Bundle};
use serde_json::json;

use crate::{
    exit::{Exit, Failure},
    out,
};

/// Check an evidence bundle offline.
#[derive(Debug, clap::Args)]
pub(crate) struct VerifyArgs {
    /// The bundle: a JSON file of `jutong ledger bundle`, or `-` for standard input.
    bundle: PathBuf,
    /// A public key of the log that you have from elsewhere: its text, or a file with one a line. Each suite (Ed25519, SM2)
    /// whose key is given must prove the bundle by itself.
    #[arg(long, value_name = "FILE|TEXT")]
    vkey: Vec<String>,
    /// A public key of a witness, as text or file.
    #[arg(long, value_name = "FILE|TEXT")]
    witness: Vec<String>,
    /// How many different witnesses must have cosigned.
    #[arg(long, value_name = "N", default_value_t = 0)]
    quorum: usize,
    /// Believe the keys that the bundle itself carries. This proves only that nobody without those keys changed it.
    #[arg(long, conflicts_with = "vkey")]
    own_keys: bool,
}

/// Checks; 0 when the bundle proves its entries, 1 when not.
pub(crate) fn run(args: &VerifyArgs, as_json: bool) -> Result<ExitCode, Failure> {
    let bytes = read(&args.bundle)?;
    let trust = Trust {
        keys: if args.vkey.is_empty() {
            own_keys(&bytes, args.own_keys, as_json)?
        } else {
            keys(&args.vkey)?
        },
        witnesses: keys(&args.witness)?,
        quorum: args.quorum,
    };
    match ledger::verify(&bytes, &trust) {
        Ok(it) => {
            if as_json {
                out::json(&told(&it, args.own_keys))?;
            } else {
                out::line(&sentence(&it, args.own_keys))?;
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(fault) => {
            if as_json {
                out::json(&json!({ "verified": false, "reason": fault.to_string() }))?;
                return Ok(ExitCode::from(Exit::Failed as u8));
            }
            Err(Failure::new(Exit::Failed, format!("NOT VERIFIED: {fault}")))
        }
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let read = if path.as_os_str() == "-" {
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut std::io::stdin().lock(), &mut bytes).map(|_| bytes)
    } else {
        std::fs::read(path)
    };
    read.map_err(|error| Failure::new(Exit::Failed, format!("{}: cannot be read: {error}", path.display())))
}

/// The bundle's own keys, when that was asked for; else a refusal that shows them.
fn own_keys(bytes: &[u8], asked: bool, as_json: bool) -> Result<Vec<VerifierKey>, Failure> {
    let refused = |text: String| Failure::new(Exit::Failed, format!("NOT VERIFIED: {text}"));
    let keys = Bundle::parse(bytes)
        .and_then(|it| it.verifier_keys())
        .map_err(|it| refused(it.to_string()))?;
    if asked {
        return Ok(keys);
    }
    let shown: String = keys.iter().map(|it| format!("\n  {it}")).collect();
    let mut failure = refused(format!(
        "no key of the log was given. Get it from its node (`jutong log vkey`, its web page, a gazette) and pass it with \
         --vkey; or say --own-keys to believe the keys that the bundle carries:{shown}"
    ));
    if as_json {
        failure.json = Some(json!({ "verified": false, "reason": "no key of the log was given" }));
    }
    Err(failure)
}

/// Keys given as text or as files of lines.
fn keys(given: &[String]) -> Result<Vec<VerifierKey>, Failure> {
    let mut keys = Vec::new();
    for it in given {
        let text = if it.contains('+') && !Path::new(it).exists() {
            it.clone()
        } else {
            std::fs::read_to_string(it).map_err(|error| {
                Failure::usage(format!(
                    "key `{it}`: neither a key nor a file that can be read: {error}"
                ))
            })?
        };
        for line in text
            .lines()
            .map(str::trim)
            .filter(|it| !it.is_empty() && !it.starts_with('#'))
        {
            keys.push(
                line.parse()
                    .map_err(|error| Failure::usage(format!("key `{line}`: {error}")))?,
            );
        }
    }
    Ok(keys)
}

fn told(it: &Verified, own: bool) -> serde_json::Value {
    let entries: Vec<_> = it
        .entries
        .iter()
        .map(|it| serde_json::from_str(&it.data).unwrap_or(serde_json::Value::Null))
        .collect();
    json!({
        "verified": true,
        "keys": if own { "own" } else { "given" },
        "origin": it.origin,
        "size": it.size,
        "suites": it.suites.iter().map(|it| suite(*it)).collect::<Vec<_>>(),
        "witnesses": it.witnesses.iter().map(|(name, at)| json!({ "name": name, "at": at })).collect::<Vec<_>>(),
        "entries": entries,
    })
}

const fn suite(it: seal::Suite) -> &'static str {
    match it {
        seal::Suite::National => "SM2/SM3",
        seal::Suite::International => "Ed25519/SHA-256",
    }
}

fn sentence(it: &Verified, own: bool) -> String {
    let suites: Vec<_> = it.suites.iter().map(|it| suite(*it)).collect();
    let mut text = format!(
        "VERIFIED: {} entries are in the log {} ({} entries), proved by {}",
        it.entries.len(),
        it.origin,
        it.size,
        suites.join(" and ")
    );
    for (name, _) in &it.witnesses {
        text += &format!("\n  cosigned by {name}");
    }
    for it in &it.entries {
        text += &format!(
            "\n  #{:<7} {}  {:<24} {}",
            it.index,
            it.entry.at.format("%Y-%m-%dT%H:%M:%SZ"),
            it.entry.kind,
            it.entry.subject
        );
        for receipt in Receipt::all_of(it) {
            text += &format!("\n           {}", left(&receipt));
        }
    }
    if own {
        text += "\nnote: checked with the keys the bundle carries; compare them with those its node publishes";
    }
    text
}

/// How a release ended, and how many rows left.
fn left(it: &Receipt) -> String {
    let (code, rows) = (it.outcome.code(), it.rows);
    match it.outcome {
        Outcome::Complete => format!("{code}: all {rows} rows left"),
        Outcome::Unknown => format!(
            "{code}: the node stopped before it could write down how many rows had left; at least {rows}, at most every one"
        ),
        _ => format!("{code}: {rows} rows had left"),
    }
}
