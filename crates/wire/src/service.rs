//! Arrow Flight SQL, call by call. Each is: who calls, one flow, an answer.

use std::{pin::Pin, sync::Arc};

use arrow::{
    array::RecordBatch,
    datatypes::{Schema, SchemaRef},
};
use arrow_flight::{
    Action, ActionType, CancelFlightInfoRequest, CancelFlightInfoResult, CancelStatus, FlightDescriptor, FlightInfo,
    HandshakeRequest, HandshakeResponse, Ticket,
    decode::FlightRecordBatchStream,
    encode::FlightDataEncoderBuilder,
    error::FlightError,
    flight_service_server::FlightService,
    sql::{
        ActionCancelQueryRequest, ActionCancelQueryResult, ActionClosePreparedStatementRequest,
        ActionCreatePreparedStatementRequest, ActionCreatePreparedStatementResult, CommandGetCatalogs,
        CommandGetCrossReference, CommandGetDbSchemas, CommandGetExportedKeys, CommandGetImportedKeys,
        CommandGetPrimaryKeys, CommandGetSqlInfo, CommandGetTableTypes, CommandGetTables, CommandGetXdbcTypeInfo,
        CommandPreparedStatementQuery, CommandStatementQuery, DoPutPreparedStatementResult, ProstMessageExt, SqlInfo,
        TicketStatementQuery,
        server::{FlightSqlService, PeekableFlightDataStream},
    },
};
use futures::{Stream, StreamExt, TryStreamExt};
use platform::{
    App,
    engine::Prepared,
    flow,
    release::Release,
    vocab::{Actor, ActorId},
};
use prost::Message;
use tonic::{Request, Response, Status, Streaming, metadata::MetadataValue};

use crate::{
    answer::{Answer, Info, info, internal, ipc, sql_of, ticket, whole},
    facts, keys,
    login::{caller, handshake, status},
    prepared::{Statements, numbered},
    running::Running,
    shelf,
};

/// The action that stops an answer (Flight protocol, `CancelFlightInfo`).
const CANCEL_FLIGHT_INFO: &str = "CancelFlightInfo";

/// The Flight SQL door.
pub(crate) struct Door {
    app: Arc<App>,
    statements: Statements,
    running: Running,
}

impl Door {
    pub(crate) fn new(app: Arc<App>) -> Self {
        Self {
            app,
            statements: Statements::default(),
            running: Running::default(),
        }
    }

    /// A release as it flows, stoppable by its ticket. The caller's handle on its receipts goes before the rows, in the
    /// metadata.
    fn flowing(&self, actor: ActorId, ticket: &[u8], release: Release) -> Answer {
        let schema = release.schema();
        let receipted = release.receipts().clone();
        let rows = release.map(|it| it.map_err(|error| FlightError::Tonic(Box::new(status(&error)))));
        let stream = FlightDataEncoderBuilder::new()
            .with_schema(schema)
            .build(rows)
            .map_err(Status::from);
        let mut response = Response::new(self.running.watch(actor, ticket, stream).boxed());
        let numbers: Vec<String> = receipted.entries.map(|it| it.to_string()).collect();
        for (name, text) in [
            ("jutong-receipt", receipted.release.to_string()),
            ("jutong-receipt-index", numbers.join(", ")),
        ] {
            let value = MetadataValue::try_from(text).map_err(|it| internal(&it))?;
            response.metadata_mut().insert(name, value);
        }
        Ok(response)
    }

    /// Stops the answers of a description's tickets.
    fn stop(&self, actor: ActorId, info: &FlightInfo) -> CancelStatus {
        let tickets = info.endpoint.iter().filter_map(|it| it.ticket.as_ref());
        let stopped = tickets.filter(|it| self.running.cancel(actor, &it.ticket)).count();
        if stopped > 0 {
            CancelStatus::Cancelled
        } else {
            CancelStatus::NotCancellable
        }
    }

    async fn described(&self, actor: &Actor, sql: &str, parameters: Option<&RecordBatch>) -> Result<Prepared, Status> {
        let prepared = flow::prepare_sql(&self.app, actor, &[], sql, parameters).await;
        prepared.map_err(|it| status(&it))
    }
}

