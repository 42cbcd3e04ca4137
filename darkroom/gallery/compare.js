"use strict";
// What pages of pictures share: a few words for elements, and pictures side by side.
const $ = (selector) => document.querySelector(selector);
const all = (selector) => [...document.querySelectorAll(selector)];
const element = (name, text = "", kind = "") => {
  const made = document.createElement(name);
  made.textContent = text;
  if (kind) made.className = kind;
  return made;
};

// Which pictures are chosen, by keys of the page's own; each value gives what is to be shown of one:
// {name, facts, said, alt, thumb, alpha, full}.
const compare = (() => {
  const MOST = 4; // pictures side by side
  const FAR = 16; // times as large as what fits
  const picked = new Map();
  const tray = $(".tray");
  const go = $("#compare-go");
  let cleared = () => {};

  const choose = (said) => {
    tray.hidden = !picked.size;
    document.body.classList.toggle("picking", picked.size > 0);
    go.disabled = picked.size < 2;
    $("#picked").textContent =
      said || (picked.size < 2 ? "1 picture: choose another" : `${picked.size} pictures`);
  };

  // Gives whether it is chosen now.
  const toggle = (key, describe) => {
    if (picked.delete(key)) choose();
    else if (picked.size === MOST) choose(`${MOST} pictures at most`);
    else {
      picked.set(key, describe);
      choose();
    }
    return picked.has(key);
  };
  $("#compare-clear").addEventListener("click", () => {
    const were = [...picked.keys()];
    picked.clear();
    choose();
    cleared(were);
  });

  // Side by side: one view for all panes, in parts of a pane.
  const dialog = $("#compare");
  const panes = $(".panes");
  let view = { scale: 1, x: 0, y: 0 };

  const turn = (scale, x, y) => {
    scale = Math.min(FAR, Math.max(1, scale));
    const far = (scale - 1) / 2;
    const held = (value) => Math.min(far, Math.max(-far, value));
    view = { scale, x: held(x), y: held(y) };
    for (const image of panes.querySelectorAll("img")) {
      image.style.transform = `translate(${view.x * 100}%, ${view.y * 100}%) scale(${scale})`;
    }
    $("#zoom").value = scale === 1 ? "fit" : `${scale.toFixed(1)} ×`;
  };

  const zoom = (scale, x = 0, y = 0) => {
    scale = Math.min(FAR, Math.max(1, scale));
    const by = scale / view.scale;
    turn(scale, x - (x - view.x) * by, y - (y - view.y) * by);
  };

  // How much larger than what fits the first picture is, pixel by pixel of the screen.
  const full = () => {
    const image = panes.querySelector("img");
    const fits = Math.min(image.clientWidth / image.naturalWidth, image.clientHeight / image.naturalHeight);
    return 1 / fits / devicePixelRatio;
  };

  const at = (event) => {
    const box = event.currentTarget.getBoundingClientRect();
    return [
      (event.clientX - box.left) / box.width - 0.5,
      (event.clientY - box.top) / box.height - 0.5,
    ];
  };

  const pane = ({ name, facts, said, alt, thumb, alpha, full: link }) => {
    const made = element("figure", "", "pane");
    const area = element("div");
    area.classList.toggle("alpha", Boolean(alpha));
    const image = element("img");
    image.alt = alt;
    if (thumb) image.src = thumb;
    const note = element("span");
    const caption = element("figcaption");
    caption.append(element("b", name), " ", facts, note, element("br"), said);
    if (link) {
      const whole = new Image();
      whole.onload = () => {
        image.src = whole.src;
        made.dataset.shown = "full";
      };
      whole.onerror = () => (note.textContent = " · the full picture cannot be loaded");
      whole.src = link;
    } else {
      note.textContent = " · a thumbnail: the picture is elsewhere";
    }
    area.append(image);
    area.addEventListener("wheel", (event) => {
      event.preventDefault();
      zoom(view.scale * Math.exp(-event.deltaY / 400), ...at(event));
    }, { passive: false });
    area.addEventListener("pointerdown", (event) => area.setPointerCapture(event.pointerId));
    area.addEventListener("pointermove", (event) => {
      if (!area.hasPointerCapture(event.pointerId)) return;
      const { width, height } = area.getBoundingClientRect();
      turn(view.scale, view.x + event.movementX / width, view.y + event.movementY / height);
    });
    area.addEventListener("dblclick", (event) => zoom(view.scale > 1 ? 1 : full(), ...at(event)));
    made.append(area, caption);
    return made;
  };

  go.addEventListener("click", () => {
    panes.replaceChildren(...[...picked.values()].map((describe) => pane(describe())));
    panes.dataset.count = picked.size;
    dialog.showModal();
    turn(1, 0, 0);
  });
  dialog.addEventListener("close", () => panes.replaceChildren());
  $("#compare-close").addEventListener("click", () => dialog.close());
  const keys = {
    "+": () => zoom(view.scale * 1.5),
    "=": () => zoom(view.scale * 1.5),
    "-": () => zoom(view.scale / 1.5),
    0: () => turn(1, 0, 0),
    1: () => zoom(full()),
    ArrowLeft: () => turn(view.scale, view.x + 0.1, view.y),
    ArrowRight: () => turn(view.scale, view.x - 0.1, view.y),
    ArrowUp: () => turn(view.scale, view.x, view.y + 0.1),
    ArrowDown: () => turn(view.scale, view.x, view.y - 0.1),
  };
  for (const each of dialog.querySelectorAll("[data-key]")) {
    each.addEventListener("click", () => keys[each.dataset.key]());
  }
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (dialog.open) {
      if (!keys[event.key]) return;
      event.preventDefault();
      keys[event.key]();
    } else if (event.key === "/" && !event.target.matches("input")) {
      event.preventDefault();
      $("#search").focus();
    }
  });
  return { toggle, has: (key) => picked.has(key), whenCleared: (then) => (cleared = then) };
})();
