// The server's limits, read from its own description. Until that is here, and without it, the page
// leaves every decision to the server.
import { get } from "./api.js";
import { resolve } from "./schema.js";

/** The limits that a document describes; null for one that it does not have. */
export function limitsOf(doc) {
  const schemas = doc?.components?.schemas ?? {};
  const listed = doc?.paths?.["/orders"]?.get?.parameters ?? [];
  const limit = listed.map(p => resolve(doc, p)).find(p => p.name === "limit");
  const pattern = schemas.OrderId?.pattern;
  return {
    userIdBytes: schemas.UserId?.maxLength ?? null,
    name: schemas.Name?.maxLength ?? null,
    orderId: pattern ? new RegExp(pattern) : null,
    quantity: schemas.Quantity?.maximum ?? null,
    pageOfOrders: limit?.schema?.maximum ?? null,
  };
}

export const limits = limitsOf(null);

let loading = null;
/** Resolves when the limits are known, or will not be. */
export function loadLimits() {
  loading ??= get("/openapi.json", { cache: "default" }).then(
    ({ body }) => {
      Object.assign(limits, limitsOf(body));
    },
    () => {
      loading = null;
    },
  );
  return loading;
}
