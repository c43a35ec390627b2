use clap::Parser;
use venues::simulated::SimulatedTokens;

use super::*;

#[derive(Parser)]
struct Program {
    #[command(flatten)]
    api: ApiConfig,
}

fn program(arguments: &[&str]) -> Program {
    Program::try_parse_from([&["api"], arguments].concat()).unwrap()
}

#[tokio::test]
async fn the_default_balances_are_tokens_of_the_simulated_market() {
    let tokens = SimulatedTokens::default();
    check(&program(&[]).api, &tokens).await.unwrap();
    let error = check(&program(&["--paper-balances", "SOL=1,FOO=1"]).api, &tokens).await.unwrap_err();
    assert_eq!(format!("{error:#}"), "PAPER_BALANCES=FOO=1: FOO is an unknown token");
}

#[tokio::test]
async fn a_port_that_is_taken_is_said_in_one_line() {
    let taken = bind(&program(&["--port", "0"]).api).await.unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let error = bind(&program(&["--port", &port]).api).await.unwrap_err();
    assert_eq!(error.to_string(), format!("cannot listen on 127.0.0.1:{port} (HOST and PORT)"));
}
