//! `engine cancel`: cancels orders by id or by a filter.

use std::process::ExitCode;

use domain::OrderStatus;
use protocol::{CancelOutcome, CancelResultView, CanceledViews};
use serde_json::{Value, json};

use super::{client, read, show_market};
use crate::{cli::CancelArgs, exit, output::print};

/// Ids of one request.
const MAX_IDS: usize = 500;

pub(crate) async fn run(args: CancelArgs) -> anyhow::Result<ExitCode> {
    let client = client(&args.target)?;
    let mut tally = Tally::default();
    let mut ids = Vec::new();
    for text in &args.ids {
        ids.push(client.find(text).await?);
    }
    for ids in ids.chunks(MAX_IDS) {
        let answer = client.cancel(&json!({ "ids": ids })).await?;
        tally.take(&answer, args.json)?;
    }
    if args.ids.is_empty() {
        let filter = filter(&args);
        // each request cancels a bounded number of orders
        while tally.take(&client.cancel(&filter).await?, args.json)? {}
    }
    if !args.json {
        show_market(&client).await;
    }
    if !args.json && tally.orders == 0 {
        print("no order to cancel")?;
    }
    Ok(if tally.all_canceled { ExitCode::SUCCESS } else { ExitCode::from(exit::ORDER_FAILED) })
}

fn filter(args: &CancelArgs) -> Value {
    let mut filter = json!({});
    if args.all {
        filter["all"] = true.into();
    }
    for (name, value) in [("pair", &args.pair), ("tag", &args.tag), ("wallet", &args.wallet)] {
        if let Some(value) = value {
            filter[name] = value.as_str().into();
        }
    }
    filter
}

/// The results so far.
struct Tally {
    orders: usize,
    all_canceled: bool,
}

impl Default for Tally {
    fn default() -> Self {
        Self { orders: 0, all_canceled: true }
    }
}

impl Tally {
    /// Prints an answer. Returns whether more orders match and the last request made progress.
    fn take(&mut self, answer: &str, as_json: bool) -> anyhow::Result<bool> {
        if as_json {
            print(answer)?;
        }
        let CanceledViews { results, has_more } = read(answer)?;
        let mut is_stuck = true;
        for CancelResultView { order_id, result, status } in &results {
            self.all_canceled &= matches!(result, CancelOutcome::Canceled | CancelOutcome::CancelRequested);
            is_stuck &= *result == CancelOutcome::StoreUnavailable;
            if !as_json {
                print(format_args!("{order_id}  {}", in_words(*result, *status)))?;
            }
        }
        self.orders += results.len();
        Ok(has_more && !is_stuck)
    }
}

fn in_words(result: CancelOutcome, status: Option<OrderStatus>) -> String {
    match (result, status) {
        (CancelOutcome::Canceled, _) => "canceled".to_owned(),
        (CancelOutcome::CancelRequested, _) => {
            "cancel requested: it is being executed, and may still land if it was submitted".to_owned()
        }
        (CancelOutcome::AlreadyTerminal, Some(status)) => format!("has already ended: {status}"),
        (CancelOutcome::AlreadyTerminal, None) => "has already ended".to_owned(),
        (CancelOutcome::NotFound, _) => "not found".to_owned(),
        (CancelOutcome::Later, _) => "ended in a way that only a later version knows".to_owned(),
        (CancelOutcome::StoreUnavailable, _) => "the order store is unavailable: try again".to_owned(),
    }
}
