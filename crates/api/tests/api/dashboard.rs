use std::{collections::BTreeMap, fs, path::Path};

use reqwest::{StatusCode, Url, header};
use testkit::tls::http_client;

use crate::support::App;

#[tokio::test]
async fn every_view_of_the_page_has_an_address() {
    let app = App::start().await;
    for path in [
        "/",
        "/orders",
        "/market",
        "/portfolio",
        "/engine",
        "/orders/00000000-0000-7000-8000-000000000000",
        "/?status=failed",
    ] {
        let response = app.get(path).await;
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(response.headers()[header::CONTENT_TYPE], "text/html; charset=utf-8");
        let policy = response.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        assert!(response.text().await.unwrap().contains("<app-shell>"));
    }
}

#[tokio::test]
async fn the_page_about_the_api_is_one_of_its_own() {
    let app = App::start().await;
    let response = app.get("/docs").await;
    assert_eq!(response.status(), 200);
    assert!(!response.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap().contains("unsafe"));
    assert!(response.text().await.unwrap().contains("/assets/js/docs/main.js"));
}

#[tokio::test]
async fn a_file_is_sent_compressed_and_not_again_while_it_is_current() {
    let app = App::start().await;
    let url = app.url("/assets/js/main.js");
    let ask = http_client().get(&url).header(header::ACCEPT_ENCODING, "gzip");
    let response = ask.try_clone().unwrap().send().await.unwrap();
    assert_eq!(response.headers()[header::CONTENT_ENCODING], "gzip");
    assert_eq!(response.headers()[header::CACHE_CONTROL], "no-cache");
    let tag = response.headers()[header::ETAG].clone();
    let again = ask.header(header::IF_NONE_MATCH, tag).send().await.unwrap();
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    assert!(again.bytes().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_file_that_does_not_exist_is_a_problem() {
    let app = App::start().await;
    for path in ["/assets/nothing.js", "/assets/../Cargo.toml", "/assets/%2e%2e/package.json"] {
        let response = app.get(path).await;
        assert_eq!(response.status(), 404, "{path}");
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
    }
}

#[tokio::test]
async fn an_unknown_address_is_a_page_for_browsers_and_a_problem_for_programs() {
    let app = App::start().await;
    for (path, assets) in
        [("/nowhere", "./assets/"), ("/no/where", "../assets/"), ("/no/such/page", "../../assets/")]
    {
        let page =
            app.client.get(app.url(path)).header(header::ACCEPT, "text/html,*/*").send().await.unwrap();
        assert_eq!(page.status(), 404, "{path}");
        let page = page.text().await.unwrap();
        assert!(
            page.contains("<app-shell>") && page.contains(&format!("src=\"{assets}js/main.js\"")),
            "{path}: {page}"
        );
        assert_eq!(app.get(path).await.headers()[header::CONTENT_TYPE], "application/problem+json");
    }
    let api =
        app.client.get(app.url("/api/nothing")).header(header::ACCEPT, "text/html").send().await.unwrap();
    assert_eq!(api.headers()[header::CONTENT_TYPE], "application/problem+json");
}

/// What a first visit may cost, compressed.
const FIRST_VIEW_BYTES: usize = 120 * 1024;

#[tokio::test]
async fn the_first_view_is_small_and_complete() {
    let app = App::start().await;
    let mut files = view(&app.url("/")).await;
    let bytes: usize = files.values().sum();
    println!("{} files, {bytes} bytes compressed", files.len());
    files.extend(view(&app.url("/docs")).await);
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../dashboard/app");
    files.retain(|url, _| url.path().starts_with("/assets/"));
    assert_eq!(files.len(), count_assets(Path::new(folder)), "no file is missed or useless: {files:#?}");
    assert!(bytes <= FIRST_VIEW_BYTES, "{bytes} bytes");
}

/// The sizes, compressed, of a page and of everything that it and its modules name.
async fn view(page: &str) -> BTreeMap<Url, usize> {
    let client = http_client();
    let mut sizes = BTreeMap::new();
    let mut wanted = vec![Url::parse(page).unwrap()];
    while let Some(url) = wanted.pop() {
        if sizes.contains_key(&url) {
            continue;
        }
        let plain = client.get(url.clone()).send().await.unwrap().error_for_status().unwrap();
        let text = plain.text().await.unwrap();
        let small = client.get(url.clone()).header(header::ACCEPT_ENCODING, "gzip").send().await.unwrap();
        let names = text.split('"').skip(1).step_by(2);
        let ours = names
            .filter(|name| name.starts_with("/assets/") || name.starts_with("./") || name.starts_with("../"))
            .filter(|name| !name.ends_with("types/api.js")); // for the type check alone
        wanted.extend(ours.map(|name| url.join(name).unwrap()));
        sizes.insert(url, small.bytes().await.unwrap().len());
    }
    sizes
}

/// Every file but the pages.
fn count_assets(folder: &Path) -> usize {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let count = |path: std::path::PathBuf| {
        let is_page = path.extension().is_some_and(|extension| extension == "html");
        if path.is_dir() { count_assets(&path) } else { usize::from(!is_page) }
    };
    paths.map(count).sum()
}
