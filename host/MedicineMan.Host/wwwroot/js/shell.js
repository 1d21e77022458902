import "./keys.js";
import { bars } from "./bars.js";
import { times } from "./times.js";
import { tables } from "./tables.js";
import { live } from "./live.js";
import { settings } from "./settings.js";

const $ = (selector, from = document) => from.querySelectorAll(selector);

function themes() {
  const wish = document.documentElement.dataset.themeWish;
  $("[data-theme-choice]").forEach(button => button.setAttribute("aria-pressed", String(button.dataset.themeChoice === wish)));
}

document.addEventListener("click", async event => {
  const target = event.target.closest("[data-theme-choice], [data-toggle], [data-open], [data-copy]");
  $("details.menu[open]").forEach(menu => menu.contains(event.target) || menu.removeAttribute("open"));
  if (!target) return;
  if (target.dataset.themeChoice) {
    localStorage.setItem("theme", target.dataset.themeChoice);
    dispatchEvent(new Event("theme"));
    themes();
  } else if (target.dataset.toggle) {
    const open = document.getElementById(target.dataset.toggle).toggleAttribute("data-opened");
    target.setAttribute("aria-expanded", String(open));
  } else if (target.dataset.open) {
    // A dialog gives the focus back to where it was, which must still be seen then.
    const menu = target.closest("details.menu");
    menu?.removeAttribute("open");
    menu?.querySelector("summary").focus();
    document.getElementById(target.dataset.open).showModal();
  } else if (target.dataset.copy) {
    await navigator.clipboard.writeText(document.getElementById(target.dataset.copy).textContent);
    target.append(" – copied");
  }
});

document.addEventListener("keydown", event => {
  if (event.key !== "Escape") return;
  $("details.menu[open]").forEach(menu => { menu.removeAttribute("open"); menu.querySelector("summary").focus(); });
});

document.addEventListener("focusin", event => {
  $("details.menu[open]").forEach(menu => menu.contains(event.target) || menu.removeAttribute("open"));
});

document.addEventListener("htmx:afterSwap", event => { times(event.target); bars(event.target); tables(event.target); });

themes();
times();
bars();
tables();
live();
settings();