#[tonic::async_trait]
impl FlightSqlService for Door {
    type FlightService = Self;

    async fn do_handshake(
        &self,
        request: Request<Streaming<HandshakeRequest>>,
    ) -> Result<Response<Pin<Box<dyn Stream<Item = Result<HandshakeResponse, Status>> + Send>>>, Status> {
        let secret = handshake(&self.app, &request).await?;
        let answer = HandshakeResponse {
            protocol_version: 0,
            payload: secret.clone().into(),
        };
        let stream: Pin<Box<dyn Stream<Item = _> + Send>> = Box::pin(futures::stream::iter([Ok(answer)]));
        let mut response = Response::new(stream);
        let bearer = MetadataValue::try_from(format!("Bearer {secret}")).map_err(|it| internal(&it))?;
        response.metadata_mut().insert("authorization", bearer);
        Ok(response)
    }

    async fn get_flight_info_statement(
        &self,
        query: CommandStatementQuery,
        request: Request<FlightDescriptor>,
    ) -> Info {
        let actor = caller(&self.app, &request).await?;
        let prepared = self.described(&actor, &query.query, None).await?;
        let ticket = ticket(&query.query)?;
        info(&prepared.schema, ticket.as_any().encode_to_vec(), request.into_inner())
    }

    async fn do_get_statement(&self, ticket: TicketStatementQuery, request: Request<Ticket>) -> Answer {
        let actor = caller(&self.app, &request).await?;
        let sql = sql_of(&ticket)?;
        let release = flow::query_sql(&self.app, &actor, flow::Door::Flight, &[], sql, None).await;
        self.flowing(actor.id, &request.get_ref().ticket, release.map_err(|it| status(&it))?)
    }

    async fn do_action_create_prepared_statement(
        &self,
        query: ActionCreatePreparedStatementRequest,
        request: Request<arrow_flight::Action>,
    ) -> Result<ActionCreatePreparedStatementResult, Status> {
        let actor = caller(&self.app, &request).await?;
        let sql = numbered(&query.query);
        let prepared = self.described(&actor, &sql, None).await?;
        let handle = self.statements.put(actor.id, sql)?;
        Ok(ActionCreatePreparedStatementResult {
            prepared_statement_handle: handle.into(),
            dataset_schema: ipc(&prepared.schema)?,
            parameter_schema: ipc(&Schema::new(prepared.parameters))?,
        })
    }

    async fn do_action_close_prepared_statement(
        &self,
        query: ActionClosePreparedStatementRequest,
        request: Request<arrow_flight::Action>,
    ) -> Result<(), Status> {
        let actor = caller(&self.app, &request).await?;
        self.statements.close(actor.id, &query.prepared_statement_handle);
        Ok(())
    }

    async fn do_put_prepared_statement_query(
        &self,
        query: CommandPreparedStatementQuery,
        request: Request<PeekableFlightDataStream>,
    ) -> Result<DoPutPreparedStatementResult, Status> {
        let actor = caller(&self.app, &request).await?;
        let data = request.into_inner().map_err(|it| FlightError::Tonic(Box::new(it)));
        let batches: Vec<RecordBatch> = FlightRecordBatchStream::new_from_flight_data(data)
            .try_collect()
            .await
            .map_err(Status::from)?;
        let mut rows = batches.into_iter().filter(|it| it.num_rows() > 0);
        match (rows.next(), rows.next()) {
            (Some(row), None) if row.num_rows() == 1 => {
                self.statements.bind(actor.id, &query.prepared_statement_handle, row)?;
            }
            (None, None) => {}
            _ => return Err(Status::invalid_argument("bind one row of parameters at a time")),
        }
        Ok(DoPutPreparedStatementResult {
            prepared_statement_handle: Some(query.prepared_statement_handle),
        })
    }

    async fn get_flight_info_prepared_statement(
        &self,
        query: CommandPreparedStatementQuery,
        request: Request<FlightDescriptor>,
    ) -> Info {
        let actor = caller(&self.app, &request).await?;
        let statement = self.statements.get(actor.id, &query.prepared_statement_handle)?;
        let prepared = self
            .described(&actor, &statement.sql, statement.parameters.as_ref())
            .await?;
        info(&prepared.schema, query.as_any().encode_to_vec(), request.into_inner())
    }

