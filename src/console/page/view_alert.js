// One alert: what it says, how it was reckoned, what was done about it; the acts; and the case file that is
// printed from the same page.

import { call, follow } from "./api.js";
import { facts, h, panel, show, table } from "./dom.js";
import { reasons } from "./doubt.js";
import { count, moment, yuan } from "./format.js";
import { problem } from "./main.js";
import { heard, streamIs } from "./status.js";
import { DISMISS_REASONS, levelName, ruleName, say, t, word } from "./words.js";

// What an A4 page has room for; the screen shows all.
const PRINTED = 8;
const ACTOR = "wagewatch.actor";

export async function alert(main, { parts, signal }) {
  const [id] = parts;
  const place = h("div", { class: "case" });
  let busy = false;
  const load = async () => {
    const answer = await call("AlertService/Get", { id }, signal);
    // What is being written is not taken away.
    if (busy) return answer;
    show(place, picture(answer, { reload: load, busy: (is) => { busy = is; } }));
    return answer;
  };
  const { alert: first } = await load();
  show(main, place);
  let planned;
  const later = () => {
    planned ??= setTimeout(() => {
      planned = undefined;
      if (!signal.aborted) load().catch(() => {});
    }, 300);
  };
  // What belongs to no single project is followed by its rule.
  const filter = { includeRolledUp: true, ...(first.project.projectId ? { projectIds: [first.project.projectId] } : { rules: [first.rule] }) };
  follow("AlertService/Subscribe", { filter, changesOnly: true }, signal, (message) => {
    heard();
    if (message.alerts || message.reset) later();
  }, (state) => {
    if (signal.aborted) return;
    streamIs(state);
    if (state === "live") later();
  });
}

function picture(answer, page) {
  const one = answer.alert;
  const stands = one.status !== "ALERT_STATUS_RESOLVED";
  const project = `#/project/${encodeURIComponent(one.project.projectId)}`;
  const head = h("header", { class: "case-head" },
    h("div", { class: "print-only case-title" }, h("h1", {}, t("case.file")), h("p", {}, one.id)),
    h("p", { class: "crumbs no-print" }, h("a", { href: "#/alerts" }, `← ${t("alerts")}`)),
    h("h1", {}, h("span", { class: `badge ${one.level}` }, levelName(one.level)), " ", ruleName(one.rule),
      h("span", { class: `state-word ${one.status}` }, word(one.status))),
    h("p", { class: "lead" }, say(one.body)), reasons(one.doubts),
    h("p", { class: "links no-print" }, one.project.projectId && h("a", { href: project }, t("open.project")),
      one.subject?.idNumber && h("a", { href: `#/worker/alert/${encodeURIComponent(one.id)}` }, t("open.worker")),
      one.rolledUpInto && h("a", { href: `#/alert/${encodeURIComponent(one.rolledUpInto)}` }, t("part.of")),
      h("button", { type: "button", class: "plain", id: "print", onclick: () => window.print() }, t("print"))));
  return [head, h("div", { class: "case-body" },
    h("div", { class: "case-main" }, about(one), reckoned(one), evidence(one), causes(one), parts(answer)),
    h("aside", { class: "case-side" }, stands && actions(one, page), history(answer))),
  h("footer", { class: "print-only sign-here" }, h("p", {}, t("case.sign")), h("p", {}, t("case.date")),
    h("p", { class: "printed" }, `${t("app")} · ${one.id} · ${t("rulebook")} ${one.rulebookVersion ?? ""} · ${t("as.of", one.asOf ?? "")}`))];
}

