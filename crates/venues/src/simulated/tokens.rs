//! The registry of the simulated market's tokens.

use std::sync::{PoisonError, RwLock};

use async_trait::async_trait;
use domain::{
    Mint, Token, TokenInfo,
    ports::{TokenError, Tokens},
    token::well_known,
};

/// The tokens of mainnet that the market has pools of, and those that were added since.
#[derive(Debug)]
pub struct SimulatedTokens {
    listed: RwLock<Vec<TokenInfo>>,
}

/// The registry has another token of this mint or this symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the mint or the symbol is listed already")]
pub struct AlreadyListed;

impl Default for SimulatedTokens {
    fn default() -> Self {
        Self { listed: RwLock::new(well_known().to_vec()) }
    }
}

impl SimulatedTokens {
    /// Lists a token.
    ///
    /// # Errors
    /// [`AlreadyListed`]: a symbol must not become another token.
    pub fn add(&self, info: TokenInfo) -> Result<(), AlreadyListed> {
        let mut listed = self.listed.write().unwrap_or_else(PoisonError::into_inner);
        let clashes =
            |known: &TokenInfo| known.token == info.token || known.symbol.eq_ignore_ascii_case(&info.symbol);
        if listed.iter().any(clashes) {
            return Err(AlreadyListed);
        }
        listed.push(info);
        Ok(())
    }

    fn find(&self, is_it: impl Fn(&TokenInfo) -> bool) -> Option<TokenInfo> {
        // no code that holds the lock can leave the list half changed
        let listed = self.listed.read().unwrap_or_else(PoisonError::into_inner);
        listed.iter().find(|info| is_it(info)).cloned()
    }
}

#[async_trait]
impl Tokens for SimulatedTokens {
    async fn resolve(&self, symbol_or_mint: &str) -> Result<Token, TokenError> {
        let mint = symbol_or_mint.parse::<Mint>().ok();
        let found = self.find(|info| match mint {
            Some(mint) => info.token.mint() == mint,
            None => info.symbol.eq_ignore_ascii_case(symbol_or_mint),
        });
        found.map(|info| info.token).ok_or(TokenError::Unknown)
    }

    fn info(&self, mint: Mint) -> Option<TokenInfo> {
        self.find(|info| info.token.mint() == mint)
    }

    fn listed(&self) -> Vec<TokenInfo> {
        self.listed.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use domain::{Amount, TokenAmount};
    use futures::FutureExt;

    use super::*;

    fn resolve(tokens: &SimulatedTokens, text: &str) -> Option<Token> {
        tokens.resolve(text).now_or_never().unwrap().ok()
    }

    #[test]
    fn a_token_is_found_by_its_symbol_in_any_case_and_by_its_mint() {
        let tokens = SimulatedTokens::default();
        assert_eq!(resolve(&tokens, "sol"), Some(Token::SOL));
        assert_eq!(resolve(&tokens, &Mint::WRAPPED_SOL.to_string()), Some(Token::SOL));
        assert_eq!(resolve(&tokens, "MSOL"), Token::well_known("mSOL"));
        assert_eq!(resolve(&tokens, "DOGE"), None);
        assert_eq!(tokens.symbol(Token::SOL), "SOL");
        assert_eq!(tokens.amount(TokenAmount::new(Token::SOL, Amount(1_500_000_000))), "1.5 SOL");
    }

    #[test]
    fn the_list_grows_and_no_symbol_changes_its_token() {
        let tokens = SimulatedTokens::default();
        let new = Token::new(Mint::new([9; 32]), 6).unwrap();
        assert_eq!(
            (resolve(&tokens, &new.mint().to_string()), tokens.symbol(new)),
            (None, new.mint().to_string())
        );
        let amount = TokenAmount::new(new, Amount(2_000_000));
        assert_eq!(tokens.amount(amount), format!("2 {}", new.mint().shortened()));
        let info = |symbol: &'static str| TokenInfo {
            token: new,
            symbol: symbol.into(),
            name: symbol.into(),
            lot: Amount(1),
        };
        assert_eq!(tokens.add(info("usdc")), Err(AlreadyListed));
        assert_eq!(tokens.add(info("NEW")), Ok(()));
        assert_eq!(tokens.add(info("NEWER")), Err(AlreadyListed));
        assert_eq!((resolve(&tokens, "new"), tokens.symbol(new)), (Some(new), "NEW".to_owned()));
        assert_eq!(tokens.amount(amount), "2 NEW");
    }
}
