// Makes the form live: while it is being filled in, the browser solves a challenge, whose clearance is sent with the form.
//
// The ALTCHA widget does the work but stands outside the form, unseen: its checkbox cannot hold the form back, it cannot
// swallow Enter, and no old clearance of its own can be sent. Whatever fails - no script file, no WebCrypto, a challenge
// refused or too late - the form still goes, with a ticket: the way that works without script. Nobody is ever stuck.
(() => {
  "use strict";

  const form = document.querySelector("form[data-challenge]");
  if (!form) return;
  const { challenge, plain, widget: widgetUrl, worker: workerUrl } = form.dataset;
  const button = form.querySelector("button[type=submit]");
  const status = form.querySelector("[role=status]");

  const ATTEMPTS = 4; // challenges solved per page, whatever the clocks say
  const RETRY_LIMIT_MS = 15_000; // the longest Retry-After worth waiting for
  const PATIENCE_MS = 20_000; // after pressing the button; then the ticket goes instead
  const MARGIN_MS = 10_000; // a clearance about to expire is solved anew

  const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const now = () => performance.now();

  let attempts = 0;
  let element; // the widget, once its file has come
  let headers; // of the last challenge: its date and its Retry-After
  let solving; // promise of { payload, until } or null; one at a time
  let ticket = form.elements.ticket?.value;
  let ticketReady = now() + seconds(form.dataset.ticketWait);
  let notBefore = now() + seconds(form.dataset.wait);
  let pressed = false;

  function seconds(text) {
    return (Number(text) || 0) * 1000;
  }

  async function widget() {
    if (element) return element;
    if (!window.isSecureContext || !window.customElements || !crypto.subtle) throw new Error("unsupported");
    await import(widgetUrl);
    globalThis.$altcha.algorithms.set("PBKDF2/SHA-256", () => new Worker(workerUrl));
    element = document.createElement("altcha-widget");
    const place = document.createElement("div");
    place.hidden = true;
    place.append(element);
    document.body.append(place);
    // Its own effects run after a tick and must not undo this.
    await sleep(0);
    element.configure({
      challenge,
      auto: "off",
      display: "invisible",
      hideFooter: true,
      hideLogo: true,
      humanInteractionSignature: false,
      minDuration: 0,
      workers: Math.min(2, navigator.hardwareConcurrency || 1),
      fetch: async (url, init) => {
        const answer = await fetch(url, { ...init, headers: { accept: "application/json" }, cache: "no-store" });
        headers = answer.headers;
        return answer;
      },
    });
    return element;
  }

  // One clearance, or null. Its life is measured from the server's own date: the clock of a phone may be years off.
  async function attempt() {
    headers = undefined;
    attempts += 1;
    const asked = now();
    const result = await (await widget()).verify();
    if (!result?.payload) return null;
    const expires = result.challenge.parameters.expiresAt * 1000;
    const issued = Date.parse(headers?.get("date") ?? "") || Date.now();
    return { payload: result.payload, until: asked + (expires ? expires - issued : 60_000) - MARGIN_MS };
  }

  async function solve() {
    try {
      let solved = await attempt();
      const wait = seconds(headers?.get("retry-after"));
      if (!solved && wait <= RETRY_LIMIT_MS) {
        // Jitter, so that those who were refused together do not come back together.
        await sleep(Math.max(wait, 500) * (1 + Math.random() / 2));
        solved = await attempt();
      }
      if (solved) return solved;
    } catch {
      // No such browser, no such file, no network: the ticket is for that.
    }
    await fetchTicket();
    return null;
  }

  // The cached page holds no ticket; getting one now lets it age while the form is being filled in.
  async function fetchTicket() {
    if (ticket) return;
    try {
      const answer = await fetch(plain, { headers: { accept: "text/html" }, cache: "no-store" });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.querySelector("form[data-challenge]");
      ticket = fresh?.elements.ticket?.value;
      ticketReady = now() + seconds(fresh?.dataset.ticketWait);
    } catch {
      // The form then goes with neither, and comes back with a ticket and everything that was typed.
    }
  }

  function start() {
    if (!solving && attempts < ATTEMPTS) solving = solve();
    return solving;
  }

  // The clearance if it is fresh, solved anew once if it has grown old; null when there is none to be had.
  async function clearance() {
    let solved = await start();
    if (solved && solved.until < now()) {
      solving = undefined;
      solved = await start();
    }
    return solved ?? null;
  }

  function say(text) {
    status.textContent = text;
  }

  // What the form is sent with: one of the two, never both, never an old one.
  function put(name, value) {
    let input = form.elements[name];
    if (!value) return input?.remove();
    if (!input) {
      input = document.createElement("input");
      input.type = "hidden";
      input.name = name;
      form.append(input);
    }
    input.value = value;
  }

  async function send() {
    say(form.dataset.checking);
    const solved = await Promise.race([clearance(), sleep(PATIENCE_MS).then(() => null)]);
    if (!solved) await Promise.race([fetchTicket(), sleep(PATIENCE_MS)]);
    const ready = Math.max(notBefore, !solved && ticket ? ticketReady : 0);
    if (ready > now()) {
      say(form.dataset.waiting);
      await sleep(ready - now() + 250);
    }
    put("altcha", solved?.payload);
    put("ticket", solved ? undefined : ticket);
    say(form.dataset.sending);
    HTMLFormElement.prototype.submit.call(form);
  }

  // Nothing is wrong with this form, it could only not be taken: it waits as it was told, before anything is asked of a
  // server that has too much to do, and goes again by itself.
  async function sendAgain() {
    pressed = true;
    button.setAttribute("aria-disabled", "true");
    say(form.dataset.waiting);
    await sleep(notBefore - now());
    send();
  }

  form.addEventListener("focusin", start, { once: true });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (pressed) return;
    pressed = true;
    button.setAttribute("aria-disabled", "true");
    send();
  });

  // Back from the next page: what was sent is spent, and the form can be used again.
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    pressed = false;
    solving = undefined;
    attempts = 0;
    ticket = undefined;
    put("altcha");
    put("ticket");
    button.removeAttribute("aria-disabled");
    say("");
    form.addEventListener("focusin", start, { once: true });
  });

  document.documentElement.classList.add("live");
  document.querySelector("[data-focus]")?.focus();
  if ("again" in form.dataset) sendAgain();
})();
