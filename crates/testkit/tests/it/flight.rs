//! Arrow Flight SQL as drivers speak it: what the JDBC driver asks, in its order; keys, types, schemas; stopping; TLS.

use std::sync::Arc;

use arrow::{
    array::{Array, ArrayRef, Int32Array, Int64Array, RecordBatch, StringArray, UInt32Array, UnionArray},
    datatypes::SchemaRef,
};
use arrow_flight::{
    Action, CancelFlightInfoRequest, CancelFlightInfoResult, CancelStatus, FlightDescriptor, FlightInfo,
    sql::{
        CommandGetCrossReference, CommandGetDbSchemas, CommandGetExportedKeys, CommandGetImportedKeys,
        CommandGetPrimaryKeys, CommandGetTables, CommandGetXdbcTypeInfo, CommandStatementQuery, ProstMessageExt,
        SqlInfo, client::FlightSqlServiceClient,
    },
};
use futures::{StreamExt, TryStreamExt};
use prost::Message;
use testkit::{
    Failure, TestApp,
    platform::vocab::{AgreementId, SourceKind, SourceSpec},
    story::{Deal, Shelf},
};
use tonic::transport::{Certificate, Channel, ClientTlsConfig};

type Client = FlightSqlServiceClient<Channel>;

async fn client(app: &TestApp) -> Result<Client, Failure> {
    let channel = Channel::from_shared(format!("http://{}", app.flight))?
        .connect()
        .await?;
    let mut client = FlightSqlServiceClient::new(channel);
    let member = app.people.get("civil.officer").ok_or("nobody")?;
    client.handshake("civil.officer", &member.token).await?;
    Ok(client)
}

/// The rows behind a description; their schema is the one that the description told.
async fn fetched(client: &mut Client, info: FlightInfo) -> Result<RecordBatch, Failure> {
    let told: SchemaRef = Arc::new(info.clone().try_decode_schema()?);
    let ticket = info
        .endpoint
        .into_iter()
        .next()
        .and_then(|it| it.ticket)
        .ok_or("no ticket")?;
    let mut stream = client.do_get(ticket).await?;
    let mut all = Vec::new();
    while let Some(batch) = stream.next().await {
        all.push(batch?);
    }
    let schema = stream.schema().cloned().ok_or("no schema came")?;
    assert_eq!(schema, told, "the rows have the schema that was told");
    Ok(arrow::compute::concat_batches(&schema, &all)?)
}

fn texts(batch: &RecordBatch, name: &str) -> Vec<Option<String>> {
    let column = batch.column_by_name(name).unwrap();
    let column = arrow::compute::cast(column, &arrow::datatypes::DataType::Utf8).unwrap();
    let column = column.as_any().downcast_ref::<StringArray>().unwrap().clone();
    column.iter().map(|it| it.map(str::to_owned)).collect()
}

fn stocks(app: &TestApp, rows: usize) -> Result<SourceSpec, Failure> {
    let path = app.files.join("stocks.db");
    let link = rusqlite::Connection::open(&path)?;
    link.execute_batch(&format!(
        "create table stocks (depot text not null, item text not null, qty numeric(10,2), counted date, filler text, primary key (depot, item));
         with recursive n(i) as (select 0 union all select i + 1 from n where i + 1 < {rows})
         insert into stocks select printf('%02d', i % 7), printf('%06d', i), i * 0.25, '2026-03-09', hex(zeroblob(60)) from n"
    ))?;
    Ok(SourceSpec::new(SourceKind::Sqlite).with("path", path.display().to_string()))
}

async fn shelved(app: &TestApp, rows: usize) -> Result<AgreementId, Failure> {
    let resource = app
        .shelve(Shelf {
            provider: "police",
            spec: stocks(app, rows)?,
            table: "stocks",
            name: "stocks",
            key: &["depot", "item"],
        })
        .await?;
    app.agree(resource, &Deal::default()).await
}

/// The SqlInfo values by their number.
fn facts(batch: &RecordBatch) -> Vec<(u32, ArrayRef)> {
    let names = batch.column(0).as_any().downcast_ref::<UInt32Array>().unwrap();
    let values = batch.column(1).as_any().downcast_ref::<UnionArray>().unwrap();
    (0..names.len()).map(|at| (names.value(at), values.value(at))).collect()
}

