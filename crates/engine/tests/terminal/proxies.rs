//! The proxies of `deploy/` in front of an engine that they publish under a path.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::{eventually, ports, process::dies_with_parent, tls::Certificates};

use crate::{
    SMALL,
    support::{Engine, Ran, program},
};

/// `trader` and `password`, as a header.
const CREDENTIALS: &str = "Basic dHJhZGVyOnBhc3N3b3Jk";

/// A proxy that dies with its test.
struct Proxy {
    process: Child,
    /// The signal that ends it at once, and its workers with it.
    ended_by: &'static str,
    url: String,
    engine: Engine,
    certificates: Certificates,
    _folder: TempDir,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        testkit::process::signal(self.process.id(), self.ended_by);
        let _ = self.process.wait();
    }
}

/// A file of `deploy/`, with each text in it replaced by another. What is to be replaced must be there.
fn configuration(file: &str, replacements: &[(&str, &str)]) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy").join(file);
    let text = fs::read_to_string(path).unwrap();
    replacements.iter().fold(text, |text, (from, to)| {
        assert!(text.contains(from), "{file} has {from}");
        text.replace(from, to)
    })
}

fn text(path: PathBuf) -> String {
    path.into_os_string().into_string().unwrap()
}

impl Proxy {
    async fn start(
        ended_by: &'static str,
        command: impl FnOnce(&Path, &Certificates, u16, &str) -> Command,
    ) -> Self {
        let (port, certificates) = (ports::free(), Certificates::new());
        let url = format!("https://localhost:{port}/engine");
        let engine = Engine::start(&["--public-url", &url]);
        let folder = tempfile::tempdir().unwrap();
        let address = engine.url.strip_prefix("http://").unwrap();
        let mut command = command(folder.path(), &certificates, port, address);
        let log = fs::File::create(folder.path().join("log")).unwrap();
        let process = command.stdout(Stdio::null()).stderr(log).spawn().unwrap();
        let proxy = Self { process, ended_by, url, engine, certificates, _folder: folder };
        eventually("the proxy listens", async || proxy.get("/health/live").await.is_ok()).await;
        proxy
    }

    async fn nginx() -> Self {
        Self::start("TERM", |folder, certificates, port, address| {
            let users = folder.join("users");
            fs::write(&users, "trader:{PLAIN}password\n").unwrap();
            let server = configuration(
                "nginx.conf",
                &[
                    ("127.0.0.1:3000", address),
                    ("listen 443 ssl", &format!("listen 127.0.0.1:{port} ssl")),
                    ("/etc/ssl/certs/trade.example.com.pem", &text(certificates.certificate())),
                    ("/etc/ssl/private/trade.example.com.key", &text(certificates.key())),
                    ("/etc/nginx/engine.htpasswd", &text(users)),
                ],
            );
            let folders = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
            let folders: String = folders.map(|name| format!("{name}_temp_path {name};\n")).concat();
            let user = if is_root() { "user root;\n" } else { "" }; // the test's folders are its owner's
            let whole = format!(
                "{user}daemon off;\npid pid;\nerror_log stderr;\nevents {{}}\nhttp {{\naccess_log off;\n{folders}{server}\n}}"
            );
            fs::write(folder.join("nginx.conf"), whole).unwrap();
            let mut command = dies_with_parent("nginx");
            command.arg("-p").arg(folder).args(["-e", "stderr", "-c", "nginx.conf"]);
            command
        })
        .await
    }

    async fn caddy() -> Self {
        Self::start("KILL", |folder, certificates, port, address| {
            let hashed = Command::new("caddy").args(["hash-password", "--plaintext", "password"]).output();
            let hashed = String::from_utf8(hashed.unwrap().stdout).unwrap();
            let tls = format!(
                "localhost:{port} {{\n\ttls {} {}\n\tbind 127.0.0.1\n",
                text(certificates.certificate()),
                text(certificates.key())
            );
            let site = configuration(
                "Caddyfile",
                &[
                    ("127.0.0.1:3000", address),
                    ("trade.example.com {\n", &tls),
                    ("JDJhJDE0JFlvdXJIYXNo", hashed.trim()),
                ],
            );
            let whole = format!("{{\n\tadmin off\n\tauto_https disable_redirects\n}}\n{site}");
            fs::write(folder.join("Caddyfile"), whole).unwrap();
            let mut command = dies_with_parent("caddy");
            command.args(["run", "--adapter", "caddyfile", "--config"]).arg(folder.join("Caddyfile"));
            command.env("HOME", folder).env("XDG_DATA_HOME", folder).env("XDG_CONFIG_HOME", folder);
            command
        })
        .await
    }

    fn client(&self) -> reqwest::Client {
        testkit::tls::install();
        let authority = fs::read(self.certificates.authority()).unwrap();
        let authority = reqwest::Certificate::from_pem(&authority).unwrap();
        let redirects = reqwest::redirect::Policy::none();
        reqwest::Client::builder().tls_certs_only([authority]).redirect(redirects).build().unwrap()
    }

