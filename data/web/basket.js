// What a shopper has, has chosen and would have left: pure arithmetic over what the server said.
import { toCents } from "./format.js";

export class Basket {
  /** In cents; null until the server has said it. @type {number|null} */
  balance = null;
  /** What all orders together cost, in cents; null until the server has said it. @type {number|null} */
  spent = null;
  owned = new Set();
  products = new Map();
  chosen = new Set();

  /** The user as the server has it now. What is owned by now leaves the basket. */
  takeUser(user) {
    this.balance = toCents(user.data.balance);
    this.owned = new Set(user.data.product_ids);
    for (const id of this.owned) this.chosen.delete(id);
  }
  takeOrders(orders) {
    this.spent = orders.reduce((sum, o) => sum + toCents(o.data.total), 0);
  }
  /** The catalogue as the server has it now. What is gone leaves the basket. */
  takeProducts(products) {
    this.products = new Map(products.map(p => [p.id, p]));
    for (const id of this.chosen) if (!this.products.has(id)) this.chosen.delete(id);
  }

  price(id) {
    return toCents(this.products.get(id)?.price ?? 0);
  }
  get total() {
    return [...this.chosen].reduce((sum, id) => sum + this.price(id), 0);
  }
  get left() {
    return (this.balance ?? 0) - this.total;
  }
  /** @returns {"owned"|"chosen"|"short"|"free"} */
  stateOf(id) {
    if (this.owned.has(id)) return "owned";
    if (this.chosen.has(id)) return "chosen";
    return this.price(id) > this.left ? "short" : "free";
  }
  name(id) {
    return this.products.get(id)?.name ?? id;
  }
}