#[tokio::test]
async fn what_the_jdbc_driver_asks_is_answered() -> Result<(), Failure> {
    let app = TestApp::start().await?;
    shelved(&app, 50).await?;
    let mut client = client(&app).await?;

    // DatabaseMetaData asks for everything once, and unboxes what it reads.
    let info = client.get_sql_info(Vec::new()).await?;
    let facts = facts(&fetched(&mut client, info).await?);
    let of = |it: SqlInfo| {
        let number = u32::try_from(it as i32).unwrap();
        let found = facts.iter().find(|(name, _)| *name == number);
        found.unwrap_or_else(|| panic!("{it:?} is missing")).1.clone()
    };
    for number in (500..=576).filter(|it| *it != 517) {
        let it = SqlInfo::try_from(number)?;
        assert_eq!(of(it).len(), 1, "{it:?}");
    }
    let mask = of(SqlInfo::SqlSupportedGroupBy);
    assert_eq!(mask.as_any().downcast_ref::<Int32Array>().unwrap().value(0), 0b11);
    let longest = of(SqlInfo::SqlMaxStatementLength);
    assert_eq!(longest.as_any().downcast_ref::<Int64Array>().unwrap().value(0), 65_536);
    let two = client
        .get_sql_info(vec![SqlInfo::FlightSqlServerName, SqlInfo::SqlSupportsConvert])
        .await?;
    assert_eq!(fetched(&mut client, two).await?.num_rows(), 2);

    let info = client.get_catalogs().await?;
    assert_eq!(
        texts(&fetched(&mut client, info).await?, "catalog_name"),
        [Some("jutong".to_owned())]
    );
    let info = client.get_db_schemas(CommandGetDbSchemas::default()).await?;
    assert_eq!(
        texts(&fetched(&mut client, info).await?, "db_schema_name"),
        [Some("public".to_owned())]
    );
    for include_schema in [false, true] {
        let info = client
            .get_tables(CommandGetTables {
                include_schema,
                ..CommandGetTables::default()
            })
            .await?;
        assert_eq!(
            texts(&fetched(&mut client, info).await?, "table_name"),
            [Some("stocks".to_owned())]
        );
    }
    let info = client
        .get_xdbc_type_info(CommandGetXdbcTypeInfo { data_type: None })
        .await?;
    let types = texts(&fetched(&mut client, info).await?, "type_name");
    assert!(
        types.contains(&Some("DECIMAL".to_owned())) && types.len() == 8,
        "{types:?}"
    );

    // PreparedStatement: create, bind, execute, fetch, close.
    let mut statement = client
        .prepare(
            "select item, qty from stocks where depot = ? and item < ? /* ? */".to_owned(),
            None,
        )
        .await?;
    assert_eq!(statement.parameter_schema()?.fields().len(), 2);
    let text = |it: &str| -> ArrayRef { Arc::new(StringArray::from(vec![it])) };
    statement.set_parameters(RecordBatch::try_from_iter([("1", text("03")), ("2", text("000011"))])?)?;
    let info = statement.execute().await?;
    let rows = fetched(&mut client, info).await?;
    assert_eq!(
        texts(&rows, "item"),
        [Some("000003".to_owned()), Some("000010".to_owned())]
    );
    for few_or_many in [
        vec![("1", text("03"))],
        vec![("1", text("03")), ("2", text("1")), ("3", text("1"))],
    ] {
        statement.set_parameters(RecordBatch::try_from_iter(few_or_many)?)?;
        let refused = statement.execute().await.unwrap_err().to_string();
        assert!(refused.contains("the question has 2 parameters"), "{refused}");
    }
    statement.close().await?;
    Ok(())
}

#[tokio::test]
async fn keys_are_told() -> Result<(), Failure> {
    let app = TestApp::start().await?;
    shelved(&app, 5).await?;
    let mut client = client(&app).await?;
    let of = |table: &str| CommandGetPrimaryKeys {
        catalog: None,
        db_schema: Some("public".to_owned()),
        table: table.to_owned(),
    };
    let info = client.get_primary_keys(of("stocks")).await?;
    let key = fetched(&mut client, info).await?;
    assert_eq!(
        texts(&key, "column_name"),
        [Some("depot".to_owned()), Some("item".to_owned())]
    );
    assert_eq!(
        texts(&key, "key_sequence"),
        [Some("1".to_owned()), Some("2".to_owned())]
    );
    let info = client.get_primary_keys(of("nothing")).await?;
    assert_eq!(fetched(&mut client, info).await?.num_rows(), 0);
    let table = "stocks".to_owned();
    let exported = CommandGetExportedKeys {
        table: table.clone(),
        ..CommandGetExportedKeys::default()
    };
    let info = client.get_exported_keys(exported).await?;
    assert_eq!(fetched(&mut client, info).await?.num_rows(), 0);
    let imported = CommandGetImportedKeys {
        table: table.clone(),
        ..CommandGetImportedKeys::default()
    };
    let info = client.get_imported_keys(imported).await?;
    assert_eq!(fetched(&mut client, info).await?.num_rows(), 0);
    let crossed = CommandGetCrossReference {
        pk_table: table.clone(),
        fk_table: table,
        ..CommandGetCrossReference::default()
    };
    let info = client.get_cross_reference(crossed).await?;
    assert_eq!(fetched(&mut client, info).await?.num_columns(), 13);
    Ok(())
}

