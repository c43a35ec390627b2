// Runs before the first paint, so that a chosen theme does not flash.
(() => {
  // another tab of the same engine has chosen
  addEventListener("storage", ({ key, newValue }) => {
    if (key === "theme" && newValue) document.documentElement.dataset.theme = newValue;
  });
  try {
    const theme = localStorage.getItem("theme");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  } catch {
    // without storage the system's preference holds
  }
})();
