use serde::{Deserialize, Serialize};

use super::WalletId;
use crate::{Amount, Mint, Token};

/// What an order trades from, and what is held there for it until it has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Funding {
    pub wallet: WalletId,
    /// The most that the swap may spend, base units of the token in.
    pub swap: Amount,
    /// The most that all attempts together may cost, lamports.
    pub costs: Amount,
}

impl Funding {
    /// What is held for a swap of `token_in`, by token: one amount if that is SOL.
    pub fn held(self, token_in: Mint) -> Vec<(Mint, u128)> {
        let (swap, costs) = (u128::from(self.swap.0), u128::from(self.costs.0));
        let sol = Token::SOL.mint();
        let held =
            if token_in == sol { vec![(sol, swap + costs)] } else { vec![(token_in, swap), (sol, costs)] };
        held.into_iter().filter(|(_, units)| *units > 0).collect()
    }
}
