import { setTimeout as pause } from "node:timers/promises";
import { seeded } from "#engine/seeded.ts";
import { json } from "#providers/http.ts";
import { type RateLimit, slidingWindow } from "#providers/rate-limit.ts";
import type { SettingsFile } from "#providers/settings-file.ts";
import { draw, numberOf, type Order } from "./draw.ts";
import { Gate } from "./gate.ts";
import { readOrder } from "./order.ts";
import type { DrawingRecord } from "./record.ts";
import type { Settings } from "./settings.ts";

/** A prompt that always fails. The source documents use such a prompt to show a task that fails for good. */
const REFUSED_FOR_GOOD = /fail permanently/i;
const TEMPORARY_ERRORS = [500, 502, 503];

type Outcome = { status: number; latencyMs: number };

/** `GET /prompt/{prompt}?width&height&seed…` answers when the picture is drawn. */
export class DrawingApi {
  readonly #record: DrawingRecord;
  readonly #settings: SettingsFile<Settings>;
  readonly #clock: { now(): Date };
  /** How many times each order has arrived. The number is needed because a repeated order may have another outcome. */
  readonly #times = new Map<string, number>();
  readonly gate = new Gate();
  #limit: RateLimit | undefined;

  constructor(record: DrawingRecord, settings: SettingsFile<Settings>, clock: { now(): Date }) {
    this.#record = record;
    this.#settings = settings;
    this.#clock = clock;
    this.settingsChanged();
  }

  settingsChanged(): void {
    const { requestsPerSecond, hold } = this.#settings.current;
    this.#limit = requestsPerSecond > 0 ? slidingWindow(requestsPerSecond) : undefined;
    if (!hold) this.gate.release();
  }

  async answer(request: Request, path: string, query: URLSearchParams): Promise<Response> {
    const order = readOrder(request, path, query, this.#settings.current.keys);
    if (order instanceof Response) return order;
    const entry = this.#record.start(order);
    const response = await this.#serve(order, request).catch((error: unknown) => {
      this.#record.end(entry, "gone");
      throw error;
    });
    this.#record.end(entry, response.status);
    return response;
  }

  async #serve(order: Order, request: Request): Promise<Response> {
    const limited = this.#limit?.take(this.#clock.now().getTime());
    const headers = this.#rateHeaders(limited);
    if (limited?.allowed === false) {
      const retryAfter = String(Math.ceil(limited.freeInMs / 1000));
      return refuse(429, "Too many requests", { ...headers, "retry-after": retryAfter });
    }
    const { status, latencyMs } = this.#outcomeOf(order);
    if (latencyMs > 0) await pause(latencyMs, undefined, { signal: request.signal });
    if (this.#settings.current.hold) await this.gate.wait(request.signal);
    request.signal.throwIfAborted();
    if (status !== 200) return refuse(status, MESSAGES[status] ?? "Out of order", headers);
    return new Response(new Uint8Array(await draw(order)), {
      headers: { ...headers, "content-type": "image/jpeg", "cache-control": "public, max-age=31536000" },
    });
  }

  /** The outcome depends only on the order and how often it has arrived, so timing does not change the outcome. */
  #outcomeOf(order: Order): Outcome {
    const { failureRate, seed, outage, latencyMs, jitter } = this.#settings.current;
    const key = `${order.seed} ${order.prompt}`;
    const times = (this.#times.get(key) ?? 0) + 1;
    this.#times.set(key, times);
    const random = seeded(numberOf(`${seed} ${times} ${key}`));
    const fails = random() < failureRate;
    const error = TEMPORARY_ERRORS[Math.floor(random() * TEMPORARY_ERRORS.length)] ?? 500;
    const latency = latencyMs * (1 + jitter * (random() - 0.5));
    if (outage !== null) return { status: outage, latencyMs: latency };
    if (REFUSED_FOR_GOOD.test(order.prompt)) return { status: 400, latencyMs: latency };
    return { status: fails ? error : 200, latencyMs: latency };
  }

  #rateHeaders(taken: ReturnType<RateLimit["take"]> | undefined): Record<string, string> {
    if (taken === undefined) return {};
    return {
      "x-ratelimit-limit": String(this.#settings.current.requestsPerSecond),
      "x-ratelimit-remaining": String(taken.allowed ? taken.remaining : 0),
      "x-ratelimit-reset": "1",
    };
  }
}

const MESSAGES: Record<number, string> = {
  400: "This prompt can not be drawn",
  500: "The model gave no picture",
  502: "The drawing server does not answer",
  503: "No drawing server is free",
};

const refuse = (status: number, message: string, headers: Record<string, string>) =>
  json(status, { error: message, status }, headers);
