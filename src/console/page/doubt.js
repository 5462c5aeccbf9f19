// 存疑: why a project's figures may be less than the truth, shown wherever such figures are.

import { h } from "./dom.js";
import { say, t } from "./words.js";

// A mark with its reasons, for a line of a list.
export function mark(doubts) {
  const all = doubts ?? [];
  return all.length > 0 && h("span", { class: "badge doubt", title: all.map((one) => say(one.text)).join("\n") }, t("doubt"));
}

// The reasons in full, for the head of a page.
export function reasons(doubts) {
  const all = doubts ?? [];
  return all.length > 0 && h("div", { class: "doubts", role: "note" }, h("b", {}, t("doubt")), h("ul", { class: "plain-list" }, all.map((one) => h("li", {}, say(one.text)))), h("p", { class: "note" }, t("doubt.note")));
}
