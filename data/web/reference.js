// @ts-nocheck: to be split first
// The API reference, drawn from /openapi.json, with every request to be tried from here.
import { h, fill } from "./dom.js";
import { controlHeaders, get, newKey } from "./api.js";
import { icon } from "./icons.js";
import { skeleton, empty, failure } from "./states.js";
import { resolve, example, schemaTable } from "./schema.js";

const METHODS = ["get", "post", "put", "patch", "delete", "head", "options"];
const MOST_SHOWN = 200_000; // characters of an answer: GET /orders may be a million orders

export function openReference(root) {
  let closed = false;
  const load = async () => {
    fill(
      root,
      h("div", { class: "page-head" }, h("h1", { tabindex: "-1" }, "API")),
      skeleton(7, "rows"),
    );
    try {
      const { body } = await get("/openapi.json");
      if (!closed) draw(root, body);
    } catch (e) {
      if (!closed)
        fill(
          root,
          h("div", { class: "page-head" }, h("h1", { tabindex: "-1" }, "API")),
          failure(e, load),
        );
    }
  };
  load();
  return {
    close() {
      closed = true;
    },
  };
}

/** [{name, description, operations}] in the order of the document's tags. */
function groupsOf(doc) {
  const groups = new Map(
    (doc.tags ?? []).map(t => [
      t.name,
      { name: t.name, description: t.description, operations: [] },
    ]),
  );
  for (const [path, item] of Object.entries(doc.paths ?? {}))
    for (const method of METHODS) {
      const op = item[method];
      if (!op) continue;
      const name = op.tags?.[0] ?? path.split("/")[1] ?? "other";
      if (!groups.has(name)) groups.set(name, { name, operations: [] });
      const own = (op.parameters ?? []).map(p => resolve(doc, p)),
        shared = (item.parameters ?? []).map(p => resolve(doc, p));
      groups.get(name).operations.push({
        path,
        method,
        op,
        parameters: [
          ...shared.filter(s => !own.some(o => o.name === s.name && o.in === s.in)),
          ...own,
        ],
      });
    }
  return [...groups.values()].filter(g => g.operations.length);
}

function draw(root, doc) {
  const groups = groupsOf(doc),
    all = groups.flatMap(g => g.operations);
  const cards = all.map(o => endpoint(doc, o)),
    byOperation = new Map(all.map((o, i) => [o, cards[i]]));
  const index = h("nav", { class: "api-index", "aria-label": "Endpoints" });
  const none = h("p", { class: "help", hidden: true, role: "status" }, "No endpoint matches.");
  const filter = h("input", {
    class: "input search",
    type: "search",
    placeholder: "Find an endpoint",
    "aria-label": "Find an endpoint",
    oninput: () => {
      const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
      let any = false;
      for (const [o, card] of byOperation) {
        card.hidden = !words.every(w =>
          `${o.method} ${o.path} ${o.op.summary ?? ""}`.toLowerCase().includes(w),
        );
        any ||= !card.hidden;
      }
      for (const s of root.querySelectorAll(".api-group"))
        s.hidden = ![...s.querySelectorAll(".endpoint")].some(c => !c.hidden);
      none.hidden = any;
    },
  });
  const sections = groups.map((g, i) =>
    h(
      "section",
      { class: "api-group", id: `group-${i}`, "aria-labelledby": `group-title-${i}` },
      h("h2", { id: `group-title-${i}` }, sentence(g.name)),
      g.description && h("p", { class: "help" }, g.description),
      h(
        "div",
        { class: "panel endpoints" },
        g.operations.map(o => byOperation.get(o)),
      ),
    ),
  );
  fill(
    index,
    groups.map((g, i) =>
      h(
        "button",
        {
          type: "button",
          onclick: () => {
            sections[i].scrollIntoView({ block: "start" });
            sections[i].querySelector("summary").focus({ preventScroll: true });
          },
        },
        h("span", {}, sentence(g.name)),
        h("span", { class: "count" }, g.operations.length),
      ),
    ),
  );
  fill(
    root,
    h("div", { class: "page-head" }, h("h1", { tabindex: "-1" }, "API"), filter),
    doc.info?.description &&
      h("p", { class: "lead page-lead" }, doc.info.description.split("\n\n")[0]),
    h(
      "p",
      { class: "help api-facts" },
      h("span", {}, "Base address ", h("code", {}, location.origin)),
      doc.info?.version && h("span", {}, `Version ${doc.info.version}`),
      h("a", { href: "/openapi.json", target: "_blank" }, "openapi.json"),
    ),
    all.length === 0
      ? empty("api", "No endpoints", "The description of this server lists none.")
      : h("div", { class: "api-grid" }, index, h("div", {}, none, sections)),
  );
}

