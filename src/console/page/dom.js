// Elements from plain values. Text goes in as text only: nothing that came from outside is read as HTML.

const SVG = "http://www.w3.org/2000/svg";

function fill(element, props, children) {
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.setAttribute("class", value);
    else if (name === "css") for (const [key, one] of Object.entries(value)) element.style.setProperty(key, one);
    else if (name === "value") element.value = value;
    else if (value === true) element.setAttribute(name, "");
    else element.setAttribute(name, value);
  }
  put(element, children);
  return element;
}

function put(element, children) {
  for (const child of children.flat(4)) {
    if (child === undefined || child === null || child === false) continue;
    element.append(child instanceof Node ? child : String(child));
  }
}

export function h(tag, props, ...children) {
  const element = document.createElement(tag);
  fill(element, props, children);
  // A select takes its value only once its options are there.
  if (tag === "select" && props?.value !== undefined) element.value = props.value;
  return element;
}

export function svg(tag, props, ...children) {
  return fill(document.createElementNS(SVG, tag), props, children);
}

export function show(element, ...children) {
  element.replaceChildren();
  put(element, children);
}

export function panel(title, extra, ...children) {
  return h("section", { class: "panel" }, h("header", {}, h("h2", {}, title), extra), children);
}

export function table(heads, rows, options = {}) {
  const cell = (kind, column, content) =>
    h(kind, { class: column.number ? "n" : column.class, scope: kind === "th" ? "col" : undefined, "data-label": column.label }, content);
  return h("div", { class: "scroll" }, h("table", { class: options.class },
    options.caption && h("caption", {}, options.caption),
    h("thead", {}, h("tr", {}, heads.map((head) => cell("th", head, head.label)))),
    h("tbody", {}, rows.map((row) => h("tr", { class: row.class }, row.cells.map((content, at) => cell("td", heads[at], content))))),
    options.foot && h("tfoot", {}, h("tr", {}, options.foot.map((content, at) => cell("td", heads[at], content))))));
}

export function facts(pairs) {
  return h("dl", { class: "facts" }, pairs.filter(Boolean).map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
}
