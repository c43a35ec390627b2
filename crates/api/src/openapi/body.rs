//! Schemas of the forms of an order. The names of fields are those that the API reads; what a field may hold is
//! written here once more, and `scripts/contract.sh` holds it against the API.
//!
//! What depends on more than one field, such as the decimals of an amount, is judged only when it is read.

use std::fmt::Write;

use domain::{Bps, TokenInfo};
use serde_json::{Value, json};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        Content, KnownFormat, Object, ObjectBuilder, OneOfBuilder, OpenApi, Ref, RefOr, Schema, SchemaFormat,
        Type,
        example::{Example, ExampleBuilder},
        schema::{AdditionalProperties, SchemaType},
    },
};

use crate::validation::{
    DEFAULT_SLIPPAGE, Form, MAX_CLIENT_ORDER_ID_CHARS, MAX_SLIPPAGE, MAX_TAG_CHARS, MAX_WALLET_CHARS, Side,
    SlippageField, earlier,
};
use protocol::schema;

const NUMBER: &str = r"^-?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$";

/// A form, with its name in the document and an example order.
struct Documented {
    schema: &'static str,
    about: &'static str,
    form: Form,
    example: Value,
}

fn forms() -> [Documented; 6] {
    let documented = |schema, about, form, example| Documented { schema, about, form, example };
    [
        documented(
            "OrderRequest",
            "The canonical format. Set exactly one of `amountIn` and `amountOut`.",
            Form::CANONICAL,
            json!({"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "1.5", "slippageBps": 50}),
        ),
        documented(
            "OrderRequestByAmount",
            "Earlier format: `amount` is the amount to spend.",
            earlier::AMOUNT,
            json!({"tokenIn": "SOL", "tokenOut": "USDC", "amount": 1.5}),
        ),
        documented(
            "OrderRequestInPercent",
            "Earlier format: slippage in percent. Set exactly one of `amountIn` and `amountOut`.",
            earlier::PERCENT,
            json!({"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": 1.5, "slippage": 0.5}),
        ),
        documented(
            "OrderRequestByAmountInPercent",
            "Earlier format: `amount` is the amount to spend, slippage in percent.",
            earlier::AMOUNT_PERCENT,
            json!({"tokenIn": "SOL", "tokenOut": "USDC", "amount": 1.5, "slippage": 0.5}),
        ),
        documented(
            "OrderRequestByMints",
            "Earlier format with mints: `amount` is the amount to spend, slippage in percent.",
            earlier::MINTS,
            json!({
                "inputMint": "So11111111111111111111111111111111111111112",
                "outputMint": "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v",
                "amount": "1.5",
                "slippage_pct": 0.5,
            }),
        ),
        documented(
            "OrderRequestBySide",
            "Earlier format: `sell` spends exactly `amount` of the base token, `buy` receives exactly that much.",
            earlier::SELL,
            json!({
                "clientId": "desk-7", "side": "buy",
                "baseAsset": "SOL", "quoteAsset": "USDC", "amount": "1.5",
            }),
        ),
    ]
}

/// An order in any of the forms.
pub(crate) struct OrderBody;

impl PartialSchema for OrderBody {
    fn schema() -> RefOr<Schema> {
        let mut any = OneOfBuilder::new().description(Some(
            "An order. The first format is the canonical one; the others are those of earlier systems.",
        ));
        for documented in forms() {
            any = any.item(Ref::from_schema_name(documented.schema));
        }
        any.into()
    }
}

impl ToSchema for OrderBody {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.extend(forms().map(|form| (form.schema.to_owned(), form.schema().into())));
        schemas.push((TokenName::name().into(), TokenName::schema()));
        schemas.push((AmountGiven::name().into(), AmountGiven::schema()));
    }
}

/// The body of a request. Generated clients know the canonical form alone; [`OrderBody`] has the others.
pub(super) fn content() -> Content {
    let [canonical, ..] = forms();
    let example: Example =
        ExampleBuilder::new().summary(canonical.about).value(Some(canonical.example)).build();
    Content::builder()
        .schema(Some(Ref::from_schema_name(canonical.schema)))
        .examples_from_iter([(canonical.schema, example)])
        .build()
}

impl Documented {
    fn schema(&self) -> Object {
        let Form { token_in, token_out, exact_in, exact_out, slippage, side } = self.form;
        let token = Ref::from_schema_name(TokenName::name());
        let amount = Ref::from_schema_name(AmountGiven::name());
        let mut object = ObjectBuilder::new()
            .description(Some(self.about))
            .additional_properties(Some(AdditionalProperties::FreeForm(false)))
            .property(Form::TYPE, nullable(r"^[Mm][Aa][Rr][Kk][Ee][Tt]$", "`market`, the default."));
        if side == Side::Decides {
            object = object
                .property(Form::SIDE, text(r"^([Bb][Uu][Yy]|[Ss][Ee][Ll][Ll])$", "`buy` or `sell`."))
                .required(Form::SIDE);
        }
        object = object.property(token_in, token.clone()).required(token_in);
        object = object.property(token_out, token).required(token_out);
        for name in [exact_in, exact_out].into_iter().flatten() {
            object = object.property(name, amount.clone());
        }
        // with two of them it is either
        if let (Some(name), None) | (None, Some(name)) = (exact_in, exact_out) {
            object = object.required(name);
        }
        object = object.property(slippage.name, allowed_slippage(slippage, MAX_SLIPPAGE));
        if slippage.name == earlier::PERCENT.slippage.name {
            object = object.required(slippage.name); // what identifies the form
        }
        if self.form == Form::CANONICAL {
            let bound = |about: &str| {
                amount_given()
                    .description(Some(format!("{about} The tighter of this and the slippage bound applies.")))
            };
            object = object
                .property(Form::MIN_AMOUNT_OUT, bound("With `amountIn`: minimum to receive."))
                .property(Form::MAX_AMOUNT_IN, bound("With `amountOut`: maximum to spend."))
                .property(
                    Form::EXPIRES_AT,
                    ObjectBuilder::new()
                        .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
                        .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
                        .description(Some(
                            "RFC 3339 with an offset. No attempt is submitted from this time on; one submitted earlier may still land.",
                        )),
                );
        }
        let printable = |chars| format!("^[ -~]{{1,{chars}}}$");
        // the base/quote form calls the tag the client's name
        let tag = if side == Side::Decides { Form::CLIENT_ID } else { Form::TAG };
        let about =
            "Your own label for orders, returned with them; lists can filter by it. Need not be unique.";
        let about_wallet = if self.form == Form::CANONICAL {
            "Id or name of the wallet to trade from; `default` unless given."
        } else {
            "Stored and returned with the order. It does not choose a paper wallet."
        };
        object
            .property(tag, nullable(&printable(MAX_TAG_CHARS), about))
            .property(
                Form::CLIENT_ORDER_ID,
                nullable(
                    &printable(MAX_CLIENT_ORDER_ID_CHARS),
                    "Your own id for the order. Repeating a request with it does not place a second order.",
                ),
            )
            .property(Form::WALLET, nullable(&printable(MAX_WALLET_CHARS), about_wallet))
            .build()
    }
}

fn text(pattern: &str, description: &str) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).pattern(Some(pattern)).description(Some(description))
}

