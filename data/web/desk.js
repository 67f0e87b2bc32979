// @ts-nocheck: to be split first
// The order desk: what is on show (day, week or list), and what happens to orders.
import { h, fill, announce, memory } from "./dom.js";
import { icon } from "./icons.js";
import { get, serverInfo, explain } from "./api.js";
import {
  startOfDay,
  startOfWeek,
  addDays,
  isoDay,
  parseDay,
  dayLong,
  when,
  clock,
  duration,
  iso,
} from "./format.js";
import { skeleton, failure } from "./states.js";
import { toast } from "./toast.js";
import { createTimeline } from "./timeline.js";
import { createList } from "./order-list.js";
import { orderForm } from "./order-form.js";
import { conflictDialog } from "./conflict.js";
import { nextFree, ceilTo } from "./slots.js";
import {
  ordersBetween,
  readOrder,
  changeOrder,
  allServices,
  deleteOrder,
  flushDeletes,
  isDeleted,
  MOST,
} from "./desk-data.js";

const HOURS = [22, 30, 40, 56, 76, 104]; // pixels an hour: the zoom

export function openDesk(root, params) {
  const phone = matchMedia("(max-width: 719px)").matches;
  const saved = memory.get("desk", {}) ?? {};
  const state = {
    view: phone ? "day" : "week",
    at: startOfDay(Date.now()),
    zoom: { day: 3, week: 2 },
    service: "",
    gap: 10_800_000,
    services: [],
    orders: [],
    more: false,
    closed: false,
    seq: 0,
    drawn: false,
  };
  if (["day", "week", "list"].includes(saved.view)) state.view = saved.view;
  if (HOURS[saved.day]) state.zoom.day = saved.day;
  if (HOURS[saved.week]) state.zoom.week = saved.week;
  take(params);

  function take(p) {
    if (["day", "week", "list"].includes(p.get("view"))) state.view = p.get("view");
    if (parseDay(p.get("at")) !== null) state.at = parseDay(p.get("at"));
    state.service = p.get("service") ?? "";
  }

  // ---- the bar
  const heading = h("h1", { tabindex: "-1", testid: "desk-title" }, "Desk");
  const button = (name, label, onclick, testid) =>
    h(
      "button",
      { type: "button", class: "icon-button", "aria-label": label, title: label, onclick, testid },
      icon(name),
    );
  const jump = h("input", {
    class: "input jump",
    type: "date",
    "aria-label": "Go to a date",
    testid: "desk-date",
    onchange: () => {
      const d = parseDay(jump.value);
      if (d !== null) go(d);
    },
  });
  const moves = h(
    "div",
    { class: "row moves" },
    h(
      "button",
      {
        type: "button",
        class: "button",
        testid: "desk-today",
        onclick: () => go(startOfDay(Date.now())),
      },
      "Today",
    ),
    h(
      "div",
      { class: "row tight" },
      button(
        "left",
        "Earlier",
        () => go(addDays(state.at, state.view === "day" ? -1 : -7)),
        "desk-earlier",
      ),
      button(
        "right",
        "Later",
        () => go(addDays(state.at, state.view === "day" ? 1 : 7)),
        "desk-later",
      ),
    ),
    jump,
  );
  const zoomOut = button("minus", "Zoom out", () => zoom(-1), "desk-zoom-out"),
    zoomIn = button("plus", "Zoom in", () => zoom(1), "desk-zoom-in");
  const zooms = h(
    "div",
    { class: "row tight zooms", role: "group", "aria-label": "Zoom" },
    zoomOut,
    zoomIn,
  );
  const segments = h(
    "div",
    { class: "segments", role: "group", "aria-label": "Show as" },
    [
      ["day", "Day"],
      ["week", "Week"],
      ["list", "List"],
    ].map(([v, text]) =>
      h(
        "button",
        {
          type: "button",
          "data-view": v,
          testid: `desk-view-${v}`,
          onclick: () => {
            state.view = v;
            changed();
          },
        },
        text,
      ),
    ),
  );
  const legend = h("div", { class: "legend" });
  const stage = h("div", { class: "stage" });
  fill(
    root,
    h(
      "div",
      { class: "page-head" },
      heading,
      h(
        "button",
        { type: "button", class: "button primary", testid: "desk-new", onclick: () => create() },
        icon("plus", 18),
        "New order",
      ),
    ),
    h(
      "div",
      { class: "desk-bar" },
      moves,
      h("div", { class: "row desk-bar-end" }, zooms, segments),
    ),
    stage,
    legend,
  );

  let timeline = null,
    list = null;
  const emptyNote = h("div", { class: "tl-empty", role: "status" });

  /** Something about what is shown has changed: remember it, put it in the address, draw. */
  function changed() {
    memory.set("desk", { view: state.view, day: state.zoom.day, week: state.zoom.week });
    // Replaced, not pushed: stepping through weeks must not fill the back button.
    const q = new URLSearchParams({ view: state.view });
    if (state.view !== "list") q.set("at", isoDay(state.at));
    else if (state.service) q.set("service", state.service);
    history.replaceState(null, "", `#desk?${q}`);
    show();
  }
  function go(day) {
    state.at = startOfDay(day);
    state.drawn = false;
    changed();
    announce(heading.textContent);
  }
  function zoom(direction) {
    const v = state.view,
      next = state.zoom[v] + direction;
    if (!HOURS[next] || !timeline) return;
    state.zoom[v] = next;
    memory.set("desk", { view: v, day: state.zoom.day, week: state.zoom.week });
    timeline.rescale(HOURS[next]);
    drawZoom();
  }
  const drawZoom = () => {
    zoomOut.disabled = state.zoom[state.view] === 0;
    zoomIn.disabled = state.zoom[state.view] === HOURS.length - 1;
  };

  const from = () => (state.view === "day" ? state.at : startOfWeek(state.at));
  const span = () => (state.view === "day" ? 1 : 7);
  const to = () => addDays(from(), span());

  function rangeTitle() {
    const a = new Date(from()),
      b = new Date(addDays(to(), -1)),
      f = (d, o) => new Intl.DateTimeFormat("en-GB", o).format(d);
    if (state.view === "list") return "All orders";
    if (state.view === "day")
      return phone
        ? f(a, { weekday: "short", day: "numeric", month: "short", year: "numeric" })
        : dayLong(a);
    const end = f(b, { day: "numeric", month: phone ? "short" : "long", year: "numeric" });
    if (a.getMonth() === b.getMonth()) return `${a.getDate()} – ${end}`;
    return `${f(a, { day: "numeric", month: "short", year: a.getFullYear() === b.getFullYear() ? undefined : "numeric" })} – ${f(b, { day: "numeric", month: "short", year: "numeric" })}`;
  }

  function show() {
    for (const b of segments.children)
      b.setAttribute("aria-pressed", String(b.dataset.view === state.view));
    heading.textContent = rangeTitle();
    const onTime = state.view !== "list";
    moves.hidden = zooms.hidden = legend.hidden = !onTime;
    jump.value = isoDay(state.at);
    if (!onTime) {
      timeline?.close();
      timeline = null;
      list = createList(
        { open: edit, remove, show: goTo, create: () => create() },
        state.services,
        { service: state.service, ...state.dates },
      );
      state.dates = undefined;
      fill(stage, list.el);
      return;
    }
    list = null;
    if (!timeline) {
      timeline = createTimeline({
        create,
        open: edit,
        move,
        remove,
        zoom,
        day: d => {
          state.view = "day";
          go(d);
        },
        crowd,
      });
      fill(
        stage,
        h(
          "div",
          { class: "panel tl-panel" },
          h("div", { class: "tl-progress", "aria-hidden": "true" }),
          timeline.el,
          emptyNote,
        ),
      );
      state.drawn = false;
    }
    fill(
      legend,
      h("span", {}, h("i", { class: "key-order" }), "Order"),
      state.gap > 0 &&
        h(
          "span",
          {},
          h("i", { class: "key-window" }),
          `Kept free: less than ${duration(state.gap)} from an order`,
        ),
      h("span", {}, h("i", { class: "key-free" }), "Free, click to create"),
    );
    drawZoom();
    refresh();
  }

  function draw() {
    if (!timeline) return;
    timeline.draw({
      orders: state.orders.filter(o => !isDeleted(o.id)),
      from: from(),
      days: span(),
      gap: state.gap,
      hour: HOURS[state.zoom[state.view]],
    });
    if (!state.drawn) {
      // first sight of a range: start at its first order, or in the morning
      state.drawn = true;
      const first = state.orders
        .map(o => Date.parse(o.datetime))
        .filter(t => t >= from() && t < to())
        .map(t => new Date(t))
        .sort((a, b) => a.getHours() - b.getHours())[0];
      timeline.scrollTo(
        first && first.getHours() < 9 ? first.getTime() : new Date(from()).setHours(8, 30),
      );
    }
  }

  async function refresh() {
    if (list) {
      list.reload();
      return;
    }
    const seq = ++state.seq,
      a = from(),
      b = to(),
      margin = state.gap;
    stage.firstChild?.setAttribute("aria-busy", "true");
    const inside = state.orders.filter(o => {
      const t = Date.parse(o.datetime);
      return t >= a - margin && t < b + margin;
    });
    if (inside.length || state.drawn) {
      state.orders = inside;
      draw();
    } else {
      state.orders = [];
      draw();
      state.drawn = false;
    }
    try {
      const r = await ordersBetween(a - margin, b + margin);
      if (seq !== state.seq || state.closed || !timeline) return;
      state.orders = r.orders;
      state.more = r.more;
      stage.querySelector(".state-error")?.remove();
      draw();
      drawEmpty(a, b, seq);
    } catch (e) {
      if (seq !== state.seq || state.closed) return;
      fill(emptyNote);
      stage.querySelector(".state-error")?.remove();
      stage.firstChild?.append(
        h(
          "div",
          { class: "tl-cover" },
          failure(e, () => {
            stage.querySelector(".tl-cover")?.remove();
            start();
          }),
        ),
      );
    }
    stage.firstChild?.removeAttribute("aria-busy");
  }

  /** An empty range says where the orders are; a crowded one says what is left out. */
  async function drawEmpty(a, b, seq) {
    fill(emptyNote);
    if (state.more) {
      fill(
        emptyNote,
        h(
          "span",
          {},
          `Only the first ${MOST.toLocaleString("en-GB")} orders are drawn. Show a day, or the list.`,
        ),
      );
      return;
    }
    if (
      state.orders.some(o => {
        const t = Date.parse(o.datetime);
        return t >= a && t < b && !isDeleted(o.id);
      })
    )
      return;
    const what = state.view === "day" ? "on this day" : "this week";
    let near = null,
      word = "";
    try {
      near = (await get(`/orders?from=${iso(b)}&limit=1`)).body[0];
      word = "The next is";
      if (!near) {
        near = (await get("/orders?limit=1")).body[0];
        word = "The first is";
      }
    } catch {
      /* the note is a courtesy */
    }
    if (seq !== state.seq || state.closed) return;
    const t = near?.datetime ? Date.parse(near.datetime) : null;
    fill(
      emptyNote,
      h("span", {}, `No orders ${what}.${t !== null ? ` ${word} on ${when(t)}.` : ""}`),
      t !== null &&
        h(
          "button",
          { type: "button", class: "button", testid: "desk-go-nearest", onclick: () => go(t) },
          "Go there",
        ),
    );
  }

  function crowd(orders) {
    const t = Date.parse(orders[0].datetime);
    if (state.view === "week") {
      state.view = "day";
      go(t);
      return;
    }
    state.dates = { from: isoDay(t), to: isoDay(t) };
    state.view = "list";
    changed();
  }
  function goTo(order) {
    if (!order.datetime) return;
    if (state.view === "list") state.view = phone ? "day" : "week";
    go(Date.parse(order.datetime));
    setTimeout(() => timeline?.focus(order.id), 400);
  }

  // ---- what happens to orders
  function form(options) {
    let id = options.id;
    orderForm({
      services: state.services,
      gap: state.gap,
      remove,
      open: edit,
      ...options,
      saved(order, created) {
        id = order.id;
        afterSave(order, created);
      },
      closed() {
        if (document.activeElement === document.body) focus(id);
      },
    }); // what opened the form may have been drawn anew
  }
  function focus(id) {
    if (id && timeline) timeline.focus(id);
    if (id && list) list.focus(id);
    if (document.activeElement === document.body) heading.focus({ preventScroll: true });
  }
  function create(time) {
    // Without a place pointed at: the next full hour that is free, on the day shown if that lies ahead.
    const base = Math.max(Date.now(), state.view === "list" ? 0 : from()),
      shown = state.view !== "list" && Date.now() >= to() ? new Date(from()).setHours(9) : base,
      hour = ceilTo(shown, 3_600_000),
      visible = state.orders.filter(o => !isDeleted(o.id));
    form({ time: time ?? ceilTo(nextFree(hour, visible, state.gap) ?? hour, 300_000) });
  }
  const edit = order => form({ id: order.id });
  const remove = order =>
    deleteOrder(order, () => {
      if (state.closed) return;
      if (list) list.redraw();
      else {
        draw();
        refresh();
      }
    });

  function afterSave(order, created) {
    if (state.closed) return;
    const t = order.datetime ? Date.parse(order.datetime) : null;
    const visible = t !== null && state.view !== "list" && t >= from() && t < to();
    toast(
      created
        ? `Order ${order.id} created${t === null ? ", without a time" : ""}`
        : `Order ${order.id} saved`,
      visible ? {} : { action: "Show", onaction: () => (t === null ? edit(order) : goTo(order)) },
    );
    replace(order);
    refresh();
  }
  function replace(order) {
    state.orders = [
      ...state.orders.filter(o => o.id !== order.id),
      ...(order.datetime ? [order] : []),
    ].sort((a, b) => Date.parse(a.datetime) - Date.parse(b.datetime));
    draw();
  }

  /** A drag or key press. The server decides; until it has, the order is drawn where it was put. */
  async function move(order, t, exact = iso(t)) {
    const old = order.datetime;
    replace({ ...order, datetime: exact });
    const backToOld = () => {
      if (!state.closed) {
        replace(order);
        refresh();
      }
    };
    try {
      await flushDeletes();
      const seen = await readOrder(order.id);
      if (seen.body.updated_at !== order.updated_at)
        throw Object.assign(new Error(), { changed: true });
      const r = await changeOrder(order.id, { datetime: exact }, seen.etag);
      if (state.closed) return;
      replace(r.body);
      if (t < from() || t >= to()) {
        state.at = startOfDay(t);
        state.drawn = false;
        changed();
        setTimeout(() => timeline?.focus(order.id), 300);
      }
      announce(`Order ${order.id} moved to ${when(t)}`);
      toast(`Order ${order.id} moved to ${when(t)}`, {
        action: "Undo",
        actionTestid: "desk-undo-move",
        onaction: () => undoMove(r.body, old),
      });
    } catch (e) {
      backToOld();
      if (state.closed) return;
      if (e.code === "order_conflict") {
        conflictDialog({
          refusal: e,
          asked: t,
          gap: state.gap,
          take: next => move(order, Date.parse(next), next),
          other: () => edit(order),
          open: edit,
        });
      } else if (e.changed || e.status === 412)
        toast(
          `Someone changed order ${order.id} in the meantime. It was not moved; this is their version.`,
          { tone: "bad", seconds: 8 },
        );
      else toast(explain(e), { tone: "bad", seconds: 8 });
    }
  }
  async function undoMove(order, old) {
    try {
      const seen = await readOrder(order.id);
      const r = await changeOrder(order.id, { datetime: old }, seen.etag);
      if (!state.closed) {
        replace(r.body);
        refresh();
      }
    } catch (e) {
      toast(
        e.code === "order_conflict"
          ? `Order ${order.id} cannot go back: ${clock(Date.parse(old))} is too close to order ${e.body.conflicts_with} now.`
          : explain(e),
        { tone: "bad", seconds: 8 },
      );
    }
  }

  // ---- begin
  async function start() {
    if (!timeline && !list) fill(stage, skeleton(1, "tall"));
    try {
      const [info, services] = await Promise.all([serverInfo(), allServices()]);
      if (state.closed) return;
      state.gap = info.gap;
      state.services = services;
      show();
    } catch (e) {
      if (!state.closed) fill(stage, failure(e, start));
      timeline?.close();
      timeline = null;
      list = null;
    }
  }
  for (const b of segments.children)
    b.setAttribute("aria-pressed", String(b.dataset.view === state.view));
  heading.textContent = rangeTitle();
  jump.value = isoDay(state.at);
  start();

  // Somebody else may have worked meanwhile: look again when the page is looked at again.
  const seenAgain = () => {
    if (
      document.visibilityState === "visible" &&
      !document.querySelector("dialog[open]") &&
      (timeline || list)
    )
      refresh();
  };
  document.addEventListener("visibilitychange", seenAgain);
  return {
    params(p) {
      take(p);
      state.drawn = false;
      if (timeline || list) changed();
    },
    close() {
      state.closed = true;
      document.removeEventListener("visibilitychange", seenAgain);
      timeline?.close();
      flushDeletes();
    },
  };
}
