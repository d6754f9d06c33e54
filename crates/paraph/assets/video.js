// Plays a video within the page, once somebody asks for it: until then nothing of it is requested, not even a picture.
// Without this file, or on a browser that refuses the player, the link leads to the video's own page.
(() => {
  "use strict";

  const link = document.querySelector("a[data-file], a[data-frame]");
  if (!link) return;
  const { file, frame, title } = link.dataset;

  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const player = document.createElement(file ? "video" : "iframe");
    if (file) {
      player.controls = true;
      player.autoplay = true;
      player.setAttribute("aria-label", title);
    } else {
      player.title = title;
      player.allow = "autoplay; fullscreen; picture-in-picture";
      // That host plays only for a site that says its name; no other is told.
      const named = new URL(frame).hostname.endsWith("youtube-nocookie.com");
      player.referrerPolicy = named ? "strict-origin" : "no-referrer";
    }
    player.src = file || frame;
    link.parentElement.append(player);
    link.classList.add("beneath");
    player.focus();
  });
})();
