//! From the body of a request to an order: all invalid fields are reported at once.

pub(crate) mod earlier;
mod fields;
mod form;
#[cfg(test)]
mod tests;

use domain::{
    AccountId, Amount, Bps, OrderSpec, OrderType, QuoteRequest, SwapAmount, Timestamp, Token, TokenAmount,
    amount::AmountError,
    books::WalletId,
    ports::{TokenError, Tokens},
    swap::SlippageBound,
    token::MAX_DECIMALS,
};
use sha2::{Digest, Sha256};

pub(crate) use fields::{Fields, Value};
pub(crate) use form::{Form, Side, SlippageField};

use crate::problem::{Code, FieldCode, FieldError, Problem, shown};

/// Slippage when the body says nothing: 0.5 %.
pub(crate) const DEFAULT_SLIPPAGE: Bps = Bps(50);
/// The default of `MAX_SLIPPAGE_BPS`: more than 50 % is taken for a mistake in units.
pub(crate) const MAX_SLIPPAGE: Bps = Bps(5_000);
pub(crate) const MAX_CLIENT_ORDER_ID_CHARS: usize = 128;
pub(crate) const MAX_TAG_CHARS: usize = 128;
pub(crate) const MAX_WALLET_CHARS: usize = 64;

/// The order that a valid body requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OrderRequest {
    pub(crate) spec: OrderSpec,
    /// The slippage that the body asks for; the default, whatever `MAX_SLIPPAGE_BPS` makes of it, if it says nothing.
    /// So a repeated request stays the same one when that setting changes.
    asked_slippage: Bps,
    /// The client's own id for it.
    pub(crate) client_order_id: Option<String>,
    /// Whether the body was in the form of this API, not in one of an earlier system.
    pub(crate) is_canonical: bool,
}

impl OrderRequest {
    /// Reads a body in the canonical or any compatible form. Slippage may be at most `max_slippage`.
    pub(crate) async fn parse(body: &[u8], tokens: &dyn Tokens, max_slippage: Bps) -> Result<Self, Problem> {
        let fields = Fields::parse(body)?;
        let mut errors = Vec::new();
        let form = earlier::form_of(&fields, &mut errors);
        fields.report_unexpected(&form.known_fields(), &mut errors);
        let mut check = Check { fields: &fields, tokens, max_slippage, form, errors };
        match check.order().await {
            Some(request) if check.errors.is_empty() => Ok(request),
            _ => Err(Problem::fields(Code::InvalidOrder, check.errors)),
        }
    }

    /// Digests of the request, the same for every form of it: the one that is stored with its order, and the one that
    /// earlier versions stored, if it differs. They took the wallet's text for what distinguishes it; now it is the wallet
    /// itself, or `None` if it does not exist. Naming the default wallet is the same as naming none.
    pub(crate) fn fingerprints(
        &self,
        account: AccountId,
        wallet: Option<WalletId>,
    ) -> ([u8; 32], Option<[u8; 32]>) {
        let earlier = self.digest(self.spec.wallet.as_deref().unwrap_or_default());
        let named = match wallet.filter(|_| self.is_canonical) {
            Some(wallet) if wallet == WalletId::default_of(account) => String::new(),
            Some(wallet) => wallet.to_string(),
            None => return (earlier, None),
        };
        let fingerprint = self.digest(&named);
        (fingerprint, Some(earlier).filter(|earlier| *earlier != fingerprint))
    }

    fn digest(&self, wallet: &str) -> [u8; 32] {
        let OrderSpec {
            order_type: OrderType::Market,
            request,
            slippage_bps: _,
            wallet: _, // as it is given here
            tag,
            bound,
            expires_at,
            funding: _, // not asked for
        } = &self.spec;
        let (side, amount) = match request.amount {
            SwapAmount::ExactIn(amount) => ("exact_in", amount),
            SwapAmount::ExactOut(amount) => ("exact_out", amount),
        };
        let parts = [
            "market",
            &request.token_in.mint().to_string(),
            &request.token_out.mint().to_string(),
            side,
            &amount.to_string(),
            &self.asked_slippage.0.to_string(),
            wallet,
            self.client_order_id.as_deref().unwrap_or_default(),
        ];
        let bound = bound.map(|bound| match bound {
            SlippageBound::MinAmountOut(least) => least.units.to_string(),
            SlippageBound::MaxAmountIn(most) => most.units.to_string(),
        });
        let expires_at = expires_at.map(|at| at.unix_micros().to_string());
        // no tag begins with NUL
        let named = [("\0bound", &bound), ("\0expires_at", &expires_at)];
        let named = named.into_iter().filter_map(|(name, value)| Some([name, value.as_deref()?])).flatten();
        let mut digest = Sha256::new();
        // only where there is one, so that requests without one keep the digest that is stored
        for part in parts.into_iter().chain(tag.as_deref()).chain(named) {
            digest.update((part.len() as u64).to_be_bytes()); // so that parts cannot run into each other
            digest.update(part);
        }
        digest.finalize().into()
    }
}

