// Create or edit one order, in a dialog. Free times are offered before anything is tried, as in a
// booking page.
import { h, fill, find, uid } from "./dom.js";
import { icon } from "./icons.js";
import { explain, newKey, home, lostWords } from "./api.js";
import { localInput, moneyInput, parseTime, toCents, utcOffset, when } from "./format.js";
import { checkChip, segments } from "./fields.js";
import { openDialog } from "./dialog.js";
import { conflictPanel } from "./conflict.js";
import { skeleton, failure } from "./states.js";
import { difference, timeOf } from "./order.js";
import { limits, loadLimits } from "./limits.js";
import { readOrder, createOrder, changeOrder, sendChange } from "./desk-data.js";
import { OrderSlots } from "./order-slots.js";
import { readOrderFields } from "./order-fields.js";
import { takeBack } from "./take-back.js";

/**
 * Options: id or time, services, gap, saved(order, created), remove(order), open(order), closed(),
 * changed() after something was taken back.
 */
export function orderForm(options) {
  const view = { form: null };
  const dialog = openDialog({
    title: options.id ? `Order ${options.id}` : "New order",
    className: "order-dialog",
    testid: "desk-form",
    isDirty: () => view.form?.isDirty() ?? false,
    closed: () => {
      view.form?.cancelled();
      options.closed?.();
    },
  });
  const load = async () => {
    fill(dialog.content, h("div", { class: "dialog-body" }, skeleton(4)));
    try {
      const r = await readOrder(options.id);
      if (dialog.el.isConnected) build(r.body, r.etag);
    } catch (e) {
      fill(dialog.content, h("div", { class: "dialog-body" }, failure(e, load)));
    }
  };
  const build = (order, etag) => {
    view.form = new OrderForm(order, etag, { ...options, dialog, reload: load });
    fill(dialog.content, view.form.el);
    find(view.form.el, "input").focus();
  };
  loadLimits();
  if (options.id) load();
  else build(null, null);
  return dialog;
}

const kindOf = order => {
  if (!order?.product) return "services";
  return order.services ? "both" : "product";
};

class OrderForm {
  key = null;
  busy = false;
  isCancelled = false;

  constructor(order, etag, options) {
    this.order = order;
    this.etag = etag;
    this.options = options;
    const { time, services, gap } = options;
    // The input knows minutes; an exact time (the order's own) is kept until somebody types.
    this.exact = order ? timeOf(order) : (time ?? null);
    this.kind = kindOf(order);
    this.chosen = new Set((order?.services ?? []).map(s => String(s.id)));
    this.slots = new OrderSlots({ gap, order, set: t => this.setTime(t) });
    this.problem = h("div", { class: "form-problem", testid: "desk-message", id: uid("problem") });
    this.makeInputs();
    this.makeParts(services);
    this.el = this.layout();
    this.drawKind();
    this.before = this.typed();
  }

  // ---- drawing

  makeInputs() {
    const { order } = this;
    const clear = () => this.clear();
    const input = (name, props) =>
      h("input", {
        class: "input",
        id: uid("f"),
        testid: `desk-form-${name}`,
        autocomplete: "off",
        oninput: clear,
        ...props,
      });
    const at = this.exact === null ? "" : localInput(this.exact);
    const describedBy = { "aria-describedby": this.slots.hint.id };
    this.inputs = {
      datetime: input("datetime", {
        type: "datetime-local",
        value: at,
        ...describedBy,
        oninput: () => this.timeTyped(),
      }),
      totalfee: input("totalfee", {
        inputmode: "decimal",
        placeholder: moneyInput(0),
        value: order?.totalfee === undefined ? "" : moneyInput(toCents(order.totalfee)),
      }),
      product: input("product", { maxlength: limits.name, value: order?.product ?? "" }),
      quantity: input("quantity", { inputmode: "numeric", value: String(order?.quantity ?? 1) }),
      id: input("id", { placeholder: "The next number", spellcheck: "false" }),
    };
    this.save = h("button", { class: "button primary", type: "submit", testid: "desk-save" });
    this.drawSave();
  }

