"use strict";
(() => {
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

  // What is shown of a picture beside others.
  const described = (box) => {
    const figure = box.closest("figure");
    const card = figure.closest("article");
    const frame = figure.querySelector(".frame");
    const thumb = frame.querySelector("img");
    const said = [...card.querySelectorAll("dd")].map((each) => (each.querySelector("p") || each).textContent);
    return {
      name: `${card.querySelector("h2").textContent} ${figure.querySelector("b").textContent}`,
      facts: figure.querySelector("figcaption span").textContent,
      said: said.join(" · "),
      alt: thumb ? thumb.alt : frame.textContent,
      thumb: thumb && thumb.src,
      alpha: frame.classList.contains("alpha"),
      full: frame.href,
    };
  };
  $("main").addEventListener("change", (event) => {
    const box = event.target;
    if (box.matches(".pick input")) box.checked = compare.toggle(box, () => described(box));
  });
  compare.whenCleared((boxes) => {
    for (const box of boxes) box.checked = false;
  });

  // The browser may have kept what was ticked when the page was loaded anew.
  for (const box of all(".pick input:checked")) box.checked = false;
  $(".bar").hidden = false;
  show();
})();
