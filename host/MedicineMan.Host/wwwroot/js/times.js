// Moments in the reader's own zone; UTC stays in the title.
const format = (styles) => new Intl.DateTimeFormat(undefined, styles);
const absolute = {
  at: format({ dateStyle: "medium", timeStyle: "short" }),
  exactly: format({ dateStyle: "medium", timeStyle: "medium" }),
  clock: format({ timeStyle: "medium" }),
};
const ago = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
const units = [["day", 86400], ["hour", 3600], ["minute", 60]];

function relative(moment) {
  const seconds = Math.round((moment - Date.now()) / 1000);
  const [unit, size] = units.find(([, size]) => Math.abs(seconds) >= size) ?? ["second", 1];
  return ago.format(Math.trunc(seconds / size), unit);
}

export function times(from = document) {
  for (const element of from.querySelectorAll("time[data-when], .fragment time[datetime]")) {
    const moment = new Date(element.dateTime);
    // What a plugin drew may be no moment; its text stays as it is, and the rest of the page goes on.
    if (Number.isNaN(moment.getTime())) continue;
    const text = element.dataset.when === "ago" ? relative(moment) : (absolute[element.dataset.when] ?? absolute.at).format(moment);
    if (element.textContent !== text) element.textContent = text;
  }
}

setInterval(() => times(), 30000);

// A page that is made of days, such as the calendar, is told in the reader's zone, too; the server knows it from the next page on.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone) document.cookie = `zone=${zone}; path=/; max-age=31536000; samesite=lax${location.protocol === "https:" ? "; secure" : ""}`;