#[tokio::test]
async fn what_is_told_is_what_comes() -> Result<(), Failure> {
    let app = TestApp::start().await?;
    shelved(&app, 20).await?;
    let mut client = client(&app).await?;
    for sql in [
        "select case when 1=1 then 5 else qty end as a from stocks",
        "select qty from stocks union all select 1",
        "select 1 as a, item from stocks union select 2.5, null",
        "select coalesce(qty, 0) as a, count(*) over () as n, null as nothing from stocks",
        "select depot, sum(qty) as s, avg(qty) as m, max(counted) as c from stocks group by depot order by 1",
        "select cast(1 as int) as a, length(item) as b, arrow_typeof(qty) as t from stocks limit 3",
        "select a.item, b.qty from stocks a left join stocks b on a.item = b.depot",
        "select date_trunc('month', counted) as a, qty is null as b from stocks",
    ] {
        let info = client.execute(sql.to_owned(), None).await?;
        let described = client
            .inner_mut()
            .get_schema(with_token(&app, FlightDescriptor::new_cmd(command(sql)))?)
            .await?
            .into_inner();
        let told = arrow::datatypes::Schema::try_from(&described)?;
        assert_eq!(told, info.clone().try_decode_schema()?, "{sql}");
        let rows = fetched(&mut client, info).await.map_err(|it| format!("{sql}: {it}"))?;
        assert!(rows.num_rows() > 0, "{sql}");
    }
    Ok(())
}

fn command(sql: &str) -> Vec<u8> {
    let query = CommandStatementQuery {
        query: sql.to_owned(),
        transaction_id: None,
    };
    query.as_any().encode_to_vec()
}

fn with_token<T>(app: &TestApp, message: T) -> Result<tonic::Request<T>, Failure> {
    let member = app.people.get("civil.officer").ok_or("nobody")?;
    let mut request = tonic::Request::new(message);
    request
        .metadata_mut()
        .insert("authorization", format!("Bearer {}", member.token).parse()?);
    Ok(request)
}

#[tokio::test]
async fn a_running_answer_is_stopped() -> Result<(), Failure> {
    let app = TestApp::start().await?;
    shelved(&app, 400_000).await?;
    let mut client = client(&app).await?;
    let info = client.execute("select * from stocks".to_owned(), None).await?;
    let cancel = |info: FlightInfo| {
        let body = CancelFlightInfoRequest { info: Some(info) }.encode_to_vec();
        Action {
            r#type: "CancelFlightInfo".to_owned(),
            body: body.into(),
        }
    };
    let outcome = async |client: &mut Client, info: FlightInfo| -> Result<CancelStatus, Failure> {
        let request = with_token(&app, cancel(info))?;
        let mut answers = client.inner_mut().do_action(request).await?.into_inner();
        let body = answers.try_next().await?.ok_or("no answer")?.body;
        Ok(CancelFlightInfoResult::decode(body)?.status())
    };
    assert_eq!(outcome(&mut client, info.clone()).await?, CancelStatus::NotCancellable);
    let ticket = info.endpoint[0].ticket.clone().ok_or("no ticket")?;
    let mut rows = client.do_get(ticket).await?;
    let first = rows.try_next().await?.ok_or("no rows")?;
    assert!(first.num_rows() > 0);
    assert_eq!(outcome(&mut client, info.clone()).await?, CancelStatus::Cancelled);
    let mut got = first.num_rows();
    let end = loop {
        match rows.try_next().await {
            Ok(Some(batch)) => got += batch.num_rows(),
            Ok(None) => break "whole".to_owned(),
            Err(error) => break error.to_string(),
        }
    };
    assert!(end.contains("stopped") && got < 400_000, "{got} rows, then {end}");
    assert_eq!(outcome(&mut client, info).await?, CancelStatus::NotCancellable);
    Ok(())
}

#[tokio::test]
async fn the_door_speaks_tls() -> Result<(), Failure> {
    let app = TestApp::start().await?;
    shelved(&app, 3).await?;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let at = listener.local_addr()?;
    let tls = wire::Tls {
        certificate: include_bytes!("tls/certificate.pem").to_vec(),
        key: include_bytes!("tls/key.pem").to_vec(),
    };
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let door = tokio::spawn(wire::serve_on(Arc::clone(&app.app), listener, Some(tls), async {
        drop(stopped.await);
    }));
    let trusted = ClientTlsConfig::new()
        .ca_certificate(Certificate::from_pem(include_bytes!("tls/certificate.pem")))
        .domain_name("localhost");
    let channel = Channel::from_shared(format!("https://{at}"))?
        .tls_config(trusted)?
        .connect()
        .await?;
    let mut client = FlightSqlServiceClient::new(channel);
    let member = app.people.get("civil.officer").ok_or("nobody")?;
    client.handshake("civil.officer", &member.token).await?;
    let info = client.execute("select item from stocks".to_owned(), None).await?;
    assert_eq!(fetched(&mut client, info).await?.num_rows(), 3);
    let plain = Channel::from_shared(format!("http://{at}"))?.connect().await?;
    let refused = FlightSqlServiceClient::new(plain)
        .handshake("civil.officer", &member.token)
        .await;
    assert!(refused.is_err(), "a call in the clear is not answered");
    drop((client, stop));
    door.await??;
    Ok(())
}
