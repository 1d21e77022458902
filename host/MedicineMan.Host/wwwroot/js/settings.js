// Hides the fields of a settings form that do not belong to it at the values entered: data-show-if='{"Settings.mode":["tls"]}'.
// A field without a condition has an empty attribute.
const conditional = "[data-show-if^='{']";

function value(form, name) {
  const field = form.elements.namedItem(name);
  if (!field) return "";
  return field.type === "checkbox" ? String(field.checked) : field.value;
}

function show(form) {
  for (const part of form.querySelectorAll(conditional)) {
    const wanted = Object.entries(JSON.parse(part.dataset.showIf));
    part.hidden = !wanted.every(([name, values]) => {
      const above = document.getElementById(name.replace(".", "_"))?.closest(conditional);
      return !above?.hidden && values.includes(value(form, name));
    });
  }
}

export function settings() {
  for (const form of document.querySelectorAll(`form:has(${conditional})`)) {
    show(form);
    form.addEventListener("input", () => show(form));
  }

  document.querySelector("form .alert[tabindex]")?.focus();
}
