// The benefits shop: sign in with a name, choose products within the balance, confirm, look back at
// orders.
import { memory } from "./dom.js";
import { openSignIn, recentNames } from "./shop-sign-in.js";
import { Account } from "./shop-account.js";

export function openShop(root) {
  const view = { closed: false };
  const isClosed = () => view.closed;
  let account = null;
  const remember = name => {
    if (name) memory.set("user", name);
    else memory.remove("user");
    dispatchEvent(new Event("kiosk:user"));
  };
  /** `loaded` is what signing in has read already. */
  const start = loaded => {
    const name = memory.get("user");
    account = null;
    if (typeof name !== "string" || !name) openSignIn(root, signIn, isClosed);
    else account = new Account(root, { name, loaded, signOut, isClosed });
  };
  const signIn = (name, loaded) => {
    memory.set("recent", [name, ...recentNames().filter(n => n !== name)].slice(0, 4));
    remember(name);
    start(loaded);
    root.querySelector("h1")?.focus();
  };
  const signOut = () => {
    remember(null);
    start();
    root.querySelector("input")?.focus();
  };
  start();
  return {
    refresh() {
      account?.refresh();
    },
    close() {
      view.closed = true;
    },
  };
}