const sentence = s => s.charAt(0).toUpperCase() + s.slice(1);
const badge = method => h("span", { class: `method ${method}` }, method.toUpperCase());
/** Text of the document with its `code` marked; nothing else of Markdown is used there. */
const prose = text =>
  h(
    "p",
    { class: "prose" },
    (text ?? "")
      .split(/(`[^`]+`)/)
      .map(part =>
        part.startsWith("`") && part.length > 2 ? h("code", {}, part.slice(1, -1)) : part,
      ),
  );

function endpoint(doc, o) {
  const content = h("div", { class: "endpoint-body" });
  let built = false;
  return h(
    "details",
    {
      class: "endpoint",
      testid: "api-endpoint",
      "data-operation": `${o.method} ${o.path}`,
      ontoggle: e => {
        if (built || !e.target.open) return; // drawn when first opened: the page stays light
        built = true;
        fill(content, details(doc, o));
      },
    },
    h(
      "summary",
      {},
      badge(o.method),
      h(
        "code",
        { class: "path" },
        o.path.split("/").flatMap((s, i) => (i ? ["/", h("wbr"), s] : [s])),
      ),
      h("span", { class: "endpoint-summary" }, o.op.summary ?? ""),
      icon("down", 18),
    ),
    content,
  );
}

function details(doc, o) {
  const { op } = o,
    body = op.requestBody && resolve(doc, op.requestBody),
    json = body?.content?.["application/json"];
  return [
    op.description && prose(op.description),
    h(
      "div",
      { class: "endpoint-columns" },
      h(
        "div",
        { class: "endpoint-facts" },
        o.parameters.length > 0 && [
          h("h3", {}, "Parameters"),
          h(
            "dl",
            { class: "facts" },
            o.parameters.map(p => [
              h(
                "dt",
                {},
                h("code", {}, p.name),
                h("span", { class: "help" }, ` ${p.in}${p.required ? ", required" : ""}`),
              ),
              h("dd", {}, prose(p.description)),
            ]),
          ),
        ],
        json?.schema && [h("h3", {}, "Body"), schemaTable(doc, json.schema)],
        h("h3", {}, "Answers"),
        h(
          "dl",
          { class: "facts answers" },
          Object.entries(op.responses ?? {}).map(([code, ref]) => {
            const r = resolve(doc, ref),
              schema = r.content?.["application/json"]?.schema;
            return [
              h("dt", {}, h("span", { class: `status s${code[0]}` }, code)),
              h(
                "dd",
                {},
                prose(r.description),
                schema &&
                  h(
                    "details",
                    { class: "shape" },
                    h("summary", {}, "Shape"),
                    schemaTable(doc, schema),
                  ),
              ),
            ];
          }),
        ),
      ),
      tryIt(doc, o, body, json),
    ),
  ];
}

