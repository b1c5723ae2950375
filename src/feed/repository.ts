import { z } from "zod";
import type { JobRequest } from "#jobs/request.ts";
import { jobRow } from "#jobs/rows.ts";
import type { Clock } from "#lib/clock.ts";
import { createCall } from "#lib/database/call.ts";
import type { DatabaseClient } from "#lib/database/client.ts";

export type FeedRepository = ReturnType<typeof feedRepository>;

const worked = z.enum(["open", "done", "lost"]);
const range = z.object({ first: z.number(), last: z.number(), total: z.number() });
const feedRow = z.object({
  posts: z.array(z.object({ id: z.uuid(), author: z.string(), content: z.string(), created_at: z.string() })),
  /** The sequence numbers of the pulled posts. */
  pulled: z.array(z.number()),
});
export type PostRow = z.output<typeof feedRow>["posts"][number];

const personRow = z.object({ person: z.string(), since: z.string() });

/** The most follows and blocks of one person. They are limited because every read of a feed looks at all of them. */
const MOST_FOLLOWS = 5000;
const MOST_BLOCKS = 5000;

/** Posts, follows, blocks, and the feeds that result. A person's id is the owner of the person's rows. */
export function feedRepository(db: DatabaseClient, clock: Clock) {
  const { call, callTimeless } = createCall(db, clock);
  return {
    /** Returns the job, whose id is the post's id. */
    accept: (content: string, request: JobRequest) => call("accept_post", { content, request }, jobRow),

    /** Returns false when this author has no such post. An `author` of null is an administrator. */
    remove: (id: string, author: string | null) => callTimeless("delete_post", { id, author }, z.boolean()),

    follow: (follower: string, author: string) =>
      call("follow_author", { follower, author, most: MOST_FOLLOWS }),

    unfollow: (follower: string, author: string) => callTimeless("unfollow_author", { follower, author }),

    block: (blocker: string, blocked: string) =>
      call("block_person", { blocker, blocked, most: MOST_BLOCKS }),

    unblock: (blocker: string, blocked: string) => callTimeless("unblock_person", { blocker, blocked }),

    /** Returns at most `limit` + 1 rows, sorted by name: the extra row shows that there is a next page. */
    follows: (follower: string, limit: number, after: string | undefined) =>
      callTimeless("list_follows", { follower, after, limit: limit + 1 }, personRow.array()),

    blocks: (blocker: string, limit: number, after: string | undefined) =>
      callTimeless("list_blocks", { blocker, after, limit: limit + 1 }, personRow.array()),

    /** Cuts the followers of a post's author into ranges of at most `size` followers each. */
    cut: (id: string, size: number) => callTimeless("cut_post", { id, size }, range.array()),

    push: (part: { id: number; token: string }) =>
      call("push_post_part", { partId: part.id, token: part.token }, worked),

    /** `pulled`: the pulled posts of an earlier answer, so that only their visibility is looked up. */
    read: (reader: string, pulled: number[] | undefined) =>
      callTimeless("read_feed", { reader, pulled }, feedRow),
  };
}
