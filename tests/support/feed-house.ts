import { createApiKey } from "@nightshift/local/api-key.ts";
import { z } from "zod";
import { feedFunctions } from "#feed/functions.ts";
import { type Workshop, workshop } from "./workshop.ts";

const answer = z.object({
  posts: z.array(z.object({ id: z.string(), author: z.string(), content: z.string() })),
});

export type FeedHouse = Awaited<ReturnType<typeof feedHouse>>;

/** People who post and read, over a real database and engine. */
export async function feedHouse() {
  const hooks: { afterDatabase: ((path: string) => void) | undefined } = { afterDatabase: undefined };
  const shop: Workshop = await workshop({
    env: { PLAN: "pro" },
    functions: feedFunctions,
    afterDatabase: (path) => hooks.afterDatabase?.(path),
  });
  const keys = new Map<string, string>();

  /** A call of the API by this person. */
  async function as(person: string, method: string, path: string, body?: unknown, headers = {}) {
    const key =
      keys.get(person) ??
      (await createApiKey(shop.database.project, { name: person, role: "app", owner: person }));
    keys.set(person, key);
    return shop.call(method, path, body, { authorization: `Bearer ${key}`, ...headers });
  }
  const done = async (person: string, method: string, path: string) => {
    const { status, body } = await as(person, method, path);
    if (status !== 204) throw new Error(`${method} ${path}: ${status} ${JSON.stringify(body)}`);
  };
  const statusOf = async (id: string): Promise<string> =>
    (await shop.rows("select status from jobs where id = $1", [id]))[0].status;

  return {
    ...shop,
    /** Stands behind every call to the database, after its effect; when it throws, the answer is lost. */
    hooks,
    as,
    /** Publishes a post; returns its id. */
    async post(author: string, content = "hello"): Promise<string> {
      const { status, body } = await as(author, "POST", "/api/posts", { content });
      if (status !== 201) throw new Error(`${status} ${JSON.stringify(body)}`);
      return body.id;
    },
    pushed: (id: string) =>
      shop.engine.waitFor(async () => (await statusOf(id)) === "completed", { within: "3d" }),
    follow: (reader: string, author: string) => done(reader, "PUT", `/api/follows/${author}`),
    unfollow: (reader: string, author: string) => done(reader, "DELETE", `/api/follows/${author}`),
    block: (one: string, other: string) => done(one, "PUT", `/api/blocks/${other}`),
    unblock: (one: string, other: string) => done(one, "DELETE", `/api/blocks/${other}`),
    remove: (author: string, id: string) => done(author, "DELETE", `/api/posts/${id}`),
    /** The ids of the reader's feed. */
    async feed(reader: string): Promise<string[]> {
      const { body } = await as(reader, "GET", "/api/feed");
      return answer.parse(body).posts.map(({ id }) => id);
    },
    /** Followers f1, f2, … of an author, without the API. */
    async addFollowers(author: string, from: number, to: number) {
      await shop.rows(
        `insert into follows (follower, author, since, created_at)
         select 'f' || n, $1, nextval('private.feed_sequence'), now() from generate_series($2::integer, $3) as n`,
        [author, from, to],
      );
    },
    /** Cuts each post into parts of so many followers, so that few of them are several parts. */
    async pushInPartsOf(followers: number) {
      await shop.rows(
        `alter function public.cut_post rename to cut_post_by_size;
         create function public.cut_post(p_id uuid, p_size integer) returns jsonb language sql set search_path = ''
         as 'select public.cut_post_by_size(p_id, ${followers})';
         grant execute on function public.cut_post to service_role`,
      );
    },
    /** Lowers the number of followers above which posts are pulled. */
    async pullAbove(followers: number) {
      await shop.rows(
        `create or replace function private.most_pushed_followers() returns integer language sql immutable
         as 'select ${followers}'`,
      );
    },
  };
}
