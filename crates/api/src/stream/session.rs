use domain::Order;

use super::{Dialect, Ending, Peer};
use crate::{
    accept::{self, Caller},
    problem::Problem,
    state::AppState,
};

/// Sends the events of an order after `after`.
pub(crate) async fn follow(
    peer: &mut Peer,
    state: &AppState,
    order: &Order,
    after: u32,
    dialect: &dyn Dialect,
) -> Ending {
    peer.stream(state.hub.follow(order, after), dialect).await
}

/// Takes an order as the first message and sends its events.
pub(crate) async fn place_and_follow(
    peer: &mut Peer,
    state: &AppState,
    caller: Result<Caller, Problem>,
    dialect: &dyn Dialect,
) -> Ending {
    let message = match peer.first_message().await {
        Ok(message) => message,
        Err(ending) => return ending,
    };
    let placed = async {
        let request = state.parse_order(&message).await?;
        accept::place(state, request, caller?).await
    };
    match placed.await {
        Ok(placed) => follow(peer, state, &placed.order, 0, dialect).await,
        Err(problem) => refuse(peer, &problem, dialect).await,
    }
}

/// Reports a problem and how the stream ends because of it.
pub(crate) async fn refuse(peer: &mut Peer, problem: &Problem, dialect: &dyn Dialect) -> Ending {
    match peer.send(dialect.problem(problem)).await {
        Ok(()) => Ending::after(problem),
        Err(ending) => ending,
    }
}
