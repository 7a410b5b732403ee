// Passkeys: asks the browser for one and sends its answer with the form. Without JavaScript the code beside it is used.
"use strict";

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const trouble = form.querySelector("[data-trouble]");
  const answer = form.elements.credential;
  form.addEventListener("submit", async (event) => {
    if (answer.value) return; // the answer is in: this time it goes
    event.preventDefault();
    trouble.hidden = true;
    try {
      const { publicKey } = JSON.parse(form.dataset.options);
      const make = form.dataset.passkey === "create";
      const options = make ? forCreate(publicKey) : forGet(publicKey);
      const credential = make
        ? await navigator.credentials.create({ publicKey: options })
        : await navigator.credentials.get({ publicKey: options });
      answer.value = JSON.stringify(asJSON(credential));
      form.requestSubmit();
    } catch {
      trouble.hidden = false;
    }
  });
}

function forCreate(told) {
  const known = (told.excludeCredentials ?? []).map((one) => ({ ...one, id: bytes(one.id) }));
  const user = { ...told.user, id: bytes(told.user.id) };
  return { ...told, challenge: bytes(told.challenge), user, excludeCredentials: known };
}

function forGet(told) {
  const known = (told.allowCredentials ?? []).map((one) => ({ ...one, id: bytes(one.id) }));
  return { ...told, challenge: bytes(told.challenge), allowCredentials: known };
}

function asJSON(credential) {
  const said = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[name]) said[name] = text(credential.response[name]);
  }
  const id = text(credential.rawId);
  const extensions = credential.getClientExtensionResults();
  return { id, rawId: id, type: credential.type, response: said, clientExtensionResults: extensions };
}

function bytes(base64url) {
  return Uint8Array.from(atob(base64url.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));
}

function text(buffer) {
  const raw = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(raw).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
