// On a phone the rows of a wide table are stacked: each cell then names its column. The roles keep what browsers forget
// about a table whose cells are no longer drawn as cells.
const roles = { thead: "rowgroup", tbody: "rowgroup", tr: "row", th: "columnheader", td: "cell" };

// What is wider than its card is scrolled there, also with the keyboard.
const widths = new ResizeObserver(entries => {
  for (const { target } of entries) {
    if (target.scrollWidth > target.clientWidth) target.tabIndex = 0; else target.removeAttribute("tabindex");
  }
});

export function tables(from = document) {
  from.querySelectorAll(".table-card, .fragment").forEach(card => widths.observe(card));
  for (const table of from.querySelectorAll(".table-card > table")) {
    const heads = [...table.querySelectorAll("thead th")];
    if (heads.length < 3) continue;
    table.setAttribute("role", "table");
    table.classList.add("stacks");
    for (const [tag, role] of Object.entries(roles)) table.querySelectorAll(tag).forEach(element => element.setAttribute("role", role));
    for (const row of table.tBodies[0].rows) {
      [...row.cells].forEach((cell, at) => {
        const head = heads[at];
        if (head && cell.colSpan === 1 && !head.querySelector(".visually-hidden")) cell.dataset.label = head.textContent;
      });
    }
  }
}
