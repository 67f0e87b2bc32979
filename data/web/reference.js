// The API reference, drawn from /openapi.json, with every request to be tried from here. Each operation
// has an address: #api?op=post%20/orders.
import { h, fill, find } from "./dom.js";
import { get } from "./api.js";
import { icon } from "./icons.js";
import { skeleton, empty, failure } from "./states.js";
import { resolve } from "./schema.js";
import { badge, facts, prose } from "./reference-parts.js";
import { TryIt } from "./reference-try.js";

const METHODS = ["get", "post", "put", "patch", "delete", "head", "options"];

export function openReference(root, params) {
  const view = { closed: false, wanted: params.get("op") };
  const head = () => h("div", { class: "page-head" }, h("h1", { tabindex: "-1" }, "API"));
  const load = async () => {
    fill(root, head(), skeleton(7, "rows"));
    try {
      const { body } = await get("/openapi.json");
      if (view.closed) return;
      draw(root, body);
      openOperation(root, view.wanted);
    } catch (e) {
      if (!view.closed) fill(root, head(), failure(e, load));
    }
  };
  load();
  return {
    params(p) {
      view.wanted = p.get("op");
      openOperation(root, view.wanted);
    },
    close() {
      view.closed = true;
    },
  };
}

/** Opens the card of "post /orders" and goes there. */
function openOperation(root, operation) {
  const card = operation && find(root, `[data-operation="${CSS.escape(operation)}"]`);
  if (!card || card.open) return;
  card.open = true;
  card.scrollIntoView({ block: "start" });
  find(card, "summary").focus({ preventScroll: true });
}

/** [{name, description, operations}] in the order of the document's tags. */
export function groupsOf(doc) {
  const groups = new Map(
    (doc.tags ?? []).map(t => [
      t.name,
      { name: t.name, description: t.description, operations: [] },
    ]),
  );
  for (const [path, item] of Object.entries(doc.paths ?? {}))
    for (const method of METHODS) {
      const op = item[method];
      if (!op) continue;
      const name = op.tags?.[0] ?? path.split("/")[1] ?? "other";
      if (!groups.has(name)) groups.set(name, { name, description: "", operations: [] });
      const parameters = parametersOf(doc, op, item);
      groups.get(name).operations.push({ path, method, op, parameters });
    }
  return [...groups.values()].filter(g => g.operations.length);
}

function parametersOf(doc, op, item) {
  const own = (op.parameters ?? []).map(p => resolve(doc, p)),
    shared = (item.parameters ?? []).map(p => resolve(doc, p));
  const isOwn = s => own.some(o => o.name === s.name && o.in === s.in);
  return [...shared.filter(s => !isOwn(s)), ...own];
}

const sentence = s => s.charAt(0).toUpperCase() + s.slice(1);

function draw(root, doc) {
  const groups = groupsOf(doc);
  const cards = new Map(groups.flatMap(g => g.operations).map(o => [o, endpoint(doc, o)]));
  const none = h("p", { class: "help", hidden: true, role: "status" }, "No endpoint matches.");
  const sections = groups.map((g, i) => section(g, i, cards));
  const grid = h(
    "div",
    { class: "api-grid" },
    index(groups, sections),
    h("div", {}, none, sections),
  );
  fill(
    root,
    h(
      "div",
      { class: "page-head" },
      h("h1", { tabindex: "-1" }, "API"),
      filter(cards, sections, none),
    ),
    introduction(doc),
    cards.size === 0
      ? empty("api", "No endpoints", "The description of this server lists none.")
      : grid,
  );
}

function introduction(doc) {
  const [first, ...rest] = (doc.info?.description ?? "").split("\n\n");
  const version = doc.info?.version;
  return [
    first && h("p", { class: "lead page-lead" }, first),
    rest.length > 0 &&
      h(
        "details",
        { class: "more-fields api-more", testid: "api-more" },
        h("summary", {}, "Rules for every request"),
        rest.map(prose),
      ),
    h(
      "p",
      { class: "help api-facts" },
      h("span", {}, "Base address ", h("code", {}, location.origin)),
      version && h("span", {}, `Version ${version}`),
      h("a", { href: "/openapi.json", target: "_blank" }, "openapi.json"),
      h("a", { href: "/openapi.json", download: "kiosk-openapi.json" }, "Download"),
    ),
  ];
}

function filter(cards, sections, none) {
  const input = h("input", {
    class: "input search",
    type: "search",
    placeholder: "Find an endpoint",
    "aria-label": "Find an endpoint",
  });
  input.addEventListener("input", () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const [o, card] of cards) {
      const text = `${o.method} ${o.path} ${o.op.summary ?? ""}`.toLowerCase();
      card.hidden = !words.every(w => text.includes(w));
    }
    for (const s of sections) s.hidden = !s.querySelector(".endpoint:not([hidden])");
    none.hidden = sections.some(s => !s.hidden);
  });
  return input;
}

function section(g, i, cards) {
  return h(
    "section",
    { class: "api-group", id: `group-${i}`, "aria-labelledby": `group-title-${i}` },
    h("h2", { id: `group-title-${i}` }, sentence(g.name)),
    g.description && h("p", { class: "help" }, g.description),
    h(
      "div",
      { class: "panel endpoints" },
      g.operations.map(o => cards.get(o)),
    ),
  );
}

function index(groups, sections) {
  const button = (g, i) => {
    const onclick = () => {
      sections[i].scrollIntoView({ block: "start" });
      find(sections[i], "summary").focus({ preventScroll: true });
    };
    const size = h("span", { class: "count" }, g.operations.length);
    return h("button", { type: "button", onclick }, h("span", {}, sentence(g.name)), size);
  };
  return h("nav", { class: "api-index", "aria-label": "Endpoints" }, groups.map(button));
}

function endpoint(doc, o) {
  const content = h("div", { class: "endpoint-body" });
  const operation = `${o.method} ${o.path}`;
  let isBuilt = false;
  const ontoggle = e => {
    if (!e.target.open) return;
    const base = location.hash.startsWith("#api") ? "#api" : `${location.pathname}#api`;
    history.replaceState(null, "", `${base}?${new URLSearchParams({ op: operation })}`);
    if (isBuilt) return; // drawn when first opened: the page stays light
    isBuilt = true;
    const body = resolve(doc, o.op.requestBody)?.content?.["application/json"];
    fill(
      content,
      o.op.description && prose(o.op.description),
      h("div", { class: "endpoint-columns" }, facts(doc, o, body), new TryIt(doc, o, body).el),
    );
  };
  const props = {
    class: "endpoint",
    testid: "api-endpoint",
    "data-operation": operation,
    ontoggle,
  };
  const path = o.path.split("/").flatMap((s, i) => (i ? ["/", h("wbr"), s] : [s]));
  return h(
    "details",
    props,
    h(
      "summary",
      {},
      badge(o.method),
      h("code", { class: "path" }, path),
      h("span", { class: "endpoint-summary" }, o.op.summary ?? ""),
      icon("down", 18),
    ),
    content,
  );
}
