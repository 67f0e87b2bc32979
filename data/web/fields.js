// Groups of choices as the browser has them: radio buttons and check boxes that look like the page.
import { h, uid } from "./dom.js";

/**
 * One of a few, side by side.
 * @param {string} label
 * @param {{value: string, text: string, testid: string}[]} options
 * @param {string} value
 * @param {(value: string) => void} onchange
 */
export function segments(label, options, value, onchange) {
  const name = uid("choice");
  const inputs = options.map(o =>
    h("input", {
      type: "radio",
      name,
      value: o.value,
      testid: o.testid,
      checked: o.value === value,
      onchange: () => onchange(o.value),
    }),
  );
  const el = h(
    "div",
    { class: "segments", role: "radiogroup", "aria-label": label },
    inputs.map((input, i) =>
      h("label", { class: "segment" }, input, h("span", {}, options[i].text)),
    ),
  );
  return {
    el,
    set(next) {
      for (const input of inputs) input.checked = input.value === next;
    },
  };
}

/** A check box that looks like a chip. */
export function checkChip(text, checked, testid, onchange) {
  const input = h("input", {
    type: "checkbox",
    checked,
    testid,
    onchange: () => onchange(input.checked),
  });
  return h("label", { class: "chip check", title: text }, input, h("span", {}, text));
}
