// What happens to orders on the desk: the form, moving, deleting, and what is said about it.
import { announce } from "./dom.js";
import { explain } from "./api.js";
import { HOUR, MINUTE, clock, iso, startOfDay, parseTime, when } from "./format.js";
import { toast } from "./toast.js";
import { orderForm } from "./order-form.js";
import { conflictDialog } from "./conflict.js";
import { nextFree, ceilTo } from "./slots.js";
import { byTime, timeOf } from "./order.js";
import { changeOrder, deleteOrder, readOrder, sendChange } from "./desk-data.js";

const BAD = { tone: "bad", seconds: 8 };

export class DeskActions {
  constructor(desk) {
    this.desk = desk;
  }

  // ---- the form

  form(options) {
    const { desk } = this;
    let { id } = options,
      isNew = false;
    desk.opened(id ?? "new");
    this.dialog = orderForm({
      services: desk.services,
      gap: desk.gap,
      remove: o => this.remove(o),
      open: o => this.edit(o),
      changed: () => !desk.closed && desk.refresh(),
      ...options,
      saved: (order, created) => {
        id = order.id;
        isNew = created;
        this.saved(order, created);
      },
      closed: () => {
        this.dialog = null;
        if (desk.closed) return;
        if (location.hash.startsWith("#desk")) desk.opened(null);
        // What opened the form may have been drawn again.
        if (isNew || document.activeElement === document.body) desk.focus(id);
      },
    });
  }
  edit(order) {
    this.form({ id: order.id });
  }
  create(time) {
    this.form({ time: time ?? this.defaultTime() });
  }
  close() {
    this.dialog?.close();
  }

  /**
   * Without a place pointed at: the next full hour that is free if now is shown or times are not,
   * else from nine on the first day that is shown.
   */
  defaultTime(now = Date.now()) {
    const { desk } = this;
    const isNow = !desk.isTimeline || desk.isShown(now);
    const from = isNow ? ceilTo(now, HOUR) : new Date(desk.from).setHours(9);
    const free = nextFree(from, desk.visible, desk.gap) ?? from;
    return ceilTo(free, 5 * MINUTE);
  }

  saved(order, created) {
    const { desk } = this;
    if (desk.closed) return;
    const t = timeOf(order),
      isShown = desk.isShown(t);
    const what = created
      ? `Order ${order.id} created${t === null ? ", without a time" : ""}`
      : `Order ${order.id} saved`;
    const show = {
      action: "Show",
      onaction: () => (t === null ? this.edit(order) : desk.goTo(order)),
    };
    toast(what, isShown ? {} : show);
    if (isShown && created) desk.reveal = order;
    this.replace(order);
    desk.refresh();
  }

  remove(order) {
    const { desk } = this;
    deleteOrder(order, () => {
      if (desk.closed) return;
      if (desk.list) desk.list.draw();
      else {
        desk.draw();
        desk.refresh();
      }
    });
  }

  replace(order) {
    const { desk } = this;
    desk.orders = byTime([...desk.orders.filter(o => o.id !== order.id), order]);
    desk.draw();
  }

  // ---- a drag or key press: until the server has decided, the order is drawn where it was put

  async move(order, t) {
    const { desk } = this,
      old = order.datetime;
    this.replace({ ...order, datetime: iso(t) });
    try {
      const moved = await this.send(order, iso(t));
      if (desk.closed) return;
      this.replace(moved);
      if (!desk.isShown(t)) {
        desk.at = startOfDay(t);
        desk.reveal = moved;
        desk.changed();
      }
      announce(`Order ${order.id} moved to ${when(t)}`);
      toast(`Order ${order.id} moved to ${when(t)}`, {
        action: "Undo",
        actionTestid: "desk-undo-move",
        onaction: () => this.undoMove(moved, old),
      });
    } catch (e) {
      if (desk.closed) return;
      this.replace(order);
      desk.refresh();
      this.notMoved(order, t, e);
    }
  }

  /** Changes the time of the order that was seen, not of one that somebody else has changed. */
  async send(order, datetime) {
    const seen = await readOrder(order.id);
    if (seen.body.updated_at !== order.updated_at)
      throw Object.assign(new Error(), { changed: true });
    return (await sendChange(() => changeOrder(order.id, { datetime }, seen.etag))).body;
  }

  notMoved(order, t, e) {
    if (e.code === "order_conflict")
      conflictDialog({
        refusal: e,
        asked: t,
        gap: this.desk.gap,
        take: next => this.move(order, next),
        other: () => this.edit(order),
        open: o => this.edit(o),
      });
    else if (e.changed || e.status === 412) {
      const changed = `Someone changed order ${order.id} in the meantime.`;
      toast(`${changed} It was not moved; this is their version.`, BAD);
    } else toast(explain(e), BAD);
  }

  async undoMove(order, old) {
    try {
      const moved = await this.send(order, old);
      if (this.desk.closed) return;
      this.replace(moved);
      this.desk.refresh();
    } catch (e) {
      const near = e.body?.conflicts_with;
      const taken = `Order ${order.id} cannot go back: ${clock(parseTime(old))} is too close to order ${near} now.`;
      toast(e.code === "order_conflict" ? taken : explain(e), BAD);
    }
  }
}
