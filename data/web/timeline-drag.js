// Dragging an order on the timeline: with the mouse immediately, with a finger after holding it.
import { timeOf } from "./order.js";

const HOLD = 350; // ms that a finger rests before an order is lifted

export function startDrag(timeline, e, order) {
  if (e.button === 0) new Drag(timeline, e, order).listen();
}

class Drag {
  hold = 0;
  frame = 0;

  constructor(timeline, e, order) {
    const button = e.currentTarget;
    this.timeline = timeline;
    this.order = order;
    this.button = button;
    this.last = e;
    this.grab = e.clientY - button.getBoundingClientRect().top;
    this.start = { x: e.clientX, y: e.clientY };
    this.isTouch = e.pointerType === "touch";
    timeline.dragged = false;
  }

  listen() {
    /** @type {[string, (e: any) => void][]} */
    this.listeners = [
      ["pointermove", e => this.move(e)],
      ["pointerup", () => this.end(true)],
      ["pointercancel", () => this.end(false)],
      // A held order moves; it does not scroll the page.
      ["touchmove", e => this.isOn && e.preventDefault()],
      ["contextmenu", e => this.isTouch && e.preventDefault()],
      ["keydown", e => this.key(e)],
    ];
    for (const [type, f] of this.listeners)
      addEventListener(type, f, { capture: true, passive: false });
    if (this.isTouch)
      this.hold = setTimeout(() => {
        this.begin();
        this.track();
      }, HOLD);
  }

  get isOn() {
    return this.timeline.drag === this;
  }

  begin() {
    const { timeline } = this;
    timeline.drag = this;
    this.t = timeOf(this.order);
    this.button.classList.add("is-lifted");
    timeline.scroller.classList.add("is-dragging");
    timeline.hideGhost();
    if (this.isTouch) navigator.vibrate?.(8);
    this.frame = requestAnimationFrame(() => this.scroll());
  }

  /** The card itself is under the pointer. */
  track() {
    if (!this.isOn) return;
    const { timeline, order, button } = this;
    this.t = timeline.timeUnder(this.last, this.grab);
    const { day } = timeline.at(this.last);
    const column = timeline.columns.children[timeline.grid.dayOf(day)];
    const home = button.parentElement.getBoundingClientRect();
    const dx = column ? column.getBoundingClientRect().left - home.left : 0;
    const dy = timeline.grid.y(this.t) - parseFloat(button.style.top);
    button.style.transform = `translate(${dx}px, ${dy}px)`;
    const hit = timeline.showGhost(this.t, order);
    button.classList.toggle("is-bad", Boolean(hit));
    timeline.showSpan(this.t, Boolean(hit));
  }

  /** Near an edge the timeline follows. */
  scroll() {
    if (!this.isOn) return;
    const { scroller, head } = this.timeline,
      box = scroller.getBoundingClientRect();
    const up = box.top + head.offsetHeight + 28 - this.last.clientY,
      down = this.last.clientY - box.bottom + 28;
    if (up > 0) scroller.scrollTop -= Math.min(14, up / 3);
    else if (down > 0) scroller.scrollTop += Math.min(14, down / 3);
    if (up > 0 || down > 0) this.track();
    this.frame = requestAnimationFrame(() => this.scroll());
  }

  move(e) {
    this.last = e;
    const far = Math.hypot(e.clientX - this.start.x, e.clientY - this.start.y);
    if (!this.isOn && !this.isTouch && far > 4) this.begin();
    if (!this.isOn && this.isTouch && far > 10) this.end(false);
    this.track();
  }

  key(e) {
    if (e.key !== "Escape" || !this.isOn) return;
    e.stopPropagation();
    e.preventDefault();
    this.end(false, false);
  }

  end(drop, released = true) {
    const { timeline, order, button } = this,
      wasOn = this.isOn;
    clearTimeout(this.hold);
    cancelAnimationFrame(this.frame);
    for (const [type, f] of this.listeners) removeEventListener(type, f, { capture: true });
    button.classList.remove("is-lifted", "is-bad");
    button.style.transform = "";
    timeline.scroller.classList.remove("is-dragging");
    timeline.hideGhost();
    timeline.hideSpan();
    if (!wasOn) return;
    timeline.drag = null;
    timeline.dragged = true;
    // Swallow only the click that this drag ends in; after Escape the button is let go later.
    const over = () =>
      setTimeout(() => {
        timeline.dragged = false;
      }, 0);
    if (released) over();
    else addEventListener("pointerup", over, { once: true, capture: true });
    if (drop && this.t !== timeOf(order)) timeline.on.move(order, this.t);
  }
}
