// The one dialog: a title, a close button, and nothing typed is lost by a slip of the mouse or a key.
import { h, fill, find, uid } from "./dom.js";
import { icon } from "./icons.js";
import { hostToasts } from "./toast.js";

/**
 * @typedef {object} DialogOptions
 * @property {string} title
 * @property {string} [className]
 * @property {string} [testid]
 * @property {() => boolean} [isDirty] whether closing would lose what somebody typed
 * @property {() => void} [closed]
 */

/** @param {DialogOptions} options */
export function openDialog({ title, className, testid, isDirty, closed }) {
  const before = /** @type {HTMLElement} */ (document.activeElement);
  const titleId = uid("dialog");
  const heading = h("h2", { id: titleId }, title);
  const el = h("dialog", { class: className, "aria-labelledby": titleId, testid });
  const question = h("div", { class: "discard", role: "alert", hidden: true });
  const content = h("div", { class: "dialog-content" });
  const close = () => el.close();
  const ask = () => {
    if (!isDirty?.()) return close();
    question.hidden = false;
    fill(
      question,
      h("span", {}, "Discard what you have filled in?"),
      h("button", { type: "button", class: "button danger", testid: "discard", onclick: close }, [
        "Discard",
      ]),
      h("button", { type: "button", class: "button", testid: "keep-editing", onclick: keep }, [
        "Keep editing",
      ]),
    );
    find(question, "[data-testid=keep-editing]").focus();
  };
  const keep = () => {
    question.hidden = true;
    find(content, "input, select, textarea, button")?.focus();
  };
  el.append(
    h(
      "div",
      { class: "dialog-head" },
      heading,
      h(
        "button",
        { type: "button", class: "icon-button", "aria-label": "Close", onclick: ask },
        icon("close"),
      ),
    ),
    content,
    question,
  );
  guard(el, ask);
  el.addEventListener("close", () => {
    hostToasts();
    el.remove();
    if (before?.isConnected) before.focus({ preventScroll: true });
    closed?.();
  });
  document.body.append(el);
  el.showModal();
  hostToasts();
  return { el, content, heading, close, ask };
}

/** Escape and a click on the backdrop ask; a click that began inside (selecting text) does not count. */
function guard(el, ask) {
  let outside = false;
  el.addEventListener("pointerdown", e => {
    outside = e.target === el;
  });
  el.addEventListener("click", e => {
    if (outside && e.target === el) ask();
  });
  el.addEventListener("keydown", e => {
    if (e.key !== "Escape" || e.defaultPrevented) return;
    e.preventDefault();
    ask();
  });
  el.addEventListener("cancel", e => {
    e.preventDefault();
    ask();
  });
}
