// One project: its money by month, its workers, its papers, its alerts.

import { call } from "./api.js";
import { bars } from "./chart.js";
import { facts, h, panel, show, table } from "./dom.js";
import { reasons } from "./doubt.js";
import { count, yuan } from "./format.js";
import { problem } from "./main.js";
import { levelName, ruleName, say, t, word } from "./words.js";

export async function project(main, { parts, signal }) {
  const [projectId] = parts;
  const [answer, funds] = await Promise.all([
    call("LedgerService/GetProject", { projectId }, signal), call("LedgerService/GetProjectFunds", { projectId }, signal),
  ]);
  const people = h("div", {}, h("p", { class: "loading" }, t("loading")));
  const sum = answer.summary ?? {};
  show(main,
    h("header", { class: "case-head" }, h("p", { class: "crumbs" }, h("a", { href: "#/projects" }, `← ${t("projects")}`)),
      h("h1", {}, sum.name || t("unknown"), h("small", {}, projectId))),
    reasons(sum.doubts),
    h("div", { class: "two uneven" }, about(answer), standing(answer.alerts ?? [])),
    money(funds), panel(t("workers.count", count(sum.workers)), null, people),
    h("div", { class: "two" }, accounts(answer, funds), deposits(answer)), h("div", { class: "two" }, inspections(answer), complaints(answer)));
  await workers(people, projectId, signal);
}

// Codes, with the names of those who answer for them where an alert tells them.
const named = (code, office) => (office?.name ? `${code}（${office.name}）` : code ?? "");

function about({ project = {}, summary = {}, alerts = [] }) {
  const day = project.payDay ?? 15;
  const told = alerts[0]?.audience;
  return panel(t("project"), null, facts([
    [t("owed"), h("b", { class: summary.overdueFen ? "bad-text" : "" }, `${yuan(summary.overdueFen)} ${t("yuan")}`, summary.overdueWorkers ? `　${t("workers.n", summary.overdueWorkers)}` : "")],
    summary.oldestDueOn && [t("oldest.due"), summary.oldestDueOn],
    [t("status"), word(project.status ?? "PROJECT_STATUS_ACTIVE")],
    [t("contractor"), project.contractorName ?? t("unknown")], [t("owner"), project.ownerName ?? t("unknown")],
    [t("funding"), word(project.funding)], [t("sector"), named(project.sector, told?.department)], [t("territory"), named(project.territory, told?.territory)],
    [t("contract"), `${yuan(project.contractFen)} ${t("yuan")}（${project.contractSignedOn ?? ""}）`],
    [t("labour.fee"), project.labourFeeFen ? `${yuan(project.labourFeeFen)} ${t("yuan")}` : "—"], [t("pay.day"), day],
    [t("officer"), project.labourOfficer ?? "—"], [t("started"), project.startedOn ?? "—"], project.completedOn && [t("completed"), project.completedOn],
    summary.suspense > 0 && [t("suspense"), count(summary.suspense)],
  ]));
}

export function standing(list, title = t("project.alerts")) {
  const line = (one) => h("li", {}, h("a", { href: `#/alert/${encodeURIComponent(one.id)}` }, h("span", { class: `badge ${one.level}` }, levelName(one.level)), " ", ruleName(one.rule)),
    one.amountFen ? `　${yuan(one.amountFen)} ${t("yuan")}` : "", h("small", {}, `　${word(one.status)}　${say(one.mustAct)}`));
  return panel(title, null, list.length ? h("ul", { class: "plain-list" }, list.map(line)) : h("p", { class: "empty" }, t("none")));
}

function money(funds) {
  const months = funds.months ?? [];
  if (!months.length) return panel(t("funds"), null, h("p", { class: "empty" }, t("empty")));
  const of = (key) => months.map((one) => Number(one[key] ?? 0));
  const inOut = [{ name: t("funds.in"), class: "d", values: of("labourFeeInFen") }, { name: t("funds.out"), class: "b", values: of("wagesOutFen") }];
  const wages = [{ name: t("accrued"), class: "a", values: of("accruedFen") }, { name: t("paid"), class: "b", values: of("paidFen") }, { name: t("owed"), class: "c", values: of("arrearsFen") }];
  const labels = months.map((one) => one.month);
  const keys = ["labourFeeInFen", "otherInFen", "wagesOutFen", "otherOutFen", "accruedFen", "expectedFen", "paidFen", "arrearsFen"];
  const names = ["funds.in", "funds.other.in", "funds.out", "funds.other.out", "accrued", "expected", "paid", "owed"];
  const heads = [{ label: t("month") }, ...names.map((name) => ({ label: t(name), number: true })), { label: t("workers"), number: true }, { label: t("days"), number: true }, { label: t("due.on") }];
  const line = (one) => ({ cells: [one.month, ...keys.map((key) => yuan(one[key])), count(one.workers), one.days ?? "0", one.dueOn ?? ""] });
  const sums = [t("total"), ...keys.map((key) => yuan(of(key).reduce((a, b) => a + b, 0))), "", "", ""];
  return panel(t("funds"), funds.balanceFen !== undefined && h("span", {}, `${t("balance")} `, h("b", {}, yuan(funds.balanceFen)), ` ${t("yuan")}`),
    h("div", { class: "two" }, bars(labels, inOut, { money: true, exact: yuan, height: 170 }), bars(labels, wages, { money: true, exact: yuan, height: 170 })),
    table(heads, months.map(line), { class: "dense", foot: sums }), h("p", { class: "note" }, t("funds.note")));
}

