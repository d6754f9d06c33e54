// Keeps the count in step while the page is looked at. Without script, or when the server has no place left for one
// more who watches, the page shows what it showed when it was loaded.
(() => {
  "use strict";

  const tally = document.querySelector("[data-events]");
  if (!tally || !window.EventSource) return;
  const { events, one, other, thousand, goalBegun, goalPart, goalReached } = tally.dataset;
  const goal = Number(tally.dataset.goal) || 0;
  const lang = document.documentElement.lang;
  const [number, label] = tally.querySelectorAll(".total strong, .total span");
  const fill = tally.querySelector(".bar .fill");
  const words = tally.querySelector(".goal");
  const time = tally.querySelector("time");
  // Between hour and minutes as the server writes it: "22 h 45" in French, where a browser writes "22:45".
  const colon = time.textContent.match(/\d(\D{1,3})\d\d\D*$/)?.[1] ?? ":";
  // What the server puts between thousands, so that a number keeps its shape when it moves.
  const group = (thousand ?? "").replace(/\d/g, "");
  // The region as well: in "en" alone a browser reads American.
  const region = document.querySelector("meta[property='og:locale']")?.content.replace("_", "-") ?? lang;
  const moment = new Intl.DateTimeFormat([region, lang], { dateStyle: "long", timeStyle: "short", timeZone: "UTC" });
  let source;

  function written(date) {
    const parts = moment.formatToParts(date);
    return parts.map(({ value }, at) => (parts[at + 1]?.type === "minute" ? colon : value)).join("");
  }

  function progress(counted) {
    if (counted >= goal) return goalReached;
    const percent = Math.floor((counted * 100) / goal);
    return counted > 0 && percent < 1 ? goalBegun : goalPart.replace("#", String(percent));
  }

  function show({ counted, as_of: asOf }) {
    time.dateTime = asOf;
    time.textContent = `${written(new Date(asOf))} UTC`;
    number.textContent = String(counted).replace(/\B(?=(\d{3})+$)/g, group);
    // Fixed words for "one" and for all else: near enough where a language has more forms, until the page is loaded again.
    label.textContent = new Intl.PluralRules(lang).select(counted) === "one" ? one : other;
    if (!fill) return;
    words.textContent = progress(counted);
    fill.setAttribute("width", String(Math.min(Math.max(Math.floor((counted * 100) / goal), counted > 0 ? 1 : 0), 100)));
  }

  function listen() {
    source?.close();
    if (document.hidden) return;
    source = new EventSource(events);
    source.addEventListener("count", (event) => show(JSON.parse(event.data)));
  }

  document.addEventListener("visibilitychange", listen);
  listen();
})();