    async fn do_get_prepared_statement(
        &self,
        query: CommandPreparedStatementQuery,
        request: Request<Ticket>,
    ) -> Answer {
        let actor = caller(&self.app, &request).await?;
        let it = self.statements.get(actor.id, &query.prepared_statement_handle)?;
        let parameters = it.parameters.as_ref();
        let release = flow::query_sql(&self.app, &actor, flow::Door::Flight, &[], &it.sql, parameters).await;
        self.flowing(actor.id, &request.get_ref().ticket, release.map_err(|it| status(&it))?)
    }

    async fn get_flight_info_catalogs(&self, query: CommandGetCatalogs, request: Request<FlightDescriptor>) -> Info {
        caller(&self.app, &request).await?;
        let schema: SchemaRef = query.into_builder().schema();
        info(&schema, query.as_any().encode_to_vec(), request.into_inner())
    }

    async fn do_get_catalogs(&self, query: CommandGetCatalogs, request: Request<Ticket>) -> Answer {
        caller(&self.app, &request).await?;
        whole(shelf::catalogs(query))
    }

    async fn get_flight_info_schemas(&self, query: CommandGetDbSchemas, request: Request<FlightDescriptor>) -> Info {
        caller(&self.app, &request).await?;
        let schema: SchemaRef = query.clone().into_builder().schema();
        info(&schema, query.as_any().encode_to_vec(), request.into_inner())
    }

    async fn do_get_schemas(&self, query: CommandGetDbSchemas, request: Request<Ticket>) -> Answer {
        caller(&self.app, &request).await?;
        whole(shelf::schemas(query))
    }

    async fn get_flight_info_tables(&self, query: CommandGetTables, request: Request<FlightDescriptor>) -> Info {
        caller(&self.app, &request).await?;
        let schema: SchemaRef = query.clone().into_builder().schema();
        info(&schema, query.as_any().encode_to_vec(), request.into_inner())
    }

    async fn do_get_tables(&self, query: CommandGetTables, request: Request<Ticket>) -> Answer {
        let actor = caller(&self.app, &request).await?;
        let tables = flow::list_tables(&self.app, &actor).await.map_err(|it| status(&it))?;
        whole(shelf::tables(query, &tables))
    }

    async fn get_flight_info_table_types(
        &self,
        query: CommandGetTableTypes,
        request: Request<FlightDescriptor>,
    ) -> Info {
        caller(&self.app, &request).await?;
        let schema: SchemaRef = query.into_builder().schema();
        info(&schema, query.as_any().encode_to_vec(), request.into_inner())
    }

    async fn do_get_table_types(&self, query: CommandGetTableTypes, request: Request<Ticket>) -> Answer {
        caller(&self.app, &request).await?;
        whole(shelf::kinds(query))
    }

    async fn get_flight_info_sql_info(&self, query: CommandGetSqlInfo, request: Request<FlightDescriptor>) -> Info {
        caller(&self.app, &request).await?;
        let known = facts::INFO.as_ref().map_err(|it| internal(it))?;
        let schema: SchemaRef = query.clone().into_builder(known).schema();
        info(&schema, query.as_any().encode_to_vec(), request.into_inner())
    }

    async fn do_get_sql_info(&self, query: CommandGetSqlInfo, request: Request<Ticket>) -> Answer {
        caller(&self.app, &request).await?;
        let known = facts::INFO.as_ref().map_err(|it| internal(it))?;
        whole(query.into_builder(known).build())
    }

    async fn get_flight_info_primary_keys(
        &self,
        query: CommandGetPrimaryKeys,
        request: Request<FlightDescriptor>,
    ) -> Info {
        caller(&self.app, &request).await?;
        info(&keys::PRIMARY, query.as_any().encode_to_vec(), request.into_inner())
    }

    async fn do_get_primary_keys(&self, query: CommandGetPrimaryKeys, request: Request<Ticket>) -> Answer {
        let actor = caller(&self.app, &request).await?;
        let tables = flow::list_tables(&self.app, &actor).await.map_err(|it| status(&it))?;
        whole(keys::primary(&query, &tables))
    }