function tryIt(doc, { path, method, op, parameters }, body, json) {
  const firstExample = m => m?.example ?? resolve(doc, Object.values(m?.examples ?? {})[0])?.value;
  const fields = parameters
    .filter(p => p.in !== "cookie" && p.name !== "If-None-Match")
    .map(p => {
      const schema = resolve(doc, p.schema ?? {}),
        start =
          p.in === "path"
            ? (firstExample(p) ?? schema.example ?? schema.examples?.[0] ?? "")
            : p.required
              ? (firstExample(p) ?? schema.default ?? "")
              : p.name === "limit"
                ? "20"
                : "";
      const suggestion = firstExample(p) ?? schema.example ?? schema.default;
      const input = h("input", {
        class: "input",
        value: String(start),
        spellcheck: "false",
        autocomplete: "off",
        placeholder:
          p.name === "Idempotency-Key"
            ? "A new key each time"
            : suggestion !== undefined
              ? `e.g. ${suggestion}`
              : "",
        testid: `api-param-${p.name}`,
        oninput: () => update(),
      });
      return {
        p,
        input,
        el: h(
          "label",
          { class: "field" },
          h(
            "span",
            { class: "label" },
            p.name,
            " ",
            h("span", { class: "help" }, p.in === "query" ? "" : p.in),
          ),
          input,
        ),
      };
    });
  const text =
    json &&
    h(
      "textarea",
      {
        class: "input",
        rows: 8,
        spellcheck: "false",
        "aria-label": "JSON body",
        testid: "api-body",
        oninput: () => update(),
      },
      JSON.stringify(firstExample(json) ?? example(doc, json.schema), null, 2),
    );
  const curl = h("code", {}),
    copy = h(
      "button",
      {
        type: "button",
        class: "icon-button small",
        "aria-label": "Copy the curl command",
        title: "Copy",
        onclick: async () => {
          try {
            await navigator.clipboard.writeText(curl.textContent);
            copy.replaceChildren(icon("check", 16));
          } catch {
            getSelection().selectAllChildren(curl);
          }
          setTimeout(() => copy.replaceChildren(icon("copy", 16)), 1500);
        },
      },
      icon("copy", 16),
    );
  const result = h("div", { class: "result", "aria-live": "polite", testid: "api-result" });
  const send = h(
    "button",
    { type: "submit", class: "button primary", testid: "api-try" },
    "Send request",
  );
  const dangerous = method === "delete" || path.startsWith("/_kiosk/reset");
  let sure = false;

  function build() {
    const query = new URLSearchParams(),
      headers = {
        Accept: op.responses?.["200"]?.content?.["text/plain"] ? "text/plain" : "application/json",
      };
    let url = path;
    for (const { p, input } of fields) {
      const v = input.value;
      if (p.in === "path") url = url.replace(`{${p.name}}`, encodeURIComponent(v));
      else if (v !== "" && p.in === "query") query.set(p.name, v);
      else if (v !== "" && p.in === "header") headers[p.name] = v;
    }
    if (text?.value.trim()) headers["Content-Type"] = "application/json";
    return {
      url: url + (query.size ? `?${query}` : ""),
      headers,
      body: text?.value.trim() || undefined,
    };
  }
  function update() {
    const r = build(),
      quote = s => `'${s.replaceAll("'", "'\\''")}'`;
    curl.textContent = [
      "curl",
      method === "get" ? "" : method === "head" ? "-I" : `-X ${method.toUpperCase()}`,
      quote(location.origin + r.url),
      ...Object.entries(r.headers)
        .filter(([k]) => k !== "Accept")
        .map(([k, v]) => `-H ${quote(`${k}: ${v}`)}`),
      r.body ? `-d ${quote(r.body.replace(/\s*\n\s*/g, " "))}` : "",
    ]
      .filter(Boolean)
      .join(" ");
    sure = false;
    send.textContent = "Send request";
  }

  async function run() {
    const missing = fields.find(f => f.p.in === "path" && !f.input.value);
    if (missing) {
      missing.input.focus();
      fill(result, h("p", { class: "field-error" }, `Fill in ${missing.p.name} first.`));
      return;
    }
    if (text?.value.trim())
      try {
        JSON.parse(text.value);
      } catch (e) {
        fill(
          result,
          h(
            "p",
            { class: "field-error" },
            `The body is not JSON: ${e.message}. It is sent all the same, to see the refusal.`,
          ),
        );
      }
    if (dangerous && !sure) {
      sure = true;
      send.textContent = path.startsWith("/_kiosk/reset")
        ? "This resets all data. Send?"
        : "This deletes data. Send?";
      return;
    }
    const r = build(),
      idem = fields.find(f => f.p.name === "Idempotency-Key");
    if (idem && !idem.input.value) r.headers["Idempotency-Key"] = newKey();
    send.disabled = true;
    send.textContent = "Sending…";
    const started = performance.now();
    try {
      const stop = new AbortController();
      const res = await fetch(r.url, {
        method: method.toUpperCase(),
        headers: { ...r.headers, ...controlHeaders(path) },
        body: r.body,
        cache: "no-store",
        signal: stop.signal,
      });
      const { shown, cut, binary } = await readSome(res, stop);
      const ms = Math.max(1, Math.round(performance.now() - started));
      fill(
        result,
        h(
          "p",
          { class: "result-head" },
          h(
            "span",
            { class: `status s${String(res.status)[0]}`, testid: "api-status" },
            `${res.status} ${res.statusText}`,
          ),
          h("span", { class: "help" }, `${ms} ms`),
        ),
        h(
          "details",
          { class: "shape" },
          h("summary", {}, "Headers"),
          h(
            "pre",
            { class: "code", tabindex: "0", "aria-label": "Answer headers" },
            [...res.headers].map(([k, v]) => `${k}: ${v}`).join("\n"),
          ),
        ),
        binary
          ? h(
              "p",
              { class: "help" },
              `A file (${res.headers.get("Content-Type")}). `,
              h("a", { href: r.url, download: "" }, "Download it"),
            )
          : shown
            ? h(
                "pre",
                { class: "code", tabindex: "0", "aria-label": "Answer body", testid: "api-answer" },
                pretty(shown, cut),
              )
            : h("p", { class: "help" }, "No body."),
        cut &&
          h(
            "p",
            { class: "help" },
            "The answer goes on; the rest was not read. Use limit to page through it.",
          ),
      );
    } catch {
      fill(
        result,
        h(
          "div",
          { class: "note bad" },
          icon("alert", 18),
          h(
            "span",
            {},
            "The server does not answer. Check that kiosk is still running, then try again.",
          ),
        ),
      );
    }
    send.disabled = false;
    update();
  }
  update();
  return h(
    "form",
    {
      class: "try",
      novalidate: true,
      "aria-label": `Try ${method.toUpperCase()} ${path}`,
      onsubmit: e => {
        e.preventDefault();
        run();
      },
    },
    h("h3", {}, "Try it"),
    fields.length > 0 &&
      h(
        "div",
        { class: "try-fields" },
        fields.map(f => f.el),
      ),
    text && h("div", { class: "field" }, h("span", { class: "label" }, "Body"), text),
    h("div", { class: "curl" }, curl, copy),
    h("div", { class: "row" }, send),
    result,
  );
}

/** At most MOST_SHOWN characters, then the stream is let go. */
async function readSome(res, stop) {
  if (/octet-stream|sqlite/.test(res.headers.get("Content-Type") ?? "")) {
    stop.abort();
    return { shown: "", cut: false, binary: true };
  }
  if (!res.body) return { shown: "", cut: false };
  const reader = res.body.getReader(),
    decoder = new TextDecoder();
  let shown = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return { shown: shown + decoder.decode(), cut: false };
    shown += decoder.decode(value, { stream: true });
    if (shown.length > MOST_SHOWN) {
      stop.abort();
      return { shown: shown.slice(0, MOST_SHOWN), cut: true };
    }
  }
}

/** Indented JSON with keys and values told apart; anything else as it came. */
function pretty(text, cut) {
  if (!cut)
    try {
      text = JSON.stringify(JSON.parse(text), null, 2);
    } catch {
      return text;
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
