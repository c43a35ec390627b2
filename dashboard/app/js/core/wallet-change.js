/** @import { ApiError } from "./api.js" */
/** @import { Once } from "./once.js" */
/** @import { Wallet } from "./types.js" */
import { wallets } from "./app.js";
import { setText } from "./dom.js";

/**
 * Changes a wallet at the press of a button, which is disabled meanwhile; what goes wrong is said.
 * @param {HTMLButtonElement} button @param {Element} problem where it is said @param {Once} once ends with an answer
 * @param {() => Promise<Wallet>} send @returns {Promise<Wallet | undefined>} the wallet after it
 */
export async function change(button, problem, once, send) {
  button.disabled = true;
  setText(problem, "");
  try {
    const wallet = await send();
    once.answered();
    wallets.take(wallet);
    return wallet;
  } catch (error) {
    const { retryable, message, errors } = /** @type {ApiError} */ (error);
    if (!retryable) once.answered();
    const reasons = errors.map(({ field, message: reason }) => `${field} ${reason}`);
    setText(problem, reasons.length > 0 ? reasons.join("; ") : retryable ? `${message} Press again; it will not be applied twice.` : message);
    return undefined;
  } finally {
    button.disabled = false;
  }
}
