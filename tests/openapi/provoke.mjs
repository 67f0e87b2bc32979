// How to come by each answer that data/openapi.json documents, where the document itself does not
// say it with a request example of the same name. A request that the schemas forbid stands here.
//
// before  requests that are sent first: the name of another request example, or a request
// send    what is different from the operation's first example: path, query, headers, body

const SECOND_KEY_USE = {
  before: [{ method: "POST", path: "/services", body: { name: "Sampling" }, headers: { "Idempotency-Key": "one" } }],
  send: { headers: { "Idempotency-Key": "one" } },
};
const BOUGHT = { method: "POST", path: "/api/orders", body: { order: { items: ["netflix", "spotify"], user_id: "johndoe" } } };
const ORDER_226 = { method: "POST", path: "/orders", body: { datetime: "2030-01-07T09:00:00Z", totalfee: 100, services: ["123"] } };
const PART = { send: { headers: { Range: "bytes=0-9" } } };

/** By the name of the answer's example, for every operation that documents it. */
export const ANYWHERE = {
  invalid_json: { send: { body: "{" } },
  items_missing: { send: { body: { order: { user_id: "johndoe" } } } },
  name_missing: { send: { body: { id: 5 } } },
  unknown_field: { send: { body: { colour: "red" } } },
  bad_idempotency_key: { send: { headers: { "Idempotency-Key": "k".repeat(256) } } },
  idempotency_key_reused: SECOND_KEY_USE,
  host_not_allowed: { send: { headers: { Host: "evil.example" } } },
  origin_not_allowed: { send: { headers: { Origin: "http://evil.example" } } },
  local_only: { send: { headers: { "X-Forwarded-For": "203.0.113.5" } } },
  precondition_failed: { send: { headers: { "If-Match": '"0000000000000000"' } } },
  payload_too_large: { send: { headers: { "Content-Length": String(1024 * 1024 + 1) }, body: undefined } },
  not_json: { send: { headers: { "Content-Type": "text/plain" } } },
  encoded: { send: { headers: { "Content-Encoding": "gzip" } } },
  products_already_purchased: { before: [BOUGHT] },
  range_not_satisfiable: { send: { headers: { Range: "bytes=100000000-" } } },
};

/** By the operation, and the name of the answer's example or, if it has none, its status. */
export const BY_OPERATION = {
  "GET /api/users/{user_id}": {
    after_a_purchase: { before: [BOUGHT] },
    control_character: { send: { path: "/api/users/a%09b" } },
  },
  "GET /users/{user_id}": {
    after_a_purchase: { before: [BOUGHT] },
    control_character: { send: { path: "/users/a%09b" } },
  },
  "GET /api/orders": {
    one_order: { before: [BOUGHT] },
    user_id_missing: { send: { query: {} } },
  },
  "GET /api/orders/{order_id}": {
    two_products: { before: [BOUGHT] },
    304: { before: [BOUGHT] },
    order_not_found: { send: { path: "/api/orders/1" } },
  },
  "POST /orders": {
    totalfee_missing: { send: { body: { services: ["123"] } } },
  },
  "GET /orders": {
    bad_from: { send: { query: { from: "yesterday" } } },
    bad_limit: { send: { query: { limit: "0" } } },
  },
  "GET /orders/{id}": { order_not_found: { send: { path: "/orders/226" } } },
  "PUT /orders/{id}": {
    order_not_found: { send: { path: "/orders/226" } },
    order_conflict: { before: [ORDER_226] },
  },
  "PATCH /orders/{id}": {
    order_not_found: { send: { path: "/orders/226" } },
    order_conflict: { before: [ORDER_226] },
  },
  "DELETE /orders/{id}": { order_not_found: { send: { path: "/orders/226" } } },
  "GET /services/{id}": { service_not_found: { send: { path: "/services/1" } } },
  "PUT /services/{id}": { service_not_found: { send: { path: "/services/1" } } },
  "PATCH /services/{id}": { service_not_found: { send: { path: "/services/1" } } },
  "DELETE /services/{id}": {
    deleted: {
      before: [{ method: "POST", path: "/services", body: { name: "Calibration" } }],
      send: { path: "/services/790" },
    },
    service_not_found: { send: { path: "/services/1" } },
  },
  "GET /metrics": { 304: { send: { headers: { "If-None-Match": "*" } } } }, // it never answers the same twice
  "GET /docs": { 206: PART },
  "GET /_kiosk": { 206: PART },
  "GET /_kiosk/page/{file}": { 206: PART, not_found: { send: { path: "/_kiosk/page/none.html" } } },
};

/** What any request may meet: the requests for the examples of the answer "default". */
export const DEFAULTS = {
  bad_request: { method: "GET", path: "/api/products", headers: { "Transfer-Encoding": "gzip" }, status: 400 },
  method_not_allowed: { method: "DELETE", path: "/api/products", status: 405 },
  payload_too_large: { method: "GET", path: "/api/products", headers: { "Content-Length": String(1024 * 1024 + 1) }, status: 413 },
  header_too_large: { method: "GET", path: "/api/products", headers: { "X-Long": "x".repeat(17000) }, status: 431 },
  uri_too_long: { method: "GET", path: `/api/products?${"x".repeat(9000)}`, status: 414 },
  not_json: { method: "GET", path: "/api/products", headers: { "Content-Type": "text/plain" }, body: "text", status: 415 },
  encoded: { method: "GET", path: "/api/products", headers: { "Content-Encoding": "gzip" }, status: 415 },
};

/** These come from the state of the machine, not from the request: each is provoked once, by a server of its own. */
export const BY_SERVER = ["injected_failure", "storage_unavailable"];

/** These cannot be provoked over plain HTTP on the loopback, and why. */
export const NOT_HERE = {
  insufficient_storage: "needs a full disk",
  internal_error: "needs a fault in the program",
};
