// @ts-check
/** The page's frame: the key, the address in the fragment, the state of the stack, and a refresh every two seconds. */
import { forgetKey, key, Problem, rememberKey, takeKeyFromAddress } from "./api.js";
import { campaignList } from "./campaigns.js";
import { letterList } from "./dead-letters.js";
import { fill, h } from "./dom.js";
import { jobList, jobPage } from "./jobs.js";

/** @typedef {import("./dom.js").View} View */

const REFRESH_MS = 2000;
const STACK_MS = 10_000;

/** @template {HTMLElement} T @param {string} id @param {new () => T} type @returns {T} */
const find = (id, type) => {
  const element = document.getElementById(id);
  if (!(element instanceof type)) throw new Error(`index.html has no #${id}`);
  return element;
};
const view = find("view", HTMLDivElement);
const problem = find("problem", HTMLParagraphElement);
const keyForm = find("key-form", HTMLFormElement);
const keyInput = find("key", HTMLInputElement);
const forget = find("forget-key", HTMLButtonElement);
const stack = find("stack", HTMLUListElement);

/** @type {View | null} */
let current = null;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
/** When the stack was last asked how it is. */
let lookedAt = 0;

/** `#/jobs?status=failed` → the page for it. @returns {View} */
function viewForAddress() {
  const [path = "", query = ""] = location.hash.slice(1).split("?");
  const filter = new URLSearchParams(query);
  const [, room, id] = path.split("/");
  if (room === "jobs" && id) return jobPage(id);
  if (room === "dead-letters") return letterList(filter);
  if (room === "campaigns") return campaignList();
  return jobList(filter);
}

/** @param {unknown} error */
function tell(error) {
  const known = error instanceof Problem ? error : new Problem(0, String(error), "");
  fill(problem, h("strong", {}, known.message), known.hint ? ` ${known.hint}` : "");
  problem.hidden = false;
  if (known.status === 401) askForKey();
}

function askForKey() {
  forgetKey();
  current = null;
  view.replaceChildren();
  keyForm.hidden = false;
  forget.hidden = true;
  keyInput.focus();
}

/** @param {unknown} value @returns {Array<[string, unknown]>} */
const entries = (value) => (typeof value === "object" && value !== null ? Object.entries(value) : []);

/** @param {unknown} state */
const isUp = (state) =>
  state === "ok" || entries(state).some(([name, value]) => name === "ok" && value === true);

/** Which parts are up: in words as well as in color. */
async function showStack() {
  if (Date.now() - lookedAt < STACK_MS) return;
  lookedAt = Date.now();
  const answer = await fetch("/api/ready").catch(() => null);
  /** @type {unknown} */
  const ready = await answer?.json().catch(() => null);
  const checks = entries(entries(ready).find(([name]) => name === "checks")?.[1]);
  const part = (/** @type {string} */ name, /** @type {boolean} */ up) =>
    h("li", { class: up ? "up" : "down" }, `${name} `, h("span", {}, up ? "up" : "down"));
  fill(stack, part("site", answer !== null), ...checks.map(([name, state]) => part(name, isUp(state))));
}

/** One round; a page that is not looked at asks nothing. */
async function round() {
  clearTimeout(timer);
  const shown = current;
  if (!document.hidden) {
    try {
      await showStack();
      await shown?.refresh();
      if (shown === current) problem.hidden = true;
    } catch (error) {
      if (shown === current) tell(error);
    }
  }
  clearTimeout(timer);
  timer = setTimeout(() => void round(), REFRESH_MS);
}

function open() {
  problem.hidden = true;
  if (key() === null) {
    askForKey();
  } else {
    keyForm.hidden = true;
    forget.hidden = false;
    current = viewForAddress();
    view.replaceChildren(current.element);
  }
  const room = /^#\/([\w-]+)/.exec(location.hash)?.[1] ?? "jobs";
  for (const link of document.querySelectorAll("nav a")) {
    if (link.getAttribute("href") === `#/${room}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  void round();
}

keyForm.addEventListener("submit", (event) => {
  event.preventDefault();
  rememberKey(keyInput.value);
  keyInput.value = "";
  open();
});
forget.addEventListener("click", askForKey);
document.addEventListener("visibilitychange", () => void round());
// What a click starts is not awaited by anybody: its failure is told here.
addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  tell(event.reason);
});
addEventListener("hashchange", () => {
  if (location.hash === "#content") return;
  takeKeyFromAddress();
  open();
});

takeKeyFromAddress();
open();
