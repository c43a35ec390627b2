//! `engine wallet`, and orders that a wallet cannot pay.

use std::{
    io::{self, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    process::{Command, Stdio},
    thread,
};

use serde_json::{Value, json};

use crate::{
    SMALL,
    support::{Engine, Ran, id_of, on_terminal, plain},
};

const FEW: [&str; 2] = ["--paper-balances", "SOL=10,USDC=1000"];

/// Total, held and free of a token.
fn balance(wallet: &Value, token: &str) -> [String; 3] {
    let balances = wallet["balances"].as_array().unwrap();
    let found = balances.iter().find(|balance| balance["token"] == token).unwrap();
    ["total", "held", "free"].map(|part| found[part].as_str().unwrap().to_owned())
}

/// The cells of the first line that begins with a word.
fn cells<'a>(shown: &'a Ran, word: &str) -> Vec<&'a str> {
    let line = shown.output.lines().find(|line| line.split_whitespace().next() == Some(word));
    line.unwrap_or_else(|| panic!("{word}: {shown:?}")).split_whitespace().collect()
}

#[test]
fn a_wallet_shows_its_balances_and_what_it_has_earned() {
    let engine = Engine::start(&FEW);
    assert_eq!(engine.ask(&SMALL).status, 0);
    let shown = engine.ask(&["wallet"]);
    assert_eq!(shown.status, 0, "{shown:?}");
    assert!(shown.output.starts_with("wallet default, paper money, since 20"), "{shown:?}");
    assert_eq!(cells(&shown, "TOKEN"), ["TOKEN", "TOTAL", "HELD", "FREE", "VALUE", "USDC"]);
    assert_eq!(cells(&shown, "SOL")[..4], ["SOL", "8.99795572", "0", "8.99795572"]);
    for part in ["value      ", "realized", "unrealized", "deposited", "to venues", "to the network"] {
        assert!(shown.output.contains(part), "{part}: {shown:?}");
    }
    let [shown_as_json] = &engine.ask_json(&["wallet"])[..] else { panic!("one value") };
    let (wallet, earnings) = (&shown_as_json["wallet"], &shown_as_json["pnl"]);
    assert_eq!(balance(wallet, "SOL"), ["8.99795572", "0", "8.99795572"]);
    assert!(earnings["fees"]["total"].is_string() && earnings["tokens"].is_array(), "{earnings}");
    let id = wallet["id"].as_str().unwrap();
    assert_eq!(engine.ask(&["wallet", "--wallet", id]).output, shown.output, "an id is as good as a name");
    for columns in [40, 80] {
        let lines = on_terminal(columns, &engine.command(&["wallet"]));
        let fits = lines.iter().all(|line| plain(line).chars().count() <= columns.into());
        assert!(fits && lines.iter().any(|line| line.starts_with("SOL ")), "{lines:?}");
    }
}

#[test]
fn money_comes_and_goes_once_for_a_key() {
    let engine = Engine::start(&FEW);
    let deposit = ["wallet", "deposit", "SOL=5", "jup=100.5", "--idempotency-key", "k"];
    for _ in 0..2 {
        let shown = engine.ask(&deposit);
        assert_eq!((shown.status, cells(&shown, "SOL")[1], cells(&shown, "JUP")[1]), (0, "15", "100.5"));
    }
    let other = engine.ask(&["wallet", "deposit", "SOL=6", "--idempotency-key", "k"]);
    assert!(other.status == 2 && other.complaint.contains("belongs to a different transfer"), "{other:?}");
    for amount in ["15", "20"] {
        let [wallet] = &engine.ask_json(&["wallet", "deposit", "USDC=1"])[..] else { panic!("one object") };
        assert_eq!(balance(wallet, "SOL")[0], "15", "each without a key is another one: {amount}");
    }
    let [wallet] = &engine.ask_json(&["wallet", "withdraw", "USDC=2", "SOL=0.5"])[..] else { panic!() };
    assert_eq!((&*balance(wallet, "USDC")[0], &*balance(wallet, "SOL")[0]), ("1000", "14.5"));
    let refused = engine.ask(&["wallet", "withdraw", "SOL=15", "RAY=1"]);
    let reason = "engine: refused (422 Unprocessable Entity): insufficient balance: \
                  15 SOL needed, 14.5 free, 0.5 short; 1 RAY needed, 0 free, 1 short\n";
    assert_eq!((refused.status, &*refused.complaint), (2, reason));
}

