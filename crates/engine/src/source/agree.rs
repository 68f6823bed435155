//! Where a database judges every row exactly as the house does, so that its word needs no second look.

use vocab::{
    DataType, RowRule, Value,
    profile::{ColumnInfo, TableInfo},
    rule::Compare,
};

use super::{
    Wanted,
    column::odd_mysql,
    dialect::{Dialect, find},
};
use crate::error::Error;

impl Dialect {
    /// Does every row have a value of this type there, as the house reads it?
    pub fn never_null(self, info: &TableInfo, column: &ColumnInfo, wanted: DataType) -> bool {
        let certain = match self {
            Self::Postgres => matches!(wanted, DataType::Text | DataType::Integer | DataType::Boolean),
            Self::Mysql => matches!(wanted, DataType::Text | DataType::Integer) && !odd_mysql(&column.source_type),
            // Only the row number itself cannot be of another type.
            Self::Sqlite => {
                let keys = info.columns.iter().filter(|it| it.key).count();
                column.key && keys == 1 && column.source_type.eq_ignore_ascii_case("INTEGER")
            }
        };
        column.plain && !column.nullable && column.data_type == wanted && certain
    }

    /// As [`Dialect::whole`], where the source also agrees with the house on every row: `None` where a value without a place
    /// in its type (an infinite date, NaN in a decimal, a blob in a text column of SQLite) may be judged otherwise.
    ///
    /// # Errors
    /// When a literal does not fit its column.
    pub fn exact(self, info: &TableInfo, columns: &[Wanted], rule: &RowRule) -> Result<Option<String>, Error> {
        if self.agrees(info, columns, rule)? {
            self.whole(info, columns, rule)
        } else {
            Ok(None)
        }
    }

    fn agrees(self, info: &TableInfo, columns: &[Wanted], rule: &RowRule) -> Result<bool, Error> {
        let plain = |item: &str| {
            let (column, wanted) = find(info, columns, item)?;
            Ok::<_, Error>(
                match self {
                    Self::Postgres => matches!(wanted, DataType::Text | DataType::Integer | DataType::Boolean),
                    Self::Mysql => matches!(wanted, DataType::Text | DataType::Integer),
                    Self::Sqlite => true,
                } && column.data_type == wanted,
            )
        };
        Ok(match rule {
            RowRule::All | RowRule::Nothing => true,
            RowRule::And { of } | RowRule::Or { of } => {
                for part in of {
                    if !self.agrees(info, columns, part)? {
                        return Ok(false);
                    }
                }
                true
            }
            // A value of another kind is unequal there and NULL here, which only positive conditions do not tell apart.
            RowRule::Not { of } => self != Self::Sqlite && self.agrees(info, columns, of)?,
            RowRule::Compare { item, op, .. } => (self != Self::Sqlite || *op == Compare::Eq) && plain(item)?,
            RowRule::In { item, values } => !values.contains(&Value::Null) && plain(item)?,
            RowRule::StartsWith { item, .. } => plain(item)?,
            RowRule::IsNull { item } => self != Self::Sqlite && plain(item)?,
        })
    }
}
