use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{Amount, Mint, QuoteRequest, Signature, Token, TokenAmount, VenueId, amount::price};

/// What the chain reports about a transaction that landed and whose calls all succeeded. Facts, not a trade: what they
/// mean for an order follows from what the order asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Landed {
    pub slot: u64,
    /// What the chain charged, lamports. Unknown for what versions before 2026-12 sent to the simulated chain.
    pub network_fee: Option<Amount>,
    /// How the pool's holdings changed. The owner's accounts would mix in fees, rent and what else the transaction
    /// did.
    pub pool_changes: Vec<BalanceChange>,
    /// The venue's fee, a part of what moved.
    pub venue_fee: TokenAmount,
    /// What token accounts took and gave back.
    pub rent: Rent,
}

/// What a transaction deposited for token accounts that it opened, and got back for those that it closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rent {
    /// Lamports.
    pub paid: Amount,
    /// Lamports.
    pub refunded: Amount,
}

impl Rent {
    /// Whether it neither took nor gave anything.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// What stays deposited, lamports; negative if more was given back than taken.
    pub fn net(self) -> i128 {
        i128::from(self.paid.0) - i128::from(self.refunded.0)
    }
}

/// A change of a pool's balance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BalanceChange {
    /// Of which token.
    pub mint: Mint,
    /// By how many base units; negative is less.
    pub delta: i128,
}

/// A swap as it landed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Fill {
    pub venue: VenueId,
    pub signature: Signature,
    pub slot: u64,
    pub amount_in: TokenAmount,
    pub amount_out: TokenAmount,
    /// The venue's fee, a part of what was spent or of what would have been received.
    pub fee: TokenAmount,
    /// What the chain charged, lamports. Versions before 2026-12 did not say.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub network_fee: Option<Amount>,
    /// What token accounts took and gave back; nothing in fills of versions before 2026-12.
    #[serde(skip_serializing_if = "Rent::is_none", default)]
    pub rent: Rent,
    /// Whole tokens out per whole token in, as realised.
    pub executed_price: Decimal,
}

/// The pool's changes are not those of the swap that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the changes of the pool's holdings are not those of the swap")]
pub struct ImplausibleTrade;

impl Fill {
    /// The fill of a landed transaction: what the pool gained of the token in and lost of the token
    /// out.
    ///
    /// # Errors
    /// [`ImplausibleTrade`]: the facts are wrong or incomplete, and must be asked for again.
    pub fn of(
        request: &QuoteRequest,
        venue: VenueId,
        signature: &Signature,
        landed: &Landed,
    ) -> Result<Self, ImplausibleTrade> {
        let change = |token: Token| -> i128 {
            landed.pool_changes.iter().filter(|it| it.mint == token.mint()).map(|it| it.delta).sum()
        };
        let moved = |token: Token, units: i128| {
            let units = u64::try_from(units).ok().filter(|units| *units > 0).ok_or(ImplausibleTrade)?;
            Ok(TokenAmount::new(token, Amount(units)))
        };
        let amount_in = moved(request.token_in, change(request.token_in))?;
        let amount_out = moved(request.token_out, -change(request.token_out))?;
        Ok(Self {
            venue,
            signature: signature.clone(),
            slot: landed.slot,
            amount_in,
            amount_out,
            fee: landed.venue_fee,
            network_fee: landed.network_fee,
            rent: landed.rent,
            executed_price: price(amount_in, amount_out).unwrap_or_default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SwapAmount;

    fn usdc() -> Token {
        Token::well_known("USDC").unwrap()
    }

    fn landed(changes: &[(Token, i128)]) -> Landed {
        let pool_changes =
            changes.iter().map(|(token, delta)| BalanceChange { mint: token.mint(), delta: *delta });
        Landed {
            slot: 7,
            network_fee: Some(Amount(5_000)),
            pool_changes: pool_changes.collect(),
            venue_fee: TokenAmount::new(Token::SOL, Amount(2)),
            rent: Rent { paid: Amount(4), refunded: Amount(1) },
        }
    }

    #[test]
    fn a_fill_is_what_the_pool_gained_and_lost() {
        let usdc = usdc();
        let request =
            QuoteRequest { token_in: Token::SOL, token_out: usdc, amount: SwapAmount::ExactIn(Amount(9)) };
        let of =
            |landed: &Landed| Fill::of(&request, VenueId::RAYDIUM, &Signature::from_bytes(&[1; 64]), landed);
        let fill = of(&landed(&[(Token::SOL, 1_000_000_000), (usdc, -150_000_000)])).unwrap();
        assert_eq!(
            (fill.amount_in.units, fill.amount_out.units),
            (Amount(1_000_000_000), Amount(150_000_000))
        );
        assert_eq!((fill.executed_price, fill.slot), (150.into(), 7));
        assert_eq!((fill.network_fee, fill.rent.net()), (Some(Amount(5_000)), 3));
        for implausible in [
            &[][..],
            &[(Token::SOL, 5)],
            &[(Token::SOL, -5), (usdc, 5)],
            &[(Token::SOL, 0), (usdc, -5)],
            &[(Token::SOL, i128::from(u64::MAX) + 1), (usdc, -5)],
        ] {
            assert_eq!(of(&landed(implausible)), Err(ImplausibleTrade), "{implausible:?}");
        }
    }

    #[test]
    fn a_fill_that_was_stored_before_there_was_rent_still_reads() {
        let request =
            QuoteRequest { token_in: Token::SOL, token_out: usdc(), amount: SwapAmount::ExactIn(Amount(9)) };
        let landed = Landed { rent: Rent::default(), ..landed(&[(Token::SOL, 9), (usdc(), -7)]) };
        let fill = Fill::of(&request, VenueId::RAYDIUM, &Signature::from_bytes(&[1; 64]), &landed).unwrap();
        let stored = serde_json::to_value(&fill).unwrap();
        assert_eq!(stored.get("rent"), None, "as it was before");
        assert_eq!(serde_json::from_value::<Fill>(stored).unwrap(), fill);
    }
}
