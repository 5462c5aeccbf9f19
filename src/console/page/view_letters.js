// 死信: what could not be taken, why, and the way to mend it and send it again.

import { call } from "./api.js";
import { h, panel, show } from "./dom.js";
import { moment } from "./format.js";
import { problem } from "./main.js";
import { reason, t } from "./words.js";

export async function letters(main, { signal }) {
  const rows = [];
  let token = "";
  const list = h("div", { class: "letters" });
  const foot = h("div", {});
  const more = async () => {
    try {
      const answer = await call("LedgerService/ListDeadLetters", { pageSize: 100, pageToken: token }, signal);
      rows.push(...(answer.deadLetters ?? []));
      token = answer.nextPageToken ?? "";
    } catch (error) {
      if (error.name === "AbortError") return;
      if (!rows.length) throw error;
      show(foot, problem(error, more));
      return;
    }
    show(list, rows.length ? rows.map(letter) : h("p", { class: "empty" }, t("letters.none")));
    show(foot, token && h("button", { type: "button", onclick: more }, t("more")));
  };
  await more();
  show(main, panel(t("letters"), null, h("p", { class: "note" }, t("letters.note")), list, foot));
}

function letter(one) {
  const why = one.reason ?? {};
  return h("details", { class: "letter" },
    h("summary", {}, h("span", { class: "when" }, moment(one.writtenAt).slice(0, 16)), h("b", {}, one.source || t("anonymous")), h("code", {}, one.recordId ?? ""),
      h("span", { class: "why" }, `${why.field}：${reason(why.code)}`, h("small", {}, `　${why.message}`))),
    h("p", { class: "note" }, `${t("door")} ${one.door ?? "—"}${one.file ? ` · ${one.file}` : ""}${one.line ? ` · ${one.line}` : ""} · ${why.code} · ${one.id}`),
    mend(one));
}

function mend(one) {
  const text = h("textarea", { rows: 6, spellcheck: "false", class: "raw", "aria-label": t("mend.label"), value: one.raw ?? "" });
  const said = h("p", { class: "note", role: "status" });
  const send = async (event) => {
    event.preventDefault();
    const bad = (word) => show(said, h("span", { class: "bad-text" }, word));
    let record;
    try {
      record = JSON.parse(text.value);
    } catch { /* told below */ }
    if (record === null || typeof record !== "object" || Array.isArray(record)) return bad(t("mend.not.json"));
    if (/\d?\*{2,}/.test(text.value)) return bad(t("mend.masked"));
    try {
      // One line: what stands in the text area may be broken for reading.
      const answer = await call("IntakeService/Submit", { ndjson: base64(JSON.stringify(record)) });
      const verdict = answer.verdicts?.[0] ?? {};
      if (verdict.code === "CODE_REJECTED") bad(t("mend.rejected", verdict.reason?.message ?? ""));
      else show(said, h("span", { class: "good-text" }, t(verdict.code === "CODE_DUPLICATE" ? "mend.duplicate" : "mend.accepted")));
    } catch (error) {
      show(said, problem(error));
    }
  };
  return h("form", { onsubmit: send }, h("label", {}, h("span", {}, t("mend.label")), text), h("div", { class: "buttons" }, h("button", { type: "submit", class: "main" }, t("mend.send"))), said);
}

function base64(text) {
  let bytes = "";
  for (const byte of new TextEncoder().encode(text)) bytes += String.fromCharCode(byte);
  return btoa(bytes);
}
