// Words, a kind and a state in; the records that have all three stay in sight. Without it the page shows everything.
(() => {
  "use strict";
  const byId = (id) => document.getElementById(id);
  const bar = byId("filter");
  if (!bar) return;
  const [words, kind, state] = ["filter-text", "filter-kind", "filter-is"].map(byId);
  const records = [...document.querySelectorAll("main [data-kind]")];
  const boxes = [...document.querySelectorAll(".person, .person .listing, .person details, .person .piece")].filter(
    (box) => !box.dataset.kind && (!box.matches("details") || box.querySelector("[data-kind]")),
  );
  const texts = new Map();
  const opened = new Map();
  let waiting = 0;

  // A picture's card holds records of its own; they are read for themselves.
  const own = (node) => {
    if (node.nodeType === Node.TEXT_NODE) return node.data;
    return [...node.childNodes].map((child) => (child.dataset && child.dataset.kind ? "" : own(child))).join(" ");
  };
  const text = (record) => {
    if (!texts.has(record)) texts.set(record, own(record).toLowerCase());
    return texts.get(record);
  };

  const apply = () => {
    clearTimeout(waiting);
    const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    const active = wanted.length > 0 || kind.value !== "" || state.value !== "";
    for (const [box, was] of opened) box.open = was;
    opened.clear();
    document.body.classList.toggle("filtering", active);
    if (!active) {
      for (const node of [...records, ...boxes]) node.hidden = false;
      byId("filter-told").textContent = `${records.length.toLocaleString("en")} records`;
      return;
    }
    const found = records.filter(
      (record) =>
        (kind.value === "" || record.dataset.kind === kind.value) &&
        (state.value === "" || record.dataset.is.split(" ").includes(state.value)) &&
        wanted.every((word) => text(record).includes(word)),
    );
    const kept = new Set();
    for (const record of found) for (let node = record; node && !kept.has(node); node = node.parentElement) kept.add(node);
    for (const node of [...records, ...boxes]) node.hidden = !kept.has(node);
    for (const box of boxes) {
      if (box.matches("details") && kept.has(box)) {
        opened.set(box, box.open);
        box.open = true;
      }
    }
    byId("filter-told").textContent = `${found.length.toLocaleString("en")} of ${records.length.toLocaleString("en")} records`;
    if (found.length && scrollY > innerHeight) found[0].scrollIntoView();
  };

  const clear = () => {
    words.value = kind.value = state.value = "";
    apply();
  };

  // A link may lead to what is filtered away or folded.
  const reveal = () => {
    let target = null;
    try {
      target = byId(decodeURIComponent(location.hash.slice(1)));
    } catch {
      return;
    }
    if (!target) return;
    if (target.closest("[hidden]") || (target.closest(".overview") && document.body.matches(".filtering"))) clear();
    for (let box = target.closest("details"); box; box = box.parentElement.closest("details")) {
      box.open = true;
      opened.delete(box);
    }
    target.scrollIntoView();
  };

  words.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(apply, 200);
  });
  kind.addEventListener("change", apply);
  state.addEventListener("change", apply);
  byId("filter-clear").addEventListener("click", clear);
  addEventListener("hashchange", reveal);
  bar.hidden = false;
  for (const item of document.querySelectorAll("nav li[hidden]")) item.hidden = false;
  apply();
  if (location.hash) reveal();
})();
