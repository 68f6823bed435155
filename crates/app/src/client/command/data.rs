//! `jutong data`: rows under agreements, as they stream.

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use futures::StreamExt as _;
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::{
    client::{Client, api::part},
    exit::{Exit, Failure, chain},
    out,
};

/// Use data under agreements.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum DataCommand {
    /// List the tables you may ask, with their items.
    Tables,
    /// Ask for rows: choose items, conditions, order.
    Select {
        /// The agreement, agr_….
        agreement: String,
        /// Items to show, with commas between; all when absent.
        #[arg(long, value_name = "ITEMS")]
        select: Option<String>,
        /// A condition item:op:value; may be said several times, all must hold. op: eq, ne, lt, le, gt, ge, in (values with |
        /// between), starts-with, contains, is-null, not-null.
        #[arg(short, long = "filter", value_name = "CONDITION")]
        filters: Vec<String>,
        /// Order: items with commas between, `-` before an item for largest first.
        #[arg(long, value_name = "ITEMS", allow_hyphen_values = true)]
        sort: Option<String>,
        /// At most so many rows; everything when absent.
        #[arg(long, value_name = "N")]
        limit: Option<u64>,
        /// Go on where the last page ended.
        #[arg(long, value_name = "CURSOR")]
        after: Option<String>,
        /// Tell on standard error how many rows meet the conditions.
        #[arg(long)]
        count: bool,
        /// For what the rows are used, when it is not the agreement's own purpose.
        #[arg(long, value_name = "PURPOSE")]
        purpose: Option<String>,
        #[command(flatten)]
        to: To,
    },
    /// Look up one record by its key.
    Record {
        /// The agreement, agr_….
        agreement: String,
        /// The key's value.
        key: String,
        /// The item that is searched, when it is not the key.
        #[arg(long, value_name = "ITEM")]
        item: Option<String>,
    },
    /// Ask read-only SQL across the tables of all your agreements.
    Sql {
        /// One SELECT; `-` reads it from standard input.
        sql: String,
        /// Only these agreements; all usable ones when absent.
        #[arg(long, value_name = "AGREEMENT")]
        agreement: Vec<String>,
        #[command(flatten)]
        to: To,
    },
}

/// Where rows go and how they are written.
#[derive(Debug, clap::Args)]
pub(crate) struct To {
    /// csv, json, ndjson, parquet, arrow or xlsx; by the file's ending, else csv.
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// The file; standard output when absent. It appears only when it is complete.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// Comma-separated values, UTF-8.
    Csv,
    /// One array of objects.
    Json,
    /// One object a line.
    Ndjson,
    /// Apache Parquet.
    Parquet,
    /// Apache Arrow stream.
    Arrow,
    /// Excel workbook.
    Xlsx,
}

impl Format {
    const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv",
            Self::Json => "application/json",
            Self::Ndjson => "application/x-ndjson",
            Self::Parquet => "application/vnd.apache.parquet",
            Self::Arrow => "application/vnd.apache.arrow.stream",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        }
    }

    fn by_ending(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "csv" => Some(Self::Csv),
            "json" => Some(Self::Json),
            "ndjson" | "jsonl" => Some(Self::Ndjson),
            "parquet" => Some(Self::Parquet),
            "arrow" | "arrows" => Some(Self::Arrow),
            "xlsx" => Some(Self::Xlsx),
            _ => None,
        }
    }
}

impl To {
    fn format(&self, client: &Client) -> Format {
        let by_ending = || self.output.as_deref().and_then(Format::by_ending);
        let plain = if client.as_json { Format::Json } else { Format::Csv };
        self.format.or_else(by_ending).unwrap_or(plain)
    }
}

