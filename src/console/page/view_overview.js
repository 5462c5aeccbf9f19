// 总览: what stands, who is owed, how it went by month, and what will not be covered in ten days.

import { call, follow } from "./api.js";
import { bars, stack } from "./chart.js";
import { h, panel, show, table } from "./dom.js";
import { mark } from "./doubt.js";
import { count, shortYuan, yuan } from "./format.js";
import { problem } from "./main.js";
import { heard, streamIs } from "./status.js";
import { LEVELS, levelName, ruleName, t } from "./words.js";

const AT_MOST_EVERY = 4000;
const ROWS = 10;

export async function overview(main, { signal }) {
  const tiles = h("div", {});
  const figures = h("div", {});
  const due = h("div", {}, panel(t("due"), null, h("p", { class: "loading" }, t("loading"))));
  let fresh = 0;
  let planned;
  const load = async () => {
    fresh = Date.now();
    const [stats, owing] = await Promise.all([
      call("AlertService/Stats", {}, signal),
      call("LedgerService/ListProjects", { overdueOnly: true, pageSize: 1000 }, signal),
    ]);
    const [first, ...others] = picture(stats, owing);
    show(tiles, first);
    show(figures, others);
  };
  const loadDue = async () => {
    try {
      show(due, dueSoon(await call("LedgerService/ListDue", { withinDays: 10 }, signal)));
    } catch (error) {
      if (error.name !== "AbortError") show(due, panel(t("due"), null, problem(error, loadDue)));
    }
  };
  await load();
  show(main, h("h1", { class: "unseen" }, t("overview")), tiles, due, figures);
  loadDue();
  // After a change counts wait for the next, some seconds at most.
  const soon = () => {
    planned ??= setTimeout(async () => {
      planned = undefined;
      if (!signal.aborted) await load().catch(() => {});
    }, Math.max(300, AT_MOST_EVERY - (Date.now() - fresh)));
  };
  const message = (one) => {
    heard();
    if (one.alerts || one.reset) soon();
  };
  follow("AlertService/Subscribe", { changesOnly: true }, signal, message, (state) => {
    if (signal.aborted) return;
    streamIs(state);
    // What changed between the first look and the stream's beginning, or while it was cut.
    if (state === "live") soon();
  });
}

function picture(stats, owing) {
  const of = (list, key) => (list ?? []).find((one) => one.key === key) ?? {};
  const asks = (one) => Number(one.open ?? 0) + Number(one.acknowledged ?? 0) + Number(one.handling ?? 0);
  const levels = LEVELS.map((level) => {
    const one = of(stats.byLevel, level.replace("LEVEL_", "").toLowerCase());
    return h("a", { class: `tile level ${level}`, href: `#/alerts?level=${level}&exact=1` },
      h("span", { class: "label" }, levelName(level)), h("strong", {}, count(asks(one))),
      h("small", {}, t("unacknowledged", count(one.open))));
  });
  const arrears = of(stats.byRule, "project-arrears");
  const owingCount = (owing.projects ?? []).length;
  const tiles = h("div", { class: "tiles" }, levels,
    h("div", { class: "tile wide" }, h("span", { class: "label" }, t("arrears")),
      h("strong", { title: `${yuan(arrears.amountFen)} ${t("yuan")}` }, shortYuan(arrears.amountFen), h("em", {}, t("yuan"))),
      h("small", {}, t("tile.arrears"))),
    h("a", { class: "tile wide", href: "#/projects?overdue=1" }, h("span", { class: "label" }, t("workers.owed")),
      h("strong", {}, count(arrears.workers), h("em", {}, t("people"))),
      h("small", {}, t("tile.projects", owing.nextPageToken ? `${owingCount}+` : owingCount))),
    Number(stats.total?.projectsInDoubt ?? 0) > 0 && h("a", { class: "tile doubt", href: "#/projects?doubt=1" }, h("span", { class: "label" }, t("doubt.tile")),
      h("strong", {}, count(stats.total.projectsInDoubt)), h("small", {}, t("doubt.tile.note"))));
  const places = h("div", { class: "two" },
    shares(t("by.sector"), together(stats.bySector ?? []), "sector", asks),
    shares(t("by.territory"), stats.byTerritory, "territory", asks));
  return [tiles, places, h("div", { class: "two" }, kinds(stats, asks), trend(stats.figuresByMonth ?? []))];
}

// A department answers for several sectors: one line for it.
function together(sectors) {
  const all = new Map();
  for (const one of sectors) {
    const name = one.name || one.key || "";
    const sum = all.get(name) ?? { name, key: "", open: 0, acknowledged: 0, handling: 0, amountFen: 0, projectsInDoubt: 0 };
    sum.key = sum.key ? `${sum.key},${one.key}` : one.key ?? "";
    for (const part of ["open", "acknowledged", "handling", "amountFen", "projectsInDoubt"]) sum[part] += Number(one[part] ?? 0);
    all.set(name, sum);
  }
  return [...all.values()];
}

