"use strict";
(() => {
  const pictures = JSON.parse($(".pictures").textContent);
  const blocks = { thumbs: all(".thumbs"), details: all(".details") };
  const BLOCK = 100; // pictures of a block, as they were written
  const nameOf = (at) => pictures[at].n;
  const byName = new Map(pictures.map((each, at) => [each.n, at]));
  const children = pictures.map(() => []);
  pictures.forEach((each, at) => (each.o || []).forEach((parent) => children[parent].push(at)));
  const words = (number, what) => `${number.toLocaleString("en")} ${what}${number === 1 ? "" : "s"}`;
  const days = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeZone: "UTC" });
  const dayOf = (at) => (pictures[at].t || "").slice(0, 10);

  // Blocks are opened when something of them comes into view.
  const opened = { thumbs: [], details: [] };
  const thumb = (at) => {
    const block = Math.floor(at / BLOCK);
    opened.thumbs[block] ||= JSON.parse(blocks.thumbs[block].textContent);
    const found = opened.thumbs[block][at % BLOCK];
    return found.why ? found : { src: `data:image/webp;base64,${found}` };
  };
  const unpacked = async (text) => {
    const bytes = Uint8Array.from(atob(text), (each) => each.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
    return JSON.parse(await new Response(stream).text());
  };
  const detail = async (at) => {
    const block = Math.floor(at / BLOCK);
    opened.details[block] ||= unpacked(blocks.details[block].textContent);
    return (await opened.details[block])[at % BLOCK];
  };

  // What a picture is called: its prompt, or that of what it was made of.
  const inherited = new Map();
  const prompt = (at, depth = 0) => {
    if (pictures[at].p || depth > 100) return pictures[at].p || "";
    if (!inherited.has(at)) {
      inherited.set(at, ""); // what goes round in a circle has none
      const found = (pictures[at].o || []).map((parent) => prompt(parent, depth + 1)).find(Boolean);
      inherited.set(at, found || "");
    }
    return inherited.get(at);
  };
  const title = (at) => prompt(at) || nameOf(at).split("/").pop();
  const titled = (name, at) => element(name, title(at), pictures[at].p ? "" : "inherited");
  const facts = (at) => [pictures[at].m, pictures[at].k].filter(Boolean).join(" · ");
  const size = (at) => `${pictures[at].w} × ${pictures[at].h}`;
  const link = (hash, kind = "") => Object.assign(element("a", "", kind), { href: hash });
  const to = (view, at) => `#${new URLSearchParams({ [view]: nameOf(at) })}`;

  // The thumbnail of a picture in its frame, or why there is none.
  const framed = (at, frame) => {
    const { why, src } = thumb(at);
    if (why) {
      frame.classList.add("none");
      frame.append(element("span", why));
      return frame;
    }
    const image = element("img");
    image.alt = title(at);
    image.decoding = "async";
    image.src = src;
    frame.classList.toggle("alpha", Boolean(pictures[at].a));
    frame.append(image);
    return frame;
  };

  // What is shown of a picture beside others.
  const described = (at) => ({
    name: title(at),
    facts: [facts(at), size(at)].join(" · "),
    said: nameOf(at),
    alt: title(at),
    thumb: thumb(at).src,
    alpha: pictures[at].a,
    full: pictures[at].u,
  });
  const pick = (at) => {
    const label = element("label", "", "pick");
    label.title = "Choose to compare";
    const box = element("input");
    box.type = "checkbox";
    box.autocomplete = "off";
    box.setAttribute("aria-label", `Compare ${title(at)}`);
    box.checked = compare.has(at);
    box.dataset.at = at;
    box.addEventListener("change", () => (box.checked = compare.toggle(at, () => described(at))));
    label.append(box);
    return label;
  };
  compare.whenCleared(() => {
    for (const box of all(".pick input")) box.checked = false;
  });

  // Which pictures are shown: kept in the address.
  const fields = ["mode", "model", "run", "from", "to"];
  const search = $("#search");
  let shown = [];
  let asked = new URLSearchParams();
  const texts = pictures.map((each) =>
    [each.p, each.q, each.n, each.m, each.k, each.r].filter(Boolean).join("\n").toLowerCase(),
  );
  const fits = (at, of, search) => {
    const each = pictures[at];
    return (
      (!of.mode || each.m === of.mode) &&
      (!of.model || (each.k || "none") === of.model) &&
      (!of.run || (each.r || "").includes(of.run)) &&
      (!of.from || dayOf(at) >= of.from) &&
      (!of.to || dayOf(at) <= of.to) &&
      search.every((word) => texts[at].includes(word))
    );
  };
  const filter = () => {
    const of = Object.fromEntries(asked);
    const search = (of.q || "").toLowerCase().split(/\s+/).filter(Boolean);
    shown = pictures.map((_, at) => at).filter((at) => fits(at, of, search));
    const total = words(pictures.length, "picture");
    $("#count").value =
      shown.length === pictures.length ? total : `${shown.length.toLocaleString("en")} of ${total}`;
    $("#nothing").hidden = shown.length > 0;
    $("#reset").hidden = ![...asked.keys()].length;
    lay();
  };

  // Rows of pictures of one height, below the day on which they were made.
  const grid = $("#grid");
  const GAP = 14;
  const CAPTION = 44;
  let rows = [];
  let drawn = new Map();
  const lay = () => {
    const width = grid.clientWidth;
    const wanted = width < 600 ? 130 : 190;
    let top = 0;
    rows = [];
    const close = (row, full) => {
      const room = width - GAP * (row.length - 1);
      const sum = row.reduce((sum, each) => sum + each.ratio, 0);
      const height = Math.min(full ? room / sum : wanted, wanted * 1.6);
      let left = 0;
      for (const each of row) {
        each.left = left;
        each.width = Math.min(each.ratio * height, width);
        left += each.width + GAP;
      }
      rows.push({ top, height: height + CAPTION, frame: height, items: row });
      top += height + CAPTION + GAP;
    };
    let row = [];
    let sum = 0;
    let day = null;
    for (const at of shown) {
      if (dayOf(at) !== day) {
        if (row.length) close(row, false);
        [row, sum, day] = [[], 0, dayOf(at)];
        rows.push({ top, height: 44, day });
        top += 44;
      }
      const { w, h } = pictures[at];
      const ratio = Math.min(2.4, Math.max(0.66, w / h));
      row.push({ at, ratio });
      sum += ratio;
      if (sum * wanted + GAP * (row.length - 1) >= width) {
        close(row, true);
        [row, sum] = [[], 0];
      }
    }
    if (row.length) close(row, false);
    for (const made of drawn.values()) made.remove();
    drawn = new Map();
    grid.style.height = `${Math.max(0, top)}px`;
    draw();
  };
  const tile = (item, frameHeight) => {
    const figure = element("figure", "", "tile");
    figure.style.cssText = `left:${item.left}px;width:${item.width}px`;
    const frame = framed(item.at, link(to("picture", item.at), "frame"));
    frame.style.height = `${frameHeight}px`;
    const caption = element("figcaption");
    caption.append(titled("b", item.at), element("span", facts(item.at)));
    caption.title = title(item.at);
    figure.append(frame, caption);
    if (!thumb(item.at).why) figure.append(pick(item.at));
    return figure;
  };
  const band = (row) => {
    if (row.items) {
      const made = element("div", "", "row");
      made.append(...row.items.map((each) => tile(each, row.frame)));
      return made;
    }
    return element("h2", row.day > "1970-01-01" ? days.format(new Date(row.day)) : "No date", "row");
  };
  const first = (y) => {
    let [low, high] = [0, rows.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (rows[middle].top + rows[middle].height < y) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  const draw = () => {
    if (grid.hidden) return;
    const above = grid.getBoundingClientRect().top;
    const [from, until] = [-above - 800, -above + innerHeight + 800];
    const seen = new Map();
    for (let at = first(from); at < rows.length && rows[at].top < until; at += 1) {
      const made = drawn.get(at) || band(rows[at]);
      made.style.top = `${rows[at].top}px`;
      if (!drawn.has(at)) grid.append(made);
      seen.set(at, made);
    }
    for (const [at, made] of drawn) if (!seen.has(at)) made.remove();
    drawn = seen;
  };
  let waiting = 0;
  const soon = () => {
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(draw);
  };
  addEventListener("scroll", soon, { passive: true });
  addEventListener("resize", soon);
  let across = 0;
  new ResizeObserver(() => {
    if (grid.hidden || grid.clientWidth === across) return;
    across = grid.clientWidth;
    lay();
  }).observe(grid);

  // Buttons that copy.
  const copied = async (button, text) => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = element("textarea");
      area.value = text;
      button.after(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    const was = button.textContent;
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = was), 1500);
  };
  const button = (label, act) => {
    const made = element("button", label);
    made.type = "button";
    made.addEventListener("click", () => act(made));
    return made;
  };
  const small = (at, view) => {
    const made = link(to(view, at), "small");
    made.title = title(at);
    made.append(framed(at, element("span", "", "frame")), element("span", facts(at)));
    return made;
  };
  const lost = (sha256) => {
    const made = element("span", "", "small lost");
    made.append(element("span", "not on this page", "frame none"), element("span", `sha256 ${sha256}…`));
    return made;
  };

  // One picture: as large as it fits, and all that is known of it.
  const section = $("#picture");
  const stage = (at) => {
    const made = element("div", "", "stage");
    made.dataset.shown = "thumbnail";
    const each = pictures[at];
    const { why, src } = thumb(at);
    if (why) {
      made.append(element("p", `The picture is ${why}.`));
      return made;
    }
    const image = element("img");
    image.alt = title(at);
    image.src = src;
    image.classList.toggle("alpha", Boolean(each.a));
    image.style.aspectRatio = `${each.w} / ${each.h}`;
    image.style.width = `min(100%, ${each.w}px, calc((100vh - 190px) * ${each.w / each.h}))`;
    made.append(image);
    if (each.u) {
      const whole = new Image();
      whole.onload = () => {
        image.src = whole.src;
        made.dataset.shown = "full";
      };
      whole.onerror = () => made.append(element("p", "The full picture cannot be loaded: this is its thumbnail."));
      whole.src = each.u;
    } else {
      made.append(element("p", `This is a thumbnail: the picture is at ${each.at}.`));
    }
    return made;
  };
  const relatives = (heading, made) => {
    if (!made.length) return "";
    const box = element("div", "", "relatives");
    const strip = element("div", "", "strip");
    strip.append(...made.slice(0, 60));
    if (made.length > 60) strip.append(element("span", `and ${made.length - 60} more`));
    box.append(element("h3", heading), strip);
    return box;
  };
  const recipes = (of) => {
    const box = element("div", "", "recipe");
    if (of.none) {
      box.append(element("h3", "Recipe"), element("p", of.none));
      return box;
    }
    const head = element("header");
    const text = element("pre", of.step);
    const kinds = [["The last step", of.step], ["From the start", of.all]].filter(([, text]) => text);
    const choices = kinds.map(([label, said], index) => {
      const made = button(label, () => {
        for (const each of choices) each.setAttribute("aria-pressed", each === made);
        text.textContent = said;
      });
      made.setAttribute("aria-pressed", index === 0);
      return made;
    });
    const tabs = element("span", "", "tabs");
    if (choices.length > 1) tabs.append(...choices);
    head.append(element("h3", "Recipe"), tabs, button("Copy recipe", (made) => copied(made, text.textContent)));
    box.append(head, text);
    return box;
  };
  const told = (of) => {
    const list = element("dl");
    for (const [name, value] of of.told) {
      const line = element("div");
      const said = element("dd", name === "run" ? "" : value);
      said.dir = "auto";
      if (name === "run") said.append(Object.assign(link(`#${new URLSearchParams({ run: value })}`), { textContent: value }));
      line.append(element("dt", name), said);
      list.append(line);
    }
    return list;
  };
  const neighbor = (at, step) => {
    const place = shown.indexOf(at);
    return place < 0 ? undefined : shown[place + step];
  };
  const head = (at, view) => {
    const made = element("header");
    const back = link(`#${asked}`, "back");
    back.append("← All", element("span", " pictures", "wide"));
    made.append(back);
    const other = view === "picture" ? "lineage" : "picture";
    const way = link(to(other, at), "way");
    way.append(other === "lineage" ? "Lineage" : "Open picture");
    made.append(way);
    return made;
  };
  const showPicture = async (at) => {
    const of = await detail(at);
    const made = head(at, "picture");
    for (const [label, step] of [["Newer", -1], ["Older", 1]]) {
      const other = neighbor(at, step);
      if (other === undefined) continue;
      const way = link(to("picture", other), `turn ${label.toLowerCase()}`);
      way.setAttribute("aria-label", label);
      const word = element("span", label, "wide");
      way.append(...(step < 0 ? ["‹ ", word] : [word, " ›"]));
      made.append(way);
    }
    const side = element("div", "", "side");
    const heading = titled("h2", at);
    heading.dir = "auto";
    const acts = element("div", "", "acts");
    acts.append(button("Copy parameters", (made) => copied(made, JSON.stringify(of.parameters, null, 2))));
    if (!thumb(at).why) {
      const choose = button(compare.has(at) ? "Chosen to compare" : "Compare with…", (made) => {
        made.textContent = compare.toggle(at, () => described(at)) ? "Chosen to compare" : "Compare with…";
      });
      acts.append(choose);
    }
    if (pictures[at].u) {
      const full = link(pictures[at].u);
      Object.assign(full, { target: "_blank", rel: "noopener", textContent: "Full picture" });
      acts.append(full);
    }
    const parents = [...(pictures[at].o || []).map((each) => small(each, "picture")), ...(pictures[at].x || []).map(lost)];
    side.append(
      heading,
      element("p", [facts(at), size(at)].join(" · "), "facts"),
      acts,
      relatives("Made of", parents),
      relatives("Made from it", children[at].map((each) => small(each, "picture"))),
      told(of),
    );
    const body = element("div", "", "body");
    body.append(stage(at), side, recipes(of));
    section.replaceChildren(made, body);
  };

  // Its lineage: a column for each generation, lines from what was made to what it was made of.
  const tree = $("#lineage");
  const MOST = 150; // pictures of a lineage that are drawn
  const walk = (at, next, depths, sign) => {
    let wave = [at];
    for (let depth = 1; wave.length && depth <= 100; depth += 1) {
      const found = new Set();
      for (const each of wave) {
        for (const other of next(each)) {
          if (other === at || (depths.size >= MOST && !depths.has(other))) continue;
          found.add(other);
        }
      }
      wave = [...found];
      for (const each of wave) if (depth < 40) depths.set(each, sign * depth);
    }
  };
  const node = (at, here) => {
    const made = small(at, "lineage");
    made.append(titled("b", at));
    made.dataset.at = at;
    if (here) made.setAttribute("aria-current", "true");
    return made;
  };
  const showLineage = (at) => {
    const depths = new Map([[at, 0]]);
    walk(at, (each) => pictures[each].o || [], depths, -1);
    const before = depths.size - 1;
    walk(at, (each) => children[each], depths, 1);
    const after = depths.size - 1 - before;
    const columns = new Map();
    for (const [each, depth] of depths) columns.set(depth, [...(columns.get(depth) || []), each]);
    const generations = element("div", "", "generations");
    const lines = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    lines.setAttribute("aria-hidden", "true");
    generations.append(lines);
    for (const depth of [...columns.keys()].sort((a, b) => a - b)) {
      const column = element("div", "", "generation");
      column.append(...columns.get(depth).map((each) => node(each, each === at)));
      generations.append(column);
    }
    const missing = [...depths.keys()].flatMap((each) => pictures[each].x || []);
    const made = head(at, "lineage");
    const note = element("p", "", "facts");
    note.textContent =
      `${before ? words(before, "ancestor") : "No ancestors"} · ${after ? `${after.toLocaleString("en")} made from it` : "nothing made from it"}` +
      (missing.length ? ` · ${words(new Set(missing).size, "source")} not on this page` : "") +
      (depths.size >= MOST ? ` · only ${MOST} are drawn` : "");
    const heading = titled("h2", at);
    heading.dir = "auto";
    tree.replaceChildren(made, heading, note, generations);
    join(generations, lines, depths);
    const here = generations.querySelector("[aria-current]");
    generations.scrollLeft = here.offsetLeft - (generations.clientWidth - here.offsetWidth) / 2;
  };
  const join = (generations, lines, depths) => {
    const down = getComputedStyle(generations).flexDirection === "column";
    const place = (at) => {
      const box = generations.querySelector(`[data-at="${at}"]`);
      const [x, y] = [box.offsetLeft, box.offsetTop];
      return { x, y, w: box.offsetWidth, h: box.offsetHeight };
    };
    lines.setAttribute("width", generations.scrollWidth);
    lines.setAttribute("height", generations.scrollHeight);
    for (const at of depths.keys()) {
      for (const parent of pictures[at].o || []) {
        if (!depths.has(parent)) continue;
        const [from, until] = [place(parent), place(at)];
        const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
        const [x1, y1] = down ? [from.x + from.w / 2, from.y + from.h] : [from.x + from.w, from.y + from.h / 2];
        const [x2, y2] = down ? [until.x + until.w / 2, until.y] : [until.x, until.y + until.h / 2];
        const middle = down ? (y1 + y2) / 2 : (x1 + x2) / 2;
        path.setAttribute(
          "d",
          down ? `M${x1},${y1} C${x1},${middle} ${x2},${middle} ${x2},${y2}` : `M${x1},${y1} C${middle},${y1} ${middle},${y2} ${x2},${y2}`,
        );
        lines.append(path);
      }
    }
  };

  // What the address asks for.
  let scrolled = 0;
  const show = async () => {
    const hash = new URLSearchParams(location.hash.slice(1));
    const view = hash.has("picture") ? "picture" : hash.has("lineage") ? "lineage" : "";
    const at = byName.get(hash.get(view));
    const leaving = !grid.hidden && view;
    if (leaving) scrolled = scrollY;
    const alone = Boolean(view) && at !== undefined;
    for (const each of [grid, $(".bar"), $(".top")]) each.hidden = alone;
    section.hidden = !alone || view !== "picture";
    tree.hidden = !alone || view !== "lineage";
    if (alone) {
      $("#nothing").hidden = true;
      if (view === "picture") await showPicture(at);
      else showLineage(at);
      scrollTo(0, 0);
      return;
    }
    const same = `${hash}` === `${asked}` && rows.length;
    asked = hash;
    const q = hash.get("q") || "";
    if (search.value.trim() !== q) search.value = q;
    for (const each of fields) $(`#${each}`).value = hash.get(each) || "";
    if (same) {
      $("#nothing").hidden = shown.length > 0;
      if (grid.clientWidth !== across) lay();
      scrollTo(0, scrolled);
      draw();
    } else filter();
  };
  addEventListener("hashchange", show);

  const typedIn = () => {
    const hash = new URLSearchParams();
    if (search.value.trim()) hash.set("q", search.value.trim());
    for (const each of fields) if ($(`#${each}`).value) hash.set(each, $(`#${each}`).value);
    return hash;
  };
  let typing = 0;
  const typed = () => {
    clearTimeout(typing);
    typing = setTimeout(() => {
      // Not one step back in the history for each letter.
      history.replaceState(null, "", `#${typedIn()}`);
      show();
    }, 120);
  };
  search.addEventListener("input", typed);
  $("#run").addEventListener("input", typed);
  for (const each of ["mode", "model", "from", "to"]) {
    $(`#${each}`).addEventListener("change", () => (location.hash = `#${typedIn()}`));
  }
  $("#reset").addEventListener("click", () => (location.hash = "#"));
  addEventListener("keydown", (event) => {
    if (section.hidden || event.ctrlKey || event.metaKey || event.altKey || $("#compare").open) return;
    const turn = { ArrowLeft: ".newer", ArrowRight: ".older", Escape: ".back" }[event.key];
    const way = turn && section.querySelector(turn);
    if (way) way.click();
  });

  // The menus, with how many there are of each.
  const counted = (key) => {
    const found = new Map();
    for (const each of pictures) found.set(each[key] || "none", (found.get(each[key] || "none") || 0) + 1);
    return [...found].sort((a, b) => b[1] - a[1]);
  };
  const menu = (id, every, key) => {
    const any = element("option", every);
    any.value = "";
    const options = counted(key).map(([value, count]) => {
      const made = element("option", `${value} (${count.toLocaleString("en")})`);
      made.value = value;
      return made;
    });
    $(id).replaceChildren(any, ...options);
  };
  menu("#mode", "Any mode", "m");
  menu("#model", "Any model", "k");
  const runs = [...new Set(pictures.map((each) => each.r).filter(Boolean))];
  $("#runs").replaceChildren(...runs.slice(0, 500).map((each) => Object.assign(element("option"), { value: each })));
  $(".bar").hidden = false;
  show();
})();
