// @ts-nocheck: to be split first
// Create or edit one order, in a dialog. Free times are offered before anything is tried, as in a booking page.
import { h, fill, uid } from "./dom.js";
import { icon } from "./icons.js";
import { explain, newKey, home } from "./api.js";
import {
  parseMoney,
  fromCents,
  toCents,
  localInput,
  clock,
  when,
  dayShort,
  startOfDay,
  addDays,
  utcOffset,
  MINUTE,
} from "./format.js";
import { ceilTo, conflictAt, nextFree, suggestions } from "./slots.js";
import {
  ordersBetween,
  readOrder,
  createOrder,
  changeOrder,
  flushDeletes,
  isDeleted,
} from "./desk-data.js";
import { conflictPanel } from "./conflict.js";
import { skeleton, failure } from "./states.js";

/** Options: id or time, services, gap, saved(order, created), remove(order), open(order), closed(). */
export function orderForm(options) {
  const before = document.activeElement,
    label = uid("form");
  const dialog = h("dialog", {
    "aria-labelledby": label,
    testid: "desk-form",
    onclose: () => {
      dialog.remove();
      if (before?.isConnected) before.focus();
      options.closed?.();
    },
  });
  // A click on the backdrop closes; one that began inside (selecting text) does not.
  let outside = false;
  dialog.addEventListener("pointerdown", e => {
    outside = e.target === dialog;
  });
  dialog.addEventListener("click", e => {
    if (outside && e.target === dialog) dialog.close();
  });
  const head = text =>
    h(
      "div",
      { class: "dialog-head" },
      h("h2", { id: label }, text),
      h(
        "button",
        {
          type: "button",
          class: "icon-button",
          "aria-label": "Close",
          onclick: () => dialog.close(),
        },
        icon("close"),
      ),
    );
  document.body.append(dialog);

  const load = async () => {
    fill(
      dialog,
      h(
        "div",
        { class: "sheet" },
        head(`Order ${options.id}`),
        h("div", { class: "dialog-body" }, skeleton(4)),
      ),
    );
    try {
      const r = await readOrder(options.id);
      if (dialog.isConnected) build(r.body, r.etag);
    } catch (e) {
      fill(
        dialog,
        h(
          "div",
          { class: "sheet" },
          head(`Order ${options.id}`),
          h("div", { class: "dialog-body" }, failure(e, load)),
        ),
      );
    }
  };
  const build = (order, etag) =>
    fill(dialog, formFor(order, etag, { ...options, dialog, head, reload: load }));
  if (options.id) load();
  else build(null, null);
  dialog.showModal();
  dialog.querySelector("[autofocus]")?.focus();
}

