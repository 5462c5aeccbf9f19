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
    const record = read(text.value);
    if (!record) return bad(t("mend.not.json"));
    try {
      const answer = await call("IntakeService/Resubmit", { deadLetterId: one.id, record: base64(JSON.stringify(record)) });
      const verdict = answer.verdict ?? {};
      if (verdict.code === "CODE_REJECTED") bad(t("mend.rejected", verdict.reason?.message ?? ""));
      else show(said, h("span", { class: "good-text" }, t(verdict.code === "CODE_DUPLICATE" ? "mend.duplicate" : "mend.accepted")));
    } catch (error) {
      const field = error.fields?.[0]?.field ?? "";
      if (field.startsWith("record.")) bad(t("mend.masked", field.slice(7)));
      else show(said, problem(error));
    }
  };
  return h("form", { onsubmit: send }, h("label", {}, h("span", {}, t("mend.label")), text), h("div", { class: "buttons" }, h("button", { type: "submit", class: "main" }, t("mend.send"))), said);
}

// The text as an object. Long numbers that stand without quotes are masked, too: stars alone are no JSON.
function read(text) {
  for (const one of [text, text.replace(/([:[,]\s*)(\d*\*{2,}\d*)(?=\s*[,}\]])/g, '$1"$2"')]) {
    try {
      const found = JSON.parse(one);
      return found !== null && typeof found === "object" && !Array.isArray(found) ? found : undefined;
    } catch { /* the next, or nothing */ }
  }
  return undefined;
}

function base64(text) {
  let bytes = "";
  for (const byte of new TextEncoder().encode(text)) bytes += String.fromCharCode(byte);
  return btoa(bytes);
}
