//! Follows an engine: its stream of all orders, which is resumed by its
//! cursor whenever it breaks, its health and its statistics.

use std::time::Duration;

use anyhow::{Context, bail};
use futures::{SinkExt, StreamExt};
use protocol::{ActiveOrdersView, EventBody, OrderView, StatisticsView, StreamMessage};
use serde_json::{Value, json};
use tokio::{
    sync::mpsc,
    time::{sleep, timeout},
};
use tokio_tungstenite::tungstenite::Message;

use crate::client::{Client, Socket};

/// Messages that wait to be processed; the engine then waits.
const WAITING: usize = 1_024;
/// The wait before a broken stream is reconnected.
const RECONNECT_PAUSE: Duration = Duration::from_millis(500);
/// How long an engine may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// A stream that is silent for this many heartbeats is dead.
const HEARTBEATS: u32 = 3;
/// How often the engine's health, statistics and active orders are requested.
const HEALTH_EVERY: Duration = Duration::from_secs(2);
/// Active orders that are read when the stream begins, per status.
const ACTIVE_ORDERS: u32 = 200;
/// Orders that are read whatever their status, for those that ended lately.
const RECENT_ORDERS: u32 = 50;

/// What the engine sent, or a change of the connection to it.
#[derive(Debug)]
pub(super) enum Report {
    /// The stream runs; whether it resumed where it broke.
    Connected { is_resumed: bool },
    /// The stream broke, for this reason, and is reconnected.
    Lost(String),
    /// The active orders as the stream begins, and the newest ones.
    Listed(Vec<OrderView<'static>>),
    /// An event.
    Event(Box<EventBody<'static>>),
    /// The engine's health; `None` if it does not answer.
    Health(Option<Value>),
    /// What the engine counted; `None` if it does not answer.
    Statistics(Option<Box<StatisticsView<'static>>>),
    /// How many orders have not ended; `None` if it does not answer, or cannot count them.
    Active(Option<ActiveOrdersView>),
}

/// Starts following, until the receiver is dropped.
pub(super) fn start(client: &Client) -> mpsc::Receiver<Report> {
    let (sender, receiver) = mpsc::channel(WAITING);
    tokio::spawn(bring_events(client.clone(), sender.clone()));
    tokio::spawn(bring_health(client.clone(), sender));
    receiver
}

async fn bring_health(client: Client, sender: mpsc::Sender<Report>) {
    loop {
        let health = timeout(PATIENCE, client.health()).await.ok().and_then(Result::ok);
        let statistics = timeout(PATIENCE, client.statistics()).await.ok().and_then(Result::ok);
        let engine = timeout(PATIENCE, client.engine()).await.ok().and_then(Result::ok);
        for report in [
            Report::Health(health),
            Report::Statistics(statistics.map(Box::new)),
            Report::Active(engine.and_then(|engine| engine.orders)),
        ] {
            if sender.send(report).await.is_err() {
                return;
            }
        }
        sleep(HEALTH_EVERY).await;
    }
}

async fn bring_events(client: Client, sender: mpsc::Sender<Report>) {
    let mut cursor = None;
    while !sender.is_closed() {
        let reason = match follow(&client, &mut cursor, &sender).await {
            Ok(()) => "the stream ended".to_owned(),
            Err(error) => format!("{error:#}"),
        };
        if sender.send(Report::Lost(reason)).await.is_err() {
            return;
        }
        sleep(RECONNECT_PAUSE).await;
    }
}

/// Follows one stream to its end, and keeps the cursor after the last message.
async fn follow(
    client: &Client,
    cursor: &mut Option<String>,
    sender: &mpsc::Sender<Report>,
) -> anyhow::Result<()> {
    let connected =
        timeout(PATIENCE, client.endpoint().websocket("/api/stream")).await.context("no answer")?;
    let mut socket = connected.context("no connection")?;
    let hello = next(&mut socket, PATIENCE).await?.context("the stream ended before it began")?;
    let (place, heartbeat_ms) = match hello {
        StreamMessage::Connected { cursor, heartbeat_ms, .. } => (cursor, heartbeat_ms),
        StreamMessage::Error { problem, .. } => bail!("{}", problem.detail),
        _ => bail!("the stream does not begin with a greeting"),
    };
    let silence = Duration::from_millis(heartbeat_ms.unwrap_or(15_000)) * HEARTBEATS;
    let is_resumed = cursor.is_some();
    if !is_resumed {
        // from the greeting's place, so that nothing is missing between the list and the stream; not before the list is
        // there, or the next stream would be resumed without it
        sender.send(Report::Listed(orders(client).await?)).await?;
        *cursor = place;
    }
    let request = json!({ "op": "subscribe", "orders": "*", "cursor": cursor });
    socket.send(Message::text(request.to_string())).await?;
    while let Some(message) = next(&mut socket, silence).await? {
        let place = match message {
            StreamMessage::Subscribed { .. } => {
                sender.send(Report::Connected { is_resumed }).await?;
                None
            }
            StreamMessage::Event { body, cursor } => {
                sender.send(Report::Event(Box::new(body))).await?;
                cursor
            }
            StreamMessage::Heartbeat { cursor, .. } => Some(cursor),
            StreamMessage::Error { problem, .. } => {
                // for example after the database was replaced, which has other cursors
                *cursor = None;
                bail!("{}", problem.detail);
            }
            _ => None,
        };
        *cursor = place.or(cursor.take());
    }
    Ok(())
}

/// The next message in text; `None` at the end of the stream.
async fn next(socket: &mut Socket, silence: Duration) -> anyhow::Result<Option<StreamMessage<'static>>> {
    loop {
        match timeout(silence, socket.next()).await.context("the stream has fallen silent")? {
            Some(Ok(Message::Text(text))) => return Ok(Some(serde_json::from_str(&text)?)),
            Some(Ok(_)) => {}
            Some(Err(error)) => return Err(error).context("the stream broke"),
            None => return Ok(None),
        }
    }
}

async fn orders(client: &Client) -> anyhow::Result<Vec<OrderView<'static>>> {
    let recent = client.orders(&[("limit", RECENT_ORDERS.to_string())]).await?;
    let mut orders: Vec<OrderView<'static>> = serde_json::from_str(&recent)?;
    for status in domain::OrderStatus::ALL.into_iter().filter(|status| !status.is_terminal()) {
        let query = [("status", status.to_string()), ("limit", ACTIVE_ORDERS.to_string())];
        let page: Vec<OrderView<'static>> = serde_json::from_str(&client.orders(&query).await?)?;
        orders.extend(page);
    }
    Ok(orders)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use clap::Parser;
    use domain::OrderId;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
        net::{TcpListener, TcpStream},
        sync::Mutex,
    };

