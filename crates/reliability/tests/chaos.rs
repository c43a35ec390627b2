//! A short run of the chaos harness: every kind of fault, at least once.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use clap::Parser;
use reliability::chaos::{self, Options};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_promised_holds_while_everything_breaks() {
    let programs = std::path::Path::new(env!("CARGO_BIN_EXE_chaos")).parent().unwrap();
    let options = Options::try_parse_from([
        "chaos",
        "--seed=20",
        "--minutes=1.3",
        "--rate=25",
        "--kill-every-ms=3000",
        "--fault-every-ms=2300",
        "--programs",
        programs.to_str().unwrap(),
    ]);
    let summary = chaos::run(&options.unwrap()).await.unwrap();
    assert!(summary.is_clean(), "{summary}");
    assert_ne!(summary.short, 0, "some orders find too little in their wallet\n{summary}");
    let missing: Vec<_> = summary.tally.all().filter(|(_, count)| *count == 0).collect();
    assert!(missing.is_empty(), "{missing:?} never had an effect\n{summary}");
}
