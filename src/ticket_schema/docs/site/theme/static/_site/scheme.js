// Runs before anything is drawn, so that no page flashes in the wrong colours.
(() => {
  "use strict";
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  let chosen = null;
  try {
    chosen = localStorage.getItem("scheme");
  } catch {
    // Without storage the choice holds for one page.
  }
  const show = () => {
    root.dataset.scheme = chosen ?? (dark.matches ? "dark" : "light");
    root.dataset.chosen = chosen ?? "system";
  };
  dark.addEventListener("change", show);
  show();
  window.scheme = {
    next() {
      chosen = { system: "light", light: "dark", dark: null }[root.dataset.chosen];
      try {
        if (chosen) localStorage.setItem("scheme", chosen);
        else localStorage.removeItem("scheme");
      } catch {
        // As above.
      }
      show();
      return root.dataset.chosen;
    },
  };
})();
