//! What the chain takes besides the price of a swap: the price of compute units, and rent for token accounts.

use std::{sync::Arc, time::Duration};

use domain::{
    Amount, Plan, QuoteRequest, SignedTransaction, Swap, SwapAmount, Token, TokenAmount, VenueId,
    books::WalletId,
    ports::{Chain, Signer, TransactionStatus, Venue},
    swap::{Message, Rent, SlippageBound},
};
use futures::future::join_all;
use venues::{
    config::Conditions,
    message::{self, DecodedMessage},
    simulated::{
        ACCOUNT_RENT, SimulatedChain, SimulatedSigner, SimulatedTokens, SimulatedVenue, costs,
        program::{calls_of, pool_of},
        transaction_log::Entry,
    },
};

use crate::support::{
    self, IDEAL, INSTANT, World, contract, landed, sign_for, status, swap, swap_for_at_least,
};

contract! {
    the_price_of_units_is_charged_whether_a_transaction_lands_or_reverts
    a_transaction_of_an_earlier_version_pays_for_its_signature_alone
    the_first_swap_pays_the_rent_of_the_account_and_the_second_does_not
    each_wallet_and_token_has_an_account_of_its_own
    concurrent_first_swaps_pay_once
    a_swap_that_reverts_or_comes_too_late_opens_nothing
    a_replayed_record_pays_once
    a_tombstone_opens_nothing
}

const ONE: Amount = ACCOUNT_RENT;
const TWO: Amount = Amount(2 * ACCOUNT_RENT.0);
/// Spending SOL, with the account of the other token open and not.
const KNOWN: Rent = Rent { paid: ONE, refunded: ONE };
const FIRST: Rent = Rent { paid: TWO, refunded: ONE };

const DEAR: Conditions = Conditions { priority_micro_lamports: 50_001, ..INSTANT };
/// 200,000 units, rounded up.
const CHARGED: Amount = Amount(5_000 + 10_001);

fn wallet(number: u8) -> WalletId {
    format!("00000000-0000-0000-0000-{number:012}").parse().unwrap()
}

/// A swap that takes any price.
fn trade(token_in: &str, token_out: &str, units: u64) -> Swap {
    let [token_in, token_out] = [token_in, token_out].map(|symbol| Token::well_known(symbol).unwrap());
    let venue = VenueId::RAYDIUM;
    Swap {
        venue,
        pool: Some(pool_of(venue, token_in, token_out)),
        request: QuoteRequest { token_in, token_out, amount: SwapAmount::ExactIn(Amount(units)) },
        bound: SlippageBound::MinAmountOut(TokenAmount::new(token_out, Amount(1))),
    }
}

async fn rent_of(chain: &SimulatedChain, swap: &Swap, wallet: Option<WalletId>) -> Rent {
    let signed = sign_for(chain, swap, wallet).await;
    chain.send(&signed).await.unwrap();
    landed(status(chain, &signed).await).rent
}

async fn the_price_of_units_is_charged_whether_a_transaction_lands_or_reverts(world: World) {
    let chain = world.chain(DEAR);
    let cheap = world.chain_of_another_process(INSTANT).await;
    let [lands, reverts] = [swap(), swap_for_at_least(1_000_000_000)];
    let [lands, reverts] = [support::sign(&chain, &lands).await, support::sign(&chain, &reverts).await];
    for signed in [&lands, &reverts] {
        cheap.send(signed).await.unwrap();
    }
    for chain in [&chain, &cheap] {
        assert_eq!(
            landed(status(chain, &lands).await).network_fee,
            Some(CHARGED),
            "the bytes say what is paid"
        );
        let failed = status(chain, &reverts).await;
        assert!(
            matches!(failed, TransactionStatus::Failed { network_fee, .. } if network_fee == Some(CHARGED)),
            "{failed:?}"
        );
    }
}

