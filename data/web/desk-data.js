// What the desk asks of the server, and how it deletes.
import { get, request } from "./api.js";
import { iso, money, toCents } from "./format.js";
import { toast } from "./toast.js";

export const MOST = 1000; // the server's largest page
const path = id => "/orders/" + encodeURIComponent(id);

/**
 * The orders in [from, to).
 * @param {number} from
 * @param {number} to
 * @param {AbortSignal} [signal]
 * @returns {Promise<{orders: any[], more: boolean}>}
 */
export async function ordersBetween(from, to, signal) {
  const r = await get(`/orders?from=${iso(from)}&to=${iso(to)}&limit=${MOST}`, { signal });
  return { orders: r.body, more: r.next !== null };
}

export const readOrder = id => get(path(id));
export const createOrder = (body, key) => request("POST", "/orders", { body, key });
export const changeOrder = (id, body, ifMatch) => request("PATCH", path(id), { body, ifMatch });
export const allServices = async () => (await get("/services")).body;

/** What an order is about, in a few words. */
export function title(order) {
  const names = (order.services ?? []).map(s => s.name ?? `Service ${s.id}`);
  if (order.product)
    names.push(order.quantity > 1 ? `${order.quantity} × ${order.product}` : order.product);
  return names.join(", ") || "Order";
}
export const fee = order => (order.totalfee === undefined ? "" : money(toCents(order.totalfee)));

// Delete with undo. The order is hidden at once and deleted when the notice goes away. Deleting first and creating again
// on undo would be wrong here: the slot may be gone by then (the sample orders share one time, so none of them could
// come back), and created_at would change. Should the browser die in between, the order is still there: the safe side.
// Any other write waits for the deletes before it, so that a slot that looks free is free.
const pending = new Map(); // id → {order, etag, notice, sent}

export const isDeleted = id => pending.has(id);

export function deleteOrder(order, changed) {
  if (pending.has(order.id)) return;
  const entry = { order, etag: null, sent: null };
  pending.set(order.id, entry);
  // The version that was seen: a change by somebody else in the meantime is not thrown away.
  entry.ready = readOrder(order.id).then(
    r => {
      entry.etag = r.etag;
      entry.stale = order.updated_at !== undefined && r.body.updated_at !== order.updated_at;
    },
    () => {},
  );
  entry.send = async () => {
    await entry.ready;
    try {
      if (entry.stale) throw Object.assign(new Error(), { status: 412 });
      await request("DELETE", path(order.id), { ifMatch: entry.etag });
    } catch (e) {
      if (e.status === 412)
        toast(`Order ${order.id} was changed by someone else, so it was kept.`, {
          tone: "bad",
          seconds: 8,
        });
      else if (e.status !== 404)
        toast(`Order ${order.id} could not be deleted and was kept.`, { tone: "bad", seconds: 8 });
    }
    pending.delete(order.id);
    changed();
  };
  entry.notice = toast(`Order ${order.id} deleted`, {
    seconds: 7,
    action: "Undo",
    testid: "desk-toast",
    actionTestid: "desk-undo",
    onaction: () => {
      pending.delete(order.id);
      changed();
    },
    onclose: undone => {
      if (!undone) entry.sent = entry.send();
    },
  });
  changed();
}

/** Send what waits; resolves when it is done. */
export async function flushDeletes() {
  for (const e of pending.values()) e.notice.close();
  await Promise.all([...pending.values()].map(e => e.sent));
}

// Leaving the page counts as the end of the undo window; keepalive lets the request outlive the page.
addEventListener("pagehide", () => {
  for (const { order, etag, stale, sent } of pending.values()) {
    if (!sent && !stale)
      request("DELETE", path(order.id), { ifMatch: etag, keepalive: true }).catch(() => {});
  }
});
