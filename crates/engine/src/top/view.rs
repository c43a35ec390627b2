//! Draws the figures.

use std::time::Duration;

use domain::OrderStatus;
use protocol::{ActiveOrdersView, MarketView};
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::{Color, Style, Stylize},
    text::{Line, Span},
    widgets::{Block, Paragraph, Row, Sparkline, Table},
};
use serde_json::Value;

use super::model::{Figures, OrderLine, Percentiles, RATE_SECONDS, ratio};
use crate::render::words::short_id;

/// Everything on the screen.
#[derive(Debug)]
pub(super) struct Shown {
    pub(super) url: String,
    pub(super) link: Link,
    pub(super) health: Option<Value>,
    pub(super) figures: Figures,
    /// How many orders have not ended, if the engine says so.
    pub(super) active: Option<ActiveOrdersView>,
}

/// The state of the connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Link {
    Connecting,
    Live { breaks: u32, is_resumed: bool },
    Broken { breaks: u32, reason: String },
}

impl Link {
    fn breaks(&self) -> u32 {
        match self {
            Self::Connecting => 0,
            Self::Live { breaks, .. } | Self::Broken { breaks, .. } => *breaks,
        }
    }

    /// The stream runs again.
    pub(super) fn connected(&self, is_resumed: bool) -> Self {
        Self::Live { breaks: self.breaks(), is_resumed }
    }

    /// The stream broke, or could not be reconnected.
    pub(super) fn lost(&self, reason: String) -> Self {
        let is_new = !matches!(self, Self::Broken { .. });
        Self::Broken { breaks: self.breaks() + u32::from(is_new), reason }
    }

    fn line(&self) -> Span<'static> {
        match self {
            Self::Connecting => "connecting".yellow(),
            Self::Live { breaks: 0, .. } => "live".green(),
            Self::Live { breaks, is_resumed: true } => {
                format!("live, reconnected {}, nothing missed", times(*breaks)).green()
            }
            Self::Live { breaks, is_resumed: false } => {
                format!("live, reconnected {}", times(*breaks)).yellow()
            }
            Self::Broken { reason, .. } => format!("reconnecting: {reason}").red(),
        }
    }
}

fn times(count: u32) -> String {
    if count == 1 { "once".to_owned() } else { format!("{count} times") }
}

pub(super) fn draw(frame: &mut Frame, shown: &Shown) {
    let [head, rates, middle, orders, foot] = Layout::vertical([
        Constraint::Length(2),
        Constraint::Length(5),
        Constraint::Length(7),
        Constraint::Fill(1),
        Constraint::Length(1),
    ])
    .areas(frame.area());
    draw_head(frame, head, shown);
    draw_rates(frame, rates, &shown.figures);
    draw_middle(frame, middle, &shown.figures);
    draw_orders(frame, orders, shown);
    frame.render_widget(Line::from("q quits").dim(), foot);
}

fn draw_head(frame: &mut Frame, area: Rect, shown: &Shown) {
    let market = shown.health.as_ref().and_then(market).unwrap_or_default();
    let title = format!(" engine top  {}  ", shown.url).bold();
    let title = Line::from(vec![market.reversed().bold(), title, shown.link.line()]);
    frame.render_widget(Paragraph::new(vec![title, health_line(shown.health.as_ref())]), area);
}

/// The badge of the market, with its margins.
pub(super) fn market(health: &Value) -> Option<String> {
    let market: MarketView = serde_json::from_value(health["market"].clone()).ok()?;
    Some(format!(" {} ", market.badge()))
}

pub(super) fn health_line(health: Option<&Value>) -> Line<'static> {
    let Some(health) = health else { return Line::from("health unknown".red()) };
    let part = |name: &str| {
        let value = health[name].as_str().unwrap_or("unknown").to_owned();
        let style = match value.as_str() {
            "ok" | "open" => Style::new().fg(Color::Green),
            "degraded" | "closed" => Style::new().fg(Color::Yellow),
            _ => Style::new().fg(Color::Red),
        };
        [Span::raw(format!("{name} ")), Span::styled(format!("{value}  "), style)]
    };
    let count = |name: &str, label: &str| {
        let count = health[name].as_u64();
        let style =
            if count == Some(0) && name == "workers" { Style::new().fg(Color::Yellow) } else { Style::new() };
        let value = count.map_or_else(|| "unknown".to_owned(), |count| count.to_string());
        [Span::raw(format!("{label} ")), Span::styled(format!("{value}  "), style)]
    };
    // what a narrow terminal cuts off is at the end
    let counts = [count("workers", "workers"), count("queueDepth", "waiting")];
    let parts = ["admission", "store", "queue", "bus"].map(part);
    part("status")
        .into_iter()
        .chain(counts.into_iter().flatten())
        .chain(parts.into_iter().flatten())
        .collect()
}

