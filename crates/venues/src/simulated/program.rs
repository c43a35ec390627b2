//! The programs of the simulated chain: how their calls are encoded, and what they make of them. The swap programs
//! are its own; the others are those of mainnet, as far as a swap needs them.

use domain::{
    Address, Amount, Call, CallAccount, Mint, Name, PoolRef, QuoteRequest, Swap, SwapAmount, Token,
    TokenAmount, VenueId, swap::SlippageBound,
};
use sha2::{Digest, Sha256};

use super::{accounts::TokenAccounts, budget};

/// Kind of the pools of the simulated venues.
pub const POOL_KIND: Name = Name::from_static("simulated");

const SYSTEM: Address = Address::new([0; 32]);
/// `TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA`.
const TOKEN: Address = Address::new([
    6, 221, 246, 225, 215, 101, 161, 147, 217, 203, 225, 70, 206, 235, 121, 172, 28, 180, 133, 237, 95, 91,
    55, 145, 58, 140, 245, 133, 126, 255, 0, 169,
]);
/// `ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL`.
const ASSOCIATED_TOKEN: Address = Address::new([
    140, 151, 37, 143, 78, 36, 137, 241, 187, 61, 16, 41, 20, 142, 13, 131, 11, 90, 19, 153, 218, 255, 16,
    132, 4, 142, 123, 216, 219, 233, 248, 89,
]);
/// `MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr`.
const MEMO: Address = Address::new([
    5, 74, 83, 90, 153, 41, 33, 6, 77, 36, 232, 113, 96, 218, 56, 124, 124, 53, 181, 221, 188, 146, 187, 129,
    228, 31, 168, 64, 65, 5, 68, 141,
]);

/// `SystemInstruction::Transfer`, a 32-bit tag.
const TRANSFER: [u8; 4] = 2u32.to_le_bytes();
const SYNC_NATIVE: u8 = 17;
const CLOSE_ACCOUNT: u8 = 9;
const CREATE_IDEMPOTENT: u8 = 1;
/// Tags of the swap programs' own instructions.
const SWAP_EXACT_IN: u8 = 1;
const SWAP_EXACT_OUT: u8 = 2;

/// The venues that have a program here.
const VENUES: [VenueId; 2] = [VenueId::RAYDIUM, VenueId::METEORA];

