import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { z } from "zod";
import { campaign } from "#demo/content.ts";

/** The stack runs in the project's folder. */
const fixture = "tests/fixtures/subscribers.csv";
/** The overview shows six jobs: three images, the campaign, the upload and the report. */
const PROMPTS = ["a lighthouse at night", "a night train", "an owl on a sign"];
const TRIES = 5;
const PAUSE_MS = 1000;
const DAY_MS = 24 * 60 * 60_000;
/** The beginning of a PNG. The rest of the picture is missing, so its job fails and the demo shows a dead letter. */
const BROKEN_PICTURE = new Blob([
  Buffer.from("iVBORw0KGgoAAAANSUhEUgAAACgAAAAeCAIAAADRv8uKAAAACXBIWXMAAAPoAAAD6AG1e1JrAAAAPUlE", "base64"),
]);

type Site = { fetch(request: Request): Promise<Response> };
const answer = z.object({ id: z.string().optional(), items: z.array(z.unknown()).optional() });
type Answer = z.output<typeof answer>;

/**
 * Loads sample work through the product's own API, with the API key of the request: a list of 1,000 people, a campaign
 * to them, pictures, a report, and an upload that fails. Answers 201, or the API's first refusal, or 409 when there are
 * jobs already.
 */
export async function loadSampleWork(site: Site, request: Request): Promise<Response> {
  const authorization = request.headers.get("authorization") ?? "";
  const ask = async (
    method: string,
    path: string,
    body?: object | string,
    type = "application/json",
  ): Promise<Answer> => {
    const content =
      typeof body === "string" || body instanceof Blob || body === undefined ? body : JSON.stringify(body);
    const headers = { authorization, "content-type": type, "idempotency-key": randomUUID() };
    for (let tries = 1; ; tries++) {
      const response = await site.fetch(
        new Request(new URL(path, request.url), { method, headers, body: content ?? null }),
      );
      if (response.ok) return answer.parse(await response.json());
      // On a busy machine the database or the engine can be late. The key lets the same request come again.
      if (response.status !== 503 || tries === TRIES) throw new Refused(response);
      await setTimeout(PAUSE_MS);
    }
  };

  try {
    const { items = [] } = await ask("GET", "/api/jobs?limit=1");
    if (items.length > 0) return thereIsWork();
    const list = await ask("POST", "/api/lists", { name: "Readers (sample)" });
    await ask("POST", `/api/lists/${list.id}/subscribers`, readFileSync(fixture, "utf8"), "text/csv");
    const { id } = await ask("POST", "/api/campaigns", { ...campaign, listId: list.id });
    await ask("POST", `/api/campaigns/${id}/send`);
    for (const prompt of PROMPTS) await ask("POST", "/api/tasks", { prompt });
    await ask("POST", "/api/upload", BROKEN_PICTURE, "image/png");
    // The report comes last, because rendering its PDF blocks this process. On a busy machine that can take longer than
    // a request waits for the database.
    const day = (ago: number) => new Date(Date.now() - ago * DAY_MS).toISOString().slice(0, 10);
    await ask("POST", "/api/reports", { reportType: "users", dateRange: { start: day(6), end: day(0) } });
    return Response.json({ campaignId: id }, { status: 201 });
  } catch (error) {
    if (error instanceof Refused) return error.response;
    throw error;
  }
}

const thereIsWork = () =>
  Response.json(
    {
      status: 409,
      code: "conflict",
      detail: "There is work already",
      hint: "npm start -- --reset deletes it.",
    },
    { status: 409, headers: { "content-type": "application/problem+json" } },
  );

class Refused extends Error {
  readonly response: Response;
  constructor(response: Response) {
    super(`The API answered ${response.status}`);
    this.response = response;
  }
}
