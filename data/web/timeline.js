// @ts-nocheck: to be split first
// The timeline: days as columns, hours down, each order where it happens and the stretch it blocks hatched behind it.
// Mouse: point at a free spot to see its time, click to create, drag to move. Touch: tap, or hold and drag.
// Keyboard, on an order: arrows move it (Shift for an hour, left and right for a day), Enter opens, Delete deletes, Escape undoes the move.
import { h, fill, announce } from "./dom.js";
import { icon } from "./icons.js";
import {
  MINUTE,
  HOUR,
  clock,
  dayLong,
  weekday,
  monthYear,
  isoDay,
  startOfDay,
  addDays,
  utcOffset,
  duration,
  when,
  plural,
} from "./format.js";
import { blocked, free, conflictAt, nextFree, ceilTo } from "./slots.js";
import { title, fee } from "./desk-data.js";

const NARROWEST = 44; // a column of orders thinner than a fingertip becomes one "3 orders"

/** What it calls: on.create(t), open(order), move(order, t), remove(order), day(t), crowd(orders), zoom(direction). */
export function createTimeline(on) {
  let data = { orders: [], from: 0, days: 7, gap: 0, hour: 40 },
    pending = null,
    drag = null,
    dragged = false;
  const hintId = "timeline-help";
  const head = h("div", { class: "tl-head" }),
    hours = h("div", { class: "tl-hours", "aria-hidden": "true" }),
    columns = h("div", { class: "tl-columns" });
  const body = h("div", { class: "tl-body" }, hours, columns);
  const el = h(
    "div",
    {
      class: "timeline",
      role: "region",
      "aria-label": "Timeline of orders",
      tabindex: "0",
      testid: "desk-timeline",
    },
    head,
    body,
  );
  const help = h(
    "p",
    { class: "hidden", id: hintId },
    "Arrow up and down move this order by 15 minutes, with Shift by an hour. Arrow left and right move it by a day. Enter opens it, Delete deletes it.",
  );
  const wrap = h("div", { class: "tl-wrap" }, el, help);

  // Wall-clock geometry: on the day of a clock change an hour is where the clock says, like on paper.
  const wallMinutes = t => {
    const d = new Date(t);
    return d.getHours() * 60 + d.getMinutes() + d.getSeconds() / 60;
  };
  const y = t => (wallMinutes(t) / 60) * data.hour;
  const timeAt = (day, px) => {
    const d = new Date(day);
    d.setMinutes(Math.round((px / data.hour) * 60));
    return d.getTime();
  };
  const step = () => (data.hour >= 90 ? 5 : 15) * MINUTE;
  // Down to the grid of the local clock: 15 minutes past, not 15 minutes after 1970 (some zones are 45 minutes off).
  const snap = (t, s = step()) => {
    const day = startOfDay(t);
    return day + Math.round((t - day) / s) * s;
  };
  const days = () => Array.from({ length: data.days }, (_, i) => addDays(data.from, i));
  const chip = () => (el.clientWidth < 560 ? 44 : Math.max(26, Math.min(46, data.hour - 3))); // a fingertip on a phone

  function draw(next) {
    data = { ...data, ...next };
    const focused = el.contains(document.activeElement)
      ? document.activeElement.closest(".tl-order")?.dataset.id
      : null;
    cancelPending();
    el.style.setProperty("--hour", `${data.hour}px`);
    el.style.setProperty("--days", data.days);
    el.style.setProperty("--chip", `${chip()}px`);
    el.dataset.days = data.days;
    const today = startOfDay(Date.now()),
      list = days();
    fill(
      head,
      h("div", { class: "tl-corner" }, utcOffset(data.from).replace("UTC", "UTC ")),
      list.map(d => {
        const inner = [
          h("span", { class: "tl-weekday" }, weekday(d)),
          " ",
          h("span", { class: "tl-date" }, String(new Date(d).getDate())),
        ];
        const props = { class: `tl-day${d === today ? " is-today" : ""}` };
        return data.days > 1
          ? h(
              "button",
              { type: "button", ...props, onclick: () => on.day(d) },
              inner,
              h("span", { class: "hidden" }, ` ${monthYear(d)}, show this day`),
            )
          : h("div", props, inner);
      }),
    );
    fill(
      hours,
      Array.from({ length: 23 }, (_, i) =>
        h(
          "span",
          { style: { top: `${(i + 1) * data.hour}px` } },
          `${String(i + 1).padStart(2, "0")}:00`,
        ),
      ),
    );
    fill(columns, list.map(column));
    if (focused) byId(focused)?.focus({ preventScroll: true });
  }

  const inDay = (t, day) => t >= day && t < addDays(day, 1);
  const byId = id => [...columns.querySelectorAll(".tl-order")].find(b => b.dataset.id === id);

  /** The part of [from, to] within a day, as top and height. */
  function stretch(day, from, to) {
    const end = addDays(day, 1),
      a = Math.max(from, day),
      b = Math.min(to, end);
    if (b <= a) return null;
    const top = a === day ? 0 : y(a),
      bottom = b === end ? 24 * data.hour : y(b);
    return bottom > top ? { top: `${top}px`, height: `${bottom - top}px` } : null;
  }

  function column(day) {
    const here = data.orders.filter(o => inDay(Date.parse(o.datetime), day)),
      end = addDays(day, 1);
    const col = h("div", {
      class: "tl-col",
      role: "group",
      "aria-label": `${dayLong(day)}, ${here.length ? plural(here.length, "order") : "no orders"}`,
      "data-day": isoDay(day),
    });
    for (const b of blocked(data.orders, data.gap)) {
      const s = stretch(day, b.from, b.to);
      if (s)
        col.append(
          h("div", {
            class: `tl-window${b.from >= day ? " starts" : ""}${b.to <= end ? " ends" : ""}`,
            style: s,
          }),
        );
    }
    if (data.days === 1 && data.gap > 0)
      for (const r of free(day, end, data.orders, data.gap)) {
        const s = stretch(day, r.from, r.to),
          from = ceilTo(r.from, MINUTE);
        if (s && parseFloat(s.height) >= 34)
          col.append(
            h(
              "div",
              { class: "tl-free", style: s },
              h(
                "span",
                {},
                r.from === day && r.to === end
                  ? "Free all day"
                  : `Free ${clock(from)} – ${r.to === end ? "24:00" : clock(r.to)}`,
              ),
            ),
          );
      }
    if (inDay(Date.now(), day))
      col.append(
        h("div", { class: "tl-now", style: { top: `${y(Date.now())}px` }, "aria-hidden": "true" }),
      );
    place(col, here);
    return col;
  }

  /** Orders that would overlap share the width; too many of them become one button. */
  function place(col, here) {
    const width = Math.max(40, (el.clientWidth - (el.clientWidth < 560 ? 40 : 56)) / data.days - 6);
    const items = here
      .map(o => ({ o, top: Math.min(y(Date.parse(o.datetime)), 24 * data.hour - chip()) }))
      .sort((a, b) => a.top - b.top);
    for (let i = 0; i < items.length;) {
      const lanes = [];
      let j = i,
        bottom = -1;
      for (; j < items.length && (j === i || items[j].top < bottom); j++) {
        let lane = lanes.findIndex(end => items[j].top >= end);
        if (lane < 0) lane = lanes.push(0) - 1;
        lanes[lane] = items[j].top + chip() + 2;
        items[j].lane = lane;
        bottom = Math.max(bottom, lanes[lane]);
      }
      const group = items.slice(i, j);
      if (lanes.length > 1 && width / lanes.length < NARROWEST) col.append(crowd(group));
      else for (const g of group) col.append(orderButton(g.o, g.top, g.lane, lanes.length));
      i = j;
    }
  }

  function crowd(group) {
    const last = group.at(-1).top;
    return h(
      "button",
      {
        type: "button",
        class: "tl-crowd",
        testid: "desk-crowd",
        style: { top: `${group[0].top}px`, height: `${last - group[0].top + chip()}px` },
        onclick: () => on.crowd(group.map(g => g.o)),
      },
      h("strong", {}, group.length),
      " ",
      h("span", {}, "orders"),
      h(
        "span",
        { class: "hidden" },
        ` around ${clock(Date.parse(group[0].o.datetime))}, show them`,
      ),
    );
  }

  function orderButton(o, top, lane, lanes) {
    const t = Date.parse(o.datetime),
      names = title(o),
      cost = fee(o);
    return h(
      "button",
      {
        type: "button",
        class: `tl-order${o.product && !o.services ? " is-product" : ""}`,
        testid: `desk-order-${o.id}`,
        "data-id": o.id,
        "aria-describedby": hintId,
        style: {
          top: `${top}px`,
          left: `calc(${lane} * 100% / ${lanes} + 2px)`,
          width: `calc(100% / ${lanes} - 4px)`,
        },
        title: `${clock(t)} ${names}${cost ? ` · ${cost}` : ""} (order ${o.id})`,
        onclick: () => {
          if (dragged) {
            dragged = false;
            return;
          }
          if (pending) commit();
          else on.open(o);
        },
        onkeydown: e => orderKey(e, o),
        onblur: () => {
          hideSpan();
          if (pending?.order.id === o.id) commit();
        },
        onfocus: () => showSpan(t),
        onpointerenter: () => showSpan(t),
        onpointerleave: () => {
          if (!drag) hideSpan();
        },
        onpointerdown: e => startDrag(e, o),
      },
      h("span", { class: "tl-order-time" }, clock(t)),
      " ",
      h("span", { class: "tl-order-name" }, names),
      " ",
      h("span", { class: "tl-order-id" }, `#${o.id}`),
      h(
        "span",
        { class: "hidden" },
        ` Order ${o.id}, ${dayLong(t)}${cost ? `, fee ${cost}` : ""}${data.gap ? `, keeps ${duration(data.gap)} free on both sides` : ""}`,
      ),
    );
  }

  // ---- the stretch that one order keeps free, outlined while it is pointed at or focused
  const hideSpan = () => {
    for (const s of columns.querySelectorAll(".tl-span")) s.remove();
  };
  function showSpan(t, bad = false) {
    hideSpan();
    if (!data.gap) return;
    days().forEach((day, i) => {
      const s = stretch(day, t - data.gap, t + data.gap);
      if (s)
        columns.children[i]?.append(h("div", { class: `tl-span${bad ? " bad" : ""}`, style: s }));
    });
  }

  // ---- the ghost: where something would go, and whether it may
  const ghost = h("div", { class: "tl-ghost", "aria-hidden": "true" });
  function showGhost(t, self) {
    const i = days().findIndex(day => inDay(t, day));
    if (i < 0) {
      ghost.remove();
      return null;
    }
    const hit = conflictAt(t, data.orders, data.gap, self?.id);
    ghost.className = `tl-ghost${hit ? " bad" : ""}${self ? " solid" : ""}`;
    ghost.style.top = `${y(t)}px`;
    fill(
      ghost,
      h(
        "span",
        {},
        self ? icon(hit ? "alert" : "check", 14) : icon(hit ? "close" : "plus", 14),
        hit
          ? self
            ? `${clock(t)} taken`
            : `Free from ${clock(ceilTo(nextFree(t, data.orders, data.gap) ?? t, MINUTE))}`
          : `${clock(t)}${self ? ` ${title(self)}` : ""}`,
      ),
    );
    columns.children[i].append(ghost);
    return hit;
  }
  const hideGhost = () => ghost.remove();

  const at = e => {
    // pointer → {day, px} under it
    const cols = [...columns.children];
    const i = Math.max(
      0,
      Math.min(
        cols.length - 1,
        cols.findIndex(c => e.clientX < c.getBoundingClientRect().right) >= 0
          ? cols.findIndex(c => e.clientX < c.getBoundingClientRect().right)
          : cols.length - 1,
      ),
    );
    return { day: days()[i], px: e.clientY - columns.getBoundingClientRect().top };
  };
  const clamp = (t, day) => Math.max(day, Math.min(t, addDays(day, 1) - step()));

  columns.addEventListener("pointermove", e => {
    if (e.pointerType !== "mouse" || drag || pending) return;
    if (e.target.closest(".tl-order, .tl-crowd")) {
      hideGhost();
      return;
    }
    const p = at(e);
    showGhost(clamp(snap(timeAt(p.day, p.px)), p.day), null);
  });
  columns.addEventListener("pointerleave", () => {
    if (!drag && !pending) hideGhost();
  });
  columns.addEventListener("click", e => {
    if (dragged) {
      dragged = false;
      return;
    }
    if (e.target.closest(".tl-order, .tl-crowd")) return;
    const p = at(e);
    hideGhost();
    on.create(clamp(snap(timeAt(p.day, p.px)), p.day));
  });

  // ---- drag
  function startDrag(e, order) {
    if (e.button !== 0) return;
    dragged = false;
    const button = e.currentTarget,
      grab = e.clientY - button.getBoundingClientRect().top,
      start = { x: e.clientX, y: e.clientY };
    const touch = e.pointerType === "touch";
    let hold = 0,
      last = e,
      frame = 0;
    const begin = () => {
      drag = { order, t: Date.parse(order.datetime) };
      button.classList.add("is-lifted");
      el.classList.add("is-dragging");
      hideGhost();
      if (touch) navigator.vibrate?.(8);
    };
    const track = () => {
      if (!drag) return;
      const p = at(last);
      drag.t = clamp(snap(timeAt(p.day, p.px - grab)), p.day);
      showSpan(drag.t, Boolean(showGhost(drag.t, order)));
    };
    const scroll = () => {
      // near an edge the timeline follows
      if (!drag) return;
      const r = el.getBoundingClientRect(),
        up = r.top + head.offsetHeight + 28 - last.clientY,
        down = last.clientY - r.bottom + 28;
      if (up > 0 || down > 0) {
        el.scrollTop += up > 0 ? -Math.min(14, up / 3) : Math.min(14, down / 3);
        track();
      }
      frame = requestAnimationFrame(scroll);
    };
    const move = ev => {
      last = ev;
      const far = Math.hypot(ev.clientX - start.x, ev.clientY - start.y);
      if (!drag && !touch && far > 4) {
        begin();
        frame = requestAnimationFrame(scroll);
      }
      if (!drag && touch && far > 10) end(false);
      track();
    };
    const end = (drop, released = true) => {
      clearTimeout(hold);
      cancelAnimationFrame(frame);
      for (const [type, f] of listeners) removeEventListener(type, f, true);
      button.classList.remove("is-lifted");
      el.classList.remove("is-dragging");
      hideGhost();
      hideSpan();
      const d = drag;
      drag = null;
      if (!d) return;
      dragged = true;
      // Swallow only the click that this drag ends in; after Escape the button is let go some time later.
      const over = () =>
        setTimeout(() => {
          dragged = false;
        }, 0);
      if (released) over();
      else addEventListener("pointerup", over, { once: true, capture: true });
      if (drop && d.t !== Date.parse(order.datetime)) on.move(order, d.t);
    };
    const stay = ev => {
      if (drag) ev.preventDefault();
    }; // a held order moves; it does not scroll the page
    const listeners = [
      ["pointermove", move],
      ["pointerup", () => end(true)],
      ["pointercancel", () => end(false)],
      ["touchmove", stay],
      [
        "keydown",
        ev => {
          if (ev.key === "Escape" && drag) {
            ev.stopPropagation();
            ev.preventDefault();
            end(false, false);
          }
        },
      ],
      [
        "contextmenu",
        ev => {
          if (touch) ev.preventDefault();
        },
      ],
    ];
    for (const [type, f] of listeners) addEventListener(type, f, { capture: true, passive: false });
    if (touch)
      hold = setTimeout(() => {
        begin();
        frame = requestAnimationFrame(scroll);
        track();
      }, 350);
  }

  // ---- keyboard: steps add up, and are sent when the keys rest, on Enter, or when focus leaves
  function orderKey(e, order) {
    const t = pending?.t ?? Date.parse(order.datetime),
      s = step();
    const to = {
      ArrowUp: e.shiftKey ? t - HOUR : snap(t, s) < t ? snap(t, s) : snap(t - s, s),
      ArrowDown: e.shiftKey ? t + HOUR : snap(t, s) > t ? snap(t, s) : snap(t + s, s),
      ArrowLeft: addDays(t, -1),
      ArrowRight: addDays(t, 1),
    }[e.key];
    if (to !== undefined && !e.ctrlKey && !e.metaKey && !e.altKey) {
      e.preventDefault();
      clearTimeout(pending?.timer);
      pending = { order, t: to, timer: setTimeout(commit, 1000) };
      e.currentTarget.classList.add("is-lifted");
      const hit = showGhost(to, order) ?? conflictAt(to, data.orders, data.gap, order.id);
      showSpan(to, Boolean(hit));
      const px = y(to),
        view = {
          top: el.scrollTop,
          bottom: el.scrollTop + el.clientHeight - head.offsetHeight - 40,
        };
      if (px < view.top || px > view.bottom) el.scrollTop = px - el.clientHeight / 3;
      announce(`${when(to)}, ${hit ? `too close to order ${hit.id}` : "free"}`);
    } else if (e.key === "Escape" && pending) {
      e.preventDefault();
      cancelPending();
      announce("Not moved");
    } else if (e.key === "Delete" || e.key === "Backspace") {
      e.preventDefault();
      cancelPending();
      focusNear(order);
      on.remove(order);
    }
  }
  function commit() {
    const p = pending;
    cancelPending();
    if (p && p.t !== Date.parse(p.order.datetime)) on.move(p.order, p.t);
  }
  function cancelPending() {
    if (!pending) return;
    clearTimeout(pending.timer);
    byId(pending.order.id)?.classList.remove("is-lifted");
    pending = null;
    hideGhost();
    hideSpan();
  }
  function focusNear(order) {
    // after a delete, focus must not fall out of the page
    const all = [...columns.querySelectorAll(".tl-order")],
      i = all.findIndex(b => b.dataset.id === order.id);
    (all[i + 1] ?? all[i - 1] ?? el).focus({ preventScroll: true });
  }

  el.addEventListener(
    "wheel",
    e => {
      if (e.ctrlKey) {
        e.preventDefault();
        on.zoom(e.deltaY < 0 ? 1 : -1);
      }
    },
    { passive: false },
  );

  let width = 0;
  const resize = new ResizeObserver(() => {
    if (Math.abs(el.clientWidth - width) > 8) {
      const first = !width;
      width = el.clientWidth;
      if (!first && !drag) draw({});
    }
  });
  resize.observe(el);
  const ticking = setInterval(() => {
    const now = columns.querySelector(".tl-now");
    if (now) now.style.top = `${y(Date.now())}px`;
  }, 60_000);

  return {
    el: wrap,
    draw,
    /** Bring a time into view, a little below the top. */
    scrollTo(t) {
      el.scrollTop = Math.max(0, y(t) - data.hour * 1.5);
    },
    /** Keep the same moment in the middle while the scale changes. */
    rescale(hour) {
      const middle = (el.scrollTop + (el.clientHeight - head.offsetHeight) / 2) / data.hour;
      draw({ hour });
      el.scrollTop = middle * hour - (el.clientHeight - head.offsetHeight) / 2;
    },
    focus: id => byId(id)?.focus({ preventScroll: false }),
    close() {
      resize.disconnect();
      clearInterval(ticking);
      cancelPending();
    },
  };
}