function formFor(order, etag, { time, services, gap, saved, remove, open, dialog, head, reload }) {
  const original = order?.datetime ? Date.parse(order.datetime) : null;
  // The input knows minutes; an exact time (the order's own, or next_available) is kept beside it until someone types.
  const state = {
    exact: order ? original : (time ?? null),
    kind: order?.product ? (order.services ? "both" : "product") : "services",
    chosen: new Set((order?.services ?? []).map(s => String(s.id))),
    key: null,
    near: [],
    nearKey: "",
    busy: false,
  };

  const ids = {
    at: uid("f"),
    fee: uid("f"),
    product: uid("f"),
    quantity: uid("f"),
    id: uid("f"),
    hint: uid("f"),
  };
  const input = (name, props) =>
    h("input", { class: "input", testid: `desk-form-${name}`, autocomplete: "off", ...props });
  const datetime = input("datetime", {
    id: ids.at,
    type: "datetime-local",
    "aria-describedby": ids.hint,
    value: state.exact === null ? "" : localInput(state.exact),
    oninput: () => {
      state.exact = datetime.value ? new Date(datetime.value).getTime() : null;
      clear();
      drawTimes();
    },
  });
  const totalfee = input("totalfee", {
    id: ids.fee,
    inputmode: "decimal",
    placeholder: "0.00",
    value: order?.totalfee === undefined ? "" : String(order.totalfee),
    oninput: () => clear(),
  });
  const product = input("product", {
    id: ids.product,
    maxlength: 200,
    value: order?.product ?? "",
    oninput: () => clear(),
  });
  const quantity = input("quantity", {
    id: ids.quantity,
    inputmode: "numeric",
    value: String(order?.quantity ?? 1),
    oninput: () => clear(),
  });
  const orderId = input("id", {
    id: ids.id,
    placeholder: "The next number",
    maxlength: 64,
    spellcheck: "false",
    oninput: () => clear(),
  });
  const hint = h("div", { class: "slot-hint", id: ids.hint, "aria-live": "polite" });
  const slots = h("div", { class: "slots" });
  const problem = h("div", { class: "form-problem", testid: "desk-message" });
  const save = h(
    "button",
    { class: "button primary", type: "submit", testid: "desk-save" },
    order ? "Save changes" : "Create order",
  );

  const checks = h(
    "div",
    { class: "chips service-chips" },
    services.length === 0
      ? h(
          "p",
          { class: "help" },
          "There are no services yet. ",
          h("a", { href: `${home}#services`, onclick: () => dialog.close() }, "Add one first."),
        )
      : services.map(s => {
          const b = h(
            "button",
            {
              type: "button",
              class: "chip",
              role: "checkbox",
              testid: `desk-form-service-${s.id}`,
              "aria-checked": String(state.chosen.has(String(s.id))),
              onclick: () => {
                const id = String(s.id);
                if (!state.chosen.delete(id)) state.chosen.add(id);
                b.setAttribute("aria-checked", String(state.chosen.has(id)));
                clear();
              },
            },
            s.name,
          );
          return b;
        }),
  );
  const servicePart = h(
    "fieldset",
    { class: "field" },
    h("legend", { class: "label" }, "Services"),
    checks,
  );
  const productPart = h(
    "div",
    { class: "pair wide-first" },
    h(
      "div",
      { class: "field" },
      h("label", { class: "label", for: ids.product }, "Product"),
      product,
    ),
    h(
      "div",
      { class: "field" },
      h("label", { class: "label", for: ids.quantity }, "Quantity"),
      quantity,
    ),
  );
  const feeNote = h("span", { class: "help" });
  const kinds = h(
    "div",
    { class: "segments", role: "group", "aria-label": "What is ordered" },
    [
      ["services", "Services"],
      ["product", "Product"],
      ["both", "Both"],
    ].map(([kind, text]) =>
      h(
        "button",
        {
          type: "button",
          testid: `desk-form-kind-${kind}`,
          "data-kind": kind,
          onclick: () => {
            state.kind = kind;
            clear();
            drawKind();
          },
        },
        text,
      ),
    ),
  );

  function drawKind() {
    for (const b of kinds.children)
      b.setAttribute("aria-pressed", String(b.dataset.kind === state.kind));
    servicePart.hidden = state.kind === "product";
    productPart.hidden = state.kind === "services";
    feeNote.textContent = state.kind === "product" ? "Optional" : "";
    drawTimes();
  }

  const clear = () => {
    fill(problem);
    for (const i of [datetime, totalfee, product, quantity, orderId])
      i.removeAttribute("aria-invalid");
    state.key = null;
  };
  const setTime = t => {
    state.exact = t;
    datetime.value = localInput(t);
    clear();
    drawTimes();
  };

  /** The day around the chosen time: is it free, and what else is. */
  async function drawTimes() {
    const t = state.exact;
    if (t === null || Number.isNaN(t)) {
      fill(
        hint,
        h(
          "span",
          { class: "help" },
          state.kind === "product"
            ? "Without a time it takes no slot."
            : "Choose a day to see what is free.",
        ),
      );
      fill(slots);
      return;
    }
    const day = startOfDay(t),
      key = String(day);
    if (state.nearKey !== key) {
      state.nearKey = key;
      try {
        state.near = (
          await ordersBetween(addDays(day, -1) - gap, addDays(day, 2) + gap * 2)
        ).orders.filter(o => !isDeleted(o.id));
      } catch {
        state.near = [];
        if (state.nearKey === key) state.nearKey = "";
      } // only a hint: saving says what is wrong
      if (state.exact === null || startOfDay(state.exact) !== day) return;
    }
    const now = state.exact,
      hit = now === original ? null : conflictAt(now, state.near, gap, order?.id);
    if (gap === 0) {
      fill(
        hint,
        h(
          "span",
          { class: "help" },
          "Any time is free: this server keeps no distance between orders.",
        ),
      );
      fill(slots);
      return;
    }
    if (now === original)
      fill(hint, h("span", { class: "help" }, icon("clock", 16), "As it is now"));
    else if (problem.querySelector(".conflict"))
      fill(hint); // said above already, with more detail
    else if (!hit) fill(hint, h("span", { class: "ok" }, icon("check", 16), "This time is free"));
    else {
      const next = ceilTo(nextFree(now, state.near, gap, order?.id) ?? now, MINUTE);
      fill(
        hint,
        h(
          "span",
          { class: "taken" },
          icon("alert", 16),
          `Order ${hit.id} at ${clock(Date.parse(hit.datetime))} is too close.`,
        ),
        h(
          "button",
          {
            type: "button",
            class: "link",
            testid: "desk-form-next-free",
            onclick: () => setTime(next),
          },
          `Use ${startOfDay(next) === day ? clock(next) : when(next)}`,
        ),
      );
    }
    const offers = suggestions(
      day,
      addDays(day, 1),
      state.near,
      gap,
      order?.id,
      innerWidth < 720 ? 12 : 21,
    );
    fill(
      slots,
      h(
        "span",
        { class: "help" },
        offers.length ? `Free on ${dayShort(day)}` : `Nothing is free on ${dayShort(day)}.`,
      ),
      offers.length > 0 &&
        h(
          "div",
          { class: "chips" },
          offers.map(s =>
            h(
              "button",
              {
                type: "button",
                class: "chip slot",
                testid: "desk-form-slot",
                "aria-pressed": String(s === now),
                onclick: () => setTime(s),
              },
              clock(s),
            ),
          ),
        ),
    );
  }

  function wrong(field, text) {
    fill(
      problem,
      h("div", { class: "note bad", role: "alert" }, icon("alert", 18), h("span", {}, text)),
    );
    field?.setAttribute("aria-invalid", "true");
    field?.focus();
    return null;
  }

  /** The whole order as the fields say it, or null after saying what is missing. */
  function read() {
    const value = {};
    if (state.kind !== "product") {
      if (!state.chosen.size) return wrong(null, "Choose at least one service.");
      value.services = [...state.chosen].map(id => ({ id }));
    }
    if (state.kind !== "services") {
      value.product = product.value.trim();
      if (!value.product) return wrong(product, "Name the product.");
      value.quantity = Number(quantity.value.trim());
      if (!/^\d{1,9}$/.test(quantity.value.trim()) || value.quantity < 1)
        return wrong(quantity, "The quantity is a whole number, at least 1.");
    }
    if (totalfee.value.trim()) {
      const cents = parseMoney(totalfee.value);
      if (cents === null)
        return wrong(
          totalfee,
          "The fee is an amount such as 100 or 99.50, with at most two decimals.",
        );
      value.totalfee = fromCents(cents);
    } else if (state.kind !== "product")
      return wrong(totalfee, "An order for services needs a fee. It may be 0.");
    if (state.exact !== null && !Number.isNaN(state.exact))
      value.datetime = new Date(state.exact).toISOString();
    else if (datetime.validity.badInput) return wrong(datetime, "Finish the date and the time.");
    else if (state.kind !== "product") return wrong(datetime, "Choose a date and a time.");
    return value;
  }

  /** Only what is different: an untouched time is not checked against its neighbours. */
  function difference(value) {
    const change = {};
    const sameServices =
      value.services &&
      order.services &&
      value.services.length === order.services.length &&
      value.services.every(s => order.services.some(o => String(o.id) === s.id));
    for (const f of ["services", "product", "quantity", "totalfee", "datetime"]) {
      if (value[f] === undefined) {
        if (order[f] !== undefined) change[f] = null;
      } else if (
        f === "services"
          ? !sameServices
          : f === "datetime"
            ? state.exact !== original
            : f === "totalfee"
              ? order.totalfee === undefined || toCents(value[f]) !== toCents(order[f])
              : value[f] !== order[f]
      )
        change[f] = value[f];
    }
    return change;
  }

  async function submit(exactTime) {
    if (state.busy) return;
    const value = read();
    if (!value) return;
    if (exactTime) value.datetime = exactTime;
    const body = order ? difference(value) : value;
    if (order && Object.keys(body).length === 0) {
      dialog.close();
      return;
    }
    if (!order && orderId.value.trim()) {
      body.id = orderId.value.trim();
      if (!/^[A-Za-z0-9._-]{1,64}$/.test(body.id))
        return wrong(orderId, "An id is made of letters, digits, dots, dashes and underscores.");
    }
    state.busy = true;
    save.disabled = true;
    save.textContent = "Saving…";
    fill(problem);
    try {
      await flushDeletes();
      const r = order
        ? await changeOrder(order.id, body, etag)
        : await createOrder(body, (state.key ??= newKey()));
      saved(r.body, !order);
      dialog.close();
      return;
    } catch (e) {
      if (!e.retryable) state.key = null;
      if (e.code === "order_conflict") {
        const panel = await conflictPanel({
          refusal: e,
          asked: Date.parse(body.datetime),
          gap,
          take: next => {
            setTime(Date.parse(next));
            submit(next);
          },
          other: () => {
            fill(problem);
            datetime.focus();
          },
          open: o => {
            dialog.close();
            open(o);
          },
        });
        fill(problem, panel);
        problem.scrollIntoView({ block: "nearest" });
        panel.querySelector('[data-testid="desk-next-available"]')?.focus();
        state.nearKey = "";
        drawTimes();
      } else if (e.status === 412) {
        fill(
          problem,
          h(
            "div",
            { class: "note warn", role: "alert", testid: "desk-stale" },
            icon("alert", 18),
            h("span", {}, "Someone changed this order after you opened it. Nothing was saved."),
            h("button", { type: "button", class: "link", onclick: reload }, "Load their version"),
          ),
        );
      } else if (e.status === 0 && !order)
        wrong(
          null,
          "The answer was lost on the way. Saving again is safe: the order is not created twice.",
        );
      else wrong({ totalfee, product, quantity, datetime, id: orderId }[e.body?.field], explain(e));
    }
    state.busy = false;
    save.disabled = false;
    save.textContent = order ? "Save changes" : "Create order";
  }

  drawKind();
  return h(
    "form",
    {
      novalidate: true,
      onsubmit: e => {
        e.preventDefault();
        submit();
      },
    },
    head(order ? `Order ${order.id}` : "New order"),
    h(
      "div",
      { class: "dialog-body" },
      problem,
      h(
        "div",
        { class: "field" },
        h(
          "label",
          { class: "label", for: ids.at },
          "Date and time ",
          h("span", { class: "help" }, utcOffset(state.exact ?? Date.now())),
        ),
        datetime,
        hint,
        slots,
      ),
      kinds,
      servicePart,
      productPart,
      h(
        "div",
        { class: "field half" },
        h("label", { class: "label", for: ids.fee }, "Total fee ", feeNote),
        totalfee,
      ),
      !order &&
        h(
          "details",
          { class: "more-fields" },
          h("summary", {}, "Choose the id yourself"),
          h(
            "div",
            { class: "field half" },
            h("label", { class: "label", for: ids.id }, "Order id"),
            orderId,
          ),
        ),
      order?.updated_at &&
        h(
          "p",
          { class: "help" },
          `Created ${when(Date.parse(order.created_at))}. Last changed ${when(Date.parse(order.updated_at))}.`,
        ),
    ),
    h(
      "div",
      { class: "dialog-foot" },
      order &&
        h(
          "button",
          {
            type: "button",
            class: "button danger",
            testid: "desk-delete",
            onclick: () => {
              dialog.close();
              remove(order);
            },
          },
          icon("trash", 18),
          "Delete",
        ),
      h(
        "button",
        { type: "button", class: "button push", onclick: () => dialog.close() },
        "Cancel",
      ),
      save,
    ),
  );
}
