//! One page of a listing. Rows that this version cannot read are left out and replaced by the next
//! ones, or a page full of them would look like the end.

use domain::{
    Order, OrderId,
    ports::{OrderFilter, OrderPage, OrderSort},
};
use sqlx::types::Uuid;

use super::row::{OrderRow, readable_orders};

/// A page while it is being read.
pub(super) struct Page {
    orders: Vec<Order>,
    cursor: Option<Uuid>,
    /// Where a search ends for now.
    end: Option<Uuid>,
    next: Option<Uuid>,
    limit: usize,
    is_paged: bool,
}

impl Page {
    pub(super) fn new(filter: &OrderFilter) -> Self {
        Self {
            orders: Vec::new(),
            cursor: filter.cursor.map(|cursor| cursor.0),
            end: None,
            next: None,
            limit: filter.limit as usize,
            is_paged: filter.sort == OrderSort::CreatedAt,
        }
    }

    /// The next rows come after this order.
    pub(super) fn cursor(&self) -> Option<Uuid> {
        self.cursor
    }

    /// The last order that is looked at.
    pub(super) fn end(&self) -> Option<Uuid> {
        self.end
    }

    /// Bounds the search.
    pub(super) fn end_at(&mut self, end: Option<Uuid>) {
        self.end = end;
    }

    /// How many rows the page still has room for.
    pub(super) fn missing(&self) -> i64 {
        i64::try_from(self.limit - self.orders.len()).unwrap_or(i64::MAX)
    }

    /// Takes the rows of a read of one more than [`Self::missing`]. Returns whether the page is complete.
    pub(super) fn add(&mut self, mut rows: Vec<OrderRow>) -> bool {
        let room = self.limit - self.orders.len();
        let has_more = rows.len() > room;
        rows.truncate(room);
        self.cursor = rows.last().map(|row| row.id).or(self.cursor);
        self.orders.extend(readable_orders(rows));
        if !self.is_paged {
            return true;
        }
        self.next = if has_more { self.cursor } else { self.end };
        !has_more || self.orders.len() == self.limit
    }

    pub(super) fn finish(self) -> OrderPage {
        OrderPage { orders: self.orders, next: self.next.map(OrderId) }
    }
}