/// Does one of them.
pub(crate) async fn run(command: DataCommand, client: &Client) -> Result<(), Failure> {
    match command {
        DataCommand::Tables => tables(client).await,
        DataCommand::Select {
            agreement,
            select,
            filters,
            sort,
            limit,
            after,
            count,
            purpose,
            to,
        } => {
            let mut query: Vec<(&str, String)> = filters.into_iter().map(|it| ("filter", it)).collect();
            let given = [
                ("select", select),
                ("sort", sort),
                ("after", after),
                ("purpose", purpose),
            ];
            query.extend(given.into_iter().filter_map(|(name, value)| Some((name, value?))));
            query.extend(limit.map(|it| ("limit", it.to_string())));
            if count {
                query.push(("count", "true".to_owned()));
            }
            let path = format!("/data/{}", part(&agreement));
            let format = to.format(client);
            let response = client
                .send(Method::GET, &path, &query, None, Some(format.media_type()))
                .await?;
            let head = |name: &str| {
                response
                    .headers()
                    .get(name)
                    .and_then(|it| it.to_str().ok())
                    .map(str::to_owned)
            };
            let (counted, link) = (head("jutong-count"), head("link"));
            receive(client, response, &to).await?;
            if let Some(counted) = counted {
                writeln!(std::io::stderr(), "{counted} rows meet the conditions")?;
            }
            if let Some(after) = link.as_deref().and_then(cursor) {
                writeln!(std::io::stderr(), "more: --after {after}")?;
            }
            Ok(())
        }
        DataCommand::Record { agreement, key, item } => {
            let query: Vec<(&str, String)> = item.map(|it| ("item", it)).into_iter().collect();
            let path = format!("/data/{}/records/{}", part(&agreement), part(&key));
            client.show(&client.get(&path, &query).await?)
        }
        DataCommand::Sql { sql, agreement, to } => {
            let sql = if sql == "-" {
                std::io::read_to_string(std::io::stdin().lock())?
            } else {
                sql
            };
            let body = json!({ "sql": sql, "agreements": agreement });
            let accept = to.format(client).media_type();
            let response = client
                .send(Method::POST, "/sql", &[], Some(&body), Some(accept))
                .await?;
            receive(client, response, &to).await
        }
    }
}

async fn tables(client: &Client) -> Result<(), Failure> {
    let mut tables = client.get("/data", &[]).await?;
    if !client.as_json {
        for table in tables.as_array_mut().into_iter().flatten() {
            let items = table.get("items").and_then(Value::as_array).into_iter().flatten();
            let names: Vec<String> = items
                .filter_map(|it| it.get("name")?.as_str().map(str::to_owned))
                .collect();
            if let Some(members) = table.as_object_mut() {
                members.insert("items".to_owned(), names.join(", ").into());
            }
        }
    }
    client.show_list(
        &tables,
        &[
            ("table", "name"),
            ("agreement", "agreement"),
            ("key", "key"),
            ("items", "items"),
        ],
    )
}

/// The cursor of a `Link` header.
fn cursor(link: &str) -> Option<String> {
    let query = link.strip_prefix("<?")?.split('>').next()?;
    query
        .split('&')
        .find_map(|it| it.strip_prefix("after="))
        .map(str::to_owned)
}

/// Writes an answer as it comes. A file is written beside its name and renamed when it is whole.
async fn receive(client: &Client, response: Response, to: &To) -> Result<(), Failure> {
    let Some(path) = &to.output else {
        return copy(response, &mut Out).await.map(drop);
    };
    let name = path
        .file_name()
        .ok_or_else(|| Failure::usage(format!("{} is no file name", path.display())))?;
    let beside = path.with_file_name(format!(".{}.{}.part", name.to_string_lossy(), std::process::id()));
    let tried = |error: std::io::Error| Failure::because(&format!("{} cannot be written", path.display()), &error);
    let mut file = std::io::BufWriter::new(std::fs::File::create(&beside).map_err(tried)?);
    let copied = copy(response, &mut file).await.and_then(|many| {
        let file = file.into_inner().map_err(|error| tried(error.into_error()))?;
        file.sync_all()
            .and_then(|()| std::fs::rename(&beside, path))
            .map_err(tried)?;
        Ok(many)
    });
    match copied {
        Ok(many) => client.wrote(path, many),
        Err(failure) => {
            // Half a file is worse than none; one that cannot be removed is told by its ending.
            drop(std::fs::remove_file(&beside));
            Err(failure)
        }
    }
}

async fn copy(response: Response, into: &mut impl Write) -> Result<u64, Failure> {
    let mut many = 0;
    let mut chunks = response.bytes_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|error| {
            let reason = chain(&error.without_url());
            Failure::new(
                Exit::Failed,
                format!("the answer broke off after {many} bytes and is not complete: {reason}"),
            )
        })?;
        into.write_all(&chunk)?;
        many += chunk.len() as u64;
    }
    into.flush()?;
    Ok(many)
}

/// Standard output that takes a reader's leaving well.
struct Out;

impl Write for Out {
    fn write(&mut self, buf: &[u8]) -> std::io::Result<usize> {
        out::bytes(buf).map(|()| buf.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cursor_is_in_the_link() {
        assert_eq!(
            cursor("<?limit=2&after=WyJhIl0>; rel=\"next\"").as_deref(),
            Some("WyJhIl0")
        );
        assert_eq!(cursor("<https://x>; rel=\"next\""), None);
    }

    #[test]
    fn a_format_is_known_by_the_ending() {
        assert_eq!(Format::by_ending(Path::new("a/b.XLSX")), Some(Format::Xlsx));
        assert_eq!(Format::by_ending(Path::new("b")), None);
    }
}
