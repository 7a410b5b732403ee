// Passkeys: ask the browser for a credential and submit it with the form. Without JavaScript one uses a code instead.
"use strict";

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const trouble = form.querySelector("[data-trouble]");
  const answer = form.elements.credential;
  form.addEventListener("submit", async (event) => {
    if (answer.value) return; // the credential is there: submit the form
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

function forCreate(publicKey) {
  const known = (publicKey.excludeCredentials ?? []).map((one) => ({ ...one, id: bytes(one.id) }));
  const user = { ...publicKey.user, id: bytes(publicKey.user.id) };
  return { ...publicKey, challenge: bytes(publicKey.challenge), user, excludeCredentials: known };
}

function forGet(publicKey) {
  const known = (publicKey.allowCredentials ?? []).map((one) => ({ ...one, id: bytes(one.id) }));
  return { ...publicKey, challenge: bytes(publicKey.challenge), allowCredentials: known };
}

function asJSON(credential) {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[name]) response[name] = text(credential.response[name]);
  }
  const id = text(credential.rawId);
  const extensions = credential.getClientExtensionResults();
  return { id, rawId: id, type: credential.type, response, clientExtensionResults: extensions };
}

function bytes(base64url) {
  return Uint8Array.from(atob(base64url.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));
}

function text(buffer) {
  const raw = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(raw).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
