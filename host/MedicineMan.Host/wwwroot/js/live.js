// <main data-live="topic topic"> asks for its own page again when one of the topics changes, and replaces the elements marked
// data-live-part (each with an id). An element somebody works in – focus in a field, an opened row, text typed – is left alone.
import { times } from "./times.js";
import { bars } from "./bars.js";
import { tables } from "./tables.js";

function busy(element) {
  const active = document.activeElement;
  return (active !== document.body && element.contains(active) && active.matches("input, textarea, select"))
    || element.querySelector("details[open], dialog[open]") !== null
    || [...element.querySelectorAll("input, textarea")].some(field => field.type !== "hidden" && (field.type === "checkbox" || field.type === "radio" ? field.checked !== field.defaultChecked : field.value !== field.defaultValue));
}

// What somebody had come to with the keyboard, in the part as it is now.
function alike(old, part) {
  if (old.id) return document.getElementById(old.id);
  const says = element => element.getAttribute("aria-label") ?? [element.getAttribute("href"), element.closest("form")?.action, element.value, element.textContent.trim()].join(" ");
  return [...part.querySelectorAll(old.localName)].find(element => says(element) === says(old));
}

async function refresh() {
  const answer = await fetch(location.href, { headers: { "X-Live": "1" }, redirect: "error" });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of document.querySelectorAll("[data-live-part]")) {
    const next = fresh.getElementById(part.id);
    if (!next || next.outerHTML === shown.get(part.id) || busy(part)) continue;
    shown.set(part.id, next.outerHTML);
    const focused = part.contains(document.activeElement) ? document.activeElement : null;
    const adopted = document.adoptNode(next);
    part.replaceWith(adopted);
    times(adopted);
    bars(adopted);
    tables(adopted);
    window.htmx?.process(adopted);
    if (focused) (alike(focused, adopted) ?? document.getElementById("main")).focus({ preventScroll: true });
  }
  const main = document.getElementById("main");
  const still = fresh.getElementById("main")?.dataset.live;
  if (!still) { main.removeAttribute("data-live"); source?.close(); }
}

// What the server last drew for each part, so that an unchanged part is not touched.
const shown = new Map();
let source;
let running = false;
let again = false;

async function changed() {
  if (running) { again = true; return; }
  running = true;
  try {
    do { again = false; await refresh(); } while (again);
  } catch (failure) {
    console.warn("The page could not be refreshed.", failure);
  } finally {
    running = false;
  }
}

export function live() {
  document.addEventListener("streamed", changed);
  const topics = document.getElementById("main")?.dataset.live;
  if (!topics) return;
  source = new EventSource(`/live?topics=${encodeURIComponent(topics)}`);
  source.addEventListener("changed", changed);
  addEventListener("pagehide", () => source.close());
}