#[test]
fn wallets_are_opened_listed_and_traded_from() {
    let engine = Engine::start(&FEW);
    let opened = engine.ask(&["wallet", "open", "my swing/1", "SOL=2"]);
    assert_eq!((opened.status, cells(&opened, "SOL")[1]), (0, "2"), "{opened:?}");
    let listed = engine.ask(&["wallet", "list"]);
    assert!(listed.output.contains("default") && listed.output.contains("my swing/1"), "{listed:?}");
    assert_eq!(engine.ask_json(&["wallet", "list"])[0].as_array().unwrap().len(), 2);
    let again = engine.ask(&["wallet", "open", "my swing/1"]);
    assert!(again.status == 2 && again.complaint.contains("you have a wallet with the name"), "{again:?}");

    let from_it = [&SMALL[..], &["--wallet", "my swing/1"]].concat();
    assert_eq!(engine.ask(&from_it).status, 0);
    let short = engine.ask(&from_it);
    let reason = "engine: refused (422 Unprocessable Entity): insufficient balance: 1.00412856 SOL needed, \
                  0.99795572 free, 0.00617284 short. \
                  To deposit it: engine wallet deposit SOL=0.00617284 --wallet 'my swing/1'\n";
    assert_eq!((short.status, &*short.complaint), (2, reason));
    assert_eq!(engine.ask(&["wallet", "deposit", "SOL=0.00617284", "--wallet", "my swing/1"]).status, 0);
    assert_eq!(engine.ask(&from_it).status, 0);
    let default = &engine.ask_json(&["wallet"])[0]["wallet"];
    assert_eq!(balance(default, "SOL")[0], "10");
    let unknown = engine.ask(&[&SMALL[..], &["--wallet", "nope"]].concat());
    let reason =
        "engine: refused (404 Not Found): no wallet has the id or the name nope; see engine wallet list\n";
    assert_eq!((unknown.status, &*unknown.complaint), (2, reason));
}

#[test]
fn what_is_wrong_with_an_amount_is_said_in_one_line() {
    let engine = Engine::start(&FEW);
    for (arguments, reason) in [
        (&["deposit", "SOL=1,5"][..], "refused (400 Bad Request): SOL is not a decimal number"),
        (&["deposit", "NOPE=1"], "refused (400 Bad Request): NOPE is an unknown token"),
        (&["open", "new", "SOL=0"], "refused (400 Bad Request): SOL must be greater than zero"),
        (&["deposit", "SOL=1", "SOL=2"], "SOL is given twice"),
        (&["deposit", "SOL=1", "sol=2"], "refused (400 Bad Request): SOL is given twice"),
        (&["deposit", "SOL=-1"], "SOL=-1: must be greater than zero"),
        (&["withdraw", "SOL"], "SOL: must be a token and an amount, such as SOL=10"),
        (&["postings", "--limit", "0"], "--limit 0: must be a whole number from 1 to 500"),
        (&["postings", "--wallet", "nope"], "refused (404 Not Found): no wallet has"),
    ] {
        let refused = engine.ask(&[&["wallet"], arguments].concat());
        assert!(refused.complaint.starts_with(&format!("engine: {reason}")), "{reason}: {refused:?}");
        assert_eq!((refused.status, refused.complaint.lines().count()), (2, 1), "{refused:?}");
    }
}

