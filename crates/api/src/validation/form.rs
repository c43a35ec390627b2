use domain::Bps;

/// Which field of a body carries what. There is one canonical form; [`earlier`](super::earlier) has the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Form {
    pub(crate) token_in: &'static str,
    pub(crate) token_out: &'static str,
    /// Spend exactly this much, if the form can say so.
    pub(crate) exact_in: Option<&'static str>,
    /// Receive exactly this much, if the form can say so.
    pub(crate) exact_out: Option<&'static str>,
    pub(crate) slippage: SlippageField,
    /// The side, which was already read to choose the form. Where the tokens are named by what is spent and
    /// received it says nothing more, and is ignored.
    pub(crate) side: Side,
}

/// What a form does with the field `side`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// It says which token is spent.
    Decides,
    /// It is ignored.
    Ignored,
}

/// How slippage is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SlippageField {
    pub(crate) name: &'static str,
    /// Decimal places that make one bps: 0 when it is written in bps, 2 when in percent.
    pub(crate) decimals: u8,
    pub(crate) least: Bps,
}

impl SlippageField {
    /// `slippageBps`, in basis points.
    pub(crate) const BPS: Self = Self { name: "slippageBps", decimals: 0, least: Bps(0) };
}

impl Form {
    /// The fields every form has besides its own.
    pub(crate) const TYPE: &'static str = "type";
    /// The same as [`Self::TYPE`].
    pub(crate) const ORDER_TYPE: &'static str = "orderType";
    /// The client's own label.
    pub(crate) const TAG: &'static str = "tag";
    /// The same as [`Self::TAG`]: it names the client, and all its orders have the same.
    pub(crate) const CLIENT_ID: &'static str = "clientId";
    /// Whether the base is bought or sold.
    pub(crate) const SIDE: &'static str = "side";
    /// The client's own id for the order.
    pub(crate) const CLIENT_ORDER_ID: &'static str = "clientOrderId";
    /// Receive at least this much, whatever the slippage allows. Only the canonical form has it.
    pub(crate) const MIN_AMOUNT_OUT: &'static str = "minAmountOut";
    /// Spend at most this much, whatever the slippage allows. Only the canonical form has it.
    pub(crate) const MAX_AMOUNT_IN: &'static str = "maxAmountIn";
    /// When the order expires. Only the canonical form has it.
    pub(crate) const EXPIRES_AT: &'static str = "expiresAt";
    /// The owner's wallet.
    pub(crate) const WALLET: &'static str = "wallet";

    /// `{type?, tokenIn, tokenOut, amountIn | amountOut, slippageBps?, minAmountOut? | maxAmountIn?, expiresAt?,
    /// clientOrderId?, tag?, wallet?}`.
    pub(crate) const CANONICAL: Self = Self {
        token_in: "tokenIn",
        token_out: "tokenOut",
        exact_in: Some("amountIn"),
        exact_out: Some("amountOut"),
        slippage: SlippageField::BPS,
        side: Side::Ignored,
    };

    /// Every field that a body of this form may have.
    pub(crate) fn known_fields(&self) -> Vec<&'static str> {
        let only_canonical = [Self::MIN_AMOUNT_OUT, Self::MAX_AMOUNT_IN, Self::EXPIRES_AT];
        [self.exact_in, self.exact_out]
            .into_iter()
            .flatten()
            .chain(only_canonical.into_iter().filter(|_| *self == Self::CANONICAL))
            .chain([
                self.token_in,
                self.token_out,
                self.slippage.name,
                Self::CLIENT_ORDER_ID,
                Self::TYPE,
                Self::ORDER_TYPE,
                Self::TAG,
                Self::CLIENT_ID,
                Self::SIDE,
                Self::WALLET,
            ])
            .collect()
    }
}
