// @ts-nocheck: to be split first
// The benefits shop: sign in with a name, choose products within the balance, confirm, look back at orders.
import { h, fill, announce, memory } from "./dom.js";
import { icon, hasIcon } from "./icons.js";
import { get, request, newKey, explain } from "./api.js";
import { money, wireMoney, toCents, dateTime, plural } from "./format.js";
import { skeleton, empty, failure } from "./states.js";

const PAGE = 60; // cards or orders drawn at a time; a seed may bring thousands
const userPath = name => "/api/users/" + encodeURIComponent(name);

export function openShop(root) {
  let closed = false;
  const isClosed = () => closed;
  const start = () => {
    const name = memory.get("user");
    if (typeof name === "string" && name) signedIn(root, name, signOut, isClosed);
    else signedOut(root, signIn, isClosed);
  };
  const signIn = name => {
    memory.set("user", name);
    memory.set("recent", [name, ...recentNames().filter(n => n !== name)].slice(0, 4));
    start();
    root.querySelector("h1")?.focus();
  };
  const signOut = () => {
    memory.remove("user");
    start();
    root.querySelector("input")?.focus();
  };
  start();
  return {
    close() {
      closed = true;
    },
  };
}

const recentNames = () => {
  const r = memory.get("recent", []);
  return Array.isArray(r) ? r.filter(n => typeof n === "string") : [];
};

/** Why this name cannot be used, or null. The rule is the server's: 1–128 bytes, no control characters. */
function nameProblem(name) {
  if (!name) return "Type a name to sign in.";
  if (new TextEncoder().encode(name).length > 128)
    return "This name is too long: 128 bytes at most.";
  if (/\p{Cc}/u.test(name)) return "A name cannot contain control characters.";
  if (/^\.\.?$/.test(name)) return "A name needs more than dots."; // a browser rewrites /users/. and /users/.. before sending
  return null;
}

function signedOut(root, signIn, isClosed) {
  const input = h("input", {
    id: "name",
    class: "input large",
    testid: "sign-in-name",
    name: "name",
    autocomplete: "username",
    autocapitalize: "none",
    spellcheck: "false",
    "aria-describedby": "name-help name-error",
    placeholder: "johndoe",
  });
  const error = h("p", {
    class: "field-error",
    id: "name-error",
    role: "alert",
    testid: "shop-message",
  });
  const submit = h(
    "button",
    { class: "button primary large", testid: "sign-in-submit", type: "submit" },
    "Sign in",
  );
  const tryName = async name => {
    const problem = nameProblem(name);
    error.textContent = problem ?? "";
    input.setAttribute("aria-invalid", problem ? "true" : "false");
    if (problem) {
      input.focus();
      return;
    }
    submit.disabled = true;
    submit.textContent = "Signing in…";
    try {
      await get(userPath(name));
      if (!isClosed()) signIn(name);
    } catch (e) {
      error.textContent = explain(e);
      submit.disabled = false;
      submit.textContent = "Sign in";
    }
  };
  const recent = recentNames();
  const preview = h("div", {}, skeleton(6, "cards"));
  const loadPreview = async () => {
    fill(preview, skeleton(6, "cards"));
    try {
      const { body } = await get("/api/products");
      const shown = body.products.slice(0, 12);
      fill(
        preview,
        shown.length === 0
          ? empty("shop", "Nothing in the catalogue", "The seed of this server has no products.")
          : h(
              "ul",
              { class: "cards", role: "list" },
              shown.map(p =>
                h(
                  "li",
                  {},
                  h(
                    "div",
                    { class: "product plain" },
                    tile(p),
                    h("span", { class: "product-name" }, p.name),
                    h(
                      "span",
                      { class: "product-foot" },
                      h("span", { class: "price" }, wireMoney(p.price)),
                    ),
                  ),
                ),
              ),
            ),
      );
    } catch (e) {
      fill(preview, failure(e, loadPreview));
    }
  };
  fill(
    root,
    h(
      "section",
      { class: "sign-in" },
      h(
        "div",
        { class: "sign-in-text" },
        h("h1", { tabindex: "-1" }, "Your benefits, your choice"),
        h(
          "p",
          { class: "lead" },
          "Spend your balance on what suits you. Sign in to see what you own and what is left.",
        ),
      ),
      h(
        "form",
        {
          class: "panel sign-in-form",
          novalidate: true,
          onsubmit: e => {
            e.preventDefault();
            tryName(input.value.trim());
          },
        },
        h("label", { for: "name", class: "label" }, "Name"),
        input,
        error,
        submit,
        h(
          "p",
          { class: "help", id: "name-help" },
          "No password. A name that is new here gets an account with a starting balance.",
        ),
        recent.length > 0 &&
          h(
            "div",
            { class: "recent" },
            h("span", { class: "help" }, "Used here before"),
            h(
              "div",
              { class: "chips" },
              recent.map(n =>
                h("button", { type: "button", class: "chip", onclick: () => tryName(n) }, n),
              ),
            ),
          ),
      ),
    ),
    h(
      "section",
      { "aria-labelledby": "preview-title", class: "preview" },
      h("h2", { id: "preview-title" }, "In the catalogue"),
      preview,
    ),
  );
  loadPreview();
}

