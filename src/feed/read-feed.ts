import { LRUCache } from "lru-cache";
import type { FeedRepository, PostRow } from "#feed/repository.ts";
import type { Clock } from "#lib/clock.ts";

/** S2-14: how long the posts that were pulled for a reader are kept in memory. */
const PULLED_MS = 30_000;
const MOST_READERS = 10_000;

/**
 * Reads feeds. This process keeps the list of pulled posts for 30 s. Every read checks which of these posts the reader
 * may see.
 */
export function createReadFeed(feed: Pick<FeedRepository, "read">, clock: Clock) {
  const pulled = new LRUCache<string, number[]>({
    max: MOST_READERS,
    ttl: PULLED_MS,
    ttlResolution: 0,
    perf: { now: () => clock.now().getTime() },
  });
  return async (reader: string): Promise<PostRow[]> => {
    const known = pulled.get(reader);
    const answer = await feed.read(reader, known);
    if (known === undefined) pulled.set(reader, answer.pulled);
    return answer.posts;
  };
}
