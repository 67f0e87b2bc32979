// Reads JSON Schema as OpenAPI 3.1 uses it: references, an example, and a table for people.
import { h } from "./dom.js";

/** Follows "#/components/…" references. */
export function resolve(doc, node, depth = 0) {
  if (!node?.$ref || depth > 16) return node;
  const at = node.$ref
    .replace(/^#\//, "")
    .split("/")
    .reduce((n, k) => n?.[k.replaceAll("~1", "/").replaceAll("~0", "~")], doc);
  return resolve(doc, at, depth + 1);
}

/** A value that fits the schema, from its own examples where it has them. */
export function example(doc, schema, depth = 0) {
  const s = resolve(doc, schema);
  if (!s || depth > 6) return null;
  for (const v of [s.example, s.examples?.[0], s.default, s.const, s.enum?.[0]])
    if (v !== undefined) return v;
  const one = s.oneOf ?? s.anyOf;
  if (one) return example(doc, one[0], depth + 1);
  if (s.allOf) return Object.assign({}, ...s.allOf.map(x => example(doc, x, depth + 1)));
  const type = Array.isArray(s.type) ? s.type[0] : s.type;
  if (type === "object" || s.properties)
    return Object.fromEntries(
      Object.entries(s.properties ?? {})
        .filter(([, p]) => !resolve(doc, p)?.readOnly)
        .map(([k, p]) => [k, example(doc, p, depth + 1)]),
    );
  if (type === "array") return [example(doc, s.items ?? {}, depth + 1)];
  if (type === "integer" || type === "number") return s.minimum ?? 1;
  if (type === "boolean") return true;
  if (s.format === "date-time") return "2030-01-01T09:00:00.000Z";
  return "text";
}

function typeOf(doc, schema) {
  const s = resolve(doc, schema);
  if (!s) return "any";
  if (s.const !== undefined) return JSON.stringify(s.const);
  if (s.enum) return s.enum.map(v => JSON.stringify(v)).join(" or ");
  const one = s.oneOf ?? s.anyOf;
  if (one) return [...new Set(one.map(x => typeOf(doc, x)))].join(" or ");
  if (s.type === "array") return `list of ${typeOf(doc, s.items ?? {})}`;
  const type = Array.isArray(s.type)
    ? s.type.join(" or ")
    : (s.type ?? (s.properties || s.allOf ? "object" : "any"));
  return s.format ? `${type}, ${s.format}` : type;
}

/** The properties of an object, an item's of a list, one level inside the other. */
function propertiesOf(doc, schema, depth = 0) {
  const s = resolve(doc, schema);
  if (!s || depth > 4) return [];
  if (s.allOf) return s.allOf.flatMap(x => propertiesOf(doc, x, depth + 1));
  if (s.oneOf || s.anyOf) {
    for (const x of s.oneOf ?? s.anyOf) {
      const p = propertiesOf(doc, x, depth + 1);
      if (p.length) return p;
    }
    return [];
  }
  if (s.type === "array") return propertiesOf(doc, s.items, depth + 1);
  return Object.entries(s.properties ?? {}).map(([name, p]) => ({
    name,
    schema: p,
    required: s.required?.includes(name) ?? false,
  }));
}

export function schemaTable(doc, schema, depth = 0) {
  const properties = propertiesOf(doc, schema);
  if (!properties.length) return h("p", { class: "help" }, typeOf(doc, schema));
  return h(
    "dl",
    { class: "facts" },
    properties.map(({ name, schema: p, required }) => {
      const inner = depth < 4 && propertiesOf(doc, p).length > 0;
      return [
        h(
          "dt",
          {},
          h("code", {}, name),
          h("span", { class: "help" }, ` ${typeOf(doc, p)}${required ? ", required" : ""}`),
        ),
        h(
          "dd",
          {},
          resolve(doc, p)?.description && h("p", { class: "prose" }, resolve(doc, p).description),
          inner && schemaTable(doc, p, depth + 1),
        ),
      ];
    }),
  );
}
