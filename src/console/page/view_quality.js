// 数据质量: who sends, who is silent, who is late, what was rejected, what waits for its place.

import { call } from "./api.js";
import { stack } from "./chart.js";
import { facts, h, panel, show, table } from "./dom.js";
import { bytes, count, daysBetween, moment, yuan } from "./format.js";
import { levelName, reason, ruleName, t, word } from "./words.js";

const ABOUT_DATA = ["RULE_FEED_SILENT", "RULE_ATTENDANCE_SILENT", "RULE_UPLOAD_LATE", "RULE_ATTENDANCE_SUSPICIOUS", "RULE_UNKNOWN_PROJECT", "RULE_UNREGISTERED_WORKER", "RULE_UNREGISTERED_MANY", "RULE_SHARED_PAYEE", "RULE_IMPLAUSIBLE_PAY"];
const LETTERS = 1000;
const SILENT_DAYS = 3;

export async function quality(main, { signal }) {
  const [status, sources, stats, alerts, dead, waiting] = await Promise.all([
    his("AdminService/GetStatus", {}, signal), his("AdminService/ListSources", {}, signal), his("AlertService/Stats", { filter: { rules: ABOUT_DATA } }, signal),
    his("AlertService/List", { filter: { rules: ABOUT_DATA }, pageSize: 20 }, signal), his("LedgerService/ListDeadLetters", { pageSize: LETTERS }, signal),
    his("LedgerService/ListSuspense", { pageSize: 20 }, signal),
  ]);
  const all = [sources && senders(sources), stats && alerts && aboutData(stats, alerts), dead && rejected(dead), waiting && suspense(waiting), status && pipeline(status)].filter(Boolean);
  const first = sources ? 1 : 0;
  show(main, all.slice(0, first), h("div", { class: "two" }, all.slice(first, first + 2)), h("div", { class: "two" }, all.slice(first + 2)));
}

// A part that his role does not see is left out.
async function his(path, body, signal) {
  try {
    return await call(path, body, signal);
  } catch (error) {
    if (error.status === 403) return undefined;
    throw error;
  }
}

function senders(answer) {
  const rows = answer.sources ?? [];
  const heads = [{ label: t("source") }, { label: t("quality.records"), number: true }, { label: t("quality.rejected"), number: true }, { label: t("quality.late"), number: true }, { label: t("quality.last") }, { label: t("quality.stated") }];
  const share = (part, all) => (part ? `${count(part)}（${((100 * part) / all).toFixed(1)}%）` : "—");
  const line = (one) => {
    const silent = one.receivedOn && answer.businessDate ? daysBetween(one.receivedOn, answer.businessDate) : 0;
    return {
      class: silent >= SILENT_DAYS ? "short" : "",
      cells: [one.source || t("anonymous"), count(one.records), share(Number(one.rejected ?? 0), one.records), share(Number(one.late ?? 0), one.records),
        h("span", {}, one.receivedOn ?? moment(one.receivedAt), silent >= SILENT_DAYS && h("b", { class: "bad-text" }, `　${t("quality.silent", silent)}`)), moment(one.statedAt)],
    };
  };
  return panel(t("quality.sources"), h("span", { class: "note" }, t("quality.since", moment(answer.since)), answer.truncated && h("b", { class: "bad-text" }, `　${t("quality.part")}`)), rows.length ? table(heads, rows.map(line), { class: "cards" }) : h("p", { class: "empty" }, t("quality.none")));
}

function aboutData(stats, alerts) {
  const rows = (stats.byRule ?? []).map((one) => [`RULE_${one.key.toUpperCase().replace(/-/g, "_")}`, Number(one.open ?? 0) + Number(one.acknowledged ?? 0) + Number(one.handling ?? 0)]).filter(([, number]) => number > 0);
  const most = Math.max(1, ...rows.map(([, number]) => number));
  const heads = [{ label: t("kind") }, { label: t("number"), number: true }, { label: "", class: "bar" }];
  const line = ([rule, number]) => ({ cells: [h("a", { href: `#/alerts?rule=${rule}` }, ruleName(rule)), count(number), stack([{ class: "fill", value: number, title: count(number) }], most)] });
  const first = (alerts.alerts ?? []).slice(0, 5).map((one) => h("li", {}, h("a", { href: `#/alert/${encodeURIComponent(one.id)}` }, h("span", { class: `badge ${one.level}` }, levelName(one.level)), ` ${ruleName(one.rule)}`), h("small", {}, `　${one.project?.name || one.project?.projectId || ""}`)));
  const doubted = Number(stats.total?.projectsInDoubt ?? 0);
  return panel(t("quality.alerts"), doubted > 0 && h("a", { class: "doubt-text", href: "#/projects?doubt=1" }, `${t("doubt.tile")} ${count(doubted)}`), rows.length ? [table(heads, rows.map(line), { class: "shares" }), h("ul", { class: "plain-list" }, first)] : h("p", { class: "empty" }, t("none")));
}

function rejected(dead) {
  const all = dead.deadLetters ?? [];
  const groups = new Map();
  for (const one of all) {
    const key = JSON.stringify([one.source || "", one.reason?.code ?? "", one.reason?.field ?? ""]);
    groups.set(key, (groups.get(key) ?? 0) + 1);
  }
  const rows = [...groups].map(([key, number]) => [...JSON.parse(key), number]).sort((a, b) => b[3] - a[3]).slice(0, 15);
  const heads = [{ label: t("source") }, { label: t("reason") }, { label: t("field") }, { label: t("number"), number: true }];
  return panel(t("quality.letters", `${count(all.length)}${dead.nextPageToken ? "+" : ""}`), h("a", { href: "#/letters" }, t("letters")),
    rows.length ? table(heads, rows.map((one) => ({ cells: [one[0] || t("anonymous"), reason(one[1]), one[2], count(one[3])] })), { class: "cards" }) : h("p", { class: "empty" }, t("letters.none")));
}

function suspense(waiting) {
  const rows = waiting.payments ?? [];
  const heads = [{ label: t("bank") }, { label: t("txn") }, { label: t("amount"), number: true }, { label: t("reason") }, { label: t("project") }];
  const line = (one) => ({ cells: [one.bank, one.txnId, yuan(one.amountFen), word(one.reason), one.projectId ? h("a", { href: `#/project/${encodeURIComponent(one.projectId)}` }, one.projectId) : "—"] });
  return panel(t("quality.suspense"), waiting.truncated && h("span", { class: "note" }, "20+"), rows.length ? table(heads, rows.map(line), { class: "cards" }) : h("p", { class: "empty" }, t("none")));
}

function pipeline(status) {
  return panel(t("quality.pipeline"), null, facts([
    [t("version"), status.version], [t("rulebook"), status.rulebookVersion], [t("log"), `${bytes(status.logBytes)}　${count(status.logHead)}`], [t("store"), bytes(status.storeBytes)],
    [t("checkpoint"), moment(status.checkpointAt) || "—"], [t("projects"), `${count(status.projects)}（${t("memory")} ${count(status.hotProjects)}）`], [t("workers"), count(status.workers)],
    [t("letters"), count(status.deadLetters)], [t("queued"), count(status.queuedEntries)], [t("subscribers"), count(status.subscribers)],
  ]));
}
