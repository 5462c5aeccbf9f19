// 项目: the list, as far as it is loaded; a click leads to one.

import { call } from "./api.js";
import { h, panel, show, table } from "./dom.js";
import { mark } from "./doubt.js";
import { count, yuan } from "./format.js";
import { problem } from "./main.js";
import { t } from "./words.js";

const PAGE = 200;

export async function projects(main, { query, signal }) {
  let overdueOnly = query.get("overdue") === "1";
  let doubtOnly = query.get("doubt") === "1";
  let rows = [];
  let token = "";
  let text = "";
  const body = h("div", {});
  const load = async (more) => {
    try {
      const answer = await call("LedgerService/ListProjects", { overdueOnly, pageSize: PAGE, pageToken: more ? token : "" }, signal);
      rows = more ? rows.concat(answer.projects ?? []) : answer.projects ?? [];
      token = answer.nextPageToken ?? "";
      paint();
    } catch (error) {
      if (error.name === "AbortError") return;
      if (!more) throw error;
      body.append(problem(error, () => load(true)));
    }
  };
  const paint = () => {
    const found = rows.filter((one) => !doubtOnly || (one.doubts ?? []).length > 0).filter((one) => !text || `${one.projectId} ${one.name ?? ""} ${one.contractorName ?? ""}`.toLowerCase().includes(text));
    const heads = [
      { label: t("name") }, { label: t("project.id") }, { label: t("contractor") }, { label: t("workers"), number: true }, { label: t("overdue.workers"), number: true },
      { label: t("owed"), number: true }, { label: t("oldest.due") }, { label: t("alerts"), number: true },
    ];
    const line = (one) => ({
      class: one.overdueFen ? "short" : "",
      cells: [h("a", { href: `#/project/${encodeURIComponent(one.projectId)}` }, one.name || t("unknown")), one.doubts ? [one.projectId, " ", mark(one.doubts)] : one.projectId, one.contractorName ?? "", count(one.workers),
        one.overdueWorkers ? count(one.overdueWorkers) : "—", one.overdueFen ? yuan(one.overdueFen) : "—", one.oldestDueOn ?? "", one.alerts ? count(one.alerts) : "—"],
    });
    show(body, found.length ? table(heads, found.map(line), { class: "cards" }) : h("p", { class: "empty" }, t("empty")),
      token && h("button", { type: "button", onclick: () => load(true) }, t("more")));
  };
  await load(false);
  show(main, panel(t("projects"), h("form", { class: "filters inline", onsubmit: (event) => event.preventDefault() },
    h("label", {}, h("span", { class: "unseen" }, t("projects.search")), h("input", { type: "search", id: "project-search", placeholder: t("projects.search"), oninput: (event) => { text = event.target.value.trim().toLowerCase(); paint(); } })),
    h("label", { class: "check" }, h("input", { type: "checkbox", checked: overdueOnly, id: "overdue-only", onchange: (event) => { overdueOnly = event.target.checked; load(false); } }), t("projects.overdue")),
    h("label", { class: "check" }, h("input", { type: "checkbox", checked: doubtOnly, id: "doubt-only", onchange: (event) => { doubtOnly = event.target.checked; paint(); } }), t("doubt.only"))), body));
}