fn draw_rates(frame: &mut Frame, area: Rect, figures: &Figures) {
    let [numbers, chart] = Layout::horizontal([Constraint::Length(34), Constraint::Fill(1)]).areas(area);
    let success = figures.success.map_or_else(|| "-".to_owned(), |part| format!("{:.1} %", part * 100.0));
    let lines = vec![
        Line::from(format!("accepted {:>8.1} / s, last {RATE_SECONDS} s", figures.accepted_per_second)),
        Line::from(format!("ended    {:>8.1} / s, last {RATE_SECONDS} s", figures.ended_per_second)),
        Line::from(format!("success  {success:>8}, last 5 min")),
    ];
    frame.render_widget(Paragraph::new(lines).block(Block::bordered().title(" rates ")), numbers);
    let block = Block::bordered().title(" accepted per second ");
    // the newest are at the end, so a narrow chart leaves out the oldest
    let room = usize::from(block.inner(chart).width);
    let seconds = &figures.accepted_by_second;
    let newest = seconds.get(seconds.len().saturating_sub(room)..).unwrap_or_default();
    frame.render_widget(Sparkline::default().block(block).data(newest).style(Color::Cyan), chart);
}

fn draw_middle(frame: &mut Frame, area: Rect, figures: &Figures) {
    let [latency, venues, failures] =
        Layout::horizontal([Constraint::Length(34), Constraint::Fill(1), Constraint::Fill(2)]).areas(area);
    let lines = latency_lines(figures.latency.as_ref());
    let block = Block::bordered().title(" accepted to confirmed, 5 min ");
    frame.render_widget(Paragraph::new(lines).block(block), latency);
    let all = figures.wins.iter().map(|(_, count)| count).sum();
    let wins = figures.wins.iter().map(|(venue, count)| {
        Line::from(format!("{venue:<10} {:>5.1} %  {count}", ratio(*count, all) * 100.0))
    });
    let block = Block::bordered().title(" routes won, 5 min ");
    frame.render_widget(Paragraph::new(wins.collect::<Vec<_>>()).block(block), venues);
    let rows = figures
        .failures
        .iter()
        .map(|(code, count)| Line::from(format!("{code:<22} {} / {}", count.retried, count.failed)));
    let block = Block::bordered().title(" failures, 5 min: retried / final ");
    frame.render_widget(Paragraph::new(rows.collect::<Vec<_>>()).block(block), failures);
}

fn latency_lines(latency: Option<&Percentiles>) -> Vec<Line<'static>> {
    let Some(Percentiles { p50, p90, p99 }) = latency else {
        return vec![Line::from("no order confirmed").dim()];
    };
    let line = |(name, value): (&str, &Duration)| Line::from(format!("{name} {:>10}", in_units(*value)));
    [("p50", p50), ("p90", p90), ("p99", p99)].map(line).into()
}

fn draw_orders(frame: &mut Frame, area: Rect, shown: &Shown) {
    let widths = [
        Constraint::Length(8),
        Constraint::Length(28),
        Constraint::Length(9),
        Constraint::Length(9),
        Constraint::Length(4),
        Constraint::Length(8),
        Constraint::Fill(1),
    ];
    let header = Row::new(["id", "order", "status", "duration", "try", "venue", ""]).dim();
    let title = format!(" {}; the newest first, then those that ended last ", active_line(shown.active));
    let rows = shown.figures.orders.iter().map(order_row);
    let table = Table::new(rows, widths).header(header).block(Block::bordered().title(title));
    frame.render_widget(table, area);
}

/// How many orders have not ended, of which fewer may be shown.
pub(super) fn active_line(active: Option<ActiveOrdersView>) -> String {
    let Some(ActiveOrdersView { in_flight, resting, parked }) = active else {
        return "orders in flight: unknown".to_owned();
    };
    let parked = if parked > 0 { format!(" ({parked} parked)") } else { String::new() };
    format!("{in_flight} in flight{parked}, {resting} resting")
}

fn order_row(order: &OrderLine) -> Row<'static> {
    let color = match order.status {
        OrderStatus::Submitted => Color::Cyan,
        OrderStatus::Confirmed => Color::Green,
        OrderStatus::Failed => Color::Red,
        OrderStatus::Canceled | OrderStatus::Expired => Color::DarkGray,
        _ if !order.note.is_empty() => Color::Yellow,
        _ => Color::Reset,
    };
    Row::new([
        short_id(order.id),
        order.order.clone(),
        order.status.to_string(),
        order.duration.map_or_else(|| "-".to_owned(), in_units),
        order.attempt.to_string(),
        order.venue.clone(),
        order.note.clone(),
    ])
    .style(color)
}

