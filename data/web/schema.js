// Reads JSON Schema as OpenAPI 3.1 uses it: references, an example, and what a table for people has.

/** Follows "#/components/…" references. */
export function resolve(doc, node, depth = 0) {
  if (!node?.$ref || depth > 16) return node;
  const step = (n, key) => n?.[key.replaceAll("~1", "/").replaceAll("~0", "~")];
  const at = node.$ref.replace(/^#\//, "").split("/").reduce(step, doc);
  return resolve(doc, at, depth + 1);
}

/** The name of what a reference leads to: "NewOrder". */
export const nameOf = schema => schema?.$ref?.split("/").at(-1) ?? null;

const single = s => (Array.isArray(s.type) ? s.type[0] : s.type);

/** A value that fits the schema, from its own examples where it has them. */
export function example(doc, schema, depth = 0) {
  const s = resolve(doc, schema);
  if (!s || depth > 6) return null;
  for (const v of [s.example, s.examples?.[0], s.default, s.const, s.enum?.[0]])
    if (v !== undefined) return v;
  if (s.properties) return exampleObject(doc, s, depth);
  const one = s.oneOf ?? s.anyOf;
  if (one) return example(doc, one[0], depth + 1);
  if (s.allOf) return Object.assign({}, ...s.allOf.map(x => example(doc, x, depth + 1)));
  const type = single(s);
  if (type === "object") return {};
  if (type === "array") return [example(doc, s.items ?? {}, depth + 1)];
  if (type === "integer" || type === "number") return s.minimum ?? 1;
  if (type === "boolean") return true;
  if (s.format === "date-time") return "2030-01-01T09:00:00.000Z";
  return "text";
}

function exampleObject(doc, s, depth) {
  const writable = Object.entries(s.properties).filter(([, p]) => !resolve(doc, p)?.readOnly);
  return Object.fromEntries(writable.map(([key, p]) => [key, example(doc, p, depth + 1)]));
}

export function typeOf(doc, schema) {
  const s = resolve(doc, schema);
  if (!s) return "any";
  if (s.const !== undefined) return JSON.stringify(s.const);
  if (s.enum) return s.enum.map(v => JSON.stringify(v)).join(" or ");
  const one = s.properties ? null : (s.oneOf ?? s.anyOf);
  if (one) return [...new Set(one.map(x => typeOf(doc, x)))].join(" or ");
  if (s.type === "array") return `list of ${typeOf(doc, s.items ?? {})}`;
  const plain = s.properties || s.allOf ? "object" : "any";
  const type = Array.isArray(s.type) ? s.type.join(" or ") : (s.type ?? plain);
  return s.format ? `${type}, ${s.format}` : type;
}

/** The bodies that a schema allows, each to be shown by itself: [{name, schema}]; one if it is plain. */
export function alternatives(doc, schema) {
  const s = resolve(doc, schema);
  const one = s?.properties ? null : s?.oneOf;
  if (!one) return [{ name: nameOf(schema), schema }];
  return one.map((x, i) => ({ name: nameOf(x) ?? `Form ${i + 1}`, schema: x }));
}

/**
 * The properties of an object, an item's of a list, one level inside the other. A schema's own
 * properties come before those of its alternatives, which often only say what is required.
 */
export function propertiesOf(doc, schema, depth = 0) {
  const s = resolve(doc, schema);
  if (!s || depth > 4) return [];
  if (s.properties)
    return Object.entries(s.properties).map(([name, p]) => ({
      name,
      schema: p,
      required: s.required?.includes(name) ?? false,
    }));
  if (s.allOf) return s.allOf.flatMap(x => propertiesOf(doc, x, depth + 1));
  for (const x of s.oneOf ?? s.anyOf ?? []) {
    const properties = propertiesOf(doc, x, depth + 1);
    if (properties.length) return properties;
  }
  return s.type === "array" ? propertiesOf(doc, s.items, depth + 1) : [];
}
