import type { Outbox } from "#jobs/outbox.ts";
import { codeOf } from "#lib/errors.ts";
import type { Logger } from "#lib/logger.ts";
import type { GapRepository, Position } from "#webhooks/gaps/gap-repository.ts";
import type { Loaded, Sent, SentList } from "#webhooks/gaps/sent-list.ts";
import { toInbox } from "#webhooks/receive.ts";
import type { Arrival, WebhookRepository } from "#webhooks/repository.ts";
import { MAX_BYTES } from "#webhooks/source.ts";

export type CheckDependencies = {
  gaps: GapRepository;
  webhooks: Pick<WebhookRepository, "receive">;
  outbox: Pick<Outbox, "send">;
  logger: Logger;
};

/**
 * `isDone` false: the time was up, and the next step continues. `failed`: webhooks that the provider could not give; the
 * next checks ask for them again. `unreadable`: webhooks that are not ours, are too large, no longer exist, or failed
 * for a day.
 */
export type Checked = {
  listed: number;
  missing: number;
  failed: number;
  unreadable: number;
  isDone: boolean;
};
const NOTHING: Checked = { listed: 0, missing: 0, failed: 0, unreadable: 0, isDone: true };
type Times = { now: Date; checkedUntil: Date };
type Taken = Checked & {
  /** When the oldest of the `failed` webhooks was sent. */
  failedAt: Date | undefined;
};

/**
 * Providers list events somewhat later than they happen, and in a slightly different order. So each check goes back
 * this far behind the previous check, and compares that time again.
 */
const OVERLAP_MS = 60 * 60_000;
/**
 * The provider may have forgotten the cursor of an interrupted reading after this time. Then reading starts again from
 * the newest.
 */
const CURSOR_LIFE_MS = 24 * 60 * 60_000;
/** Failures of the provider that concern one webhook: all others concern the whole list. */
const CONCERNS_ONE_WEBHOOK: ReadonlySet<string> = new Set(["provider_rejected", "provider_answer_too_large"]);
/** Failures of the provider that concern one webhook, unless several webhooks in a row fail. */
const MAY_CONCERN_ONE_WEBHOOK: ReadonlySet<string> = new Set(["provider_unavailable", "provider_timeout"]);
/** After this many failures in a row, the provider itself fails, and the check is tried again later. */
const MOST_FAILURES = 3;
/** A webhook that fails again at this age is given up. GitHub remembers webhooks for 3 days. */
const GIVE_UP_AFTER_MS = 24 * 60 * 60_000;
/** The most webhooks, and the most bytes, that one statement stores. */
const BATCH = { count: 25, bytes: 1_000_000 };

/**
 * Reads a list from the newest webhook back to the time up to which it was compared before, and stores the webhooks
 * that the inbox does not have. It may stop after any page, and a repeated page changes nothing. A webhook that the
 * provider cannot give does not stop the others: the list counts as compared only up to this webhook.
 */
export async function checkList(
  deps: CheckDependencies,
  list: SentList,
  { now, isLate }: { now: Date; isLate: () => boolean },
): Promise<Checked> {
  const total = { ...NOTHING };
  let at = await deps.gaps.open(list.key, list.source.name);
  while (at.checkedUntil < now || at.reading !== undefined) {
    const isFresh = at.reading !== undefined && now.getTime() - at.reading.until.getTime() < CURSOR_LIFE_MS;
    const reading = isFresh && at.reading ? { ...at.reading } : { until: now, cursor: undefined };
    const from = new Date(at.checkedUntil.getTime() - OVERLAP_MS);
    const page = await list.page(from, reading.cursor);
    const found = await takeMissing(deps, list, page.sent.filter(isWanted(list, from)), {
      now,
      checkedUntil: at.checkedUntil,
      isLate,
    });
    if (found.failedAt && found.failedAt < reading.until) reading.until = found.failedAt;
    total.listed += page.sent.length;
    total.missing += found.missing;
    total.failed += found.failed;
    total.unreadable += found.unreadable;
    const oldest = page.sent.at(-1);
    const isEnd = page.next === undefined || (oldest !== undefined && oldest.at < from);
    const next: Position = isEnd
      ? { checkedUntil: reading.until, reading: undefined }
      : { checkedUntil: at.checkedUntil, reading: { until: reading.until, cursor: page.next } };
    at = found.isDone ? next : { ...at, reading };
    await deps.gaps.save(list.key, at, found.missing);
    // What failed is left to the next check.
    total.isDone = at.reading === undefined && (at.checkedUntil >= now || total.failed > 0);
    if (total.isDone || isLate()) break;
  }
  return total;
}

