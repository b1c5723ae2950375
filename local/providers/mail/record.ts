import { randomUUID } from "node:crypto";
import { z } from "zod";
import { type Journal, openJournal, type Position } from "#providers/journal.ts";
import { CampaignCounts, type Counts } from "#providers/mail/counts.ts";

const emailSchema = z.object({
  from: z.string(),
  to: z.array(z.string()),
  subject: z.string(),
  campaignId: z.string().optional(),
});

/** One answered request, as stored in the journal's header: what is needed to list and count mails, without the bodies. */
const entrySchema = z.object({
  path: z.string(),
  status: z.number(),
  atMs: z.number(),
  key: z.string().optional(),
  uid: z.string().optional(),
  /** The ids of the mails by position in the request; null where a permissive batch refused a mail. */
  emails: z.array(emailSchema.nullable()).optional(),
  refused: z.array(z.object({ index: z.number(), message: z.string() })).optional(),
});
type Entry = z.infer<typeof entrySchema>;
type Taken = Required<Pick<Entry, "path" | "atMs" | "emails">> & Pick<Entry, "key" | "refused">;

export type Accepted = { ids: string[]; refused?: { index: number; message: string }[] | undefined };
export type Summary = z.infer<typeof emailSchema> & { id: string; at: string };
export type Remembered = { sequence: number; path: string; atMs: number };

/**
 * The provider's own record, which tests and benchmarks compare with the product's: which mails the provider accepted,
 * in which requests, and which mails were accepted twice. Memory holds only a position per request, the idempotency
 * keys, and each campaign's recipients (to detect a second mail to a recipient). The mails themselves stay in the file.
 */
export class MailRecord {
  readonly #journal: Journal;
  readonly #positions: Position[] = [];
  readonly #keys = new Map<string, Remembered>();
  readonly #counts = new CampaignCounts();
  readonly byStatus: Record<string, number> = {};

  constructor(path?: string) {
    this.#journal = openJournal(path);
    for (const { header, position } of this.#journal.entries()) {
      this.#index(entrySchema.parse(JSON.parse(header)), position);
    }
  }

  /** Accepts the mails of one request and returns their ids. */
  accept(entry: Taken, body: Uint8Array): Accepted {
    const uid = randomUUID().slice(0, 23);
    const sequence = this.#positions.length;
    this.#write({ ...entry, status: 200, uid }, body);
    return idsOf({ ...entry, status: 200, uid }, sequence);
  }

  /** Records a request whose mails were not accepted. */
  refuse(entry: { path: string; status: number; atMs: number; key: string | undefined }): void {
    this.#write(entry);
  }

  remembered(key: string): Remembered | undefined {
    return this.#keys.get(key);
  }

  /** Whether a request equals the earlier one byte for byte. Only such a request may use the same key. */
  isRepeated({ sequence, path }: Remembered, request: { path: string; body: Uint8Array }): boolean {
    const position = this.#positions[sequence];
    return (
      position !== undefined && path === request.path && this.#journal.body(position).equals(request.body)
    );
  }

  /** The answer to an earlier request. */
  answerOf(sequence: number): Accepted {
    return idsOf(this.#entry(sequence), sequence);
  }

  forgetKeysBefore(atMs: number): void {
    for (const [key, remembered] of this.#keys) {
      if (remembered.atMs >= atMs) return; // Insertion order is time order
      this.#keys.delete(key);
    }
  }

  /** Counts of one campaign, or of all accepted mails. */
  counts(campaignId?: string): Counts & { requests: number } {
    return { requests: this.#positions.length, ...this.#counts.of(campaignId) };
  }

  /** The newest mails first. */
  *summaries(): Generator<Summary> {
    for (let sequence = this.#positions.length - 1; sequence >= 0; sequence -= 1) {
      const entry = this.#entry(sequence);
      const emails = entry.emails ?? [];
      for (let index = emails.length - 1; index >= 0; index -= 1) {
        const email = emails[index];
        if (email)
          yield { ...email, id: idOf(entry, sequence, index), at: new Date(entry.atMs).toISOString() };
      }
    }
  }

  /** One mail as the request contained it. */
  find(id: string): { summary: Summary; email: Record<string, unknown> } | undefined {
    const sequence = Number.parseInt(id.slice(24, 33), 16);
    const index = Number.parseInt(id.slice(33), 16);
    const position = this.#positions[sequence];
    if (position === undefined) return undefined;
    const entry = this.#entry(sequence);
    const known = entry.emails?.[index];
    if (!known || idOf(entry, sequence, index) !== id) return undefined;
    const body: unknown = JSON.parse(this.#journal.body(position).toString());
    const email = z.looseObject({}).parse(Array.isArray(body) ? body[index] : body);
    return { summary: { ...known, id, at: new Date(entry.atMs).toISOString() }, email };
  }

  close(): void {
    this.#journal.close();
  }

  #write(entry: Entry, body?: Uint8Array): void {
    this.#index(entry, this.#journal.append(JSON.stringify(entry), body));
  }

  #index(entry: Entry, position: Position): void {
    const sequence = this.#positions.push(position) - 1;
    this.byStatus[entry.status] = (this.byStatus[entry.status] ?? 0) + 1;
    if (entry.key !== undefined && entry.status === 200) {
      this.#keys.delete(entry.key); // Moves a reused key to the end
      this.#keys.set(entry.key, { sequence, path: entry.path, atMs: entry.atMs });
    }
    for (const email of entry.emails ?? []) if (email !== null) this.#counts.add(email);
  }

  #entry(sequence: number): Entry {
    const position = this.#positions[sequence];
    if (position === undefined) throw new RangeError(`There is no request ${sequence} in the record.`);
    return entrySchema.parse(JSON.parse(this.#journal.header(position)));
  }
}

function idsOf(entry: Entry, sequence: number): Accepted {
  const ids: string[] = [];
  entry.emails?.forEach((email, index) => {
    if (email !== null) ids.push(idOf(entry, sequence, index));
  });
  return { ids, refused: entry.refused };
}

/** A UUID that contains the position of its mail: the request's sequence number, and the position in the request. */
function idOf(entry: Entry, sequence: number, index: number): string {
  return `${entry.uid}-${sequence.toString(16).padStart(9, "0")}${index.toString(16).padStart(3, "0")}`;
}
