// Short notices at the foot of the page. A notice with an action waits while it is pointed at or focused,
// so that nobody loses the chance to undo by reading slowly.
import { h, find } from "./dom.js";
import { icon } from "./icons.js";

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
export function toast(
  text,
  { action, tone = "", seconds = 5, onaction, onclose, testid, actionTestid } = {},
) {
  const host = document.getElementById("toasts");
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
    onclose?.(acted);
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
  const el = h(
    "div",
    {
      class: `toast ${tone}`,
      testid,
      onpointerenter: hold,
      onpointerleave: run,
      onfocusin: hold,
      onfocusout: run,
    },
    tone === "bad" ? icon("alert", 18) : icon("check", 18),
    h("span", { role: tone === "bad" ? "alert" : "status" }, text),
    action &&
      h(
        "button",
        {
          type: "button",
          class: "toast-action",
          testid: actionTestid,
          onclick: () => {
            onaction?.();
            close(true);
          },
        },
        action,
      ),
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
  host.append(el);
  while (host.children.length > 4) find(host.firstElementChild, ".toast-close").click();
  run();
  return { close: () => close(false) };
}
