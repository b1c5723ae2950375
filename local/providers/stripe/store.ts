import { randomUUID } from "node:crypto";
import { z } from "zod";
import { openJournal } from "#providers/journal.ts";

const objectSchema = z.looseObject({ id: z.string(), object: z.string() });
export type StripeObject = z.infer<typeof objectSchema>;

const metadata = z.looseObject({ orderId: z.string() });

const eventSchema = z.looseObject({ id: z.string(), type: z.string(), created: z.number() });
export type StripeEvent = z.infer<typeof eventSchema>;

/** A call that Stripe began and answered with an error. `at` is in milliseconds. */
const failureSchema = z.object({ key: z.string(), form: z.string(), status: z.number(), at: z.number() });
export type StripeFailure = z.infer<typeof failureSchema>;

const entrySchema = z.union([
  z.object({ object: objectSchema, key: z.string().optional(), form: z.string().optional() }),
  z.object({ failure: failureSchema }),
  z.object({ event: eventSchema }),
]);
type Entry = z.infer<typeof entrySchema>;

/** Stripe remembers keys for at least this time. */
const KEY_LIFE_MS = 24 * 60 * 60_000;

/** Stripe's data: objects, idempotency keys and events. With a path, the data survives a restart. */
export class StripeStore {
  readonly #journal;
  readonly objects = new Map<string, StripeObject>();
  readonly #keys = new Map<string, { form: string; id: string }>();
  readonly #failures = new Map<string, StripeFailure>();
  /** All events, oldest first. */
  readonly events: StripeEvent[] = [];

  constructor(path: string | undefined) {
    this.#journal = openJournal(path);
    for (const { header } of this.#journal.entries()) this.#learn(entrySchema.parse(JSON.parse(header)));
  }

  put(object: StripeObject, made?: { key: string; form: string }): void {
    this.#write({ object, ...made });
  }

  /** The objects whose metadata names this order. */
  withOrder(orderId: string): StripeObject[] {
    return [...this.objects.values()].filter(
      (object) => metadata.safeParse(object["metadata"]).data?.orderId === orderId,
    );
  }

  /** The object that was made under this key, if any. */
  made(key: string): { form: string; id: string } | undefined {
    return this.#keys.get(key);
  }

  fail(failure: StripeFailure): void {
    this.#write({ failure });
  }

  /** The error with which a call under this key was answered, until Stripe forgets the key. */
  failed(key: string, now: Date): StripeFailure | undefined {
    const failure = this.#failures.get(key);
    return failure !== undefined && now.getTime() - failure.at < KEY_LIFE_MS ? failure : undefined;
  }

  /** Stores an object, and adds an event about its current state. */
  recordEvent(type: string, object: StripeObject, at: Date): StripeEvent {
    this.put(object);
    const created = Math.floor(at.getTime() / 1000);
    const event = { id: `evt_${randomUUID()}`, object: "event", type, created, data: { object } };
    this.#write({ event });
    return event;
  }

  close(): void {
    this.#journal.close();
  }

  #write(entry: Entry): void {
    this.#journal.append(JSON.stringify(entry));
    this.#learn(entry);
  }

  #learn(entry: Entry): void {
    if ("event" in entry) {
      this.events.push(entry.event);
      return;
    }
    if ("failure" in entry) {
      this.#failures.set(entry.failure.key, entry.failure);
      return;
    }
    this.objects.set(entry.object.id, entry.object);
    if (entry.key !== undefined) this.#keys.set(entry.key, { form: entry.form ?? "", id: entry.object.id });
  }
}
