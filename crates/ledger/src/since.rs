//! What was changed since a place in the log, for those who keep something beside the database in step with it.

use db::{Arg, Tx};

use crate::Error;

/// The subjects of entries from one place to before another, each once, of kinds that begin with one of some texts.
///
/// # Errors
/// [`Error::Db`].
pub async fn subjects(tx: &Tx, from: u64, to: u64, kinds: &[&str]) -> Result<Vec<String>, Error> {
    let mut args: Vec<Arg> = vec![from.into(), to.into()];
    let mut any = Vec::new();
    for kind in kinds {
        args.push(Arg::text(format!("{kind}%")));
        any.push(format!("kind like ${}", args.len()));
    }
    if any.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "select distinct subject from ledger_entry where idx >= $1 and idx < $2 and ({})",
        any.join(" or ")
    );
    let rows = tx.all_with(&sql, args).await?;
    Ok(rows.iter().map(|it| it.text("subject")).collect::<Result<_, _>>()?)
}

/// The hash of the log's leaf at a place, in hexadecimal: two logs that agree in it agree in everything before.
///
/// # Errors
/// [`Error::Db`].
pub async fn leaf(tx: &Tx, index: u64) -> Result<Option<String>, Error> {
    let row = tx
        .opt("select leaf from ledger_entry where idx = $1", [index.into()])
        .await?;
    Ok(row.map(|it| it.text("leaf")).transpose()?)
}
