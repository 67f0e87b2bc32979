// Short notices at the foot of the page. A notice with an action waits while it is pointed at or
// focused, so that undo is not lost by reading slowly. Ctrl+Z is the newest undo.
import { h, find } from "./dom.js";
import { icon } from "./icons.js";

const host = () => document.getElementById("toasts");

/** An open dialog makes everything outside of it inert: notices are inside of the topmost one. */
export function hostToasts() {
  const dialogs = document.querySelectorAll("dialog[open]");
  const parent = dialogs[dialogs.length - 1] ?? document.body;
  if (host().parentNode !== parent) parent.append(host());
}

/**
 * @typedef {object} ToastOptions
 * @property {string} [action] what the button says
 * @property {string} [tone]
 * @property {number} [seconds]
 * @property {() => void} [onaction]
 * @property {(acted: boolean) => void} [onclose] runs once, however the notice goes away
 * @property {string} [testid]
 * @property {string} [actionTestid]
 */

/**
 * @param {string} text
 * @param {ToastOptions} [options]
 * @returns {{close(): void}}
 */
export function toast(text, options = {}) {
  const { tone = "", seconds = 5, testid } = options;
  let left = seconds * 1000,
    started = 0,
    timer = 0,
    done = false;
  const close = acted => {
    if (done) return;
    done = true;
    clearTimeout(timer);
    const held = el.contains(document.activeElement);
    el.remove();
    if (held) document.getElementById("main").focus({ preventScroll: true });
    options.onclose?.(acted);
  };
  const run = () => {
    if (done) return;
    started = Date.now();
    clearTimeout(timer);
    timer = setTimeout(() => close(false), left);
  };
  const hold = () => {
    clearTimeout(timer);
    left = Math.max(1500, left - (Date.now() - started));
  };
  const listeners = { onpointerenter: hold, onpointerleave: run, onfocusin: hold, onfocusout: run };
  const el = h(
    "div",
    { class: `toast ${tone}`, testid, ...listeners },
    icon(tone === "bad" ? "alert" : "check", 18),
    h("span", { role: tone === "bad" ? "alert" : "status", title: text }, text),
    options.action && actionButton(options, close),
    h(
      "button",
      {
        type: "button",
        class: "toast-close",
        "aria-label": "Dismiss",
        onclick: () => close(false),
      },
      icon("close", 16),
    ),
  );
  host().append(el);
  while (host().children.length > 4) find(host().firstElementChild, ".toast-close").click();
  run();
  return { close: () => close(false) };
}

/**
 * @param {ToastOptions} options
 * @param {(acted: boolean) => void} close
 */
function actionButton({ action, actionTestid, onaction }, close) {
  const onclick = () => {
    onaction?.();
    close(true);
  };
  const props = { type: "button", class: "toast-action", testid: actionTestid, onclick };
  return h("button", { ...props, "data-undo": action === "Undo" }, action);
}

addEventListener("keydown", e => {
  const isUndo = e.key.toLowerCase() === "z" && (e.ctrlKey || e.metaKey) && !e.shiftKey;
  const focused = document.activeElement;
  if (!isUndo || focused?.matches("input:not([type=checkbox], [type=radio]), textarea")) return;
  const undos = document.querySelectorAll("[data-undo]");
  const newest = /** @type {HTMLElement} */ (undos[undos.length - 1]);
  if (!newest) return;
  e.preventDefault();
  newest.click();
});
