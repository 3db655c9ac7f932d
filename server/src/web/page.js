// What a reading page can do with JavaScript: print, and ask the widget. Without it these buttons stay
// hidden.

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

function awake() {
  for (const list of document.querySelectorAll("[data-suggestions]")) list.hidden = false;
  for (const button of document.querySelectorAll("[data-ask]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      if (button.dataset.ask) window.Atbilde.ask(button.dataset.ask);
      else window.Atbilde.open();
    });
  }
  // An address like /#q=... asks at once, for links from elsewhere. What follows the # is never sent to
  // a server, so that the words stand in no log.
  const asked = new URLSearchParams(location.hash.slice(1)).get("q");
  if (!asked) return;
  history.replaceState(null, "", location.pathname);
  window.Atbilde.ask(asked);
}

if (window.Atbilde) window.Atbilde.on("ready", awake);
else window.addEventListener("atbilde:ready", awake, { once: true });
