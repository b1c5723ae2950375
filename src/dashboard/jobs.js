// @ts-check
/** The live list of jobs, and one job with its timeline and runs. */
import { address, get, remove } from "./api.js";
import { ago, badge, bar, choice, confirm, data, duration, fill, h, say } from "./dom.js";

/** @typedef {import("./api.js").Job} Job */
/** @typedef {import("./api.js").JobDetails} JobDetails */

const STATUSES = ["queued", "running", "completed", "failed", "canceled", "skipped"];
const ENDED = new Set(["completed", "failed", "canceled", "skipped"]);

/** @param {Job} job */
const row = (job) =>
  h(
    "tr",
    {},
    h(
      "td",
      {},
      h("a", { href: `#/jobs/${job.id}` }, job.kind),
      job.kind !== job.function && h("small", {}, job.function),
    ),
    h("td", {}, badge(job.status)),
    h("td", {}, bar(job.progress)),
    h("td", { class: "wide" }, job.requester),
    h("td", {}, ago(job.createdAt)),
    h("td", { class: "wide" }, duration(job.startedAt, job.endedAt)),
  );

/** @param {URLSearchParams} query @returns {import("./dom.js").View} */
export function jobList(query) {
  /** How many pages are shown; the whole stretch is refreshed. */
  let pages = 1;
  const filters = h(
    "form",
    { class: "filters", "aria-label": "Filter" },
    choice("Status", "status", STATUSES, query.get("status") ?? ""),
    h("label", {}, "Kind", h("input", { name: "kind", value: query.get("kind") ?? "" })),
    h("label", {}, "Function", h("input", { name: "function", value: query.get("function") ?? "" })),
    h("label", {}, "Requester", h("input", { name: "requester", value: query.get("requester") ?? "" })),
    h("button", { type: "submit" }, "Filter"),
  );
  const apply = (/** @type {Event} */ event) => {
    event.preventDefault();
    /** @type {Record<string, string | null>} */
    const chosen = { parent: query.get("parent") };
    for (const [name, value] of new FormData(filters)) if (typeof value === "string") chosen[name] = value;
    location.hash = address("/jobs", chosen);
  };
  filters.addEventListener("submit", apply);
  filters.addEventListener("change", apply);

  const body = h("tbody");
  const nothing = h(
    "p",
    { class: "nothing", hidden: true },
    "No job fits. Work appears here as soon as it is accepted.",
  );
  const more = h("button", { type: "button", hidden: true, onclick: () => void (pages += 1) }, "Show more");
  const head = ["Job", "Status", "Progress", "Requested by", "Accepted", "Took"];
  const wide = new Set(["Requested by", "Took"]);
  const element = h(
    "section",
    {},
    h("h1", {}, query.get("parent") ? "Jobs of one parent" : "Jobs"),
    filters,
    h(
      "div",
      { class: "scroll" },
      h(
        "table",
        {},
        h("caption", { class: "unseen" }, "Jobs, newest first, refreshed every two seconds"),
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            ...head.map((name) =>
              h("th", { scope: "col", class: wide.has(name) ? "wide" : undefined }, name),
            ),
          ),
        ),
        body,
      ),
    ),
    nothing,
    more,
  );

  return {
    element,
    async refresh() {
      /** @type {Job[]} */
      const jobs = [];
      /** @type {string | null} */
      let cursor = null;
      for (let page = 0; page < pages; page += 1) {
        /** @type {import("./api.js").Page<Job>} */
        const answer = await get(address("/api/jobs", { ...Object.fromEntries(query), limit: "50", cursor }));
        jobs.push(...answer.items);
        cursor = answer.nextCursor;
        if (cursor === null) break;
      }
      fill(body, ...jobs.map(row));
      nothing.hidden = jobs.length > 0;
      more.hidden = cursor === null;
      const running = jobs.filter(({ status }) => status === "running").length;
      say(`${jobs.length} jobs shown, ${running} running`);
    },
  };
}

/** @param {Job} job */
const facts = (job) => {
  /** @type {Array<[string, Node | string]>} */
  const list = [
    ["Function", job.function],
    ["Event", job.event],
    ["Requested by", job.requester],
    ["Accepted", ago(job.createdAt)],
    ["Sent to the engine", ago(job.sentAt)],
    ["Started", ago(job.startedAt)],
    ["Ended", ago(job.endedAt)],
    ["Took", duration(job.startedAt, job.endedAt)],
  ];
  if (job.links.parent) list.push(["Parent", h("a", { href: `#${job.links.parent.slice(4)}` }, "open")]);
  return h("dl", {}, ...list.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
};

/** @param {unknown} value */
const hasMore = (value) => value !== null && JSON.stringify(value) !== "{}";

/** @param {JobDetails["timeline"]} timeline */
const steps = (timeline) =>
  h(
    "ol",
    { class: "timeline" },
    ...timeline.map(({ type, at, data: more }) =>
      h("li", {}, h("strong", {}, type), " ", ago(at), hasMore(more) && h("code", {}, JSON.stringify(more))),
    ),
  );

/** @param {JobDetails["runs"]} runs */
const runTable = (runs) =>
  h(
    "div",
    { class: "scroll" },
    h(
      "table",
      {},
      h("caption", { class: "unseen" }, "Runs of this job"),
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          ...["Run", "Status", "Attempts", "Started", "Took"].map((name) => h("th", { scope: "col" }, name)),
        ),
      ),
      h(
        "tbody",
        {},
        ...runs.map((run) =>
          h(
            "tr",
            {},
            h("td", {}, h("code", {}, run.id)),
            h("td", {}, badge(run.status)),
            h("td", {}, String(run.attempts)),
            h("td", {}, ago(run.startedAt)),
            h("td", {}, duration(run.startedAt, run.endedAt)),
          ),
        ),
      ),
    ),
  );

/** @param {string} id @returns {import("./dom.js").View} */
export function jobPage(id) {
  const title = h("h1", {}, "Job");
  const body = h("div");
  const cancel = h("button", { type: "button", class: "danger", hidden: true }, "Cancel job");
  const element = h(
    "section",
    {},
    h("p", {}, h("a", { href: "#/jobs" }, "← All jobs")),
    h("div", { class: "line" }, title, cancel),
    body,
  );
  const refresh = async () => {
    /** @type {JobDetails} */
    const job = await get(`/api/jobs/${id}`);
    fill(title, job.kind, " ", badge(job.status));
    cancel.hidden = ENDED.has(job.status);
    fill(
      body,
      h("p", { class: "quiet" }, h("code", {}, job.id)),
      job.progress !== null && bar(job.progress),
      facts(job),
      h("h2", {}, "Timeline"),
      steps(job.timeline),
      h("h2", {}, "Runs"),
      job.runs.length === 0 ? h("p", { class: "nothing" }, "None yet.") : runTable(job.runs),
      job.error !== null && data("Error", job.error),
      job.result !== null && data("Result", job.result),
    );
    say(`${job.kind} is ${job.status}${job.progress === null ? "" : `, ${job.progress.percent} %`}`);
  };
  const ask = async () => {
    const question = "Cancel this job? Waiting work never begins; running work stops at its next step.";
    if ((await confirm({ question, yes: "Cancel it" })) === null) return;
    await remove(`/api/jobs/${id}`);
    await refresh();
  };
  cancel.addEventListener("click", () => void ask());
  return { element, refresh };
}
