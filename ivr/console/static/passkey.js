// Has the browser make a passkey, or prove that somebody has one, and sends what it says with the form.
"use strict";

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const problem = form.querySelector("[role=alert]"), button = form.querySelector("button");
  const deed = form.dataset.passkey; // "create" or "get", as the browser's own functions are called
  const parse = { create: "parseCreationOptionsFromJSON", get: "parseRequestOptionsFromJSON" }[deed];

  function say(text) {
    problem.textContent = text;
    problem.hidden = false;
  }

  if (!window.PublicKeyCredential || !PublicKeyCredential[parse]) {
    say(form.dataset.unable);
    button.disabled = true;
    continue;
  }
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    problem.hidden = true;
    button.disabled = true; // a second question to the browser would end the first
    try {
      const publicKey = PublicKeyCredential[parse](JSON.parse(form.dataset.options));
      const credential = await navigator.credentials[deed]({ publicKey });
      form.elements.credential.value = JSON.stringify(credential.toJSON());
    } catch (failure) {
      say(failure.name === "InvalidStateError" ? form.dataset.known : form.dataset.failed);
      return;
    } finally {
      button.disabled = false;
    }
    form.submit();
  });
}
