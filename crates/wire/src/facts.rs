//! What the server says of itself and of its types, for drivers that ask before they trust.
//!
//! Every value that the JDBC driver reads is here: some versions of it do not expect one to be missing.

use std::{collections::BTreeMap, sync::LazyLock};

use arrow_flight::{
    error::FlightError,
    sql::{
        Nullable, Searchable, SqlInfo, SqlNullOrdering, SqlOuterJoinsSupportLevel, SqlSupportedCaseSensitivity,
        SqlSupportedGroupBy, SqlSupportedResultSetConcurrency, SqlSupportedResultSetType, SqlSupportedSubqueries,
        SqlSupportedTransaction, SqlSupportedUnions, SqlSupportsConvert, SqlTransactionIsolationLevel,
        SupportedSqlGrammar, XdbcDataType,
        metadata::{SqlInfoData, SqlInfoDataBuilder, XdbcTypeInfo, XdbcTypeInfoData, XdbcTypeInfoDataBuilder},
    },
};

/// What the server says of itself.
pub(crate) static INFO: LazyLock<Result<SqlInfoData, FlightError>> = LazyLock::new(|| {
    let mut info = SqlInfoDataBuilder::new();
    server(&mut info);
    names(&mut info);
    grammar(&mut info);
    parts(&mut info);
    limits(&mut info);
    transactions(&mut info);
    info.build()
});

/// The types that columns have.
pub(crate) static TYPES: LazyLock<Result<XdbcTypeInfoData, FlightError>> = LazyLock::new(|| {
    let mut types = XdbcTypeInfoDataBuilder::new();
    for it in all_types() {
        types.append(it);
    }
    types.build()
});

/// `ANSI92_ENTRY_SQL` of the protocol; the library keeps this list to itself.
const ANSI92_ENTRY: i32 = 0;

/// One bit for each enumerated value.
fn bits(values: &[i32]) -> i32 {
    values.iter().fold(0, |all, it| all | (1 << it))
}

fn server(info: &mut SqlInfoDataBuilder) {
    info.append(SqlInfo::FlightSqlServerName, "Jutong");
    info.append(SqlInfo::FlightSqlServerVersion, env!("CARGO_PKG_VERSION"));
    info.append(SqlInfo::FlightSqlServerArrowVersion, "1.5");
    info.append(SqlInfo::FlightSqlServerReadOnly, true);
    info.append(SqlInfo::FlightSqlServerSql, true);
    info.append(SqlInfo::FlightSqlServerSubstrait, false);
    info.append(
        SqlInfo::FlightSqlServerTransaction,
        SqlSupportedTransaction::None as i32,
    );
    info.append(SqlInfo::FlightSqlServerCancel, true);
    info.append(SqlInfo::FlightSqlServerBulkIngestion, false);
    info.append(SqlInfo::FlightSqlServerIngestTransactionsSupported, false);
    info.append(SqlInfo::FlightSqlServerStatementTimeout, 0);
    info.append(SqlInfo::FlightSqlServerTransactionTimeout, 0);
}

fn names(info: &mut SqlInfoDataBuilder) {
    for it in [SqlInfo::SqlDdlCatalog, SqlInfo::SqlDdlSchema, SqlInfo::SqlDdlTable] {
        info.append(it, false);
    }
    info.append(
        SqlInfo::SqlIdentifierCase,
        SqlSupportedCaseSensitivity::SqlCaseSensitivityLowercase as i32,
    );
    info.append(
        SqlInfo::SqlQuotedIdentifierCase,
        SqlSupportedCaseSensitivity::SqlCaseSensitivityUnknown as i32,
    );
    info.append(SqlInfo::SqlIdentifierQuoteChar, "\"");
    info.append(SqlInfo::SqlAllTablesAreSelectable, true);
    info.append(SqlInfo::SqlNullOrdering, SqlNullOrdering::SqlNullsSortedHigh as i32);
    info.append(SqlInfo::SqlSearchStringEscape, "\\");
    info.append(SqlInfo::SqlExtraNameCharacters, "");
    info.append(SqlInfo::SqlSchemaTerm, "schema");
    info.append(SqlInfo::SqlProcedureTerm, "procedure");
    info.append(SqlInfo::SqlCatalogTerm, "catalog");
    info.append(SqlInfo::SqlCatalogAtStart, true);
    info.append(SqlInfo::SqlSchemasSupportedActions, 0);
    info.append(SqlInfo::SqlCatalogsSupportedActions, 0);
}

