import { z } from "zod";
import type { JsonApi } from "#lib/outside/json-api.ts";
import {
  type Asked,
  isOurDoor,
  jsonBytes,
  type SentList,
  unlessForbidden,
} from "#webhooks/gaps/sent-list.ts";
import { foreignName, MAX_BYTES } from "#webhooks/source.ts";
import { github as source } from "#webhooks/sources/github.ts";

const id = z.int().min(0).max(Number.MAX_SAFE_INTEGER);
const hooks = z.array(z.looseObject({ id, config: z.looseObject({ url: z.string().optional() }) }));
const deliveries = z.array(
  z.looseObject({
    id,
    /** The `guid` is the same for all deliveries of one event. The inbox stores it as the webhook's id. */
    guid: foreignName,
    event: foreignName,
    delivered_at: z.iso.datetime({ offset: true }).max(40),
  }),
);
const delivery = z.looseObject({ request: z.looseObject({ payload: z.unknown() }) });
/** A delivery has the webhook's body, its headers, and our answer. */
const DELIVERY_LIMIT = { maxAnswerBytes: 2 * MAX_BYTES };

type Options = { github: JsonApi; repositories: readonly string[]; site: string | undefined };

/**
 * The deliveries of each repository's hook that has our address. GitHub never repeats a delivery, and forgets it after
 * 3 days.
 */
export async function githubLists({ github, repositories, site }: Options): Promise<Asked> {
  const asked: Asked = { lists: [], unchecked: [] };
  for (const repository of repositories) {
    const found = await unlessForbidden(github.get(`/repos/${repository}/hooks?per_page=100`, hooks));
    const ours = found?.data.filter(({ config }) => isOurDoor(config.url, source, site));
    if (ours === undefined) asked.unchecked.push(`GITHUB_TOKEN may not read the hooks of ${repository}`);
    for (const hook of ours ?? []) asked.lists.push(hookList(github, repository, hook.id));
  }
  return asked;
}

const hookList = (github: JsonApi, repository: string, hook: number): SentList => ({
  key: `${source.name}:${repository}:${hook}`,
  source,
  async page(_, cursor) {
    const path = `/repos/${repository}/hooks/${hook}/deliveries`;
    const query = new URLSearchParams({ per_page: "100", ...(cursor !== undefined && { cursor }) });
    const { data, headers } = await github.get(`${path}?${query}`, deliveries);
    return {
      sent: data.map((one) => ({
        externalId: one.guid,
        type: one.event,
        at: new Date(one.delivered_at),
        async load() {
          const { request } = (await github.get(`${path}/${one.id}`, delivery, DELIVERY_LIMIT)).data;
          return {
            headers: new Headers({
              "x-github-event": one.event,
              "x-github-delivery": one.guid,
              "x-github-hook-id": String(hook),
            }),
            bytes: jsonBytes(request.payload),
          };
        },
      })),
      next: nextCursor(headers.get("link")),
    };
  },
});

/** The cursor in `Link: <https://…?per_page=100&cursor=v1_1>; rel="next"`. */
function nextCursor(link: string | null): string | undefined {
  const next = link?.split(",").find((one) => one.includes('rel="next"'));
  const address = next?.slice(next.indexOf("<") + 1, next.indexOf(">"));
  if (address === undefined || !URL.canParse(address)) return undefined;
  return new URL(address).searchParams.get("cursor") ?? undefined;
}
