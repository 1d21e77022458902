// Values that only the data knows become widths here: a style attribute would need a looser content policy.
export function bars(from = document) {
  for (const bar of from.querySelectorAll("[data-fill]")) bar.style.setProperty("width", `${bar.dataset.fill}%`);
}
