// What may be done about an alert: a button and a form for each act, checked as the service checks it, with what is wrong
// beside its field. What the service still refuses is shown there, too.

import { call } from "./api.js";
import { h, show } from "./dom.js";
import { yuan } from "./format.js";
import { problem } from "./main.js";
import { t, terms, word } from "./words.js";

const ACTOR = "wagewatch.actor";
// As AlertService.Act takes them.
const ACTOR_CHARS = 64;
const TEXT_CHARS = 2000;

// Each act with its fields; a field is [name, kind, required].
const FIELDS = {
  acknowledge: [],
  handle: [["text", "text", false]],
  assign: [["to", "office", true]],
  note: [["text", "text", true]],
  askJustification: [["until", "date", true], ["text", "text", false]],
  recordJustification: [["text", "text", true]],
  recordWorkerWord: [["word", "WORKER_WORD", true], ["text", "text", false]],
  recordAdvance: [["amountFen", "yuan", true], ["text", "text", false]],
  handOver: [["to", "AUTHORITY", true], ["text", "text", false]],
  exempt: [["kind", "EXEMPTION_KIND", true], ["until", "date", true], ["text", "text", true]],
  dismiss: [["reason", "DISMISS_REASON", true], ["text", "text", true]],
};
const GROUPS = [
  ["acts.work", ["acknowledge", "handle", "assign", "note"]],
  ["acts.hearing", ["askJustification", "recordJustification", "recordWorkerWord"]],
  ["acts.measures", ["recordAdvance", "handOver", "exempt", "dismiss"]],
];
// What an act says to whoever is about to do it.
const WARNS = ["dismiss", "exempt", "recordAdvance"];

// Why an act makes no sense now: it is done already, or there is nothing to do it with.
function idle(kind, one) {
  if (kind === "acknowledge") return ["ALERT_STATUS_ACKNOWLEDGED", "ALERT_STATUS_HANDLING"].includes(one.status);
  if (kind === "handle") return one.status === "ALERT_STATUS_HANDLING";
  if (kind === "recordAdvance") return open(one) <= 0;
  return false;
}

// What the emergency fund may still advance.
const open = (one) => (one.amountFen ?? 0) - (one.advancedFen ?? 0);

// The section of acts. `page`: `busy` keeps what is being written from being taken away, `reload` shows what came of it,
// `said` is what the last one came to.
export function acts(one, page) {
  const said = h("p", { class: "note", role: "status", id: "act-said" }, page.said && h("span", { class: "good-text" }, page.said));
  const actor = input("actor", h("input", { id: "actor", maxlength: ACTOR_CHARS, autocomplete: "name", value: remembered(), oninput: (event) => remember(event.target.value) }), t("actor"));
  const form = h("div", {});
  const buttons = {};
  const close = (kind) => {
    page.busy(false);
    buttons[kind].setAttribute("aria-expanded", "false");
    buttons[kind].focus();
    show(form);
  };
  const begin = (kind) => {
    page.said = "";
    const send = sender(one, kind, actor, said, page);
    if (!FIELDS[kind].length) return send({}, () => {});
    page.busy(true);
    for (const [name, button] of Object.entries(buttons)) button.setAttribute("aria-expanded", String(name === kind));
    show(said);
    show(form, actForm(one, kind, send, () => close(kind)));
    form.querySelector("select, textarea, input").focus();
  };
  const button = (kind) => {
    const main = kind === "acknowledge" && one.status === "ALERT_STATUS_OPEN";
    buttons[kind] = h("button", { type: "button", id: `act-${kind}`, class: main ? "main" : "", disabled: idle(kind, one), "aria-expanded": FIELDS[kind].length ? "false" : undefined, onclick: () => begin(kind) }, t(`act.${kind}`));
    return buttons[kind];
  };
  const group = ([title, kinds]) => h("div", { class: "act-group", role: "group", "aria-label": t(title) }, h("h3", {}, t(title)), h("div", { class: "buttons" }, kinds.map(button)));
  return h("section", { class: "panel no-print acts", id: "acts" }, h("header", {}, h("h2", {}, t("acts"))), actor.label, GROUPS.map(group), form, said);
}

// A field with its label and a place for what is wrong with it.
function input(name, element, label) {
  const wrong = h("small", { class: "field-error", id: `${element.id}-wrong`, role: "alert" });
  element.setAttribute("aria-describedby", wrong.id);
  const tell = (text) => {
    show(wrong, text ?? "");
    if (text) element.setAttribute("aria-invalid", "true");
    else element.removeAttribute("aria-invalid");
  };
  element.addEventListener("input", () => tell());
  return { name, element, tell, label: h("label", {}, h("span", {}, label), element, wrong) };
}