/// Answers a question on a terminal, and returns what it shows.
fn answered(command: &Command, answer: &str) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let line: Vec<String> = words.map(|word| format!("'{}'", word.to_str().unwrap())).collect();
    let mut script = Command::new("script");
    script.args(["-qec", &line.join(" "), "/dev/null"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    script.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let mut script = script.spawn().unwrap();
    script.stdin.take().unwrap().write_all(format!("{answer}\n").as_bytes()).unwrap();
    String::from_utf8(script.wait_with_output().unwrap().stdout).unwrap()
}

#[test]
fn a_reset_is_confirmed_and_replaces_the_balances() {
    let engine = Engine::start(&FEW);
    assert_eq!(engine.ask(&SMALL).status, 0);
    let refused = engine.ask(&["wallet", "reset", "SOL=3"]);
    let reason = "engine: this cancels the open orders of wallet default and replaces its balances: \
                  repeat it with --yes if you mean that\n";
    assert_eq!((refused.status, &*refused.complaint), (2, reason));
    let reset = engine.command(&["wallet", "reset", "SOL=3"]);
    assert!(answered(&reset, "n").contains("nothing was done"));
    let total = || balance(&engine.ask_json(&["wallet"])[0]["wallet"], "SOL")[0].clone();
    assert_eq!(total(), "8.99795572");
    let shown = answered(&reset, "y");
    assert!(shown.contains("Do you mean that? [y/N]") && shown.contains("wallet default"), "{shown}");
    assert_eq!(total(), "3");
    let [wallet] = &engine.ask_json(&["wallet", "reset", "--yes"])[..] else { panic!("one object") };
    assert_eq!((balance(wallet, "SOL")[0].as_str(), &wallet["epoch"]), ("10", &json!(2)));
    let earnings = &engine.ask_json(&["wallet"])[0]["pnl"];
    assert_eq!((&earnings["realized"], &earnings["fees"]["total"]), (&json!("0"), &json!("0")));
}

#[test]
fn the_books_are_listed_in_pages_and_exported() {
    let engine = Engine::start(&FEW);
    let id = id_of(&engine.ask(&SMALL));
    let page = engine.ask(&["wallet", "postings", "--limit", "1"]);
    for part in [&format!("order {id}"), "swap in", "0.998", "network fee", "0.000005"] {
        assert!(page.output.contains(part), "{part}: {page:?}");
    }
    assert!(!page.output.contains("deposit"), "{page:?}");
    let rest = page.complaint.lines().last().unwrap().rsplit(' ').next().unwrap();
    let rest = engine.ask(&["wallet", "postings", "--cursor", rest]);
    assert!(rest.output.contains("deposit") && !rest.output.contains("swap in"), "{rest:?}");
    let all = engine.ask(&["wallet", "postings", "--limit", "1", "--all"]);
    assert!(all.output.contains("deposit") && all.output.contains("swap in"), "{all:?}");
    assert!(!all.complaint.contains("more"), "{all:?}");
    let json = engine.ask(&["wallet", "postings", "--limit", "1", "--all", "--json"]).output;
    assert_eq!(serde_json::from_str::<Vec<Value>>(&json).unwrap().len(), 3);
    let csv = engine.ask(&["wallet", "postings", "--csv"]);
    let lines: Vec<&str> = csv.output.lines().collect();
    assert!(lines[0].starts_with("position,at,cause,") && lines[1].contains(",deposit,SOL,10,"), "{lines:?}");
    let narrow = on_terminal(50, &engine.command(&["wallet", "postings"]));
    assert!(narrow.iter().all(|line| plain(line).chars().count() <= 50), "{narrow:?}");
}

#[test]
fn an_explanation_ends_with_what_the_order_did_to_its_wallet() {
    let engine =
        Engine::start(&["--max-attempts", "10", "--retry-base-ms", "600000", "--retry-cap-ms", "3600000"]);
    let last = |id: &str| engine.ask(&["explain", id]).output.lines().last().unwrap().to_owned();
    let filled = last(&id_of(&engine.ask(&SMALL)));
    assert!(filled.starts_with("wallet: paid 0.998 SOL, received "), "{filled}");
    assert!(
        filled.ends_with(" USDC, venue fee 0.002 SOL, network fee 0.000005 SOL, rent 0.00203928 SOL"),
        "{filled}"
    );
    let waits = [&SMALL[..], &["--min-amount-out", "1000000", "--detach"]].concat();
    let id = engine.ask(&waits).output.trim().to_owned();
    assert_eq!(last(&id), "wallet: still held 1.00412856 SOL");
    assert_eq!(engine.ask(&["cancel", &id]).status, 0);
    assert_eq!(engine.ask(&["watch", &id]).status, 1);
    assert_eq!(last(&id), "wallet: nothing was spent");
}

#[test]
fn a_bench_that_a_wallet_cannot_pay_says_so() {
    let engine = Engine::start(&["--paper-balances", "SOL=2.5"]);
    let ran = engine.ask(&["bench", "--yes", "--url", &engine.url, "--orders", "5", "--concurrency", "1"]);
    assert_eq!(ran.status, 1, "{ran:?}");
    assert!(ran.output.contains("2 confirmed"), "{ran:?}");
    let reason = "first other failure: refused (422 Unprocessable Entity): insufficient balance: ";
    assert!(ran.output.contains("3 other failures") && ran.output.contains(reason), "{ran:?}");
}

/// Passes requests on; the first answer is dropped.
fn losing_the_first_answer(engine: &str) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let engine = engine.strip_prefix("http://").unwrap().to_owned();
    thread::spawn(move || {
        for (number, mut client) in listener.incoming().map(Result::unwrap).enumerate() {
            let mut upstream = TcpStream::connect(&engine).unwrap();
            let (mut asked, mut told) = (client.try_clone().unwrap(), upstream.try_clone().unwrap());
            thread::spawn(move || io::copy(&mut asked, &mut upstream));
            if number == 0 {
                told.read_exact(&mut [0]).unwrap(); // it was done
                client.shutdown(Shutdown::Both).unwrap();
            } else {
                thread::spawn(move || io::copy(&mut told, &mut client));
            }
        }
    });
    url
}

#[test]
fn a_deposit_whose_answer_was_lost_is_repeated_with_its_key() {
    let engine = Engine::start(&FEW);
    let url = losing_the_first_answer(&engine.url);
    let deposit = ["wallet", "deposit", "SOL=5", "--json", "--url", &url];
    let lost = engine.ask(&deposit);
    assert_eq!(lost.status, 2, "{lost:?}");
    let (_, key) = lost.complaint.trim_end().rsplit_once("repeat it with --idempotency-key ").expect("a key");
    let again = engine.ask(&[&deposit[..], &["--idempotency-key", key]].concat());
    assert_eq!(again.status, 0, "{again:?}");
    let wallet: Value = serde_json::from_str(&again.output).unwrap();
    assert_eq!(balance(&wallet, "SOL")[0], "15", "it was deposited once");
}
