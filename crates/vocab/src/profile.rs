//! What was found by looking at a source: tables, columns, statistics, and guesses that show their evidence.

use serde::{Deserialize, Serialize};

use crate::{class::list, data::DataType};

/// A table of a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableInfo {
    /// `schema.table`, or the table, or the sheet, or the file name.
    pub name: String,
    /// The comment in the source, when it has one.
    pub comment: Option<String>,
    /// The source's own estimate of its rows.
    pub rows_estimate: Option<u64>,
    /// Its columns in order.
    pub columns: Vec<ColumnInfo>,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnInfo {
    /// The name, as it stands in the source (Chinese names are kept).
    pub name: String,
    /// The comment in the source, when it has one.
    pub comment: Option<String>,
    /// The source's own word for the type: `varchar(18)`, `numeric(14,2)`.
    pub source_type: String,
    /// The house's type.
    pub data_type: DataType,
    /// May it hold NULL?
    pub nullable: bool,
    /// Is it part of the primary key?
    pub key: bool,
    /// Is it stored as it is: a column of a base table, not computed when it is read, as those of views and generated
    /// columns are? Only then reading it can never fail.
    #[serde(default)]
    pub plain: bool,
    /// Does an index begin with it, so that a value is found without reading the table?
    #[serde(default)]
    pub indexed: bool,
}

/// Statistics of one column over the rows that were read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ColumnProfile {
    /// The column.
    pub column: ColumnInfo,
    /// Rows read.
    pub rows: u64,
    /// NULLs among them.
    pub nulls: u64,
    /// Empty texts among them.
    pub empties: u64,
    /// Distinct values (exact up to the engine's limit, then an estimate).
    pub distinct: u64,
    /// Is `distinct` exact?
    pub distinct_exact: bool,
    /// Smallest and largest value as text.
    pub range: Option<(String, String)>,
    /// Shortest and longest value in characters.
    pub lengths: Option<(u32, u32)>,
    /// Values with a leading zero among all-digit values (a sign of a code).
    pub leading_zeros: u64,
    /// What kind of code the values are, best first, each with its evidence.
    pub guesses: Vec<Guess>,
}

/// Statistics of a table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TableProfile {
    /// The table.
    pub table: TableInfo,
    /// Rows read for the profile.
    pub rows_read: u64,
    /// Was that the whole table?
    pub complete: bool,
    /// One per column, in order.
    pub columns: Vec<ColumnProfile>,
}

list! {
    /// What a column's values mean.
    Meaning: "meaning" {
        /// 公民身份号码 (GB 11643).
        CitizenId = "citizen-id", "公民身份号码", "Citizen identity number";
        /// 统一社会信用代码 (GB 32100).
        CreditCode = "credit-code", "统一社会信用代码", "Unified social credit code";
        /// 组织机构代码 (GB 11714).
        OrganisationCode = "organisation-code", "组织机构代码", "Organisation code";
        /// 行政区划代码 (GB/T 2260 and its 9- and 12-digit extensions).
        DivisionCode = "division-code", "行政区划代码", "Administrative division code";
        /// 手机号码 or landline.
        Phone = "phone", "电话号码", "Phone number";
        /// 邮政编码.
        Postcode = "postcode", "邮政编码", "Postcode";
        /// Person's name.
        PersonName = "person-name", "姓名", "Person's name";
        /// Address.
        Address = "address", "地址", "Address";
        /// Date in text.
        Date = "date", "日期", "Date";
        /// E-mail address.
        Email = "email", "电子邮箱", "E-mail address";
        /// The grade of the row, an integer (GB/T 43697: 1 general, 2 important, 3 core). Standing row rules look at it.
        Grade = "grade", "数据级别", "Grade of the row";
        /// Is the row sealed? Standing row rules look at it.
        Sealed = "sealed", "封存标记", "Sealed mark";
        /// Some code: digits with leading zeros or a fixed length; must stay text.
        Code = "code", "代码", "Code";
    }
}

/// One guess about a column, with its evidence in numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Guess {
    /// What the values seem to be.
    pub meaning: Meaning,
    /// Values that fit (check digits right, form right).
    pub fitting: u64,
    /// Values looked at (not NULL, not empty).
    pub looked_at: u64,
    /// Which test was used: `GB 11643 check digit`, `name contains 电话`.
    pub evidence: String,
}
