//! All automation of the house: `cargo xtask <what>`.
//!
//! Nothing here is part of the product. Everything a command needs on a Debian machine it installs itself (as root),
//! and every server it starts it also stops.

mod assets;
mod bench;
mod demo;
mod machine;
mod run;
mod servers;
mod test;
mod tidy;

use std::process::ExitCode;

use run::Failed;

const HELP: &str = "\
usage: cargo xtask <what>

  test [--only STEP,STEP]   install what is missing, start own databases, then: tidy, fmt, clippy, test, assets, e2e;
       [--without WHAT,…]   what is missing is a failure, unless it is left out: postgres, mysql, outside, data
  tidy                      check the walls of the house and its tidiness
  demo [ARGS]               build `jutong` and run its demo city; ARGS go to `jutong demo`
  bench NAME [--quick]      run one bench from benches/src/bin; without NAME: list them
  assets                    rebuild the styles and scripts of the pages (crates/web/dist)
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let rest = args.get(1..).unwrap_or_default();
    let done = match args.first().map(String::as_str) {
        Some("test") => test::run(rest),
        Some("tidy") => tidy::run(&run::root()),
        Some("demo") => demo::run(rest),
        Some("bench") => bench::run(rest),
        Some("assets") => assets::build(),
        Some("help" | "--help" | "-h") | None => {
            run::say(HELP);
            Ok(())
        }
        Some(other) => Err(Failed::new(format!("unknown command `{other}`\n\n{HELP}"))),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failed) => {
            run::complain(&failed.to_string());
            ExitCode::FAILURE
        }
    }
}
