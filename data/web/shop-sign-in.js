// Signing in to the shop: a name, the names used here before, and what the catalogue has.
import { h, fill, memory } from "./dom.js";
import { get, explain } from "./api.js";
import { wireMoney } from "./format.js";
import { limits, loadLimits } from "./limits.js";
import { skeleton, empty, failure } from "./states.js";
import { tile, userPath } from "./shop-parts.js";

export const recentNames = () => {
  const names = memory.get("recent", []);
  return Array.isArray(names) ? names.filter(n => typeof n === "string") : [];
};

/** Why this name cannot be used, or null. The server decides; the reason is said before it is asked. */
export function nameProblem(name, mostBytes) {
  if (!name) return "Type a name to sign in.";
  if (mostBytes !== null && new TextEncoder().encode(name).length > mostBytes)
    return `This name is too long: ${mostBytes} bytes at most.`;
  if (/\p{Cc}/u.test(name)) return "A name cannot contain control characters.";
  // A browser rewrites /users/. and /users/.. before sending.
  if (/^\.\.?$/.test(name)) return "A name needs more than dots.";
  return null;
}

/** signIn(name, {user, products}) with what is loaded already: products are null if they are not. */
export function openSignIn(root, signIn, isClosed) {
  const view = { products: null };
  const preview = h("div", {}, skeleton(6, "cards"));
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
          "A demo shop on this machine: every name has a balance to spend on benefits. " +
            "Sign in to see what you own and what is left.",
        ),
      ),
      signInForm(view, signIn, isClosed),
    ),
    h(
      "section",
      { "aria-labelledby": "preview-title", class: "preview" },
      h("h2", { id: "preview-title" }, "In the catalogue"),
      preview,
    ),
  );
  loadPreview(view, preview, isClosed);
  loadLimits();
}

async function loadPreview(view, preview, isClosed) {
  fill(preview, skeleton(6, "cards"));
  try {
    view.products = (await get("/api/products")).body.products;
    if (!isClosed()) fill(preview, previewCards(view.products.slice(0, 12)));
  } catch (e) {
    fill(
      preview,
      failure(e, () => loadPreview(view, preview, isClosed)),
    );
  }
}

function previewCards(products) {
  if (products.length === 0)
    return empty("shop", "Nothing in the catalogue", "The seed of this server has no products.");
  const card = p =>
    h(
      "li",
      {},
      h(
        "div",
        { class: "product plain" },
        tile(p),
        h("span", { class: "product-name", title: p.name }, p.name),
        h("span", { class: "product-foot" }, h("span", { class: "price" }, wireMoney(p.price))),
      ),
    );
  return h("ul", { class: "cards", role: "list" }, products.map(card));
}

function signInForm(view, signIn, isClosed) {
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
    await loadLimits();
    const problem = nameProblem(name, limits.userIdBytes);
    error.textContent = problem ?? "";
    input.setAttribute("aria-invalid", problem ? "true" : "false");
    if (problem) return input.focus();
    submit.disabled = true;
    submit.textContent = "Signing in…";
    try {
      const { user } = (await get(userPath(name))).body;
      if (!isClosed()) signIn(name, { user, products: view.products });
    } catch (e) {
      error.textContent = explain(e);
      submit.disabled = false;
      submit.textContent = "Sign in";
    }
  };
  const onsubmit = e => {
    e.preventDefault();
    tryName(input.value.trim());
  };
  return h(
    "form",
    { class: "panel sign-in-form", novalidate: true, onsubmit },
    h("label", { for: "name", class: "label" }, "Name"),
    input,
    error,
    submit,
    h(
      "p",
      { class: "help", id: "name-help" },
      "No password. A name that is new here gets an account with a starting balance.",
    ),
    recent(tryName),
  );
}

function recent(tryName) {
  const names = recentNames();
  if (!names.length) return null;
  const chip = n =>
    h("button", { type: "button", class: "chip", title: n, onclick: () => tryName(n) }, n);
  return h(
    "div",
    { class: "recent" },
    h("span", { class: "help" }, "Used here before"),
    h("div", { class: "chips" }, names.map(chip)),
  );
}
