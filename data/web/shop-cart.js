// The order that is being put together: its lines, its total, and what became of it.
import { h, fill } from "./dom.js";
import { icon } from "./icons.js";
import { money, wireMoney, dateTime, parseTime, plural } from "./format.js";

const SHOWN = 8000; // ms that a good message stays unless it is being read

export class Cart {
  /** Product id → its line: lines that stay are not drawn again. */
  rows = new Map();

  /** on.place(), on.remove(id) */
  constructor(on) {
    this.on = on;
    this.message = h("div", {
      class: "cart-message",
      role: "status",
      "aria-live": "polite",
      testid: "shop-message",
    });
    this.empty = h(
      "li",
      { class: "cart-empty" },
      "Choose from the catalogue. The total is counted here before anything is paid.",
    );
    this.lines = h("ul", { class: "cart-lines", role: "list", id: "cart-lines" }, this.empty);
    this.total = h("output", { class: "cart-total", testid: "cart-total" }, money(0));
    this.after = h("span", { class: "cart-after", testid: "cart-after" });
    this.confirm = h(
      "button",
      {
        class: "button primary large wide",
        type: "button",
        testid: "confirm-order",
        onclick: on.place,
      },
      "Confirm order",
    );
    this.toggleText = h("span", {}, "");
    this.toggle = h(
      "button",
      {
        type: "button",
        class: "cart-toggle",
        testid: "cart-toggle",
        "aria-expanded": "false",
        "aria-controls": "cart-lines",
        onclick: () => this.expand(!this.el.classList.contains("is-open")),
      },
      this.toggleText,
      icon("down", 18),
    );
    this.el = h(
      "section",
      { class: "panel cart", "aria-labelledby": "cart-title" },
      h("h2", { id: "cart-title" }, "Your order"),
      this.toggle,
      this.lines,
      h("div", { class: "cart-sum" }, h("span", { class: "cart-sum-label" }, "Total"), this.total),
      this.after,
      this.message,
      this.confirm,
    );
  }

  /** On a phone the lines are behind the total. */
  expand(open) {
    this.el.classList.toggle("is-open", open);
    this.toggle.setAttribute("aria-expanded", String(open));
  }

  draw(basket, { busy, again }) {
    const { chosen, left, total } = basket,
      short = left < 0;
    this.drawLines(basket);
    this.total.textContent = money(total);
    this.after.textContent =
      !chosen.size || basket.balance === null
        ? ""
        : short
          ? `${money(-left)} more than your balance`
          : `${money(left)} left after this`;
    this.after.classList.toggle("is-short", short);
    this.confirm.disabled = chosen.size === 0 && !busy;
    this.confirm.setAttribute("aria-disabled", String(busy || short));
    this.confirm.textContent = busy
      ? "Placing the order…"
      : again && chosen.size
        ? "Try again"
        : "Confirm order";
    this.toggleText.textContent = plural(chosen.size, "product");
    if (!chosen.size) this.expand(false);
    this.el.classList.toggle("is-unchosen", chosen.size === 0);
    this.el.classList.toggle("is-empty", chosen.size === 0 && !this.message.firstChild);
  }

  drawLines(basket) {
    for (const [id, row] of this.rows)
      if (!basket.chosen.has(id)) {
        row.remove();
        this.rows.delete(id);
      }
    for (const id of basket.chosen)
      if (!this.rows.has(id) && basket.products.has(id)) {
        const row = this.line(basket.products.get(id));
        this.rows.set(id, row);
        this.lines.append(row);
      }
    this.empty.hidden = basket.chosen.size > 0;
  }

  line(p) {
    return h(
      "li",
      { testid: `cart-line-${p.id}` },
      h("span", { title: p.name }, p.name),
      h("span", { class: "num" }, wireMoney(p.price)),
      h(
        "button",
        {
          class: "icon-button small",
          type: "button",
          "aria-label": `Remove ${p.name}`,
          onclick: () => this.on.remove(p.id),
        },
        icon("close", 16),
      ),
    );
  }

  /** A good message goes by itself, unless somebody points at it; `done` gets the focus back. */
  say(text, tone, done) {
    clearTimeout(this.timer);
    if (!text) return void fill(this.message);
    const dismiss = () => {
      const held = this.message.contains(document.activeElement);
      fill(this.message);
      if (held) done();
      this.el.classList.toggle("is-empty", this.el.classList.contains("is-unchosen"));
    };
    const close = { "aria-label": "Dismiss", onclick: dismiss };
    const note = h(
      "div",
      { class: `note ${tone}`, tabindex: "-1" },
      icon(tone === "good" ? "check" : "alert", 18),
      h("span", {}, text),
      h("button", { type: "button", class: "icon-button small note-close", ...close }, [
        icon("close", 16),
      ]),
    );
    fill(this.message, note);
    const leave = () => {
      if (note.matches(":hover, :focus-visible, :focus-within:has(:focus-visible)"))
        this.timer = setTimeout(leave, 1000);
      else dismiss();
    };
    if (tone === "good") this.timer = setTimeout(leave, SHOWN);
  }

  /** After Confirm the focus is on what became of it. */
  focusMessage() {
    /** @type {HTMLElement} */ (this.message.firstElementChild)?.focus({ preventScroll: true });
  }

  orderRow(o, basket) {
    const names = o.data.items.map(i => (typeof i === "object" ? i.name : basket.name(i)));
    return h(
      "li",
      { class: "order-row", testid: `my-order-${o.order_id}` },
      h("span", { class: "order-id" }, `#${o.order_id}`),
      h("span", { class: "order-what" }, names.join(", ")),
      h(
        "span",
        { class: "order-when" },
        o.data.created_at ? dateTime(parseTime(o.data.created_at)) : "",
      ),
      h("span", { class: "num order-total" }, wireMoney(o.data.total)),
    );
  }
}
