// What lies where it must not, told as sentences: texts and controls whose boxes overlap and that
// do not contain each other, and numbers and times of tables that are broken over lines. Texts
// within a picture are held against those of the same picture.
() => {
  const SLACK = 2.5; // letters' boxes reach a little beyond what is drawn
  const CONTROLS = "a.button, a.chip, a.flag, button, input:not([type=hidden]), select";

  const seen = (element) =>
    element.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true }) &&
    !element.closest(".unseen, .skip");

  // As much of a box as is not cut off by what it scrolls in.
  const cut = (box, element) => {
    let { left, top, right, bottom } = box;
    for (let around = element; around; around = around.parentElement) {
      const style = getComputedStyle(around);
      if (style.position === "absolute" && style.clipPath !== "none") return null;
      if (around === document.documentElement || style.overflow === "visible") continue;
      if (around.closest("svg")) continue;
      const within = around.getBoundingClientRect();
      left = Math.max(left, within.left), right = Math.min(right, within.right);
      top = Math.max(top, within.top), bottom = Math.min(bottom, within.bottom);
    }
    return right - left > 1 && bottom - top > 1 ? { left, top, right, bottom } : null;
  };

  // Names of cells are written by the style, where no box can be asked for: write them for real.
  const written = [];
  for (const cell of document.querySelectorAll("[data-label]")) {
    const style = getComputedStyle(cell, "::before");
    if (style.content === "none" || style.position !== "absolute" || !seen(cell)) continue;
    const name = document.createElement("span");
    name.textContent = cell.dataset.label;
    for (const one of ["position", "left", "top", "width", "font", "padding"])
      name.style[one] = style[one];
    cell.append(name);
    written.push(name);
  }

  const things = [];
  const add = (box, element, node, text) => {
    const left = cut(box, element);
    if (left) things.push({ box: left, element, node, text: text.trim().slice(0, 40) });
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.data.trim() || !seen(element) || element.closest("script, style, option")) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const boxes = element.closest("svg") ? [element.getBoundingClientRect()] : range.getClientRects();
    for (const box of boxes) add(box, element, node, node.data);
  }
  for (const control of document.querySelectorAll(CONTROLS))
    if (seen(control)) {
      const text = control.innerText || control.name || control.tagName;
      add(control.getBoundingClientRect(), control, control, text);
    }

  const found = [];
  for (const one of document.querySelectorAll("td.n, td time")) {
    const range = document.createRange();
    range.selectNodeContents(one);
    const lines = new Set([...range.getClientRects()].map((box) => Math.round(box.bottom / 10)));
    if (seen(one) && !one.children.length && lines.size > 1)
      found.push(`“${one.innerText}” is broken over ${lines.size} lines`);
  }
  things.sort((one, other) => one.box.top - other.box.top);
  things.forEach((one, place) => {
    for (const other of things.slice(place + 1)) {
      if (other.box.top > one.box.bottom - SLACK) break;
      if (one.node === other.node || one.node.contains(other.node)) continue;
      if (other.node.contains(one.node)) continue;
      if (one.element.closest("svg") !== other.element.closest("svg")) continue;
      const wide = Math.min(one.box.right, other.box.right) - Math.max(one.box.left, other.box.left);
      const high = Math.min(one.box.bottom, other.box.bottom) - other.box.top;
      if (wide > SLACK && high > SLACK)
        found.push(`“${one.text}” and “${other.text}” overlap by ${wide.toFixed()} x ${high.toFixed()}`);
    }
  });
  written.forEach((name) => name.remove());
  return [...new Set(found)];
}
