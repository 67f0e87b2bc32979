// Every request of the page goes through here, and every refusal is turned into words here.
import { isConnected, report } from "./connection.js";

/** A refused or lost request. `status` is 0 when there was no answer at all. */
export class ApiError extends Error {
  constructor(status, body, fallback) {
    super(body?.message ?? fallback ?? "Something went wrong.");
    this.status = status;
    this.code = body?.error ?? (status ? `http_${status}` : "no_answer");
    this.body = body ?? {};
  }
  /** After these the request may be sent again as it was: it was lost or never ran. */
  get retryable() {
    return this.status === 0 || this.status >= 500;
  }
}

/** The key of --control-from lan: it comes in the fragment of the printed address, and is kept for this tab. */
function controlKey() {
  try {
    const [, given] = /^#key=([0-9a-f]+)$/.exec(location.hash) ?? [];
    if (given) {
      sessionStorage.setItem("kiosk.control-key", given);
      history.replaceState(null, "", location.pathname);
    }
    return sessionStorage.getItem("kiosk.control-key");
  } catch {
    return null;
  } // storage is blocked
}
const control = controlKey();
/** What a request of the control API has to send. */
export const controlHeaders = path =>
  control && path.startsWith("/_kiosk/") ? { "Kiosk-Control-Key": control } : {};

/**
 * @typedef {{status: number, body: any, etag: string|null, next: string|null, total: number}} Answer
 * @typedef {object} RequestOptions
 * @property {any} [body] sent as JSON
 * @property {Record<string, string>} [headers]
 * @property {string|null} [key] an Idempotency-Key
 * @property {string|null} [ifMatch]
 * @property {AbortSignal} [signal]
 * @property {boolean} [keepalive]
 * @property {RequestCache} [cache]
 */

/**
 * @param {string} method
 * @param {string} path
 * @param {RequestOptions} [options]
 * @returns {Promise<Answer>}
 */
export async function request(
  method,
  path,
  { body, headers = {}, key, ifMatch, signal, keepalive, cache = "no-store" } = {},
) {
  const h = { Accept: "application/json", ...controlHeaders(path), ...headers }; // /orders is a page for a navigation, JSON for us
  if (body !== undefined) h["Content-Type"] = "application/json";
  if (key) h["Idempotency-Key"] = key;
  if (ifMatch) h["If-Match"] = ifMatch;
  let res, text;
  try {
    res = await fetch(path, {
      method,
      headers: h,
      body: body === undefined ? undefined : JSON.stringify(body),
      cache,
      signal,
      keepalive,
    });
    text = await res.text();
    report(true);
  } catch (e) {
    if (e.name === "AbortError") throw e;
    report(await isThere());
    throw new ApiError(0, null, "No answer from the server.");
  }
  let json = null;
  if (text)
    try {
      json = JSON.parse(text);
    } catch {
      if (res.ok) throw new ApiError(res.status, null, "The answer was not JSON.");
    }
  if (!res.ok) throw new ApiError(res.status, json);
  return {
    status: res.status,
    body: json,
    etag: res.headers.get("ETag"),
    next: nextLink(res.headers.get("Link")),
    total: Number(res.headers.get("X-Total-Count") ?? NaN),
  };
}

/** Whether the server answers at all: one answer may be lost on the way. */
const isThere = () =>
  fetch("/_kiosk/status", { cache: "no-store" }).then(
    () => true,
    () => false,
  );

/** What to say when a write got no answer; `safe` says why it may be repeated. */
export const lostWords = safe =>
  isConnected() ? `The answer was lost on the way. ${safe}` : `${words.no_answer} ${safe}`;

/** Where the page's own links lead: at / there may be a frontend instead of it. */
export const home = location.pathname === "/" ? "/" : "/_kiosk/";

/** @type {(path: string, options?: RequestOptions) => Promise<Answer>} */
export const get = (path, options) => request("GET", path, options);

/** Keyset pages: the next page's address, from `Link: <…>; rel="next"`, kept on this origin. */
function nextLink(header) {
  const m = /<([^>]+)>\s*;[^,]*rel="?next"?/.exec(header ?? "");
  if (!m) return null;
  const url = new URL(m[1], location.href);
  return url.pathname + url.search;
}

/** A key for one intention: sending it again with the same key never does the thing twice. */
export function newKey() {
  if (crypto.randomUUID) return crypto.randomUUID(); // only in secure contexts; the page may be opened by IP address
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), b =>
    b.toString(16).padStart(2, "0"),
  ).join("");
}

let infoPromise;
/** What this server was started with. An older server without /_kiosk/status keeps the usual three hours. */
export function serverInfo() {
  infoPromise ??= get("/_kiosk/status")
    .then(r => ({
      version: r.body?.version ?? "",
      gap: Number.isFinite(r.body?.order_gap_ms) ? r.body.order_gap_ms : 10_800_000,
    }))
    .catch(e => {
      if (e.status !== 404) infoPromise = undefined;
      return { version: "", gap: 10_800_000 };
    });
  return infoPromise;
}

const words = {
  no_answer: "The server does not answer. Check that kiosk is still running, then try again.",
  injected_failure:
    "The server failed this request on purpose (it was started with --fail). Nothing was changed; try again.",
  products_not_found: "Something in this order is no longer in the catalogue.",
  products_already_purchased:
    "You already own part of this order, and a product can be bought only once.",
  insufficient_balance: "Your balance does not cover this order.",
  order_conflict: "Another order is too close to this time.",
  order_not_found: "This order no longer exists. Someone may have deleted it.",
  order_exists: "There is already an order with this id. Choose another, or leave it empty.",
  services_not_found: "One of these services no longer exists.",
  service_in_use: "Orders still use this service, so it cannot be deleted.",
  service_exists: "There is already a service with this id.",
  idempotency_key_reused: "This request was already sent with other content. Try again.",
  origin_not_allowed:
    "The server refuses changes from this address. Start it with --cors-origin to allow it.",
  local_only: "Only the machine that kiosk runs on may do this.",
  host_not_allowed:
    "The server does not know itself by this name. Start it with --allow-host to allow it.",
  http_404: "This server does not have that page of data.",
  http_412: "Someone changed this order in the meantime.",
  http_413: "That is too much text for one request.",
};

/** One sentence or two for a person. */
export function explain(e) {
  if (!(e instanceof ApiError))
    return "Something went wrong on the page itself. Reload it and try again.";
  if (e.status === 412) return words.http_412;
  const known = words[e.code] ?? words[`http_${e.status}`];
  if (known) return known;
  if (e.body.message) return e.body.message;
  return e.status >= 500
    ? "The server had a problem and changed nothing. Try again."
    : `The server refused this (${e.status} ${e.code}).`;
}
