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
    /// The most that the swap may deposit at once for token accounts, lamports; nothing in orders of versions that knew
    /// no rent.
    #[serde(default)]
    pub rent: Amount,
}

impl Funding {
    /// What is held for a swap of `token_in`, by token: one amount if that is SOL.
    pub fn held(self, token_in: Mint) -> Vec<(Mint, u128)> {
        let swap = u128::from(self.swap.0);
        let lamports = u128::from(self.costs.0) + u128::from(self.rent.0);
        let sol = Token::SOL.mint();
        let held = if token_in == sol {
            vec![(sol, swap + lamports)]
        } else {
            vec![(token_in, swap), (sol, lamports)]
        };
        held.into_iter().filter(|(_, units)| *units > 0).collect()
    }

    /// Whether what is held pays for another attempt, after earlier ones have cost `paid`: `cost` for its transaction and
    /// `rent` at once. It does not if the chain has become dearer since the acceptance. All are lamports.
    pub fn covers(self, paid: Amount, cost: Amount, rent: Amount) -> bool {
        paid.0.saturating_add(cost.0) <= self.costs.0 && rent.0 <= self.rent.0
    }
}
