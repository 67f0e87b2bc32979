// The shop of somebody who is signed in: the wallet, the catalogue, the order and the orders before.
// Amounts are computed from what the server said last, never from what the page expects.
import { h, fill, announce, session } from "./dom.js";
import { icon } from "./icons.js";
import { get, request, newKey, explain, lostWords } from "./api.js";
import { money, wireMoney, toCents, plural, count } from "./format.js";
import { skeleton, empty, failure, someOf } from "./states.js";
import { tile, userPath } from "./shop-parts.js";
import { Basket } from "./basket.js";
import { Cart } from "./shop-cart.js";
import { Wallet } from "./shop-wallet.js";

const PAGE = 60; // cards or orders drawn at a time; a seed may bring thousands

export class Account {
  basket = new Basket();
  orders = null;
  key = null;
  busy = false;
  filter = "";
  shown = PAGE;
  ordersShown = 10;
  /** Product id → its elements, updated in place so that focus stays where it is. */
  cards = new Map();

  constructor(root, { name, loaded, signOut, isClosed }) {
    this.root = root;
    this.name = name;
    this.isClosed = isClosed;
    this.wallet = new Wallet(name, signOut);
    this.cart = new Cart({ place: () => this.place(), remove: id => this.remove(id) });
    this.catalogue = h("div", { class: "catalogue-body" }, skeleton(6, "cards"));
    this.ordersBody = h("div", {}, skeleton(3));
    this.ordersCount = h("span", { class: "count" });
    const saved = session.get(`cart:${name}`);
    if (Array.isArray(saved))
      this.basket.chosen = new Set(saved.filter(id => typeof id === "string"));
    fill(root, this.wallet.el, this.layout());
    this.begin(loaded);
  }

  layout() {
    const filter = h("input", {
      class: "input search",
      type: "search",
      placeholder: "Find a product",
      "aria-label": "Find a product",
      oninput: () => {
        this.filter = filter.value.trim().toLowerCase();
        this.shown = PAGE;
        this.drawCards();
      },
    });
    this.filterRow = h("div", { hidden: true }, filter);
    const head = (id, ...title) =>
      h(
        "div",
        { class: "section-head" },
        h("h2", { id }, title),
        id === "catalogue-title" && this.filterRow,
      );
    return h(
      "div",
      { class: "shop-grid" },
      h(
        "section",
        { class: "catalogue", "aria-labelledby": "catalogue-title" },
        head("catalogue-title", "Catalogue"),
        this.catalogue,
      ),
      this.cart.el,
      h(
        "section",
        { class: "orders", testid: "my-orders", "aria-labelledby": "orders-title" },
        head("orders-title", "My orders ", this.ordersCount),
        this.ordersBody,
      ),
    );
  }

  // ---- reading

  /** What signing in has read is drawn before the rest is here. */
  async begin(loaded) {
    if (loaded?.user && loaded?.products) {
      this.takeUser(loaded.user);
      this.takeProducts(loaded.products);
      this.drawCards();
    }
    await this.load(Boolean(loaded?.products));
  }

  async load(hasProducts = false) {
    const failed = e => {
      if (this.isClosed()) return;
      this.cards.clear();
      this.basket.balance = null;
      fill(
        this.catalogue,
        failure(e, () => this.load()),
      );
      fill(
        this.ordersBody,
        h("p", { class: "help" }, "Your orders are shown when the shop is back."),
      );
      this.update();
    };
    if (!hasProducts) fill(this.catalogue, skeleton(6, "cards"));
    try {
      const products = hasProducts ? null : get("/api/products");
      await Promise.all([this.readAccount(!hasProducts), products]);
      if (this.isClosed()) return;
      if (products) this.takeProducts((await products).body.products);
      this.drawCards();
      this.drawOrders();
    } catch (e) {
      failed(e);
    }
  }

  /** The user and all orders, taken together, so that what is spent and what is left belong together. */
  async readAccount(alsoUser = true) {
    const [user, orders] = await Promise.all([
      alsoUser && get(userPath(this.name)),
      get("/api/orders?user_id=" + encodeURIComponent(this.name)),
    ]);
    if (this.isClosed()) return;
    if (user) this.takeUser(user.body.user);
    this.orders = [...orders.body.orders].reverse();
    this.basket.takeOrders(this.orders);
  }

  /** Another client may have changed something: look again, quietly. */
  async refresh() {
    if (this.busy || this.isClosed()) return;
    try {
      const [products] = await Promise.all([get("/api/products"), this.readAccount()]);
      if (this.isClosed() || this.busy) return;
      const before = JSON.stringify([...this.basket.products.values()]);
      this.takeProducts(products.body.products);
      if (!this.cards.size || before !== JSON.stringify(products.body.products)) this.drawCards();
      this.drawOrders();
      this.update();
    } catch {
      /* what is shown stays; the header says that the server is gone */
    }
  }

  takeUser(user) {
    this.basket.takeUser(user);
  }
  takeProducts(products) {
    this.basket.takeProducts(products);
  }

  // ---- drawing

  drawCards() {
    const products = [...this.basket.products.values()];
    this.cards.clear();
    this.filterRow.hidden = products.length <= 12;
    const match = products.filter(p => p.name.toLowerCase().includes(this.filter));
    if (!products.length)
      fill(
        this.catalogue,
        empty("shop", "Nothing in the catalogue", "The seed of this server has no products."),
      );
    else if (!match.length)
      fill(this.catalogue, empty("search", "No product by that name", "Try fewer letters."));
    else
      fill(
        this.catalogue,
        someOf(
          match,
          this.shown,
          some =>
            h(
              "ul",
              { class: "cards", role: "list" },
              some.map(p => h("li", {}, this.card(p))),
            ),
          () => {
            this.shown += PAGE;
            this.drawCards();
          },
        ),
      );
    this.update();
  }