    async fn get(&self, path: &str) -> reqwest::Result<reqwest::Response> {
        let asked = self.client().get(format!("{}{path}", self.url)).header("authorization", CREDENTIALS);
        asked.timeout(Duration::from_secs(10)).send().await
    }

    async fn body(&self, path: &str) -> String {
        let answer = self.get(path).await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        answer.text().await.unwrap()
    }

    fn command(&self, arguments: &[&str]) -> Ran {
        let mut command = program(arguments);
        command.args(["--url", &self.url, "--header", &format!("Authorization: {CREDENTIALS}")]);
        command.env("SSL_CERT_FILE", self.certificates.authority()).output().unwrap().into()
    }

    /// Everything that clients do, through the proxy.
    async fn check(&self) {
        let submitted = self.command(&SMALL);
        assert_eq!(submitted.status, 0, "over HTTP and a WebSocket: {submitted:?}");
        let listed = self.command(&["orders", "--limit", "1", "--json"]);
        assert_eq!(listed.status, 0, "{listed:?}");
        self.addresses().await;
        self.stream().await;
        self.pages().await;
        let stranger = self.client().get(format!("{}/api/orders", self.url)).send().await.unwrap();
        assert_eq!(stranger.status(), 401);
        let without_slash = self.client().get(&self.url).send().await.unwrap();
        assert_eq!(without_slash.status(), 308);
        assert!(without_slash.headers()["location"].to_str().unwrap().ends_with("/engine/"));
    }

    /// The addresses of an answer lead back through the proxy.
    async fn addresses(&self) {
        let order = json!({ "tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "1" });
        let asked = self.client().post(format!("{}/api/orders/execute", self.url)).json(&order);
        let placed = asked.header("authorization", CREDENTIALS).send().await.unwrap();
        assert_eq!(placed.status(), 201);
        let location = placed.headers()["location"].to_str().unwrap().to_owned();
        let placed: Value = placed.json().await.unwrap();
        let id = placed["orderId"].as_str().unwrap();
        assert_eq!(location, format!("/engine/api/orders/{id}"));
        assert_eq!(placed["statusUrl"], format!("{}/api/orders/{id}", self.url));
        assert_eq!(placed["statusEndpoint"], format!("/engine/api/orders/{id}/status"));
        let socket = format!("{}/api/orders/execute?orderId={id}", self.url.replacen("https", "wss", 1));
        assert_eq!(placed["wsUrl"], socket);
        let page = self.get("/api/orders?limit=1").await.unwrap();
        let next = page.headers()["link"].to_str().unwrap().to_owned();
        assert!(next.starts_with(&format!("<{}/api/orders?cursor=", self.url)), "{next}");
        let document: Value = serde_json::from_str(&self.body("/api/openapi.json").await).unwrap();
        assert_eq!(document["servers"], json!([{ "url": self.url }]));
    }

    /// Events come when they happen, not when a buffer is full.
    async fn stream(&self) {
        let asked = self.client().get(format!("{}/api/stream", self.url));
        let asked = asked.header("authorization", CREDENTIALS).header("accept", "text/event-stream");
        let mut stream = asked.send().await.unwrap();
        assert!(stream.headers()["cache-control"].to_str().unwrap().contains("no-transform"));
        let mut received = String::new();
        let hello = async {
            while !received.contains("heartbeat") {
                received += &String::from_utf8_lossy(&stream.chunk().await.unwrap().unwrap());
            }
        };
        tokio::time::timeout(Duration::from_mins(1), hello).await.expect("the stream begins at once");
        assert_eq!(self.engine.ask(&SMALL).status, 0);
        let event = async {
            while !received.contains("\"confirmed\"") {
                received += &String::from_utf8_lossy(&stream.chunk().await.unwrap().unwrap());
            }
        };
        tokio::time::timeout(Duration::from_mins(1), event).await.expect("events come at once");
    }

    /// Pages find their files, also one folder further down.
    async fn pages(&self) {
        let order = format!("/orders/{}", testkit::samples::order_id());
        for page in ["/", "/market", "/engine", "/docs", &order] {
            let html = self.body(page).await;
            let address = reqwest::Url::parse(&format!("{}{page}", self.url)).unwrap();
            let files = html.split('"').filter(|name| name.contains("assets/"));
            let files: Vec<_> = files.map(|name| address.join(name).unwrap()).collect();
            assert!(files.len() > 4, "{page}");
            for file in files {
                let path = file.path().strip_prefix("/engine").unwrap_or_else(|| panic!("{file}"));
                self.body(path).await;
            }
        }
    }
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_works_behind_nginx() {
    Proxy::nginx().await.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_works_behind_caddy() {
    Proxy::caddy().await.check().await;
}
