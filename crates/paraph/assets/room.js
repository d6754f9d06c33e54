// Keeps the top of the incident room in step. What has changed is not said here: the page is fetched again, so that there
// is one place where it is worded. Without script the page asks again every 30 seconds.
(() => {
  "use strict";

  const events = document.getElementById("now")?.dataset.events;
  if (!events || !window.EventSource) return;
  let fetching = false;

  async function renew() {
    if (fetching) return;
    fetching = true;
    try {
      const answer = await fetch(location.href, { credentials: "same-origin", redirect: "error" });
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const next = page.getElementById("now");
      if (next) document.getElementById("now").replaceWith(next);
    } catch {
      // The line may be what is broken; the next event tries again.
    } finally {
      fetching = false;
    }
  }

  const source = new EventSource(events);
  source.addEventListener("room", renew);
  // The charts have a point a minute, whether or not anything else moved.
  setInterval(() => document.hidden || renew(), 60000);
  document.addEventListener("visibilitychange", () => document.hidden || renew());
})();
