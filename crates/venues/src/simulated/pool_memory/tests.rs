use async_trait::async_trait;
use domain::{
    Amount, Plan, QuoteRequest, Signature, Swap, SwapAmount,
    ports::{Chain, Signer},
    swap::SlippageBound,
};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use testkit::{ManualClock, samples};

use super::*;
use crate::{
    Preset,
    simulated::{
        SimulatedChain, SimulatedSigner, SimulatedTokens, program::calls_of, transaction_log::MemoryLog,
    },
};

/// A log that other processes write too.
struct Shared(MemoryLog);

#[async_trait]
impl TransactionLog for Shared {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    async fn record(&self, entry: Entry, valid_until: Timestamp) -> Result<Option<Entry>, LogError> {
        self.0.record(entry, valid_until).await
    }

    async fn find(&self, signature: &Signature) -> Result<Option<Entry>, LogError> {
        self.0.find(signature).await
    }

    async fn landed_since(&self, received_at: Timestamp) -> Result<Vec<Entry>, LogError> {
        self.0.landed_since(received_at).await
    }

    fn is_shared(&self) -> bool {
        true
    }

    async fn entries(&self) -> Result<Vec<Entry>, LogError> {
        self.0.entries().await
    }
}

/// Sells a SOL, as another process does.
async fn sell(chain: &SimulatedChain) {
    let tokens = [Token::SOL, samples::usdc()];
    let swap = Swap {
        venue: VenueId::RAYDIUM,
        pool: Some(pool_of(VenueId::RAYDIUM, tokens[0], tokens[1])),
        request: QuoteRequest {
            token_in: tokens[0],
            token_out: tokens[1],
            amount: SwapAmount::ExactIn(Amount(1_000_000_000)),
        },
        bound: SlippageBound::MinAmountOut(samples::usdc_units(1)),
    };
    let owner = SimulatedSigner.address(None);
    let plan = Plan { steps: swap.instructions(), calls: calls_of(&swap, owner) };
    let message = chain.compose(&plan, owner).await.unwrap();
    let signed = message.signed(&SimulatedSigner.sign(&message.bytes).await.unwrap());
    chain.send(&signed).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_process_that_only_quotes_sums_up_what_is_over() {
    let clock = Arc::new(ManualClock::default());
    let log: Arc<dyn TransactionLog> = Arc::new(Shared(MemoryLog::new(clock.clone())));
    let nonces = ChaCha20Rng::seed_from_u64(1);
    let conditions = Preset::Instant.conditions();
    let chain =
        SimulatedChain::new(42, conditions, log.clone(), Arc::new(SimulatedTokens::default()), nonces);
    let memory = PoolMemory::over(log, Duration::from_secs(3)).unwrap();
    let address = pool_of(VenueId::RAYDIUM, Token::SOL, samples::usdc()).address;
    for _ in 0..20 {
        sell(&chain).await;
        clock.advance(Duration::from_secs(1));
        tokio::time::advance(Duration::from_secs(1)).await;
        memory.refresh().await;
        let recent = memory.lock().recent(address);
        assert!(recent <= 3, "{recent} fills are not summed up");
    }
    assert!(memory.lock().recent(address) > 0);
}