/// A field that is `null` counts as absent.
fn nullable(pattern: &str, description: &str) -> ObjectBuilder {
    text(pattern, description).schema_type(SchemaType::from_iter([Type::String, Type::Null]))
}

fn allowed_slippage(SlippageField { decimals, least, .. }: SlippageField, max: Bps) -> ObjectBuilder {
    let (unit, of_type) =
        if decimals == 0 { ("basis points", Type::Integer) } else { ("percent", Type::Number) };
    let in_unit = |bps: Bps| f64::from(bps.0) / f64::from(10_u32.pow(decimals.into()));
    let default = domain::routing::percent(DEFAULT_SLIPPAGE.min(max).0.into());
    ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([of_type, Type::String, Type::Null]))
        .pattern(Some(NUMBER))
        .minimum(Some(in_unit(least)))
        .maximum(Some(in_unit(max)))
        .description(Some(format!("Maximum slippage from the quote, in {unit}; {default} by default.")))
}

schema!(AmountGiven, amount_given());

fn amount_given() -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([Type::String, Type::Number, Type::Null]))
        .pattern(Some(NUMBER))
        .exclusive_minimum(Some(0))
        .description(Some(
            "An amount in whole tokens, read exactly, with no more decimal places than the token has.",
        ))
        .examples([json!("1.5")])
}

schema!(AmountOfToken, amount_given().schema_type(SchemaType::from_iter([Type::String, Type::Number])));

schema!(TokenName, token_name(&[]));

/// Puts the tokens that are listed now into the document.
pub(super) fn list_tokens(document: &mut OpenApi, listed: &[TokenInfo]) {
    if let Some(components) = &mut document.components {
        let schema = RefOr::T(Schema::Object(token_name(listed).build()));
        components.schemas.insert(TokenName::name().into(), schema);
    }
}

/// Puts the configured limit of slippage into the document.
pub(super) fn limit_slippage(document: &mut OpenApi, max: Bps) {
    let Some(components) = &mut document.components else { return };
    for Documented { schema, form, .. } in forms() {
        if let Some(RefOr::T(Schema::Object(object))) = components.schemas.get_mut(schema) {
            let limited = allowed_slippage(form.slippage, max).build();
            object.properties.insert(form.slippage.name.to_owned(), RefOr::T(Schema::Object(limited)));
        }
    }
}

fn token_name(listed: &[TokenInfo]) -> ObjectBuilder {
    text(&token_pattern(listed), "A listed token: its mint, or its symbol (case-insensitive).")
        .examples(listed.iter().map(|info| json!(info.symbol)))
}

fn token_pattern(listed: &[TokenInfo]) -> String {
    let mut pattern = String::from("^(");
    for info in listed {
        for letter in info.symbol.chars() {
            let (upper, lower) = (letter.to_ascii_uppercase(), letter.to_ascii_lowercase());
            let _ = write!(pattern, "[{upper}{lower}]"); // a String takes all that is written to it
        }
        pattern.push('|');
    }
    let mints: Vec<_> = listed.iter().map(|info| info.token.mint().to_string()).collect();
    pattern + &mints.join("|") + ")$"
}
