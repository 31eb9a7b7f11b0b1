// What the page knows: who is signed in, the token that forms need, the words to say.

const box = document.querySelector("#answers");

export const me = { ...box.dataset };
export const words = JSON.parse(document.querySelector("#answers-words").textContent);

// An identifier that nobody else has; crypto.randomUUID exists in secure pages only.
export function unique() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  const text = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return text.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, "$1-$2-$3-$4-$5");
}
