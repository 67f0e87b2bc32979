// Whether the server answers. Every request reports what became of it; while nothing else is sent, a
// small request looks now and then. Views that failed for want of a server come back by themselves.

const AGAIN = 2000, // ms between looks while the server is gone
  IDLE = 15_000; // and while it is there

const listeners = new Set();
let up = true,
  timer = 0;

export const isConnected = () => up;

/** Calls f(up) on every change. @returns {() => void} to stop that */
export function onConnection(f) {
  listeners.add(f);
  return () => listeners.delete(f);
}

export function report(answered) {
  if (answered !== up) {
    up = answered;
    for (const f of [...listeners]) f(up);
  }
  clearTimeout(timer);
  timer = setTimeout(look, up ? IDLE : AGAIN);
}

/** @returns {Promise<boolean>} whether there was an answer, whatever it says */
export async function look() {
  clearTimeout(timer);
  if (document.visibilityState === "hidden") return up;
  const answered = await fetch("/_kiosk/status", { cache: "no-store" }).then(
    () => true,
    () => false,
  );
  report(answered);
  return answered;
}

document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") look();
});
timer = setTimeout(look, IDLE);
