// The order desk: what is on show (day, week, list or services), and its address. What happens to
// orders is in desk-actions.js.
import { h, fill, announce, memory, session } from "./dom.js";
import { get, serverInfo } from "./api.js";
import {
  addDays,
  count,
  dayLong,
  dayRange,
  dayYear,
  iso,
  isoDay,
  parseDay,
  startOfDay,
  startOfWeek,
  when,
} from "./format.js";
import { skeleton, failure } from "./states.js";
import { Timeline } from "./timeline.js";
import { OrderList } from "./order-list.js";
import { Services } from "./services.js";
import { DeskBar } from "./desk-bar.js";
import { DeskActions } from "./desk-actions.js";
import { byTime, timeOf } from "./order.js";
import { ordersBetween, allServices, flushDeletes, isDeleted } from "./desk-data.js";
import { limits } from "./limits.js";

const HOURS = [22, 30, 40, 56, 76, 104]; // pixels an hour: the zoom
const VIEWS = ["day", "week", "list", "services"];
const isPhone = matchMedia("(max-width: 719px)");

export function openDesk(root, params) {
  return new Desk(root, params);
}

export class Desk {
  at = startOfDay(Date.now());
  zooms = { day: 3, week: 2 };
  filter = { service: "", from: "", to: "", sort: "asc", page: 1 };
  gap = 0;
  services = [];
  orders = [];
  more = false;
  closed = false;
  seq = 0;
  isDrawn = false; // somebody has seen this range: it is not scrolled any more
  timeline = null;
  list = null;
  serviceView = null;

  constructor(root, params) {
    this.view = isPhone.matches ? "day" : "week";
    this.recall();
    this.take(params);
    this.actions = new DeskActions(this);
    this.bar = new DeskBar(this);
    this.stage = h("div", { class: "stage" });
    this.emptyNote = h("div", { class: "tl-empty", role: "status" });
    fill(root, this.bar.el, this.stage, this.bar.legend);
    this.shortcuts = e => this.bar.shortcut(e);
    addEventListener("keydown", this.shortcuts);
    this.bar.draw();
    this.start(params.get("open"));
  }

  // ---- the address

  recall() {
    const saved = memory.get("desk", {}) ?? {};
    if (VIEWS.includes(saved.view) && saved.view !== "services") this.view = saved.view;
    if (HOURS[saved.day]) this.zooms.day = saved.day;
    if (HOURS[saved.week]) this.zooms.week = saved.week;
    // Within one visit the desk stays where it was left.
    const at = parseDay(session.get("desk-at"));
    if (at !== null) this.at = at;
  }

  take(p) {
    if (VIEWS.includes(p.get("view"))) this.view = p.get("view");
    const at = parseDay(p.get("at"));
    if (at !== null) this.at = at;
    this.filter = {
      service: p.get("service") ?? "",
      from: p.get("from") ?? "",
      to: p.get("to") ?? "",
      sort: p.get("sort") === "desc" ? "desc" : "asc",
      page: Math.max(1, Math.trunc(Number(p.get("page"))) || 1),
    };
  }

  address(open) {
    const q = new URLSearchParams({ view: this.view });
    if (this.isTimeline) q.set("at", isoDay(this.at));
    if (this.view === "list")
      for (const [name, value] of Object.entries(this.filter)) {
        if (value && value !== "asc" && value !== 1) q.set(name, String(value));
      }
    if (open) q.set("open", open);
    return `#desk?${q}`;
  }

  /** What is shown has changed: put it into the address, draw. */
  changed({ push = false } = {}) {
    // Stepping through weeks must not fill the back button; another view or page may.
    if (push && location.hash !== this.address()) history.pushState(null, "", this.address());
    else history.replaceState(null, "", this.address());
    this.show();
  }

  /** The order that is open is part of the address. */
  opened(id) {
    history.replaceState(null, "", this.address(id));
  }

  // ---- what is shown

  get isTimeline() {
    return this.view === "day" || this.view === "week";
  }
  get days() {
    return this.view === "day" ? 1 : 7;
  }
  get from() {
    return this.view === "day" ? this.at : startOfWeek(this.at);
  }
  get to() {
    return addDays(this.from, this.days);
  }
  isShown(t) {
    return t !== null && this.isTimeline && t >= this.from && t < this.to;
  }
  get hour() {
    return HOURS[this.zooms[this.view]];
  }
  get zoomEnds() {
    const zoom = this.zooms[this.view];
    return { out: zoom === 0, in: zoom === HOURS.length - 1 };
  }
  /** Orders that are not about to be deleted. */
  get visible() {
    return this.orders.filter(o => !isDeleted(o.id));
  }

