//! Lists that come in pages.

use anyhow::Context;
use domain::OrderId;
use reqwest::Url;
use serde::Serialize;

use super::{Client, HeaderMap, LINK};

/// The list of orders.
pub(super) const ORDERS: &str = "/api/orders";

/// A page of a list.
#[derive(Debug)]
pub(crate) struct Page {
    path: String,
    /// A JSON array.
    pub(crate) body: String,
    /// The parameters of the next page.
    next: Option<Vec<(String, String)>>,
}

impl Page {
    /// Whether another page follows.
    pub(crate) fn has_next(&self) -> bool {
        self.next.is_some()
    }

    /// The cursor of the next page. A page of a search may be empty and still have one.
    pub(crate) fn next_cursor(&self) -> Option<&str> {
        let mut next = self.next.iter().flatten();
        next.find(|(name, _)| name == "cursor").map(|(_, cursor)| cursor.as_str())
    }
}

impl Client {
    /// The first page of orders that match the parameters of `GET /api/orders`.
    ///
    /// # Errors
    /// When the engine cannot be reached or refuses.
    pub(crate) async fn order_pages(&self, query: &[(&str, String)]) -> anyhow::Result<Page> {
        self.page(ORDERS, query).await
    }

    /// The first page of an order's events.
    ///
    /// # Errors
    /// When the engine cannot be reached or the order is unknown.
    pub(crate) async fn event_pages(&self, id: OrderId, after: u32) -> anyhow::Result<Page> {
        self.page(&format!("{ORDERS}/{id}/events"), &[("after", after.to_string())]).await
    }

    /// The page after this one, if there is one.
    ///
    /// # Errors
    /// When the engine cannot be reached or refuses.
    pub(crate) async fn next_page(&self, page: &Page) -> anyhow::Result<Option<Page>> {
        match &page.next {
            Some(query) => Ok(Some(self.page(&page.path, query).await?)),
            None => Ok(None),
        }
    }

    pub(super) async fn page<N: Serialize>(&self, path: &str, query: &[(N, String)]) -> anyhow::Result<Page> {
        let asked = self.http.get(self.endpoint.http(path)).query(query).send().await;
        let answer = self.answer(asked).await?;
        let next = next(&answer.headers).context("the address of the next page cannot be read")?;
        Ok(Page { path: path.to_owned(), body: answer.text, next })
    }
}

/// The parameters of the address in the header `Link`. Its host may be one that only others reach, and must not get this
/// engine's token.
fn next(headers: &HeaderMap) -> anyhow::Result<Option<Vec<(String, String)>>> {
    let Some(link) = headers.get(LINK) else { return Ok(None) };
    let link = link.to_str()?;
    let address = link.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    let url = Url::parse(address.context("it has no address")?.0)?;
    Ok(Some(url.query_pairs().into_owned().collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_asked_for_by_its_parameters() {
        let mut headers = HeaderMap::new();
        assert_eq!(next(&headers).unwrap(), None);
        let link = "<http://elsewhere/api/orders?cursor=7&pair=SOL%2FUSDC>; rel=\"next\"";
        headers.insert(LINK, link.parse().unwrap());
        let pairs = [("cursor", "7"), ("pair", "SOL/USDC")].map(|(name, value)| (name.into(), value.into()));
        assert_eq!(next(&headers).unwrap(), Some(pairs.to_vec()));
        headers.insert(LINK, "nonsense".parse().unwrap());
        assert!(next(&headers).is_err());
    }
}
