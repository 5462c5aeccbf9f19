// 隔离: what is held of a flood of alerts, by rule; a look at it, and letting it go.

import { randomId, remember, remembered } from "./acts.js";
import { call } from "./api.js";
import { h, panel, show, table } from "./dom.js";
import { count, yuan } from "./format.js";
import { problem } from "./main.js";
import { levelName, ruleName, say, t } from "./words.js";

const ROWS = 50;

export async function quarantine(main, { signal }) {
  const place = h("div", {});
  const load = async (done) => {
    const answer = await call("AdminService/ListQuarantine", {}, signal);
    const rules = answer.rules ?? [];
    show(place, h("p", { class: "note" }, t("quarantine.note")), done && h("p", { class: "good-text", role: "status" }, done),
      rules.length ? rules.map((one) => held(one, signal, load)) : panel(t("quarantine"), null, h("p", { class: "empty" }, t("quarantine.none"))));
  };
  await load();
  show(main, h("h1", { class: "unseen" }, t("quarantine")), place);
}

function held(one, signal, load) {
  const list = h("div", {}, h("p", { class: "loading" }, t("loading")));
  alerts(list, one, signal);
  return panel(ruleName(one.rule), h("span", { class: "bad-text" }, t("quarantine.held", count(one.alerts), one.since)), release(one, signal, load), list);
}

// Two steps: what it will do is said before it is done.
function release(one, signal, load) {
  const box = h("div", {});
  const ask = () => show(box, h("button", { type: "button", id: `release-${one.rule}`, onclick: sure }, t("quarantine.release")));
  const sure = () => {
    const actor = h("input", { name: "actor", required: true, maxlength: 40, value: remembered() });
    const why = h("input", { name: "why", maxlength: 500 });
    show(box, h("form", { class: "filters", onsubmit: (event) => { event.preventDefault(); go(actor.value.trim(), why.value.trim()); } },
      h("p", { class: "note" }, t("quarantine.sure", count(one.alerts))),
      h("label", {}, h("span", {}, t("quarantine.actor")), actor), h("label", {}, h("span", {}, t("quarantine.why")), why),
      h("button", { type: "submit", class: "main" }, t("quarantine.yes")), h("button", { type: "button", class: "plain", onclick: ask }, t("back"))));
    actor.focus();
  };
  const id = randomId();
  const go = async (actor, text) => {
    remember(actor);
    try {
      const answer = await call("AdminService/ReleaseRule", { rule: one.rule, actor, actId: id, text }, signal);
      await load(t("quarantine.done", count(answer.alerts)));
    } catch (error) {
      if (error.name !== "AbortError") box.append(problem(error));
    }
  };
  ask();
  return box;
}

async function alerts(list, one, signal) {
  try {
    const answer = await call("AlertService/List", { filter: { held: true, rules: [one.rule] }, pageSize: ROWS }, signal);
    const heads = [{ label: t("level") }, { label: t("project") }, { label: t("alert") }, { label: t("amount"), number: true }];
    const line = (alert) => ({ cells: [h("span", { class: `badge ${alert.level}` }, levelName(alert.level)), alert.project?.name || alert.project?.projectId || "—",
      h("a", { href: `#/alert/${encodeURIComponent(alert.id)}` }, say(alert.title)), alert.amountFen ? yuan(alert.amountFen) : "—"] });
    const rows = answer.alerts ?? [];
    show(list, table(heads, rows.map(line), { class: "cards" }), answer.nextPageToken && h("p", { class: "note" }, `${count(rows.length)}+`));
  } catch (error) {
    // An operator lets go without seeing whom it is about.
    if (error.name !== "AbortError") show(list, error.status === 403 ? h("p", { class: "note" }, (one.examples ?? []).join("、")) : problem(error));
  }
}