  makeParts(services) {
    const { inputs } = this;
    const label = (name, text, ...more) =>
      h("label", { class: "label", for: inputs[name].id }, text, more);
    const field = (name, text, ...more) =>
      h("div", { class: "field", "data-field": name }, label(name, text, more), inputs[name]);
    this.feeNote = h("span", { class: "help" });
    this.kinds = segments(
      "What is ordered",
      [
        { value: "services", text: "Services", testid: "desk-form-kind-services" },
        { value: "product", text: "Product", testid: "desk-form-kind-product" },
        { value: "both", text: "Both", testid: "desk-form-kind-both" },
      ],
      this.kind,
      kind => {
        this.kind = kind;
        this.clear();
        this.drawKind();
      },
    );
    this.servicePart = h(
      "fieldset",
      { class: "field", "data-field": "services" },
      h("legend", { class: "label" }, "Services"),
      this.serviceChips(services),
    );
    this.productPart = h(
      "div",
      { class: "pair wide-first" },
      field("product", "Product"),
      field("quantity", "Quantity"),
    );
    this.feePart = field("totalfee", "Total fee ", this.feeNote);
    this.idPart = h(
      "details",
      { class: "more-fields" },
      h("summary", {}, "Choose the id yourself"),
      field("id", "Order id"),
    );
    const zone = h("span", { class: "help" }, utcOffset(this.exact ?? Date.now()));
    this.timePart = field("datetime", "Date and time ", zone);
    this.timePart.append(this.slots.hint, this.slots.offers);
  }

  serviceChips(services) {
    if (services.length === 0)
      return h(
        "p",
        { class: "help" },
        "There are no services yet. ",
        h("a", { href: `${home}#desk?view=services`, onclick: () => this.options.dialog.close() }, [
          "Add one first.",
        ]),
      );
    const chip = s => {
      const id = String(s.id);
      return checkChip(s.name, this.chosen.has(id), `desk-form-service-${id}`, checked => {
        if (checked) this.chosen.add(id);
        else this.chosen.delete(id);
        this.clear();
      });
    };
    return h("div", { class: "chips service-chips" }, services.map(chip));
  }

  layout() {
    const { order, options } = this;
    const changedAt = t => when(parseTime(t));
    const onsubmit = e => {
      e.preventDefault();
      this.submit();
    };
    const remove = () => {
      options.dialog.close();
      options.remove(order);
    };
    return h(
      "form",
      { novalidate: true, onsubmit },
      h(
        "div",
        { class: "dialog-body order-form" },
        h("div", { class: "order-form-when" }, this.timePart),
        h(
          "div",
          { class: "order-form-what" },
          this.kinds.el,
          this.servicePart,
          this.productPart,
          this.feePart,
          !order && this.idPart,
          order?.updated_at &&
            h("p", { class: "help" }, [
              `Created ${changedAt(order.created_at)}. Last changed ${changedAt(order.updated_at)}.`,
            ]),
        ),
        this.problem,
      ),
      h(
        "div",
        { class: "dialog-foot" },
        order &&
          h(
            "button",
            { type: "button", class: "button danger", testid: "desk-delete", onclick: remove },
            icon("trash", 18),
            "Delete",
          ),
        h(
          "button",
          {
            type: "button",
            class: "button push",
            testid: "desk-cancel",
            onclick: options.dialog.close,
          },
          "Cancel",
        ),
        this.save,
      ),
    );
  }

  drawSave() {
    this.save.disabled = this.busy;
    if (this.busy) this.save.textContent = "Saving…";
    else this.save.textContent = this.order ? "Save changes" : "Create order";
  }

  drawKind() {
    this.kinds.set(this.kind);
    this.servicePart.hidden = this.kind === "product";
    this.productPart.hidden = this.kind === "services";
    this.feeNote.textContent = this.kind === "product" ? "Optional" : "";
    this.drawTimes();
  }

  drawTimes() {
    const said = find(this.problem, ".conflict") !== null;
    this.slots.draw(this.exact, { optional: this.kind === "product", said });
  }

  // ---- what was typed

  /** Everything that somebody may have typed, as a text to compare. */
  typed() {
    const values = Object.values(this.inputs).map(input => input.value);
    return JSON.stringify([values, this.kind, [...this.chosen].sort()]);
  }
  isDirty() {
    return !this.busy && this.typed() !== this.before;
  }

