//! Sample orders and events.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use domain::{
    AccountId, Address, Amount, Bps, EventData, Failure, FailureCode, FeeRate, Fill, Landed, Name, Order,
    OrderId, OrderSpec, OrderType, PoolRef, Quote, QuoteRequest, Signature, SignedTransaction, SwapAmount,
    Timestamp, Token, TokenAmount, VenueId,
    books::{Wallet, WalletId, WalletKind},
    ports::{Acceptance, Attempt, AttemptChange, AttemptState, ChainCosts},
    routing::{RoutingDecision, VenueAnswer},
    swap::{BalanceChange, Instruction, Rent, SlippageBound},
};
use rust_decimal::Decimal;
use uuid::Uuid;

/// When sample orders are created, before the first tick of [`crate::ManualClock`]'s default.
const CREATED_AT: Timestamp = Timestamp::from_unix_millis(1_799_999_999_000);

static COUNTER: AtomicU64 = AtomicU64::new(1);

fn next() -> u64 {
    COUNTER.fetch_add(1, Ordering::Relaxed)
}

/// A `UUIDv7` that is newer than all that came before it in this process.
pub fn order_id() -> OrderId {
    let mut random = [0; 10];
    random[2..].copy_from_slice(&next().to_be_bytes());
    let millis = u64::try_from(CREATED_AT.unix_millis()).unwrap_or(0);
    OrderId(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
}

/// An account id that nothing else uses.
pub fn account_id() -> AccountId {
    AccountId(Uuid::from_u128(u128::from(next())))
}

/// USDC, of mainnet.
pub fn usdc() -> Token {
    Token::well_known("USDC").expect("a well-known token")
}

/// Lamports.
pub fn sol_units(units: u64) -> TokenAmount {
    TokenAmount::new(Token::SOL, Amount(units))
}

/// Base units of USDC.
pub fn usdc_units(units: u64) -> TokenAmount {
    TokenAmount::new(usdc(), Amount(units))
}

/// A market order of 1 SOL for USDC.
pub fn spec() -> OrderSpec {
    OrderSpec {
        order_type: OrderType::Market,
        request: QuoteRequest {
            token_in: Token::SOL,
            token_out: usdc(),
            amount: SwapAmount::ExactIn(Amount(1_000_000_000)),
        },
        slippage_bps: Bps(50),
        wallet: Some("9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusVFin".into()),
        tag: None,
        bound: None,
        expires_at: None,
        funding: None,
    }
}

/// A new order of the default account without any key, due after a minute unless it is pushed.
pub fn acceptance() -> Acceptance {
    let (order, event) = Order::accept(order_id(), AccountId::DEFAULT, None, spec(), CREATED_AT);
    Acceptance {
        order,
        event,
        idempotency_key: None,
        fingerprint: [1; 32],
        earlier_fingerprint: None,
        due_after: Some(Duration::from_mins(1)),
        effects: Vec::new(),
    }
}

/// A failure another attempt may overcome: its transaction reverted.
pub fn failure() -> Failure {
    let message =
        "slippage exceeded: the swap receives 148.416252 USDC, less than the minimum of 148.580457 USDC";
    let failure = Failure::at(VenueId::METEORA, FailureCode::SlippageExceeded, message);
    Failure { network_fee: charged(AttemptState::Reverted), ..failure }
}

/// A quote of Meteora for [`spec`].
pub fn quote() -> Quote {
    Quote {
        venue: VenueId::METEORA,
        pool: Some(PoolRef { kind: Name::from_static("simulated"), address: Address::new([7; 32]) }),
        amount_in: sol_units(1_000_000_000),
        amount_out: usdc_units(149_327_092),
        price: Decimal::new(149_327_092, 6),
        price_impact_bps: 20,
        fee: sol_units(2_000_000),
        fee_rate: FeeRate { ppm: 2_000 },
        network_fee: Some(Amount(5_000)),
        liquidity_score: 80,
        latency_ms: 12,
        valid_until: CREATED_AT,
        read_at_slot: None,
    }
}

/// What the chain of these samples takes.
pub const COSTS: ChainCosts = ChainCosts { attempt: Amount(5_000), account: ACCOUNT_RENT };

/// The rent of a swap that opens the accounts of both tokens and closes the one of wrapped SOL.
const RENT: Rent = Rent { paid: Amount(2 * ACCOUNT_RENT.0), refunded: ACCOUNT_RENT };

/// What the chain takes for a token account, lamports.
pub const ACCOUNT_RENT: Amount = Amount(2_039_280);

/// How an attempt landed.
pub fn fill(attempt: &Attempt) -> Fill {
    Fill {
        venue: attempt.venue,
        signature: attempt.transaction.signature.clone(),
        slot: 250_000_001,
        amount_in: sol_units(1_000_000_000),
        amount_out: usdc_units(149_327_092),
        fee: sol_units(2_000_000),
        network_fee: Some(Amount(5_000)),
        rent: RENT,
        executed_price: Decimal::new(149_327_092, 6),
    }
}

/// What the chain knows of the same.
pub fn landed() -> Landed {
    Landed {
        slot: 250_000_001,
        network_fee: Some(Amount(5_000)),
        pool_changes: vec![
            BalanceChange { mint: Token::SOL.mint(), delta: 1_000_000_000 },
            BalanceChange { mint: usdc().mint(), delta: -149_327_092 },
        ],
        venue_fee: sol_units(2_000_000),
        rent: RENT,
    }
}

/// That an attempt landed.
pub fn confirmed(attempt: &Attempt) -> EventData {
    EventData::Confirmed { fill: fill(attempt), after_expiry: false }
}

/// The steps up to a transaction that is ready to be signed.
pub fn steps_to_building() -> Vec<EventData> {
    let refusal = Failure::at(VenueId::RAYDIUM, FailureCode::InsufficientLiquidity, "too deep for this pool");
    vec![
        EventData::RoutingStarted,
        EventData::Routed {
            decision: Box::new(RoutingDecision {
                best: quote(),
                others: vec![VenueAnswer::LeftOut { venue: VenueId::RAYDIUM, failure: refusal }],
                advantage_bps: None,
                reason: "meteora gave the only quote".into(),
            }),
        },
        EventData::Building {
            venue: VenueId::METEORA,
            bound: SlippageBound::MinAmountOut(usdc_units(148_580_457)),
            instructions: vec![Instruction::Swap { venue: VenueId::METEORA }, Instruction::UnwrapSol],
        },
    ]
}

/// An attempt that is about to be sent, with a signature of its own.
pub fn attempt(order: &Order) -> Attempt {
    let count = next();
    let mut signature = [7; 64];
    signature[..8].copy_from_slice(&count.to_be_bytes());
    Attempt {
        order_id: order.id,
        number: order.attempt.max(1),
        venue: VenueId::METEORA,
        transaction: SignedTransaction {
            signature: Signature::from_bytes(&signature),
            bytes: count.to_be_bytes().to_vec(),
            last_valid_block_height: 250_000_150,
        },
        created_at: order.updated_at,
        state: AttemptState::Unresolved,
        network_fee: None,
    }
}

/// The event that goes with an attempt's being on record.
pub fn submitted(attempt: &Attempt) -> EventData {
    EventData::Submitted {
        venue: attempt.venue,
        signature: attempt.transaction.signature.clone(),
        last_valid_block_height: attempt.transaction.last_valid_block_height,
    }
}

/// What the chain charged for an attempt that ended so.
pub fn charged(state: AttemptState) -> Option<Amount> {
    match state {
        AttemptState::Landed | AttemptState::Reverted => Some(Amount(5_000)),
        AttemptState::Unresolved | AttemptState::Expired => None,
    }
}

/// The end of an attempt, for the attempt record.
pub fn resolve(attempt: &Attempt, state: AttemptState) -> AttemptChange {
    let signature = attempt.transaction.signature.clone();
    AttemptChange::Resolve { number: attempt.number, signature, state, network_fee: charged(state) }
}

/// A paper wallet of the default account, named by its id.
pub fn wallet(id: WalletId) -> Wallet {
    let now = Timestamp::from_unix_millis(1_800_000_000_000);
    Wallet {
        id,
        account: AccountId::DEFAULT,
        name: id.to_string(),
        kind: WalletKind::Paper,
        epoch: 0,
        created_at: now,
        epoch_began_at: now,
    }
}
