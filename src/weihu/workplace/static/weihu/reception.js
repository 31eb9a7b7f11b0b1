// A service card: how long it stays open; when it closes, the page goes back to the search.

const card = document.querySelector("[data-card-until]");
const left = card.querySelector("[data-card-left]");
const until = new Date(card.dataset.cardUntil);

function tick() {
  const seconds = Math.ceil((until - Date.now()) / 1000);
  if (seconds <= 0) location.assign(card.dataset.cardClosed);
  left.textContent = `${Math.max(0, Math.floor(seconds / 60))}:${String(Math.max(0, seconds % 60)).padStart(2, "0")}`;
}

setInterval(tick, 1000);
tick();