/// Those that were signed before there were compute budgets, and before wrapped SOL had an account of its own, are sent
/// and settled after an upgrade.
async fn a_transaction_of_an_earlier_version_pays_for_its_signature_alone(world: World) {
    let chain = world.chain(DEAR);
    let owner = SimulatedSigner.address(None);
    let swap = swap();
    let plan = Plan { steps: swap.instructions(), calls: calls_of(&swap, owner).split_off(1) };
    let composed = chain.compose(&plan, owner).await.unwrap();
    let DecodedMessage { payer, block_hash, calls } = message::decode(&composed.bytes).unwrap();
    let bytes = message::encode(payer, block_hash, &calls[2..]).unwrap(); // without its compute budget
    let signature = SimulatedSigner.sign(&bytes).await.unwrap();
    let signed = Message { bytes, ..composed }.signed(&signature);
    chain.send(&signed).await.unwrap();
    let landed = landed(status(&chain, &signed).await);
    assert_eq!(landed.network_fee, Some(Amount(5_000)));
    assert_eq!(landed.rent, Rent { paid: ONE, refunded: Amount(0) });
}

#[tokio::test]
async fn a_quote_has_the_fee_that_the_chain_charges() {
    let (tokens, clock) = (Arc::new(SimulatedTokens::default()), Arc::new(testkit::ManualClock::default()));
    let venue = SimulatedVenue::new(VenueId::RAYDIUM, support::SEED, DEAR, tokens, clock);
    let quotes = venue.quotes(&swap().request).await.unwrap();
    assert_eq!(quotes[0].network_fee, Some(CHARGED));
    assert_eq!(costs(&DEAR).attempt, CHARGED, "what orders hold for each attempt");
}

async fn the_first_swap_pays_the_rent_of_the_account_and_the_second_does_not(world: World) {
    let chain = world.chain(INSTANT);
    assert_eq!(rent_of(&chain, &swap(), Some(wallet(1))).await, FIRST);
    assert_eq!(rent_of(&chain, &swap(), Some(wallet(1))).await, KNOWN);
    let other = world.chain_of_another_process(INSTANT).await;
    assert_eq!(rent_of(&other, &swap(), Some(wallet(1))).await, KNOWN, "all processes know it");
    let rents = |entries: Vec<Entry>| -> Vec<i128> {
        entries.into_iter().map(|entry| landed(entry.status_at(entry.settles_at)).rent.net()).collect()
    };
    let stored = rents(world.of_another_process().await.entries().await.unwrap());
    assert_eq!(stored.iter().sum::<i128>(), i128::from(ONE.0), "{stored:?}");
}

async fn each_wallet_and_token_has_an_account_of_its_own(world: World) {
    let chain = world.chain(INSTANT);
    for owner in [None, Some(wallet(1)), Some(wallet(2))] {
        assert_eq!(rent_of(&chain, &swap(), owner).await, FIRST, "{owner:?}");
        assert_eq!(rent_of(&chain, &trade("SOL", "JUP", 1_000_000_000), owner).await, FIRST);
        let back = trade("USDC", "SOL", 10_000_000);
        assert_eq!(rent_of(&chain, &back, owner).await, KNOWN, "wrapped SOL is opened and closed");
        let between = rent_of(&chain, &trade("USDC", "JUP", 10_000_000), owner).await;
        assert_eq!(between, Rent::default(), "both are open, and SOL is on neither side");
        let opens = rent_of(&chain, &trade("USDC", "BONK", 10_000_000), owner).await;
        assert_eq!(opens, Rent { paid: ONE, refunded: Amount(0) });
    }
}

/// Whichever is first in the log pays, and every process says the same of each.
async fn concurrent_first_swaps_pay_once(world: World) {
    let chains = [world.chain(IDEAL), world.chain_of_another_process(IDEAL).await];
    let sent: Vec<_> = join_all(
        (0..40).map(async |number| sign_for(&chains[0], &SWAPS[number % 2](), Some(wallet(1))).await),
    )
    .await;
    let sent = Arc::new(sent);
    let senders = (0..4).map(|sender| {
        let (chain, sent) = (chains[sender % 2].clone(), sent.clone());
        tokio::spawn(async move {
            let own = sent.iter().skip(sender / 2).step_by(2);
            for sent in join_all(own.map(|signed: &SignedTransaction| chain.send(signed))).await {
                sent.unwrap();
            }
        })
    });
    for sender in join_all(senders).await {
        sender.unwrap();
    }
    world.advance(Duration::from_secs(3)).await;
    let mut paid = 0;
    for signed in sent.iter() {
        let rents =
            [landed(status(&chains[0], signed).await).rent, landed(status(&chains[1], signed).await).rent];
        assert_eq!(rents[0], rents[1]);
        paid += rents[0].net();
    }
    assert_eq!(paid, 2 * i128::from(ONE.0), "one account of each token");
}

