/**
 * The listed tokens. `lot` is a usual size of an order: what the ticket begins with, and the size
 * at which the chart asks for prices.
 * @type {{ symbol: string, name: string, lot: string }[]}
 */
export const TOKENS = [
  { symbol: "SOL", name: "Solana", lot: "1" },
  { symbol: "USDC", name: "USD Coin", lot: "100" },
  { symbol: "USDT", name: "Tether USD", lot: "100" },
  { symbol: "JUP", name: "Jupiter", lot: "200" },
  { symbol: "RAY", name: "Raydium", lot: "50" },
  { symbol: "BONK", name: "Bonk", lot: "5000000" },
  { symbol: "JTO", name: "Jito", lot: "50" },
  { symbol: "PYTH", name: "Pyth Network", lot: "500" },
  { symbol: "WIF", name: "dogwifhat", lot: "100" },
  { symbol: "mSOL", name: "Marinade staked SOL", lot: "1" },
  { symbol: "JitoSOL", name: "Jito staked SOL", lot: "1" },
  { symbol: "ORCA", name: "Orca", lot: "50" },
  { symbol: "HNT", name: "Helium", lot: "30" },
  { symbol: "W", name: "Wormhole", lot: "1000" },
];

/** @param {string} symbol */
export function lotOf(symbol) {
  return TOKENS.find((token) => token.symbol === symbol)?.lot ?? "1";
}
