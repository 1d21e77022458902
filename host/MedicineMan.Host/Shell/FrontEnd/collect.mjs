// Copies what the pages use out of node_modules into wwwroot/lib, and draws the icons they use into one sprite.
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";

const host = new URL("../../", import.meta.url);
const packages = new URL("node_modules/", host);
const lib = new URL("wwwroot/lib/", host);

const files = {
  "tabler.min.css": "@tabler/core/dist/css/tabler.min.css",
  "htmx.min.js": "htmx.org/dist/htmx.min.js",
};

async function symbol(line) {
  const [name, style = "outline"] = line.split("/").reverse();
  let svg;
  try {
    svg = await readFile(new URL(`@tabler/icons/icons/${style}/${name}.svg`, packages), "utf8");
  } catch {
    throw new Error(`icons.txt names "${line}", which @tabler/icons does not have.`);
  }

  const shapes = svg.replace(/<!--[\s\S]*?-->/g, "").replace(/^[\s\S]*?<svg[^>]*>/, "").replace("</svg>", "").replace(/\s*\n\s*/g, "");
  return `<symbol id="${name}" viewBox="0 0 24 24">${shapes}</symbol>`;
}

await rm(lib, { recursive: true, force: true });
await mkdir(lib, { recursive: true });
for (const [name, from] of Object.entries(files)) {
  await cp(new URL(from, packages), new URL(name, lib));
}

const lines = (await readFile(new URL("icons.txt", import.meta.url), "utf8")).split("\n").map(line => line.trim()).filter(line => line && !line.startsWith("#"));
const symbols = await Promise.all(lines.map(symbol));
await writeFile(new URL("icons.svg", lib), `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>\n`);
