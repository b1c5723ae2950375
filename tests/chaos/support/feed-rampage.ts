import type { House } from "./campaign.ts";
import { insist, unfinished, until } from "./insist.ts";
import { killAtRandom } from "./kill-at-random.ts";
import { hireOperator } from "./operator.ts";
import { type Part, partsHouse } from "./parts-house.ts";

type Wish = { posts: number; followers: number; killsOfEach: number; say?: (progress: string) => void };

/** `jobs`: the status of the post's job, and of those that an operator's reprocess made. */
type Outcome = { post: string; entries: number; counted: number | null; jobs: string[] };

export type FeedVerdict = {
  kills: Record<Part, number>;
  posts: number;
  /** Posts that reached each follower. */
  complete: number;
  /** Posts whose jobs count another number of entries than there are. */
  miscounted: Outcome[];
  leftOver: number;
};

/** An author publishes posts for their followers while all parts of the stack are killed. */
export async function feedRampage({
  posts,
  followers,
  killsOfEach,
  say = () => {},
}: Wish): Promise<FeedVerdict> {
  const house = await partsHouse({ PLAN: "pro" });
  const sendOperatorHome = hireOperator(house);
  try {
    await addFollowers(house, followers);
    const publish = async () => {
      for (let n = 0; n < posts; n++) await insist(() => post(house, `post ${n}`));
    };
    const [kills] = await Promise.all([
      killAtRandom(house, { killsOfEach, say, isOver: () => false }),
      publish(),
    ]);
    await until("every post is with its followers", async () => (await unfinished(house)) === 0);
    // The operator's reprocess of a dead letter is another job of the same post.
    const outcome = await house.query<Outcome>(
      `select content as post, (select count(*)::int from feed_entries where post_sequence = sequence) as entries,
         (select sum((result ->> 'pushed')::int)::int from jobs
          where event_name = 'feed/push.post' and event_data ->> 'postId' = posts.id::text) as counted,
         array(select status from jobs
          where event_name = 'feed/push.post' and event_data ->> 'postId' = posts.id::text order by created_at) as jobs
       from posts where content <> 'first'`,
    );
    return {
      kills,
      posts: outcome.length,
      complete: outcome.filter(({ entries }) => entries === followers).length,
      miscounted: outcome.filter(({ entries, counted }) => entries !== counted),
      leftOver: await unfinished(house),
    };
  } finally {
    await sendOperatorHome();
    await house.close();
  }
}

/** The client's key makes a repeated request the same post. */
const post = (house: House, content: string) =>
  house.call<{ id: string }>("POST", "/api/posts", { content }, { "idempotency-key": content });

/** The first post, which no follower gets, tells the author's name. */
async function addFollowers(house: House, followers: number): Promise<void> {
  const { id } = await post(house, "first");
  await house.query(
    `insert into follows (follower, author, since, created_at)
     select 'f' || n, author, nextval('private.feed_sequence'), now()
     from posts, generate_series(1, $2::integer) as n where id = $1`,
    [id, followers],
  );
}

/** Describes each fault of the outcome in words. */
export function faultsOfFeed(verdict: FeedVerdict, { posts, killsOfEach }: Wish): string[] {
  const faults: string[] = [];
  if (verdict.posts !== posts) faults.push(`there are ${verdict.posts} posts instead of ${posts}`);
  if (verdict.complete !== posts) faults.push(`${verdict.complete} of ${posts} posts reached each follower`);
  if (verdict.miscounted.length > 0) faults.push(`jobs count wrong: ${JSON.stringify(verdict.miscounted)}`);
  if (verdict.leftOver > 0) faults.push(`${verdict.leftOver} jobs are left over`);
  for (const [part, times] of Object.entries(verdict.kills))
    if (times < killsOfEach) faults.push(`${part} was killed ${times} times only`);
  return faults;
}
