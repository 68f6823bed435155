//! What calls are answered with: descriptions, tickets, rows.

use arrow::{array::RecordBatch, datatypes::Schema, ipc::writer::IpcWriteOptions};
use arrow_flight::{
    FlightDescriptor, FlightEndpoint, FlightInfo, IpcMessage, SchemaAsIpc, Ticket, encode::FlightDataEncoderBuilder,
    error::FlightError, flight_service_server::FlightService, sql::TicketStatementQuery,
};
use futures::TryStreamExt;
use platform::seal;
use tonic::{Response, Status};

use crate::service::Door;

/// Rows on their way.
pub(crate) type Answer = Result<Response<<Door as FlightService>::DoGetStream>, Status>;
/// Where rows are to be fetched.
pub(crate) type Info = Result<Response<FlightInfo>, Status>;

/// A statement's ticket: a number that is its alone, and the SQL.
pub(crate) fn ticket(sql: &str) -> Result<TicketStatementQuery, Status> {
    let number = seal::token::generate().map_err(|_| Status::internal("no ticket could be made"))?;
    Ok(TicketStatementQuery {
        statement_handle: format!("{} {sql}", number.as_str()).into(),
    })
}

pub(crate) fn sql_of(ticket: &TicketStatementQuery) -> Result<&str, Status> {
    let text = std::str::from_utf8(&ticket.statement_handle).ok();
    text.and_then(|it| it.split_once(' '))
        .map(|(_, sql)| sql)
        .ok_or_else(|| Status::invalid_argument("this ticket is not from this server"))
}

/// Where an answer of this shape is to be fetched.
pub(crate) fn info(schema: &Schema, ticket: Vec<u8>, descriptor: FlightDescriptor) -> Info {
    let endpoint = FlightEndpoint::new().with_ticket(Ticket::new(ticket));
    let info = FlightInfo::new().try_with_schema(schema).map_err(|it| internal(&it))?;
    Ok(Response::new(info.with_endpoint(endpoint).with_descriptor(descriptor)))
}

pub(crate) fn internal(error: &(dyn std::error::Error + 'static)) -> Status {
    tracing::error!(error, "a Flight answer could not be made");
    Status::internal("the platform failed, not you; the reason is in its log")
}

pub(crate) fn whole(batch: Result<RecordBatch, FlightError>) -> Answer {
    let batch = batch.map_err(|it| internal(&it))?;
    let stream = FlightDataEncoderBuilder::new()
        .with_schema(batch.schema())
        .build(futures::stream::once(async { Ok(batch) }))
        .map_err(Status::from);
    Ok(Response::new(Box::pin(stream)))
}

pub(crate) fn ipc(schema: &Schema) -> Result<bytes::Bytes, Status> {
    let message: IpcMessage = SchemaAsIpc::new(schema, &IpcWriteOptions::default())
        .try_into()
        .map_err(|it: arrow::error::ArrowError| internal(&it))?;
    Ok(message.0)
}
