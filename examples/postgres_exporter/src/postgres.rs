//! The connection to a server. All sources share it.

use hello_exporter::key_values::KeyValues;
use serde::de::DeserializeOwned;
use tokio::{runtime::Handle, sync::Mutex, task::AbortHandle};
use tokio_postgres::SimpleQueryMessage::Row;
use tokio_postgres::{CancelToken, Client, Config, Error, NoTls, SimpleQueryRow};

pub(crate) type Result<T, E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;

type QueryResult = Result<Vec<SimpleQueryRow>, Error>;

/// A server, and the connection to it while there is one.
pub(crate) struct Postgres {
    pub(crate) config: Config,
    connection: Mutex<Option<(Client, AbortHandle)>>,
}

impl Postgres {
    pub(crate) fn new(mut config: Config) -> Self {
        config.application_name("postgres_exporter");
        Self { config, connection: Mutex::default() }
    }

    /// Returns the result of a query: its error, or its rows, with the values as psql shows them.
    /// Fails if it cannot connect. One query runs at a time. If the connection was lost since the
    /// last query, the query runs on a new one.
    pub(crate) async fn query(&self, sql: &str) -> Result<QueryResult, Error> {
        let mut slot = self.connection.lock().await;
        let (client, task) = match slot.take() {
            Some((client, task)) if client.check_connection().await.is_ok() => (client, task),
            _ => self.connect().await?,
        };
        let mut running = Running(Some((client.cancel_token(), task.clone())));
        let messages = client.simple_query(sql).await;
        running.0 = None;
        *slot = Some((client, task));
        let row = |message| if let Row(row) = message { Some(row) } else { None };
        Ok(messages.map(|messages| messages.into_iter().filter_map(row).collect()))
    }

    async fn connect(&self) -> Result<(Client, AbortHandle), Error> {
        let (client, connection) = self.config.connect(NoTls).await?;
        let task = tokio::spawn(connection).abort_handle();
        client.batch_execute("SET DateStyle = ISO; SET TimeZone = UTC").await?;
        Ok((client, task))
    }
}

/// Cancels a query on the server if its future is dropped, for example because its source timed
/// out. Also closes the connection. [`Postgres::connection`] is empty while a query runs, so the
/// next query opens a new connection: it does not wait for the late query, and the cancellation
/// cannot hit it.
struct Running(Option<(CancelToken, AbortHandle)>);

impl Drop for Running {
    fn drop(&mut self) {
        if let (Some((token, task)), Ok(runtime)) = (self.0.take(), Handle::try_current()) {
            task.abort();
            runtime.spawn(async move { token.cancel_query(NoTls).await });
        }
    }
}

/// Returns the columns of a row that are not NULL.
pub(crate) fn fields(row: &SimpleQueryRow) -> KeyValues<'_> {
    let columns = row.columns().iter().enumerate();
    columns.filter_map(|(at, column)| Some((column.name(), row.get(at)?))).collect()
}

/// Reads a row into a label struct and a metrics struct. Their fields have the names of columns.
pub(crate) fn row<L: DeserializeOwned, M: DeserializeOwned>(row: KeyValues<'_>) -> Result<(L, M)> {
    Ok((row.read()?.0, row.read()?.0))
}