async function workers(place, projectId, signal) {
  const rows = [];
  let token = "";
  const more = async () => {
    try {
      const answer = await call("LedgerService/ListWorkers", { projectId, pageSize: 100, pageToken: token }, signal);
      rows.push(...(answer.workers ?? []));
      token = answer.nextPageToken ?? "";
      paint();
    } catch (error) {
      if (error.name !== "AbortError") show(place, problem(error, more));
    }
  };
  const heads = [
    { label: t("name") }, { label: t("worker") }, { label: t("employer") }, { label: t("days"), number: true }, { label: t("last.worked") }, { label: t("expected"), number: true },
    { label: t("paid"), number: true }, { label: t("owed"), number: true }, { label: t("overdue"), number: true },
  ];
  const line = (one) => ({
    class: one.overdueFen ? "short" : "",
    cells: [h("a", { href: `#/worker/${encodeURIComponent(projectId)}/${one.worker ?? 0}` }, one.name || t("anonymous")), one.idNumber, one.enrolled ? one.employerName : t("not.enrolled"), one.days,
      one.lastWorkedOn ?? "", yuan(one.expectedFen), yuan(one.paidFen), yuan(one.arrearsFen), one.overdueFen ? h("b", {}, yuan(one.overdueFen)) : "—"],
  });
  const paint = () => show(place, rows.length ? h("div", { class: "tall" }, table(heads, rows.map(line), { class: "cards" })) : h("p", { class: "empty" }, t("empty")),
    token && h("button", { type: "button", onclick: more }, t("more")));
  await more();
}

function accounts({ accounts: list = [] }, { accounts: held = [] }) {
  const heads = [{ label: t("account") }, { label: t("bank") }, { label: t("opened.on") }, { label: t("agreement") }, { label: t("balance"), number: true }, { label: t("restraints") }];
  const line = (one, at) => {
    const now = held[at] ?? {};
    const standing = (now.restraints ?? []).filter((each) => !each.liftedOn);
    return { cells: [one.account, one.bank, `${one.openedOn}${one.closedOn ? `　${t("closed.on")} ${one.closedOn}` : ""}`, one.agreementSigned ? t("signed") : h("span", { class: "bad-text" }, t("unsigned")),
      yuan(now.balanceFen), standing.length ? h("span", { class: "bad-text" }, standing.map((each) => `${word(each.kind)} ${each.imposedOn} ${each.authority}`).join("；")) : "—"] };
  };
  return panel(t("accounts"), null, list.length ? table(heads, list.map(line), { class: "cards" }) : h("p", { class: "empty" }, t("none")));
}

function deposits({ deposits: list = [], guarantees = [] }) {
  const heads = [{ label: t("form") }, { label: t("amount"), number: true }, { label: t("lodged.on") }, { label: t("expires.on") }, { label: t("status") }];
  const line = (one) => ({ cells: [word(one.form), yuan(one.amountFen), one.lodgedOn, one.expiresOn ?? "—", word(one.status)] });
  const second = [{ label: t("number") }, { label: t("amount"), number: true }, { label: t("lodged.on") }, { label: t("expires.on") }];
  const guarantee = (one) => ({ cells: [one.guaranteeId, yuan(one.amountFen), one.providedOn, one.expiresOn ?? "—"] });
  return panel(t("deposits"), null, list.length ? table(heads, list.map(line), { class: "cards" }) : h("p", { class: "empty" }, t("none")),
    h("h3", {}, t("guarantees")), guarantees.length ? table(second.map((head, at) => (at ? head : { label: t("project.id") })), guarantees.map(guarantee), { class: "cards" }) : h("p", { class: "empty" }, t("none")));
}

function inspections({ inspections: list = [] }) {
  const heads = [{ label: t("inspected.on") }, { label: t("department") }, { label: t("outcome") }, { label: t("note") }];
  const line = (one) => ({ cells: [one.inspectedOn, one.department, word(one.outcome), one.note ?? ""] });
  return panel(t("inspections"), null, list.length ? table(heads, [...list].sort((a, b) => b.inspectedOn.localeCompare(a.inspectedOn)).map(line), { class: "cards" }) : h("p", { class: "empty" }, t("none")));
}

function complaints({ complaints: list = [] }) {
  const heads = [{ label: t("filed.on") }, { label: t("channel") }, { label: t("workers"), number: true }, { label: t("amount"), number: true }, { label: t("closed") }];
  const line = (one) => ({ cells: [one.filedOn, word(one.channel), one.workers ?? "—", one.amountFen ? yuan(one.amountFen) : "—", one.closedOn ?? "—"] });
  return panel(t("complaints"), null, list.length ? table(heads, list.map(line), { class: "cards" }) : h("p", { class: "empty" }, t("none")));
}