function about(one) {
  const about = one.subject ?? {};
  const office = (each) => each?.name;
  return panel(t("evidence"), null, facts([
    one.project.projectId ? [t("project"), `${one.project.name || t("unknown")}（${one.project.projectId}）`] : [t("project"), t("county")],
    about.idNumber && [t("worker"), about.idNumber],
    about.period && [t("month"), about.period],
    about.employerUscc && [t("employer"), about.employerUscc],
    about.source && [t("source"), about.source],
    about.complaintId && [t("complaint"), about.complaintId],
    about.account && [t("account"), about.account],
    about.txnId && [t("txn"), `${about.bank} ${about.txnId}`],
    about.depositId && [t("deposits"), about.depositId],
    one.amountFen && [t("amount"), h("b", {}, yuan(one.amountFen))],
    one.workers && [t("workers"), count(one.workers)],
    one.dueOn && [t("due.on"), `${one.dueOn}${one.overdueDays > 0 ? `　${t("overdue.days", one.overdueDays)}` : ""}`],
    [t("raised.on"), one.raisedOn], [t("changed.on"), one.changedOn],
    one.acknowledgeBy && one.status === "ALERT_STATUS_OPEN" && [t("acknowledge.by"), one.acknowledgeBy],
    one.settleBy && [t("settle.by"), one.settleBy],
    one.heldSince && [t("quarantine"), one.heldSince],
    one.assignee && [t("assignee"), one.assignee],
    one.escalation > 0 && [t("status"), t("escalated", one.escalatedTo?.name ?? "")],
    one.dismissal && [t("dismissed.because"), `${word(one.dismissal.reason)}：${one.dismissal.text}`],
    one.exemption && [t("exempted.until"), `${one.exemption.until}（${one.exemption.by}）${one.exemption.text}`],
    [t("must.act"), say(one.mustAct)], [t("article"), say(one.article)],
    [t("told"), [office(one.audience?.department), office(one.audience?.territory), office(one.audience?.territoryDepartment), office(one.audience?.coordinator)].filter((name, at, all) => name && all.indexOf(name) === at).join("、")],
  ]));
}

function reckoned(one) {
  const lines = one.arithmetic ?? [];
  return lines.length > 0 && panel(t("arithmetic"), null, h("ol", { class: lines.length > PRINTED ? "arithmetic long" : "arithmetic" }, lines.map((line) => h("li", {}, say(line)))));
}

export function payments(list, months = true) {
  const heads = [{ label: t("settled.at") }, { label: t("bank") }, { label: t("txn") }, { label: t("payee") }, months && { label: t("for.month") }, { label: t("amount"), number: true }, { label: t("counts") }].filter(Boolean);
  const why = (one) => (one.returned ? t("counts.returned") : one.counts ? t("counts.yes") : t("counts.no")) + (one.outsideAccount ? `　${t("counts.outside")}` : "");
  const line = (one) => ({
    class: one.counts ? "" : "uncounted",
    cells: [moment(one.settledAt), one.bank, one.txnId, one.payeeAccount, ...(months ? [one.period ?? "—"] : []), yuan(one.amountFen), why(one)],
  });
  return table(heads, list.map(line), { class: "cards" });
}

function evidence(one) {
  const found = one.evidence ?? {};
  const all = found.wage?.payments ?? (found.payeeMismatch ? [found.payeeMismatch.payment] : []);
  return all.length > 0 && panel(t("payments"), null, payments(all));
}

function causes(one) {
  const list = one.causes ?? [];
  return list.length > 0 && panel(t("causes"), null, h("ul", { class: "plain-list" }, list.map((cause) =>
    h("li", {}, h("a", { href: `#/alert/${encodeURIComponent(cause.alertId)}` }, say(cause.title)), ` × ${cause.count}　`, say(cause.mustAct), h("small", {}, ` ${say(cause.article)}`)))));
}

function parts(answer) {
  const list = answer.rolledUp ?? [];
  if (!list.length) return null;
  const heads = [{ label: t("worker") }, { label: t("month") }, { label: t("kind") }, { label: t("due.on") }, { label: t("amount"), number: true }];
  const line = (one, at) => ({
    class: at >= PRINTED ? "no-print" : "",
    cells: [h("a", { href: `#/alert/${encodeURIComponent(one.id)}` }, one.subject?.idNumber ?? "—"), one.subject?.period ?? "", ruleName(one.rule), one.dueOn ?? "", yuan(one.amountFen)],
  });
  return panel(t("rolled.up", count(list.length)), null, h("div", { class: "tall" }, table(heads, list.map(line), { class: "cards" })));
}

