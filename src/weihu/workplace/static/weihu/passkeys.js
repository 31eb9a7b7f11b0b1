// Passkeys: the browser makes or uses one, and the form takes its answer along.

const MAKES = {
  create: (options) =>
    navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) }),
  get: (options) => navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) }),
};

async function answer(event) {
  const form = event.target.closest("[data-passkey]");
  if (!form) return;
  const failed = form.querySelector("[role=alert]");
  event.preventDefault();
  failed.hidden = true;
  try {
    const made = await MAKES[form.dataset.passkey](JSON.parse(form.dataset.options));
    form.elements.passkey.value = JSON.stringify(made.toJSON());
  } catch {
    failed.hidden = false; // refused, out of time, or a browser without passkeys
    return;
  }
  form.submit();
}

// before what sends every other form
document.addEventListener("submit", answer, true);
