// @ts-nocheck: to be split first
// The services an order can be for: list, add, rename, delete. Deleting is at once, and undo creates the service again
// under its id: unlike an order a service has nothing else to lose, and the server's refusal (in use) is seen right away.
import { h, fill } from "./dom.js";
import { icon } from "./icons.js";
import { request, newKey, explain, home } from "./api.js";
import { allServices } from "./desk-data.js";
import { skeleton, empty, failure } from "./states.js";
import { toast } from "./toast.js";

const PAGE = 100;

export function openServices(root) {
  let closed = false,
    services = [],
    shown = PAGE,
    key = null;
  const count = h("span", { class: "count" }),
    body = h("div", {}, skeleton(4));
  const name = h("input", {
    class: "input",
    id: "service-name",
    testid: "service-name",
    autocomplete: "off",
    maxlength: 200,
    placeholder: "Calibration",
    oninput: () => {
      key = null;
      addError.textContent = "";
      name.removeAttribute("aria-invalid");
    },
  });
  const addError = h("p", { class: "field-error", role: "alert", testid: "service-message" });
  const add = h(
    "button",
    { class: "button primary", type: "submit", testid: "service-add" },
    icon("plus", 18),
    "Add service",
  );
  fill(
    root,
    h("div", { class: "page-head" }, h("h1", { tabindex: "-1" }, "Services ", count)),
    h(
      "p",
      { class: "lead page-lead" },
      "What orders can be for. A service that orders use cannot be deleted.",
    ),
    h(
      "form",
      {
        class: "panel service-form",
        novalidate: true,
        onsubmit: e => {
          e.preventDefault();
          create();
        },
      },
      h(
        "div",
        { class: "field" },
        h("label", { class: "label", for: "service-name" }, "New service"),
        name,
        addError,
      ),
      add,
    ),
    body,
  );

  async function load() {
    fill(body, skeleton(4));
    try {
      services = await allServices();
      if (!closed) draw();
    } catch (e) {
      if (!closed) fill(body, failure(e, load));
    }
  }

  function draw(focusId) {
    count.textContent = services.length ? services.length.toLocaleString("en-GB") : "";
    if (!services.length) {
      fill(
        body,
        empty(
          "services",
          "No services yet",
          "Add the first one above, then it can be chosen in an order.",
        ),
      );
      return;
    }
    fill(
      body,
      h(
        "ul",
        { class: "panel service-rows", role: "list", testid: "service-list" },
        services.slice(0, shown).map(row),
      ),
      services.length > shown &&
        h(
          "button",
          {
            class: "button more",
            type: "button",
            onclick: () => {
              shown += PAGE;
              draw();
            },
          },
          `Show more (${services.length - shown} left)`,
        ),
    );
    if (focusId !== undefined)
      body.querySelector(`[data-testid="service-rename-${CSS.escape(String(focusId))}"]`)?.focus();
  }

  function row(service) {
    const error = h("div", { class: "row-error", role: "alert" });
    const li = h("li", { class: "service-row", testid: `service-${service.id}` });
    const view = () =>
      fill(
        li,
        h("span", { class: "service-name" }, service.name),
        h("span", { class: "service-id" }, `#${service.id}`),
        h(
          "span",
          { class: "row service-actions" },
          h(
            "button",
            {
              type: "button",
              class: "icon-button",
              testid: `service-rename-${service.id}`,
              "aria-label": `Rename ${service.name}`,
              title: "Rename",
              onclick: rename,
            },
            icon("edit", 18),
          ),
          h(
            "button",
            {
              type: "button",
              class: "icon-button",
              testid: `service-delete-${service.id}`,
              "aria-label": `Delete ${service.name}`,
              title: "Delete",
              onclick: () => remove(service, error),
            },
            icon("trash", 18),
          ),
        ),
        error,
      );
    const rename = () => {
      const input = h("input", {
        class: "input",
        value: service.name,
        maxlength: 200,
        "aria-label": `New name for ${service.name}`,
        testid: "service-rename-input",
        onkeydown: e => {
          if (e.key === "Escape") {
            view();
            draw(service.id);
          }
        },
      });
      fill(error);
      fill(
        li,
        h(
          "form",
          {
            class: "rename",
            novalidate: true,
            onsubmit: async e => {
              e.preventDefault();
              const text = input.value.trim();
              if (!text) {
                fill(error, "A service needs a name.");
                input.focus();
                return;
              }
              if (text === service.name) {
                draw(service.id);
                return;
              }
              try {
                const r = await request("PUT", `/services/${encodeURIComponent(service.id)}`, {
                  body: { name: text },
                });
                service.name = r.body?.name ?? text;
                toast("Service renamed");
                if (!closed) draw(service.id);
              } catch (err) {
                fill(error, explain(err));
                input.focus();
              }
            },
          },
          input,
          h(
            "button",
            { class: "button primary", type: "submit", testid: "service-rename-save" },
            "Save",
          ),
          h(
            "button",
            { class: "button", type: "button", onclick: () => draw(service.id) },
            "Cancel",
          ),
        ),
        error,
      );
      input.focus();
      input.select();
    };
    view();
    return li;
  }

  async function create() {
    const text = name.value.trim();
    if (!text) {
      addError.textContent = "A service needs a name.";
      name.setAttribute("aria-invalid", "true");
      name.focus();
      return;
    }
    add.disabled = true;
    try {
      const r = await request("POST", "/services", {
        body: { name: text },
        key: (key ??= newKey()),
      });
      key = null;
      services.push(r.body);
      shown = Math.max(shown, services.length);
      name.value = "";
      toast(`${r.body.name} added`);
      if (!closed) draw();
    } catch (e) {
      if (!e.retryable) key = null;
      addError.textContent =
        e.status === 0
          ? "The answer was lost on the way. Adding again is safe: it is not added twice."
          : explain(e);
    }
    add.disabled = false;
    name.focus();
  }

  async function remove(service, error) {
    try {
      await request("DELETE", `/services/${encodeURIComponent(service.id)}`);
    } catch (e) {
      if (e.status !== 404) {
        fill(
          error,
          h("span", {}, explain(e)),
          e.code === "service_in_use" &&
            h(
              "a",
              { href: `${home}#desk?view=list&service=${encodeURIComponent(service.id)}` },
              "Show these orders",
            ),
        );
        return;
      }
    }
    const at = services.indexOf(service);
    services = services.filter(s => s !== service);
    if (closed) return;
    draw((services[at] ?? services.at(-1))?.id);
    const again = newKey();
    toast(`${service.name} deleted`, {
      action: "Undo",
      actionTestid: "service-undo",
      seconds: 7,
      onaction: async () => {
        try {
          const r = await request("POST", "/services", {
            body: { id: service.id, name: service.name },
            key: again,
          });
          services.splice(at, 0, r.body);
          if (!closed) draw(service.id);
        } catch (e) {
          toast(`${service.name} could not be brought back. ${explain(e)}`, {
            tone: "bad",
            seconds: 8,
          });
        }
      },
    });
  }

  load();
  return {
    close() {
      closed = true;
    },
  };
}
