//! The arguments of `engine orders`.

use clap::Args;
use domain::{OrderStatus, Timestamp};

use super::{
    TargetArgs,
    values::{failure_code, order_status, time},
};

#[derive(Debug, Args)]
pub(crate) struct OrdersArgs {
    #[command(flatten, next_help_heading = "Filters")]
    pub(crate) filter: FilterArgs,
    #[command(flatten, next_help_heading = "List")]
    pub(crate) list: ListArgs,
    #[command(flatten, next_help_heading = "Connection")]
    pub(crate) target: TargetArgs,
}

/// Orders that are shown unless all are wanted.
const SHOWN: u32 = 20;
/// The most orders of a page.
const PAGE: u32 = 200;

/// Which orders; all of these must hold.
#[derive(Debug, Args)]
pub(crate) struct FilterArgs {
    /// Filter by status
    #[arg(long, value_parser = order_status())]
    pub(crate) status: Option<OrderStatus>,
    /// Filter by pair, in either direction, such as SOL/USDC
    #[arg(long)]
    pub(crate) pair: Option<String>,
    /// Filter by the token spent: symbol or mint
    #[arg(long, value_name = "TOKEN")]
    pub(crate) token_in: Option<String>,
    /// Filter by the token received: symbol or mint
    #[arg(long, value_name = "TOKEN")]
    pub(crate) token_out: Option<String>,
    /// Filter by the venue that filled it or failed last
    #[arg(long)]
    pub(crate) venue: Option<String>,
    /// Find the order with this id of yours
    #[arg(long, value_name = "ID")]
    pub(crate) client_order_id: Option<String>,
    /// Filter by tag
    #[arg(long)]
    pub(crate) tag: Option<String>,
    /// Filter by wallet: name or id
    #[arg(long, value_name = "NAME")]
    pub(crate) wallet: Option<String>,
    /// Filter by the last failure, such as `no_route`
    #[arg(long, value_name = "CODE", value_parser = failure_code(), hide_possible_values = true)]
    pub(crate) failure_code: Option<String>,
    /// Accepted since: RFC 3339, or 15m, 2h, 3d ago
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) since: Option<Timestamp>,
    /// Accepted before: RFC 3339, or 15m, 2h, 3d ago
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) until: Option<Timestamp>,
    /// Search: the end of an id, a signature, a token, …
    #[arg(long, value_name = "TEXT")]
    pub(crate) search: Option<String>,
    /// Only parked orders: five executions in a row were lost
    #[arg(long)]
    pub(crate) parked: bool,
}

/// How many orders, and in which form.
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Sort by
    #[arg(long, value_parser = ["createdAt", "updatedAt", "attempt", "duration"])]
    pub(crate) sort: Option<String>,
    /// Ascending or descending; the newest first unless given
    #[arg(long, value_parser = ["asc", "desc"])]
    pub(crate) order: Option<String>,
    /// Maximum number, 20 by default; of each page with --all
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=i64::from(PAGE)))]
    pub(crate) limit: Option<u32>,
    /// Start after this order, the last one of a page
    #[arg(long, value_name = "ID")]
    pub(crate) cursor: Option<String>,
    /// Follow all pages
    #[arg(long)]
    pub(crate) all: bool,
    /// Print all orders of the filter as comma-separated values
    #[arg(long, conflicts_with_all = ["json", "sort", "order", "limit", "cursor"])]
    pub(crate) csv: bool,
    /// Print the API's answer, one JSON array
    #[arg(long)]
    pub(crate) json: bool,
}

impl OrdersArgs {
    /// As parameters of `GET /api/orders`.
    pub(crate) fn query(&self) -> Vec<(&'static str, String)> {
        let list = &self.list;
        let limit = list.limit.unwrap_or(if list.all { PAGE } else { SHOWN });
        let given = [
            ("sort", list.sort.clone()),
            ("order", list.order.clone()),
            ("cursor", list.cursor.clone()),
            ("limit", Some(limit.to_string())),
        ];
        self.filter.query().into_iter().chain(present(given)).collect()
    }
}

impl FilterArgs {
    /// As parameters of the calls that take a filter.
    pub(crate) fn query(&self) -> Vec<(&'static str, String)> {
        present([
            ("status", self.status.map(|status| status.to_string())),
            ("parked", self.parked.then(|| "true".to_owned())),
            ("pair", self.pair.clone()),
            ("tokenIn", self.token_in.clone()),
            ("tokenOut", self.token_out.clone()),
            ("venue", self.venue.clone()),
            ("clientOrderId", self.client_order_id.clone()),
            ("tag", self.tag.clone()),
            ("wallet", self.wallet.clone()),
            ("failureCode", self.failure_code.clone()),
            ("from", self.since.map(|since| since.to_string())),
            ("to", self.until.map(|until| until.to_string())),
            ("q", self.search.clone()),
        ])
        .collect()
    }
}

/// The parameters that have a value.
fn present<const N: usize>(
    given: [(&'static str, Option<String>); N],
) -> impl Iterator<Item = (&'static str, String)> {
    given.into_iter().filter_map(|(name, value)| Some((name, value?)))
}
