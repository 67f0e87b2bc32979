// All orders as records, a page at a time, with filters and a page that are part of the address.
import { h, fill, find } from "./dom.js";
import { icon } from "./icons.js";
import { get, explain } from "./api.js";
import { addDays, clock, count, dayYear, iso, parseDay, parseTime, when } from "./format.js";
import { segments } from "./fields.js";
import { skeleton, empty, failure } from "./states.js";
import { fee, timeOf, title } from "./order.js";
import { isDeleted, readOrder } from "./desk-data.js";

const PAGE = 50;

/** The address that asks for a page of the orders that a filter names. */
export function listPath({ service, from, to, sort, page }) {
  const q = new URLSearchParams({ limit: String(PAGE) });
  if (page > 1) q.set("page", String(page));
  if (sort === "desc") q.set("order", "desc");
  if (service) q.set("service_id", service);
  if (parseDay(from) !== null) q.set("from", iso(parseDay(from)));
  if (parseDay(to) !== null) q.set("to", iso(addDays(parseDay(to), 1)));
  return "/orders?" + q;
}

export class OrderList {
  orders = [];
  total = 0;
  seq = 0;

  /** on.open(order), remove, show, create(), filtered(filter, push), counted(n) */
  constructor(services, filter, on) {
    this.filter = { ...filter };
    this.on = on;
    this.results = h("div", {});
    this.pager = h("nav", { class: "pager", "aria-label": "Pages of orders" });
    this.el = h(
      "div",
      { class: "order-list", testid: "desk-list" },
      this.toolbar(services),
      this.results,
      this.pager,
    );
    this.load(true);
  }

  // ---- the toolbar