const SWAPS: [fn() -> Swap; 2] = [swap, || trade("SOL", "JUP", 1_000_000_000)];

async fn a_swap_that_reverts_or_comes_too_late_opens_nothing(world: World) {
    let chain = world.chain(INSTANT);
    let reverts = sign_for(&chain, &swap_for_at_least(1_000_000_000), Some(wallet(1))).await;
    chain.send(&reverts).await.unwrap();
    assert!(matches!(status(&chain, &reverts).await, TransactionStatus::Failed { .. }));
    let slow = world.chain(Conditions { landing_min_ms: 90_000, landing_max_ms: 90_000, ..INSTANT });
    let late = sign_for(&slow, &swap(), Some(wallet(1))).await;
    slow.send(&late).await.unwrap();
    let unsent = sign_for(&chain, &swap(), Some(wallet(1))).await;
    world.advance(Duration::from_secs(61)).await;
    chain.send(&unsent).await.unwrap();
    for signed in [&late, &unsent] {
        assert_eq!(status(&chain, signed).await, TransactionStatus::Expired);
    }
    assert_eq!(rent_of(&chain, &swap(), Some(wallet(1))).await, FIRST, "it is the first to land");
}

async fn a_replayed_record_pays_once(world: World) {
    let chain = world.chain(INSTANT);
    let signed = sign_for(&chain, &swap(), Some(wallet(1))).await;
    chain.send(&signed).await.unwrap();
    let [entry] = &world.transactions().await[..] else { panic!("not one transaction") };
    let valid_until = world.log.now() + Duration::from_mins(1);
    let other = world.of_another_process().await;
    for log in [&world.log, &other] {
        let again = log.record(entry.clone(), valid_until).await.unwrap().unwrap();
        assert_eq!(&again, entry, "what is there stays");
        assert_eq!(landed(again.status_at(again.settles_at)).rent, FIRST);
    }
    // the same signature for another account, as no chain would have it: what is there counts
    let for_another = decided(&sign_for(&chain, &SWAPS[1](), Some(wallet(1))).await).await;
    let forged = Entry { signature: signed.signature, ..for_another };
    assert_eq!(&other.record(forged, valid_until).await.unwrap().unwrap(), entry);
    assert_eq!(rent_of(&chain, &SWAPS[1](), Some(wallet(1))).await, FIRST);
}

/// What becomes of a transaction, on a chain where it is alone.
async fn decided(signed: &SignedTransaction) -> Entry {
    let elsewhere = World::memory().await;
    elsewhere.chain(INSTANT).send(signed).await.unwrap();
    elsewhere.log.find(&signed.signature).await.unwrap().unwrap()
}

/// A batch may have a transaction and its tombstone, and only one of them is recorded.
async fn a_tombstone_opens_nothing(world: World) {
    let chain = world.chain(INSTANT);
    let signed = sign_for(&chain, &swap(), Some(wallet(1))).await;
    let (entry, past) = (decided(&signed).await, world.log.now());
    assert_eq!(entry.accounts.len(), 1);
    let tombstone = Entry::tombstone(signed.signature.clone(), past);
    let (late, expired) =
        tokio::join!(world.log.record(entry, past), world.log.record(tombstone.clone(), past));
    assert_eq!(expired, Ok(Some(tombstone.clone())));
    assert!(late == Ok(None) || late == Ok(Some(tombstone)), "{late:?}");
    assert_eq!(rent_of(&chain, &swap(), Some(wallet(1))).await, FIRST);
}
