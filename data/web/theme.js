// Runs before the first paint (a plain script, not a module), so that a remembered scheme never flashes.
(() => {
  let saved = null;
  try {
    saved = localStorage.getItem("kiosk.theme");
  } catch {
    /* storage may be blocked */
  }
  if (saved === "dark" || saved === "light") document.documentElement.dataset.theme = saved;
})();
