/** Inngest's public HTTP API as the suite uses it, for either engine. */
import { eventually } from "./wait.ts";

export type EventInput = {
  name: string;
  data?: Record<string, unknown>;
  id?: string;
  ts?: number;
  v?: string;
};

export type RunView = {
  run_id: string;
  run_started_at: string;
  function_id: string;
  event_id: string;
  batch_id?: string;
  status: string;
  ended_at?: string | null;
  output?: unknown;
};

export type Answer<T = unknown> = { status: number; body: T };

const ENDED = new Set(["Completed", "Failed", "Cancelled", "Skipped"]);

export class EngineClient {
  readonly url: string;
  readonly #eventKey: string;
  readonly #bearer: string | undefined;

  constructor(url: string, { eventKey = "suite", bearer }: { eventKey?: string; bearer?: string } = {}) {
    this.url = url;
    this.#eventKey = eventKey;
    this.#bearer = bearer;
  }

  async request<T = unknown>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer<T>> {
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        "content-type": "application/json",
        ...(this.#bearer === undefined ? {} : { authorization: `Bearer ${this.#bearer}` }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: parse(text) as T };
  }

  post(
    events: EventInput | EventInput[],
    headers: Record<string, string> = {},
  ): Promise<Answer<{ ids?: string[]; error?: string }>> {
    return this.request("POST", `/e/${this.#eventKey}`, events, headers);
  }

  async sendAll(events: EventInput[]): Promise<string[]> {
    const { status, body } = await this.post(events);
    if (status !== 200 || body.ids === undefined)
      throw new Error(`events refused: ${status} ${JSON.stringify(body)}`);
    return body.ids;
  }

  async send(event: EventInput): Promise<string> {
    const [id] = await this.sendAll([event]);
    if (id === undefined) throw new Error("the engine gave no id");
    return id;
  }

  async runs(eventId: string): Promise<RunView[]> {
    const { status, body } = await this.request<{ data?: RunView[] | null }>(
      "GET",
      `/v1/events/${eventId}/runs`,
    );
    if (status !== 200) throw new Error(`runs of ${eventId}: ${status} ${JSON.stringify(body)}`);
    return body.data ?? [];
  }

  async run(runId: string): Promise<RunView> {
    const { status, body } = await this.request<{ data: RunView }>("GET", `/v1/runs/${runId}`);
    if (status !== 200) throw new Error(`run ${runId}: ${status} ${JSON.stringify(body)}`);
    return body.data;
  }

  /** The runs of an event, once there are `count` and all have ended. */
  async ended(eventId: string, count = 1, timeoutMs = 60_000): Promise<RunView[]> {
    let last: RunView[] = [];
    return eventually(
      `${count} ended run(s) of event ${eventId}`,
      async () => {
        last = await this.runs(eventId);
        return last.length >= count && last.every((run) => ENDED.has(run.status)) ? last : undefined;
      },
      { timeoutMs, seen: () => last.map(({ status, output }) => ({ status, output })) },
    );
  }

  /** The one run of an event, ended. */
  async end(eventId: string, timeoutMs = 60_000): Promise<RunView> {
    const [run] = await this.ended(eventId, 1, timeoutMs);
    if (run === undefined) throw new Error("unreachable: ended() waits for one run");
    return this.run(run.run_id);
  }

  async started(eventId: string): Promise<RunView> {
    return eventually(`a run of event ${eventId}`, async () => (await this.runs(eventId))[0]);
  }

  cancel(runId: string): Promise<Answer> {
    return this.request("DELETE", `/v1/runs/${runId}`);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
