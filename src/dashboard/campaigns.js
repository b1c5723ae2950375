// @ts-check
/** The latest campaigns, with what became of their mails. */
import { get } from "./api.js";
import { ago, badge, bar, fill, h, say } from "./dom.js";

/** @typedef {import("zod").output<typeof import("#campaigns/desk-repository.ts").campaignView>} Campaign */

const SHOWN = 10;
const ENDED = new Set(["completed", "canceled", "failed"]);
const STATES = /** @type {const} */ (["pending", "sending", "sent", "failed", "skipped", "unknown"]);

/** @param {Campaign} campaign */
const progress = ({ counts }) => {
  const total = counts.recipients;
  const done = total - counts.pending - counts.sending;
  return { done, total, percent: total === 0 ? 0 : Math.floor((done / total) * 100) };
};

/** @param {Campaign} campaign */
const card = (campaign) =>
  h(
    "article",
    { class: "card" },
    h(
      "div",
      { class: "line" },
      h("h2", {}, campaign.name),
      badge(campaign.status),
      h("span", { class: "quiet" }, "written ", ago(campaign.createdAt)),
      campaign.jobId !== null && h("a", { href: `#/jobs/${campaign.jobId}` }, "Job"),
    ),
    campaign.status !== "draft" && bar(progress(campaign)),
    campaign.status !== "draft" &&
      h(
        "dl",
        { class: "counts" },
        ...STATES.flatMap((state) => [
          h("dt", {}, state),
          h("dd", {}, campaign.counts[state].toLocaleString("en")),
        ]),
      ),
    campaign.recipientsPerSecond !== null &&
      h("p", { class: "quiet" }, `${campaign.recipientsPerSecond} recipients a second`),
    campaign.note !== null && h("p", { class: "quiet" }, campaign.note),
  );

/** @returns {import("./dom.js").View} */
export function campaignList() {
  const cards = h("div");
  const nothing = h(
    "p",
    { class: "nothing", hidden: true },
    "No campaign yet: POST /api/campaigns writes one.",
  );
  /** Those that have ended do not change any more. @type {Map<string, Campaign>} */
  const ended = new Map();
  return {
    element: h("section", {}, h("h1", {}, "Campaigns"), cards, nothing),
    async refresh() {
      /** @type {import("./api.js").Page<{ id: string, status: string }>} */
      const { items } = await get(`/api/campaigns?limit=${SHOWN}`);
      const campaigns = await Promise.all(
        items.map(async ({ id }) => {
          /** @type {Campaign} */
          const campaign = ended.get(id) ?? (await get(`/api/campaigns/${id}`));
          if (ENDED.has(campaign.status)) ended.set(id, campaign);
          return campaign;
        }),
      );
      fill(cards, ...campaigns.map(card));
      nothing.hidden = campaigns.length > 0;
      const sending = campaigns.filter(({ status }) => status === "sending");
      say(`${campaigns.length} campaigns shown, ${sending.length} sending`);
    },
  };
}
