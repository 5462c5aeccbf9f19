// How the service stands, asked every few seconds, and the banners that say so when it is not well.

import { call, ready, told } from "./api.js";
import { h, show } from "./dom.js";
import { ago, bytes } from "./format.js";
import { lang, t } from "./words.js";

const EVERY = 5000;
const listeners = new Set();
export const known = { status: undefined, reached: 0, error: undefined, stream: "connecting", heard: 0 };

export function onStatus(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function tell() {
  for (const listener of listeners) listener(known);
  paint();
}

// The live stream of the view that is open: "live", "cut", or none.
export function streamIs(state) {
  known.stream = state;
  if (state === "live") known.heard = Date.now();
  tell();
}

export function heard() {
  known.heard = Date.now();
}

// How the service stands is the operator's: others learn whether it is ready, and the date from other answers.
let isHidden = false;

// Somebody else has signed in, or nobody is signed in any more.
export function anew() {
  isHidden = false;
  known.status = undefined;
  told.businessDate = undefined;
  return ask();
}

async function status() {
  const signal = AbortSignal.timeout(10_000);
  if (!isHidden) {
    try {
      return await call("AdminService/GetStatus", {}, signal);
    } catch (error) {
      if (![401, 403].includes(error.status)) throw error;
      // Asked once, and not every few seconds: each refusal stands in the audit trail.
      isHidden = true;
    }
  }
  return { ready: await ready(signal), businessDate: told.businessDate };
}

export async function ask() {
  try {
    known.status = await status();
    known.reached = Date.now();
    known.error = undefined;
  } catch (error) {
    known.error = error;
  }
  tell();
}

export function start() {
  const again = async () => {
    await ask();
    setTimeout(again, EVERY);
  };
  again();
  setInterval(paint, 1000);
}

let painted = "";

function paint() {
  const { status, error, reached, stream, heard: at } = known;
  const all = [];
  const add = (kind, text) => all.push([kind, text]);
  if (error) add("bad", t("unreachable", reached ? ago(reached) : t("never")));
  if (status?.failed) add("bad", t("failed", status.failed));
  if (status && !status.ready && !status.failed) add("warn", status.logHead === undefined ? t("error.NOT_READY") : t("behind", status.logApplied ?? 0, status.logHead));
  const short = status?.diskShortage;
  if (short) add("bad", t("disk", bytes(short.freeBytes), bytes(short.neededBytes)));
  if (stream === "cut" && !error && status?.ready) add("warn", t("cut.long", at ? ago(at) : t("never")));
  const now = JSON.stringify([lang(), all]);
  const box = document.getElementById("banners");
  if (now !== painted && box) {
    painted = now;
    show(box, all.map(([kind, text]) => h("p", { class: `banner ${kind}` }, text)));
  }
  const sign = document.getElementById("sign");
  if (sign) {
    const state = error ? "cut" : stream;
    const text = state === "live" ? t("live") : state === "cut" ? t("cut") : state === "none" ? "" : t("connecting");
    sign.className = `sign ${state}`;
    sign.title = state === "live" ? t("live.title") : "";
    if (sign.textContent !== text) sign.textContent = text;
  }
  const date = document.getElementById("date");
  if (date && status) {
    const text = status.businessDate ? t("as.of", status.businessDate) : t("no.date");
    if (date.textContent !== text) date.textContent = text;
  }
}