const isWanted =
  ({ source }: SentList, from: Date) =>
  ({ type, at }: Sent) =>
    at >= from && source.types.includes(type.replace(/^v1\./, ""));

/**
 * What a failure to load a webhook means. "unreadable": the provider does not have the webhook, or it is invalid or too
 * large. Only "stop" stops the other webhooks. A webhook that failed before is not newer than `checkedUntil`; only such
 * a webhook is given up.
 */
function fateOf(
  error: unknown,
  { at }: Sent,
  { now, checkedUntil }: Times,
): "failed" | "unreadable" | "stop" {
  const code = codeOf(error);
  if (!code?.startsWith("provider_") || CONCERNS_ONE_WEBHOOK.has(code)) return "unreadable";
  if (!MAY_CONCERN_ONE_WEBHOOK.has(code)) return "stop";
  const isGivenUp = at <= checkedUntil && now.getTime() - at.getTime() >= GIVE_UP_AFTER_MS;
  return isGivenUp ? "unreadable" : "failed";
}

/** Stores the missing webhooks in batches, the oldest batch first, until the time is up. */
async function takeMissing(
  { gaps, webhooks, outbox, logger }: CheckDependencies,
  { source, key }: SentList,
  sent: readonly Sent[],
  { isLate, ...times }: Times & { isLate: () => boolean },
): Promise<Taken> {
  const unknown = new Set(await gaps.missing(source.name, [...new Set(sent.map((one) => one.externalId))]));
  const byId = new Map(
    sent.filter(({ externalId }) => unknown.has(externalId)).map((one) => [one.externalId, one]),
  );
  const found: Taken = { ...NOTHING, listed: sent.length, failedAt: undefined };
  let failuresInARow = 0;
  let batch: Arrival[] = [];
  let bytes = 0;
  for (const one of [...byId.values()].toReversed()) {
    if (isLate()) {
      found.isDone = false;
      break;
    }
    let loaded: Loaded;
    try {
      loaded = await one.load();
      if (loaded.bytes.length > MAX_BYTES) throw new RangeError(`${loaded.bytes.length} bytes`);
      failuresInARow = 0;
      batch.push(toInbox(source, loaded.headers, loaded.bytes));
    } catch (err) {
      const fate = fateOf(err, one, times);
      if (fate === "failed") failuresInARow += 1;
      if (fate === "stop" || failuresInARow === MOST_FAILURES) {
        await flush();
        throw err;
      }
      const about = { err, list: key, externalId: one.externalId, code: codeOf(err) };
      if (fate === "failed") logger.warn(about, "webhook failed; the next check asks for it again");
      else logger.error(about, "webhook cannot be taken in");
      if (fate === "failed") found.failedAt ??= one.at;
      found[fate] += 1;
      continue;
    }
    bytes += loaded.bytes.length;
    if (batch.length >= BATCH.count || bytes >= BATCH.bytes) await flush();
  }
  await flush();
  return found;

  async function flush(): Promise<void> {
    if (batch.length === 0) return;
    const jobs = await webhooks.receive(batch);
    found.missing += jobs.length;
    await outbox.send(jobs);
    [batch, bytes] = [[], 0];
  }
}
