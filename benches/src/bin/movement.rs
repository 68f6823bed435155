//! Bench `movement`: a table from one department's database into another's, as a delivery under an agreement, beside the
//! databases' own pipes and beside what people move tables with.

use std::process::{Command, ExitCode};

use benches::{
    Report, Result, Wish, city,
    machine::Machine,
    movement::{Group, groups, page, stage::Stage},
    process,
};

fn main() -> ExitCode {
    benches::run(bench)
}

fn bench(wish: Wish) -> Result<Report> {
    let folder = tempfile::tempdir()?;
    let machine = Machine::look(folder.path())?;
    let rows = wish.either(2_000_000, 200_000);
    let mut stage = Stage::make(folder.path(), rows)?;
    let mut versions = versions(&stage)?;
    let mut all = vec![
        groups::postgres(&mut stage, wish, folder.path(), &mut versions)?,
        groups::csv(&stage)?,
    ];
    all.extend(groups::mariadb(&stage)?);
    all.extend(groups::parquet(&stage)?);
    let mut idle: f64 = 0.0;
    for group in &mut all {
        stage.play(group, wish)?;
        idle = idle.max(stage.node.idle_mib());
    }
    Ok(report(wish, machine, &all, (rows, idle), &stage.left_out, versions))
}

fn versions(stage: &Stage) -> Result<Vec<String>> {
    let jutong = process::output(Command::new(city::binary()?).arg("version"))?;
    let mut all = vec![
        jutong.trim().to_owned(),
        format!("PostgreSQL and psql {}", stage.source.version()?),
    ];
    if let Some(it) = &stage.mariadb {
        all.push(format!("MariaDB {}", it.version()?.replace("-MariaDB", "")));
    }
    if let Some(it) = &stage.duckdb {
        all.extend(it.versions.clone());
    }
    Ok(all)
}

fn report(
    wish: Wish,
    machine: Machine,
    groups: &[Group],
    (rows, idle_mib): (u32, f64),
    left_out: &[String],
    versions: Vec<String>,
) -> Report {
    Report {
        name: "movement",
        title: page::title(rows),
        command: wish.command("movement"),
        machine,
        about: page::about(wish, rows, idle_mib, left_out),
        versions,
        tables: page::tables(groups, rows),
        plot: page::plot(groups, rows),
        cases: page::cases(groups),
    }
}
