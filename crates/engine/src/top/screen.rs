//! The terminal, and the loop that keeps it up to date.

use std::{
    io::{IsTerminal, stdin, stdout},
    thread,
    time::Duration,
};

use anyhow::{Context, bail};
use domain::ports::Clock;
use infra::clock::SystemClock;
use protocol::{ActiveOrdersView, StatisticsView};
use ratatui::{
    DefaultTerminal,
    crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers},
};
use tokio::{sync::mpsc, time::interval};
use tokio_util::sync::CancellationToken;

use super::{
    feed::{self, Report},
    model::Model,
    view::{self, Link, Shown},
};
use crate::client::Client;

/// How often the screen is redrawn.
const DRAW_EVERY: Duration = Duration::from_millis(250);
/// Keys that wait for the loop.
const WAITING_KEYS: usize = 16;

/// Shows the figures until a key or a signal ends it.
///
/// # Errors
/// Without a terminal, and when no engine answers at the start.
pub(crate) async fn run(client: &Client) -> anyhow::Result<()> {
    if !(stdin().is_terminal() && stdout().is_terminal()) {
        bail!("engine top needs a terminal: see --once, or read /api/stream, /health and /metrics");
    }
    client.reach().await?;
    let asked = process::stop_on_signal()?;
    // it also has a panic give the terminal back
    let terminal = ratatui::try_init().context("the terminal cannot be drawn on")?;
    let ended = show(terminal, client, asked).await;
    ratatui::restore();
    ended
}

async fn show(
    mut terminal: DefaultTerminal,
    client: &Client,
    asked: CancellationToken,
) -> anyhow::Result<()> {
    let (mut reports, mut keys) = (feed::start(client), read_keys());
    let mut draws = interval(DRAW_EVERY);
    let mut top = Top::new(client.endpoint().base());
    loop {
        tokio::select! {
            () = asked.cancelled() => return Ok(()),
            key = keys.recv() => match key {
                Some(Event::Key(key)) if is_end(key) => return Ok(()),
                Some(_) => {} // a resize shows at the next draw
                None => bail!("the terminal has gone"),
            },
            Some(report) = reports.recv() => top.receive(report),
            _ = draws.tick() => {
                let shown = top.shown();
                terminal.draw(|frame| view::draw(frame, &shown))?;
            }
        }
    }
}

/// Reads the keyboard in a thread of its own, which ends with the process.
fn read_keys() -> mpsc::Receiver<Event> {
    let (sender, receiver) = mpsc::channel(WAITING_KEYS);
    thread::spawn(move || {
        while let Ok(event) = event::read() {
            if sender.blocking_send(event).is_err() {
                return;
            }
        }
    });
    receiver
}

fn is_end(key: KeyEvent) -> bool {
    let with_control = key.modifiers.contains(KeyModifiers::CONTROL);
    key.kind != KeyEventKind::Release
        && match key.code {
            KeyCode::Esc | KeyCode::Char('q') => true,
            KeyCode::Char('c') => with_control,
            _ => false,
        }
}

/// What was received so far.
pub(super) struct Top {
    url: String,
    model: Model,
    link: Link,
    health: Option<serde_json::Value>,
    statistics: Option<Box<StatisticsView<'static>>>,
    active: Option<ActiveOrdersView>,
}

impl Top {
    pub(super) fn new(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            model: Model::default(),
            link: Link::Connecting,
            health: None,
            statistics: None,
            active: None,
        }
    }

    pub(super) fn receive(&mut self, report: Report) {
        match report {
            Report::Connected { is_resumed } => self.link = self.link.connected(is_resumed),
            Report::Lost(reason) => self.link = self.link.lost(reason),
            Report::Listed(orders) => {
                self.model.forget();
                self.model.know(orders);
            }
            Report::Event(event) => self.model.see(&event),
            Report::Health(health) => self.health = health,
            Report::Statistics(statistics) => self.statistics = statistics,
            Report::Active(active) => self.active = active,
        }
    }

    pub(super) fn shown(&mut self) -> Shown {
        Shown {
            url: self.url.clone(),
            link: self.link.clone(),
            health: self.health.clone(),
            figures: self.model.figures(SystemClock.now(), self.statistics.as_deref()),
            active: self.active,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn q_escape_and_control_c_end_it() {
        let key = |code, modifiers| is_end(KeyEvent::new(code, modifiers));
        assert!(key(KeyCode::Char('q'), KeyModifiers::NONE));
        assert!(key(KeyCode::Esc, KeyModifiers::NONE));
        assert!(key(KeyCode::Char('c'), KeyModifiers::CONTROL));
        assert!(!key(KeyCode::Char('c'), KeyModifiers::NONE));
    }

    #[test]
    fn a_link_tells_how_often_it_broke() {
        let mut top = Top::new("http://here");
        top.receive(Report::Connected { is_resumed: false });
        assert_eq!(top.link, Link::Live { breaks: 0, is_resumed: false });
        top.receive(Report::Lost("gone".to_owned()));
        top.receive(Report::Lost("still gone".to_owned()));
        assert_eq!(top.link, Link::Broken { breaks: 1, reason: "still gone".to_owned() });
        top.receive(Report::Connected { is_resumed: true });
        assert_eq!(top.link, Link::Live { breaks: 1, is_resumed: true });
    }
}
