// The executable as a child process, and requests to it that are sent exactly as told.
import { spawn } from "node:child_process";
import { once } from "node:events";
import http from "node:http";
import { createInterface } from "node:readline";

/** Starts `command` (the executable and what stands before it) and waits until it listens. */
export async function start(command, args, env = {}) {
  const child = spawn(command[0], [...command.slice(1), "--port", "0", "--quiet", ...args], {
    stdio: ["ignore", "pipe", "ignore"],
    env: { ...process.env, ...env },
  });
  const lines = createInterface({ input: child.stdout });
  const timer = setTimeout(() => child.kill("SIGKILL"), 10_000);
  const line = await Promise.race([once(lines, "line").then(([text]) => text), once(child, "exit").then(() => "")]);
  clearTimeout(timer);
  const port = Number(/^kiosk listening on http:\/\/localhost:(\d+)$/.exec(line)?.[1]);
  if (!port) throw new Error(`kiosk does not start with ${args.join(" ")}`);
  return {
    port,
    send: request => send(port, request),
    async stop() {
      child.kill("SIGTERM");
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    },
  };
}

/** An answer as {status, headers, text}. A body that is not text is sent as JSON. */
export function send(port, { method, path, query, headers = {}, body }) {
  const search = new URLSearchParams(query ?? {}).toString();
  const text = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
  const sent = { ...(text === undefined ? {} : { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(text) }), ...headers };
  return new Promise((resolve, reject) => {
    const request = http.request({
      host: "127.0.0.1",
      port,
      method,
      path: path + (search ? (path.includes("?") ? "&" : "?") + search : ""),
      headers: { Host: `localhost:${port}`, ...sent },
      agent: false,
      timeout: 10_000,
    });
    request.on("response", async response => {
      const pieces = [];
      try {
        for await (const piece of response) pieces.push(piece);
      } catch (error) {
        reject(error);
      }
      request.destroy();
      resolve({ status: response.statusCode, headers: response.headers, text: Buffer.concat(pieces).toString("utf8") });
    });
    request.on("timeout", () => request.destroy(new Error("no answer within 10 s")));
    request.on("error", reject);
    // A length that is announced and not sent: the answer comes before the body.
    const announced = Number(headers["Content-Length"] ?? 0);
    if (announced > Buffer.byteLength(text ?? "")) request.flushHeaders();
    else request.end(text);
  });
}
