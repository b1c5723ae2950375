import type { Stack } from "@nightshift/local/stack/stack-types.ts";
import { type Api, apiOf } from "./api.ts";
import { guests } from "./scenes.ts";
import { eventually, failedCampaign, GITHUB_SECRET, sendCampaign } from "./seeds.ts";
import { raiseAlerts, spreadOverAnHour, withDatabase } from "./story-rows.ts";
import { workWithOthers } from "./story-with-others.ts";

/** The settings of the stack for the screenshots: sizes of parts and pictures that take some time. */
export const storySettings = {
  CAMPAIGN_PART_SIZE: "100",
  CAMPAIGN_BATCH_SIZE: "20",
  MAIL_REQUESTS_PER_SECOND: "0",
  MAIL_MAX_IN_FLIGHT: "2",
  IMAGES_SIZE: "256",
  GITHUB_WEBHOOK_SECRET: GITHUB_SECRET,
};

/** The rows that have a page of their own in the pictures, and work that is started right before its picture. */
export type Story = {
  ids: Record<"sentJob" | "failedJob" | "running" | "draft" | "list" | "import" | "report", string>;
  fillTheLane: () => Promise<void>;
  raiseAlerts: () => Promise<void>;
};

const patienceMs = 90_000;

const subjects = ["A lighthouse", "A fox", "A greenhouse", "A tram", "A paper boat", "A violin", "An owl"];
const manners = [
  "in a storm, oil painting",
  "reading the newspaper, watercolor",
  "on Mars at sunrise",
  "in the rain, seen through a window",
  "on a starry lake",
  "made of glass",
];
const prompts = manners.flatMap((manner) => subjects.map((subject) => `${subject} ${manner}`));

/** Simulates an hour of work within a minute. */
export async function tellStory(stack: Stack): Promise<Story> {
  const site = `http://localhost:${stack.ports.site}`;
  const providers = `http://127.0.0.1:${stack.ports.mail}`;
  const databaseUrl = stack.databaseUrl ?? "";
  const api = apiOf({ site, key: stack.keys.admin, providers });
  await api.steer("/_control/images", { latencyMs: 300, failureRate: 0.12 });
  for (const [n, prompt] of [...prompts, ...prompts, ...prompts].entries())
    await api.call("POST", "/api/tasks", {
      prompt,
      priority: 2 + (n % 4),
      lane: n % 3 === 0 ? "tasks" : "demo",
    });
  const poster = await api.call("POST", "/api/tasks", { prompt: "A poster that will fail permanently" });
  await failedCampaign(api, "The refused letter");
  const sent = await sendCampaign(api, { name: "Invitation to the open evening", people: 240 });
  await eventually("all pictures are drawn", () => isAtRest(api), patienceMs);
  await eventually("the invitation is sent", () => hasEnded(api, sent.jobId), patienceMs);
  const report = await aReport(api, "users", "pdf");
  await aReport(api, "analytics", "csv");
  const imported = await anImport(api);
  await workWithOthers({ api, site, providers, databaseUrl });
  await withDatabase(databaseUrl, spreadOverAnHour);

  const draft = await aDraft(api);

  await api.steer("/_control/latency", { latencyMs: 2500 });
  const running = await sendCampaign(api, { name: "Your new terms, in plain words", people: 2400 });
  return {
    ids: {
      sentJob: sent.jobId,
      failedJob: poster.id,
      running: running.id,
      draft: draft.id,
      list: draft.listId,
      import: imported,
      report,
    },
    fillTheLane: () => aBusyLane(api),
    raiseAlerts: () => withDatabase(databaseUrl, raiseAlerts),
  };
}

/** A report of the last thirty days, when it is made. */
async function aReport(api: Api, reportType: string, format: string): Promise<string> {
  const day = (distance: number) => new Date(Date.now() + distance * 86_400_000).toISOString().slice(0, 10);
  const dateRange = { start: day(-29), end: day(0) };
  const { jobId } = await api.call("POST", "/api/reports", { reportType, format, dateRange });
  await eventually("the report is made", () => hasEnded(api, jobId), patienceMs);
  return jobId;
}

/** An import into the contacts in which three rows are rejected. */
async function anImport(api: Api): Promise<string> {
  const bad = [
    "grace at example.com,Grace Hopper,Navy,",
    "nobody,,,",
    "ada@example,Ada Lovelace,,+44 20 7946",
  ];
  const content = `${[...guests.slice(0, 400), ...bad, ...guests.slice(400)].join("\n")}\n`;
  const { importId } = await api.call("POST", "/api/imports", {
    source: { content, fileName: "guests of the open evening.csv" },
    target: "contacts",
  });
  await eventually("the import has ended", () => hasEnded(api, importId), patienceMs);
  return importId;
}

const DRAFT = `<h1 style="color: #3b2f8f">Good evening, {{name}}</h1>
<p>The doors of {{company}} open at six. Bring a friend, and <a href="https://example.com/evening">tell us that you come</a>.</p>
<p>Until then!</p>`;

/** A campaign that is being written, to a list with a company for each subscriber. */
async function aDraft(api: Api): Promise<{ id: string; listId: string }> {
  const { id: listId } = await api.call("POST", "/api/lists", { name: "Guests of the open evening" });
  const people = ["Grace", "Ada", "Barbara", "Katherine", "Radia"].map((name) => ({
    email: `${name.toLowerCase()}@example.com`,
    name,
    company: "Café Müller",
  }));
  await api.call("POST", `/api/lists/${listId}/subscribers`, people);
  const { id } = await api.call("POST", "/api/campaigns", {
    listId,
    name: "The open evening",
    subject: "{{name}}, the doors open at six",
    from: "Café Müller <evening@example.com>",
    html: DRAFT,
  });
  return { id, listId };
}

/** Five tasks that are being drawn (one of them waits after its third failure), and a queue behind them. */
async function aBusyLane(api: Api): Promise<void> {
  await api.steer("/_control/images", { outage: 503, latencyMs: 0 });
  const { id } = await api.call("POST", "/api/tasks", { prompt: "A stubborn goat on a roof" });
  const hasFailedOften = async () => {
    const { attempts, status } = await api.call("GET", `/api/tasks/${id}`);
    return attempts === 4 && status === "waiting";
  };
  await eventually("the goat has failed four times", hasFailedOften, patienceMs);
  await api.steer("/_control/images", { outage: null, hold: true });
  for (const [n, prompt] of prompts.slice(0, 11).entries())
    await api.call("POST", "/api/tasks", { prompt: `${prompt}, once more`, priority: n === 9 ? 2 : 3 });
}

async function isAtRest(api: Api): Promise<boolean> {
  const { lanes } = await api.call("GET", "/api/stats");
  return lanes.every(
    (lane: { waiting: number; processing: number; retrying: number }) =>
      lane.waiting + lane.processing + lane.retrying === 0,
  );
}

const hasEnded = async (api: Api, jobId: string): Promise<boolean> =>
  (await api.call("GET", `/api/jobs/${jobId}`)).status === "completed";
