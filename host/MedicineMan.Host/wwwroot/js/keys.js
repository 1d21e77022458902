// "?" shows the keys, "/" searches, "g" and a letter jumps. Silent while somebody types, and inside the terminal.
const jumps = { h: "/", s: "/servers", b: "/backups", j: "/jobs" };
let waiting = 0;

document.addEventListener("keydown", event => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select, [contenteditable], [data-terminal], dialog[open]")) return;
  if (event.key === "?") {
    document.getElementById("keys")?.showModal();
  } else if (event.key === "/") {
    const search = document.querySelector("input[type=search]");
    if (!search) return;
    event.preventDefault();
    search.focus();
  } else if (event.key === "g") {
    waiting = Date.now();
  } else if (Date.now() - waiting < 1500 && document.querySelector(`.side a[href="${jumps[event.key]}"]`)) {
    waiting = 0;
    location.href = jumps[event.key];
  }
});
