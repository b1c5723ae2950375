import { json } from "#providers/http.ts";
import { errors, injected, missing, type ResendError, validation } from "#providers/mail/errors.ts";
import { type Faults, faultPlan } from "#providers/mail/faults.ts";
import type { Accepted, MailRecord } from "#providers/mail/record.ts";
import {
  answerBody,
  checkKeys,
  parseJson,
  type ResendRequest,
  recipientsOf,
  retryAfterOf,
} from "#providers/mail/resend-request.ts";
import type { FaultRule, Settings } from "#providers/mail/settings.ts";
import { checkEmail, type Email } from "#providers/mail/validate.ts";
import { type RateLimit, slidingWindow } from "#providers/rate-limit.ts";
import type { SettingsFile } from "#providers/settings-file.ts";

export type Clock = { now(): Date };

/** The connection ends before the answer. The mail was accepted, but the caller cannot know that. */
export class DroppedAnswer extends TypeError {
  constructor() {
    super("fetch failed", { cause: { code: "ECONNRESET", message: "the provider dropped its answer" } });
  }
}

const maxBatch = 100;
const keysLastMs = 24 * 60 * 60 * 1000;

/** Resend's sending API: `POST /emails` and `POST /emails/batch`, as strict as the real one. */
export class SendingApi {
  readonly #inFlight = new Set<string>();
  #faults: Faults = faultPlan([]);
  #limit: RateLimit | undefined;
  #open = 0;
  maxInFlight = 0;
  readonly #record: MailRecord;
  readonly #settings: SettingsFile<Settings>;
  readonly #clock: Clock;

  constructor(record: MailRecord, settings: SettingsFile<Settings>, clock: Clock) {
    this.#record = record;
    this.#settings = settings;
    this.#clock = clock;
    this.settingsChanged();
  }

  /** Resets the counts of faults and the rate window. */
  settingsChanged(): void {
    const { faults, requestsPerSecond } = this.#settings.current;
    this.#faults = faultPlan(faults);
    this.#limit = requestsPerSecond > 0 ? slidingWindow(requestsPerSecond) : undefined;
  }

  get inFlight(): number {
    return this.#open;
  }

  async send(request: Request, path: string): Promise<Response> {
    this.#open += 1;
    this.maxInFlight = Math.max(this.maxInFlight, this.#open);
    try {
      const body = Buffer.from(await request.arrayBuffer());
      const key = request.headers.get("idempotency-key") ?? undefined;
      const permissive = request.headers.get("x-batch-validation") === "permissive";
      const incoming = { path, key, permissive, body, atMs: this.#clock.now().getTime() };
      return await this.#answer(request, incoming);
    } finally {
      this.#open -= 1;
    }
  }

  async #answer(request: Request, incoming: ResendRequest): Promise<Response> {
    const { key } = incoming;
    const refusal = checkKeys(request, key, this.#settings.current.keys);
    if (refusal) return this.#refuse(incoming, refusal);

    const limited = this.#limit?.take(incoming.atMs);
    const headers = this.#rateHeaders(limited?.allowed === true ? limited.remaining : 0);
    if (limited?.allowed === false) {
      const retryAfter = String(Math.ceil(limited.freeInMs / 1000));
      const tooMany = errors.tooMany(this.#settings.current.requestsPerSecond);
      return this.#refuse(incoming, tooMany, { ...headers, "retry-after": retryAfter });
    }

    // While this request holds the key, a second request with the same key is refused as "concurrent".
    const held = this.#settings.current.idempotency ? key : undefined;
    if (held !== undefined && this.#inFlight.has(held))
      return this.#refuse(incoming, errors.stillInFlight, headers);
    if (held !== undefined) this.#inFlight.add(held);
    try {
      return await this.#process(incoming, headers);
    } finally {
      if (held !== undefined) this.#inFlight.delete(held);
    }
  }

  async #process(incoming: ResendRequest, headers: Record<string, string>): Promise<Response> {
    const { fault, outcome } = this.#decide(incoming);
    const delayMs = this.#settings.current.latencyMs + (fault?.latencyMs ?? 0);
    if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
    if ("statusCode" in outcome)
      return this.#refuse(incoming, outcome, { ...headers, ...retryAfterOf(fault) });
    if (fault?.dropAnswer === true) throw new DroppedAnswer();
    return json(200, answerBody(incoming, outcome), headers);
  }

  /** The function is synchronous, so that the parsed mails are freed before the answer is sent. */
  #decide(incoming: ResendRequest): { fault: FaultRule | undefined; outcome: Accepted | ResendError } {
    const parsed = parseJson(incoming.body);
    const fault = this.#faults.next({ key: incoming.key, recipients: () => recipientsOf(parsed) });
    const outcome = fault?.status === undefined ? this.#take(incoming, parsed) : injected(fault.status);
    return { fault, outcome };
  }

  /** Accepts the mails, or returns the answer of an earlier request with the same key. */
  #take(incoming: ResendRequest, parsed: unknown): Accepted | ResendError {
    const { key, atMs } = incoming;
    if (key === undefined || !this.#settings.current.idempotency) return this.#accept(incoming, parsed);
    this.#record.forgetKeysBefore(atMs - keysLastMs);
    const earlier = this.#record.remembered(key);
    if (earlier === undefined) return this.#accept(incoming, parsed);
    return this.#record.isRepeated(earlier, incoming)
      ? this.#record.answerOf(earlier.sequence)
      : errors.otherContent;
  }

  #accept({ path, key, permissive, body, atMs }: ResendRequest, parsed: unknown): Accepted | ResendError {
    const inBatch = path === "/emails/batch";
    const list = inBatch ? parsed : [parsed];
    if (parsed === undefined) return errors.badJson;
    if (!Array.isArray(list)) return validation("A batch must be an array of e-mails.");
    if (list.length === 0) return missing("emails");
    if (list.length > maxBatch) return validation(`A batch may contain at most ${maxBatch} e-mails.`);

    const refusedRecipients = new Set(this.#settings.current.rejected);
    const emails: (Email | null)[] = [];
    const refused: { index: number; message: string }[] = [];
    for (const [index, input] of list.entries()) {
      const checked = checkEmail(input, { inBatch, refused: refusedRecipients });
      if (!checked.ok && !(inBatch && permissive)) return checked.error;
      if (!checked.ok) refused.push({ index, message: checked.error.message });
      emails.push(checked.ok ? checked.email : null);
    }
    return this.#record.accept({ path, atMs, key, emails, refused: permissive ? refused : undefined }, body);
  }

  #refuse(incoming: ResendRequest, error: ResendError, headers: Record<string, string> = {}): Response {
    const { path, key, atMs } = incoming;
    this.#record.refuse({ path, key, atMs, status: error.statusCode });
    return json(error.statusCode, error, headers);
  }

  #rateHeaders(remaining: number): Record<string, string> {
    if (this.#limit === undefined) return {};
    return {
      "ratelimit-limit": String(this.#settings.current.requestsPerSecond),
      "ratelimit-remaining": String(remaining),
      "ratelimit-reset": "1",
    };
  }
}
