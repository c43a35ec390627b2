use testkit::samples;

use super::*;
use crate::simulated::ACCOUNT_RENT;

const OWNER: Address = Address::new([7; 32]);

fn swap(token_in: &str, token_out: &str, amount: SwapAmount) -> Swap {
    let (token_in, token_out) = (Token::well_known(token_in).unwrap(), Token::well_known(token_out).unwrap());
    let bound = match amount {
        SwapAmount::ExactIn(_) => SlippageBound::MinAmountOut(TokenAmount::new(token_out, Amount(5))),
        SwapAmount::ExactOut(_) => SlippageBound::MaxAmountIn(TokenAmount::new(token_in, Amount(900))),
    };
    let venue = VenueId::METEORA;
    let request = QuoteRequest { token_in, token_out, amount };
    Swap { venue, pool: Some(pool_of(venue, token_in, token_out)), request, bound }
}

#[test]
fn programs_are_those_of_mainnet() {
    assert_eq!(SYSTEM.to_string(), "1".repeat(32));
    assert_eq!(TOKEN.to_string(), "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA");
    assert_eq!(ASSOCIATED_TOKEN.to_string(), "ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL");
    assert_eq!(MEMO.to_string(), "MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr");
}

#[test]
fn what_is_built_is_what_is_executed() {
    for (token_in, token_out) in [("SOL", "USDC"), ("USDC", "SOL"), ("USDC", "JUP")] {
        for amount in [SwapAmount::ExactIn(Amount(70)), SwapAmount::ExactOut(Amount(70))] {
            let swap = swap(token_in, token_out, amount);
            let (executed, accounts) = execute(OWNER, &calls_of(&swap, OWNER)).unwrap();
            assert_eq!(executed, swap);
            let wraps = if token_in == "SOL" { 2 } else { 0 }; // three calls for one step
            assert_eq!(calls_of(&swap, OWNER).len(), swap.instructions().len() + wraps);
            let keeps = token_out != "SOL";
            assert_eq!(accounts.kept().len(), usize::from(keeps), "wrapped SOL is closed again");
            let opened = accounts.rent(u64::from(keeps));
            let held = ACCOUNT_RENT.0 * swap.request.accounts();
            assert_eq!(opened.paid.0, held, "what an order holds is what it takes at once");
            let stays = if keeps { i128::from(ACCOUNT_RENT.0) } else { 0 };
            assert_eq!((opened.net(), accounts.rent(0).net()), (stays, 0));
        }
    }
}

#[test]
fn a_pool_belongs_to_a_pair_in_either_direction() {
    let (sol, usdc) = (Token::SOL, samples::usdc());
    assert_eq!(pool_of(VenueId::METEORA, sol, usdc), pool_of(VenueId::METEORA, usdc, sol));
    assert_ne!(pool_of(VenueId::METEORA, sol, usdc), pool_of(VenueId::RAYDIUM, sol, usdc));
}

/// A plan that lacks anything the swap needs fails as on chain, which a caption could not.
#[test]
fn a_plan_that_lacks_something_fails_with_the_error_of_the_program_that_misses_it() {
    let calls = calls_of(&swap("SOL", "USDC", SwapAmount::ExactIn(Amount(70))), OWNER);
    let error = |calls: Vec<Call>| execute(OWNER, &calls).unwrap_err().name;
    let without = |index: usize| {
        let mut calls = calls.clone();
        calls.remove(index);
        error(calls)
    };
    assert_eq!(without(1), "InsufficientFunds", "nothing was transferred");
    assert_eq!(without(2), "InsufficientFunds", "the transfer does not count yet");
    assert_eq!(without(3), "AccountNotInitialized");
    assert_eq!(without(4), "NothingToDo");
    let change = |change: fn(&mut Call)| {
        let mut calls = calls.clone();
        change(&mut calls[4]);
        error(calls)
    };
    assert_eq!(change(|swap| swap.accounts[1] = CallAccount::write(OWNER)), "ConstraintSeeds");
    assert_eq!(change(|swap| swap.accounts[0].is_signer = false), "MissingRequiredSignature");
    assert_eq!(change(|swap| swap.program = OWNER), "ProgramAccountNotFound");
    assert_eq!(change(|swap| swap.data.truncate(5)), "InvalidInstructionData");
    let mut twice = calls.clone();
    twice.insert(5, calls[4].clone());
    assert_eq!(error(twice), "AlreadySwapped");
    let mut closes_another = calls.clone();
    closes_another[5].accounts[0] = CallAccount::write(account_of(OWNER, samples::usdc()));
    assert_eq!(error(closes_another), "NonNativeHasBalance");
    let budget = Call { program: budget::PROGRAM, accounts: Vec::new(), data: vec![2, 1] };
    assert_eq!(error([vec![budget], calls].concat()), "InvalidInstructionData");
}

/// Transactions of earlier versions did not create the account that they wrapped SOL in, and those of any version may
/// create one that is there.
#[test]
fn rent_comes_back_only_for_an_account_that_was_created_here() {
    let mut calls = calls_of(&swap("SOL", "USDC", SwapAmount::ExactIn(Amount(70))), OWNER);
    calls.insert(0, calls[3].clone());
    let (_, accounts) = execute(OWNER, &calls).unwrap();
    assert_eq!((accounts.kept().len(), accounts.rent(1).paid.0), (1, 2 * ACCOUNT_RENT.0), "created twice");
    calls.remove(1);
    let (_, accounts) = execute(OWNER, &calls).unwrap();
    assert_eq!((accounts.rent(1).paid, accounts.rent(1).refunded), (ACCOUNT_RENT, Amount(0)));
}