function field(one, act, [name, kind, required]) {
  const id = `act-${name === "amountFen" ? "amount" : name}`;
  const star = (label) => (required ? label : `${label}${t("act.optional")}`);
  if (kind === "text") return input(name, h("textarea", { id, rows: 3, maxlength: TEXT_CHARS }), star(t("act.text")));
  if (kind === "office") return input(name, h("input", { id, maxlength: ACTOR_CHARS }), t("act.assign.to"));
  if (kind === "date") return input(name, h("input", { id, type: "date", min: one.asOf }), t(`act.until.${act}`));
  if (kind === "yuan") return input(name, h("input", { id, inputmode: "decimal", autocomplete: "off" }), t("act.amount", yuan(open(one))));
  const choices = [h("option", { value: "" }, t("act.pick")), terms(kind).map((value) => h("option", { value }, word(value)))];
  return input(name, h("select", { id }, choices), t(`act.list.${kind}`));
}

// What is wrong with a value, as the service would find; else the value as it is sent.
function read(one, [name, kind, required], value) {
  const text = value.trim();
  if (!text) return required ? { wrong: t("act.required") } : { value: undefined };
  if (kind === "text" && [...value].length > TEXT_CHARS) return { wrong: t("act.too.long", TEXT_CHARS) };
  if (kind === "office" && [...value].length > ACTOR_CHARS) return { wrong: t("act.too.long", ACTOR_CHARS) };
  if (kind === "date" && one.asOf && text < one.asOf) return { wrong: t("act.past", one.asOf) };
  if (kind === "yuan") {
    const fen = inFen(text);
    if (fen === null || fen < 1 || fen > open(one)) return { wrong: t("act.amount.range", yuan(open(one))) };
    return { value: fen };
  }
  return { value: kind === "text" || kind === "office" ? text : value };
}

// Yuan as people write them, in fen, without a fraction in between.
function inFen(text) {
  const found = /^(\d{1,12})(?:\.(\d{1,2}))?$/.exec(text.replace(/[,，\s]/g, ""));
  return found && Number(found[1]) * 100 + Number((found[2] ?? "").padEnd(2, "0"));
}

function actForm(one, kind, send, cancel) {
  const fields = FIELDS[kind].map((each) => ({ ...field(one, kind, each), what: each }));
  const confirm = h("button", { type: "submit", class: "main", id: "act-confirm" }, `${t("act.do")}：${t(`act.${kind}`)}`);
  const submit = async (event) => {
    event.preventDefault();
    const values = {};
    let first;
    for (const each of fields) {
      const { wrong, value } = read(one, each.what, each.element.value);
      each.tell(wrong);
      if (wrong) first ??= each.element;
      else if (value !== undefined) values[each.name] = value;
    }
    if (first) return first.focus();
    confirm.disabled = true;
    await send(values, (found) => {
      const each = fields.find(({ name }) => name === found.name);
      each?.tell(found.description);
      each?.element.focus();
      return Boolean(each);
    });
    confirm.disabled = false;
  };
  const keys = (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    cancel();
  };
  return h("form", { class: "act-form", novalidate: true, "aria-label": t(`act.${kind}`), onsubmit: submit, onkeydown: keys },
    h("h3", {}, t(`act.${kind}`)), fields.map((each) => each.label), WARNS.includes(kind) && h("p", { class: "note" }, t(`act.warn.${kind}`)),
    h("div", { class: "buttons" }, confirm, h("button", { type: "button", class: "plain", id: "act-cancel", onclick: cancel }, t("act.cancel"))));
}

// Sends one act; sent again after a cut it is the same act.
function sender(one, kind, actor, said, page) {
  const actId = randomId();
  return async (values, tell) => {
    const who = actor.element.value.trim();
    if (!who) {
      actor.tell(t("actor.needed"));
      actor.element.focus();
      return;
    }
    try {
      await call("AlertService/Act", { alertId: one.id, actId, actor: who, [kind]: values });
      page.busy(false);
      page.said = t("act.done", t(`act.${kind}`));
      await page.reload();
      document.getElementById(`act-${kind}`)?.focus({ preventScroll: true });
    } catch (error) {
      const left = (error.fields ?? []).filter((found) => {
        const name = found.field.split(".").pop().replace(/_(\w)/g, (_, letter) => letter.toUpperCase());
        if (name !== "actor") return !tell({ name, description: found.description });
        actor.tell(found.description);
        return false;
      });
      if (left.length || !error.fields?.length) show(said, problem(error));
    }
  };
}

// Works without a secure context, too.
export function randomId() {
  return `console-${Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

export function remembered() {
  try {
    return localStorage.getItem(ACTOR) ?? "";
  } catch {
    return "";
  }
}

export function remember(name) {
  try {
    localStorage.setItem(ACTOR, name);
  } catch { /* then it is asked for again */ }
}
