// Line icons, drawn for this page on a 24-pixel grid. Each is one path: stroke only, round ends.

const paths = {
  shop: "M4 9l1.2-4h13.6L20 9M4 9a2.7 2.7 0 0 0 5.3 0 2.7 2.7 0 0 0 5.4 0A2.7 2.7 0 0 0 20 9M5.5 12.5V19h13v-6.5",
  desk: "M4.5 6.5h15v13h-15zM4.5 10.5h15M8.5 4v4M15.5 4v4",
  services: "M4 7h9M17 7h3M4 17h3M11 17h9M15 5v4M9 15v4",
  api: "M8.5 8L4.5 12l4 4M15.5 8l4 4-4 4M13 5.5l-2 13",
  sun: "M12 8.2a3.8 3.8 0 1 0 0 7.6 3.8 3.8 0 0 0 0-7.6M12 3v1.8M12 19.2V21M3 12h1.8M19.2 12H21M5.6 5.6l1.3 1.3M17.1 17.1l1.3 1.3M18.4 5.6l-1.3 1.3M6.9 17.1l-1.3 1.3",
  moon: "M19.5 14.2A7.8 7.8 0 0 1 9.8 4.5a7.8 7.8 0 1 0 9.7 9.7",
  check: "M5.5 12.5l4.2 4.2 8.8-9.2",
  plus: "M12 5.5v13M5.5 12h13",
  minus: "M5.5 12h13",
  close: "M6.5 6.5l11 11M17.5 6.5l-11 11",
  left: "M14.5 6l-6 6 6 6",
  right: "M9.5 6l6 6-6 6",
  down: "M6 9.5l6 6 6-6",
  alert:
    "M12 8.5v4.2M12 15.8v.1M10.3 4.6L3.4 17a2 2 0 0 0 1.7 3h13.8a2 2 0 0 0 1.7-3L13.7 4.6a2 2 0 0 0-3.4 0",
  trash: "M5 7h14M9.5 7V4.5h5V7M6.8 7l.8 12.5h8.8L17.2 7M10.3 10.8v5M13.7 10.8v5",
  edit: "M5 19l.8-3.6L15.9 5.3a1.6 1.6 0 0 1 2.3 0l.5.5a1.6 1.6 0 0 1 0 2.3L8.6 18.2z",
  search: "M11 5a6 6 0 1 0 0 12 6 6 0 0 0 0-12M15.5 15.5L20 20",
  clock: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16M12 7.8V12l2.8 1.8",
  copy: "M9 9h10v10.5H9zM15 9V4.5H5V15h4",
  receipt: "M6 4h12v16l-2.4-1.6L13.2 20 12 18.8 10.8 20l-2.4-1.6L6 20zM9 8.5h6M9 12h6",
  box: "M4.5 8L12 4l7.5 4v8.2L12 20l-7.5-3.8zM4.5 8l7.5 4 7.5-4M12 12v8",
  list: "M8.5 7H20M8.5 12H20M8.5 17H20M4.5 7h.1M4.5 12h.1M4.5 17h.1",
  reload: "M19 12a7 7 0 1 1-2.1-5M19 4v4h-4",
  // Products of the built-in seed; anything else gets its initials.
  netflix: "M3.5 5.5h17v11h-17zM8 20h8M10.5 8.7v4.6l4-2.3z",
  spotify: "M4.5 10v4M8.2 7v10M12 4.5v15M15.8 8v8M19.5 10.5v3",
  worten: "M4 4.5h7.5l8.5 8.4-7 7-8.8-8.6zM8 8.2v.1M11.5 14.6l4-4",
  tap: "M3.5 13.5l17-8-5.2 15-3.6-6.1zM11.7 14.4l3.4-3.6",
  "health-insurance":
    "M12 19.5S4 14.8 4 9.3A4.2 4.2 0 0 1 12 7.5a4.2 4.2 0 0 1 8 1.8c0 5.5-8 10.2-8 10.2M6.5 11.8h3l1.5-2.6 2 4.6 1.3-2h3",
  "equipment-insurance": "M5.5 5.5h13v9h-13zM3.5 18.5h17M9.7 9.9l1.7 1.7 3-3.2",
};

const SVG = "http://www.w3.org/2000/svg";

/** A decorative icon: the text or label beside it says what it means. */
export function icon(name, size = 20) {
  const svg = document.createElementNS(SVG, "svg");
  for (const [k, v] of Object.entries({
    viewBox: "0 0 24 24",
    width: size,
    height: size,
    "aria-hidden": "true",
    class: "icon",
  }))
    svg.setAttribute(k, String(v));
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", paths[name] ?? paths.box);
  svg.append(path);
  return svg;
}

export const hasIcon = name => Object.hasOwn(paths, name);
