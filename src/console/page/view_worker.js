// One worker in one project: the calendar of worked days, and each month with its arithmetic in words. He is
// found by his number, which is never put into an address, or by his place in a list or an alert, masked.

import { call } from "./api.js";
import { facts, h, panel, show, table } from "./dom.js";
import { reasons } from "./doubt.js";
import { clock, yuan } from "./format.js";
import { problem } from "./main.js";
import { standing } from "./view_project.js";
import { payments } from "./view_alert.js";
import { lang, say, t, word } from "./words.js";

export async function worker(main, { parts, signal }) {
  const [first, second] = parts;
  if (first === undefined) {
    show(main, finder(signal));
    return;
  }
  const asked = first === "alert" ? { alertId: second } : { projectId: first, worker: Number(second) };
  show(main, picture(await call("LedgerService/GetWorkerLedger", asked, signal)));
}

function finder(signal) {
  const found = h("div", { id: "found" });
  const project = h("input", { id: "find-project", required: true, maxlength: 64 });
  const number = h("input", { id: "find-number", required: true, maxlength: 32, autocomplete: "off", spellcheck: "false" });
  const find = async (event) => {
    event.preventDefault();
    show(found, h("p", { class: "loading" }, t("loading")));
    try {
      show(found, picture(await call("LedgerService/GetWorkerLedger", { projectId: project.value.trim(), idNumber: number.value.trim() }, signal)));
    } catch (error) {
      if (error.name !== "AbortError") show(found, problem(error));
    }
  };
  return [panel(t("worker.find"), null, h("form", { class: "filters", onsubmit: find },
    h("label", {}, h("span", {}, `${t("project")} ${t("project.id")}`), project), h("label", {}, h("span", {}, t("worker.number")), number),
    h("button", { type: "submit", class: "main", id: "find" }, t("find"))), h("p", { class: "note" }, t("worker.find.note"))), found];
}

function picture({ worker: one, alerts = [] }) {
  const periods = [...(one.periods ?? [])].reverse();
  return [
    h("header", { class: "case-head" }, h("p", { class: "crumbs" }, h("a", { href: `#/project/${encodeURIComponent(one.projectId)}` }, `← ${t("project")} ${one.projectId}`)),
      h("h1", {}, one.name || t("anonymous"), h("small", {}, one.idNumber))),
    reasons(one.doubts),
    h("div", { class: "two uneven" }, panel(t("worker"), null, facts([
      [t("owed"), h("b", { class: one.arrearsFen ? "bad-text" : "" }, `${yuan(one.arrearsFen)} ${t("yuan")}`)],
      [t("employer"), one.employerName || t("unknown")], [t("status"), one.enrolled ? t("enrolled") : t("not.enrolled")],
      [t("days"), one.days], [t("first.worked"), one.firstWorkedOn ?? "—"], one.advanceFen && [t("advance"), `${yuan(one.advanceFen)} ${t("yuan")}`],
      [t("named.accounts"), (one.namedAccounts ?? []).join("、") || "—"],
    ])), standing(alerts, t("worker.alerts"))),
    panel(t("periods"), null, months(periods, (one.doubts ?? []).length > 0)), panel(t("payments"), null, (one.payments ?? []).length ? payments(one.payments) : h("p", { class: "empty" }, t("none"))),
    panel(t("calendar"), h("span", { class: "keys" }, h("i", { class: "day swiped" }), t("calendar.swiped"), h("i", { class: "day stated" }), t("calendar.stated"), h("i", { class: "day void" }), t("calendar.void")), calendar(one.worked ?? [])),
  ];
}

function months(periods, doubted) {
  const one = (period) => {
    const wage = period.wage ?? {};
    const open = period.status === "PERIOD_STATUS_OVERDUE";
    return h("details", { class: "period", open },
      h("summary", {}, h("b", {}, period.period), h("span", { class: doubted && !open ? "state-word doubt" : `state-word ${period.status}` }, period.overdueDays ? t("overdue.days", period.overdueDays) : word(period.status), doubted && !open && `（${t("doubt")}）`),
        h("span", { class: "figures" }, [["expected", wage.expectedFen], ["paid", wage.paidFen], ["owed", wage.arrearsFen]].map(([key, value]) => h("span", {}, `${t(key)} `, h("b", {}, yuan(value)))), h("span", {}, `${t("due.on")} ${wage.dueOn ?? ""}`))),
      h("ol", { class: "arithmetic" }, (period.arithmetic ?? []).map((line) => h("li", {}, say(line)))),
      (wage.payments ?? []).length > 0 && payments(wage.payments, false));
  };
  return periods.length ? periods.map(one) : h("p", { class: "empty" }, t("empty"));
}

const WEEK = { zh: ["一", "二", "三", "四", "五", "六", "日"], en: ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"] };

function calendar(days) {
  const byMonth = new Map();
  for (const day of days) {
    const month = day.date.slice(0, 7);
    if (!byMonth.has(month)) byMonth.set(month, new Map());
    byMonth.get(month).set(Number(day.date.slice(8)), day);
  }
  if (!byMonth.size) return h("p", { class: "empty" }, t("empty"));
  const grid = ([month, worked]) => {
    const [year, number] = month.split("-").map(Number);
    const length = new Date(Date.UTC(year, number, 0)).getUTCDate();
    const before = (new Date(Date.UTC(year, number - 1, 1)).getUTCDay() + 6) % 7;
    const cell = (at) => {
      const day = worked.get(at);
      if (!day) return h("td", { class: "day" }, at);
      const value = Number(day.days);
      const kind = value === 0 ? "void" : day.stated ? "stated" : "swiped";
      const swipes = day.firstSwipe ? `${clock(day.firstSwipe)}–${clock(day.lastSwipe)}` : "";
      const title = [day.date, `${day.days} ${t("days")}`, kind === "swiped" ? t("calendar.swiped") : t("calendar.stated"), swipes, day.minutes ? t("minutes", day.minutes) : ""].filter(Boolean).join(" · ");
      return h("td", { class: `day ${kind}`, title }, at, value !== 1 && h("sub", {}, value));
    };
    const weeks = [];
    for (let at = 1 - before; at <= length; at += 7) weeks.push(h("tr", {}, [0, 1, 2, 3, 4, 5, 6].map((more) => (at + more < 1 || at + more > length ? h("td", {}) : cell(at + more)))));
    const total = [...worked.values()].reduce((sum, day) => sum + Math.round(Number(day.days) * 100), 0) / 100;
    return h("table", { class: "month" }, h("caption", {}, `${month}　${total} ${t("days")}`), h("thead", {}, h("tr", {}, WEEK[lang()].map((name) => h("th", { scope: "col" }, name)))), h("tbody", {}, weeks));
  };
  return h("div", { class: "months" }, [...byMonth].reverse().map(grid));
}
