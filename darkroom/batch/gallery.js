"use strict";
(() => {
  const MOST = 4; // pictures side by side
  const FAR = 16; // times as large as what fits
  const $ = (selector) => document.querySelector(selector);
  const all = (selector) => [...document.querySelectorAll(selector)];

  // Which rows are shown: by status and by text, both kept in the address.
  const cards = all("article");
  const buttons = all(".filters button");
  const search = $("#search");
  const count = $("#count");
  let texts = null;

  const asked = () => {
    const hash = new URLSearchParams(location.hash.slice(1));
    return { status: hash.get("status") || "", text: hash.get("q") || "" };
  };

  const addressed = (status, text) => {
    const hash = new URLSearchParams();
    if (status) hash.set("status", status);
    if (text) hash.set("q", text);
    return "#" + hash;
  };

  const show = () => {
    const { status, text } = asked();
    if (search.value.trim() !== text) search.value = text;
    for (const each of buttons) each.setAttribute("aria-pressed", each.dataset.show === status);
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    if (words.length && !texts) {
      texts = cards.map((card) =>
        [...card.querySelectorAll("h2, .reason, dl")]
          .map((each) => each.textContent)
          .join("\n")
          .toLowerCase(),
      );
    }
    let shown = 0;
    cards.forEach((card, index) => {
      const fits =
        (!status || card.dataset.status === status) &&
        words.every((word) => texts[index].includes(word));
      card.hidden = !fits;
      shown += fits;
    });
    const rows = cards.length.toLocaleString("en");
    count.value = shown === cards.length ? `${rows} rows` : `${shown.toLocaleString("en")} of ${rows} rows`;
    $("#nothing").hidden = shown > 0 || !cards.length;
  };

  for (const each of buttons) {
    each.addEventListener("click", () => {
      location.hash = addressed(each.dataset.show, search.value.trim());
    });
  }
  let typing = 0;
  search.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(() => {
      // Not one step back in the history for each letter.
      history.replaceState(null, "", addressed(asked().status, search.value.trim()));
      show();
    }, 120);
  });
  addEventListener("hashchange", show);

  // Which pictures are chosen.
  const tray = $(".tray");
  const go = $("#compare-go");
  let picked = [];

  const choose = (said) => {
    tray.hidden = !picked.length;
    document.body.classList.toggle("picking", picked.length > 0);
    go.disabled = picked.length < 2;
    $("#picked").textContent =
      said || (picked.length < 2 ? "1 picture: choose another" : `${picked.length} pictures`);
  };

  $("main").addEventListener("change", (event) => {
    const box = event.target;
    if (!box.matches(".pick input")) return;
    if (box.checked && picked.length === MOST) {
      box.checked = false;
      choose(`${MOST} pictures at most`);
      return;
    }
    picked = box.checked ? [...picked, box] : picked.filter((each) => each !== box);
    choose();
  });
  $("#compare-clear").addEventListener("click", () => {
    for (const box of picked) box.checked = false;
    picked = [];
    choose();
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

  const element = (name, text = "") => {
    const made = document.createElement(name);
    made.textContent = text;
    return made;
  };

  const pane = (box) => {
    const figure = box.closest("figure");
    const card = figure.closest("article");
    const frame = figure.querySelector(".frame");
    const thumb = frame.querySelector("img");
    const made = element("figure");
    made.className = "pane";
    const area = element("div");
    area.classList.toggle("alpha", frame.classList.contains("alpha"));
    const image = element("img");
    image.alt = thumb ? thumb.alt : frame.textContent;
    if (thumb) image.src = thumb.src;
    const note = element("span");
    const caption = element("figcaption");
    const step = figure.querySelector("b").textContent;
    const said = [...card.querySelectorAll("dd")].map((each) => (each.querySelector("p") || each).textContent);
    caption.append(element("b", `${card.querySelector("h2").textContent} ${step}`), " ");
    caption.append(figure.querySelector("figcaption span").textContent, note, element("br"), said.join(" · "));
    if (frame.href) {
      const whole = new Image();
      whole.onload = () => {
        image.src = whole.src;
        made.dataset.shown = "full";
      };
      whole.onerror = () => (note.textContent = " · the full picture cannot be loaded");
      whole.src = frame.href;
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
    panes.replaceChildren(...picked.map(pane));
    panes.dataset.count = picked.length;
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
      search.focus();
    }
  });

  // The browser may have kept what was ticked when the page was loaded anew.
  for (const box of all(".pick input:checked")) box.checked = false;
  $(".bar").hidden = false;
  show();
})();
