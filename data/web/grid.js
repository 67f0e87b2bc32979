// The geometry of the timeline: days as columns, hours down. Wall clock: on the day of a clock change
// an hour is where the clock says, like on paper.
import { addDays, startOfDay, MINUTE } from "./format.js";

const wallMinutes = t => {
  const d = new Date(t);
  return d.getHours() * 60 + d.getMinutes() + d.getSeconds() / 60;
};

export class Grid {
  /** from: the first day; days: how many; hour: the height of an hour in pixels. */
  constructor(from, days, hour) {
    this.from = from;
    this.days = days;
    this.hour = hour;
  }

  get list() {
    return Array.from({ length: this.days }, (_, i) => addDays(this.from, i));
  }
  get height() {
    return 24 * this.hour;
  }
  /** The smallest step of a drag or a key, in ms. */
  get step() {
    return (this.hour >= 90 ? 5 : 15) * MINUTE;
  }

  y(t) {
    return (wallMinutes(t) / 60) * this.hour;
  }
  timeAt(day, px) {
    return new Date(day).setMinutes(Math.round((px / this.hour) * 60));
  }
  /**
   * To the steps of the local clock: 15 minutes past, not 15 minutes after 1970 (some zones are 45
   * minutes off).
   */
  snap(t, step = this.step) {
    const day = startOfDay(t);
    return day + Math.round((t - day) / step) * step;
  }
  clamp(t, day) {
    return Math.max(day, Math.min(t, addDays(day, 1) - this.step));
  }
  isIn(t, day) {
    return t >= day && t < addDays(day, 1);
  }
  has(t) {
    return t >= this.from && t < addDays(this.from, this.days);
  }
  dayOf(t) {
    return this.list.findIndex(day => this.isIn(t, day));
  }

  /** The part of [from, to] within a day, as top and height; null if there is none. */
  stretch(day, from, to) {
    const end = addDays(day, 1),
      a = Math.max(from, day),
      b = Math.min(to, end);
    if (b <= a) return null;
    const top = a === day ? 0 : this.y(a),
      bottom = b === end ? this.height : this.y(b);
    return bottom > top ? { top: `${top}px`, height: `${bottom - top}px` } : null;
  }

  /** Items that overlap, in groups; each item gets a lane. `items`: [{top}], `chip`: their height. */
  lanes(items, chip) {
    const groups = [];
    const sorted = [...items].sort((a, b) => a.top - b.top);
    for (let i = 0; i < sorted.length;) {
      const ends = [];
      let j = i,
        bottom = -1;
      for (; j < sorted.length && (j === i || sorted[j].top < bottom); j++) {
        const isFree = end => sorted[j].top >= end;
        let lane = ends.findIndex(isFree);
        if (lane < 0) lane = ends.push(0) - 1;
        ends[lane] = sorted[j].top + chip + 2;
        sorted[j].lane = lane;
        bottom = Math.max(bottom, ends[lane]);
      }
      groups.push({ items: sorted.slice(i, j), lanes: ends.length });
      i = j;
    }
    return groups;
  }
}
