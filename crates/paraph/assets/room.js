// Keeps the incident room in step. What has changed is not said here: the page is fetched again, so that there is one place
// where it is worded, and every part of it that is alive takes the place of the one before. What somebody has opened stays
// open, what they have chosen stays chosen, and the focus stays where it is. Without script the page loads itself again.
(() => {
  "use strict";

  const events = document.getElementById("now")?.dataset.events;
  if (!events || !window.EventSource) return;
  let fetching = false;
  let again = false;

  /// Whatever the reader did to a part, done to the one that takes its place.
  function carry(old, next) {
    for (const element of old.querySelectorAll("[id]")) {
      const twin = next.querySelector(`#${CSS.escape(element.id)}`);
      if (!twin) continue;
      if (element.tagName === "DETAILS") twin.open = element.open;
      if (element.matches("input, select, textarea")) twin.value = element.value;
    }
  }

  /// What a button or a link does: the same one is found again, never another that has moved to its place.
  function does(element) {
    if (element.id) return `#${element.id}`;
    if (element.href) return element.href;
    if (!element.form) return element.textContent;
    return `${element.form.action}?${new URLSearchParams(new FormData(element.form))}&${element.name}=${element.value}`;
  }

  function replace(part, next) {
    if (part.innerHTML === next.innerHTML) return;
    carry(part, next);
    const focused = part.contains(document.activeElement) ? does(document.activeElement) : null;
    part.replaceWith(next);
    if (focused === null) return;
    const alike = [...next.querySelectorAll("a, button, summary, input, select, textarea")];
    alike.find((element) => does(element) === focused)?.focus({ preventScroll: true });
  }

  async function renew() {
    if (fetching) {
      again = true;
      return;
    }
    fetching = true;
    try {
      const answer = await fetch(location.href, { credentials: "same-origin", redirect: "error" });
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const part of document.querySelectorAll("[data-live]")) {
        const next = page.getElementById(part.id);
        if (next) replace(part, document.importNode(next, true));
      }
    } catch {
      // The line may be what is broken; the next event tries again.
    } finally {
      fetching = false;
    }
    if (again) {
      again = false;
      renew();
    }
  }

  const source = new EventSource(events);
  source.addEventListener("room", renew);
  // The charts have a point a minute, whether or not anything else moved.
  setInterval(() => document.hidden || renew(), 60000);
  document.addEventListener("visibilitychange", () => document.hidden || renew());
})();
