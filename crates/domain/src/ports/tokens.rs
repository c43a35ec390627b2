use async_trait::async_trait;

use crate::{
    Amount, Token, TokenAmount,
    amount::grouped,
    token::{Mint, TokenInfo},
};

/// Why a registry has no token for a text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Neither a symbol nor a mint that the registry knows.
    #[error("unknown token")]
    Unknown,
}

/// The token registry: resolves what clients write, and names what is shown.
#[async_trait]
pub trait Tokens: Send + Sync + 'static {
    /// The token with this mint, or with this symbol in any case.
    ///
    /// # Errors
    /// [`TokenError`].
    async fn resolve(&self, symbol_or_mint: &str) -> Result<Token, TokenError>;

    /// A token's names. `None` for one that is not listed: it trades and is shown by its mint.
    fn info(&self, mint: Mint) -> Option<TokenInfo>;

    /// Every listed token, in the order in which to offer them.
    fn listed(&self) -> Vec<TokenInfo>;

    /// A usual size of an order, base units: one token if it is not listed.
    fn lot(&self, token: Token) -> Amount {
        let one = || Amount(10u64.saturating_pow(token.decimals().into()));
        self.info(token.mint()).map_or_else(one, |info| info.lot)
    }

    /// The symbol of a token, or its mint if it is not listed: what [`Self::resolve`] finds it by.
    fn symbol(&self, token: Token) -> String {
        self.info(token.mint()).map_or_else(|| token.mint().to_string(), |info| info.symbol.into_owned())
    }

    /// A token in a message: its symbol, or its mint shortened if it is not listed.
    fn label(&self, token: Token) -> String {
        self.info(token.mint()).map_or_else(|| token.mint().shortened(), |info| info.symbol.into_owned())
    }

    /// An amount in a message, in whole tokens: `1,000.5 SOL`.
    fn amount(&self, amount: TokenAmount) -> String {
        format!("{} {}", grouped(amount.to_decimal()), self.label(amount.token))
    }
}