/** A product's picture: an icon for the built-in ids, else its initials; the tint follows from the id. */
function tile(product) {
  let hue = 0;
  for (const c of product.id) hue = (hue * 31 + c.codePointAt(0)) % 6;
  const fixed = {
    netflix: 4,
    spotify: 0,
    worten: 2,
    tap: 1,
    "health-insurance": 3,
    "equipment-insurance": 5,
  };
  const initials = product.name
    .split(/\s+/)
    .filter(Boolean)
    .slice(0, 2)
    .map(w => [...w][0])
    .join("")
    .toUpperCase();
  return h(
    "span",
    { class: `tile tint-${fixed[product.id] ?? hue}`, "aria-hidden": "true" },
    Object.hasOwn(fixed, product.id) && hasIcon(product.id) ? icon(product.id, 22) : initials,
  );
}

function signedIn(root, name, signOut, isClosed) {
  const state = {
    loaded: false,
    failed: false,
    balance: 0,
    owned: new Set(),
    products: [],
    byId: new Map(),
    orders: [],
    chosen: new Set(),
    key: null,
    busy: false,
    filter: "",
    shown: PAGE,
    ordersShown: 10,
  };
  const cards = new Map(); // product id → its elements, updated in place so that focus stays where it is

  const balance = h("output", { class: "balance-number", testid: "balance" }, "–");
  const meter = h(
    "div",
    { class: "meter", "aria-hidden": "true" },
    h("span", { class: "meter-left" }),
    h("span", { class: "meter-cart" }),
  );
  const spent = h("p", { class: "help" });
  const catalogue = h("div", { class: "catalogue-body" }, skeleton(6, "cards"));
  const orders = h("div", {}, skeleton(3));
  const ordersCount = h("span", { class: "count" });
  const message = h("div", {
    class: "cart-message",
    role: "status",
    "aria-live": "polite",
    testid: "shop-message",
  });
  const lines = h("ul", { class: "cart-lines", role: "list" });
  const total = h("output", { class: "cart-total", testid: "cart-total" }, money(0));
  const after = h("span", { class: "cart-after" });
  const confirm = h(
    "button",
    { class: "button primary large wide", type: "button", testid: "confirm-order", onclick: place },
    "Confirm order",
  );
  const cart = h(
    "section",
    { class: "panel cart", "aria-labelledby": "cart-title" },
    h("h2", { id: "cart-title" }, "Your order"),
    lines,
    h("div", { class: "cart-sum" }, h("span", { class: "cart-sum-label" }, "Total"), total),
    after,
    message,
    confirm,
  );
  const filter = h("input", {
    class: "input search",
    type: "search",
    placeholder: "Find a product",
    "aria-label": "Find a product",
    oninput: () => {
      state.filter = filter.value.trim().toLowerCase();
      state.shown = PAGE;
      buildCards();
    },
  });
  const filterRow = h("div", { hidden: true }, filter);

  fill(
    root,
    h(
      "section",
      { class: "panel wallet", "aria-label": "Account" },
      h(
        "div",
        { class: "wallet-user" },
        h("span", { class: "avatar", "aria-hidden": "true" }, [...name][0].toUpperCase()),
        h(
          "div",
          {},
          h("h1", { tabindex: "-1", testid: "user-name" }, name),
          h(
            "button",
            { type: "button", class: "link", onclick: signOut, testid: "sign-out" },
            "Switch user",
          ),
        ),
      ),
      h("div", { class: "wallet-balance" }, h("span", { class: "label" }, "Balance"), balance),
      h("div", { class: "wallet-meter" }, meter, spent),
    ),
    h(
      "div",
      { class: "shop-grid" },
      h(
        "section",
        { class: "catalogue", "aria-labelledby": "catalogue-title" },
        h(
          "div",
          { class: "section-head" },
          h("h2", { id: "catalogue-title" }, "Catalogue"),
          filterRow,
        ),
        catalogue,
      ),
      cart,
      h(
        "section",
        { class: "orders", testid: "my-orders", "aria-labelledby": "orders-title" },
        h(
          "div",
          { class: "section-head" },
          h("h2", { id: "orders-title" }, "My orders ", ordersCount),
        ),
        orders,
      ),
    ),
  );

  async function load() {
    fill(catalogue, skeleton(6, "cards"));
    try {
      const [user, products] = await Promise.all([get(userPath(name)), get("/api/products")]);
      if (isClosed()) return;
      state.products = products.body.products;
      state.byId = new Map(state.products.map(p => [p.id, p]));
      takeUser(user.body.user);
      buildCards();
    } catch (e) {
      if (!isClosed()) {
        state.failed = true;
        state.loaded = false;
        cards.clear();
        fill(catalogue, failure(e, begin));
        update();
      }
    }
  }

  async function loadOrders() {
    fill(orders, skeleton(3));
    try {
      const { body } = await get("/api/orders?user_id=" + encodeURIComponent(name));
      state.orders = body.orders.toReversed?.() ?? [...body.orders].reverse();
      if (!isClosed()) {
        drawOrders();
        update();
      }
    } catch (e) {
      if (!isClosed()) fill(orders, failure(e, loadOrders));
    }
  }

  function takeUser(user) {
    state.loaded = true;
    state.balance = toCents(user.data.balance);
    state.owned = new Set(user.data.product_ids);
    for (const id of state.owned) state.chosen.delete(id);
  }

  const price = id => toCents(state.byId.get(id)?.price ?? 0);
  const sum = () => [...state.chosen].reduce((a, id) => a + price(id), 0);

  function buildCards() {
    cards.clear();
    filterRow.hidden = state.products.length <= 12;
    const match = state.filter
      ? state.products.filter(p => p.name.toLowerCase().includes(state.filter))
      : state.products;
    if (!state.products.length) {
      fill(
        catalogue,
        empty("shop", "Nothing in the catalogue", "The seed of this server has no products."),
      );
      update();
      return;
    }
    if (!match.length) {
      fill(catalogue, empty("search", "No product by that name", "Try fewer letters."));
      update();
      return;
    }
    fill(
      catalogue,
      h(
        "ul",
        { class: "cards", role: "list" },
        match.slice(0, state.shown).map(p => {
          const mark = h("span", { class: "mark", "aria-hidden": "true" }, icon("check", 14)),
            note = h("span", { class: "product-note" });
          const button = h(
            "button",
            {
              class: "product",
              type: "button",
              testid: `product-${p.id}`,
              onclick: () => toggle(p),
            },
            tile(p),
            mark,
            h("span", { class: "product-name" }, p.name),
            h(
              "span",
              { class: "product-foot" },
              h("span", { class: "price" }, wireMoney(p.price)),
              note,
            ),
          );
          cards.set(p.id, { button, note });
          return h("li", {}, button);
        }),
      ),
      match.length > state.shown &&
        h(
          "button",
          {
            class: "button more",
            type: "button",
            onclick: () => {
              state.shown += PAGE;
              buildCards();
            },
          },
          `Show more (${match.length - state.shown} left)`,
        ),
    );
    update();
  }

  /** Everything that follows from the balance, what is owned and what is chosen. */
  function update() {
    const sumNow = sum(),
      left = state.balance - sumNow;
    for (const [id, { button, note }] of cards) {
      const isOwned = state.owned.has(id),
        isChosen = state.chosen.has(id),
        short = price(id) - left;
      const kind = isOwned ? "owned" : isChosen ? "chosen" : short > 0 ? "short" : "free";
      if (button.dataset.state !== kind) button.dataset.state = kind;
      button.setAttribute("aria-pressed", String(isChosen));
      button.setAttribute("aria-disabled", String(isOwned || kind === "short"));
      note.textContent = isOwned
        ? "Owned"
        : isChosen
          ? "In your order"
          : short > 0
            ? `${money(short)} short`
            : "";
    }
    balance.classList.toggle("is-unknown", !state.loaded);
    balance.textContent = state.loaded ? money(state.balance) : "–";
    const paid = state.orders.reduce((a, o) => a + toCents(o.data.total), 0),
      start = Math.max(state.balance + paid, 1);
    meter.firstChild.style.width = `${(Math.max(0, left) / start) * 100}%`;
    meter.lastChild.style.width = `${(Math.min(sumNow, state.balance) / start) * 100}%`;
    spent.textContent = state.loaded
      ? `${money(paid)} spent so far of ${money(state.balance + paid)}`
      : "";
    fill(
      lines,
      state.chosen.size === 0
        ? h(
            "li",
            { class: "cart-empty" },
            "Choose from the catalogue. The total is counted here before anything is paid.",
          )
        : [...state.chosen].map(id => {
            const p = state.byId.get(id);
            return h(
              "li",
              {},
              h("span", {}, p.name),
              h("span", { class: "num" }, wireMoney(p.price)),
              h(
                "button",
                {
                  class: "icon-button small",
                  type: "button",
                  "aria-label": `Remove ${p.name}`,
                  onclick: () => {
                    toggle(p);
                    cards.get(id)?.button.focus();
                  },
                },
                icon("close", 16),
              ),
            );
          }),
    );
    total.textContent = money(sumNow);
    after.textContent = state.chosen.size ? `${money(left)} left after this` : "";
    confirm.disabled = state.chosen.size === 0 || state.busy;
    if (!state.busy)
      confirm.textContent = state.key && state.chosen.size ? "Try again" : "Confirm order";
    cart.classList.toggle("is-unchosen", state.chosen.size === 0);
    cart.classList.toggle("is-empty", state.chosen.size === 0 && !message.firstChild);
    root.classList.toggle("has-cart", state.chosen.size > 0);
  }

  function say(text, tone = "") {
    fill(
      message,
      text &&
        h(
          "div",
          { class: `note ${tone}` },
          icon(tone === "good" ? "check" : "alert", 18),
          h("span", {}, text),
          h(
            "button",
            {
              type: "button",
              class: "icon-button small note-close",
              "aria-label": "Dismiss",
              onclick: () => {
                say("");
                root.querySelector("h1").focus({ preventScroll: true });
              },
            },
            icon("close", 16),
          ),
        ),
    );
    update();
  }

  function toggle(product) {
    if (state.busy) return;
    const left = state.balance - sum(),
      cents = toCents(product.price);
    if (state.owned.has(product.id))
      return say(`You already own ${product.name}. A product can be bought once.`);
    if (state.chosen.has(product.id)) state.chosen.delete(product.id);
    else if (cents > left)
      return say(
        state.chosen.size
          ? `${product.name} costs ${money(cents)}, and ${money(left)} would be left after what you have chosen.`
          : `${product.name} costs ${money(cents)}, and your balance is ${money(left)}.`,
        "bad",
      );
    else state.chosen.add(product.id);
    state.key = null; // another basket is another intention
    say("");
    announce(`${plural(state.chosen.size, "product")}, total ${money(sum())}`);
  }

  async function place() {
    if (!state.chosen.size || state.busy) return;
    state.busy = true;
    state.key ??= newKey(); // kept until there is an answer, so that trying again never pays twice
    confirm.disabled = true;
    confirm.textContent = "Placing the order…";
    const items = [...state.chosen];
    try {
      const { body } = await request("POST", "/api/orders", {
        body: { order: { items, user_id: name } },
        key: state.key,
      });
      state.key = null;
      state.busy = false;
      state.chosen.clear();
      for (const id of items) state.owned.add(id);
      const paid = toCents(body.order.data.total);
      state.balance -= paid;
      state.orders.unshift({
        order_id: body.order.order_id,
        data: { ...body.order.data, created_at: new Date().toISOString() },
      });
      drawOrders();
      say(
        `Order ${body.order.order_id} is placed: ${money(paid)} paid, ${money(state.balance)} left.`,
        "good",
      );
      get(userPath(name)).then(
        r => {
          if (!isClosed() && !state.busy) {
            takeUser(r.body.user);
            update();
          }
        },
        () => {},
      );
    } catch (e) {
      state.busy = false;
      if (e.retryable)
        return say(
          e.status === 0
            ? "The answer was lost on the way. Trying again is safe: nothing is paid twice."
            : explain(e),
          "bad",
        );
      state.key = null;
      await refused(e, items);
    }
  }

  /** The server knows better than this page: fetch the truth, then say what it means for this order. */
  async function refused(e, items) {
    let text = explain(e);
    const before = sum();
    try {
      if (e.code === "products_not_found") {
        state.products = (await get("/api/products")).body.products;
        state.byId = new Map(state.products.map(p => [p.id, p]));
        for (const id of state.chosen) if (!state.byId.has(id)) state.chosen.delete(id);
        buildCards();
        text += " The catalogue is up to date now.";
      } else {
        takeUser((await get(userPath(name))).body.user);
        const twice = items
          .filter(id => state.owned.has(id))
          .map(id => state.byId.get(id)?.name ?? id);
        if (e.code === "products_already_purchased" && twice.length) {
          text = `You already own ${twice.join(" and ")}, so nothing was paid. It is out of this order now.`;
          loadOrders();
        }
        if (e.code === "insufficient_balance") {
          text = `This order costs ${money(before)} and your balance is ${money(state.balance)}. Nothing was paid; take something out.`;
          loadOrders();
        }
      }
    } catch {
      /* the refusal itself is still worth saying */
    }
    if (!isClosed()) say(text, "bad");
  }

  function drawOrders() {
    ordersCount.textContent = state.orders.length ? String(state.orders.length) : "";
    if (!state.orders.length) {
      fill(
        orders,
        empty("receipt", "No orders yet", "What you confirm is kept here, with what you paid."),
      );
      return;
    }
    fill(
      orders,
      h(
        "ul",
        { class: "order-rows panel", role: "list" },
        state.orders
          .slice(0, state.ordersShown)
          .map(o =>
            h(
              "li",
              { class: "order-row", testid: `my-order-${o.order_id}` },
              h("span", { class: "order-id" }, `#${o.order_id}`),
              h(
                "span",
                { class: "order-what" },
                o.data.items
                  .map(i => (typeof i === "object" ? i.name : (state.byId.get(i)?.name ?? i)))
                  .join(", "),
              ),
              h(
                "span",
                { class: "order-when" },
                o.data.created_at ? dateTime(o.data.created_at) : "",
              ),
              h("span", { class: "num order-total" }, wireMoney(o.data.total)),
            ),
          ),
      ),
      state.orders.length > state.ordersShown &&
        h(
          "button",
          {
            class: "button more",
            type: "button",
            onclick: () => {
              state.ordersShown += PAGE;
              drawOrders();
            },
          },
          `Show more (${state.orders.length - state.ordersShown} left)`,
        ),
    );
  }

  update();
  async function begin() {
    state.failed = false;
    await Promise.all([load(), loadOrders()]);
    if (isClosed()) return;
    if (state.failed)
      fill(orders, h("p", { class: "help" }, "Your orders are shown when the shop is back.")); // one error is enough
    else if (state.orders.length) drawOrders(); // names, now that the catalogue is here
  }
  begin();
}
