// Reads the fields of the order form: the order that they describe, or the first that is wrong.
import { fromCents, iso, parseMoney } from "./format.js";
import { limits } from "./limits.js";

/** @returns {{value?: any, wrong?: {field: string, text: string}}} */
export function readOrderFields(form) {
  const { kind, order } = form;
  const text = name => form.inputs[name].value.trim();
  const value = {};
  for (const part of [
    () => (kind === "product" ? null : readServices(form, value)),
    () => (kind === "services" ? null : readProduct(text, value)),
    () => readFee(text("totalfee"), kind, value),
    () => readTime(form, kind, value),
    () => (order ? null : readId(text("id"), value)),
  ]) {
    const wrong = part();
    if (wrong) return { wrong };
  }
  return { value };
}

const wrong = (field, text) => ({ field, text });

function readServices({ chosen }, value) {
  if (!chosen.size) return wrong("services", "Choose at least one service.");
  value.services = [...chosen].map(id => ({ id }));
  return null;
}

function readProduct(text, value) {
  value.product = text("product");
  if (!value.product) return wrong("product", "Name the product.");
  const quantity = text("quantity");
  value.quantity = Number(quantity);
  const most = limits.quantity ?? Number.MAX_SAFE_INTEGER;
  if (!/^\d+$/.test(quantity) || value.quantity < 1 || value.quantity > most)
    return wrong("quantity", "The quantity is a whole number, at least 1.");
  return null;
}

function readFee(text, kind, value) {
  if (!text && kind === "product") return null;
  if (!text) return wrong("totalfee", "An order for services needs a fee. It may be 0.");
  const cents = parseMoney(text);
  if (cents === null)
    return wrong(
      "totalfee",
      "The fee is an amount such as 100 or 99.50, with at most two decimals.",
    );
  value.totalfee = fromCents(cents);
  return null;
}

function readTime({ exact, inputs }, kind, value) {
  if (exact !== null && !Number.isNaN(exact)) value.datetime = iso(exact);
  else if (inputs.datetime.validity.badInput)
    return wrong("datetime", "Finish the date and the time.");
  else if (kind !== "product") return wrong("datetime", "Choose a date and a time.");
  return null;
}

function readId(text, value) {
  if (!text) return null;
  if (limits.orderId && !limits.orderId.test(text))
    return wrong("id", "An id is made of letters, digits, dots, dashes and underscores.");
  value.id = text;
  return null;
}
