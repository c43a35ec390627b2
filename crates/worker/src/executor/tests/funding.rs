//! Orders that trade from a wallet: whose address signs, and what is held for them.

use domain::{
    Amount, Timestamp, Token,
    books::{Funding, Payment, Wallet, WalletId, WalletKind},
    ports::{Accepted, Wallets},
};

use super::*;

const SOL: u64 = 1_000_000_000;

/// The key of one wallet.
struct OfWallet(WalletId);

#[async_trait]
impl Signer for OfWallet {
    fn address(&self, wallet: Option<WalletId>) -> Address {
        assert_eq!(wallet, Some(self.0), "the wallet of the order");
        OWNER
    }

    async fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignerError> {
        FirstByte::default().sign(message).await
    }
}

/// A bench whose order holds this much, from a wallet that has more.
async fn holding(costs: Amount, rent: Amount) -> Bench {
    let mut bench = Bench::new(false, &[]).await;
    let (wallet, at) = (WalletId::default_of(AccountId::DEFAULT), Timestamp::default());
    let opened = Wallet {
        id: wallet,
        account: AccountId::DEFAULT,
        name: "default".to_owned(),
        kind: WalletKind::Paper,
        epoch: 0,
        created_at: at,
        epoch_began_at: at,
    };
    let payment = Payment { mint: Token::SOL.mint(), units: Amount(10 * SOL), worth: None };
    bench.store.open_wallet(opened, vec![payment]).await.unwrap();
    let funding = Funding { wallet, swap: Amount(SOL), costs, rent };
    let mut acceptance = samples::acceptance();
    acceptance.order.spec.funding = Some(funding);
    acceptance.event.data = EventData::Accepted { order: acceptance.order.spec.clone(), origin: None };
    bench.order = acceptance.order.clone();
    assert_eq!(bench.store.accept(acceptance).await.unwrap(), Accepted::Created);
    bench.executor.signer = Arc::new(OfWallet(wallet));
    bench
}

const RENT: Amount = Amount(2 * samples::ACCOUNT_RENT.0);

#[tokio::test(start_paused = true)]
async fn an_order_is_signed_for_the_wallet_that_it_trades_from() {
    let bench = holding(samples::COSTS.attempt, RENT).await;
    assert_eq!(bench.execute().await, ExecutionOutcome::Confirmed);
}

#[tokio::test(start_paused = true)]
async fn no_attempt_is_made_that_what_is_held_cannot_pay() {
    let too_little = |amount: Amount| Amount(amount.0 - 1);
    for (costs, rent) in
        [(too_little(samples::COSTS.attempt), RENT), (samples::COSTS.attempt, too_little(RENT))]
    {
        let bench = holding(costs, rent).await;
        assert_eq!(bench.execute().await, ExecutionOutcome::Failed);
        assert_eq!(bench.row().await.failure.unwrap().code, FailureCode::InsufficientFunds);
        assert_eq!(bench.sent(), 0);
    }
}