fn grammar(info: &mut SqlInfoDataBuilder) {
    let list = |it: &str| it.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    info.append(
        SqlInfo::SqlKeywords,
        list("ILIKE LIMIT OFFSET QUALIFY EXCEPT INTERSECT"),
    );
    info.append(
        SqlInfo::SqlNumericFunctions,
        list("abs ceil floor round trunc sqrt power exp ln log log10 mod sign sin cos tan asin acos atan atan2 pi degrees radians"),
    );
    info.append(
        SqlInfo::SqlStringFunctions,
        list(
            "ascii char_length concat left lower lpad ltrim replace reverse right rpad rtrim substr trim upper strpos",
        ),
    );
    info.append(SqlInfo::SqlSystemFunctions, list("coalesce nullif greatest least"));
    info.append(
        SqlInfo::SqlDatetimeFunctions,
        list("current_date current_timestamp now date_part date_trunc date_bin to_char to_date to_timestamp make_date"),
    );
    info.append(SqlInfo::SqlSupportsConvert, conversions());
    for it in [
        SqlInfo::SqlSupportsColumnAliasing,
        SqlInfo::SqlNullPlusNullIsNull,
        SqlInfo::SqlSupportsTableCorrelationNames,
        SqlInfo::SqlSupportsExpressionsInOrderBy,
        SqlInfo::SqlSupportsOrderByUnrelated,
        SqlInfo::SqlCorrelatedSubqueriesSupported,
    ] {
        info.append(it, true);
    }
    for it in [
        SqlInfo::SqlSupportsDifferentTableCorrelationNames,
        SqlInfo::SqlSupportsLikeEscapeClause,
        SqlInfo::SqlSupportsNonNullableColumns,
        SqlInfo::SqlSupportsIntegrityEnhancementFacility,
        SqlInfo::SqlSelectForUpdateSupported,
        SqlInfo::SqlStoredProceduresSupported,
        SqlInfo::SqlNamedParametersSupported,
        SqlInfo::SqlLocatorsUpdateCopy,
        SqlInfo::SqlStoredFunctionsUsingCallSyntaxSupported,
        SqlInfo::SqlBatchUpdatesSupported,
    ] {
        info.append(it, false);
    }
}

/// What of the grammar is there, a bit for each part.
fn parts(info: &mut SqlInfoDataBuilder) {
    let masks: [(SqlInfo, &[i32]); 7] = [
        (
            SqlInfo::SqlSupportedGroupBy,
            &[
                SqlSupportedGroupBy::SqlGroupByUnrelated as i32,
                SqlSupportedGroupBy::SqlGroupByBeyondSelect as i32,
            ],
        ),
        (
            SqlInfo::SqlSupportedGrammar,
            &[
                SupportedSqlGrammar::SqlMinimumGrammar as i32,
                SupportedSqlGrammar::SqlCoreGrammar as i32,
            ],
        ),
        (SqlInfo::SqlAnsi92SupportedLevel, &[ANSI92_ENTRY]),
        (
            SqlInfo::SqlOuterJoinsSupportLevel,
            &[
                SqlOuterJoinsSupportLevel::SqlLimitedOuterJoins as i32,
                SqlOuterJoinsSupportLevel::SqlFullOuterJoins as i32,
            ],
        ),
        (SqlInfo::SqlSupportedPositionedCommands, &[]),
        (
            SqlInfo::SqlSupportedSubqueries,
            &[
                SqlSupportedSubqueries::SqlSubqueriesInComparisons as i32,
                SqlSupportedSubqueries::SqlSubqueriesInExists as i32,
                SqlSupportedSubqueries::SqlSubqueriesInIns as i32,
            ],
        ),
        (
            SqlInfo::SqlSupportedUnions,
            &[
                SqlSupportedUnions::SqlUnion as i32,
                SqlSupportedUnions::SqlUnionAll as i32,
            ],
        ),
    ];
    for (name, values) in masks {
        info.append(name, bits(values));
    }
}

/// Zero says that there is no limit, or none that is known.
fn limits(info: &mut SqlInfoDataBuilder) {
    for it in [
        SqlInfo::SqlMaxBinaryLiteralLength,
        SqlInfo::SqlMaxCharLiteralLength,
        SqlInfo::SqlMaxColumnNameLength,
        SqlInfo::SqlMaxColumnsInGroupBy,
        SqlInfo::SqlMaxColumnsInIndex,
        SqlInfo::SqlMaxColumnsInOrderBy,
        SqlInfo::SqlMaxColumnsInSelect,
        SqlInfo::SqlMaxColumnsInTable,
        SqlInfo::SqlMaxConnections,
        SqlInfo::SqlMaxCursorNameLength,
        SqlInfo::SqlMaxIndexLength,
        SqlInfo::SqlDbSchemaNameLength,
        SqlInfo::SqlMaxProcedureNameLength,
        SqlInfo::SqlMaxCatalogNameLength,
        SqlInfo::SqlMaxRowSize,
        SqlInfo::SqlMaxTableNameLength,
        SqlInfo::SqlMaxTablesInSelect,
        SqlInfo::SqlMaxUsernameLength,
    ] {
        info.append(it, 0_i64);
    }
    info.append(SqlInfo::SqlMaxStatementLength, 64 * 1024_i64);
    info.append(
        SqlInfo::SqlMaxStatements,
        i64::try_from(crate::prepared::MOST_EACH).unwrap_or(0),
    );
    info.append(SqlInfo::SqlMaxRowSizeIncludesBlobs, true);
}

