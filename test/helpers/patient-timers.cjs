// For emulated machines (node --require): vitest gives up a worker whose main process was not heard for 60 s, which there is
// no longer than a test that waits for commands. Nothing else uses this number.
const GIVEN_UP_AFTER_MS = 60_000;
const { setTimeout } = globalThis;

globalThis.setTimeout = Object.assign(
  (action, ms, ...rest) => setTimeout(action, ms === GIVEN_UP_AFTER_MS ? ms * 20 : ms, ...rest),
  // promisify(setTimeout) finds its other form here
  Object.fromEntries(Object.getOwnPropertySymbols(setTimeout).map((symbol) => [symbol, setTimeout[symbol]])),
);