/// The address that is made of these parts for a purpose, and for no other.
pub(super) fn derived(purpose: &str, parts: &[&[u8]]) -> Address {
    let mut hasher = Sha256::new();
    for part in std::iter::once(purpose.as_bytes()).chain(parts.iter().copied()) {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    Address::new(hasher.finalize().into())
}

/// The program of a venue.
pub fn program_of(venue: VenueId) -> Address {
    derived("program", &[venue.as_str().as_bytes()])
}

/// The pool of a venue for a pair, in either direction.
pub fn pool_of(venue: VenueId, one: Token, other: Token) -> PoolRef {
    let (first, second) = (one.mint().min(other.mint()), one.mint().max(other.mint()));
    let parts = [venue.as_str().as_bytes(), first.as_bytes(), second.as_bytes()];
    PoolRef { kind: POOL_KIND, address: derived("pool", &parts) }
}

fn vault_of(pool: Address, token: Token) -> Address {
    derived("vault", &[pool.as_bytes(), token.mint().as_bytes()])
}

fn account_of(owner: Address, token: Token) -> Address {
    derived("account", &[owner.as_bytes(), token.mint().as_bytes()])
}

/// The calls of a swap, in the order of [`Swap::instructions`].
pub fn calls_of(swap: &Swap, owner: Address) -> Vec<Call> {
    let QuoteRequest { token_in, token_out, .. } = swap.request;
    let wrapped = account_of(owner, Token::SOL);
    let mut calls = Vec::with_capacity(6);
    if token_in.is_native_sol() {
        calls.push(create_account(owner, token_in));
        let data = [&TRANSFER[..], &swap.most_in().0.to_le_bytes()].concat();
        calls.push(Call {
            program: SYSTEM,
            accounts: vec![CallAccount::signer(owner), CallAccount::write(wrapped)],
            data,
        });
        calls.push(Call {
            program: TOKEN,
            accounts: vec![CallAccount::write(wrapped)],
            data: vec![SYNC_NATIVE],
        });
    }
    calls.push(create_account(owner, token_out));
    calls.push(swap_call(swap, owner));
    if token_in.is_native_sol() || token_out.is_native_sol() {
        calls.push(Call {
            program: TOKEN,
            accounts: vec![
                CallAccount::write(wrapped),
                CallAccount::signer(owner),
                CallAccount::signer(owner),
            ],
            data: vec![CLOSE_ACCOUNT],
        });
    }
    calls
}

/// Opens the owner's account of a token unless it is open.
fn create_account(owner: Address, token: Token) -> Call {
    Call {
        program: ASSOCIATED_TOKEN,
        accounts: vec![
            CallAccount::signer(owner),
            CallAccount::write(account_of(owner, token)),
            CallAccount::signer(owner),
            CallAccount::read(token.mint().address()),
            CallAccount::read(SYSTEM),
            CallAccount::read(TOKEN),
        ],
        data: vec![CREATE_IDEMPOTENT],
    }
}

fn swap_call(swap: &Swap, owner: Address) -> Call {
    let QuoteRequest { token_in, token_out, amount } = swap.request;
    let pool = swap.pool.unwrap_or_else(|| pool_of(swap.venue, token_in, token_out)).address;
    let (tag, amount) = match amount {
        SwapAmount::ExactIn(amount) => (SWAP_EXACT_IN, amount),
        SwapAmount::ExactOut(amount) => (SWAP_EXACT_OUT, amount),
    };
    let (SlippageBound::MinAmountOut(bound) | SlippageBound::MaxAmountIn(bound)) = swap.bound;
    let mut data = vec![tag];
    data.extend_from_slice(&amount.0.to_le_bytes());
    data.extend_from_slice(&bound.units.0.to_le_bytes());
    // the chain checks them against the mints, as in `TransferChecked`
    data.extend_from_slice(&[token_in.decimals(), token_out.decimals()]);
    Call {
        program: program_of(swap.venue),
        accounts: vec![
            CallAccount::signer(owner),
            CallAccount::write(pool),
            CallAccount::write(vault_of(pool, token_in)),
            CallAccount::write(vault_of(pool, token_out)),
            CallAccount::write(account_of(owner, token_in)),
            CallAccount::write(account_of(owner, token_out)),
            CallAccount::read(token_in.mint().address()),
            CallAccount::read(token_out.mint().address()),
            CallAccount::read(TOKEN),
        ],
        data,
    }
}

/// A call that makes two transactions of the same swap on the same block hash two.
pub fn memo(text: &str) -> Call {
    Call { program: MEMO, accounts: Vec::new(), data: text.as_bytes().to_vec() }
}

/// A call that fails, as its program says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CallError {
    pub(super) program: Address,
    pub(super) code: Option<u32>,
    pub(super) name: &'static str,
    pub(super) message: String,
}

/// The swap that the calls of a transaction amount to. Everything around it must be there: what a pool takes must
/// have been wrapped before, and what it gives needs an account.
pub(super) fn execute(payer: Address, calls: &[Call]) -> Result<(Swap, TokenAccounts), CallError> {
    let mut state = State::new(payer);
    for call in calls {
        state.call(call)?;
    }
    let swap =
        state.swap.ok_or_else(|| failure(SYSTEM, None, "NothingToDo", "the transaction swaps nothing"))?;
    Ok((swap, state.accounts))
}

/// What the calls so far have done to the payer's accounts.
struct State {
    payer: Address,
    /// Lamports in the wrapped-SOL account.
    wrapped: u64,
    /// Lamports that were transferred to it and are not counted there yet.
    unsynced: u64,
    accounts: TokenAccounts,
    swap: Option<Swap>,
}

fn failure(program: Address, code: Option<u32>, name: &'static str, message: impl Into<String>) -> CallError {
    CallError { program, code, name, message: message.into() }
}

fn malformed(program: Address) -> CallError {
    failure(program, None, "InvalidInstructionData", "the program cannot read what it is asked")
}

impl State {
    fn new(payer: Address) -> Self {
        Self { payer, wrapped: 0, unsynced: 0, accounts: TokenAccounts::default(), swap: None }
    }