  toolbar(services) {
    const { filter } = this;
    const select = h(
      "select",
      {
        class: "input",
        "aria-label": "Service",
        onchange: () => this.change({ service: select.value }),
      },
      h("option", { value: "" }, "Any service"),
      services.map(s =>
        h("option", { value: s.id, selected: String(s.id) === filter.service }, s.name),
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
          value: filter[name],
          onchange: e => this.change({ [name]: e.target.value }),
        }),
      );
    const sort = segments(
      "Sorted by time",
      [
        { value: "asc", text: "Oldest first", testid: "desk-sort-asc" },
        { value: "desc", text: "Newest first", testid: "desk-sort-desc" },
      ],
      filter.sort,
      value => this.change({ sort: value }),
    );
    const dates = [date("from", "From"), date("to", "Until")];
    return h("div", { class: "filters" }, select, dates, sort.el, this.findForm());
  }

  findForm() {
    this.findInput = h("input", {
      class: "input",
      type: "search",
      placeholder: "Order id",
      "aria-label": "Find an order by its id",
      testid: "desk-find",
    });
    const error = h("span", { class: "field-error", role: "alert" });
    const onsubmit = async e => {
      e.preventDefault();
      const id = this.findInput.value.trim();
      error.textContent = "";
      if (!id) return;
      try {
        this.on.open((await readOrder(id)).body);
      } catch (x) {
        error.textContent = x.status === 404 ? `There is no order ${id}.` : explain(x);
      }
    };
    return h(
      "form",
      { class: "find", onsubmit },
      this.findInput,
      h("button", { class: "button", type: "submit" }, icon("search", 18), "Find"),
      error,
    );
  }

  focusFind() {
    this.findInput.focus();
  }

  change(part) {
    this.filter = { ...this.filter, page: 1, ...part };
    this.on.filtered(this.filter, "page" in part);
    this.load(true);
  }

  async turn(page) {
    this.filter = { ...this.filter, page };
    this.on.filtered(this.filter, true);
    await this.load(false);
    this.el.scrollIntoView({ block: "start" });
  }

  // ---- the records

  reload() {
    return this.load(false);
  }

  async load(blank) {
    const seq = ++this.seq;
    if (blank) {
      fill(this.results, skeleton(8, "rows"));
      fill(this.pager);
    } else this.results.setAttribute("aria-busy", "true");
    try {
      const r = await get(listPath(this.filter));
      if (seq !== this.seq) return;
      this.orders = r.body;
      this.total = r.total;
      this.on.counted(r.total);
      this.draw();
    } catch (e) {
      if (seq === this.seq) {
        fill(
          this.results,
          failure(e, () => this.load(true)),
        );
        fill(this.pager);
      }
    }
    this.results.removeAttribute("aria-busy");
  }

  focus(id) {
    const row = `[data-testid="desk-row-${CSS.escape(id)}"] .row-open`;
    find(this.results, row)?.focus({ preventScroll: true });
  }

  draw() {
    const focused = document.activeElement;
    const row = this.results.contains(focused) ? focused.closest("tr") : null;
    this.drawRows();
    this.drawPager();
    if (!row) return;
    this.focus(row.dataset.id);
    if (document.activeElement !== document.body) return;
    (find(this.results, ".row-open") ?? this.findInput).focus({ preventScroll: true });
  }

  drawRows() {
    const orders = this.orders.filter(o => !isDeleted(o.id)),
      { service, from, to, page } = this.filter;
    if (orders.length || page > 1) fill(this.results, this.table(orders));
    else if (service || from || to)
      fill(this.results, empty("search", "No orders match", "Change the service or the dates."));
    else
      fill(
        this.results,
        empty(
          "desk",
          "No orders yet",
          "Create the first one, here or through the API.",
          h(
            "button",
            { class: "button primary", type: "button", onclick: () => this.on.create() },
            [icon("plus", 18), "New order"],
          ),
        ),
      );
  }

  table(orders) {
    const th = (text, className) => h("th", { scope: "col", class: className }, text);
    return h(
      "div",
      { class: "panel table-panel" },
      h(
        "table",
        { class: "records" },
        h("caption", { class: "hidden" }, "Orders by time"),
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            th("When"),
            th("Order"),
            th("What"),
            th("Fee", "num"),
            th("Last changed", "cell-changed"),
            h("th", { scope: "col" }, h("span", { class: "hidden" }, "Actions")),
          ),
        ),
        h(
          "tbody",
          {},
          orders.map(o => this.row(o)),
        ),
      ),
    );
  }

  row(o) {
    const { on } = this,
      t = timeOf(o);
    const open = { type: "button", class: "link row-open", "aria-label": `Edit order ${o.id}` };
    // A click anywhere in a row opens it, unless it is on a button or ends a selection of text.
    const onclick = e => {
      if (!e.target.closest("button") && String(getSelection()) === "") on.open(o);
    };
    return h(
      "tr",
      { testid: `desk-row-${o.id}`, "data-id": o.id, onclick },
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
        h("button", { ...open, onclick: () => on.open(o) }, `#${o.id}`),
      ),
      h("td", { class: "cell-what" }, title(o)),
      h("td", { class: "cell-fee num" }, fee(o)),
      h("td", { class: "cell-changed help" }, when(parseTime(o.updated_at))),
      h(
        "td",
        { class: "cell-actions" },
        t !== null && tool("desk", `Show order ${o.id} on the timeline`, () => on.show(o)),
        tool("trash", `Delete order ${o.id}`, () => on.remove(o)),
      ),
    );
  }

  drawPager() {
    const { page } = this.filter,
      pages = Math.max(1, Math.ceil(this.total / PAGE)),
      first = (page - 1) * PAGE + 1;
    if (pages === 1 && page === 1) return void fill(this.pager);
    const button = (testid, disabled, to) => ({
      type: "button",
      class: "button",
      testid: `desk-${testid}`,
      disabled,
      onclick: () => this.turn(to),
    });
    const go = e => {
      const wanted = Math.trunc(Number(e.target.value));
      if (wanted >= 1 && wanted <= pages) this.turn(wanted);
      else e.target.value = page;
    };
    const input = h("input", {
      class: "input page-number",
      inputmode: "numeric",
      value: String(page),
      "aria-label": `Page, of ${count(pages)}`,
      testid: "desk-page",
      onchange: go,
    });
    const last = first + this.orders.length - 1;
    const range = `Orders ${count(first)} to ${count(last)} of ${count(this.total)}`;
    fill(
      this.pager,
      h("button", button("first-page", page === 1, 1), "First"),
      h("button", button("previous-page", page === 1, page - 1), icon("left", 18), "Previous"),
      h("span", { class: "help", role: "status" }, this.orders.length ? range : "The end"),
      h("label", { class: "help page-of" }, "Page ", input, ` of ${count(pages)}`),
      h("button", button("next-page", page >= pages, page + 1), "Next", icon("right", 18)),
      h("button", button("last-page", page >= pages, pages), "Last"),
    );
  }
}

const tool = (name, label, onclick) =>
  h(
    "button",
    { type: "button", class: "icon-button", "aria-label": label, title: label, onclick },
    icon(name, 18),
  );
