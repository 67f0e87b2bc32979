// What a 409 order_conflict looks like: the order in the way, drawn to scale, and the next free time
// in one click.
import { h, fill, find } from "./dom.js";
import { icon } from "./icons.js";
import { clock, when, duration, startOfDay, parseTime, MINUTE } from "./format.js";
import { openDialog } from "./dialog.js";
import { readOrder } from "./desk-data.js";
import { ceilTo } from "./slots.js";
import { timeOf, title } from "./order.js";

/**
 * refusal: the ApiError; asked: the time that was refused (ms). take(t), other(), open(order) are what
 * the buttons do. The next free time is a whole minute, as everywhere else on the page.
 */
export async function conflictPanel({ refusal, asked, gap, take, other, open }) {
  const { conflicts_with: id, next_available: next } = refusal.body;
  const order = await readOrder(id).then(
    r => r.body,
    () => null,
  );
  const at = timeOf(order),
    free = next ? ceilTo(parseTime(next), MINUTE) : null;
  const label = t => (startOfDay(t) === startOfDay(asked) ? clock(t) : when(t));
  const apart = `Orders keep at least ${duration(gap)} apart.`;
  return h(
    "div",
    { class: "conflict", testid: "desk-conflict", role: "alert" },
    h(
      "p",
      { class: "conflict-title" },
      icon("alert", 20),
      h("strong", {}, `${clock(asked)} is too close to order ${id}`),
    ),
    h("p", {}, at === null ? apart : `${where(order, at, asked, label)} ${apart}`),
    at !== null && scale(asked, at, free, gap, label),
    h(
      "div",
      { class: "row" },
      free !== null &&
        button("accent", `Use ${label(free)}`, () => take(free), {
          icon: "check",
          testid: "desk-next-available",
        }),
      other && button("", "Pick another time", other),
      open && order && button("ghost", `Open order ${id}`, () => open(order)),
    ),
  );
}

const button = (tone, text, onclick, more = {}) =>
  h(
    "button",
    { type: "button", class: `button ${tone}`, testid: more.testid, onclick },
    more.icon && icon(more.icon, 18),
    text,
  );

function where(order, at, asked, label) {
  const side = at < asked ? "earlier" : "later";
  const far = at === asked ? "the same time" : `${duration(Math.abs(at - asked))} ${side}`;
  return `${title(order)} is at ${label(at)}, ${far}.`;
}

/** A strip of time with the blocked stretch, what was asked and what is free. The sentence above says the same. */
function scale(asked, at, free, gap, label) {
  const far = free !== null && free > at + gap * 2.5; // too far to draw to scale
  const from = Math.min(asked, at) - gap * 1.15,
    to = Math.max(asked, at + gap, far ? 0 : (free ?? 0)) + gap * 0.35;
  const x = t => `${((t - from) / (to - from)) * 100}%`;
  const width = (a, b) => `${((b - a) / (to - from)) * 100}%`;
  const pin = (t, kind, text) =>
    h("span", { class: `pin ${kind}`, style: { left: x(t) } }, h("span", {}, text));
  const window = { left: x(at - gap), width: width(at - gap, at + gap) };
  return h(
    "div",
    { class: "scale", "aria-hidden": "true" },
    h("span", { class: "scale-window", style: window }),
    pin(at, "taken", label(at)),
    asked !== at && pin(asked, "asked", label(asked)),
    free !== null && !far && pin(free, "free", label(free)),
  );
}

/** The same in a dialog, for a refused drag or key press. */
export async function conflictDialog(options) {
  const done =
    f =>
    (...a) => {
      dialog.close();
      f?.(...a);
    };
  const panel = await conflictPanel({
    ...options,
    take: done(options.take),
    open: done(options.open),
    other: done(options.other),
  });
  const dialog = openDialog({
    title: "This time is taken",
    className: "conflict-dialog",
    closed: options.closed,
  });
  fill(dialog.content, h("div", { class: "dialog-body" }, panel));
  find(panel, '[data-testid="desk-next-available"]')?.focus();
}
