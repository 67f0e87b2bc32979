// What an operation takes and answers, for people.
import { h, fill } from "./dom.js";
import { segments } from "./fields.js";
import { alternatives, propertiesOf, resolve, typeOf } from "./schema.js";

export const badge = method => h("span", { class: `method ${method}` }, method.toUpperCase());

/** Text of the document with its `code` marked; nothing else of Markdown is used there. */
export function prose(text) {
  const mark = part =>
    part.startsWith("`") && part.length > 2 ? h("code", {}, part.slice(1, -1)) : part;
  return h("p", { class: "prose" }, (text ?? "").split(/(`[^`]+`)/).map(mark));
}

export function schemaTable(doc, schema, depth = 0) {
  const properties = propertiesOf(doc, schema);
  if (!properties.length) return h("p", { class: "help" }, typeOf(doc, schema));
  const row = ({ name, schema: p, required }) => {
    const inner = depth < 4 && propertiesOf(doc, p).length > 0,
      description = p.description ?? resolve(doc, p)?.description;
    return [
      h(
        "dt",
        {},
        h("code", {}, name),
        h("span", { class: "help" }, ` ${typeOf(doc, p)}${required ? ", required" : ""}`),
      ),
      h("dd", {}, description && prose(description), inner && schemaTable(doc, p, depth + 1)),
    ];
  };
  return h("dl", { class: "facts" }, properties.map(row));
}

/** A table, or one for each body that is allowed, side by side as tabs. */
export function schemaTabs(doc, schema) {
  const forms = alternatives(doc, schema);
  if (forms.length === 1) return schemaTable(doc, schema);
  const shown = h("div", { testid: "api-alternative" });
  const show = name => {
    const form = forms.find(f => f.name === name);
    fill(shown, schemaTable(doc, form.schema));
  };
  const options = forms.map(f => ({ value: f.name, text: f.name, testid: `api-form-${f.name}` }));
  show(forms[0].name);
  return h(
    "div",
    { class: "alternatives" },
    segments("One of these bodies", options, forms[0].name, show).el,
    shown,
  );
}

const EVERYWHERE = ["403", "413", "414", "431", "500", "503", "default"];

export function facts(doc, o, json) {
  const answers = Object.entries(o.op.responses ?? {});
  const own = answers.filter(([code]) => !EVERYWHERE.includes(code)),
    shared = answers.filter(([code]) => EVERYWHERE.includes(code));
  const list = some =>
    h(
      "dl",
      { class: "facts answers" },
      some.map(a => answer(doc, a)),
    );
  return h(
    "div",
    { class: "endpoint-facts" },
    o.parameters.length > 0 && [
      h("h3", {}, "Parameters"),
      h("dl", { class: "facts" }, o.parameters.map(parameter)),
    ],
    json?.schema && [h("h3", {}, "Body"), schemaTabs(doc, json.schema)],
    h("h3", {}, "Answers"),
    list(own),
    shared.length > 0 &&
      h(
        "details",
        { class: "shape" },
        h("summary", {}, "Answers that any request may get"),
        list(shared),
      ),
  );
}

function parameter(p) {
  const where = ` ${p.in}${p.required ? ", required" : ""}`;
  return [
    h("dt", {}, h("code", {}, p.name), h("span", { class: "help" }, where)),
    h("dd", {}, prose(p.description)),
  ];
}

function answer(doc, [code, ref]) {
  const r = resolve(doc, ref),
    schema = r.content?.["application/json"]?.schema;
  const shape =
    schema && h("details", { class: "shape" }, h("summary", {}, "Shape"), schemaTable(doc, schema));
  return [
    h("dt", {}, h("span", { class: `status s${code[0]}` }, code)),
    h("dd", {}, prose(r.description), shape),
  ];
}

/** Indented JSON with keys and values set apart; anything else as it came. */
export function pretty(given, cut = false) {
  let text = given;
  if (!cut)
    try {
      text = JSON.stringify(JSON.parse(given), null, 2);
    } catch {
      return given;
    }
  if (text.length > 40_000) return text;
  const out = [],
    token = /("(?:\\.|[^"\\])*")(\s*:)?|\b(true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
  let at = 0;
  for (const m of text.matchAll(token)) {
    out.push(text.slice(at, m.index));
    if (m[2]) out.push(h("span", { class: "t-key" }, m[1]), m[2]);
    else out.push(h("span", { class: m[1] ? "t-text" : "t-num" }, m[0]));
    at = m.index + m[0].length;
  }
  out.push(text.slice(at));
  return out;
}
