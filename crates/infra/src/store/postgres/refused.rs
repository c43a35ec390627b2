//! Takes back new orders that their wallets cannot pay.

use std::collections::{HashMap, HashSet};

use domain::{OrderId, books::Shortage, ports::Accepted};
use sqlx::PgConnection;

use super::{super::request::Written, Answers};

/// New orders that their wallets cannot pay.
#[derive(Default)]
pub(super) struct Refused {
    /// By the position of the acceptance.
    positions: HashSet<usize>,
    shortages: HashMap<OrderId, Vec<Shortage>>,
    /// The orders that came with them.
    brought: Vec<OrderId>,
}

impl Refused {
    pub(super) fn add(&mut self, position: usize, id: OrderId, shortages: Vec<Shortage>) {
        self.positions.insert(position);
        self.shortages.insert(id, shortages);
    }

    /// Whether an order came with one of them, and goes with it.
    pub(super) fn brings(&mut self, position: usize, id: OrderId) -> bool {
        let is_brought = self.positions.contains(&position);
        if is_brought {
            self.brought.push(id);
        }
        is_brought
    }

    /// Deletes them. The same request, repeated in the same batch, gets the same answer.
    ///
    /// # Errors
    /// Also when another request of the batch was refused for being different from one of these: without that one it
    /// is new, so both must be written on their own.
    pub(super) async fn take_back(
        self,
        connection: &mut PgConnection,
        answers: &mut Answers,
    ) -> sqlx::Result<()> {
        if self.shortages.is_empty() {
            return Ok(());
        }
        for answer in answers.iter_mut().flatten() {
            let Written::Accept(accepted) = answer else { continue };
            match accepted {
                Accepted::Replayed(order) => {
                    if let Some(shortages) = self.shortages.get(&order.id) {
                        *accepted = Accepted::Insufficient(shortages.clone());
                    }
                }
                Accepted::Conflict(id) if self.shortages.contains_key(id) => {
                    let message =
                        format!("order {id} cannot be paid, and another request has one of its keys");
                    return Err(sqlx::Error::InvalidArgument(message));
                }
                _ => {}
            }
        }
        let ids = self.shortages.keys().chain(&self.brought);
        sqlx::query(
            "WITH events AS (DELETE FROM order_events WHERE order_id = ANY($1)) DELETE FROM orders WHERE id = ANY($1)",
        )
        .bind(ids.map(|id| id.0).collect::<Vec<_>>())
        .execute(connection)
        .await
        .map(drop)
    }
}
