// Loading, empty and error: the three states every view shares.
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { explain } from "./api.js";

export const skeleton = (count, className = "") =>
  h(
    "div",
    { class: `skeletons ${className}`, role: "status" },
    h("span", { class: "hidden" }, "Loading…"),
    Array.from({ length: count }, () => h("div", { class: "skeleton", "aria-hidden": "true" })),
  );

export const empty = (iconName, title, text, ...actions) =>
  h(
    "div",
    { class: "state" },
    h("span", { class: "state-icon" }, icon(iconName, 24)),
    h("p", { class: "state-title" }, title),
    text && h("p", {}, text),
    actions.length > 0 && h("div", { class: "row" }, actions),
  );

export const failure = (error, retry) =>
  h(
    "div",
    { class: "state state-error", role: "alert", testid: "error-state" },
    h("span", { class: "state-icon" }, icon("alert", 24)),
    h(
      "p",
      { class: "state-title" },
      error?.status === 0 ? "No connection to kiosk" : "This did not load",
    ),
    h("p", {}, explain(error)),
    h(
      "button",
      { class: "button", type: "button", onclick: retry, testid: "retry" },
      icon("reload", 18),
      "Try again",
    ),
  );