  get title() {
    if (this.view === "services") return "Services";
    if (this.view === "list") return "All orders";
    if (this.view === "day") return isPhone.matches ? dayYear(this.at) : dayLong(this.at);
    return dayRange(this.from, addDays(this.to, -1), isPhone.matches);
  }

  // ---- moving

  go(day) {
    this.at = startOfDay(day);
    this.changed();
    announce(this.title);
  }
  step(direction) {
    this.go(addDays(this.at, direction * this.days));
  }
  setView(view) {
    this.view = view;
    this.changed({ push: true });
  }
  /** A time, in the view that is shown or else in one that shows times. */
  goTo(order) {
    const t = timeOf(order);
    if (t === null) return;
    if (!this.isTimeline) this.view = isPhone.matches ? "day" : "week";
    this.at = startOfDay(t);
    this.reveal = order;
    this.changed({ push: true });
  }
  zoom(direction) {
    const next = this.zooms[this.view] + direction;
    if (!HOURS[next] || !this.timeline) return;
    this.zooms[this.view] = next;
    memory.set("desk", { view: this.view, ...this.zooms });
    this.timeline.rescale(HOURS[next]);
    this.bar.draw();
  }

  // ---- drawing

  show() {
    memory.set("desk", { view: this.view, ...this.zooms });
    session.set("desk-at", isoDay(this.at));
    this.bar.draw();
    this.list = this.serviceView = null;
    if (!this.isTimeline) this.leaveTimeline();
    if (this.isTimeline) this.showTimeline();
    else if (this.view === "list") this.showList();
    else this.showServices();
  }

  leaveTimeline() {
    this.timeline?.close();
    if (this.timeline) this.top = this.timeline.top;
    this.timeline = null;
  }

  showList() {
    const { actions } = this;
    this.list = new OrderList(this.services, this.filter, {
      open: o => actions.edit(o),
      remove: o => actions.remove(o),
      show: o => this.goTo(o),
      create: () => actions.create(),
      filtered: (filter, push) => {
        this.filter = filter;
        history[push ? "pushState" : "replaceState"](null, "", this.address());
      },
      counted: n => this.bar.setCount(n),
    });
    fill(this.stage, this.list.el);
  }

  showServices() {
    this.serviceView = new Services({
      changed: services => {
        this.services = services;
        this.bar.setCount(services.length);
      },
    });
    fill(this.stage, this.serviceView.el);
  }

  showTimeline() {
    const { actions } = this;
    if (!this.timeline) {
      this.timeline = new Timeline({
        create: t => actions.create(t),
        open: o => actions.edit(o),
        move: (o, t) => actions.move(o, t),
        remove: o => actions.remove(o),
        zoom: n => this.zoom(n),
        crowd: orders => this.crowd(orders),
        day: d => {
          this.view = "day";
          this.at = startOfDay(d);
          this.changed({ push: true });
        },
      });
      const progress = h("div", { class: "tl-progress", "aria-hidden": "true" });
      this.panel = h(
        "div",
        { class: "panel tl-panel" },
        progress,
        this.timeline.el,
        this.emptyNote,
      );
      fill(this.stage, this.panel);
    }
    this.refresh();
  }

  draw() {
    const { timeline, gap, from, days, hour } = this;
    if (!timeline) return;
    const place = this.isDrawn ? timeline.top : this.top;
    timeline.draw({ orders: this.visible, gap, from, days, hour });
    if (place !== undefined && place > 0) timeline.scrollToHour(place + 12 / hour);
    else if (!this.isDrawn) this.scrollToStart();
    this.isDrawn = true;
    this.top = undefined;
    const { reveal } = this;
    if (reveal && this.orders.some(o => o.id === reveal.id)) {
      this.reveal = null;
      timeline.reveal(reveal);
    }
  }

  /** First sight of a range: its first order or the morning, but now if it is in the range. */
  scrollToStart() {
    const hours = byTime(this.orders)
      .map(timeOf)
      .filter(t => this.isShown(t))
      .map(t => new Date(t))
      .sort((a, b) => a.getHours() - b.getHours());
    const first = hours[0];
    const morning = new Date(this.from).setHours(8, 30);
    this.timeline.scrollTo(first && first.getHours() < 9 ? first.getTime() : morning);
    const now = Date.now();
    if (this.isShown(now) && !this.timeline.isInView(now)) this.timeline.scrollTo(now);
  }

