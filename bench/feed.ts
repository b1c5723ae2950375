import { commandOptions, numberOption } from "@nightshift/local/command-options.ts";
import { type BenchStack, benchStack } from "./campaign-stack.ts";

const USAGE = "npm run bench -- feed [--entries 1000000] [--json]";

const ROUNDS = 200;
const FOLLOWERS = 10_000;
/**
 * How many authors each reader follows. The feed pulls the posts of the first `PULLED` authors; the posts of all others
 * are pushed.
 */
const FOLLOWED = 200;
const PULLED = 10;
const ENTRIES_PER_READER = 1000;
const POSTS_PER_AUTHOR = 30;

/** Reads the same feed without feed entries: each read joins `follows` with `posts`. */
const NAIVE = `select posts.id, posts.author, posts.content, posts.created_at
  from follows join posts using (author)
  where follower = $1 and since < sequence
    and not exists (select from blocks where blocker = follower and blocked = author)
    and not exists (select from blocks where blocker = author and blocked = follower)
  order by sequence desc limit 50`;

/**
 * Measures how long GET /api/feed takes over HTTP through the whole stack. In the same database, also measures the
 * request's SQL statement alone, the naive join, and the cost of copying a post into the feeds of 10,000 followers.
 */
export async function run(args: string[]): Promise<void> {
  const { values } = commandOptions(USAGE, {
    args,
    options: { entries: { type: "string", default: "1000000" }, json: { type: "boolean", default: false } },
  });
  const entries = numberOption("entries", values.entries);
  const stack = await benchStack({ PLAN: "pro" });
  const say = (text: string) => values.json || console.log(text);
  try {
    say(`filling ${entries} entries`);
    const owner = await fill(stack, entries);
    const feed = await measure(async () => {
      const response = await fetch(`${stack.urls.site}/api/feed`, {
        headers: { authorization: `Bearer ${stack.keys.app}` },
      });
      const { posts } = (await response.json()) as { posts: unknown[] };
      if (posts.length !== 50) throw new Error(`${response.status}: ${posts.length} posts`);
    });
    const statement = await measure(async () => {
      await stack.sql.query("select public.read_feed($1, null)", [owner]);
    });
    const naive = await measure(async () => {
      const { rows } = await stack.sql.query(NAIVE, [owner]);
      if (rows.length !== 50) throw new Error(`${rows.length} posts`);
    });
    say(
      `feed ${JSON.stringify(feed)}, its statement ${JSON.stringify(statement)}, naive ${JSON.stringify(naive)}`,
    );
    const push = await pushOnce(stack, owner);
    console.log(
      JSON.stringify({
        entries,
        p95Ms: feed.p95,
        naiveP95Ms: naive.p95,
        executionsPer10kFollowers: push.executions,
        sqlPer10kFollowers: push.statements,
        p50Ms: feed.p50,
        statementP95Ms: statement.p95,
        naiveP50Ms: naive.p50,
        pushMs: push.ms,
        rounds: ROUNDS,
      }),
    );
  } finally {
    await stack.stop();
  }
}

async function measure(read: () => Promise<void>) {
  const times: number[] = [];
  // The first five reads are not measured: they load code and fill caches, which is already done in a running site.
  for (let n = -5; n < ROUNDS; n++) {
    const began = performance.now();
    await read();
    if (n >= 0) times.push(performance.now() - began);
  }
  times.sort((one, other) => one - other);
  const at = (share: number) => Math.round((times[Math.ceil(times.length * share) - 1] ?? 0) * 10) / 10;
  return { p50: at(0.5), p95: at(0.95) };
}

/** Creates authors with posts, and readers with full feeds. Returns the reader who owns the app's API key. */
async function fill({ sql, call }: BenchStack, entries: number): Promise<string> {
  const { id } = await call<{ id: string }>("POST", "/api/posts", { content: "whose key is this?" });
  const { rows } = await sql.query("select author from posts where id = $1", [id]);
  const owner: string = rows[0].author;
  const readers = Math.max(1, Math.round(entries / ENTRIES_PER_READER));
  await sql.query(
    `with people as (select n, case n when 1 then $1 else 'reader' || n end as reader from generate_series(1, $2::integer) as n)
     insert into follows select reader, case when m <= $4 then 'star' || m else 'author' || (n * 7 + m) % 20000 end,
       nextval('private.feed_sequence'), now()
     from people cross join generate_series(1, $3::integer) as m on conflict do nothing`,
    [owner, readers, FOLLOWED, PULLED],
  );
  await sql.query(
    `insert into posts (id, sequence, author, content, strategy, follower_count, created_at)
     select gen_random_uuid(), nextval('private.feed_sequence'), author, repeat('x', 200),
       case when author like 'star%' then 'pull' else 'push' end, 1, now()
     from generate_series(1, $1::integer) as round cross join (select distinct author from follows) as authors`,
    [POSTS_PER_AUTHOR],
  );
  await sql.query(
    `insert into feed_entries
     select reader, sequence from (select distinct follower as reader from follows) as readers cross join lateral (
       select sequence from follows join posts using (author) where follower = reader and strategy = 'push'
       order by sequence desc limit $1) as newest`,
    [ENTRIES_PER_READER],
  );
  await sql.query("vacuum analyze posts, follows, feed_entries, blocks");
  return owner;
}

/** Measures one post from its request to the end of its job. Its author has 10,000 followers, whose feeds are full. */
async function pushOnce({ sql, call, usage, statements }: BenchStack, owner: string) {
  await sql.query(
    `insert into follows select 'fan' || n, $1, nextval('private.feed_sequence'), now()
     from generate_series(1, $2::integer) as n`,
    [owner, FOLLOWERS],
  );
  await sql.query(
    `insert into feed_entries select 'fan' || n, -m from generate_series(1, $1::integer) as n,
       generate_series(1, $2::integer) as m`,
    [FOLLOWERS / 10, ENTRIES_PER_READER],
  );
  await sql.query("vacuum analyze follows, feed_entries");
  const before = { executions: (await usage()).executions, statements: await statements() };
  const began = performance.now();
  const { id } = await call<{ id: string }>("POST", "/api/posts", { content: "hello" });
  for (;;) {
    const { rows } = await sql.query("select status from jobs where id = $1", [id]);
    if (rows[0].status === "completed") break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const ms = Math.round(performance.now() - began);
  // The job ends before its last run is recorded as ended, so the benchmark waits before it counts executions.
  await new Promise((resolve) => setTimeout(resolve, 2000));
  return {
    ms,
    executions: (await usage()).executions - before.executions,
    statements: (await statements()) - before.statements,
  };
}
