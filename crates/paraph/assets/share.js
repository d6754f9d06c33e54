// Sharing that needs a script: the phone's own sheet, the copied address, the instance of Mastodon. Nothing is asked of
// anybody before a click; without script these are not shown and the plain links are there.
(() => {
  "use strict";

  const status = document.querySelector(".share-status");

  const sheet = document.querySelector("[data-share-sheet]");
  if (sheet && navigator.share) {
    const { title, text, url } = sheet.dataset;
    sheet.hidden = false;
    // Closing the sheet without choosing is an answer too.
    sheet.addEventListener("click", () => navigator.share({ title, text, url }).catch(() => {}));
  }

  async function copied(field) {
    try {
      await navigator.clipboard.writeText(field.value);
      return true;
    } catch {
      // Not a secure context, or not allowed: the older way, which leaves the address selected if it fails too.
      field.focus();
      field.select();
      return document.execCommand("copy");
    }
  }

  const copy = document.querySelector("[data-copy]");
  copy?.addEventListener("click", async () => {
    const done = await copied(document.getElementById(copy.dataset.copy));
    status.textContent = done ? copy.dataset.done : copy.dataset.failed;
  });

  const mastodon = document.querySelector("[data-mastodon]");
  mastodon?.addEventListener("submit", (event) => {
    event.preventDefault();
    const typed = mastodon.querySelector("input").value.trim();
    // "@name@instance", "https://instance/..." and "instance" all name one.
    const host = typed.replace(/^https?:\/\//i, "").replace(/^.*@/, "").replace(/[/?#].*$/, "");
    if (!/^[\p{L}\p{N}.-]+(:\d+)?$/u.test(host)) return;
    const address = `https://${host}/share?text=${encodeURIComponent(mastodon.dataset.mastodon)}`;
    window.open(address, "_blank", "noopener,noreferrer");
  });
})();