  card(p) {
    const mark = h("span", { class: "mark", "aria-hidden": "true" }, icon("check", 14));
    const note = h("span", { class: "product-note" });
    const onclick = () => this.toggle(p);
    const button = h(
      "button",
      { class: "product", type: "button", testid: `product-${p.id}`, onclick },
      tile(p),
      mark,
      h("span", { class: "product-name", title: p.name }, p.name),
      h("span", { class: "product-foot" }, h("span", { class: "price" }, wireMoney(p.price)), note),
    );
    this.cards.set(p.id, { button, note });
    return button;
  }

  /** Everything that follows from the balance, what is owned and what is chosen. */
  update() {
    const { basket } = this;
    session.set(`cart:${this.name}`, [...basket.chosen]);
    for (const [id, { button, note }] of this.cards) {
      const state = basket.stateOf(id);
      if (button.dataset.state !== state) button.dataset.state = state;
      button.setAttribute("aria-pressed", String(state === "chosen"));
      button.setAttribute("aria-disabled", String(state === "owned" || state === "short"));
      note.textContent = {
        owned: "Owned",
        chosen: "In your order",
        short: `${money(basket.price(id) - basket.left)} short`,
        free: "",
      }[state];
    }
    this.wallet.draw(basket);
    this.cart.draw(basket, { busy: this.busy, again: this.key !== null });
    this.root.classList.toggle("has-cart", basket.chosen.size > 0);
  }

  drawOrders() {
    const { orders } = this;
    this.ordersCount.textContent = orders.length ? count(orders.length) : "";
    if (!orders.length)
      fill(
        this.ordersBody,
        h("p", { class: "help" }, "No orders yet. What you confirm is kept here."),
      );
    else
      fill(
        this.ordersBody,
        someOf(
          orders,
          this.ordersShown,
          some =>
            h(
              "ul",
              { class: "order-rows panel", role: "list" },
              some.map(o => this.cart.orderRow(o, this.basket)),
            ),
          () => {
            this.ordersShown += PAGE;
            this.drawOrders();
          },
        ),
      );
    this.update();
  }

  say(text, tone = "") {
    this.cart.say(text, tone, () => this.root.querySelector("h1").focus({ preventScroll: true }));
    this.update();
  }

  // ---- choosing and paying

  toggle(product) {
    const { basket } = this,
      { id, name } = product;
    if (this.busy) return;
    const state = basket.stateOf(id);
    if (state === "owned")
      return this.say(`You already own ${name}. A product can be bought once.`);
    if (state === "short") return this.say(tooDear(basket, product), "bad");
    if (state === "chosen") basket.chosen.delete(id);
    else basket.chosen.add(id);
    this.key = null; // another basket is another intention
    this.say("");
    announce(`${plural(basket.chosen.size, "product")}, total ${money(basket.total)}`);
  }

  remove(id) {
    if (this.busy) return;
    this.basket.chosen.delete(id);
    this.key = null;
    this.say("");
    this.cards.get(id)?.button.focus();
  }

  async place() {
    const { basket } = this;
    if (!basket.chosen.size || this.busy || basket.left < 0) return;
    this.busy = true;
    this.key ??= newKey(); // kept until there is an answer, so that trying again never pays twice
    this.update();
    const items = [...basket.chosen],
      order = { items, user_id: this.name };
    try {
      const { body } = await request("POST", "/api/orders", { body: { order }, key: this.key });
      this.key = null;
      basket.chosen.clear();
      for (const id of items) basket.owned.add(id);
      await this.placed(body.order);
    } catch (e) {
      this.busy = false;
      if (e.retryable) {
        const lost = lostWords("Trying again is safe: nothing is paid twice.");
        return this.say(e.status === 0 ? lost : explain(e), "bad");
      }
      this.key = null;
      await this.refused(e, items);
    }
  }

  async placed(order) {
    const paid = `Order ${order.order_id} is placed: ${money(toCents(order.data.total))} paid`;
    try {
      await this.readAccount();
      this.busy = false;
      if (this.isClosed()) return;
      this.drawOrders();
      this.say(`${paid}, ${money(this.basket.balance)} left.`, "good");
    } catch {
      this.busy = false;
      this.basket.balance = null; // not known until the server says it
      this.say(`${paid}.`, "good");
    }
    this.cart.focusMessage();
  }

  /** The server knows better than this page: read again, then say what it means for this order. */
  async refused(e, items) {
    const { basket } = this,
      before = basket.total;
    let text = explain(e);
    try {
      const products = await get("/api/products");
      await this.readAccount();
      this.takeProducts(products.body.products);
      this.drawCards();
      this.drawOrders();
      const twice = items.filter(id => basket.owned.has(id)).map(id => basket.name(id));
      if (e.code === "products_not_found") text += " The catalogue is up to date now.";
      if (e.code === "products_already_purchased" && twice.length)
        text = `You already own ${twice.join(" and ")}, so nothing was paid. It is out of this order now.`;
      if (e.code === "insufficient_balance")
        text = `This order costs ${money(before)} and your balance is ${money(basket.balance)}. Nothing was paid; take something out.`;
    } catch {
      /* the refusal itself is still worth saying */
    }
    if (!this.isClosed()) this.say(text, "bad");
    this.cart.focusMessage();
  }
}

function tooDear({ chosen, left }, { name, price }) {
  const costs = `${name} costs ${wireMoney(price)}`;
  return chosen.size
    ? `${costs}, and ${money(left)} would be left after what you have chosen.`
    : `${costs}, and your balance is ${money(left)}.`;
}
