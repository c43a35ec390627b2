import * as api from "./api.js";
import { book, tell } from "./app.js";

/** Cancels an order and says what came of it where the order itself does not. @param {string} id */
export async function cancelOrder(id) {
  try {
    book.take(await api.cancel(id));
  } catch (error) {
    tell(/** @type {api.ApiError} */ (error).message);
  }
}

/** How many orders have not ended, if the engine says so. @returns {Promise<number | undefined>} */
export async function countOpen() {
  const { orders } = (await api.engine().catch(() => undefined)) ?? {};
  return orders ? orders.inFlight + orders.resting : undefined;
}

/** Cancels every order that has not ended. */
export async function cancelAllOrders() {
  let requested = 0;
  let failed = 0;
  try {
    for (let hasMore = true; hasMore;) {
      const answer = await api.cancelAll();
      const missed = answer.results.filter(({ result }) => result === "storeUnavailable").length;
      failed += missed;
      requested += answer.results.length - missed;
      hasMore = answer.hasMore && missed === 0;
    }
    const orders = (/** @type {number} */ count) => `${count} ${count === 1 ? "order" : "orders"}`;
    tell(failed > 0 ? `${orders(failed)} could not be canceled. Try again.` : requested > 0 ? `${orders(requested)} canceled. Submitted ones may still land.` : "No open orders.");
  } catch (error) {
    tell(/** @type {api.ApiError} */ (error).message);
  }
}
