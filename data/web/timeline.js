// The timeline: days as columns, hours down, each order where it happens and the stretch it blocks
// behind it. Mouse: point at a free spot to see its time, click to create, drag to move. Touch: tap,
// or hold and drag. Keyboard: see timeline-keys.js.
import { h, fill, find } from "./dom.js";
import { icon } from "./icons.js";
import {
  MINUTE,
  clock,
  dayEnd,
  dayLong,
  dayNumber,
  duration,
  hourLabel,
  isoDay,
  monthYear,
  plural,
  startOfDay,
  addDays,
  utcOffset,
  weekday,
} from "./format.js";
import { blocked, free, conflictAt, nextFree, ceilTo } from "./slots.js";
import { fee, timeOf, tint, title } from "./order.js";
import { Grid } from "./grid.js";
import { startDrag } from "./timeline-drag.js";
import { TimelineKeys } from "./timeline-keys.js";

const NARROWEST = 44, // a column of orders thinner than a fingertip becomes one "3 orders"
  NARROWEST_TEXT = 56; // and so does one in which a time is cut off

export class Timeline {
  orders = [];
  gap = 0;
  grid = new Grid(0, 7, 40);
  dragged = false; // a drag has just ended: its click is none
  drag = null;

  /** What it calls: on.create(t), open, move(order, t), remove, day(t), crowd(orders), zoom(n). */
  constructor(on) {
    this.on = on;
    this.head = h("div", { class: "tl-head" });
    this.hours = h("div", { class: "tl-hours", "aria-hidden": "true" });
    this.columns = h("div", { class: "tl-columns" });
    this.ghost = h("div", { class: "tl-ghost", "aria-hidden": "true" });
    const help = h(
      "p",
      { class: "hidden", id: "timeline-help" },
      "Arrow up and down move this order by 15 minutes, with Shift by an hour. " +
        "Arrow left and right move it by a day. Enter opens it, Delete deletes it.",
    );
    const pointHelp = h(
      "p",
      { class: "hidden", id: "timeline-point-help" },
      "Arrow keys point at a time and say whether it is free. Enter creates an order there.",
    );
    this.scroller = h(
      "div",
      {
        class: "timeline",
        role: "application",
        "aria-label": "Timeline of orders",
        "aria-describedby": "timeline-point-help",
        tabindex: "0",
        testid: "desk-timeline",
      },
      this.head,
      h("div", { class: "tl-body" }, this.hours, this.columns),
    );
    this.el = h("div", { class: "tl-wrap" }, this.scroller, help, pointHelp);
    this.keys = new TimelineKeys(this);
    this.listen();
  }

  listen() {
    const { columns, scroller } = this;
    columns.addEventListener("pointermove", e => this.pointed(e));
    columns.addEventListener("pointerleave", () => {
      if (!this.drag && !this.keys.pending) this.hideGhost();
    });
    columns.addEventListener("click", e => this.clicked(e));
    const wheel = e => {
      if (!e.ctrlKey) return;
      e.preventDefault();
      this.on.zoom(e.deltaY < 0 ? 1 : -1);
    };
    scroller.addEventListener("wheel", wheel, { passive: false });
    let width = 0;
    this.resize = new ResizeObserver(() => {
      if (Math.abs(scroller.clientWidth - width) <= 8) return;
      const isFirst = !width;
      width = scroller.clientWidth;
      if (!isFirst && !this.drag) this.draw({});
    });
    this.resize.observe(scroller);
    this.ticking = setInterval(() => {
      const now = find(columns, ".tl-now");
      if (now) now.style.top = `${this.grid.y(Date.now())}px`;
    }, 60_000);
  }

  // ---- drawing

  get chip() {
    // A fingertip on a phone.
    if (this.scroller.clientWidth < 560) return 44;
    return Math.max(26, Math.min(46, this.grid.hour - 3));
  }

  /** @param {{orders?: any[], gap?: number, from?: number, days?: number, hour?: number}} next */
  draw({ orders, gap, from, days, hour }) {
    const { scroller, grid } = this;
    this.orders = orders ?? this.orders;
    this.gap = gap ?? this.gap;
    this.grid = new Grid(from ?? grid.from, days ?? grid.days, hour ?? grid.hour);
    const focused = this.focusedId();
    this.keys.cancel();
    scroller.style.setProperty("--hour", `${this.grid.hour}px`);
    scroller.style.setProperty("--days", String(this.grid.days));
    scroller.style.setProperty("--chip", `${this.chip}px`);
    scroller.dataset.days = String(this.grid.days);
    const corner = utcOffset(this.grid.from).replace("UTC", "UTC ");
    const list = this.grid.list;
    fill(
      this.head,
      h("div", { class: "tl-corner" }, corner),
      list.map(d => this.dayHead(d)),
    );
    const label = i => h("span", { style: { top: `${i * this.grid.hour}px` } }, hourLabel(i));
    fill(
      this.hours,
      Array.from({ length: 23 }, (_, i) => label(i + 1)),
    );
    fill(
      this.columns,
      list.map(d => this.column(d)),
    );
    if (focused) this.byId(focused)?.focus({ preventScroll: true });
  }

