//! Finds the order that a person means.

use anyhow::{Context, bail};
use domain::OrderId;
use protocol::OrderRef;

use super::Client;

/// Digits of the end of an id that are enough to search for it.
const END_DIGITS: std::ops::Range<usize> = 4..32;
/// Digits of the end of an id that name one order only, unless chance has it otherwise.
const DISTINCT_DIGITS: usize = 8;
/// Orders in a page of the search.
const PAGE: u32 = 200;
/// Orders that are named when several end alike.
const NAMED: usize = 5;

impl Client {
    /// The order with this id, or the only one whose id ends so. With [`DISTINCT_DIGITS`] one that is found is taken for
    /// the only one: all the older orders would have to be searched.
    ///
    /// # Errors
    /// When it is not an id, no order or several orders end so, or the engine cannot be reached.
    pub(crate) async fn find(&self, text: &str) -> anyhow::Result<OrderId> {
        if let Ok(id) = text.parse() {
            return Ok(id);
        }
        let end = text.replace('-', "").to_ascii_lowercase();
        if !END_DIGITS.contains(&end.len()) || !end.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            bail!("{text} is not an order id, nor the end of one: give at least its last four digits");
        }
        let mut found: Vec<OrderId> = Vec::new();
        let mut page = self.order_pages(&[("q", end.clone()), ("limit", PAGE.to_string())]).await?;
        loop {
            let orders: Vec<OrderRef> =
                serde_json::from_str(&page.body).context("the engine's answer cannot be read")?;
            let ends_so = |id: &OrderId| id.to_string().replace('-', "").ends_with(&end);
            found.extend(orders.into_iter().map(|order| order.order_id).filter(ends_so));
            if found.len() > 1 || (found.len() == 1 && end.len() >= DISTINCT_DIGITS) {
                break;
            }
            match self.next_page(&page).await? {
                Some(next) => page = next,
                None => break,
            }
        }
        match found[..] {
            [] => bail!("No order ends in {text}"),
            [id] => Ok(id),
            _ => {
                let named: Vec<_> = found.iter().take(NAMED).map(ToString::to_string).collect();
                let more = if found.len() > NAMED { ", …" } else { "" };
                bail!("Several orders end in {text}: {}{more}", named.join(", "))
            }
        }
    }
}
