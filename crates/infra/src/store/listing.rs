//! Listings of orders, in SQL that both databases understand.

use domain::{
    AccountId, OrderStatus, Phase, Token,
    books::WalletId,
    ports::{OrderFilter, OrderSort, SEARCHED_AT_ONCE},
    token::well_known_symbol,
};

use super::{
    page::Page,
    parking,
    reader::{Dialect, Parameter, Select},
    row::ACTIVE,
};

/// A query for orders as it grows.
struct Listing {
    sql: String,
    parameters: Vec<Parameter>,
}

/// The token of an order; versions before 2026-12 stored its symbol.
const TOKEN_IN: &str = "coalesce(spec -> 'tokenIn' ->> 'mint', spec ->> 'tokenIn')";
const TOKEN_OUT: &str = "coalesce(spec -> 'tokenOut' ->> 'mint', spec ->> 'tokenOut')";
/// The index `orders_by_tag` knows this expression.
const TAG: &str = "coalesce(spec ->> 'tag', spec ->> 'clientId')";
const VENUE: &str = "coalesce(fill ->> 'venue', failure ->> 'venue')";

/// The next rows of a page: as many as it has room for, and one more.
pub(super) fn of(filter: &OrderFilter, dialect: Dialect, account: AccountId, page: &Page) -> Select {
    let mut listing = Listing::over(filter, account, page);
    listing.narrow(filter, dialect, account);
    if let Some(end) = page.end() {
        let id = listing.parameter(Parameter::Id(end));
        let within = if filter.descending { ">=" } else { "<=" };
        listing.and(&format!("id {within} {id}"));
    }
    let limit = listing.parameter(Parameter::Int(page.missing() + 1));
    let direction = if filter.descending { "DESC" } else { "ASC" };
    let order = match filter.sort {
        OrderSort::CreatedAt => String::new(),
        OrderSort::UpdatedAt => format!("updated_at {direction}, "),
        OrderSort::Attempt => format!("attempt {direction}, "),
        OrderSort::Duration => format!("updated_at - created_at {direction}, "),
    };
    let Listing { sql, parameters } = listing;
    let columns = dialect.order_columns();
    let sql = format!("SELECT {columns} FROM orders {sql} ORDER BY {order}id {direction} LIMIT {limit}");
    Select { sql: sql.into(), parameters }
}

/// Where a search gives its page at the latest.
pub(super) fn end(filter: &OrderFilter, account: AccountId, page: &Page) -> Select {
    let Listing { sql, parameters } = Listing::over(filter, account, page);
    let direction = if filter.descending { "DESC" } else { "ASC" };
    let skipped = SEARCHED_AT_ONCE - 1;
    let sql = format!("SELECT id FROM orders {sql} ORDER BY id {direction} LIMIT 1 OFFSET {skipped}");
    Select { sql: sql.into(), parameters }
}

impl Listing {
    /// All orders of an account after the cursor.
    fn over(filter: &OrderFilter, account: AccountId, page: &Page) -> Self {
        // Parked orders are few among all, so they are found first: the account is hidden from its indexes.
        let of_account =
            if filter.parked { "WHERE (account_id = $1) IS TRUE" } else { "WHERE account_id = $1" };
        let mut listing = Self { sql: of_account.to_owned(), parameters: vec![Parameter::Id(account.0)] };
        let after = if filter.descending { "<" } else { ">" };
        if let Some(cursor) = page.cursor() {
            let id = listing.parameter(Parameter::Id(cursor));
            listing.and(&format!("id {after} {id}"));
        }
        let (from, to) = filter.bounds();
        for (bound, compared) in [(from, ">="), (to, "<")] {
            if let Some(bound) = bound {
                let id = listing.parameter(Parameter::Id(bound.0));
                listing.and(&format!("id {compared} {id}"));
            }
        }
        listing
    }

    fn narrow(&mut self, filter: &OrderFilter, dialect: Dialect, account: AccountId) {
        let is_by_wallet = is_found_by_wallet(filter, account);
        self.narrow_to_status(filter, is_by_wallet);
        self.narrow_to_wallet(filter, dialect, is_by_wallet);
        if filter.parked {
            self.and(&parking::is_parked());
        }
        if let Some(client_order_id) = &filter.client_order_id {
            let text = self.parameter(Parameter::Text(client_order_id.clone()));
            self.and(&format!(
                "id = (SELECT id FROM orders WHERE account_id = $1 AND client_order_id = {text})"
            ));
        }
        for (expression, wanted) in [
            (VENUE, filter.venue.as_ref().map(|venue| venue.as_str())),
            ("failure ->> 'code'", filter.failure.as_ref().map(|code| code.as_str())),
        ] {
            if let Some(text) = wanted {
                let text = self.parameter(Parameter::Text(text.to_owned()));
                self.and(&format!("{expression} = {text}"));
            }
        }
        if let Some(signature) = &filter.signature {
            let signature = self.parameter(Parameter::Text(signature.as_str().to_owned()));
            self.and(&format!("id = (SELECT order_id FROM attempts WHERE signature = {signature})"));
        }
        if let Some(ids) = &filter.ids {
            let ids = ids.iter().map(|id| self.parameter(Parameter::Id(id.0)));
            let ids: Vec<_> = ids.chain(["NULL".to_owned()]).collect(); // the list must not be empty
            self.and(&format!("id IN ({})", ids.join(", ")));
        }
        if let Some(end) = &filter.id_end {
            let end = self.parameter(Parameter::Text(format!("%{end}")));
            self.and(&format!("{} LIKE {end}", dialect.hex_id()));
        }
        if let Some(label) = &filter.label {
            let label = self.parameter(Parameter::Text(label.clone()));
            self.and(&format!("(client_order_id = {label} OR {TAG} = {label})"));
        }
        self.narrow_to_tokens(filter);
    }

