/**
 * The feed in its simplest form, without SQL. Posts and follows are numbered in the order in which they happen.
 */
export type Op = {
  do:
    | "follow"
    | "unfollow"
    | "block"
    | "unblock"
    | "post"
    | "delete"
    | "plan"
    | "push"
    | "read"
    | "read again";
  by: string;
  with: string;
  /** The post of a `post`, `delete`, `plan` or `push`. */
  id: string;
};
export type Limits = { pullAbove: number; kept: number };

type Post = {
  id: string;
  number: number;
  author: string;
  isPulled: boolean;
  isDeleted: boolean;
  /** The numbers of the follows that are still to be served, in parts; undefined before the plan. */
  parts: number[][] | undefined;
};
type Follow = { reader: string; author: string; since: number };

const PART = 2;

export function feedModel({ pullAbove, kept }: Limits) {
  let number = 0;
  let follows: Follow[] = [];
  const blocks = new Set<string>();
  const posts: Post[] = [];
  const entries = new Map<string, Post[]>();
  const pulledBefore = new Map<string, Post[]>();

  const newest = (some: Post[], limit: number) =>
    some.toSorted((one, other) => other.number - one.number).slice(0, limit);
  const isVisible = (reader: string, post: Post) =>
    !post.isDeleted &&
    !blocks.has(`${reader} ${post.author}`) &&
    !blocks.has(`${post.author} ${reader}`) &&
    follows.some(
      ({ reader: by, author, since }) => by === reader && author === post.author && since < post.number,
    );
  const pull = (reader: string) => {
    const authors = follows.filter((follow) => follow.reader === reader).map(({ author }) => author);
    const found = authors.flatMap((author) =>
      newest(
        posts.filter((post) => post.isPulled && post.author === author && isVisible(reader, post)),
        10,
      ),
    );
    return newest(found, 50);
  };
  const read = (reader: string, pulled: Post[]) => {
    pulledBefore.set(reader, pulled);
    const candidates = new Set([...(entries.get(reader) ?? []), ...pulled]);
    return newest([...candidates], 2000)
      .filter((post) => isVisible(reader, post))
      .slice(0, 50)
      .map(({ id }) => id);
  };
  const push = (post: Post, since: number[]) => {
    for (const { reader } of follows.filter((follow) => since.includes(follow.since)))
      entries.set(reader, newest([...(entries.get(reader) ?? []), post], kept));
  };
  const find = (id: string) => {
    const post = posts.find((post) => post.id === id);
    if (!post) throw new Error(`No post ${id}`);
    return post;
  };
  const cut = (post: Post): number[][] => {
    const since = follows
      .filter(({ author, since }) => author === post.author && since < post.number)
      .map((follow) => follow.since)
      .toSorted((one, other) => one - other);
    const isWanted = !post.isPulled && !post.isDeleted;
    return isWanted
      ? Array.from({ length: Math.ceil(since.length / PART) }, (_, n) =>
          since.slice(n * PART, (n + 1) * PART),
        )
      : [];
  };

  const changes: Record<Exclude<Op["do"], "read" | "read again">, (op: Op) => void> = {
    follow({ by, with: author }) {
      number += 1;
      if (!follows.some((follow) => follow.reader === by && follow.author === author))
        follows.push({ reader: by, author, since: number });
    },
    unfollow({ by, with: author }) {
      follows = follows.filter((follow) => follow.reader !== by || follow.author !== author);
    },
    block: ({ by, with: other }) => void blocks.add(`${by} ${other}`),
    unblock: ({ by, with: other }) => void blocks.delete(`${by} ${other}`),
    post({ by, id }) {
      number += 1;
      const isPulled = follows.filter(({ author }) => author === by).length > pullAbove;
      posts.push({ id, number, author: by, isPulled, isDeleted: false, parts: undefined });
    },
    delete({ id }) {
      find(id).isDeleted = true;
    },
    plan({ id }) {
      find(id).parts ??= cut(find(id));
    },
    push({ id }) {
      const post = find(id);
      const part = post.parts?.shift();
      if (part && !post.isDeleted) push(post, part);
    },
  };

  return {
    /** Returns what a read shows, and undefined for changes. */
    act(op: Op): string[] | undefined {
      if (op.do === "read") return read(op.by, pull(op.by));
      if (op.do === "read again") return read(op.by, pulledBefore.get(op.by) ?? pull(op.by));
      changes[op.do](op);
      return undefined;
    },
    /** What a feed should show when every post has arrived, whichever way it took. */
    ideal: (reader: string) =>
      newest(
        posts.filter((post) => isVisible(reader, post)),
        50,
      ).map(({ id }) => id),
  };
}
