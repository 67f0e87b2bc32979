// What the desk asks of the server, and how it deletes.
import { get, request } from "./api.js";
import { iso } from "./format.js";
import { limits, loadLimits } from "./limits.js";
import { toast } from "./toast.js";

const path = id => "/orders/" + encodeURIComponent(id);

/**
 * The orders in [from, to).
 * @param {number} from
 * @param {number} to
 * @param {AbortSignal} [signal]
 * @returns {Promise<{orders: any[], more: boolean}>}
 */
export async function ordersBetween(from, to, signal) {
  await loadLimits();
  const limit = limits.pageOfOrders === null ? "" : `&limit=${limits.pageOfOrders}`;
  const r = await get(`/orders?from=${iso(from)}&to=${iso(to)}${limit}`, { signal });
  return { orders: r.body, more: r.next !== null };
}

export const readOrder = id => get(path(id));
export const createOrder = (body, key) => request("POST", "/orders", { body, key });
export const changeOrder = (id, body, ifMatch) => request("PATCH", path(id), { body, ifMatch });
export const removeOrder = (id, ifMatch) => request("DELETE", path(id), { ifMatch });
export const allServices = async () => (await get("/services")).body;

// Delete with undo. The order is hidden immediately and deleted when the notice goes away. Deleting
// first and creating again on undo would be wrong here: the slot may be gone by then (the sample
// orders share one time, so none of them could come back), and created_at would change. Should the
// browser die in between, the order is still there: the safe side.
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
  entry.send = () => sendDelete(entry, changed);
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

async function sendDelete(entry, changed) {
  const { id } = entry.order;
  await entry.ready;
  try {
    if (entry.stale) throw Object.assign(new Error(), { status: 412 });
    await removeOrder(id, entry.etag);
  } catch (e) {
    const kept = { tone: "bad", seconds: 8 };
    if (e.status === 412) toast(`Order ${id} was changed by someone else, so it was kept.`, kept);
    else if (e.status !== 404) toast(`Order ${id} could not be deleted and was kept.`, kept);
  }
  pending.delete(id);
  changed();
}

/** Send what waits; resolves when it is done. */
export async function flushDeletes() {
  for (const e of pending.values()) e.notice.close();
  await Promise.all([...pending.values()].map(e => e.sent));
}

/**
 * Sends a change. An order that is about to be deleted blocks no time: only if it holds the one
 * that is wanted, its deletion is sent first; otherwise it can still be undone.
 */
export async function sendChange(send) {
  try {
    return await send();
  } catch (e) {
    const inTheWay = e.code === "order_conflict" && pending.get(e.body.conflicts_with);
    if (!inTheWay) throw e;
    inTheWay.notice.close();
    await inTheWay.sent;
    return sendChange(send);
  }
}

// Leaving the page counts as the end of the undo window; keepalive lets the request outlive the page.
addEventListener("pagehide", () => {
  for (const { order, etag, stale, sent } of pending.values()) {
    if (!sent && !stale)
      request("DELETE", path(order.id), { ifMatch: etag, keepalive: true }).catch(() => {});
  }
});
