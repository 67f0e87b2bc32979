// Checks data/openapi.json against a linter, against the source, and against the running server:
// every documented answer is provoked, and compared with its schema, its headers and its example.
// Run by `make test-openapi` from the top of the source; KIOSK is the executable.
import { lint, createConfig, formatProblems } from "@redocly/openapi-core";
import Ajv from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import assert from "node:assert/strict";
import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { ANYWHERE, BY_OPERATION, BY_SERVER, DEFAULTS, NOT_HERE } from "./provoke.mjs";
import { start } from "./server.mjs";

const FILE = "data/openapi.json";
const KIOSK = path.resolve(process.env.KIOSK ?? "build/kiosk");
const text = await readFile(FILE, "utf8");
const doc = JSON.parse(text);

// --- reporting ---

let passed = 0;
let failed = 0;
async function check(name, test) {
  try {
    await test();
    ++passed;
  } catch (error) {
    ++failed;
    console.log(`FAILED ${name}\n  ${String(error.message).trim().replaceAll("\n", "\n  ")}`);
  }
}

// --- reading the document ---

const METHODS = ["get", "post", "put", "patch", "delete"];

/** What a reference of the document leads to. */
function resolve(node) {
  if (!node?.$ref) return node;
  const keys = node.$ref.slice(2).split("/").map(key => key.replaceAll("~1", "/").replaceAll("~0", "~"));
  return resolve(keys.reduce((at, key) => at[key], doc));
}

/** The values of the examples by their names. */
function examplesOf(node) {
  return Object.fromEntries(Object.entries(node?.examples ?? {}).map(([name, example]) => [name, resolve(example).value]));
}

/** {label, method, path, parameters, body, responses}: references at their top are resolved. */
const operations = Object.entries(doc.paths).flatMap(([route, item]) => METHODS.filter(method => item[method]).map(method => ({
  label: `${method.toUpperCase()} ${route}`,
  method: method.toUpperCase(),
  path: route,
  parameters: [...(item.parameters ?? []), ...(item[method].parameters ?? [])].map(resolve),
  body: resolve(item[method].requestBody)?.content["application/json"],
  responses: Object.fromEntries(Object.entries(item[method].responses).map(([status, response]) => [status, resolve(response)])),
})));

/** [{status, response, type, media, name, example}], one for each example of the answers, or for an answer without any. */
function answersOf(operation) {
  return Object.entries(operation.responses).flatMap(([status, response]) => {
    const media = Object.entries(response.content ?? {});
    const named = media.flatMap(([type, content]) => Object.entries(examplesOf(content)).map(([name, example]) => ({ status, response, type, media: content, name, example })));
    return named.length ? named : [{ status, response, type: media[0]?.[0], media: media[0]?.[1] }];
  });
}

const ajv = new Ajv({ strict: false, allErrors: true });
addFormats(ajv);
ajv.addSchema({ $id: "kiosk", components: doc.components });
const validators = new Map();

function assertValid(schema, value, what) {
  const key = JSON.stringify(schema).replaceAll('"#/components/', '"kiosk#/components/');
  if (!validators.has(key)) validators.set(key, ajv.compile(JSON.parse(key)));
  const validate = validators.get(key);
  assert.ok(validate(value), `${what} does not fit its schema: ${ajv.errorsText(validate.errors)}\n${JSON.stringify(value)}`);
}

/** Without what differs from run to run: when something was stored, the version, a fault's id. */
function comparable(value) {
  return JSON.parse(JSON.stringify(value, (key, inner) => {
    if (key === "created_at" || key === "updated_at" || key === "version") return `some ${key}`;
    return key === "message" ? inner.replace(/see [0-9a-f]{16} in/, "see some id in") : inner;
  }));
}

// --- the document by itself ---

await check("the document passes the linter", async () => {
  // The recommended rules of Redocly, with warnings taken for errors.
  const config = await createConfig({
    extends: ["recommended-strict"],
    rules: { "info-license": "off" }, // kiosk names no licence that could stand there
  });
  const problems = await lint({ ref: FILE, config });
  formatProblems(problems, { format: "stylish", totals: { errors: 0, warnings: 0, ignored: 0 } });
  assert.equal(problems.length, 0, `${problems.length} problems`);
});

for (const operation of operations) {
  const names = answersOf(operation).map(answer => answer.name);
  const requests = [[operation.body, "body"], ...operation.parameters.map(parameter => [parameter, parameter.name])];
  for (const [part, what] of requests) {
    for (const [name, value] of Object.entries(examplesOf(part))) {
      await check(`${operation.label}: the example ${name} of ${what} is valid and has an answer`, () => {
        assertValid(part.schema, value, "The example");
        assert.equal(names.filter(other => other === name).length, 1, "not exactly one answer has an example of that name");
      });
    }
  }
  for (const answer of answersOf(operation).filter(({ name }) => name)) {
    await check(`${operation.label}: the example ${answer.name} of ${answer.status} is valid`, () => assertValid(answer.media.schema, answer.example, "The example"));
  }
}

