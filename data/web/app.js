// The frame: which view is open, who is signed in, light or dark, whether the server is there. The
// views do the rest.
import { h, fill, find, announce, memory } from "./dom.js";
import { icon } from "./icons.js";
import { home } from "./api.js";
import { isConnected, onConnection } from "./connection.js";
import { openShop } from "./shop.js";
import { openDesk } from "./desk.js";
import { openReference } from "./reference.js";
import { openMissing } from "./missing.js";

const views = {
  shop: { label: "Shop", open: openShop },
  desk: { label: "Desk", open: openDesk },
  api: { label: "API", open: openReference },
};
const missing = { label: "No such page", open: openMissing };

const main = document.getElementById("main");
const nav = document.getElementById("nav");
let current = null; // { name, view }

/** "#desk?at=2022-11-01&view=week" is a view and its parameters; "/docs" begins with the reference. */
function route() {
  const [name, query = ""] = location.hash.slice(1).split("?");
  const params = new URLSearchParams(query);
  const path = location.pathname.replace(/\/$/, "");
  if (path === "/docs") return { name: "api", params };
  if (path !== "" && path !== "/_kiosk") return { name: "missing", params };
  if (name === "services") return { name: "desk", params: new URLSearchParams("view=services") };
  return { name: Object.hasOwn(views, name) ? name : "shop", params };
}

function show() {
  const { name, params } = route();
  if (current?.name === name) {
    current.view?.params?.(params);
    return;
  }
  const first = current === null,
    view = views[name] ?? missing;
  current?.view?.close?.();
  document.body.dataset.view = name;
  document.title = `${view.label} · kiosk`;
  for (const a of nav.querySelectorAll("a")) {
    if (a.dataset.view === name) a.setAttribute("aria-current", "page");
    else a.removeAttribute("aria-current");
  }
  const root = h("div", { class: `view view-${name}` });
  fill(main, root);
  current = { name, view: null };
  current.view = view.open(root, params);
  if (!first) {
    window.scrollTo(0, 0);
    main.focus({ preventScroll: true });
  }
}

fill(
  nav,
  Object.entries(views).map(([name, v]) =>
    h(
      "a",
      { href: `${home}#${name}`, "data-view": name, testid: `nav-${name}` },
      icon(name, 20),
      h("span", {}, v.label),
    ),
  ),
);

document.getElementById("brand").setAttribute("href", `${home}#shop`);

// The skip link must not change the hash: the hash is the view.
document.getElementById("skip").addEventListener("click", e => {
  e.preventDefault();
  main.focus();
});

// ---- who is signed in, and whether the server is there

function drawAccount() {
  const name = memory.get("user");
  fill(
    document.getElementById("account"),
    typeof name === "string" &&
      name &&
      h(
        "a",
        { class: "account", href: `${home}#shop`, title: `Signed in as ${name}` },
        h("span", { class: "avatar small", "aria-hidden": "true" }, [...name][0].toUpperCase()),
        h("span", { class: "account-name" }, name),
      ),
  );
}
addEventListener("kiosk:user", drawAccount);
drawAccount();

onConnection(up => {
  fill(
    document.getElementById("connection"),
    !up && [icon("alert", 16), h("span", {}, "No connection to kiosk")],
  );
  announce(up ? "Connected to kiosk again" : "No connection to kiosk");
  if (up && !find(main, ".state-error")) current?.view?.refresh?.();
});
document.addEventListener("visibilitychange", () => {
  const isIdle = !document.querySelector("dialog[open]") && !find(main, ".state-error");
  if (document.visibilityState === "visible" && isConnected() && isIdle) current?.view?.refresh?.();
});

// ---- light or dark

const theme = document.getElementById("theme");
const systemDark = matchMedia("(prefers-color-scheme: dark)");
const isDark = () =>
  (document.documentElement.dataset.theme ?? (systemDark.matches ? "dark" : "light")) === "dark";
function drawTheme() {
  fill(theme, icon(isDark() ? "sun" : "moon", 20));
  theme.setAttribute(
    "aria-label",
    isDark() ? "Switch to the light scheme" : "Switch to the dark scheme",
  );
}
theme.addEventListener("click", () => {
  const next = isDark() ? "light" : "dark";
  const isSystems = (next === "dark") === systemDark.matches;
  // Back to what the system says: forget the choice, so that the page follows the system again.
  if (isSystems) delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = next;
  try {
    if (isSystems) localStorage.removeItem("kiosk.theme");
    else localStorage.setItem("kiosk.theme", next);
  } catch {
    /* storage is blocked */
  }
  drawTheme();
});
systemDark.addEventListener("change", drawTheme);
drawTheme();

addEventListener("hashchange", show);
show();