    /// Status and tag. Orders that have not ended are few beside those that ever had a tag, so they are found by their
    /// phase, and the tag is hidden from its index. Those that have ended are found by the tag or the wallet, if there is
    /// one. Parked orders are found as such.
    fn narrow_to_status(&mut self, filter: &OrderFilter, is_by_wallet: bool) {
        let is_active = filter.is_active();
        let hides_tag = filter.parked || is_active;
        if let Some(status) = filter.status {
            if !filter.parked && !is_by_wallet && (is_active || filter.tag.is_none()) {
                self.and(&of_phase(status));
            }
            self.and(&format!("status = '{}'", status.as_str()));
        }
        if let Some(phase) = filter.phase {
            self.and(&with_phase(phase));
        }
        if let Some(tag) = &filter.tag {
            let text = self.parameter(Parameter::Text(tag.clone()));
            let hidden = if hides_tag { " || ''" } else { "" };
            self.and(&format!("{TAG}{hidden} = {text}"));
        }
    }

    /// The wallet, hidden from its index where the orders are found otherwise.
    fn narrow_to_wallet(&mut self, filter: &OrderFilter, dialect: Dialect, is_by_wallet: bool) {
        let Some(wallet) = filter.wallet else { return };
        // the index `orders_by_wallet` knows these expressions, and in `PostgreSQL` only wallets that are not the default one
        let (expression, wallet) = match dialect {
            Dialect::Postgres => ("(spec -> 'funding' ->> 'wallet')::uuid", Parameter::Id(wallet.0)),
            Dialect::Sqlite => ("spec -> 'funding' ->> 'wallet'", Parameter::Text(wallet.to_string())),
        };
        let wallet = self.parameter(wallet);
        let hidden = if is_by_wallet { "" } else { " IS TRUE" };
        self.and(&format!("({expression} = {wallet}){hidden}"));
        if is_by_wallet && matches!(dialect, Dialect::Postgres) {
            self.and(&format!("{expression} <> account_id"));
        }
    }

    fn narrow_to_tokens(&mut self, filter: &OrderFilter) {
        let [token_in, token_out, token] = [filter.token_in, filter.token_out, filter.token]
            .map(|token| token.map(|token| self.names(token)));
        if let Some(names) = token_in {
            self.and(&format!("{TOKEN_IN} IN {names}"));
        }
        if let Some(names) = token_out {
            self.and(&format!("{TOKEN_OUT} IN {names}"));
        }
        if let Some(names) = token {
            self.and(&format!("({TOKEN_IN} IN {names} OR {TOKEN_OUT} IN {names})"));
        }
        if let Some(pair) = filter.pair {
            let [one, other] = pair.map(|token| self.names(token));
            self.and(&format!(
                "({TOKEN_IN} IN {one} AND {TOKEN_OUT} IN {other} OR {TOKEN_IN} IN {other} AND {TOKEN_OUT} IN {one})"
            ));
        }
    }

    /// The texts under which a token is stored.
    fn names(&mut self, token: Token) -> String {
        let mint = token.mint().to_string();
        let symbol = well_known_symbol(token.mint()).unwrap_or(&mint).to_owned();
        let [mint, symbol] = [mint, symbol].map(|name| self.parameter(Parameter::Text(name)));
        format!("({mint}, {symbol})")
    }

    fn parameter(&mut self, parameter: Parameter) -> String {
        self.parameters.push(parameter);
        format!("${}", self.parameters.len())
    }

    fn and(&mut self, condition: &str) {
        self.sql.push_str(" AND ");
        self.sql.push_str(condition);
    }
}

/// Whether the index of wallets finds the orders. Fewer are found otherwise if they have not ended or have a tag, and most
/// orders trade from the default wallet.
fn is_found_by_wallet(filter: &OrderFilter, account: AccountId) -> bool {
    let is_rarer = filter.parked || filter.is_active() || filter.tag.is_some();
    filter.wallet.is_some_and(|wallet| wallet != WalletId::default_of(account)) && !is_rarer
}

/// The phase that a status implies, by which an index finds it.
fn of_phase(status: OrderStatus) -> String {
    let phase = match status.phase() {
        Phase::Terminal => status.as_str(), // a phase of its own, since most orders have ended
        Phase::InFlight | Phase::Resting => status.phase().into(),
    };
    format!("phase = '{phase}'")
}

fn with_phase(phase: Phase) -> String {
    match phase {
        Phase::Terminal => format!("NOT {ACTIVE}"),
        Phase::InFlight | Phase::Resting => format!("phase = '{}'", <&str>::from(phase)),
    }
}