function shares(title, list, key, asks) {
  // A place where nothing stands because nothing is heard of is shown, too.
  const doubted = (one) => Number(one.projectsInDoubt ?? 0);
  const rows = (list ?? []).filter((one) => asks(one) > 0 || doubted(one) > 0).sort((a, b) => asks(b) - asks(a));
  const most = Math.max(1, ...rows.map(asks));
  const heads = [{ label: t(key === "sector" ? "by.sector.short" : key) }, { label: t("number"), number: true }, { label: "", class: "bar" }, { label: t("amount"), number: true }];
  const line = (one) => ({
    cells: [
      h("a", { href: `#/alerts?${key}=${encodeURIComponent(one.key ?? "")}` }, one.name || one.key || t("unknown"), doubted(one) > 0 && h("small", { class: "doubt-text" }, `　${t("doubt")} ${count(doubted(one))}`)), count(asks(one)),
      stack([{ class: "fill", value: asks(one), title: count(asks(one)) }], most), shortYuan(one.amountFen),
    ],
  });
  return panel(title, null, rows.length ? table(heads, rows.slice(0, ROWS).map(line), { class: "shares" }) : h("p", { class: "empty" }, t("empty")));
}

function kinds(stats, asks) {
  const rows = (stats.byRule ?? []).filter((one) => asks(one) > 0).sort((a, b) => asks(b) - asks(a)).slice(0, ROWS);
  const most = Math.max(1, ...rows.map(asks));
  const heads = [{ label: t("kind") }, { label: t("number"), number: true }, { label: "", class: "bar" }, { label: t("amount"), number: true }];
  const line = (one) => {
    const rule = `RULE_${one.key.toUpperCase().replace(/-/g, "_")}`;
    return {
      cells: [h("a", { href: `#/alerts?rule=${rule}` }, ruleName(rule)), count(asks(one)),
        stack([{ class: "fill", value: asks(one), title: count(asks(one)) }], most), shortYuan(one.amountFen)],
    };
  };
  return panel(t("by.rule"), null, rows.length ? table(heads, rows.map(line), { class: "shares" }) : h("p", { class: "empty" }, t("empty")));
}

function trend(months) {
  const last = months.slice(-12);
  if (!last.length) return panel(t("trend"), null, h("p", { class: "empty" }, t("empty")));
  const labels = last.map((one) => one.key);
  const values = (...keys) => last.map((one) => keys.reduce((sum, key) => sum + Number(one[key] ?? 0), 0));
  return panel(t("trend"), null,
    bars(labels, [
      { name: t("opened"), class: "a", values: values("opened") },
      { name: t("settled"), class: "b", values: values("settledInTime", "settledLate") }], { title: t("trend.note"), height: 150 }),
    bars(labels, [
      { name: t("found"), class: "c", values: values("arrearsFoundFen") },
      { name: t("cleared"), class: "b", values: values("arrearsClearedFen") }], { title: t("trend.money"), money: true, exact: yuan, height: 150 }));
}

function dueSoon(answer) {
  const all = answer.months ?? [];
  if (!all.length) return panel(t("due"), null, h("p", { class: "empty" }, t("due.none")));
  const short = all.filter((one) => Number(one.shortFen ?? 0) > 0);
  const projects = new Set(short.map((one) => one.projectId)).size;
  const sum = short.reduce((total, one) => total + Number(one.shortFen), 0);
  const heads = [
    { label: t("project") }, { label: t("month") }, { label: t("due.on") }, { label: t("workers"), number: true }, { label: t("expected"), number: true },
    { label: t("paid"), number: true }, { label: t("balance"), number: true }, { label: t("short"), number: true },
  ];
  const line = (one) => ({
    class: Number(one.shortFen ?? 0) > 0 ? "short" : "",
    cells: [h("a", { href: `#/project/${encodeURIComponent(one.projectId)}` }, one.projectName || one.projectId, " ", mark(one.doubts)), one.period, one.dueOn, count(one.workers),
      yuan(one.expectedFen), yuan(one.paidFen), one.balanceFen === undefined ? t("no.account") : yuan(one.balanceFen),
      Number(one.shortFen ?? 0) > 0 ? h("b", {}, yuan(one.shortFen)) : "—"],
  });
  const listed = short.length ? short.slice(0, 50) : all.slice(0, ROWS);
  const rest = all.length - listed.length;
  // What is covered by what nobody has heard of for days is no good news.
  const doubted = all.filter((one) => (one.doubts ?? []).length > 0).length;
  const said = short.length ? t("due.short", yuan(sum), projects) : t("due.covered");
  return panel(t("due"), h("span", { class: short.length ? "bad-text" : doubted ? "doubt-text" : "good-text" }, doubted ? `${said}　${t("doubt.due", doubted)}` : said),
    h("p", { class: "note" }, t("due.note")), table(heads, listed.map(line), { class: "cards" }),
    rest > 0 && h("p", { class: "note" }, short.length > 50 ? `+${rest}` : t("due.rest", rest)));
}