  /** Reads again what is shown. */
  async refresh() {
    if (this.list) return this.list.reload();
    if (this.serviceView) return this.serviceView.refresh();
    if (!this.timeline) return;
    const seq = ++this.seq,
      { from, to, gap } = this;
    const isStale = () => seq !== this.seq || this.closed || !this.timeline;
    this.panel.setAttribute("aria-busy", "true");
    this.orders = this.orders.filter(o => timeOf(o) >= from - gap && timeOf(o) < to + gap);
    if (this.isDrawn) this.draw();
    try {
      const r = await ordersBetween(from - gap, to + gap);
      if (isStale()) return;
      this.orders = r.orders;
      this.more = r.more;
      this.panel.querySelector(".tl-cover")?.remove();
      this.draw();
      this.drawEmpty(from, to, isStale);
    } catch (e) {
      if (isStale()) return;
      fill(this.emptyNote);
      this.panel.querySelector(".tl-cover")?.remove();
      this.panel.append(
        h(
          "div",
          { class: "tl-cover" },
          failure(e, () => this.refresh()),
        ),
      );
    }
    this.panel?.removeAttribute("aria-busy");
  }

  /** An empty range says where the orders are; a crowded one says what is left out. */
  async drawEmpty(from, to, isStale) {
    fill(this.emptyNote);
    if (this.more) {
      const most = count(limits.pageOfOrders);
      const text = `Only the first ${most} orders are drawn. Show a day, or the list.`;
      return fill(this.emptyNote, h("span", {}, text));
    }
    if (this.visible.some(o => timeOf(o) >= from && timeOf(o) < to)) return;
    const what = this.view === "day" ? "on this day" : "this week";
    const { near, word } = await nearest(to);
    if (isStale()) return;
    const t = timeOf(near);
    fill(
      this.emptyNote,
      h("span", {}, `No orders ${what}.${t !== null ? ` ${word} on ${when(t)}.` : ""}`),
      t !== null &&
        h(
          "button",
          {
            type: "button",
            class: "button",
            testid: "desk-go-nearest",
            onclick: () => this.goTo(near),
          },
          "Go there",
        ),
      h(
        "button",
        { type: "button", class: "button", onclick: () => this.actions.create() },
        "New order",
      ),
    );
  }

  crowd(orders) {
    const t = timeOf(orders[0]);
    if (this.view === "week") this.view = "day";
    else {
      this.filter = { ...this.filter, from: isoDay(t), to: isoDay(t), page: 1 };
      this.view = "list";
    }
    this.at = startOfDay(t);
    this.changed({ push: true });
  }

  /** After a dialog has closed: the order, or else the title. */
  focus(id) {
    if (id) this.timeline?.focus(id);
    if (id) this.list?.focus(id);
    if (document.activeElement === document.body) this.bar.heading.focus({ preventScroll: true });
  }

  // ---- begin and end

  async start(open) {
    if (!this.stage.firstChild) fill(this.stage, skeleton(1, "tall"));
    try {
      const [info, services] = await Promise.all([serverInfo(), allServices()]);
      if (this.closed) return;
      this.gap = info.gap;
      this.services = services;
      this.show();
      if (open === "new") this.actions.create();
      else if (open) this.actions.edit({ id: open });
    } catch (e) {
      if (!this.closed)
        fill(
          this.stage,
          failure(e, () => this.start(open)),
        );
    }
  }

  params(p) {
    this.take(p);
    if (this.view !== "list") this.isDrawn = this.isDrawn && p.get("at") === isoDay(this.at);
    this.actions.close();
    if (this.timeline || this.list || this.serviceView) this.changed();
    if (p.get("open")) this.actions.edit({ id: p.get("open") });
  }

  close() {
    this.closed = true;
    removeEventListener("keydown", this.shortcuts);
    this.timeline?.close();
    flushDeletes();
  }
}

/** The next order after a range, or else the first of all. */
async function nearest(to) {
  try {
    const next = (await get(`/orders?from=${iso(to)}&limit=1`)).body[0];
    if (next) return { near: next, word: "The next is" };
    return { near: (await get("/orders?limit=1")).body[0] ?? null, word: "The first is" };
  } catch {
    return { near: null, word: "" }; // the note is a courtesy
  }
}
