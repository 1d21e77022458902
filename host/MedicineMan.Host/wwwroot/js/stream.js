// <form data-stream="list"> sends itself in the background and fills the list with the items as they arrive.
// Runs before the page, so that a quick click never sends such a form as a page of its own.
document.addEventListener("submit", async event => {
  const form = event.target;
  if (!form.dataset.stream) {
    if (form.hasAttribute("data-back")) form.action += `&back=${encodeURIComponent(location.pathname)}`;
    return;
  }

  event.preventDefault();
  if (form.hasAttribute("aria-busy")) return;
  const list = document.getElementById(form.dataset.stream);
  const button = form.querySelector("button");
  // Not "disabled": that would take the focus away from whoever pressed it.
  form.setAttribute("aria-busy", "true");
  list.replaceChildren();
  button.setAttribute("aria-disabled", "true");
  list.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)), redirect: "error" });
    if (!answer.ok) throw new Error(`The server answered ${answer.status}.`);
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let text = "", part = await reader.read(); !part.done; part = await reader.read()) {
      text += part.value;
      const end = text.lastIndexOf("</li>") + 5;
      if (end < 5) continue;
      list.insertAdjacentHTML("beforeend", text.slice(0, end));
      text = text.slice(end);
    }
  } catch (failure) {
    const item = document.createElement("li");
    item.textContent = `The test could not be run. ${failure.message} Reload the page and try again.`;
    list.append(item);
  } finally {
    form.removeAttribute("aria-busy");
    button.removeAttribute("aria-disabled");
    list.removeAttribute("aria-busy");
    list.dispatchEvent(new Event("streamed", { bubbles: true }));
  }
});