  focusedId() {
    const focused = document.activeElement;
    const order = this.el.contains(focused) ? focused.closest(".tl-order") : null;
    return /** @type {HTMLElement} */ (order)?.dataset.id ?? null;
  }

  dayHead(d) {
    const inner = [
      h("span", { class: "tl-weekday" }, weekday(d)),
      " ",
      h("span", { class: "tl-date" }, dayNumber(d)),
    ];
    const props = { class: `tl-day${d === startOfDay(Date.now()) ? " is-today" : ""}` };
    if (this.grid.days === 1) return h("div", props, inner);
    const onclick = () => this.on.day(d);
    const more = h("span", { class: "hidden" }, ` ${monthYear(d)}, show this day`);
    return h("button", { type: "button", ...props, onclick }, inner, more);
  }

  byId(id) {
    /** @type {NodeListOf<HTMLElement>} */
    const all = this.columns.querySelectorAll(".tl-order");
    return [...all].find(b => b.dataset.id === id);
  }

  column(day) {
    const { grid, gap } = this,
      end = addDays(day, 1);
    const here = this.orders.filter(o => o.datetime && grid.isIn(timeOf(o), day));
    const words = here.length ? plural(here.length, "order") : "no orders";
    const col = h("div", {
      class: "tl-col",
      role: "group",
      "aria-label": `${dayLong(day)}, ${words}`,
      "data-day": isoDay(day),
    });
    for (const b of blocked(this.orders, gap)) {
      const style = grid.stretch(day, b.from, b.to);
      const ends = `${b.from >= day ? " starts" : ""}${b.to <= end ? " ends" : ""}`;
      if (style) col.append(h("div", { class: `tl-window${ends}`, style }));
    }
    if (grid.days === 1 && gap > 0) this.drawFree(col, day, end);
    if (grid.isIn(Date.now(), day)) {
      const style = { top: `${grid.y(Date.now())}px` };
      col.append(h("div", { class: "tl-now", style, "aria-hidden": "true" }));
    }
    this.place(col, here);
    return col;
  }

  drawFree(col, day, end) {
    for (const r of free(day, end, this.orders, this.gap)) {
      const style = this.grid.stretch(day, r.from, r.to);
      if (!style || parseFloat(style.height) < 34) continue;
      const isAllDay = r.from === day && r.to === end,
        until = r.to === end ? dayEnd(end) : clock(r.to);
      const text = isAllDay ? "Free all day" : `Free ${clock(ceilTo(r.from, MINUTE))} – ${until}`;
      col.append(h("div", { class: "tl-free", style }, h("span", {}, text)));
    }
  }

  /** Orders that would overlap share the width; too many of them become one button. */
  place(col, here) {
    const { grid, chip, scroller } = this,
      isPhone = scroller.clientWidth < 560,
      gutter = isPhone ? 40 : 56;
    const width = Math.max(24, (scroller.clientWidth - gutter) / grid.days - 6);
    const most = grid.height - chip;
    const items = here.map(o => ({ o, top: Math.min(grid.y(timeOf(o)), most), lane: 0 }));
    const narrowest = isPhone ? NARROWEST : NARROWEST_TEXT;
    for (const { items: group, lanes } of grid.lanes(items, chip)) {
      if (lanes > 1 && width / lanes < narrowest) col.append(this.crowd(group));
      else for (const g of group) col.append(this.orderButton(g.o, g.top, g.lane, lanes));
    }
  }

  crowd(group) {
    const first = group[0].top,
      height = group.at(-1).top - first + this.chip;
    return h(
      "button",
      {
        type: "button",
        class: "tl-crowd",
        testid: "desk-crowd",
        style: { top: `${first}px`, height: `${height}px` },
        onclick: () => this.on.crowd(group.map(g => g.o)),
      },
      h("strong", {}, group.length),
      " ",
      h("span", {}, "orders"),
      h("span", { class: "hidden" }, ` around ${clock(timeOf(group[0].o))}, show them`),
    );
  }

  orderButton(o, top, lane, lanes) {
    const t = timeOf(o),
      names = title(o),
      cost = fee(o);
    const style = {
      top: `${top}px`,
      left: `calc(${lane} * 100% / ${lanes} + 2px)`,
      width: `calc(100% / ${lanes} - 4px)`,
    };
    const kept = this.gap ? `, keeps ${duration(this.gap)} free on both sides` : "";
    return h(
      "button",
      {
        type: "button",
        class: `tl-order order-tint-${tint(o)}${o.product && !o.services ? " is-product" : ""}`,
        testid: `desk-order-${o.id}`,
        "data-id": o.id,
        "aria-describedby": "timeline-help",
        style,
        title: `${clock(t)} ${names}${cost ? ` · ${cost}` : ""} (order ${o.id})`,
        ...this.orderListeners(o, t),
      },
      h("span", { class: "tl-order-time" }, clock(t)),
      " ",
      h("span", { class: "tl-order-name" }, names),
      " ",
      h("span", { class: "tl-order-id" }, `#${o.id}`),
      h(
        "span",
        { class: "hidden" },
        ` Order ${o.id}, ${dayLong(t)}${cost && `, fee ${cost}`}${kept}`,
      ),
    );
  }

