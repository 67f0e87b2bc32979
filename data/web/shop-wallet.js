// The bar above the catalogue: who shops, what is left, and how the money is divided.
import { h } from "./dom.js";
import { money, plural } from "./format.js";
import { countTo } from "./shop-parts.js";

export class Wallet {
  constructor(name, signOut) {
    this.shown = null; // the balance that is drawn, in cents
    this.balance = h("output", { class: "balance-number", testid: "balance" }, "–");
    this.meterLeft = h("span", { class: "meter-left" });
    this.meterCart = h("span", { class: "meter-cart" });
    this.spent = h("p", { class: "help", testid: "spent" });
    this.el = h(
      "section",
      { class: "panel wallet", "aria-label": "Account" },
      h(
        "div",
        { class: "wallet-user" },
        h("span", { class: "avatar", "aria-hidden": "true" }, [...name][0].toUpperCase()),
        h(
          "div",
          {},
          h("h1", { tabindex: "-1", testid: "user-name", title: name }, name),
          h(
            "button",
            { type: "button", class: "link", onclick: signOut, testid: "sign-out" },
            "Switch user",
          ),
        ),
      ),
      h(
        "div",
        { class: "wallet-meter" },
        h("div", { class: "meter", "aria-hidden": "true" }, this.meterLeft, this.meterCart),
        this.spent,
      ),
      h("div", { class: "wallet-balance" }, h("span", { class: "label" }, "Balance"), this.balance),
    );
  }

  draw({ balance, spent, total, left, owned, chosen }) {
    const isKnown = balance !== null;
    this.balance.classList.toggle("is-unknown", !isKnown);
    if (!isKnown) this.balance.textContent = "–";
    else if (this.shown !== balance) countTo(this.balance, this.shown, balance, money);
    this.shown = balance;
    const start = Math.max((balance ?? 0) + (spent ?? 0), 1);
    const share = cents => `${(Math.max(0, cents) / start) * 100}%`;
    this.meterLeft.style.width = isKnown ? share(left) : "0";
    this.meterCart.style.width = isKnown ? share(Math.min(total, balance)) : "0";
    const words = [
      owned.size > 0 && `${plural(owned.size, "product")} owned`,
      chosen.size > 0 && `${money(total)} chosen`,
      spent !== null && `${money(spent)} spent so far of ${money((balance ?? 0) + spent)}`,
    ];
    this.spent.textContent = isKnown ? words.filter(Boolean).join(" · ") : "";
  }
}
