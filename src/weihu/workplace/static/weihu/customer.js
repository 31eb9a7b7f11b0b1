// A customer's page: j and k turn to the next and the previous of the list the reader came from.

document.addEventListener("keydown", (event) => {
  const turn = { j: 1, k: -1 }[event.key];
  if (turn && !event.target.matches("textarea, input, select"))
    document.querySelector(`[data-turn="${turn}"]`)?.click();
});
