// Numbers and times for people, in the browser's locale. Money is counted in whole cents on the page
// too: only the wire has decimals.

const amount = new Intl.NumberFormat(undefined, {
  minimumFractionDigits: 2,
  maximumFractionDigits: 2,
});
const amountInput = new Intl.NumberFormat(undefined, {
  minimumFractionDigits: 2,
  maximumFractionDigits: 2,
  useGrouping: false,
  numberingSystem: "latn",
});
const whole = new Intl.NumberFormat();

export const toCents = wire => Math.round(wire * 100);
export const fromCents = cents => cents / 100;
export const money = cents => amount.format(cents / 100);
export const wireMoney = wire => money(toCents(wire));
/** An amount as an input holds it: parseMoney reads it back. */
export const moneyInput = cents => amountInput.format(cents / 100);
export const count = n => whole.format(n);
export const plural = (n, one, many = one + "s") => `${count(n)} ${n === 1 ? one : many}`;

/**
 * "12.5" → 1250; null when it is not an amount with at most two decimals. Read from the digits, not
 * through a double.
 */
export function parseMoney(text) {
  const m = /^(\d{1,13})(?:[.,٫](\d{1,2}))?$/.exec(text.trim());
  return m ? Number(m[1]) * 100 + Number((m[2] ?? "").padEnd(2, "0")) : null;
}

export const MINUTE = 60_000,
  HOUR = 60 * MINUTE;

/** @param {Intl.DateTimeFormatOptions} options */
const fmt = options => {
  const f = new Intl.DateTimeFormat(undefined, options);
  return t => f.format(new Date(t));
};
const hasTwelveHours =
  new Intl.DateTimeFormat(undefined, { hour: "numeric" }).resolvedOptions().hour12 === true;

/** The one place that reads a time of the API. */
export const parseTime = text => Date.parse(text);

export const clock = fmt({ hour: hasTwelveHours ? "numeric" : "2-digit", minute: "2-digit" });
/** The end of a day as the end of a stretch: 24:00 where clocks count to it. */
export const dayEnd = t => (hasTwelveHours ? clock(t) : "24:00");
const hourOnly = fmt(hasTwelveHours ? { hour: "numeric" } : { hour: "2-digit", minute: "2-digit" });
/** A full hour for the edge of a timeline: "07:00" or "7 AM". */
export const hourLabel = hour => hourOnly(new Date(2001, 0, 1, hour).getTime());

export const dayShort = fmt({ weekday: "short", day: "numeric", month: "short" });
export const dayLong = fmt({ weekday: "long", day: "numeric", month: "long", year: "numeric" });
export const dayYear = fmt({ weekday: "short", day: "numeric", month: "short", year: "numeric" });
export const dayNumber = fmt({ day: "numeric" });
export const weekday = fmt({ weekday: "short" });
export const monthYear = fmt({ month: "long", year: "numeric" });
export const dateTime = t => `${dayYear(t)}, ${clock(t)}`;
/** The year only when it is not this one: what a person would say. */
export const when = t =>
  `${new Date(t).getFullYear() === new Date().getFullYear() ? dayShort(t) : dayYear(t)}, ${clock(t)}`;

const days = month =>
  new Intl.DateTimeFormat(undefined, { day: "numeric", month, year: "numeric" });
const rangeLong = days("long"),
  rangeShort = days("short");
/** "31 Oct – 6 Nov 2022", as the locale writes it. */
export const dayRange = (from, to, short = false) => {
  const sameMonth = new Date(from).getMonth() === new Date(to).getMonth();
  return (sameMonth && !short ? rangeLong : rangeShort).formatRange(new Date(from), new Date(to));
};

const two = n => String(n).padStart(2, "0");

export function utcOffset(t = Date.now()) {
  const minutes = -new Date(t).getTimezoneOffset(),
    a = Math.abs(minutes);
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

// Local calendar arithmetic. Days are stepped with the calendar, never with 24 h, so that a clock
// change moves nothing.
export const startOfDay = t => new Date(t).setHours(0, 0, 0, 0);
export const addDays = (t, n) => {
  const d = new Date(t);
  return d.setDate(d.getDate() + n);
};

/** The weekday that a week begins with, Monday being 1; the locale says which. */
function firstWeekday() {
  try {
    /** @type {any} */
    const locale = new Intl.Locale(new Intl.DateTimeFormat().resolvedOptions().locale);
    return (locale.getWeekInfo?.() ?? locale.weekInfo)?.firstDay ?? 1;
  } catch {
    return 1;
  }
}
const weekBegins = firstWeekday() % 7;
export const startOfWeek = t => {
  const d = new Date(startOfDay(t));
  return d.setDate(d.getDate() - ((d.getDay() - weekBegins + 7) % 7));
};

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