fn transactions(info: &mut SqlInfoDataBuilder) {
    let none = SqlTransactionIsolationLevel::SqlTransactionNone as i32;
    info.append(SqlInfo::SqlDefaultTransactionIsolation, i64::from(none));
    info.append(SqlInfo::SqlSupportedTransactionsIsolationLevels, bits(&[none]));
    for it in [
        SqlInfo::SqlTransactionsSupported,
        SqlInfo::SqlDataDefinitionCausesTransactionCommit,
        SqlInfo::SqlDataDefinitionsInTransactionsIgnored,
        SqlInfo::SqlSavepointsSupported,
    ] {
        info.append(it, false);
    }
    let forward = SqlSupportedResultSetType::SqlResultSetTypeForwardOnly as i32;
    info.append(SqlInfo::SqlSupportedResultSetTypes, bits(&[forward]));
    let reading = SqlSupportedResultSetConcurrency::SqlResultSetConcurrencyReadOnly as i32;
    info.append(
        SqlInfo::SqlSupportedConcurrenciesForResultSetForwardOnly,
        bits(&[reading]),
    );
    for it in [
        SqlInfo::SqlSupportedConcurrenciesForResultSetUnspecified,
        SqlInfo::SqlSupportedConcurrenciesForResultSetScrollSensitive,
        SqlInfo::SqlSupportedConcurrenciesForResultSetScrollInsensitive,
    ] {
        info.append(it, 0);
    }
}

/// Which types `CAST` turns into which.
fn conversions() -> BTreeMap<i32, Vec<i32>> {
    use SqlSupportsConvert as C;
    let numbers = [
        C::SqlConvertBigint as i32,
        C::SqlConvertDecimal as i32,
        C::SqlConvertFloat as i32,
    ];
    let text = C::SqlConvertVarchar as i32;
    let times = [C::SqlConvertDate as i32, C::SqlConvertTimestamp as i32];
    let mut all = BTreeMap::new();
    for it in numbers {
        all.insert(it, [numbers.as_slice(), &[text]].concat());
    }
    for it in times {
        all.insert(it, [times.as_slice(), &[text]].concat());
    }
    all.insert(
        C::SqlConvertBit as i32,
        vec![C::SqlConvertBit as i32, C::SqlConvertBigint as i32, text],
    );
    let of_text = [numbers.as_slice(), &times, &[C::SqlConvertBit as i32, text]].concat();
    all.insert(text, of_text);
    all
}

fn all_types() -> Vec<XdbcTypeInfo> {
    use XdbcDataType as X;
    let quoted = Some("'".to_owned());
    let of = |type_name: &str, data_type: X, column_size: i32| XdbcTypeInfo {
        type_name: type_name.to_owned(),
        data_type,
        sql_data_type: data_type,
        column_size: Some(column_size),
        nullable: Nullable::NullabilityNullable,
        searchable: Searchable::Full,
        local_type_name: Some(type_name.to_owned()),
        ..XdbcTypeInfo::default()
    };
    let number = |it: XdbcTypeInfo, radix: i32| XdbcTypeInfo {
        unsigned_attribute: Some(false),
        auto_increment: Some(false),
        num_prec_radix: Some(radix),
        ..it
    };
    let text = |it: XdbcTypeInfo, prefix: &str| XdbcTypeInfo {
        literal_prefix: Some(format!("{prefix}'")),
        literal_suffix: quoted.clone(),
        ..it
    };
    vec![
        XdbcTypeInfo {
            case_sensitive: true,
            ..text(of("VARCHAR", X::XdbcVarchar, i32::MAX), "")
        },
        number(of("BIGINT", X::XdbcBigint, 19), 10),
        XdbcTypeInfo {
            create_params: Some(vec!["precision".to_owned(), "scale".to_owned()]),
            minimum_scale: Some(0),
            maximum_scale: Some(38),
            ..number(of("DECIMAL", X::XdbcDecimal, 38), 10)
        },
        number(of("DOUBLE", X::XdbcDouble, 53), 2),
        XdbcTypeInfo {
            searchable: Searchable::Basic,
            ..of("BOOLEAN", X::XdbcBit, 1)
        },
        text(of("DATE", X::XdbcDate, 10), "DATE "),
        XdbcTypeInfo {
            minimum_scale: Some(0),
            maximum_scale: Some(6),
            ..text(of("TIMESTAMP", X::XdbcTimestamp, 26), "TIMESTAMP ")
        },
        XdbcTypeInfo {
            searchable: Searchable::Basic,
            ..text(of("VARBINARY", X::XdbcVarbinary, i32::MAX), "X")
        },
    ]
}
