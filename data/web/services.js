// The services an order can be for: list, add, rename, delete. Deleting is immediate, and undo creates
// the service again under its id: unlike an order a service has nothing else to lose, and the server's
// refusal (in use) is seen right away.
import { h, fill, find } from "./dom.js";
import { icon } from "./icons.js";
import { request, newKey, explain, home, lostWords } from "./api.js";
import { limits, loadLimits } from "./limits.js";
import { allServices } from "./desk-data.js";
import { skeleton, empty, failure, someOf } from "./states.js";
import { toast } from "./toast.js";

const PAGE = 100;
const pathOf = service => `/services/${encodeURIComponent(service.id)}`;

export class Services {
  services = [];
  shown = PAGE;
  key = null;

  /** on.changed(services) */
  constructor(on) {
    this.on = on;
    this.body = h("div", {}, skeleton(4));
    this.el = h(
      "div",
      { class: "services" },
      h(
        "p",
        { class: "lead page-lead" },
        "What orders can be for. A service that orders use cannot be deleted.",
      ),
      this.form(),
      this.body,
    );
    this.load();
  }

  form() {
    this.error = h("p", { class: "field-error", role: "alert", testid: "service-message" });
    this.name = h("input", {
      class: "input",
      id: "service-name",
      testid: "service-name",
      autocomplete: "off",
      placeholder: "Calibration",
      oninput: () => {
        this.key = null;
        this.error.textContent = "";
        this.name.removeAttribute("aria-invalid");
      },
    });
    this.add = h(
      "button",
      { class: "button primary", type: "submit", testid: "service-add" },
      icon("plus", 18),
      "Add service",
    );
    const onsubmit = e => {
      e.preventDefault();
      this.create();
    };
    return h(
      "form",
      { class: "panel service-form", novalidate: true, onsubmit },
      h(
        "div",
        { class: "field" },
        h("label", { class: "label", for: "service-name" }, "New service"),
        this.name,
        this.error,
      ),
      this.add,
    );
  }

  async load() {
    fill(this.body, skeleton(4));
    try {
      await loadLimits();
      if (limits.name !== null) this.name.maxLength = limits.name;
      this.services = await allServices();
      this.draw();
    } catch (e) {
      fill(
        this.body,
        failure(e, () => this.load()),
      );
    }
  }

  async refresh() {
    if (this.body.querySelector(".rename")) return;
    this.services = await allServices().catch(() => this.services);
    this.draw();
  }

  draw(focusId) {
    this.on.changed(this.services);
    if (!this.services.length) {
      const text = "Add the first one above, then it can be chosen in an order.";
      return fill(this.body, empty("services", "No services yet", text));
    }
    const list = some =>
      h(
        "ul",
        { class: "panel service-rows", role: "list", testid: "service-list" },
        some.map(s => this.row(s)),
      );
    fill(
      this.body,
      someOf(this.services, this.shown, list, () => {
        this.shown += PAGE;
        this.draw();
      }),
    );
    if (focusId === undefined) return;
    const rename = `[data-testid="service-rename-${CSS.escape(String(focusId))}"]`;
    find(this.body, rename)?.focus();
  }

  row(service) {
    const error = h("div", { class: "row-error", role: "alert" });
    const li = h("li", { class: "service-row", testid: `service-${service.id}` });
    const tool = (name, label, onclick) =>
      h(
        "button",
        {
          type: "button",
          class: "icon-button",
          testid: `service-${label.toLowerCase()}-${service.id}`,
          "aria-label": `${label} ${service.name}`,
          title: label,
          onclick,
        },
        icon(name, 18),
      );
    return fill(
      li,
      h("span", { class: "service-name" }, service.name),
      h("span", { class: "service-id" }, `#${service.id}`),
      h(
        "span",
        { class: "row service-actions" },
        tool("edit", "Rename", () => this.rename(service, li, error)),
        tool("trash", "Delete", () => this.remove(service, error)),
      ),
      error,
    );
  }

  rename(service, li, error) {
    const back = () => this.draw(service.id);
    const input = h("input", {
      class: "input",
      value: service.name,
      maxlength: limits.name,
      "aria-label": `New name for ${service.name}`,
      testid: "service-rename-input",
      onkeydown: e => {
        if (e.key === "Escape") back();
      },
    });
    const onsubmit = async e => {
      e.preventDefault();
      const text = input.value.trim();
      if (text === service.name) return back();
      if (!text) {
        fill(error, "A service needs a name.");
        return input.focus();
      }
      try {
        const r = await request("PUT", pathOf(service), { body: { name: text } });
        service.name = r.body?.name ?? text;
        toast("Service renamed");
        back();
      } catch (err) {
        fill(error, explain(err));
        input.focus();
      }
    };
    const save = { class: "button primary", type: "submit", testid: "service-rename-save" };
    fill(error);
    fill(
      li,
      h(
        "form",
        { class: "rename", novalidate: true, onsubmit },
        input,
        h("button", save, "Save"),
        h("button", { class: "button", type: "button", onclick: back }, "Cancel"),
      ),
      error,
    );
    input.focus();
    input.select();
  }

  async create() {
    const text = this.name.value.trim();
    if (!text) {
      this.error.textContent = "A service needs a name.";
      this.name.setAttribute("aria-invalid", "true");
      return this.name.focus();
    }
    this.add.disabled = true;
    try {
      this.key ??= newKey();
      const r = await request("POST", "/services", { body: { name: text }, key: this.key });
      this.key = null;
      this.services.push(r.body);
      this.shown = Math.max(this.shown, this.services.length);
      this.name.value = "";
      toast(`${r.body.name} added`);
      this.draw();
    } catch (e) {
      if (!e.retryable) this.key = null;
      const lost = lostWords("Adding again is safe: it is not added twice.");
      this.error.textContent = e.status === 0 ? lost : explain(e);
    }
    this.add.disabled = false;
    this.name.focus();
  }

  async remove(service, error) {
    try {
      await request("DELETE", pathOf(service));
    } catch (e) {
      if (e.status !== 404) return this.notRemoved(service, error, e);
    }
    const at = this.services.indexOf(service),
      key = newKey();
    this.services = this.services.filter(s => s !== service);
    this.draw((this.services[at] ?? this.services.at(-1))?.id);
    toast(`${service.name} deleted`, {
      action: "Undo",
      actionTestid: "service-undo",
      seconds: 7,
      onaction: () => this.bringBack(service, at, key),
    });
  }

  notRemoved(service, error, e) {
    const orders = `${home}#desk?view=list&service=${encodeURIComponent(service.id)}`;
    const inUse = e.code === "service_in_use" && h("a", { href: orders }, "Show these orders");
    fill(error, h("span", {}, explain(e)), inUse);
  }

  async bringBack({ id, name }, at, key) {
    try {
      const r = await request("POST", "/services", { body: { id, name }, key });
      this.services.splice(at, 0, r.body);
      this.draw(id);
    } catch (e) {
      toast(`${name} could not be brought back. ${explain(e)}`, { tone: "bad", seconds: 8 });
    }
  }
}