/// One body under inspection. Each step reports what it finds and yields what is valid.
struct Check<'a> {
    fields: &'a Fields<'a>,
    tokens: &'a dyn Tokens,
    max_slippage: Bps,
    form: Form,
    errors: Vec<FieldError>,
}

impl Check<'_> {
    async fn order(&mut self) -> Option<OrderRequest> {
        let order_type = self.order_type();
        let token_in = self.token(self.form.token_in).await;
        let token_out = self.token(self.form.token_out).await;
        if token_in.is_some() && token_in == token_out {
            self.report(self.form.token_out, FieldCode::SameToken, "must differ from the token spent");
        }
        let amount = self.amount(token_in, token_out);
        let slippage_bps = self.slippage();
        let client_order_id = self.label(Form::CLIENT_ORDER_ID, MAX_CLIENT_ORDER_ID_CHARS);
        let tag = self.either(Form::TAG, Form::CLIENT_ID).and_then(|field| self.label(field, MAX_TAG_CHARS));
        let wallet = self.label(Form::WALLET, MAX_WALLET_CHARS);
        let bound = self.bound(amount, token_in, token_out);
        let expires_at = self.instant(Form::EXPIRES_AT);
        let request = QuoteRequest { token_in: token_in?, token_out: token_out?, amount: amount? };
        let spec = OrderSpec {
            order_type: order_type?,
            request,
            slippage_bps: slippage_bps?,
            wallet,
            tag,
            bound,
            expires_at,
            funding: None,
        };
        let is_default = self.fields.get(self.form.slippage.name).is_none();
        let asked_slippage = if is_default { DEFAULT_SLIPPAGE } else { spec.slippage_bps };
        let is_canonical = self.form == Form::CANONICAL;
        Some(OrderRequest { spec, asked_slippage, client_order_id, is_canonical })
    }

    fn report(&mut self, field: &'static str, code: FieldCode, message: impl Into<String>) {
        self.errors.push(FieldError::new(field, code, message.into()));
    }

    /// Which of two names of one field the body uses.
    fn either(&mut self, name: &'static str, alias: &'static str) -> Option<&'static str> {
        match (self.fields.get(name), self.fields.get(alias)) {
            (Some(_), Some(_)) => {
                self.report(
                    alias,
                    FieldCode::Conflict,
                    format!("means the same as {name}; set only one of them"),
                );
                Some(name)
            }
            (Some(_), None) => Some(name),
            (None, Some(_)) => Some(alias),
            (None, None) => None,
        }
    }

    fn order_type(&mut self) -> Option<OrderType> {
        let Some(field) = self.either(Form::TYPE, Form::ORDER_TYPE) else { return Some(OrderType::Market) };
        let name = self.text(field, self.fields.get(field)?)?;
        if name.eq_ignore_ascii_case("market") {
            return Some(OrderType::Market);
        }
        self.report(field, FieldCode::Unsupported, "must be market");
        None
    }

    async fn token(&mut self, field: &'static str) -> Option<Token> {
        let Some(value) = self.fields.get(field) else {
            self.report(field, FieldCode::Missing, "is required: a token symbol or mint");
            return None;
        };
        let name = self.text(field, value)?;
        match self.tokens.resolve(&name).await {
            Ok(token) => Some(token),
            Err(error @ TokenError::Unknown) => {
                self.report(field, FieldCode::UnknownToken, format!("names an {error}: {}", shown(&name)));
                None
            }
        }
    }

    fn amount(&mut self, token_in: Option<Token>, token_out: Option<Token>) -> Option<SwapAmount> {
        let given = |name: Option<&'static str>| Some((name?, self.fields.get(name?)?));
        match (given(self.form.exact_in), given(self.form.exact_out)) {
            (Some((name, value)), None) => self.units(name, value, token_in).map(SwapAmount::ExactIn),
            (None, Some((name, value))) => self.units(name, value, token_out).map(SwapAmount::ExactOut),
            (Some((name_in, value_in)), Some((name_out, value_out))) => {
                self.units(name_in, value_in, token_in);
                self.units(name_out, value_out, token_out);
                let message =
                    format!("cannot be combined with {name_in}: fix one side, the market decides the other");
                self.report(name_out, FieldCode::Conflict, message);
                None
            }
            (None, None) => {
                let names: Vec<_> = [self.form.exact_in, self.form.exact_out].into_iter().flatten().collect();
                let message = match names[..] {
                    [_, other] => format!("or {other} is required"),
                    _ => "is required".to_owned(),
                };
                self.report(names.first().copied().unwrap_or("amount"), FieldCode::Missing, message);
                None
            }
        }
    }

    /// An amount in whole tokens. Without a known token only its form can be judged.
    fn units(&mut self, field: &'static str, value: Value<'_>, token: Option<Token>) -> Option<Amount> {
        let Some(number) = value.number() else {
            self.report(field, FieldCode::WrongType, "must be a decimal number, preferably as a string");
            return None;
        };
        let decimals = token.map_or(MAX_DECIMALS, Token::decimals);
        match Amount::parse(&number, decimals) {
            Ok(amount) => token.map(|_| amount),
            Err(AmountError::TooPrecise { .. } | AmountError::TooLarge) if token.is_none() => None,
            Err(error) => {
                self.report(field, amount_code(error), error.to_string());
                None
            }
        }
    }

    fn slippage(&mut self) -> Option<Bps> {
        let SlippageField { name, decimals, least } = self.form.slippage;
        let Some(value) = self.fields.get(name) else { return Some(DEFAULT_SLIPPAGE.min(self.max_slippage)) };
        let Some(number) = value.number() else {
            self.report(name, FieldCode::WrongType, "must be a number");
            return None;
        };
        let parse = if decimals == 0 { Amount::parse } else { Amount::parse_rounded_up };
        let bps = match parse(&number, decimals) {
            Ok(bps) => u16::try_from(bps.0).ok(),
            Err(AmountError::Zero) => Some(0),
            Err(AmountError::TooLarge | AmountError::Negative) => None,
            Err(AmountError::TooPrecise { decimals: 0 }) => {
                self.report(name, FieldCode::TooPrecise, "must be a whole number");
                return None;
            }
            Err(error) => {
                self.report(name, amount_code(error), error.to_string());
                return None;
            }
        };
        let bps = bps.map(Bps).filter(|bps| (least..=self.max_slippage).contains(bps));
        if bps.is_none() {
            let in_unit = |bps: Bps| Amount(bps.0.into()).to_decimal(decimals);
            let message = format!("must be between {} and {}", in_unit(least), in_unit(self.max_slippage));
            self.report(name, FieldCode::OutOfRange, message);
        }
        bps
    }

    /// `minAmountOut` beside an exact amount in, or `maxAmountIn` beside an exact amount out.
    fn bound(
        &mut self,
        amount: Option<SwapAmount>,
        token_in: Option<Token>,
        token_out: Option<Token>,
    ) -> Option<SlippageBound> {
        let (min, max) = (Form::MIN_AMOUNT_OUT, Form::MAX_AMOUNT_IN);
        let least = self.fields.get(min).map(|value| self.units(min, value, token_out));
        let most = self.fields.get(max).map(|value| self.units(max, value, token_in));
        match amount? {
            SwapAmount::ExactIn(_) if most.is_some() => {
                let message = format!("requires amountOut; with amountIn use {min}");
                self.report(max, FieldCode::Conflict, message);
                None
            }
            SwapAmount::ExactOut(_) if least.is_some() => {
                let message = format!("requires amountIn; with amountOut use {max}");
                self.report(min, FieldCode::Conflict, message);
                None
            }
            SwapAmount::ExactIn(_) => {
                Some(SlippageBound::MinAmountOut(TokenAmount::new(token_out?, least??)))
            }
            SwapAmount::ExactOut(_) => Some(SlippageBound::MaxAmountIn(TokenAmount::new(token_in?, most??))),
        }
    }

    /// A time with its offset from UTC. It may have passed: the same request, repeated late, is still the same
    /// order, and a new one expires at once.
    fn instant(&mut self, field: &'static str) -> Option<Timestamp> {
        let value = self.fields.get(field)?;
        let text = self.text(field, value)?;
        let instant = text.parse();
        if instant.is_err() {
            let message = "must be an RFC 3339 time with an offset, such as 2026-12-01T09:30:00Z";
            self.report(field, FieldCode::Malformed, message);
        }
        instant.ok()
    }

    /// A short text that is kept and given back, never interpreted. Nothing is reported when it is
    /// absent.
    fn label(&mut self, field: &'static str, max_chars: usize) -> Option<String> {
        let value = self.fields.get(field)?;
        let text = self.text(field, value)?;
        if text.len() > max_chars {
            self.report(field, FieldCode::TooLong, format!("must not be longer than {max_chars} characters"));
        } else if !is_label(&text) {
            self.report(field, FieldCode::Malformed, "must be printable ASCII and not empty");
        }
        Some(text)
    }

    fn text(&mut self, field: &'static str, value: Value<'_>) -> Option<String> {
        let text = value.text();
        if text.is_none() {
            self.report(field, FieldCode::WrongType, "must be a string");
        }
        text
    }
}

/// Whether a text can be a label: a client's own id, or a tag.
pub(crate) fn is_label(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

/// The code of an amount that cannot be read.
pub(crate) fn amount_code(error: AmountError) -> FieldCode {
    match error {
        AmountError::Malformed => FieldCode::Malformed,
        AmountError::Negative => FieldCode::Negative,
        AmountError::Zero => FieldCode::Zero,
        AmountError::TooPrecise { .. } => FieldCode::TooPrecise,
        AmountError::TooLarge => FieldCode::TooLarge,
    }
}
