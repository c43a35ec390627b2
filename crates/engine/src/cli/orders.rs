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
    /// Maximum number; of each page with --all
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=200))]
    pub(crate) limit: u32,
    /// Start after this order, the last one of a page
    #[arg(long, value_name = "ID")]
    pub(crate) cursor: Option<String>,
    /// Follow all pages
    #[arg(long)]
    pub(crate) all: bool,
    /// Print comma-separated values
    #[arg(long, conflicts_with = "json")]
    pub(crate) csv: bool,
    /// Print the API's answer, one JSON array
    #[arg(long)]
    pub(crate) json: bool,
}

impl OrdersArgs {
    /// As parameters of `GET /api/orders`.
    pub(crate) fn query(&self) -> Vec<(&'static str, String)> {
        let (filter, list) = (&self.filter, &self.list);
        let given = [
            ("status", filter.status.map(|status| status.to_string())),
            ("parked", filter.parked.then(|| "true".to_owned())),
            ("pair", filter.pair.clone()),
            ("tokenIn", filter.token_in.clone()),
            ("tokenOut", filter.token_out.clone()),
            ("venue", filter.venue.clone()),
            ("clientOrderId", filter.client_order_id.clone()),
            ("tag", filter.tag.clone()),
            ("failureCode", filter.failure_code.clone()),
            ("from", filter.since.map(|since| since.to_string())),
            ("to", filter.until.map(|until| until.to_string())),
            ("q", filter.search.clone()),
            ("sort", list.sort.clone()),
            ("order", list.order.clone()),
            ("cursor", list.cursor.clone()),
            ("limit", Some(list.limit.to_string())),
        ];
        given.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}
