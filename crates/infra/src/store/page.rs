//! One page of a listing. Rows that this version cannot read are left out and replaced by the next
//! ones, or a page full of them would look like the end.

use domain::{Order, ports::OrderFilter};
use sqlx::types::Uuid;

use super::row::{OrderRow, readable_orders};

/// A page while it is being read.
pub(super) struct Page {
    orders: Vec<Order>,
    before: Uuid,
    limit: usize,
}

impl Page {
    pub(super) fn new(filter: &OrderFilter) -> Self {
        let before = filter.before.map_or(Uuid::max(), |before| before.0);
        Self { orders: Vec::new(), before, limit: filter.limit as usize }
    }

    /// The next rows come before this order.
    pub(super) fn before(&self) -> Uuid {
        self.before
    }

    /// How many rows the page still has room for.
    pub(super) fn missing(&self) -> i64 {
        i64::try_from(self.limit - self.orders.len()).unwrap_or(i64::MAX)
    }

    /// Takes the rows of a read of at most [`Self::missing`]. Returns whether the page is complete.
    pub(super) fn add(&mut self, rows: Vec<OrderRow>) -> bool {
        let asked = self.limit - self.orders.len();
        let found = rows.len();
        self.before = rows.last().map_or(self.before, |row| row.id);
        self.orders.extend(readable_orders(rows));
        found < asked || self.orders.len() == self.limit
    }

    pub(super) fn orders(self) -> Vec<Order> {
        self.orders
    }
}
