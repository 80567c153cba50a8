(() => {
  "use strict";
  // Boxes are drawn in points, a little small for a screen.
  const LIKED = 1.35;
  const READABLE = 0.75;
  const LARGEST = 8;

  const ICONS = {
    in: "M12 5v14M5 12h14",
    out: "M5 12h14",
    fit: "M9 5H5v4M15 5h4v4M9 19H5v-4M15 19h4v-4M9.500 9.500h5v5h-5z",
    full: "M9 4H4v5M15 4h5v5M9 20H4v-5M15 20h5v-5",
  };
  const SVG = "http://www.w3.org/2000/svg";
  const made = (label, key, icon, act) => {
    const button = document.createElement("button");
    const svg = document.createElementNS(SVG, "svg");
    const path = document.createElementNS(SVG, "path");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    path.setAttribute("d", ICONS[icon]);
    svg.append(path);
    button.append(svg);
    button.type = "button";
    button.title = `${label} (${key})`;
    button.setAttribute("aria-label", label);
    button.setAttribute("aria-keyshortcuts", key);
    button.addEventListener("click", act);
    return button;
  };

  for (const figure of document.querySelectorAll("figure.diagram")) {
    const canvas = figure.querySelector(".canvas");
    const svg = canvas.querySelector("svg");
    if (!svg) continue;
    const box = svg.viewBox.baseVal;
    const smallest = () =>
      Math.min(LIKED, canvas.clientWidth / box.width, canvas.clientHeight / box.height);
    const pan = Panzoom(svg, {
      canvas: true,
      cursor: "grab",
      maxScale: LARGEST,
      minScale: 0.05,
      step: 0.25,
      animate: !matchMedia("(prefers-reduced-motion: reduce)").matches,
      // A finger moves the page and two zoom; in full screen one moves the picture.
      touchAction: "pan-y",
      // A press on a box is a way to its page.
      handleStartEvent: (event) => {
        if (event.target.closest("a")) return;
        event.preventDefault();
      },
    });
    svg.style.width = `${box.width}px`;
    svg.style.height = `${box.height}px`;
    figure.classList.add("zoomable");

    // Panzoom scales about the middle of the picture; here it is put by its corner.
    const place = (scale) => {
      const put = (room, size) =>
        (Math.max(0, (room - size * scale) / 2) - (size * (1 - scale)) / 2) / scale;
      pan.zoom(scale, { force: true, animate: false });
      pan.pan(put(canvas.clientWidth, box.width), put(canvas.clientHeight, box.height), {
        force: true,
        animate: false,
      });
    };
    const fit = () => place(smallest());
    // What is wider than the screen begins at a size at which it can be read.
    const begin = () => {
      const fullscreen = document.fullscreenElement === figure;
      if (!fullscreen) {
        const scale = Math.max(Math.min(LIKED, canvas.clientWidth / box.width), READABLE);
        const highest = Math.max(240, innerHeight * 0.75);
        canvas.style.height = `${Math.min(box.height * scale + 4, highest)}px`;
        place(scale);
      } else {
        canvas.style.height = "";
        fit();
      }
    };
    const about = (factor) => {
      const rect = canvas.getBoundingClientRect();
      pan.zoomToPoint(pan.getScale() * factor, {
        clientX: rect.left + rect.width / 2,
        clientY: rect.top + rect.height / 2,
      });
    };

    const tools = document.createElement("div");
    tools.className = "tools";
    tools.setAttribute("role", "group");
    tools.setAttribute("aria-label", "Zoom of the picture");
    const full = made("Full screen", "f", "full", () =>
      document.fullscreenElement ? document.exitFullscreen() : figure.requestFullscreen(),
    );
    tools.append(
      made("Zoom in", "+", "in", () => about(1.4)),
      made("Zoom out", "-", "out", () => about(1 / 1.4)),
      made("Show the whole picture", "0", "fit", fit),
    );
    if (document.fullscreenEnabled) tools.append(full);
    figure.querySelector("figcaption").append(tools);

    canvas.addEventListener(
      "wheel",
      (event) => {
        // A plain turn of the wheel scrolls the page, as everywhere.
        const zooms = event.ctrlKey || event.metaKey || document.fullscreenElement === figure;
        if (!zooms) return;
        event.preventDefault();
        pan.zoomWithWheel(event, { step: 0.15 });
      },
      { passive: false },
    );
    canvas.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const step = 60 / pan.getScale();
      const acts = {
        "+": () => about(1.4),
        "=": () => about(1.4),
        "-": () => about(1 / 1.4),
        0: fit,
        f: () => full.click(),
        ArrowLeft: () => pan.pan(step, 0, { relative: true }),
        ArrowRight: () => pan.pan(-step, 0, { relative: true }),
        ArrowUp: () => pan.pan(0, step, { relative: true }),
        ArrowDown: () => pan.pan(0, -step, { relative: true }),
      };
      if (acts[event.key]) {
        event.preventDefault();
        acts[event.key]();
      }
    });
    // A box that gets the focus of the keyboard is brought into view.
    svg.addEventListener("focusin", (event) => {
      canvas.scrollTo(0, 0);
      if (!event.target.matches(":focus-visible")) return;
      const target = event.target.getBoundingClientRect();
      const frame = canvas.getBoundingClientRect();
      const off = (low, high, least, most) => (low < least ? least - low + 20 : high > most ? most - high - 20 : 0);
      const x = off(target.left, target.right, frame.left, frame.right);
      const y = off(target.top, target.bottom, frame.top, frame.bottom);
      if (x || y) pan.pan(x / pan.getScale(), y / pan.getScale(), { relative: true });
    });
    document.addEventListener("fullscreenchange", begin);
    addEventListener("resize", begin);
    // Panzoom sets its own start a moment after it was made.
    setTimeout(begin);

    let pressed = null;
    canvas.addEventListener("pointerdown", (event) => (pressed = [event.clientX, event.clientY]));
    canvas.addEventListener(
      "click",
      (event) => {
        const moved = pressed && Math.hypot(event.clientX - pressed[0], event.clientY - pressed[1]);
        if (moved > 5 && event.detail) event.preventDefault();
      },
      true,
    );
  }
})();
