(() => {
  "use strict";
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const one = (selector, within = document) => within.querySelector(selector);

  const scheme = one(".scheme");
  const named = { system: "as the system", light: "light", dark: "dark" };
  const tell = (chosen) => {
    scheme.setAttribute("aria-label", `Colours: ${named[chosen]}`);
    scheme.title = `Colours: ${named[chosen]}`;
  };
  scheme.hidden = false;
  tell(document.documentElement.dataset.chosen);
  scheme.addEventListener("click", () => tell(window.scheme.next()));

  const menu = one(".menu");
  const parts = one(".parts");
  const open = (yes) => {
    document.body.classList.toggle("menu-open", yes);
    menu.setAttribute("aria-expanded", String(yes));
  };
  menu.hidden = false;
  menu.addEventListener("click", () => {
    open(menu.getAttribute("aria-expanded") !== "true");
    if (menu.getAttribute("aria-expanded") === "true") one("a, summary", parts)?.focus();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && menu.getAttribute("aria-expanded") === "true") {
      open(false);
      menu.focus();
    }
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest(".parts, .menu")) open(false);
  });

  const current = one('[aria-current="page"]', parts);
  if (current) {
    parts.scrollTop += current.getBoundingClientRect().top - parts.getBoundingClientRect().top - 120;
  }

  for (const block of all("article pre")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      const text = one("code", block)?.textContent ?? block.textContent;
      try {
        await navigator.clipboard.writeText(text);
        button.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(one("code", block) ?? block);
        button.textContent = "Selected";
      }
      setTimeout(() => (button.textContent = "Copy"), 1500);
    });
    const holder = document.createElement("div");
    holder.className = "block";
    block.replaceWith(holder);
    holder.append(block, button);
  }

  // What is read now is marked in the list of the page's parts.
  const links = new Map(all(".here a").map((link) => [decodeURIComponent(link.hash.slice(1)), link]));
  const headings = all("article h2[id], article h3[id]").filter((heading) => links.has(heading.id));
  if (headings.length) {
    const mark = () => {
      let now = headings[0];
      for (const heading of headings) if (heading.getBoundingClientRect().top < 120) now = heading;
      for (const [id, link] of links) link.classList.toggle("now", id === now.id);
    };
    let waiting = false;
    addEventListener(
      "scroll",
      () => {
        if (waiting) return;
        waiting = true;
        requestAnimationFrame(() => {
          waiting = false;
          mark();
        });
      },
      { passive: true },
    );
    mark();
  }
})();