  clear() {
    fill(this.problem);
    for (const el of this.el.querySelectorAll("[aria-invalid]")) el.removeAttribute("aria-invalid");
    this.key = null;
  }

  timeTyped() {
    const { value } = this.inputs.datetime;
    this.exact = value ? new Date(value).getTime() : null;
    this.clear();
    this.drawTimes();
  }

  setTime(t) {
    this.exact = t;
    this.inputs.datetime.value = localInput(t);
    this.clear();
    this.drawTimes();
  }

  /** Says what is wrong under the field that it is about, and goes there. */
  wrong(name, text) {
    const field = this.el.querySelector(`[data-field="${name}"]`);
    const input = this.inputs[name] ?? field?.querySelector("input");
    (field ?? find(this.el, ".dialog-body")).append(this.problem);
    fill(
      this.problem,
      h("div", { class: "note bad", role: "alert" }, icon("alert", 18), h("span", {}, text)),
    );
    (name === "services" ? field : input)?.setAttribute("aria-invalid", "true");
    input?.setAttribute("aria-describedby", this.problem.id);
    if (input?.closest("details")) input.closest("details").open = true;
    input?.focus({ preventScroll: true });
    (field ?? this.problem).scrollIntoView({ block: "nearest" });
    this.problem.scrollIntoView({ block: "nearest" });
  }

  // ---- saving

  /** What to send, or null after saying what is wrong. */
  read() {
    const { value, wrong } = readOrderFields(this);
    if (wrong) {
      this.wrong(wrong.field, wrong.text);
      return null;
    }
    return this.order ? difference(this.order, value) : value;
  }

  async submit() {
    if (this.busy) return;
    const body = this.read(),
      { order, options } = this;
    if (!body) return;
    if (order && Object.keys(body).length === 0) return options.dialog.close();
    this.busy = true;
    this.drawSave();
    fill(this.problem);
    try {
      const r = await sendChange(() => this.send(body));
      this.busy = false;
      if (this.isCancelled) return takeBack(order, r, options.changed);
      options.saved(r.body, !order);
      options.dialog.close();
      return;
    } catch (e) {
      this.busy = false;
      if (this.isCancelled) return;
      await this.refused(e, body);
    }
    this.drawSave();
  }

  async send(body) {
    const { order, etag } = this;
    if (order) return changeOrder(order.id, body, etag);
    try {
      return await createOrder(body, (this.key ??= newKey()));
    } catch (e) {
      if (!e.retryable) this.key = null; // the next try is another intention
      throw e;
    }
  }

  /** Closed while it was being saved: what is saved by then is taken back. */
  cancelled() {
    this.isCancelled = this.busy;
  }

  async refused(e, body) {
    const isLost = e.status === 0 && !this.order;
    if (e.code === "order_conflict") await this.showConflict(e, body);
    else if (e.status === 412) this.showStale();
    else if (isLost)
      this.wrong(null, lostWords("Saving again is safe: the order is not created twice."));
    else this.wrong(e.body?.field ?? null, explain(e));
  }

  async showConflict(refusal, body) {
    const { dialog, gap, open } = this.options;
    const panel = await conflictPanel({
      refusal,
      asked: parseTime(body.datetime),
      gap,
      take: t => {
        this.setTime(t);
        this.submit();
      },
      other: () => {
        fill(this.problem);
        this.inputs.datetime.focus();
      },
      open: o => {
        dialog.close();
        open(o);
      },
    });
    this.slots.hint.before(this.problem);
    fill(this.problem, panel);
    this.problem.scrollIntoView({ block: "nearest" });
    find(panel, '[data-testid="desk-next-available"]')?.focus();
    this.slots.forget();
    this.drawTimes();
  }

  showStale() {
    const reload = { type: "button", class: "link", onclick: this.options.reload };
    find(this.el, ".dialog-body").append(this.problem);
    fill(
      this.problem,
      h(
        "div",
        { class: "note warn", role: "alert", testid: "desk-stale" },
        icon("alert", 18),
        h("span", {}, "Someone changed this order after you opened it. Nothing was saved."),
        h("button", reload, "Load their version"),
      ),
    );
    this.problem.scrollIntoView({ block: "nearest" });
  }
}
