//! The time that a run has left.

use std::time::Duration;

use tokio::time::Instant;

tokio::task_local! {
    /// When the current run or probe should end by itself.
    static DEADLINE: Instant;
}

/// Returns how much time the current run of an asynchronous source, or the current probe, has left.
///
/// Once no time is left, the run has a moment to return the metrics found so far; then it is
/// dropped. Outside a run, in a test for example, there is no limit: the result is
/// [`Duration::MAX`].
///
/// ```
/// use hello_exporter::{Collector, source::time_left};
/// use std::io;
/// use tokio::{net::TcpStream, time::timeout};
///
/// #[derive(Collector)]
/// struct Gateway {
///     /// Whether the gateway has answered.
///     gateway_up: bool,
///     /// Version of the gateway's protocol.
///     gateway_protocol_version: Option<u8>,
/// }
///
/// async fn version(stream: TcpStream) -> io::Result<u8> {
///     // …
/// #   Ok(2)
/// }
///
/// async fn gateway() -> io::Result<Gateway> {
///     let stream = TcpStream::connect("localhost:8000").await?;
///     // The gateway is up, even if it never says its version.
///     let version = timeout(time_left(), version(stream)).await;
///     Ok(Gateway { gateway_up: true, gateway_protocol_version: version.ok().transpose()? })
/// }
/// ```
pub fn time_left() -> Duration {
    let left = DEADLINE.try_with(|deadline| deadline.saturating_duration_since(Instant::now()));
    left.unwrap_or(Duration::MAX)
}

/// Runs work that should end by itself at `deadline`.
pub(crate) async fn with_deadline<W: Future>(deadline: Instant, work: W) -> W::Output {
    DEADLINE.scope(deadline, work).await
}

/// Returns how long before its `timeout` a run should end by itself.
pub(crate) fn reserve(timeout: Duration) -> Duration {
    (timeout / 10).min(Duration::from_millis(100))
}
