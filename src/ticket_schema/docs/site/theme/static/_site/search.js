(() => {
  "use strict";
  const root = document.body.dataset.root;
  const dialog = document.querySelector("dialog.search");
  const input = dialog.querySelector("input");
  const list = dialog.querySelector("#found");
  const status = dialog.querySelector("[role=status]");
  const LIMIT = 30;
  const WEIGHT = {
    "Error code": 1.5, Function: 1.3, Table: 1.3, View: 1.2, States: 1.2, "Error codes": 0.8,
    Reference: 0.9, Guide: 0.8, Schema: 0.6, Start: 0.6, Decision: 0.6, List: 0.3, File: 0.1,
  };

  // A name such as scan_ticket is found whole and by each of its words.
  const words = (text) =>
    text.toLowerCase().split(/[^\p{L}\p{N}_]+/u).flatMap((word) =>
      word.includes("_") ? [word, ...word.split("_")] : [word],
    ).filter(Boolean);
  const singular = (word) =>
    word.length > 3 && word.endsWith("s") && !word.endsWith("ss") && !word.includes("_")
      ? word.slice(0, -1)
      : word;

  let index = null;
  let loading = null;
  const load = () => {
    loading ??= new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = `${root}_site/search-index.js`;
      script.onload = resolve;
      script.onerror = reject;
      document.head.append(script);
    }).then(() => {
      index = new MiniSearch({
        fields: ["title", "about", "text"],
        storeFields: ["url", "kind", "title", "about", "in"],
        tokenize: words,
        processTerm: singular,
        searchOptions: {
          boost: { title: 8, about: 2 },
          prefix: (word) => word.length > 1,
          fuzzy: (word) => (word.length > 4 && !/\d/.test(word) ? 0.2 : false),
          weights: { prefix: 0.6, fuzzy: 0.2 },
          boostDocument: (id, term, stored) => WEIGHT[stored.kind] ?? 1,
        },
      });
      index.addAll(window.searchEntries.map((entry, id) => ({ id, ...entry })));
      delete window.searchEntries;
    });
    return loading;
  };

  const found = (query) => {
    const strict = index.search(query, { combineWith: "AND" });
    const results = strict.length ? strict : index.search(query);
    const whole = words(query).join(" ");
    const shape = (result) => words(result.title).filter((word) => !word.includes("_")).join(" ");
    for (const result of results) {
      const title = result.title.toLowerCase();
      if (title === query.toLowerCase()) result.score *= 10;
      // A name with just these words, in this order, is what a phrase asks for.
      else if (` ${shape(result)} `.includes(` ${whole} `)) result.score *= 2;
    }
    return results.sort((a, b) => b.score - a.score).slice(0, LIMIT);
  };

  const marked = (text, terms) => {
    const holder = document.createElement("span");
    const parts = terms.map((term) => term.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    const pattern = parts.length ? new RegExp(`(${parts.join("|")})`, "giu") : null;
    for (const [at, piece] of (pattern ? text.split(pattern) : [text]).entries()) {
      const node = at % 2 ? document.createElement("mark") : document.createTextNode(piece);
      if (at % 2) node.textContent = piece;
      holder.append(node);
    }
    return holder;
  };

  let chosen = -1;
  const choose = (at) => {
    const options = [...list.children];
    options[chosen]?.setAttribute("aria-selected", "false");
    chosen = options.length ? (at + options.length) % options.length : -1;
    const option = options[chosen];
    if (option) {
      option.setAttribute("aria-selected", "true");
      option.scrollIntoView({ block: "nearest" });
      input.setAttribute("aria-activedescendant", option.id);
    } else {
      input.removeAttribute("aria-activedescendant");
    }
  };

  const show = () => {
    const query = input.value.trim();
    list.replaceChildren();
    chosen = -1;
    const results = query && index ? found(query) : [];
    for (const [at, result] of results.entries()) {
      const option = document.createElement("a");
      option.id = `found-${at}`;
      option.href = root + result.url;
      option.tabIndex = -1;
      option.setAttribute("role", "option");
      option.setAttribute("aria-selected", "false");
      const head = document.createElement("span");
      head.className = "head";
      const kind = document.createElement("span");
      kind.className = "kind";
      kind.textContent = result.kind;
      const title = marked(result.title, result.terms);
      title.className = "title";
      head.append(title);
      if (result.in) {
        const place = document.createElement("span");
        place.className = "place";
        place.textContent = result.in;
        head.append(place);
      }
      head.append(kind);
      option.append(head);
      if (result.about) {
        const about = marked(result.about, result.terms);
        about.className = "about";
        option.append(about);
      }
      list.append(option);
    }
    input.setAttribute("aria-expanded", String(results.length > 0));
    dialog.classList.toggle("none", Boolean(query) && !results.length);
    status.textContent = !query ? "" : results.length ? `${results.length} found` : "Nothing found";
    choose(0);
    list.scrollTop = 0;
  };

  const open = () => {
    if (dialog.open) return;
    dialog.showModal();
    input.select();
    load().then(show, () => {
      status.textContent = "The search could not be loaded.";
      status.classList.remove("hidden");
    });
  };

  const button = document.querySelector(".find");
  button.hidden = false;
  button.addEventListener("click", open);
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
    const slash = event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey;
    if (slash || (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey))) {
      event.preventDefault();
      open();
    }
  });
  input.addEventListener("input", show);
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      choose(chosen + (event.key === "ArrowDown" ? 1 : -1));
    } else if (event.key === "Escape") {
      // Else the first press would only empty the field.
      event.preventDefault();
      dialog.close();
    } else if (event.key === "Enter") {
      event.preventDefault();
      list.children[chosen]?.click();
    }
  });
  list.addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
})();
