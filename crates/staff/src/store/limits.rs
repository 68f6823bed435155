//! The rows of `staff_limit`.

use std::collections::HashMap;

use db::{Row, Tx};

use crate::{Error, Limit, LimitName, Limits, Stricter};

/// All limits, ready to use.
///
/// # Errors
/// [`Error::NotFound`] when a row is missing; [`Error::Db`].
pub async fn limits(tx: &Tx) -> Result<Limits, Error> {
    let rows = tx.all("select name, value from staff_limit", []).await?;
    let values = rows
        .iter()
        .map(|row| Ok((row.text("name")?, row.count("value")?)))
        .collect::<Result<HashMap<_, _>, db::Error>>()?;
    Limits::read(|name| values.get(name.code()).copied().ok_or(Error::NotFound("limit")))
}

/// All limits with their legal basis, for people to read.
///
/// # Errors
/// [`Error::NotFound`] when a row is missing; [`Error::Db`].
pub async fn limits_listed(tx: &Tx) -> Result<Vec<Limit>, Error> {
    let mut all = Vec::with_capacity(LimitName::ALL.len());
    for name in LimitName::ALL {
        all.push(one(tx, *name).await?);
    }
    Ok(all)
}

/// Makes a limit stricter than the national value, or equal to it again; `legal_basis` is the local rule.
///
/// # Errors
/// [`Error::Looser`] when it would be looser than the national value, or zero; [`Error::NotFound`]; [`Error::Db`].
pub async fn set_limit(tx: &Tx, name: LimitName, value: u64, legal_basis: &str) -> Result<(), Error> {
    let limit = one(tx, name).await?;
    let loose = match limit.stricter {
        Stricter::Lower => value > limit.national || value == 0,
        Stricter::Higher => value < limit.national,
    };
    if loose {
        return Err(Error::Looser {
            name,
            national: limit.national,
        });
    }
    tx.run(
        "update staff_limit set value = $1, legal_basis = $2 where name = $3",
        [value.into(), legal_basis.into(), name.code().into()],
    )
    .await?;
    super::bump(tx).await
}

async fn one(tx: &Tx, name: LimitName) -> Result<Limit, Error> {
    let row = tx
        .opt(
            "select value, national, unit, stricter, legal_basis from staff_limit where name = $1",
            [name.code().into()],
        )
        .await?
        .ok_or(Error::NotFound("limit"))?;
    Ok(read(name, &row)?)
}

fn read(name: LimitName, row: &Row) -> Result<Limit, db::Error> {
    Ok(Limit {
        name,
        value: row.count("value")?,
        national: row.count("national")?,
        unit: row.text("unit")?,
        stricter: if row.text("stricter")? == "lower" {
            Stricter::Lower
        } else {
            Stricter::Higher
        },
        legal_basis: row.text("legal_basis")?,
    })
}