    use super::*;
    use crate::{
        cli::Cli,
        client::{HeaderArgs, OrderRequest},
        embedded::Embedded,
    };

    /// The first engine of a process installs its metrics, which two cannot do at once.
    static STARTING: Mutex<()> = Mutex::const_new(());

    async fn engine(port: u16, folder: &Path) -> Embedded {
        let (port, folder) = (port.to_string(), folder.display().to_string());
        let arguments = ["engine", "--port", &port, "--data-dir", &folder, "--sim-preset", "instant"];
        let _starting = STARTING.lock().await;
        Embedded::start(&Cli::try_parse_from(arguments).unwrap().serve.0, &[]).await.unwrap()
    }

    async fn place(client: &Client) -> OrderId {
        let order = OrderRequest {
            token_in: "SOL".to_owned(),
            token_out: "USDC".to_owned(),
            amount_in: Some("1".to_owned()),
            ..OrderRequest::default()
        };
        client.place(&order).await.unwrap().id
    }

    /// What is received up to a condition.
    async fn up_to(feed: &mut mpsc::Receiver<Report>, is_last: impl Fn(&Report) -> bool) -> Vec<Report> {
        let mut all = Vec::new();
        loop {
            let report =
                timeout(Duration::from_mins(1), feed.recv()).await.expect("in time").expect("a feed");
            let is_last = is_last(&report);
            all.push(report);
            if is_last {
                return all;
            }
        }
    }

