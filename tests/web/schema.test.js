// The schemas of the page's own document, and limits read from it.
import { test } from "node:test";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { alternatives, example, propertiesOf, typeOf } from "../../data/web/schema.js";
import { copyAs } from "../../data/web/snippets.js";

const doc = {
  components: {
    schemas: {
      Name: { type: "string", maxLength: 200 },
      Order: {
        type: "object",
        properties: { name: { $ref: "#/components/schemas/Name" }, at: { format: "date-time" } },
        required: ["name"],
        anyOf: [{ required: ["name"] }, { required: ["at"] }],
      },
      Purchase: { type: "object", properties: { items: { type: "array", items: {} } } },
    },
  },
};
const ref = name => ({ $ref: `#/components/schemas/${name}` });

test("a schema's own properties come before its alternatives", () => {
  assert.deepEqual(
    propertiesOf(doc, ref("Order")).map(p => [p.name, p.required]),
    [
      ["name", true],
      ["at", false],
    ],
  );
});

test("each body of a oneOf has a name and is shown by itself", () => {
  const both = { oneOf: [ref("Order"), ref("Purchase")] };
  assert.deepEqual(
    alternatives(doc, both).map(a => a.name),
    ["Order", "Purchase"],
  );
  assert.equal(alternatives(doc, ref("Order")).length, 1);
  assert.equal(typeOf(doc, both), "object");
});

test("an example fits the schema", () => {
  assert.deepEqual(example(doc, ref("Order")), { name: "text", at: "2030-01-01T09:00:00.000Z" });
});

test("an example of every body in the server's document has its required fields", () => {
  const url = new URL("../../data/openapi.json", import.meta.url);
  const own = JSON.parse(readFileSync(url, "utf8"));
  const value = example(own, ref("NewOrder"));
  assert.ok(value.services.length > 0 && value.quantity >= 1, JSON.stringify(value));
  assert.deepEqual(Object.keys(example(own, ref("Purchase")).order), ["items", "user_id"]);
});

test("a request is copied with quotes that a shell reads", () => {
  const request = { method: "post", url: "/x", headers: {}, body: '{"a": "it\'s"}' };
  const text = copyAs("curl", "http://h", request);
  assert.equal(text, `curl -X POST 'http://h/x' -d '{"a": "it'\\''s"}'`);
  assert.match(copyAs("fetch", "http://h", request), /method: "POST"/);
});