  orderListeners(o, t) {
    return {
      onclick: () => {
        if (this.dragged) this.dragged = false;
        else if (this.keys.pending) this.keys.commit();
        else this.on.open(o);
      },
      onkeydown: e => this.keys.order(e, o),
      onblur: () => {
        this.hideSpan();
        if (this.keys.pending?.order.id === o.id) this.keys.commit();
      },
      onfocus: () => this.showSpan(t),
      onpointerenter: () => this.showSpan(t),
      onpointerleave: () => {
        if (!this.drag) this.hideSpan();
      },
      onpointerdown: e => startDrag(this, e, o),
    };
  }

  // ---- the stretch that one order keeps free, outlined while it is pointed at or focused

  hideSpan() {
    for (const s of this.columns.querySelectorAll(".tl-span")) s.remove();
  }
  showSpan(t, bad = false) {
    this.hideSpan();
    if (!this.gap) return;
    this.grid.list.forEach((day, i) => {
      const style = this.grid.stretch(day, t - this.gap, t + this.gap);
      const span = style && h("div", { class: `tl-span${bad ? " bad" : ""}`, style });
      if (span) this.columns.children[i]?.append(span);
    });
  }

  // ---- the ghost: where something would go, and whether it may

  showGhost(t, self) {
    const { ghost, grid } = this,
      i = grid.dayOf(t);
    if (i < 0) {
      ghost.remove();
      return null;
    }
    const hit = conflictAt(t, this.orders, this.gap, self?.id);
    ghost.className = `tl-ghost${hit ? " bad" : ""}${self ? " solid" : ""}`;
    ghost.style.top = `${grid.y(t)}px`;
    fill(ghost, h("span", {}, icon(ghostIcon(hit, self), 14), this.ghostText(t, self, hit)));
    this.columns.children[i].append(ghost);
    return hit;
  }
  ghostText(t, self, hit) {
    if (!hit) return `${clock(t)}${self ? ` ${title(self)}` : ""}`;
    if (self) return `${clock(t)} taken`;
    return `Free from ${clock(ceilTo(nextFree(t, this.orders, this.gap) ?? t, MINUTE))}`;
  }
  hideGhost() {
    this.ghost.remove();
  }

  // ---- the pointer

  /** The day and the height under a pointer. */
  at(e) {
    const cols = [...this.columns.children];
    const under = cols.findIndex(c => e.clientX < c.getBoundingClientRect().right);
    const i = under < 0 ? cols.length - 1 : under;
    return { day: this.grid.list[i], px: e.clientY - this.columns.getBoundingClientRect().top };
  }
  timeUnder(e, above = 0) {
    const { day, px } = this.at(e);
    return this.grid.clamp(this.grid.snap(this.grid.timeAt(day, px - above)), day);
  }

  pointed(e) {
    if (e.pointerType !== "mouse" || this.drag || this.keys.pending) return;
    if (e.target.closest(".tl-order, .tl-crowd")) this.hideGhost();
    else this.showGhost(this.timeUnder(e), null);
  }
  clicked(e) {
    if (this.dragged) {
      this.dragged = false;
      return;
    }
    if (e.target.closest(".tl-order, .tl-crowd")) return;
    this.hideGhost();
    this.on.create(this.timeUnder(e));
  }

  // ---- what is in view

  /** The time of day, in hours, that is at the top. */
  get top() {
    return this.scroller.scrollTop / this.grid.hour;
  }
  /** A little above, so that the label of the hour is whole. */
  scrollToHour(hour) {
    this.scroller.scrollTop = Math.max(0, hour * this.grid.hour - 12);
  }
  /** Bring a time into view, a little below the top. */
  scrollTo(t) {
    const hour = Math.floor(this.grid.y(t) / this.grid.hour - 1);
    this.scrollToHour(Math.max(0, hour));
  }
  isInView(t) {
    const px = this.grid.y(t),
      { scrollTop, clientHeight } = this.scroller;
    return px >= scrollTop && px + this.chip <= scrollTop + clientHeight - this.head.offsetHeight;
  }
  /** Keep the same moment in the middle while the scale changes. */
  rescale(hour) {
    const half = (this.scroller.clientHeight - this.head.offsetHeight) / 2,
      middle = (this.scroller.scrollTop + half) / this.grid.hour;
    this.draw({ hour });
    this.scroller.scrollTop = middle * hour - half;
  }

  focus(id) {
    this.byId(id)?.focus({ preventScroll: false });
  }
  /** Brings an order into view and lets it light up. */
  reveal(order) {
    const t = timeOf(order);
    if (!this.isInView(t)) this.scrollTo(t);
    const el = this.byId(order.id);
    el?.classList.add("is-new");
    el?.focus({ preventScroll: true });
  }

  close() {
    this.resize.disconnect();
    clearInterval(this.ticking);
    this.keys.cancel();
  }
}

function ghostIcon(hit, self) {
  if (self) return hit ? "alert" : "check";
  return hit ? "close" : "plus";
}
