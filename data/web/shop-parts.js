// Small parts that the views of the shop share.
import { h } from "./dom.js";
import { icon, hasIcon } from "./icons.js";

export const userPath = name => "/api/users/" + encodeURIComponent(name);

const TINTS = {
  netflix: 4,
  spotify: 0,
  worten: 2,
  tap: 1,
  "health-insurance": 3,
  "equipment-insurance": 5,
};

/** A product's picture: an icon for the built-in ids, else its initials; the tint follows from the id. */
export function tile(product) {
  const isKnown = Object.hasOwn(TINTS, product.id);
  let hue = 0;
  for (const c of product.id) hue = (hue * 31 + c.codePointAt(0)) % 6;
  const words = product.name.split(/\s+/).filter(Boolean).slice(0, 2);
  return h(
    "span",
    { class: `tile tint-${isKnown ? TINTS[product.id] : hue}`, "aria-hidden": "true" },
    isKnown && hasIcon(product.id)
      ? icon(product.id, 22)
      : words
          .map(w => [...w][0])
          .join("")
          .toUpperCase(),
  );
}

const isStill = matchMedia("(prefers-reduced-motion: reduce)");

/** Counts the text of `el` from one amount to another, if motion is welcome. */
export function countTo(el, from, to, format) {
  if (isStill.matches || from === null || from === to) {
    el.textContent = format(to);
    return;
  }
  const started = performance.now();
  const step = now => {
    const part = Math.min(1, (now - started) / 450);
    el.textContent = format(Math.round(from + (to - from) * (1 - (1 - part) ** 3)));
    if (part < 1 && el.isConnected) requestAnimationFrame(step);
    else el.textContent = format(to);
  };
  requestAnimationFrame(step);
}
