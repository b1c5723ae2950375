/**
 * Learns how runs end from the engine's own event `inngest/function.finished`, which comes at once. The real server's
 * REST API shows a run only many seconds later (features-api.test.ts waits for that).
 */
import { eventType, type InngestFunction, staticSchema } from "inngest";
import type { Client } from "./app.ts";
import { eventually } from "./wait.ts";

/** Long, because the machine also runs the engine: a real server with a database and a trace store. */
const PATIENCE_MS = 90_000;

type Finished = {
  function_id: string;
  run_id: string;
  event: { id: string; name: string };
  events: { id: string; name: string }[];
  result?: unknown;
  error?: { name: string; message: string; stack?: string; cause?: unknown } & Record<string, unknown>;
  _inngest: { status: string };
};

export type Outcome = {
  status: string;
  runId: string;
  functionId: string;
  result?: unknown;
  error?: Finished["error"];
  events: Finished["events"];
};

const finished = eventType("inngest/function.finished", { schema: staticSchema<Finished>() });

export class Outcomes {
  readonly #appId: string;
  readonly #seen: Finished[] = [];

  constructor(appId: string) {
    this.#appId = appId;
  }

  observer(inngest: Client): InngestFunction.Any {
    return inngest.createFunction(
      {
        id: "observer",
        retries: 3,
        triggers: [{ event: finished, if: `event.data.function_id.startsWith("${this.#appId}-")` }],
      },
      ({ event }: { event: { data: Finished } }) => {
        this.#seen.push(event.data);
      },
    );
  }

  /** Every end seen so far, or those of one function. */
  all(functionId?: string): Outcome[] {
    return this.#seen
      .filter((one) => functionId === undefined || this.#short(one) === functionId)
      .map((one) => this.#view(one));
  }

  of(eventId: string, functionId?: string, timeoutMs = PATIENCE_MS): Promise<Outcome> {
    return eventually(
      `the end of ${functionId ?? "the run"} of event ${eventId}`,
      () => {
        const one = this.#seen.find(
          (seen) =>
            seen.events.some((event) => event.id === eventId) &&
            (functionId === undefined || this.#short(seen) === functionId),
        );
        return one && this.#view(one);
      },
      { timeoutMs, seen: () => this.all() },
    );
  }

  async count(count: number, functionId?: string, timeoutMs = PATIENCE_MS): Promise<Outcome[]> {
    return eventually(
      `${count} ended runs of ${functionId ?? "the app"}`,
      () => {
        const all = this.all(functionId);
        return all.length >= count ? all : undefined;
      },
      { timeoutMs, seen: () => this.all(functionId).length },
    );
  }

  #short(one: Finished): string {
    return one.function_id.slice(this.#appId.length + 1);
  }

  #view(one: Finished): Outcome {
    return {
      status: one._inngest.status,
      runId: one.run_id,
      functionId: this.#short(one),
      events: one.events,
      ...("result" in one ? { result: one.result } : {}),
      ...(one.error === undefined ? {} : { error: one.error }),
    };
  }
}
