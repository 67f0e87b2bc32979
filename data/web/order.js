// What the page knows of one order of the desk: pure functions over the JSON of the API.
import { money, parseTime, toCents } from "./format.js";

/** When an order is, or null. */
export const timeOf = order => (order?.datetime ? parseTime(order.datetime) : null);
/** Orders with a time, by time. */
export const byTime = orders =>
  orders.filter(o => o.datetime).sort((a, b) => timeOf(a) - timeOf(b));

/** What an order is about, in a few words. */
export function title(order) {
  const names = (order.services ?? []).map(s => s.name ?? `Service ${s.id}`);
  if (order.product)
    names.push(order.quantity > 1 ? `${order.quantity} × ${order.product}` : order.product);
  return names.join(", ") || "Order";
}
export const fee = order => (order.totalfee === undefined ? "" : money(toCents(order.totalfee)));

/** Which of six tints an order has: one for each service, by its id, and one for products. */
export function tint(order) {
  const id = order.services?.[0]?.id;
  if (id === undefined) return 5;
  let sum = 0;
  for (const c of String(id)) sum = (sum * 31 + c.codePointAt(0)) % 5;
  return sum;
}

const sameServices = (a, b) =>
  a.length === b.length && a.every(s => b.some(o => String(o.id) === String(s.id)));

const same = {
  services: sameServices,
  totalfee: (a, b) => toCents(a) === toCents(b),
  datetime: (a, b) => parseTime(a) === parseTime(b),
};

/** What a PATCH has to say so that `order` becomes `value`: an untouched time is not checked again. */
export function difference(order, value) {
  const change = {};
  for (const field of ["services", "product", "quantity", "totalfee", "datetime"]) {
    const before = order[field],
      after = value[field];
    if (after === undefined && before === undefined) continue;
    if (after === undefined) change[field] = null;
    else if (before === undefined || !(same[field]?.(after, before) ?? after === before))
      change[field] = after;
  }
  return change;
}
