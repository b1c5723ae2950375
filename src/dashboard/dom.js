// @ts-check
/** Small helpers to build the page. Text goes in as text, never as HTML: what people sent us stays harmless. */

/** @typedef {Node | string | null | undefined | false} Child */
/** A page of the dashboard: shown once, refreshed every two seconds. @typedef {{ element: HTMLElement, refresh(): Promise<void> }} View */

/**
 * `h("a", { href: "#/jobs", onclick: open }, "Jobs")`
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string | number | boolean | undefined | ((event: Event) => void)>} [attributes]
 * @param {Child[]} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== undefined) element.setAttribute(name, String(value));
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/**
 * Replaces an element's content, or leaves it alone when it already says the same. Who stands on a link or button in
 * it stays there: the page renews itself every two seconds, and a keyboard must not be thrown back to the top.
 * @param {Element} element @param {Child[]} children
 */
export function fill(element, ...children) {
  const next = h("div", {}, ...children);
  if (next.innerHTML === element.innerHTML) return;
  const focused = element.contains(document.activeElement) ? document.activeElement : null;
  element.replaceChildren(...next.childNodes);
  if (focused === null) return;
  const twin = [...element.querySelectorAll("a, button, pre")].find(
    (candidate) => nameOf(candidate) === nameOf(focused),
  );
  if (twin instanceof HTMLElement) twin.focus({ preventScroll: true });
}

/** @param {Element} element */
const nameOf = (element) =>
  element.getAttribute("href") ?? element.getAttribute("aria-label") ?? element.textContent;

/** @param {string} status */
export const badge = (status) => h("span", { class: `badge ${status}` }, status);

const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

/** "5 seconds ago", with the exact time on hover. @param {string | null} iso */
export function ago(iso) {
  if (iso === null) return h("span", {}, "–");
  const seconds = (Date.parse(iso) - Date.now()) / 1000;
  const size = Math.abs(seconds);
  let words = relative.format(Math.round(seconds / 86_400), "day");
  if (size < 60) words = relative.format(Math.round(Math.min(seconds, 0)), "second");
  else if (size < 3600) words = relative.format(Math.round(seconds / 60), "minute");
  else if (size < 86_400) words = relative.format(Math.round(seconds / 3600), "hour");
  return h("time", { datetime: iso, title: new Date(iso).toLocaleString() }, words);
}

/** @param {string | null} from @param {string | null} to */
export function duration(from, to) {
  if (from === null) return "–";
  const seconds = Math.max(0, ((to === null ? Date.now() : Date.parse(to)) - Date.parse(from)) / 1000);
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min`;
}

/** @param {{ done: number, total: number, percent: number } | null} progress */
export function bar(progress) {
  if (progress === null) return h("span", { class: "quiet" }, "–");
  const { done, total, percent } = progress;
  const words = `${done.toLocaleString("en")} of ${total.toLocaleString("en")}`;
  return h(
    "span",
    { class: "progress" },
    h("progress", { max: Math.max(total, 1), value: total === 0 ? 1 : done, "aria-label": words }),
    h("span", {}, `${percent} %`),
    h("span", { class: "quiet" }, words),
  );
}

/** Anything as readable JSON. @param {string} title @param {unknown} value */
export const data = (title, value) =>
  h(
    "section",
    {},
    h("h2", {}, title),
    h("pre", { tabindex: 0, "aria-label": title }, JSON.stringify(value, null, 2)),
  );

/** A labelled choice for a filter. @param {string} label @param {string} name @param {readonly string[]} values @param {string} chosen */
export const choice = (label, name, values, chosen) =>
  h(
    "label",
    {},
    label,
    h(
      "select",
      { name },
      ...["", ...values].map((value) =>
        h("option", { value, selected: value === chosen }, value === "" ? "any" : value),
      ),
    ),
  );

/** Says something to people who listen to the page. @param {string} words */
export function say(words) {
  const place = document.getElementById("said");
  if (place !== null && place.textContent !== words) place.textContent = words;
}

/**
 * A question before something that cannot be taken back. Resolves to what was typed ("" when nothing is asked), or
 * null when the answer is no.
 * @param {{ question: string, yes: string, label?: string }} options
 * @returns {Promise<string | null>}
 */
export function confirm({ question, yes, label }) {
  const input = h("textarea", { id: "reason", rows: 3, required: true, maxlength: 2000 });
  const dialog = h(
    "dialog",
    { "aria-labelledby": "question" },
    h(
      "form",
      { method: "dialog" },
      h("p", { id: "question" }, question),
      label !== undefined && h("label", { for: "reason" }, label),
      label !== undefined && input,
      h(
        "div",
        { class: "line" },
        h("button", { value: "yes", class: "primary" }, yes),
        h("button", { value: "no", formnovalidate: true }, "No"),
      ),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes" ? input.value : null);
    });
  });
}
