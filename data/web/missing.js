// What a browser shows at an address that is neither a page nor data for people.
import { h, fill } from "./dom.js";
import { empty } from "./states.js";

export function openMissing(root) {
  fill(
    root,
    h("h1", { tabindex: "-1" }, "Nothing here"),
    empty(
      "search",
      `There is no page at ${location.pathname}`,
      "The API answers programs at its own addresses.",
      h("a", { class: "button", href: "/_kiosk/#shop" }, "To the shop"),
      h("a", { class: "button", href: "/_kiosk/#api" }, "To the API"),
    ),
  );
}
