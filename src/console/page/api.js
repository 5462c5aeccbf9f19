// Calls to the service the page came from. Nothing of people is ever put into an address.

export class ApiError extends Error {
  constructor(status, told) {
    super(told?.message || `HTTP ${status}`);
    this.status = status;
    this.code = told?.code ?? "";
    this.reason = told?.reason ?? "";
    this.fields = told?.fields ?? [];
  }
}

const HEADERS = { "Content-Type": "application/json", "X-Wagewatch": "console" };
const TOKEN = "wagewatch.token";

// The token of whoever signed in: forgotten when the tab is closed, and sent to nobody but this service.
export function token() {
  return sessionStorage.getItem(TOKEN) ?? "";
}

export function keepToken(text) {
  if (text) sessionStorage.setItem(TOKEN, text);
  else sessionStorage.removeItem(TOKEN);
}

function headers() {
  return token() ? { ...HEADERS, Authorization: `Bearer ${token()}` } : HEADERS;
}

// What any answer last said the business date is.
export const told = { businessDate: undefined };

async function post(path, body, signal) {
  let answer;
  try {
    answer = await fetch(`/api/${path}`, { method: "POST", headers: headers(), body: JSON.stringify(body ?? {}), signal, cache: "no-store" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, { code: "UNREACHABLE", reason: "UNREACHABLE", message: "" });
  }
  if (answer.ok) return answer;
  throw new ApiError(answer.status, await answer.json().catch(() => undefined));
}

export async function call(path, body, signal) {
  const answer = await (await post(path, body, signal)).json();
  told.businessDate = answer.businessDate ?? told.businessDate;
  return answer;
}

// Whether the service lives and is ready: told to everybody.
export async function ready(signal) {
  try {
    return (await fetch("/readyz", { signal, cache: "no-store" })).ok;
  } catch {
    throw new ApiError(0, { code: "UNREACHABLE", reason: "UNREACHABLE", message: "" });
  }
}

export async function words() {
  const answer = await fetch("/api/words", { cache: "no-cache" });
  if (!answer.ok) throw new ApiError(answer.status);
  return answer.json();
}

const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 15_000;
// The service gives a sign of life every five seconds.
const SILENCE = 20_000;

// Follows a stream until `signal`: `heard` gets each message, `state` is told "live", or "cut" and why.
// After a cut it goes on from the last cursor.
export async function follow(path, body, signal, heard, state) {
  let cursor = "";
  let pause = FIRST_PAUSE;
  while (!signal.aborted) {
    const silent = new AbortController();
    const stop = () => silent.abort();
    signal.addEventListener("abort", stop);
    let timer;
    const alive = () => {
      clearTimeout(timer);
      timer = setTimeout(stop, SILENCE);
    };
    try {
      alive();
      const answer = await post(path, { ...body, cursor }, silent.signal);
      state("live");
      for await (const { event, data } of events(answer.body, alive)) {
        if (event === "failed") throw new ApiError(0, JSON.parse(data));
        const message = JSON.parse(data);
        heard(message);
        cursor = message.cursor ?? cursor;
        pause = FIRST_PAUSE;
      }
      state("cut", "");
    } catch (error) {
      if (signal.aborted) return;
      // Another log, another filter or another caller: begin anew.
      if (["INVALID_ARGUMENT", "PERMISSION_DENIED"].includes(error.code)) cursor = "";
      state("cut", error.message);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
    }
    await new Promise((done) => setTimeout(done, pause));
    pause = Math.min(pause * 2, LONGEST_PAUSE);
  }
}

// Server-sent events of a response's body.
async function* events(body, alive) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  let event = "message";
  let data = [];
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    alive();
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      if (line === "") {
        if (data.length > 0) yield { event, data: data.join("\n") };
        event = "message";
        data = [];
      } else if (line.startsWith("data:")) data.push(line.slice(5).trimStart());
      else if (line.startsWith("event:")) event = line.slice(6).trim();
    }
  }
}
