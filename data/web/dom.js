// The few helpers that stand in for a framework. Text always goes in as text nodes, never as HTML,
// because names of people and products come from whoever typed them.

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, any>} [props]
 * @param {...any} children
 * @returns {HTMLElementTagNameMap[K]}
 * @example h("button", {class: "x", onclick: f, "aria-label": "…"}, "text", node, [nodes])
 */
export function h(tag, props = {}, ...children) {
  /** @type {any} */
  const el = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) el.addEventListener(name.slice(2), value);
    else if (name === "class") el.className = value;
    else if (name === "style")
      for (const [k, v] of Object.entries(value)) el.style.setProperty(k, v); // the CSP allows CSSOM only
    else if (name === "value") el.value = value;
    else if (name === "checked" || name === "selected") el[name] = value;
    else if (name === "testid") el.dataset.testid = value;
    else el.setAttribute(name, value === true ? "" : value);
  }
  el.append(...children.flat(9).filter(c => c !== null && c !== undefined && c !== false));
  return el;
}

export const fill = (el, ...children) => {
  el.replaceChildren(...children.flat(9).filter(c => c !== null && c !== undefined && c !== false));
  return el;
};

/** Tells a screen reader what just changed, without moving focus. */
export function announce(text) {
  const el = document.getElementById("announcer");
  el.textContent = "";
  requestAnimationFrame(() => {
    el.textContent = text;
  });
}

/**
 * The first element that matches, or null; what the page looks for is always of HTML.
 * @param {Element|Document} root
 * @param {string} selector
 * @returns {any}
 */
export const find = (root, selector) => root.querySelector(selector);

/** localStorage, when the browser lets us have it. */
export const memory = {
  get(key, fallback = null) {
    try {
      const v = localStorage.getItem("kiosk." + key);
      return v === null ? fallback : JSON.parse(v);
    } catch {
      return fallback;
    }
  },
  set(key, value) {
    try {
      localStorage.setItem("kiosk." + key, JSON.stringify(value));
    } catch {
      /* private mode */
    }
  },
  remove(key) {
    try {
      localStorage.removeItem("kiosk." + key);
    } catch {
      /* private mode */
    }
  },
};

/** sessionStorage: what is forgotten with the tab. */
export const session = {
  get(key) {
    try {
      return JSON.parse(sessionStorage.getItem("kiosk." + key));
    } catch {
      return null;
    }
  },
  set(key, value) {
    try {
      sessionStorage.setItem("kiosk." + key, JSON.stringify(value));
    } catch {
      /* private mode */
    }
  },
};

let counter = 0;
export const uid = prefix => `${prefix}-${++counter}`;
