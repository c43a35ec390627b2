use std::{fmt, time::Duration};

use domain::OrderStatus;

use super::{Options, Tally, cluster::Rest};
use crate::checker::{Evidence, Reply, RequestRecord, Violation};

/// The course of a run, apart from what it left behind.
pub(super) struct Course {
    pub(super) took: Duration,
    pub(super) rest: Rest,
    pub(super) tally: Tally,
    pub(super) repeated: u64,
}

/// The result of a run.
#[derive(Debug)]
pub struct Summary {
    /// A line each: what was counted, and how much.
    pub figures: Vec<(String, String)>,
    /// The seed that repeats this run.
    pub seed: u64,
    pub tally: Tally,
    pub refused: usize,
    /// Requests that were refused because the wallet had too little.
    pub short: usize,
    pub violations: Vec<Violation>,
}

impl Summary {
    pub(super) fn new(
        options: &Options,
        course: Course,
        evidence: &Evidence,
        violations: Vec<Violation>,
    ) -> Self {
        let Course { took, rest, tally, repeated } = course;
        let replies = |wanted: fn(&Reply) -> bool| {
            evidence.requests.iter().filter(|request| request.replies.iter().any(wanted)).count()
        };
        let status = |status| evidence.orders.iter().filter(|record| record.order.status == status).count();
        let acknowledged = replies(|reply| matches!(reply, Reply::Acknowledged(_)));
        let refused = replies(|reply| *reply == Reply::Refused);
        let short = evidence.requests.iter().filter(|request| is_only_short(request)).count();
        let attempts: usize = evidence.orders.iter().map(|record| record.attempts.len()).sum();
        let seen: usize = evidence.follows.iter().map(|follow| follow.events.len()).sum();
        let connections: u32 = evidence.follows.iter().map(|follow| follow.connections).sum();
        let mut figures = vec![
            ("seed".to_owned(), options.seed.to_string()),
            ("faults went on for".to_owned(), format!("{:.1} min", options.minutes)),
            ("run in all".to_owned(), format!("{:.1} min", took.as_secs_f64() / 60.0)),
        ];
        figures.extend(tally.all().map(|(fault, count)| (format!("fault: {fault}"), count.to_string())));
        figures.push(("gave up starting, started again".to_owned(), tally.gave_up_starting.to_string()));
        figures.push(("ended on their own once ready".to_owned(), tally.ended_working.len().to_string()));
        let counts: [(&str, usize); 13] = [
            ("requests", evidence.requests.len()),
            ("acknowledged", acknowledged),
            ("never answered", evidence.requests.len() - acknowledged - refused - short),
            ("refused", refused),
            ("refused because a wallet had too little", short),
            ("orders stored", evidence.orders.len()),
            ("confirmed", status(OrderStatus::Confirmed)),
            ("failed", status(OrderStatus::Failed)),
            ("attempts", attempts),
            ("transactions on chain", evidence.transactions.len()),
            ("followers", evidence.follows.len()),
            ("events they saw", seen),
            ("violations", violations.len()),
        ];
        figures.extend(counts.iter().map(|(name, count)| ((*name).to_owned(), count.to_string())));
        figures.push(("requests sent again".to_owned(), repeated.to_string()));
        figures.push(("connections of followers".to_owned(), connections.to_string()));
        let connections: u32 = evidence.feeds.iter().map(|feed| feed.connections).sum();
        let seen: usize = evidence.feeds.iter().map(|feed| feed.events.len()).sum();
        figures.push(("followers of all orders".to_owned(), evidence.feeds.len().to_string()));
        figures.push(("events they saw".to_owned(), seen.to_string()));
        figures.push(("connections of theirs".to_owned(), connections.to_string()));
        figures
            .push(("at rest after the last fault".to_owned(), format!("{:.1} s", rest.took.as_secs_f64())));
        figures.push(("open when patience ended".to_owned(), rest.open.to_string()));
        Self { figures, seed: options.seed, tally, refused, short, violations }
    }

    /// Whether every promise held and no process needed help once it was ready.
    pub fn is_clean(&self) -> bool {
        self.violations.is_empty() && self.refused == 0 && self.tally.ended_working.is_empty()
    }

    /// The figures as a table in Markdown.
    pub fn markdown(&self) -> String {
        let rows = self.figures.iter().map(|(name, value)| format!("| {name} | {value} |\n"));
        format!("| what | how much |\n|---|---|\n{}", rows.collect::<String>())
    }
}

/// Whether a wallet had too little for a request however often it was sent.
fn is_only_short(request: &RequestRecord) -> bool {
    !request.replies.is_empty() && request.replies.iter().all(|reply| *reply == Reply::Short)
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.figures {
            writeln!(f, "{name:<50} {value:>10}")?;
        }
        for ended in &self.tally.ended_working {
            writeln!(f, "\nseed {}: ended on its own once ready: {ended}", self.seed)?;
        }
        for violation in self.violations.iter().take(5) {
            writeln!(f, "\nseed {}: {violation}", self.seed)?;
        }
        Ok(())
    }
}
