// Tries an operation: its parameters and body as fields, the examples of the document with what each
// should be answered, and what the server does answer.
import { h, fill } from "./dom.js";
import { controlHeaders, newKey } from "./api.js";
import { icon } from "./icons.js";
import { example, resolve } from "./schema.js";
import { pretty } from "./reference-parts.js";
import { segments } from "./fields.js";
import { copyAs } from "./snippets.js";

const MOST_SHOWN = 200_000; // characters of an answer: GET /orders may be a million orders

/** Names of the document's examples, and what each gives and expects. */
export function examplesOf(doc, { op, parameters }, json) {
  const names = new Set(Object.keys(json?.examples ?? {}));
  for (const p of parameters) for (const name of Object.keys(p.examples ?? {})) names.add(name);
  return [...names].map(name => ({
    name,
    body: resolve(doc, json?.examples?.[name])?.value,
    values: Object.fromEntries(
      parameters
        .filter(p => p.examples?.[name])
        .map(p => [p.name, String(resolve(doc, p.examples[name])?.value)]),
    ),
    expected: expectedOf(doc, op, name),
  }));
}

function expectedOf(doc, op, name) {
  for (const [status, ref] of Object.entries(op.responses ?? {})) {
    const media = resolve(doc, ref)?.content?.["application/json"];
    const value = resolve(doc, media?.examples?.[name])?.value;
    if (value !== undefined) return { status, value };
  }
  return null;
}

export class TryIt {
  isSure = false;
  expected = null;

  constructor(doc, operation, json) {
    this.doc = doc;
    this.path = operation.path;
    this.method = operation.method;
    this.op = operation.op;
    this.parameters = operation.parameters;
    this.json = json;
    this.examples = examplesOf(doc, operation, json);
    this.fields = this.parameters
      .filter(p => p.in !== "cookie" && p.name !== "If-None-Match")
      .map(p => this.field(p));
    this.text = json?.schema ? this.bodyField() : null;
    this.snippet = h("code", {});
    this.result = h("div", { class: "result", "aria-live": "polite", testid: "api-result" });
    this.send = h("button", { type: "submit", class: "button primary", testid: "api-try" });
    this.isDangerous =
      this.method === "delete" || ["/_kiosk/reset", "/_kiosk/stop"].includes(this.path);
    this.language = "curl";
    this.el = this.layout();
    if (this.examples.length && json) this.useExample(this.examples[0]);
    this.update();
  }

  field(p) {
    const schema = resolve(this.doc, p.schema ?? {});
    const first = p.example ?? resolve(this.doc, Object.values(p.examples ?? {})[0])?.value;
    const hint = first ?? schema.example ?? schema.examples?.[0] ?? schema.default;
    const isGiven = p.in === "path" || p.required;
    const start = isGiven ? (hint ?? "") : p.name === "limit" ? "20" : "";
    const placeholder = hint === undefined ? "" : `e.g. ${hint}`;
    const input = h("input", {
      class: "input",
      value: String(start),
      spellcheck: "false",
      autocomplete: "off",
      placeholder: p.name === "Idempotency-Key" ? "A new key each time" : placeholder,
      testid: `api-param-${p.name}`,
      oninput: () => this.update(),
    });
    const where = h("span", { class: "help" }, p.in === "query" ? "" : p.in);
    const label = h("span", { class: "label" }, p.name, " ", where);
    return { p, input, el: h("label", { class: "field" }, label, input) };
  }

  bodyField() {
    const value = example(this.doc, this.json.schema);
    return h(
      "textarea",
      {
        class: "input",
        rows: 8,
        spellcheck: "false",
        "aria-label": "JSON body",
        testid: "api-body",
        oninput: () => this.update(),
      },
      JSON.stringify(value, null, 2),
    );
  }

  layout() {
    const onsubmit = e => {
      e.preventDefault();
      this.run();
    };
    const languages = ["curl", "fetch", "TypeScript"].map(value => ({
      value,
      text: value,
      testid: `api-copy-${value}`,
    }));
    const pick = segments("Copy as", languages, this.language, value => {
      this.language = value;
      this.update();
    });
    const label = `Try ${this.method.toUpperCase()} ${this.path}`;
    return h(
      "form",
      { class: "try", novalidate: true, "aria-label": label, onsubmit },
      h("h3", {}, "Try it"),
      this.picker(),
      this.fields.length > 0 &&
        h(
          "div",
          { class: "try-fields" },
          this.fields.map(f => f.el),
        ),
      this.text && h("div", { class: "field" }, h("span", { class: "label" }, "Body"), this.text),
      h("div", { class: "row" }, this.send),
      this.result,
      pick.el,
      h("div", { class: "curl" }, this.snippet, this.copyButton()),
    );
  }

  picker() {
    if (this.examples.length < 2) return null;
    const select = h(
      "select",
      {
        class: "input",
        testid: "api-example",
        onchange: () => this.useExample(this.examples.find(x => x.name === select.value)),
      },
      this.examples.map(x => h("option", { value: x.name }, words(x))),
    );
    return h("label", { class: "field" }, h("span", { class: "label" }, "Example"), select);
  }

  useExample(chosen) {
    this.expected = chosen.expected;
    if (this.text && chosen.body !== undefined)
      this.text.value = JSON.stringify(chosen.body, null, 2);
    for (const { p, input } of this.fields)
      if (chosen.values[p.name] !== undefined) input.value = chosen.values[p.name];
      else if (p.in === "query") input.value = "";
    this.update();
  }

