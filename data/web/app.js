// The frame: which view is open, who is signed in, light or dark. The views do the rest.
import { h, fill } from "./dom.js";
import { icon } from "./icons.js";
import { home } from "./api.js";
import { openShop } from "./shop.js";
import { openDesk } from "./desk.js";
import { openServices } from "./services.js";
import { openReference } from "./reference.js";

const views = {
  shop: { label: "Shop", open: openShop },
  desk: { label: "Desk", open: openDesk },
  services: { label: "Services", open: openServices },
  api: { label: "API", open: openReference },
};

const main = document.getElementById("main");
const nav = document.getElementById("nav");
let current = null; // { name, view }

/** "/docs" is always the reference; else "#desk?at=2022-11-01&view=week" is a view and its parameters. */
function route() {
  const [name, query = ""] = location.hash.slice(1).split("?");
  if (location.pathname.replace(/\/$/, "") === "/docs")
    return { name: "api", params: new URLSearchParams(query) };
  return { name: Object.hasOwn(views, name) ? name : "shop", params: new URLSearchParams(query) };
}

function show() {
  const { name, params } = route();
  if (current?.name === name) {
    current.view?.params?.(params);
    return;
  }
  const first = current === null;
  current?.view?.close?.();
  document.body.dataset.view = name;
  document.title = `${views[name].label} · kiosk`;
  for (const a of nav.querySelectorAll("a")) {
    if (a.dataset.view === name) a.setAttribute("aria-current", "page");
    else a.removeAttribute("aria-current");
  }
  const root = h("div", { class: `view view-${name}` });
  fill(main, root);
  current = { name, view: null };
  current.view = views[name].open(root, params);
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
  // Back to what the system says: forget the choice, so that the page follows the system again.
  if ((next === "dark") === systemDark.matches) {
    delete document.documentElement.dataset.theme;
    try {
      localStorage.removeItem("kiosk.theme");
    } catch {
      /* blocked */
    }
  } else {
    document.documentElement.dataset.theme = next;
    try {
      localStorage.setItem("kiosk.theme", next);
    } catch {
      /* blocked */
    }
  }
  drawTheme();
});
systemDark.addEventListener("change", drawTheme);
drawTheme();

addEventListener("hashchange", show);
show();
