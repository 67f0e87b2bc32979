// The distance rule as pure functions, so that a free slot is seen before it is tried.
// The server decides; this only mirrors it: an order at t keeps every other order out of (t − gap, t + gap), ends free.
import { MINUTE, HOUR, parseTime } from "./format.js";
import { byTime, timeOf } from "./order.js";

/** The nearest order that would refuse a time, or null. */
export function conflictAt(t, orders, gap, selfId) {
  let nearest = null,
    distance = gap;
  for (const o of orders) {
    if (!o.datetime || o.id === selfId) continue;
    const d = Math.abs(timeOf(o) - t);
    if (d < distance) {
      nearest = o;
      distance = d;
    }
  }
  return nearest;
}

/** Blocked stretches in time order, overlapping ones joined: [{from, to}]. */
export function blocked(orders, gap, selfId) {
  const out = [];
  if (gap <= 0) return out;
  const times = byTime(orders)
    .filter(o => o.id !== selfId)
    .map(timeOf);
  for (const t of times) {
    const last = out.at(-1);
    if (last && t - gap < last.to) last.to = t + gap;
    else out.push({ from: t - gap, to: t + gap });
  }
  return out;
}

/** What is left of [from, to]. */
export function free(from, to, orders, gap, selfId) {
  const out = [];
  let at = from;
  for (const b of blocked(orders, gap, selfId)) {
    if (b.to <= at || b.from >= to) continue;
    if (b.from >= at) out.push({ from: at, to: b.from });
    at = Math.max(at, b.to);
  }
  if (at <= to) out.push({ from: at, to });
  return out.filter(r => r.to > r.from || r.from > from);
}

/** The end of the calendar: the API knows years of four digits. */
const LAST = parseTime("9999-12-31T23:59:59.999Z");

/** The earliest free time from t on; null if there is none before the end of the calendar. */
export function nextFree(t, orders, gap, selfId) {
  let at = t;
  for (const b of blocked(orders, gap, selfId)) if (at > b.from && at < b.to) at = b.to;
  return at <= LAST ? at : null;
}

export const ceilTo = (t, step) => Math.ceil(t / step) * step;

/** Times worth offering between from and to: where each free stretch begins, then full hours, thinned out evenly. */
export function suggestions(from, to, orders, gap, selfId, most = 12) {
  const starts = new Set(),
    all = [];
  for (const r of free(from, to, orders, gap, selfId)) {
    const last = r.to >= to ? to - MINUTE : r.to;
    const first = ceilTo(r.from, 5 * MINUTE);
    if (first > last) continue;
    all.push(first);
    starts.add(first);
    for (let t = ceilTo(first + MINUTE, HOUR); t <= last; t += HOUR)
      if (t - first >= 30 * MINUTE) all.push(t);
  }
  const every = Math.ceil(all.length / most);
  return all.filter((t, i) => starts.has(t) || i % every === 0);
}
