// One alert: what it says, how it was reckoned, what was done about it; and the case file that is printed from the same
// page. The terminal prints the same one: a section or a fact more here is one more there.

import { acts } from "./acts.js";
import { call, follow } from "./api.js";
import { facts, h, panel, show, table } from "./dom.js";
import { reasons } from "./doubt.js";
import { count, moment, yuan } from "./format.js";
import { heard, streamIs } from "./status.js";
import { lang, levelName, ruleName, say, t, word } from "./words.js";

// What an A4 page has room for; the screen shows all.
const PRINTED = 8;

export async function alert(main, { parts, signal }) {
  const [id] = parts;
  const place = h("div", { class: "case" });
  let busy = false;
  let stale = false;
  const writes = (element) => place.contains(element) && element.matches("input, textarea, select");
  const load = async (own) => {
    const answer = await call("AlertService/Get", { id }, signal);
    // What is being written is not taken away; it comes when he is done.
    stale = !own && (busy || writes(document.activeElement));
    if (stale) return answer;
    const held = place.contains(document.activeElement) && document.activeElement.id;
    show(place, picture(answer, page));
    if (held) document.getElementById(held)?.focus({ preventScroll: true });
    return answer;
  };
  // `said`: what the last act came to, also after the page was drawn anew.
  const page = { reload: () => load(true), busy: (is) => { busy = is; }, said: "" };
  const { alert: first } = await load();
  show(main, place);
  let planned;
  const later = () => {
    planned ??= setTimeout(() => {
      planned = undefined;
      if (!signal.aborted) load().catch(() => {});
    }, 300);
  };
  place.addEventListener("focusout", ({ relatedTarget }) => {
    if (stale && !busy && !writes(relatedTarget)) later();
  });
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
      one.subject?.idNumber && one.project.projectId && h("a", { href: `#/worker/alert/${encodeURIComponent(one.id)}` }, t("open.worker")),
      one.rolledUpInto && h("a", { href: `#/alert/${encodeURIComponent(one.rolledUpInto)}` }, t("part.of")),
      h("button", { type: "button", class: "plain", id: "print", onclick: () => window.print() }, t("print"))));
  return [head, h("div", { class: "case-body" },
    h("div", { class: "case-main" }, about(one), reckoned(one), evidence(one), causes(one), parts(answer)),
    h("aside", { class: "case-side" }, stands && acts(one, page), history(answer))),
  h("footer", { class: "print-only sign-here" }, h("p", {}, t("case.sign")), h("p", {}, t("case.date")),
    h("p", { class: "printed" }, `${t("case.app")} · ${one.id} · ${t("rulebook")} ${one.rulebookVersion ?? ""} · ${t("as.of", one.asOf ?? "")}`))];
}

function about(one) {
  const about = one.subject ?? {};
  const said = one.justification ?? {};
  return panel(t("evidence"), null, facts([
    [t("status"), `${word(one.status)}${one.escalation > 0 ? `　${t("escalated", one.escalatedTo?.name ?? "")}` : ""}`],
    one.project.projectId ? [t("project"), `${one.project.name || t("unknown")}（${one.project.projectId}）`] : [t("project"), t("county")],
    about.idNumber && [t("worker"), about.idNumber],
    about.period && [t("month"), about.period],
    about.employerUscc && [t("employer"), about.employerUscc],
    about.source && [t("source"), about.source],
    about.complaintId && [t("complaint"), about.complaintId],
    about.account && [t("account"), about.account],
    about.txnId && [t("txn"), `${about.bank} ${about.txnId}`],
    about.depositId && [t("deposit"), about.depositId],
    one.amountFen && [t("amount"), h("b", {}, yuan(one.amountFen))],
    one.workers && [t("workers"), count(one.workers)],
    one.dueOn && [t("due.on"), `${one.dueOn}${one.overdueDays > 0 ? `　${t("overdue.days", one.overdueDays)}` : ""}`],
    [t("raised.on"), one.raisedOn], [t("changed.on"), one.changedOn],
    one.acknowledgeBy && one.status === "ALERT_STATUS_OPEN" && [t("acknowledge.by"), one.acknowledgeBy],
    one.settleBy && [t("settle.by"), one.settleBy],
    one.heldSince && [t("held.since"), one.heldSince],
    one.assignee && [t("assignee"), one.assignee],
    one.rolledUpInto && [t("part.of"), h("a", { href: `#/alert/${encodeURIComponent(one.rolledUpInto)}` }, one.rolledUpInto)],
    one.dismissal && [t("dismissed.because"), `${word(one.dismissal.reason)}：${one.dismissal.text}`],
    one.exemption && [t("exempted.until"), `${one.exemption.until}（${word(one.exemption.kind)}，${one.exemption.by}）${one.exemption.text}`],
    said.until && [t("justify.until"), said.until],
    said.said && [t("justified"), said.said],
    one.workerWord && [t("worker.word"), word(one.workerWord)],
    one.advancedFen > 0 && [t("advanced"), yuan(one.advancedFen)],
    one.handedTo && [t("handed.to"), word(one.handedTo)],
    [t("must.act"), say(one.mustAct)], [t("article"), say(one.article)],
    [t("told"), told(one.audience ?? {})],
  ]));
}

// Whoever is told, each once; and what leaves nobody but the coordinator to answer.
function told({ department, territory, territoryDepartment, coordinator, added = [], flags = [] }) {
  const names = [department, territory, territoryDepartment, coordinator, ...added].filter(Boolean).map((office) => office.name);
  return [[...new Set(names)].join("、"), flags.map((flag) => h("small", { class: "flag" }, `！${flag.split(" / ")[lang() === "zh" ? 0 : 1] ?? flag}`))];
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
    h("small", {}, [levelName(step.level), step.amountFen && `${yuan(step.amountFen)} ${t("yuan")}`, step.dismissReason && word(step.dismissReason), step.exemptionKind && word(step.exemptionKind), step.workerWord && word(step.workerWord), step.authority && word(step.authority), step.until, step.advancedFen && `${t("advanced")} ${yuan(step.advancedFen)}`].filter(Boolean).join("　")),
    step.text && h("p", {}, step.text));
  return panel(t("history"), null,
    answer.historyDropped > 0 && h("p", { class: "note" }, t("history.dropped", answer.historyDropped)),
    h("ol", { class: "history" }, [...steps].reverse().map(line)));
}
