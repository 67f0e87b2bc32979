// The part of the order form that says whether a time is free, and which times are.
import { h, fill, uid } from "./dom.js";
import { icon } from "./icons.js";
import { clock, when, dayShort, startOfDay, addDays, isoDay, MINUTE } from "./format.js";
import { ceilTo, conflictAt, nextFree, suggestions } from "./slots.js";
import { timeOf } from "./order.js";
import { ordersBetween, isDeleted } from "./desk-data.js";

const MOST = matchMedia("(max-width: 719px)").matches ? 12 : 21;

export class OrderSlots {
  near = [];
  day = null; // whose neighbours are in `near`
  shown = null;

  /** gap in ms; order: the one that is edited; set(t): a time was chosen. */
  constructor({ gap, order, set }) {
    this.gap = gap;
    this.order = order;
    this.set = set;
    this.original = timeOf(order);
    this.hint = h("div", { class: "slot-hint", id: uid("hint"), "aria-live": "polite" });
    this.offers = h("div", { class: "slots" });
  }

  /** The neighbours may have changed: read them again next time. */
  forget() {
    this.day = null;
  }

  /** The day around the chosen time: is it free, and what else is. `said`: the form says why not. */
  async draw(t, { optional, said }) {
    this.shown = t;
    if (t === null || Number.isNaN(t)) {
      const help = optional
        ? "Without a time it takes no slot."
        : "Choose a day to see what is free.";
      fill(this.hint, h("span", { class: "help" }, help));
      return void fill(this.offers);
    }
    if (this.gap === 0) {
      const help = "Any time is free: this server keeps no distance between orders.";
      fill(this.hint, h("span", { class: "help" }, help));
      return void fill(this.offers);
    }
    const day = startOfDay(t);
    if (this.day !== day) {
      this.day = day;
      this.loading = this.load(day);
    }
    if (!(await this.loading) || this.shown !== t) return;
    this.drawHint(this.shown, day, said);
    this.drawOffers(this.shown, day);
  }

  /** @returns whether that day is still the one that is wanted */
  async load(day) {
    if (!this.offers.querySelector(".chips"))
      fill(this.offers, h("div", { class: "skeleton slots-loading", role: "status" }, loading()));
    const from = addDays(day, -1) - this.gap,
      to = addDays(day, 2) + this.gap * 2;
    try {
      const { orders } = await ordersBetween(from, to);
      this.near = orders.filter(o => !isDeleted(o.id));
    } catch {
      this.near = []; // only a hint: saving says what is wrong
      if (this.day === day) this.day = null;
    }
    return this.shown !== null && startOfDay(this.shown) === day;
  }

  drawHint(t, day, said) {
    const self = this.order?.id;
    if (t === this.original)
      return fill(this.hint, h("span", { class: "help" }, icon("clock", 16), "As it is now"));
    if (said) return fill(this.hint);
    const hit = conflictAt(t, this.near, this.gap, self);
    if (!hit)
      return fill(this.hint, h("span", { class: "ok" }, icon("check", 16), "This time is free"));
    const free = nextFree(t, this.near, this.gap, self),
      next = free === null ? null : ceilTo(free, MINUTE);
    const why = `Order ${hit.id} at ${clock(timeOf(hit))} is too close.`;
    const use = { type: "button", class: "link", testid: "desk-form-next-free" };
    fill(
      this.hint,
      h("span", { class: "taken" }, icon("alert", 16), why),
      next !== null &&
        h("button", { ...use, onclick: () => this.set(next) }, [
          `Use ${startOfDay(next) === day ? clock(next) : when(next)}`,
        ]),
    );
  }

  drawOffers(t, day) {
    const offers = offersOf(day, t, this.near, this.gap, this.order?.id);
    const label = offers.length
      ? `Free on ${dayShort(day)}`
      : `Nothing is free on ${dayShort(day)}.`;
    const chip = s =>
      h(
        "button",
        {
          type: "button",
          class: "chip slot",
          testid: "desk-form-slot",
          "aria-pressed": String(s === t),
          onclick: () => this.set(s),
        },
        clock(s),
      );
    const id = uid("slots");
    fill(
      this.offers,
      h("span", { class: "help", id }, label),
      offers.length > 0 &&
        h("div", { class: "chips", role: "group", "aria-labelledby": id }, offers.map(chip)),
    );
  }
}

const loading = () => h("span", { class: "hidden" }, "Loading…");

/** Free times of a day: none that is past if it is today, and the chosen one among them. */
export function offersOf(day, chosen, near, gap, selfId, now = Date.now(), most = MOST) {
  const end = addDays(day, 1),
    from = isoDay(now) === isoDay(day) ? Math.max(day, ceilTo(now, MINUTE)) : day;
  const offers = suggestions(from, end, near, gap, selfId, most);
  const isFree = chosen >= day && chosen < end && !conflictAt(chosen, near, gap, selfId);
  if (isFree && !offers.includes(chosen)) offers.push(chosen);
  return offers.sort((a, b) => a - b);
}