    async fn get_flight_info_exported_keys(
        &self,
        query: CommandGetExportedKeys,
        request: Request<FlightDescriptor>,
    ) -> Info {
        caller(&self.app, &request).await?;
        info(&keys::FOREIGN, query.as_any().encode_to_vec(), request.into_inner())
    }

    async fn do_get_exported_keys(&self, _: CommandGetExportedKeys, request: Request<Ticket>) -> Answer {
        caller(&self.app, &request).await?;
        whole(Ok(keys::none()))
    }

    async fn get_flight_info_imported_keys(
        &self,
        query: CommandGetImportedKeys,
        request: Request<FlightDescriptor>,
    ) -> Info {
        caller(&self.app, &request).await?;
        info(&keys::FOREIGN, query.as_any().encode_to_vec(), request.into_inner())
    }

    async fn do_get_imported_keys(&self, _: CommandGetImportedKeys, request: Request<Ticket>) -> Answer {
        caller(&self.app, &request).await?;
        whole(Ok(keys::none()))
    }

    async fn get_flight_info_cross_reference(
        &self,
        query: CommandGetCrossReference,
        request: Request<FlightDescriptor>,
    ) -> Info {
        caller(&self.app, &request).await?;
        info(&keys::FOREIGN, query.as_any().encode_to_vec(), request.into_inner())
    }

    async fn do_get_cross_reference(&self, _: CommandGetCrossReference, request: Request<Ticket>) -> Answer {
        caller(&self.app, &request).await?;
        whole(Ok(keys::none()))
    }

    async fn get_flight_info_xdbc_type_info(
        &self,
        query: CommandGetXdbcTypeInfo,
        request: Request<FlightDescriptor>,
    ) -> Info {
        caller(&self.app, &request).await?;
        let known = facts::TYPES.as_ref().map_err(|it| internal(it))?;
        info(&known.schema(), query.as_any().encode_to_vec(), request.into_inner())
    }

    async fn do_get_xdbc_type_info(&self, query: CommandGetXdbcTypeInfo, request: Request<Ticket>) -> Answer {
        caller(&self.app, &request).await?;
        let known = facts::TYPES.as_ref().map_err(|it| internal(it))?;
        whole(query.into_builder(known).build())
    }

    async fn list_custom_actions(&self) -> Option<Vec<Result<ActionType, Status>>> {
        let description =
            "Stops the answers of a FlightInfo. Body: CancelFlightInfoRequest; answer: CancelFlightInfoResult";
        Some(vec![Ok(ActionType {
            r#type: CANCEL_FLIGHT_INFO.to_owned(),
            description: description.to_owned(),
        })])
    }

    async fn do_action_cancel_query(
        &self,
        query: ActionCancelQueryRequest,
        request: Request<Action>,
    ) -> Result<ActionCancelQueryResult, Status> {
        let actor = caller(&self.app, &request).await?;
        let info = FlightInfo::decode(query.info).map_err(|_| Status::invalid_argument("no FlightInfo was sent"))?;
        // The older action's results have the numbers of the newer one's.
        Ok(ActionCancelQueryResult {
            result: self.stop(actor.id, &info).into(),
        })
    }

    async fn do_action_fallback(
        &self,
        request: Request<Action>,
    ) -> Result<Response<<Self as FlightService>::DoActionStream>, Status> {
        let actor = caller(&self.app, &request).await?;
        let action = request.into_inner();
        if action.r#type != CANCEL_FLIGHT_INFO {
            return Err(Status::unimplemented(format!(
                "there is no action `{}` here",
                action.r#type
            )));
        }
        let asked = CancelFlightInfoRequest::decode(action.body).ok();
        let info = asked.and_then(|it| it.info);
        let info = info.ok_or_else(|| Status::invalid_argument("no FlightInfo was sent"))?;
        let result = CancelFlightInfoResult {
            status: self.stop(actor.id, &info).into(),
        };
        let answer = arrow_flight::Result {
            body: result.encode_to_vec().into(),
        };
        Ok(Response::new(Box::pin(futures::stream::iter([Ok(answer)]))))
    }

    async fn register_sql_info(&self, _id: i32, _info: &SqlInfo) {}
}
