// @ts-nocheck: to be split first
// All orders as records, a page at a time. Pages are keyset pages from the server, so the thousandth is as quick as the first.
import { h, fill } from "./dom.js";
import { icon } from "./icons.js";
import { get, explain } from "./api.js";
import { dayYear, clock, iso, parseDay, addDays, when } from "./format.js";
import { skeleton, empty, failure } from "./states.js";
import { title, fee, isDeleted, readOrder } from "./desk-data.js";

const PAGE = 50;

/** What it calls: on.open(order), on.remove(order), on.show(order), on.create(). */
export function createList(on, services, filter = {}) {
  const state = {
    service: "",
    from: "",
    to: "",
    ...filter,
    back: [],
    here: null,
    next: null,
    orders: [],
    seq: 0,
  };
  const results = h("div", { "aria-live": "off" }),
    pager = h("nav", { class: "pager", "aria-label": "Pages of orders" });
  const select = h(
    "select",
    {
      class: "input",
      "aria-label": "Service",
      onchange: () => {
        state.service = select.value;
        restart();
      },
    },
    h("option", { value: "" }, "Any service"),
    services.map(s =>
      h("option", { value: s.id, selected: String(s.id) === state.service }, s.name),
    ),
  );
  const date = (name, label) =>
    h(
      "label",
      { class: "inline-field" },
      h("span", { class: "help" }, label),
      h("input", {
        class: "input",
        type: "date",
        value: state[name],
        onchange: e => {
          state[name] = e.target.value;
          restart();
        },
      }),
    );
  const findInput = h("input", {
    class: "input",
    type: "search",
    placeholder: "Order id",
    "aria-label": "Find an order by its id",
    testid: "desk-find",
  });
  const findError = h("span", { class: "field-error", role: "alert" });
  const find = h(
    "form",
    {
      class: "find",
      onsubmit: async e => {
        e.preventDefault();
        const id = findInput.value.trim();
        findError.textContent = "";
        if (!id) return;
        try {
          on.open((await readOrder(id)).body);
        } catch (error) {
          findError.textContent =
            error.status === 404 ? `There is no order ${id}.` : explain(error);
        }
      },
    },
    findInput,
    h("button", { class: "button", type: "submit" }, icon("search", 18), "Find"),
    findError,
  );
  const el = h(
    "div",
    { class: "order-list", testid: "desk-list" },
    h("div", { class: "filters" }, select, date("from", "From"), date("to", "Until"), find),
    results,
    pager,
  );

  function first() {
    const q = new URLSearchParams({ limit: String(PAGE) });
    if (state.service) q.set("service_id", state.service);
    if (parseDay(state.from) !== null) q.set("from", iso(parseDay(state.from)));
    if (parseDay(state.to) !== null) q.set("to", iso(addDays(parseDay(state.to), 1)));
    return "/orders?" + q;
  }
  function restart() {
    state.back = [];
    state.here = first();
    load(true);
  }

  async function load(blank) {
    const seq = ++state.seq;
    if (blank) {
      fill(results, skeleton(8, "rows"));
      fill(pager);
    } else results.setAttribute("aria-busy", "true");
    try {
      const r = await get(state.here);
      if (seq !== state.seq) return;
      state.orders = r.body;
      state.next = r.next;
      draw();
    } catch (e) {
      if (seq === state.seq) {
        fill(
          results,
          failure(e, () => load(true)),
        );
        fill(pager);
      }
    }
    results.removeAttribute("aria-busy");
  }

  const focus = id =>
    results
      .querySelector(`[data-testid="desk-row-${CSS.escape(id)}"] .row-open`)
      ?.focus({ preventScroll: true });

  function draw() {
    const held = results.contains(document.activeElement)
      ? document.activeElement.closest("tr")?.dataset.id
      : null;
    drawRows();
    if (held) {
      focus(held);
      if (document.activeElement === document.body)
        (results.querySelector(".row-open") ?? findInput).focus({ preventScroll: true });
    }
  }
  function drawRows() {
    const orders = state.orders.filter(o => !isDeleted(o.id)),
      filtered = state.service || state.from || state.to;
    if (!orders.length && !state.back.length) {
      fill(
        results,
        filtered
          ? empty("search", "No orders match", "Change the service or the dates.")
          : empty(
              "desk",
              "No orders yet",
              "Create the first one, here or through the API.",
              h(
                "button",
                { class: "button primary", type: "button", onclick: on.create },
                icon("plus", 18),
                "New order",
              ),
            ),
      );
    } else {
      const row = o => {
        const t = o.datetime ? Date.parse(o.datetime) : null;
        return h(
          "tr",
          { testid: `desk-row-${o.id}`, "data-id": o.id },
          h(
            "td",
            { class: "cell-when" },
            t === null
              ? h("span", { class: "help" }, "No time")
              : [h("span", {}, dayYear(t)), h("strong", {}, clock(t))],
          ),
          h(
            "td",
            { class: "cell-id" },
            h(
              "button",
              {
                type: "button",
                class: "link row-open",
                onclick: () => on.open(o),
                "aria-label": `Edit order ${o.id}`,
              },
              `#${o.id}`,
            ),
          ),
          h("td", { class: "cell-what" }, title(o)),
          h("td", { class: "cell-fee num" }, fee(o)),
          h("td", { class: "cell-changed help" }, when(Date.parse(o.updated_at))),
          h(
            "td",
            { class: "cell-actions" },
            t !== null &&
              h(
                "button",
                {
                  type: "button",
                  class: "icon-button",
                  "aria-label": `Show order ${o.id} on the timeline`,
                  title: "Show on the timeline",
                  onclick: () => on.show(o),
                },
                icon("desk", 18),
              ),
            h(
              "button",
              {
                type: "button",
                class: "icon-button",
                "aria-label": `Delete order ${o.id}`,
                title: "Delete",
                onclick: () => on.remove(o),
              },
              icon("trash", 18),
            ),
          ),
        );
      };
      fill(
        results,
        h(
          "div",
          { class: "panel table-panel" },
          h(
            "table",
            { class: "records" },
            h("caption", { class: "hidden" }, "Orders by time; those without a time come last"),
            h(
              "thead",
              {},
              h(
                "tr",
                {},
                ["When", "Order", "What"].map(t => h("th", { scope: "col" }, t)),
                h("th", { scope: "col", class: "num" }, "Fee"),
                h("th", { scope: "col", class: "cell-changed" }, "Last changed"),
                h("th", { scope: "col" }, h("span", { class: "hidden" }, "Actions")),
              ),
            ),
            h("tbody", {}, orders.map(row)),
          ),
        ),
      );
    }
    const turn = (to, push) => {
      if (push) state.back.push(state.here);
      state.here = to;
      load(false).then(() => {
        el.scrollIntoView({ block: "start" });
      });
    };
    const from = state.back.length * PAGE + 1;
    fill(
      pager,
      (state.back.length > 0 || state.next) && [
        h(
          "button",
          {
            type: "button",
            class: "button",
            testid: "desk-previous-page",
            disabled: state.back.length === 0,
            onclick: () => turn(state.back.pop(), false),
          },
          icon("left", 18),
          "Previous",
        ),
        h(
          "span",
          { class: "help", role: "status" },
          orders.length
            ? `Orders ${from.toLocaleString("en-GB")} to ${(from + state.orders.length - 1).toLocaleString("en-GB")}`
            : "The end",
        ),
        h(
          "button",
          {
            type: "button",
            class: "button",
            testid: "desk-next-page",
            disabled: !state.next,
            onclick: () => turn(state.next, true),
          },
          "Next",
          icon("right", 18),
        ),
      ],
    );
  }

  restart();
  return { el, reload: () => load(false), redraw: draw, focus };
}