    fn call(&mut self, call: &Call) -> Result<(), CallError> {
        let program = call.program;
        match (program, &call.data[..]) {
            (SYSTEM, [tag @ .., _, _, _, _, _, _, _, _]) if tag == TRANSFER => self.transfer(call),
            (TOKEN, [SYNC_NATIVE]) => {
                self.wrapped += std::mem::take(&mut self.unsynced);
                Ok(())
            }
            (TOKEN, [CLOSE_ACCOUNT]) => self.close(call),
            (ASSOCIATED_TOKEN, [CREATE_IDEMPOTENT]) => {
                let account = call.accounts.get(1).ok_or_else(|| malformed(program))?;
                self.accounts.create(account.address);
                Ok(())
            }
            (MEMO, _) => Ok(()),
            (budget::PROGRAM, data) if budget::is_readable(data) => Ok(()),
            _ => match VENUES.into_iter().find(|venue| program_of(*venue) == program) {
                Some(venue) => self.swap(venue, call),
                None if [SYSTEM, TOKEN, ASSOCIATED_TOKEN, budget::PROGRAM].contains(&program) => {
                    Err(malformed(program))
                }
                None => Err(failure(program, None, "ProgramAccountNotFound", "the program does not exist")),
            },
        }
    }

    fn transfer(&mut self, call: &Call) -> Result<(), CallError> {
        let is_own = call.accounts.first().is_some_and(|from| from.is_signer && from.address == self.payer);
        let lamports = call.data.last_chunk().map(|bytes| u64::from_le_bytes(*bytes)).filter(|_| is_own);
        self.unsynced += lamports.ok_or_else(|| malformed(call.program))?;
        Ok(())
    }

    /// Gives back what is wrapped, and the rent. Transactions of earlier versions wrap into an account that they did not
    /// create, and get no rent back.
    fn close(&mut self, call: &Call) -> Result<(), CallError> {
        let wrapped = account_of(self.payer, Token::SOL);
        if call.accounts.first().is_none_or(|account| account.address != wrapped) {
            return Err(failure(TOKEN, Some(11), "NonNativeHasBalance", "the account is not of wrapped SOL"));
        }
        self.wrapped = 0;
        self.accounts.close(wrapped);
        Ok(())
    }

    fn swap(&mut self, venue: VenueId, call: &Call) -> Result<(), CallError> {
        let swap = decode_swap(venue, call).ok_or_else(|| malformed(call.program))?;
        let QuoteRequest { token_in, token_out, .. } = swap.request;
        if call.accounts[0].address != self.payer || !call.accounts[0].is_signer {
            return Err(failure(call.program, Some(2), "MissingRequiredSignature", "the owner did not sign"));
        }
        if swap.pool != Some(pool_of(venue, token_in, token_out)) {
            return Err(failure(call.program, Some(2_006), "ConstraintSeeds", "the pool is of another pair"));
        }
        if token_in.is_native_sol() && self.wrapped < swap.most_in().0 {
            return Err(failure(
                TOKEN,
                Some(1),
                "InsufficientFunds",
                "less SOL is wrapped than the swap may spend",
            ));
        }
        if !self.accounts.is_created(account_of(self.payer, token_out)) {
            let message = "there is no account for what is received";
            return Err(failure(call.program, Some(3_012), "AccountNotInitialized", message));
        }
        match self.swap.replace(swap) {
            None => Ok(()),
            Some(_) => Err(failure(call.program, None, "AlreadySwapped", "the transaction swaps twice")),
        }
    }
}

fn decode_swap(venue: VenueId, call: &Call) -> Option<Swap> {
    let [tag, terms @ .., decimals_in, decimals_out] = &call.data[..] else { return None };
    let (amount, bound) = terms.split_first_chunk::<8>()?;
    let amount = Amount(u64::from_le_bytes(*amount));
    let bound = Amount(u64::from_le_bytes(bound.try_into().ok()?));
    let [_, pool, _, _, _, _, mint_in, mint_out, _] = &call.accounts[..] else { return None };
    let token_in = Token::new(Mint::from(mint_in.address), *decimals_in).ok()?;
    let token_out = Token::new(Mint::from(mint_out.address), *decimals_out).ok()?;
    let (amount, bound) = match *tag {
        SWAP_EXACT_IN => {
            (SwapAmount::ExactIn(amount), SlippageBound::MinAmountOut(TokenAmount::new(token_out, bound)))
        }
        SWAP_EXACT_OUT => {
            (SwapAmount::ExactOut(amount), SlippageBound::MaxAmountIn(TokenAmount::new(token_in, bound)))
        }
        _ => return None,
    };
    let request = QuoteRequest { token_in, token_out, amount };
    Some(Swap { venue, pool: Some(PoolRef { kind: POOL_KIND, address: pool.address }), request, bound })
}

#[cfg(test)]
mod tests;