function history(answer) {
  const steps = answer.history ?? [];
  const line = (step, at) => h("li", { class: at >= PRINTED ? "no-print" : "" },
    h("div", {}, h("time", {}, step.at ? moment(step.at) : step.on), " ", h("b", {}, word(step.change)), step.actor && ` · ${step.actor}`),
    h("small", {}, [levelName(step.level), step.amountFen && `${yuan(step.amountFen)} ${t("yuan")}`, step.dismissReason && word(step.dismissReason), step.until].filter(Boolean).join("　")),
    step.text && h("p", {}, step.text));
  return panel(t("history"), null,
    answer.historyDropped > 0 && h("p", { class: "note" }, t("history.dropped", answer.historyDropped)),
    h("ol", { class: "history" }, [...steps].reverse().map(line)));
}

// The forms of what may be done. Whoever acts says who he is: it is kept in the log.
const ACTS = {
  acknowledge: [], handle: [["text", false]], assign: [["to", true]], note: [["text", true]], dismiss: [["reason", true], ["text", true]],
};

function actions(one, page) {
  const box = h("div", { class: "acts" });
  const message = h("p", { class: "note", role: "status", id: "act-said" });
  const actor = h("input", { id: "actor", maxlength: 64, autocomplete: "name", value: remembered(), oninput: (event) => remember(event.target.value) });
  const form = h("div", {});
  const open = (kind) => {
    page.busy(true);
    show(form, actForm(kind, (fields) => act(one, kind, fields, actor, message, page), () => close()));
    form.querySelector("select, textarea, input, button")?.focus();
  };
  const close = () => {
    page.busy(false);
    show(form);
  };
  const known = one.status !== "ALERT_STATUS_OPEN";
  const button = (kind) => h("button", { type: "button", id: `act-${kind}`, class: kind === "acknowledge" && !known ? "main" : "", disabled: kind === "acknowledge" && known, onclick: () => (kind === "acknowledge" ? act(one, kind, {}, actor, message, page) : open(kind)) }, t(`act.${kind}`));
  show(box, h("label", {}, h("span", {}, t("actor")), actor), h("div", { class: "buttons" }, Object.keys(ACTS).map(button)), form, message);
  return h("section", { class: "panel no-print", id: "acts" }, h("header", {}, h("h2", {}, t("acts"))), box);
}

function actForm(kind, send, cancel) {
  const inputs = {};
  const field = ([name, required]) => {
    const label = name === "to" ? t("act.assign.to") : name === "reason" ? t("act.reason") : t("act.text");
    inputs[name] = name === "reason"
      ? h("select", { id: "act-reason", required }, h("option", { value: "" }, t("act.reason.pick")), DISMISS_REASONS.map((reason) => h("option", { value: reason }, word(reason))))
      : name === "to" ? h("input", { id: "act-to", maxlength: 64, required }) : h("textarea", { id: "act-text", rows: 3, maxlength: 2000, required });
    return h("label", {}, h("span", {}, label), inputs[name]);
  };
  return h("form", { class: "act-form", onsubmit: (event) => {
    event.preventDefault();
    send(Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, input.value])));
  } }, ACTS[kind].map(field), kind === "dismiss" && h("p", { class: "note" }, t("dismiss.warn")),
  h("div", { class: "buttons" }, h("button", { type: "submit", class: "main", id: "act-confirm" }, `${t("act.do")}：${t(`act.${kind}`)}`), h("button", { type: "button", class: "plain", onclick: cancel }, t("act.cancel"))));
}

async function act(one, kind, fields, actor, message, page) {
  if (!actor.value.trim()) {
    show(message, h("span", { class: "bad-text" }, t("actor.needed")));
    actor.focus();
    return;
  }
  try {
    await call("AlertService/Act", { alertId: one.id, actId: actId(), actor: actor.value.trim(), [kind]: fields });
    page.busy(false);
    await page.reload();
    show(document.getElementById("act-said") ?? message, h("span", { class: "good-text" }, t("act.done", t(`act.${kind}`))));
  } catch (error) {
    show(message, problem(error));
  }
}

// Random: the same act sent twice is one act. Works without a secure context, too.
export function actId() {
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