pub(super) fn in_units(duration: Duration) -> String {
    if duration < Duration::from_secs(1) {
        format!("{} ms", duration.as_millis())
    } else {
        format!("{:.1} s", duration.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use ratatui::{Terminal, backend::TestBackend};
    use serde_json::json;

    use super::*;
    use crate::top::model::Failures;

    fn drawn(shown: &Shown, width: u16, height: u16) -> Vec<String> {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| draw(frame, shown)).unwrap();
        let buffer = terminal.backend().buffer();
        let cells = buffer.content.chunks(usize::from(width));
        cells.map(|row| row.iter().map(ratatui::buffer::Cell::symbol).collect()).collect()
    }

    fn busy() -> Shown {
        let order = OrderLine {
            id: "01a1fdeb-0b59-7732-bab8-481aa80213f4".parse().unwrap(),
            order: "1 SOL -> USDC".to_owned(),
            status: OrderStatus::Routing,
            duration: Some(Duration::from_millis(2_340)),
            attempt: 2,
            venue: "meteora".to_owned(),
            note: "retries after slippage_exceeded".to_owned(),
        };
        let millis = Duration::from_millis;
        Shown {
            url: "http://here:3000".to_owned(),
            link: Link::Live { breaks: 0, is_resumed: false },
            health: Some(json!({
                "status": "ok", "store": "ok", "queue": "ok", "bus": "ok", "admission": "open",
                "queueDepth": 17, "workers": 2,
                "market": { "mode": "paper", "preset": "realistic", "seed": "42", "maxSlippageBps": 5000 },
            })),
            figures: Figures {
                orders: vec![order],
                accepted_per_second: 12.3,
                ended_per_second: 11.0,
                accepted_by_second: (0..60).collect(),
                latency: Some(Percentiles { p50: millis(20), p90: millis(900), p99: millis(3_210) }),
                success: Some(0.954),
                wins: vec![("meteora".to_owned(), 3), ("raydium".to_owned(), 1)],
                failures: vec![("slippage_exceeded".to_owned(), Failures { retried: 4, failed: 2 })],
            },
            active: Some(ActiveOrdersView { in_flight: 4_321, resting: 7, parked: 0 }),
        }
    }

    #[test]
    fn everything_is_in_its_place() {
        let lines = drawn(&busy(), 140, 30);
        for (line, part) in [
            (0, " PAPER · realistic · seed 42  engine top  http://here:3000  live"),
            (1, "status ok  workers 2  waiting 17  admission open  store ok  queue ok  bus ok"),
            (3, "accepted     12.3 / s, last 10 s"),
            (5, "success    95.4 %, last 5 min"),
            (8, "p50      20 ms"),
            (10, "p99      3.2 s"),
            (8, "meteora     75.0 %  3"),
            (8, "slippage_exceeded      4 / 2"),
            (15, "status    duration  try  venue"),
            (14, " 4321 in flight, 7 resting; the newest first, then those that ended last "),
            (16, "a80213f4 1 SOL -> USDC"),
            (16, "routing   2.3 s     2    meteora  retries after slippage_exceeded"),
            (29, "q quits"),
        ] {
            let near = lines[line].contains(part);
            assert!(near, "{part} is not in line {line} of\n{}", lines.join("\n"));
        }
        assert!(lines[5].contains('█'), "the chart is drawn\n{}", lines.join("\n"));
    }

    #[test]
    fn a_break_shows_at_once() {
        let mut shown = busy();
        shown.link = Link::Connecting.connected(false).lost("no connection".to_owned());
        shown.health = None;
        let lines = drawn(&shown, 100, 24);
        assert!(lines[0].contains("reconnecting: no connection") && lines[1].contains("health unknown"));
        shown.link = shown.link.connected(true);
        assert!(drawn(&shown, 100, 24)[0].contains("live, reconnected once, nothing missed"));
    }

    #[test]
    fn that_nobody_works_is_seen_in_a_narrow_terminal() {
        let mut shown = busy();
        shown.health = Some(json!({
            "status": "degraded", "store": "ok", "queue": "ok", "bus": "ok", "admission": "open",
            "queueDepth": 12_345, "workers": 0,
        }));
        assert!(
            drawn(&shown, 60, 24)[1].starts_with("status degraded  workers 0  waiting 12345  admission open")
        );
        shown.health =
            Some(json!({"status": "degraded", "queue": "down", "queueDepth": null, "workers": null}));
        assert!(drawn(&shown, 60, 24)[1].starts_with("status degraded  workers unknown  waiting unknown"));
    }

    #[test]
    fn no_size_is_too_small() {
        for (width, height) in [(1, 1), (10, 3), (40, 10), (400, 100)] {
            drawn(&busy(), width, height);
        }
    }
}
