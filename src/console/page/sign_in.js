// Signing in with a token, where callers have names.

import { keepToken, token } from "./api.js";
import { h } from "./dom.js";
import { anew } from "./status.js";
import { t } from "./words.js";

// Asks for a token and goes on with `then`.
export function signIn(then) {
  const field = h("input", { type: "password", id: "token", name: "token", autocomplete: "off", required: true, spellcheck: "false" });
  const enter = (event) => {
    event.preventDefault();
    keepToken(field.value.trim());
    anew();
    then();
  };
  return h("form", { class: "problem", id: "sign-in", onsubmit: enter },
    h("p", { role: "alert" }, t(token() ? "token.refused" : "token.needed")),
    h("label", { for: "token" }, t("token")), field, h("button", { type: "submit", id: "enter" }, t("sign.in")));
}

// Nothing where nobody has signed in.
export function signOut(then) {
  const leave = () => {
    keepToken("");
    anew();
    then();
  };
  return token() && h("button", { type: "button", class: "plain", id: "sign-out", onclick: leave }, t("sign.out"));
}