// --- the document and the source ---

const sources = Object.fromEntries(await Promise.all((await readdir("http", { recursive: true })).filter(name => name.endsWith(".cpp")).map(async name => [name, await readFile(`http/${name}`, "utf8")])));

await check("the document has the routes of http/routes.cpp", () => {
  const table = /kRoutes\[\] = \{(.*?)\n\};/s.exec(sources["routes.cpp"])[1];
  const routes = [...table.matchAll(/\{"([A-Z]+)", "([^"]+)"/g)].map(([, method, route]) => `${method} ${route}`);
  assert.ok(routes.length > 20, "the table was not understood");
  assert.deepEqual(operations.map(({ label }) => label).sort(), routes.sort());
});

await check("the document has the error codes of the source", () => {
  const all = Object.values(sources).join("\n");
  const written = new Set([/FramingError k\w+\{\d+, "(\w+)"/g, /Error\(\s*(?:\d+|status), "(\w+)"/g, /Denial\{"(\w+)"/g, /Key\("error"\)\.String\("(\w+)"\)/g, /\{"error":"(\w+)"/g].flatMap(pattern => [...all.matchAll(pattern)].map(match => match[1])));
  // InvalidRequest writes the one that has no literal of its own status beside it.
  const documented = new Set(operations.flatMap(answersOf).filter(({ status }) => status >= "4").map(({ example }) => example.error));
  assert.deepEqual([...documented].sort(), [...written].sort());
});

// --- the document and the server ---

const HEADERS = ["etag", "location", "link", "idempotency-replayed", "retry-after", "allow", "content-disposition", "cache-control", "content-security-policy"];

function assertHeaders(response, headers) {
  const documented = new Map(Object.entries(response.headers ?? {}).map(([name, header]) => [name.toLowerCase(), resolve(header)]));
  for (const [name, header] of documented) {
    if (header.required) assert.ok(headers[name], `the header ${name} is missing`);
    if (headers[name]) assertValid(header.schema, headers[name], `The header ${name}`);
  }
  for (const name of HEADERS) assert.ok(!headers[name] || documented.has(name), `the header ${name} is not documented`);
}

/** An answer against what the document says of it. */
function assertAnswer(got, { status, response, type, media, example }, what = "") {
  assert.equal(String(got.status), String(status), `${what}status ${got.status}, not ${status}: ${got.text}`);
  assertHeaders(response, got.headers);
  if (!type) {
    assert.equal(got.text, "", "a body came where none is documented");
    return;
  }
  assert.equal(got.headers["content-type"].split(";")[0], type);
  if (type === "application/json") {
    const body = JSON.parse(got.text);
    assertValid(media.schema, body, "The answer");
    if (example !== undefined) assert.deepEqual(comparable(body), comparable(example));
  } else if (example !== undefined) {
    for (const line of example.split("\n")) assert.ok(`\n${got.text}`.includes(`\n${line}\n`) || line === "", `the answer has no line ${line}`);
  } else {
    assert.notEqual(got.text, "");
  }
}

/** The operation's request: the examples with that name, or else the first ones. */
function requestOf(operation, name, changes = {}) {
  const query = {};
  let route = operation.path;
  for (const parameter of operation.parameters) {
    const examples = examplesOf(parameter);
    if (parameter.in === "path") {
      const value = examples[name] ?? parameter.example ?? Object.values(examples)[0];
      route = route.replace(`{${parameter.name}}`, encodeURIComponent(value));
    } else if (parameter.in === "query") {
      const value = examples[name] ?? (parameter.required ? Object.values(examples)[0] : undefined);
      if (value !== undefined) query[parameter.name] = value;
    }
  }
  const bodies = examplesOf(operation.body);
  const body = operation.body && (bodies[name] ?? Object.values(bodies)[0]);
  const request = { method: operation.method, path: route, query, body, ...changes };
  if (changes.headers?.["Content-Type"] && !request.body) request.body = "text";
  return request;
}

async function provoke(server, operation, { status, name }) {
  assert.equal((await server.send({ method: "POST", path: "/_kiosk/reset" })).status, 200);
  const how = BY_OPERATION[operation.label]?.[name ?? status] ?? ANYWHERE[name] ?? {};
  for (const step of how.before ?? []) {
    const { status: done } = await server.send(step);
    assert.ok(done >= 200 && done < 300, `${step.method} ${step.path} before it answered ${done}`);
  }
  const request = requestOf(operation, name, how.send);
  if (status === "304" && !request.headers) {
    request.headers = { "If-None-Match": (await server.send(request)).headers.etag };
  }
  return server.send(request);
}

const started = [];
async function serve(...args) {
  const server = await start([KIOSK], args);
  started.push(server);
  return server;
}

const folder = await mkdtemp(path.join(tmpdir(), "kiosk-openapi-"));
try {
  const server = await serve("--memory");

  await check("the server serves the document", async () => {
    assert.equal((await server.send({ method: "GET", path: "/openapi.json" })).text, text);
    const info = JSON.parse((await server.send({ method: "GET", path: "/_kiosk/info" })).text);
    assert.equal(doc.info.version, info.version);
  });

  const elsewhere = [...BY_SERVER, ...Object.keys(NOT_HERE)];
  for (const operation of operations) {
    for (const answer of answersOf(operation)) {
      if (answer.status === "default" || elsewhere.includes(answer.name)) continue;
      await check(`${operation.label}: ${answer.status} ${answer.name ?? ""}`, async () => assertAnswer(await provoke(server, operation, answer), answer));
    }
  }

  for (const [name, { status, ...request }] of Object.entries(DEFAULTS)) {
    await check(`any request: ${status} ${name}`, async () => {
      const answer = answersOf(operations[0]).find(other => other.status === "default" && other.name === name);
      assertAnswer(await server.send(request), { ...answer, status });
    });
  }
  await check("every example of a default answer was tried", () => {
    for (const operation of operations) {
      const names = answersOf(operation).filter(({ status }) => status === "default").map(({ name }) => name);
      assert.deepEqual(names.sort(), Object.keys(DEFAULTS).sort(), operation.label);
    }
  });

  for (const route of Object.keys(doc.paths)) {
    const here = operations.filter(operation => operation.path === route);
    const address = requestOf(here[0]).path;
    const allowed = [...here.map(({ method }) => method), ...(here.some(({ method }) => method === "GET") ? ["HEAD"] : []), "OPTIONS"].sort();
    await check(`${route}: OPTIONS, and a method that it does not have`, async () => {
      const options = await server.send({ method: "OPTIONS", path: address });
      assert.equal(options.status, 204);
      assert.deepEqual(options.headers.allow.split(", ").sort(), allowed);
      const other = ["DELETE", "PATCH", "POST"].find(method => !allowed.includes(method));
      const refused = await server.send({ method: other, path: address });
      assert.equal(refused.status, 405);
      assert.deepEqual(refused.headers.allow.split(", ").sort(), allowed);
      assertHeaders(here[0].responses.default, refused.headers);
      assertValid(here[0].responses.default.content["application/json"].schema, JSON.parse(refused.text), "The answer");
    });
  }
  await check("an unknown address: 404 not_found", async () => {
    const got = await server.send({ method: "GET", path: "/nothing/here" });
    assert.equal(got.status, 404);
    assert.deepEqual(JSON.parse(got.text), resolve(doc.components.responses.NotFound.content["application/json"].examples.not_found).value);
  });

  for (const operation of operations.filter(({ method }) => method === "GET")) {
    await check(`HEAD ${operation.path} has the headers of GET`, async () => {
      await server.send({ method: "POST", path: "/_kiosk/reset" });
      await server.send({ method: "POST", path: "/api/orders", body: requestOf(operations.find(({ label }) => label === "POST /api/orders")).body });
      const request = requestOf(operation);
      const got = await server.send(request);
      const head = await server.send({ ...request, method: "HEAD" });
      assert.equal(head.status, got.status);
      assert.equal(head.text, "");
      const kept = headers => Object.fromEntries([...HEADERS, "content-type", "content-length"].map(name => [name, headers[name]]));
      const changes = operation.path === "/metrics" ? { etag: "", "content-length": "" } : {}; // it never answers the same twice
      assert.deepEqual({ ...kept(head.headers), ...changes }, { ...kept(got.headers), ...changes });
    });
  }

  for (const operation of operations.filter(({ parameters }) => parameters.some(({ name }) => name === "Idempotency-Key"))) {
    await check(`${operation.label}: a repeat under one Idempotency-Key gets the first answer`, async () => {
      await server.send({ method: "POST", path: "/_kiosk/reset" });
      const request = requestOf(operation, undefined, { headers: { "Idempotency-Key": "once" } });
      const first = await server.send(request);
      const second = await server.send(request);
      assert.ok(first.status < 300);
      assert.deepEqual([second.status, second.text, second.headers.location], [first.status, first.text, first.headers.location]);
      assert.deepEqual([first.headers["idempotency-replayed"], second.headers["idempotency-replayed"]], [undefined, "true"]);
      assertHeaders(operation.responses[second.status], second.headers);
    });
  }

  for (const label of ["POST /orders", "POST /services"]) {
    await check(`${label}: Location leads to what was created`, async () => {
      await server.send({ method: "POST", path: "/_kiosk/reset" });
      const created = await server.send(requestOf(operations.find(operation => operation.label === label)));
      assert.equal((await server.send({ method: "GET", path: created.headers.location })).text, created.text);
    });
  }

  await check("GET /orders: Link leads to the last page, which has none", async () => {
    await server.send({ method: "POST", path: "/_kiosk/reset" });
    const list = operations.find(({ label }) => label === "GET /orders");
    const first = await server.send(requestOf(list, "first_page"));
    const next = /^<([^>]+)>; rel="next"$/.exec(first.headers.link)[1];
    const last = await server.send({ method: "GET", path: next });
    assert.equal(last.text, (await server.send(requestOf(list, "last_page"))).text);
    assert.equal(last.headers.link, undefined);
  });

  await check("PUT /orders/{id}: an order may be sent back whole, under its tag", async () => {
    await server.send({ method: "POST", path: "/_kiosk/reset" });
    const got = await server.send({ method: "GET", path: "/orders/223" });
    const put = await server.send({ method: "PUT", path: "/orders/223", body: got.text, headers: { "If-Match": got.headers.etag } });
    assert.equal(put.status, 200, put.text);
    assert.deepEqual(comparable(JSON.parse(put.text)), comparable(JSON.parse(got.text)));
  });

  // --- answers that come from the state of the machine: each by a server of its own ---

  const tried = new Set();
  const answersNamed = name => operations.flatMap(operation => answersOf(operation).filter(answer => answer.name === name).map(answer => ({ operation, answer })));

  const objects = await serve("--memory", "--order-items", "objects");
  for (const label of ["POST /api/orders", "GET /api/orders", "GET /api/orders/{order_id}"]) {
    await check(`${label} with --order-items objects`, async () => {
      const operation = operations.find(other => other.label === label);
      const answer = answersOf(operation).find(({ status }) => status === "200");
      const got = await provoke(objects, operation, answer);
      assertAnswer(got, { ...answer, example: undefined });
      assert.match(got.text, /\{"id":"netflix","name":"Netflix","price":75\.99\}/);
    });
  }

  const failing = await serve("--memory", "--fail", "100");
  for (const { operation, answer } of answersNamed("injected_failure")) {
    await check(`${operation.label}: 503 injected_failure`, async () => {
      assertAnswer(await failing.send(requestOf(operation)), answer);
      tried.add("injected_failure");
    });
  }
  await check("--fail leaves the operations alone", async () => {
    const spared = operations.filter(operation => !answersOf(operation).some(({ name }) => name === "injected_failure"));
    for (const operation of spared) assert.ok((await failing.send(requestOf(operation))).status < 300, operation.label);
  });

  await check("503 storage_unavailable of a backup", async () => {
    // A folder in which nothing can be made.
    const broken = await start([KIOSK], ["--memory"], { TMPDIR: "/proc" });
    started.push(broken);
    const { operation, answer } = answersNamed("storage_unavailable").find(({ operation: { path: route } }) => route === "/_kiosk/backup");
    assertAnswer(await broken.send(requestOf(operation)), answer);
  });

  // A file that may not grow any further (in blocks of 1024 bytes): writes fail, reads go on.
  const limited = await start(["bash", "-c", 'trap "" XFSZ; ulimit -f 240; exec "$0" "$@"', KIOSK], ["--db", path.join(folder, "limited.db")]);
  started.push(limited);
  await check("503 storage_unavailable", async () => {
    const operation = operations.find(({ label }) => label === "POST /services");
    const { answer } = answersNamed("storage_unavailable").find(({ operation: other }) => other === operation);
    const filler = Array.from({ length: 100 }, (_, i) => ({ method: "POST", path: "/services", body: { name: `${i}`.repeat(100).slice(0, 200) } }));
    let got;
    for (const request of filler) {
      got = await limited.send(request);
      if (got.status !== 201) break;
    }
    assertAnswer(got, answer);
    assert.equal((await limited.send({ method: "GET", path: "/services" })).status, 200);
    tried.add("storage_unavailable");
  });

  await check("every other answer of the servers was tried", () => assert.deepEqual([...tried].sort(), [...BY_SERVER].sort()));
} finally {
  await Promise.all(started.map(server => server.stop()));
  await rm(folder, { recursive: true, force: true });
}

console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
