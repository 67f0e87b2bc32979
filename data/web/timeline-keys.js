// The timeline by keyboard. On an order: arrows move it (Shift for an hour, left and right for a day),
// Enter opens, Delete deletes, Escape takes the move back. On the timeline itself: arrows point at a
// time and say whether it is free, Page Up and Down go to the free stretches, Enter creates there.
import { announce } from "./dom.js";
import { HOUR, MINUTE, addDays, when } from "./format.js";
import { ceilTo, conflictAt, free } from "./slots.js";
import { timeOf } from "./order.js";

const REST = 1000; // ms without a key after which a move is sent

export class TimelineKeys {
  pending = null; // a move that is not sent yet: {order, t, timer}
  point = null; // the time that is pointed at

  constructor(timeline) {
    this.timeline = timeline;
    timeline.scroller.addEventListener("keydown", e => {
      if (e.target === timeline.scroller) this.pointKey(e);
    });
    timeline.scroller.addEventListener("blur", () => this.unpoint());
  }

  /** Where a key leads from t; undefined if it is no key that moves. */
  target(e, t) {
    const { grid } = this.timeline,
      { step } = grid,
      here = grid.snap(t);
    if (e.ctrlKey || e.metaKey || e.altKey) return undefined;
    if (e.key === "ArrowUp") {
      if (e.shiftKey) return t - HOUR;
      return here < t ? here : grid.snap(t - step);
    }
    if (e.key === "ArrowDown") {
      if (e.shiftKey) return t + HOUR;
      return here > t ? here : grid.snap(t + step);
    }
    if (e.key === "ArrowLeft") return addDays(t, -1);
    if (e.key === "ArrowRight") return addDays(t, 1);
    return undefined;
  }

  // ---- on an order: steps add up, and are sent when the keys rest, on Enter, or when focus leaves

  order(e, order) {
    const t = this.target(e, this.pending?.t ?? timeOf(order));
    if (t !== undefined) {
      e.preventDefault();
      this.moveTo(e.currentTarget, order, t);
    } else if (e.key === "Escape" && this.pending) {
      e.preventDefault();
      this.cancel();
      announce("Not moved");
    } else if (e.key === "Delete") {
      e.preventDefault();
      this.cancel();
      this.focusNear(order);
      this.timeline.on.remove(order);
    }
  }

  moveTo(button, order, t) {
    const { timeline } = this;
    clearTimeout(this.pending?.timer);
    this.pending = { order, t, timer: setTimeout(() => this.commit(), REST) };
    button.classList.add("is-lifted");
    const { orders, gap } = timeline;
    const hit = timeline.showGhost(t, order) ?? conflictAt(t, orders, gap, order.id);
    timeline.showSpan(t, Boolean(hit));
    if (!timeline.isInView(t)) timeline.scrollTo(t);
    announce(`${when(t)}, ${hit ? `too close to order ${hit.id}` : "free"}`);
  }

  commit() {
    const moved = this.pending;
    this.cancel();
    if (moved && moved.t !== timeOf(moved.order)) this.timeline.on.move(moved.order, moved.t);
  }

  cancel() {
    if (!this.pending) return;
    clearTimeout(this.pending.timer);
    this.timeline.byId(this.pending.order.id)?.classList.remove("is-lifted");
    this.pending = null;
    this.timeline.hideGhost();
    this.timeline.hideSpan();
  }

  /** After a delete, focus must not fall out of the page. */
  focusNear(order) {
    const { columns, scroller } = this.timeline;
    /** @type {HTMLElement[]} */
    const all = [...columns.querySelectorAll(".tl-order")].map(b => /** @type {any} */ (b));
    const i = all.findIndex(b => b.dataset.id === order.id);
    (all[i + 1] ?? all[i - 1] ?? scroller).focus({ preventScroll: true });
  }

  // ---- on the timeline itself: a time is pointed at

  pointKey(e) {
    const { timeline } = this;
    const from = this.point ?? this.firstPoint();
    const stretch = e.key === "PageDown" ? 1 : e.key === "PageUp" ? -1 : 0;
    const t = stretch ? this.nextStretch(from, stretch) : this.target(e, from);
    if (t !== undefined) {
      e.preventDefault();
      this.pointAt(this.point === null && !stretch ? from : t);
    } else if (e.key === "Enter" && this.point !== null) {
      e.preventDefault();
      timeline.on.create(this.point);
    } else if (e.key === "Escape" && this.point !== null) {
      e.preventDefault();
      this.unpoint();
    }
  }

  firstPoint() {
    const { grid, top } = this.timeline;
    return grid.snap(grid.timeAt(grid.from, (Math.ceil(top) + 1) * grid.hour), HOUR);
  }

  pointAt(t) {
    const { timeline } = this;
    if (!timeline.grid.has(t)) return;
    this.point = t;
    const hit = timeline.showGhost(t, null);
    if (!timeline.isInView(t)) timeline.scrollTo(t);
    announce(`${when(t)}, ${hit ? `too close to order ${hit.id}` : "free"}`);
  }

  unpoint() {
    this.point = null;
    if (!this.timeline.drag && !this.pending) this.timeline.hideGhost();
  }

  /** Where the next free stretch of what is shown begins, or the one before. */
  nextStretch(t, direction) {
    const { grid, orders, gap } = this.timeline;
    const end = addDays(grid.from, grid.days);
    const starts = free(grid.from, end, orders, gap).map(r => ceilTo(r.from, MINUTE));
    const found = direction > 0 ? starts.find(s => s > t) : starts.filter(s => s < t).at(-1);
    return found ?? t;
  }
}
