// The bar of the desk: what is on show, moving in time, the scale, and the keys for all of it.
import { h, fill } from "./dom.js";
import { icon } from "./icons.js";
import { count, duration, isoDay, parseDay, startOfDay } from "./format.js";
import { segments } from "./fields.js";
import { openDialog } from "./dialog.js";

const SHORTCUTS = [
  ["N", "New order"],
  ["T", "Today"],
  ["← →", "Earlier, later"],
  ["L", "List"],
  ["/", "Find an order"],
  ["Ctrl Z", "Undo"],
  ["?", "These keys"],
];

export class DeskBar {
  constructor(desk) {
    this.desk = desk;
    this.count = h("span", { class: "count" });
    this.titleText = h("span", {});
    const heading = { tabindex: "-1", testid: "desk-title" };
    this.heading = h("h1", heading, this.titleText);
    this.legend = h("div", { class: "legend" });
    this.jump = h("input", {
      class: "input jump",
      type: "date",
      "aria-label": "Go to a date",
      testid: "desk-date",
      onchange: () => {
        const day = parseDay(this.jump.value);
        if (day !== null) desk.go(day);
      },
    });
    this.moves = this.makeMoves();
    this.zoomOut = tool("minus", "Zoom out", "desk-zoom-out", () => desk.zoom(-1));
    this.zoomIn = tool("plus", "Zoom in", "desk-zoom-in", () => desk.zoom(1));
    const zoom = { class: "row tight zooms", role: "group", "aria-label": "Zoom" };
    this.zooms = h("div", zoom, this.zoomOut, this.zoomIn);
    const option = (value, text) => ({ value, text, testid: `desk-view-${value}` });
    this.views = segments(
      "Show as",
      [
        option("day", "Day"),
        option("week", "Week"),
        option("list", "List"),
        option("services", "Services"),
      ],
      desk.view,
      view => desk.setView(view),
    );
    this.create = h(
      "button",
      {
        type: "button",
        class: "button primary",
        testid: "desk-new",
        onclick: () => desk.actions.create(),
      },
      icon("plus", 18),
      "New order",
    );
    this.el = h(
      "div",
      { class: "desk-head" },
      h(
        "div",
        { class: "page-head" },
        h("div", { class: "desk-title" }, this.heading, this.count),
        this.create,
      ),
      h(
        "div",
        { class: "desk-bar" },
        this.moves,
        h("div", { class: "row desk-bar-end" }, this.zooms, this.views.el),
      ),
    );
  }

  makeMoves() {
    const { desk } = this;
    const today = () => desk.go(startOfDay(Date.now()));
    return h(
      "div",
      { class: "row moves" },
      h(
        "button",
        { type: "button", class: "button", testid: "desk-today", onclick: today },
        "Today",
      ),
      h(
        "div",
        { class: "row tight" },
        tool("left", "Earlier", "desk-earlier", () => desk.step(-1)),
        tool("right", "Later", "desk-later", () => desk.step(1)),
      ),
      this.jump,
    );
  }

  setCount(n) {
    this.count.textContent = n === null || Number.isNaN(n) ? "" : count(n);
  }

  draw() {
    const { desk } = this,
      { isTimeline } = desk;
    this.views.set(desk.view);
    this.titleText.textContent = desk.title;
    if (isTimeline) this.setCount(null);
    this.moves.hidden = this.zooms.hidden = this.legend.hidden = !isTimeline;
    this.create.hidden = desk.view === "services";
    this.jump.value = isoDay(desk.at);
    if (!isTimeline) return;
    const ends = desk.zoomEnds;
    this.zoomOut.disabled = ends.out;
    this.zoomIn.disabled = ends.in;
    fill(
      this.legend,
      h("span", {}, h("i", { class: "key-order" }), "Order"),
      desk.gap > 0 &&
        h(
          "span",
          {},
          h("i", { class: "key-window" }),
          `Kept free: less than ${duration(desk.gap)} from an order`,
        ),
      h("span", {}, h("i", { class: "key-free" }), "Free, click to create"),
      h("span", {}, h("kbd", {}, "?"), "Keys"),
    );
  }

  // ---- keys

  shortcut(e) {
    if (e.ctrlKey || e.metaKey || e.altKey || e.defaultPrevented) return;
    if (document.querySelector("dialog[open]")) return;
    if (e.target.closest("input, select, textarea, .timeline")) return;
    const { desk } = this;
    const act = {
      n: () => desk.actions.create(),
      t: () => desk.go(startOfDay(Date.now())),
      l: () => desk.setView("list"),
      "/": () => this.find(),
      "?": () => showShortcuts(),
      ArrowLeft: () => desk.isTimeline && desk.step(-1),
      ArrowRight: () => desk.isTimeline && desk.step(1),
    }[e.key.length === 1 ? e.key.toLowerCase() : e.key];
    if (!act) return;
    e.preventDefault();
    act();
  }

  find() {
    if (this.desk.view !== "list") this.desk.setView("list");
    this.desk.list?.focusFind();
  }
}

const tool = (name, label, testid, onclick) =>
  h(
    "button",
    { type: "button", class: "icon-button", "aria-label": label, title: label, onclick, testid },
    icon(name),
  );

function showShortcuts() {
  const dialog = openDialog({ title: "Keys", testid: "shortcuts" });
  const row = ([key, what]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, what)];
  fill(
    dialog.content,
    h("div", { class: "dialog-body" }, h("dl", { class: "shortcuts" }, SHORTCUTS.map(row))),
  );
}
