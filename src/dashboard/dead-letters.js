// @ts-check
/** Work that failed for good, and the two things an administrator can do about it. */
import { address, get, post } from "./api.js";
import { ago, badge, choice, confirm, data, h, say } from "./dom.js";

/** @typedef {import("./api.js").Letter} Letter */

/** @param {Letter} letter @param {(action: "reprocess" | "ignore") => void} act */
const card = (letter, act) => {
  const button = (/** @type {"reprocess" | "ignore"} */ action, /** @type {string} */ words) =>
    h(
      "button",
      { type: "button", "aria-label": `${words}: ${letter.function}`, onclick: () => act(action) },
      words,
    );
  const open = letter.status === "failed";
  const job = letter.links.reprocessJob ?? letter.links.job;
  return h(
    "article",
    { class: "card" },
    h(
      "div",
      { class: "line" },
      h("h2", {}, letter.function),
      badge(letter.status),
      letter.error.code !== null && h("code", {}, letter.error.code),
      h(
        "span",
        { class: "quiet" },
        ago(letter.failedAt),
        ` after ${letter.attempts} ${letter.attempts === 1 ? "attempt" : "attempts"}`,
      ),
    ),
    h("p", {}, letter.error.message ?? "No message"),
    letter.handledBy !== null &&
      h(
        "p",
        { class: "quiet" },
        `Handled by ${letter.handledBy} `,
        ago(letter.handledAt),
        letter.note ? `: ${letter.note}` : "",
        letter.outcome ? ` → ${letter.outcome}` : "",
      ),
    h(
      "details",
      {},
      h("summary", {}, "Event and stack"),
      data("Event", letter.event),
      letter.error.stack !== null && h("pre", { tabindex: 0, "aria-label": "Stack" }, letter.error.stack),
    ),
    h(
      "div",
      { class: "line" },
      open && button("reprocess", "Reprocess"),
      open && button("ignore", "Ignore"),
      job &&
        h("a", { href: `#${job.slice(4)}` }, letter.links.reprocessJob ? "Job of the reprocessing" : "Job"),
    ),
  );
};

/** @param {URLSearchParams} query @returns {import("./dom.js").View} */
export function letterList(query) {
  let pages = 1;
  const status = query.get("status") ?? "failed";
  const filters = h(
    "form",
    { class: "filters", "aria-label": "Filter" },
    choice("Status", "status", ["failed", "reprocessed", "ignored"], status),
  );
  filters.addEventListener("change", () => {
    const chosen = new FormData(filters).get("status");
    location.hash = `/dead-letters?status=${typeof chosen === "string" ? chosen : ""}`;
  });
  const cards = h("div");
  const nothing = h("p", { class: "nothing", hidden: true }, "Nothing here. That is how it should be.");
  const more = h("button", { type: "button", hidden: true, onclick: () => void (pages += 1) }, "Show more");
  /** Cards are kept while their letter stays the same, so that an opened one stays open. @type {Map<string, { said: string, element: HTMLElement }>} */
  const shown = new Map();

  const act = async (/** @type {Letter} */ letter, /** @type {"reprocess" | "ignore"} */ action) => {
    const question =
      action === "reprocess"
        ? "Put this work back? It runs as a new job."
        : "Leave this work undone for good?";
    const label = action === "ignore" ? "Why (kept with the letter)" : undefined;
    const answer = await confirm({
      question,
      yes: action === "reprocess" ? "Reprocess" : "Ignore it",
      ...(label ? { label } : {}),
    });
    if (answer === null) return;
    await post(
      `/api/dead-letters/${letter.id}/${action}`,
      action === "ignore" ? { note: answer } : undefined,
    );
    say(action === "reprocess" ? "Reprocessing" : "Ignored");
    await refresh();
  };

  const refresh = async () => {
    /** @type {Letter[]} */
    const letters = [];
    /** @type {string | null} */
    let cursor = null;
    for (let page = 0; page < pages; page += 1) {
      /** @type {import("./api.js").Page<Letter>} */
      const answer = await get(address("/api/dead-letters", { status, limit: "20", cursor }));
      letters.push(...answer.items);
      cursor = answer.nextCursor;
      if (cursor === null) break;
    }
    const elements = letters.map((letter) => {
      const said = JSON.stringify(letter);
      const before = shown.get(letter.id);
      if (before?.said === said) return before.element;
      const element = card(letter, (action) => void act(letter, action));
      shown.set(letter.id, { said, element });
      return element;
    });
    const same =
      elements.length === cards.children.length &&
      elements.every((element, n) => cards.children[n] === element);
    if (!same) cards.replaceChildren(...elements);
    nothing.hidden = letters.length > 0;
    more.hidden = cursor === null;
  };

  return { element: h("section", {}, h("h1", {}, "Dead letters"), filters, cards, nothing, more), refresh };
}
