// Numbers and times for people. Money is counted in whole cents on the page too: only the wire has decimals.

const amount = new Intl.NumberFormat("en-GB", {
  minimumFractionDigits: 2,
  maximumFractionDigits: 2,
});

export const toCents = wire => Math.round(wire * 100);
export const fromCents = cents => cents / 100;
export const money = cents => amount.format(cents / 100);
export const wireMoney = wire => money(toCents(wire));

/** "12.5" → 1250; null when it is not an amount with at most two decimals. Read from the digits, not through a double. */
export function parseMoney(text) {
  const m = /^(\d{1,13})(?:[.,](\d{1,2}))?$/.exec(text.trim());
  return m ? Number(m[1]) * 100 + Number((m[2] ?? "").padEnd(2, "0")) : null;
}

export const MINUTE = 60_000,
  HOUR = 60 * MINUTE;

const fmt = options => {
  const f = new Intl.DateTimeFormat("en-GB", options);
  return t => f.format(new Date(t));
};
export const clock = fmt({ hour: "2-digit", minute: "2-digit" });
export const dayShort = fmt({ weekday: "short", day: "numeric", month: "short" });
export const dayLong = fmt({ weekday: "long", day: "numeric", month: "long", year: "numeric" });
export const dayYear = fmt({ weekday: "short", day: "numeric", month: "short", year: "numeric" });
export const weekday = fmt({ weekday: "short" });
export const monthYear = fmt({ month: "long", year: "numeric" });
export const dateTime = t => `${dayYear(t)}, ${clock(t)}`;
/** The year only when it is not this one: what a person would say. */
export const when = t =>
  `${new Date(t).getFullYear() === new Date().getFullYear() ? dayShort(t) : dayYear(t)}, ${clock(t)}`;

export function utcOffset(t = Date.now()) {
  const minutes = -new Date(t).getTimezoneOffset(),
    a = Math.abs(minutes),
    two = n => String(n).padStart(2, "0");
  return `UTC${minutes < 0 ? "−" : "+"}${two(Math.floor(a / 60))}:${two(a % 60)}`;
}

/** 10800000 → "3 hours", 5400000 → "1 h 30 min" */
export function duration(ms) {
  const minutes = Math.max(1, Math.round(ms / MINUTE)),
    hours = Math.floor(minutes / 60),
    rest = minutes % 60;
  if (!hours) return `${rest} ${rest === 1 ? "minute" : "minutes"}`;
  if (!rest) return `${hours} ${hours === 1 ? "hour" : "hours"}`;
  return `${hours} h ${rest} min`;
}

// Local calendar arithmetic. Days are stepped with the calendar, never with 24 h, so that a clock change moves nothing.
export const startOfDay = t => {
  const d = new Date(t);
  d.setHours(0, 0, 0, 0);
  return d.getTime();
};
export const addDays = (t, n) => {
  const d = new Date(t);
  d.setDate(d.getDate() + n);
  return d.getTime();
};
export const startOfWeek = t => {
  const d = new Date(startOfDay(t));
  d.setDate(d.getDate() - ((d.getDay() + 6) % 7));
  return d.getTime();
};
const two = n => String(n).padStart(2, "0");
export const isoDay = t => {
  const d = new Date(t);
  return `${String(d.getFullYear()).padStart(4, "0")}-${two(d.getMonth() + 1)}-${two(d.getDate())}`;
};
export const parseDay = text => {
  const m = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text ?? "");
  return m ? new Date(+m[1], +m[2] - 1, +m[3]).getTime() : null;
};
/** The value of an <input type="datetime-local">, to the minute. */
export const localInput = t => {
  const d = new Date(t);
  return `${isoDay(t)}T${two(d.getHours())}:${two(d.getMinutes())}`;
};
export const iso = t => new Date(t).toISOString();
export const plural = (n, one, many = one + "s") =>
  `${n.toLocaleString("en-GB")} ${n === 1 ? one : many}`;
