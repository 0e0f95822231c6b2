// What the SDK is, seen from outside. See README.md.

export { Api, ApiError, uuid7 } from "./api.js";
export { Client } from "./client.js";
export { EVENTS, STATES, TABLE } from "./connection.js";
export { applyThread, fold, newView } from "./fold.js";
export { Followed } from "./followed.js";
export { ledger } from "./ledger.js";
export { Pending } from "./outbox.js";