  copyButton() {
    const label = { "aria-label": "Copy", title: "Copy" };
    const onclick = async () => {
      try {
        await navigator.clipboard.writeText(this.snippet.textContent);
        fill(button, icon("check", 16));
      } catch {
        getSelection().selectAllChildren(this.snippet);
      }
      setTimeout(() => fill(button, icon("copy", 16)), 1500);
    };
    const button = h("button", { type: "button", class: "icon-button small", ...label, onclick }, [
      icon("copy", 16),
    ]);
    return button;
  }

  // ---- the request

  build() {
    const query = new URLSearchParams();
    const isText = this.op.responses?.["200"]?.content?.["text/plain"];
    const headers = { Accept: isText ? "text/plain" : "application/json" };
    let url = this.path;
    for (const { p, input } of this.fields) {
      const { value } = input;
      if (p.in === "path") url = url.replace(`{${p.name}}`, encodeURIComponent(value));
      else if (value !== "" && p.in === "query") query.set(p.name, value);
      else if (value !== "" && p.in === "header") headers[p.name] = value;
    }
    const body = this.text?.value.trim() || undefined;
    if (body) headers["Content-Type"] = "application/json";
    return { url: url + (query.size ? `?${query}` : ""), headers, body, method: this.method };
  }

  update() {
    this.snippet.textContent = copyAs(this.language, location.origin, this.build());
    this.isSure = false;
    this.send.textContent = "Send request";
  }

  /** @returns whether something keeps the request from being sent */
  isStopped() {
    const missing = this.fields.find(f => f.p.in === "path" && !f.input.value);
    if (missing) {
      missing.input.focus();
      fill(this.result, h("p", { class: "field-error" }, `Fill in ${missing.p.name} first.`));
      return true;
    }
    if (!this.isDangerous || this.isSure) return false;
    this.isSure = true;
    this.send.textContent = this.path.startsWith("/_kiosk/")
      ? "This changes all data. Send?"
      : "This deletes data. Send?";
    return true;
  }

  async run() {
    if (this.isStopped()) return;
    const r = this.build(),
      key = this.fields.find(f => f.p.name === "Idempotency-Key");
    if (key && !key.input.value) r.headers["Idempotency-Key"] = newKey();
    this.send.disabled = true;
    this.send.textContent = "Sending…";
    const started = performance.now(),
      stop = new AbortController();
    try {
      const res = await fetch(r.url, {
        method: r.method.toUpperCase(),
        headers: { ...r.headers, ...controlHeaders(this.path) },
        body: r.body,
        cache: "no-store",
        signal: stop.signal,
      });
      const read = await readSome(res, stop);
      this.show(res, read, r.url, Math.max(1, Math.round(performance.now() - started)));
    } catch {
      const text = "The server does not answer. Check that kiosk is still running, then try again.";
      fill(this.result, h("div", { class: "note bad" }, icon("alert", 18), h("span", {}, text)));
    }
    this.send.disabled = false;
    this.update();
  }

  show(res, { shown, cut, binary }, url, ms) {
    const status = `${res.status} ${res.statusText}`,
      headers = [...res.headers].map(([k, v]) => `${k}: ${v}`).join("\n");
    const answer = {
      class: "code",
      tabindex: "0",
      "aria-label": "Answer body",
      testid: "api-answer",
    };
    fill(
      this.result,
      h(
        "p",
        { class: "result-head" },
        h("span", { class: `status s${status[0]}`, testid: "api-status" }, status),
        h("span", { class: "help" }, `${ms} ms`),
      ),
      h(
        "details",
        { class: "shape" },
        h("summary", {}, "Headers"),
        h("pre", { class: "code", tabindex: "0", "aria-label": "Answer headers" }, headers),
      ),
      binary && [
        h("p", { class: "help" }, `A file (${res.headers.get("Content-Type")}). `, [
          h("a", { href: url, download: "" }, "Download it"),
        ]),
      ],
      !binary &&
        (shown ? h("pre", answer, pretty(shown, cut)) : h("p", { class: "help" }, "No body.")),
      cut &&
        h("p", { class: "help" }, "The answer goes on; the rest was not read. Use limit to page."),
      this.expectation(res.status),
    );
  }

  /** What the document says that this example is answered, on data fresh from the seed. */
  expectation(status) {
    if (!this.expected) return null;
    const { value } = this.expected;
    const isSame = String(status) === this.expected.status;
    return h(
      "details",
      { class: "shape", open: !isSame, testid: "api-expected" },
      h("summary", {}, `Expected on fresh data: ${this.expected.status}`),
      h(
        "pre",
        { class: "code", tabindex: "0", "aria-label": "Expected answer" },
        pretty(JSON.stringify(value)),
      ),
    );
  }
}

const words = ({ name, expected }) =>
  name.replaceAll("_", " ") + (expected ? ` → ${expected.status}` : "");

/** At most MOST_SHOWN characters, then the stream is let go. */
async function readSome(res, stop) {
  if (/octet-stream|sqlite/.test(res.headers.get("Content-Type") ?? "")) {
    stop.abort();
    return { shown: "", cut: false, binary: true };
  }
  if (!res.body) return { shown: "", cut: false, binary: false };
  const reader = res.body.getReader(),
    decoder = new TextDecoder();
  let shown = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return { shown: shown + decoder.decode(), cut: false, binary: false };
    shown += decoder.decode(value, { stream: true });
    if (shown.length > MOST_SHOWN) {
      stop.abort();
      return { shown: shown.slice(0, MOST_SHOWN), cut: true, binary: false };
    }
  }
}
