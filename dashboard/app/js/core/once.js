import { newKey } from "./api.js";

/** An idempotency key for each thing that is asked for, the same until it is answered: asking again does it once. */
export class Once {
  #asked = "";
  #key = "";

  /** @param {...unknown} asked what is asked for */
  keyFor(...asked) {
    const text = JSON.stringify(asked);
    if (text !== this.#asked) [this.#asked, this.#key] = [text, newKey()];
    return this.#key;
  }

  /** From now on the same means it once more. */
  answered() {
    this.#asked = "";
  }
}
