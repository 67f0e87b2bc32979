// A request as text to copy: for a shell, for a page, and for TypeScript.

const quote = s => `'${s.replaceAll("'", "'\\''")}'`;

function curl(origin, { method, url, headers, body }) {
  const verb = { get: "", head: "-I" }[method] ?? `-X ${method.toUpperCase()}`;
  const given = Object.entries(headers).filter(([name]) => name !== "Accept");
  return [
    "curl",
    verb,
    quote(origin + url),
    ...given.map(([name, value]) => `-H ${quote(`${name}: ${value}`)}`),
    body && `-d ${quote(body.replace(/\s*\n\s*/g, " "))}`,
  ]
    .filter(Boolean)
    .join(" ");
}

function fetchCall(origin, { method, url, headers, body }) {
  const given = Object.entries(headers).filter(([name]) => name !== "Accept");
  const options = [
    method !== "get" && `  method: "${method.toUpperCase()}",`,
    given.length > 0 && `  headers: ${JSON.stringify(Object.fromEntries(given))},`,
    body && `  body: JSON.stringify(${body.replaceAll("\n", "\n  ")}),`,
  ].filter(Boolean);
  const call = JSON.stringify(origin + url);
  const more = options.length ? `, {\n${options.join("\n")}\n}` : "";
  return `const response = await fetch(${call}${more});`;
}

/** @param {string} language curl, fetch or TypeScript */
export function copyAs(language, origin, request) {
  if (language === "curl") return curl(origin, request);
  const call = fetchCall(origin, request);
  if (language === "fetch") return `${call}\nconst data = await response.json();`;
  return [
    `${call}`,
    "if (!response.ok) {",
    "  const refusal: { error: string; message?: string; field?: string } = await response.json();",
    "  throw new Error(refusal.message ?? refusal.error);",
    "}",
    "const data: unknown = await response.json();",
  ].join("\n");
}
