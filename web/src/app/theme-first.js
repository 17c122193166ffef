// Runs before the first paint: puts the chosen theme on <html>, so that no page flashes in the wrong one.
(function () {
  var chosen = "system";
  try {
    chosen = localStorage.getItem("matinee.theme") || "system";
  } catch {
    // Storage can be switched off; the system's theme is right then.
  }
  var dark = chosen === "dark" || (chosen !== "light" && !matchMedia("(prefers-color-scheme: light)").matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
})();
