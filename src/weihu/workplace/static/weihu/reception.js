// A service card: how long it stays open; when it closes, the page goes back to the search.

function tick() {
  const card = document.querySelector("[data-card-until]");
  if (!card) return;
  const seconds = Math.ceil((new Date(card.dataset.cardUntil) - Date.now()) / 1000);
  if (seconds <= 0) location.assign(card.dataset.cardClosed);
  const left = `${Math.max(0, Math.floor(seconds / 60))}:${String(Math.max(0, seconds % 60)).padStart(2, "0")}`;
  card.querySelector("[data-card-left]").textContent = left;
}

setInterval(tick, 1000);
tick();
