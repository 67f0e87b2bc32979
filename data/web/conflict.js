// What a 409 order_conflict looks like: the order in the way, drawn to scale, and the next free time in one click.
import { h, find, uid } from "./dom.js";
import { icon } from "./icons.js";
import { clock, when, duration, startOfDay } from "./format.js";
import { readOrder, title } from "./desk-data.js";

/** @param refusal the ApiError; @param asked the time that was refused (ms) */
export async function conflictPanel({ refusal, asked, gap, take, other, open }) {
  const { conflicts_with: id, next_available: next } = refusal.body;
  const order = await readOrder(id).then(
    r => r.body,
    () => null,
  );
  const at = order?.datetime ? Date.parse(order.datetime) : null,
    free = next ? Date.parse(next) : null;
  const label = t => (startOfDay(t) === startOfDay(asked) ? clock(t) : when(t));
  return h(
    "div",
    { class: "conflict", testid: "desk-conflict", role: "alert" },
    h(
      "p",
      { class: "conflict-title" },
      icon("alert", 20),
      h("strong", {}, `${clock(asked)} is too close to order ${id}`),
    ),
    h(
      "p",
      {},
      at === null
        ? `Orders keep at least ${duration(gap)} apart.`
        : `${title(order)} is at ${label(at)}, ${at === asked ? "the same time" : `${duration(Math.abs(at - asked))} ${at < asked ? "earlier" : "later"}`}. Orders keep at least ${duration(gap)} apart.`,
    ),
    at !== null && scale(asked, at, free, gap, label),
    h(
      "div",
      { class: "row" },
      next &&
        h(
          "button",
          {
            type: "button",
            class: "button accent",
            testid: "desk-next-available",
            onclick: () => take(next),
          },
          icon("check", 18),
          `Use ${label(free)}`,
        ),
      other &&
        h("button", { type: "button", class: "button", onclick: other }, "Pick another time"),
      open &&
        order &&
        h(
          "button",
          { type: "button", class: "button ghost", onclick: () => open(order) },
          `Open order ${id}`,
        ),
    ),
  );
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
  return h(
    "div",
    { class: "scale", "aria-hidden": "true" },
    h("span", {
      class: "scale-window",
      style: { left: x(at - gap), width: width(at - gap, at + gap) },
    }),
    pin(at, "taken", label(at)),
    asked !== at && pin(asked, "asked", label(asked)),
    free !== null && !far && pin(free, "free", label(free)),
  );
}

/** The same in a dialog, for a refused drag or key press. */
export async function conflictDialog(options) {
  const before = /** @type {HTMLElement} */ (document.activeElement);
  const dialog = h("dialog", {
    class: "conflict-dialog",
    "aria-label": "Time is taken",
    onclose: () => {
      dialog.remove();
      if (before?.isConnected) before.focus();
      options.closed?.();
    },
  });
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
  const id = uid("conflict");
  panel.id = id;
  dialog.setAttribute("aria-describedby", id);
  dialog.append(
    h(
      "div",
      { class: "sheet" },
      h(
        "div",
        { class: "dialog-head" },
        h("h2", {}, "This time is taken"),
        h(
          "button",
          {
            type: "button",
            class: "icon-button",
            "aria-label": "Close",
            onclick: () => dialog.close(),
          },
          icon("close"),
        ),
      ),
      h("div", { class: "dialog-body" }, panel),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
  find(dialog, '[data-testid="desk-next-available"]')?.focus();
}
