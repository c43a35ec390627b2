//! The contract of the price history, over every adapter.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::{path::Path, sync::Arc};

use clap::Parser;
use domain::{
    Mint, Timestamp, Token, VenueId,
    ports::{Candle, Ohlc, PriceHistory},
};
use infra::{config::BackendConfig, prices};
use testkit::{MemoryPrices, postgres::fresh_database};

#[derive(Parser)]
struct Settings {
    #[command(flatten)]
    backend: BackendConfig,
}

fn settings(folder: &Path, database_url: Option<String>) -> BackendConfig {
    let defaults = Settings::try_parse_from(["test"]).expect("defaults are valid").backend;
    BackendConfig { database_url, data_dir: folder.to_owned(), ..defaults }
}

fn at(minute: i64) -> Timestamp {
    Timestamp::from_unix_millis(1_800_000_000_000 + minute * 60_000)
}

fn candle(minute: i64, venue: VenueId, bid: Option<f64>, ask: Option<f64>) -> Candle {
    Candle { at: at(minute), venue, bid: bid.map(Ohlc::new), ask: ask.map(Ohlc::new) }
}

/// A candle of several minutes has the prices of all of them, though the venue did not quote in each.
async fn joins_minutes(history: &dyn PriceHistory) {
    let pair: [Mint; 2] = [Token::well_known("JUP").unwrap(), Token::SOL].map(Token::mint);
    let start = Candle::start(at(60), 5);
    let later = |minute: u64| start + std::time::Duration::from_mins(minute);
    let minutes = [
        (0, None, Some(9.0)),
        (1, Some(2.0), Some(3.0)),
        (3, Some(5.0), None),
        (4, Some(4.0), None),
        (5, Some(1.0), Some(1.0)),
    ];
    for venue in [VenueId::METEORA, VenueId::RAYDIUM] {
        let candles =
            minutes.map(|(minute, bid, ask)| Candle { at: later(minute), ..candle(0, venue, bid, ask) });
        history.record(pair, &candles).await.unwrap();
    }
    let read = history.candles(pair, 5, start, later(10)).await.unwrap();
    let of = |venue| {
        [
            Candle {
                at: start,
                venue,
                bid: Some(Ohlc { open: 2.0, high: 5.0, low: 2.0, close: 4.0 }),
                ask: Some(Ohlc { open: 9.0, high: 9.0, low: 3.0, close: 3.0 }),
            },
            Candle { at: later(5), ..candle(0, venue, Some(1.0), Some(1.0)) },
        ]
    };
    let expected = [of(VenueId::METEORA), of(VenueId::RAYDIUM)].concat();
    assert_eq!(read.len(), expected.len());
    assert!(expected.iter().all(|candle| read.contains(candle)), "{read:?}");
    assert!(read.is_sorted_by_key(|candle| candle.at), "{read:?}");
}

async fn check(history: &dyn PriceHistory) {
    let pair: [Mint; 2] = [Token::SOL, Token::well_known("USDC").unwrap()].map(Token::mint);
    let [base, quote] = pair;
    let first = [
        candle(1, VenueId::RAYDIUM, Some(5.0), None),
        candle(1, VenueId::METEORA, Some(1.0), Some(2.0)),
        candle(2, VenueId::RAYDIUM, Some(7.0), Some(8.0)),
    ];
    history.record(pair, &first).await.unwrap();
    history.record([quote, base], &first[..1]).await.unwrap();
    for price in [9.0, 4.0, 6.0] {
        history.record(pair, &[candle(1, VenueId::RAYDIUM, Some(price), Some(price + 1.0))]).await.unwrap();
    }
    let joined = Candle {
        bid: Some(Ohlc { open: 5.0, high: 9.0, low: 4.0, close: 6.0 }),
        ask: Some(Ohlc { open: 10.0, high: 10.0, low: 5.0, close: 7.0 }),
        ..first[0]
    };
    let mut read = history.candles(pair, 1, at(0), at(3)).await.unwrap();
    read.sort_by_key(|candle| (candle.at, candle.venue));
    assert_eq!(read, [first[1], joined, first[2]]);
    assert_eq!(history.candles(pair, 1, at(2), at(3)).await.unwrap(), [first[2]]);
    assert_eq!(history.candles(pair, 1, at(1), at(1)).await.unwrap(), []);
    joins_minutes(history).await;
    history.forget_before(at(2)).await.unwrap();
    assert_eq!(history.candles(pair, 1, at(0), at(3)).await.unwrap(), [first[2]]);
    assert_eq!(history.candles([quote, base], 1, at(0), at(3)).await.unwrap(), []);
}

#[tokio::test]
async fn every_price_history_keeps_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = prices::connect(&settings(folder.path(), None));
    let postgres = prices::connect(&settings(folder.path(), Some(fresh_database().await)));
    let all: [Arc<dyn PriceHistory>; 3] = [Arc::new(MemoryPrices::default()), sqlite, postgres];
    for history in all {
        check(history.as_ref()).await;
    }
}

#[tokio::test]
async fn prices_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let pair = [Token::SOL.mint(); 2];
    let candle = candle(1, VenueId::RAYDIUM, Some(1.5), None);
    let connect = || prices::connect(&settings(folder.path(), None));
    connect().record(pair, &[candle]).await.unwrap();
    assert_eq!(connect().candles(pair, 1, at(0), at(2)).await.unwrap(), [candle]);
}

#[tokio::test]
async fn a_damaged_file_fails_calls_not_the_start_and_works_once_it_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("prices.db");
    std::fs::write(&file, "not a database, but long enough to be taken for the header of one".repeat(20))
        .unwrap();
    let history = prices::connect(&settings(folder.path(), None));
    let error = history.forget_before(at(0)).await.unwrap_err().to_string();
    assert!(error.contains("prices.db") && error.contains("not a database"), "{error}");
    std::fs::remove_file(&file).unwrap();
    history.forget_before(at(0)).await.unwrap();
}
