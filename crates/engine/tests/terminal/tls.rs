//! Commands that reach their engine through a proxy that speaks TLS and asks for a token.

use testkit::tls::{Certificates, TlsProxy};

use crate::{
    SMALL,
    support::{Engine, Ran, program},
};

#[tokio::test(flavor = "multi_thread")]
async fn every_command_speaks_tls_and_sends_the_token_and_the_headers() {
    let (engine, certificates) = (Engine::start(&[]), Certificates::new());
    let port = engine.url.rsplit(':').next().unwrap().parse().unwrap();
    let proxy = TlsProxy::start(port, &certificates).await;
    let url = format!("https://localhost:{}", proxy.port());
    let run = |arguments: &[&str]| -> Ran {
        let mut command = program(arguments);
        command.args(["--url", &url, "--header", "X-Desk: 7"]).env("ENGINE_TOKEN", "s3cret");
        command.env("SSL_CERT_FILE", certificates.authority()).output().unwrap().into()
    };
    let submitted = run(&SMALL);
    assert_eq!(submitted.status, 0, "{submitted:?}");
    let id = submitted.output.lines().next().unwrap().strip_prefix("order ").unwrap();
    let all_have_both = |sent: &str| {
        let requests = sent.matches(" HTTP/1.1").count();
        let with = |header: &str| sent.to_ascii_lowercase().matches(header).count();
        requests > 0 && with("authorization: bearer s3cret") == requests && with("x-desk: 7") == requests
    };
    let sent = proxy.received();
    assert!(sent.contains("POST ") && sent.contains("pgrade: websocket") && all_have_both(&sent), "{sent}");
    for (arguments, status) in [
        (vec!["orders"], 0),
        (vec!["wallet", "deposit", "SOL=1"], 0),
        (vec!["explain", id], 0),
        (vec!["watch", id], 0),
        (vec!["resume", id], 2),
        (vec!["demo"], 0),
        (vec!["bench", "--yes", "--orders", "5", "--followers", "1"], 0),
        (vec!["doctor", "--port", "0"], 0),
    ] {
        let ran = run(&arguments);
        assert_eq!(ran.status, status, "{arguments:?}: {ran:?}");
        let sent = proxy.received();
        assert!(all_have_both(&sent), "{arguments:?}: {sent}");
    }
    let mut stranger = program(&["orders", "--url", &url]);
    let refused = Ran::from(stranger.output().unwrap());
    assert!(refused.status == 2 && refused.complaint.contains("UnknownIssuer"), "{refused:?}");
}
