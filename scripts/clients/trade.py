"""Places an order with the generated client, follows it to its end and checks the types of what comes."""

import sys
import time

import httpx
from order_execution_engine_client import Client
from order_execution_engine_client.api.engine import get_engine, get_statistics
from order_execution_engine_client.api.orders import explain_order, get_order, list_events, list_orders, place_order
from order_execution_engine_client.api.quotes import ask_quotes, list_tokens
from order_execution_engine_client.models import (
    AcceptedEvent,
    BuildingEvent,
    ConfirmedEvent,
    OrderRequest,
    OrderStatus,
    Problem,
    RoutedEvent,
    RoutingStartedEvent,
    SubmittedEvent,
)


def wait_until(what, condition):
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            found = condition()
        except httpx.HTTPError:
            found = None
        if found:
            return found
        time.sleep(0.05)
    sys.exit(f"not within 30 s: {what}")


client = Client(base_url=sys.argv[1], raise_on_unexpected_status=True)
tokens = wait_until("the engine answers", lambda: list_tokens.sync(client=client))
assert {"SOL", "USDC"} <= {token.symbol for token in tokens}

request = OrderRequest(token_in="SOL", token_out="USDC", amount_in="1.5", slippage_bps=100)
quotes = ask_quotes.sync(client=client, body=request)
assert quotes.venue in {quote.venue for quote in quotes.quotes}, quotes

placed = place_order.sync(client=client, body=request, idempotency_key="generated-client")
again = place_order.sync(client=client, body=request, idempotency_key="generated-client")
assert placed.id == again.id, "the same key is one order"

ended = wait_until(
    "the order ends",
    lambda: (order := get_order.sync(placed.id, client=client)).status == OrderStatus.CONFIRMED and order,
)
events = list_events.sync(placed.id, client=client)
steps = [AcceptedEvent, RoutingStartedEvent, RoutedEvent, BuildingEvent, SubmittedEvent, ConfirmedEvent]
assert [type(event.data) for event in events] == steps, events
assert events[-1].data.amount_out == ended.fill.amount_out
assert explain_order.sync(placed.id, client=client).attempts[0].routing.venue == ended.fill.venue
assert [order.id for order in list_orders.sync(client=client, pair="SOL/USDC", q=str(placed.id)[-8:])] == [placed.id]

refused = place_order.sync(client=client, body=OrderRequest(token_in="SOL", token_out="SOL", amount_in="1"))
assert isinstance(refused, Problem) and refused.code.value == "invalid_order", refused
counted = wait_until(
    "the order is counted", lambda: (it := get_statistics.sync(client=client)).counts.confirmed == 1 and it
)
assert get_engine.sync(client=client).orders.in_flight == 0
print(f"{ended.id}: {ended.fill.amount_in} SOL for {ended.fill.amount_out} USDC; {counted.counts.accepted} accepted")
