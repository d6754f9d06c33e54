// Passkeys: what a form says in its data goes to the browser, what the authenticator answers goes into its fields, and the
// form is sent as any other. Without script these forms stay hidden, and there is the password.
(() => {
  "use strict";

  if (!window.PublicKeyCredential || !navigator.credentials) return;

  const bytes = (text) =>
    Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer)))
      .replaceAll("+", "-")
      .replaceAll("/", "_")
      .replaceAll("=", "");

  function make(data) {
    return navigator.credentials.create({
      publicKey: {
        rp: { id: data.party, name: data.site },
        user: { id: bytes(data.member), name: data.name, displayName: data.name },
        challenge: bytes(data.challenge),
        pubKeyCredParams: data.algorithms.split(" ").map((alg) => ({ type: "public-key", alg: Number(alg) })),
        excludeCredentials: data.known.split(" ").filter(Boolean).map((id) => ({ type: "public-key", id: bytes(id) })),
        authenticatorSelection: { residentKey: "required", requireResidentKey: true, userVerification: "required" },
        attestation: "none",
      },
    });
  }

  function use(data) {
    return navigator.credentials.get({
      publicKey: { challenge: bytes(data.challenge), rpId: data.party, userVerification: "required" },
    });
  }

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    const section = form.closest("[hidden]");
    const failed = form.querySelector("[data-failed]");
    const button = form.querySelector("button[type=submit]");
    let ready = false;

    form.addEventListener("submit", async (event) => {
      if (ready) return;
      event.preventDefault();
      failed.hidden = true;
      button.disabled = true;
      try {
        const { dataset } = form;
        const made = await (dataset.passkey === "make" ? make(dataset) : use(dataset));
        const answer = made.response;
        const fields = {
          id: made.rawId,
          client: answer.clientDataJSON,
          object: answer.attestationObject,
          data: answer.authenticatorData,
          signature: answer.signature,
          member: answer.userHandle,
        };
        for (const [name, value] of Object.entries(fields)) {
          const field = form.elements.namedItem(name);
          if (field && value) field.value = text(value);
        }
        ready = true;
        button.disabled = false;
        form.requestSubmit(button);
      } catch {
        // Cancelled, timed out, no passkey for this site, or one that is there already: browsers do not say which.
        button.disabled = false;
        failed.hidden = false;
        failed.focus();
      }
    });
    if (section) section.hidden = false;
  }

  // Back from the page behind: a challenge is good once.
  addEventListener("pageshow", (event) => event.persisted && location.reload());
})();