    fn ends(report: &Report, id: OrderId) -> bool {
        matches!(report, Report::Event(event) if event.order_id == id && event.status.is_terminal())
    }

    fn sequence(all: &[Report], id: OrderId) -> Vec<u32> {
        let events = all.iter().filter_map(|report| match report {
            Report::Event(event) if event.order_id == id => Some(event.seq),
            _ => None,
        });
        events.collect()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_stream_that_broke_goes_on_where_it_was() {
        process::install_tls();
        let (port, folder) = (testkit::ports::free(), tempfile::tempdir().unwrap());
        let first = engine(port, folder.path()).await;
        let client = Client::new(&format!("http://127.0.0.1:{port}"), &HeaderArgs::default()).unwrap();
        let mut feed = start(&client);
        up_to(&mut feed, |report| matches!(report, Report::Connected { is_resumed: false })).await;
        let before = place(&client).await;
        let all = up_to(&mut feed, |report| ends(report, before)).await;
        assert_eq!(sequence(&all, before), [1, 2, 3, 4, 5, 6]);

        first.stop().await.unwrap();
        up_to(&mut feed, |report| matches!(report, Report::Lost(_))).await;
        let second = engine(port, folder.path()).await;
        let after = place(&client).await;
        let all = up_to(&mut feed, |report| ends(report, after)).await;
        assert_eq!(sequence(&all, after), [1, 2, 3, 4, 5, 6]);
        assert!(sequence(&all, before).is_empty(), "nothing is sent twice");
        assert!(all.iter().any(|report| matches!(report, Report::Connected { is_resumed: true })));
        drop(feed);
        second.stop().await.unwrap();
    }

    /// Passes connections on to an engine, and refuses the first request for orders.
    async fn refuse_once(port: u16) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let mut is_refused = false;
            while let Ok((mut client, _)) = listener.accept().await {
                let mut request = vec![0; 16_384];
                let length = client.read(&mut request).await.unwrap();
                if !is_refused && request.starts_with(b"GET /api/orders?") {
                    is_refused = true;
                    let refusal =
                        b"HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
                    client.write_all(refusal).await.unwrap();
                    continue;
                }
                let mut engine = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                engine.write_all(&request[..length]).await.unwrap();
                tokio::spawn(async move { copy_bidirectional(&mut client, &mut engine).await });
            }
        });
        address.port()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_list_that_cannot_be_read_is_read_before_the_stream_is_taken_up() {
        process::install_tls();
        let (port, folder) = (testkit::ports::free(), tempfile::tempdir().unwrap());
        let engine = engine(port, folder.path()).await;
        let before =
            place(&Client::new(&format!("http://127.0.0.1:{port}"), &HeaderArgs::default()).unwrap()).await;
        let client =
            Client::new(&format!("http://127.0.0.1:{}", refuse_once(port).await), &HeaderArgs::default())
                .unwrap();
        let (sender, mut feed) = mpsc::channel(WAITING);
        let bringing = tokio::spawn(bring_events(client, sender)); // without requests for its health, on a connection of its own
        let all = up_to(&mut feed, |report| matches!(report, Report::Connected { .. })).await;
        assert!(matches!(&all[0], Report::Lost(reason) if reason.contains("503")), "{all:?}");
        assert!(
            matches!(&all[1], Report::Listed(orders) if orders.iter().any(|order| order.id == before)),
            "{all:?}"
        );
        assert!(matches!(&all[2], Report::Connected { is_resumed: false }), "{all:?}");
        bringing.abort();
        engine.stop().await.unwrap();
    }
}
