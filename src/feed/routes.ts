import { randomUUID } from "node:crypto";
import { z } from "zod";
import { pushPostRequested } from "#feed/events.ts";
import type { FeedRepository, PostRow } from "#feed/repository.ts";
import type { Jobs } from "#jobs/accept.ts";
import { request } from "#jobs/request.ts";
import { jobUrl } from "#jobs/view.ts";
import { AppError } from "#lib/errors.ts";
import { filledText } from "#lib/http/fields.ts";
import { namedPageQuery, toPage } from "#lib/http/pages.ts";
import { idParams, json, type Method, ownerOf, type Route, route } from "#lib/http/route.ts";

type Dependencies = {
  feed: FeedRepository;
  readFeed: (reader: string) => Promise<PostRow[]>;
  jobs: Pick<Jobs, "accept">;
};

const postView = z.object({ id: z.uuid(), author: z.string(), content: z.string(), createdAt: z.string() });
z.globalRegistry.add(postView, { id: "Post" });
const personView = z.object({ person: z.string(), since: z.string() });
z.globalRegistry.add(personView, { id: "FollowedOrBlockedPerson" });
const createdView = z.object({
  status: z.literal("created"),
  id: z.uuid(),
  jobId: z.uuid(),
  statusUrl: z.string(),
});
z.globalRegistry.add(createdView, { id: "CreatedPost" });
/** A person's id is the owner of the person's posts: the id of a user, or the owner of an API key. */
const personParams = z.object({ person: filledText(200) });

export const feedRoutes = ({ feed, readFeed, jobs }: Dependencies): Route[] => [
  route({
    method: "POST",
    path: "/api/posts",
    policy: "user",
    summary: "Publish a post; a job brings it to the followers",
    body: z.object({ content: filledText(5000) }),
    responses: { 201: createdView },
    handler: async ({ body: { content }, requester, idempotencyKey: key }) => {
      const id = randomUUID();
      const options = { id, requester, key, comparedData: { content } };
      const job = await jobs.accept(request(pushPostRequested, { postId: id }, options), (wanted) =>
        feed.accept(content, wanted),
      );
      return json(201, { status: "created", id: job.id, jobId: job.id, statusUrl: jobUrl(job.id) });
    },
  }),
  route({
    method: "DELETE",
    path: "/api/posts/:id",
    policy: "user",
    summary: "Delete a post; no feed shows it any more",
    params: idParams,
    responses: { 204: z.undefined() },
    handler: async ({ params: { id }, requester }) => {
      if (!(await feed.remove(id, ownerOf(requester)))) throw new AppError("not_found", "Post not found");
      return json(204, undefined);
    },
  }),
  route({
    method: "GET",
    path: "/api/feed",
    policy: "user",
    summary: "The newest 50 posts of the authors that the caller follows",
    responses: { 200: z.object({ posts: z.array(postView) }) },
    handler: async ({ requester }) => {
      const posts = await readFeed(requester.owner);
      return json(200, { posts: posts.map(toPostView) });
    },
  }),
  peopleRoute("/api/follows", "The authors that the caller follows, by name", feed.follows),
  peopleRoute("/api/blocks", "The people that the caller blocks, by name", feed.blocks),
  changeRoute("PUT", "/api/follows/:person", "Follow an author: get the posts from now on", feed.follow),
  changeRoute("DELETE", "/api/follows/:person", "Stop following an author", feed.unfollow),
  changeRoute("PUT", "/api/blocks/:person", "Hide the posts of two people from each other", feed.block),
  changeRoute("DELETE", "/api/blocks/:person", "End a block", feed.unblock),
];

const peopleRoute = (path: string, summary: string, list: FeedRepository["follows"]): Route =>
  route({
    method: "GET",
    path,
    policy: "user",
    summary,
    query: z.object(namedPageQuery),
    responses: { 200: z.object({ items: z.array(personView), nextCursor: z.string().nullable() }) },
    handler: async ({ query: { limit, cursor }, requester }) => {
      const rows = await list(requester.owner, limit, cursor?.name);
      return json(
        200,
        toPage(rows, limit, ({ person }) => ({ name: person })),
      );
    },
  });

/** A route that changes which posts of one person the caller sees. A repeated request changes nothing. */
const changeRoute = (
  method: Method,
  path: string,
  summary: string,
  change: (self: string, person: string) => Promise<void>,
): Route =>
  route({
    method,
    path,
    policy: "user",
    summary,
    params: personParams,
    responses: { 204: z.undefined() },
    handler: async ({ params: { person }, requester }) => {
      await change(requester.owner, person);
      return json(204, undefined);
    },
  });

const toPostView = ({ created_at: createdAt, id, author, content }: PostRow) => ({
  id,
  author,
  content,
  createdAt,
});
