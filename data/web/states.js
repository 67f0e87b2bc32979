// Loading, empty and error: the three states every view shares.
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { explain } from "./api.js";
import { isConnected, onConnection } from "./connection.js";
import { count } from "./format.js";

export const skeleton = (bars, className = "") =>
  h(
    "div",
    { class: `skeletons ${className}`, role: "status" },
    h("span", { class: "hidden" }, "Loading…"),
    Array.from({ length: bars }, () => h("div", { class: "skeleton", "aria-hidden": "true" })),
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

/** The first `shown` of a long list as drawn by `draw`, and a button for more of them. */
export function someOf(items, shown, draw, more) {
  const left = items.length - shown;
  const button = { class: "button more", type: "button", onclick: more };
  return [
    draw(items.slice(0, shown)),
    left > 0 && h("button", button, `Show more (${count(left)} left)`),
  ];
}

/** What did not load, with a button; it tries again by itself when the server is back. */
export function failure(error, retry) {
  const el = failureNote(error, retry);
  if (error?.status !== 0) return el;
  const stop = onConnection(up => {
    if (up || !el.isConnected) stop();
    if (up && el.isConnected) retry();
  });
  // A server that is back already is not waited for.
  if (isConnected()) stop();
  return el;
}

const failureNote = (error, retry) =>
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
