import { codeOf } from "#lib/errors.ts";
import type { Source } from "#webhooks/source.ts";

/** What a provider has sent to one of our addresses, newest first, as its API lists it. */
export type SentList = {
  /** The database stores under this name how far the list was compared: `stripe`, `github:ada/engine:42`. */
  key: string;
  source: Source;
  /** Reads one page: the newest webhooks, or those after the cursor. Pages may reach back further than `from`. */
  page: (from: Date, cursor: string | undefined) => Promise<SentPage>;
};

/** `next` is the cursor of the next page; undefined when this is the last one. */
export type SentPage = { sent: readonly Sent[]; next: string | undefined };

export type Sent = { externalId: string; type: string; at: Date; load: () => Promise<Loaded> };

/**
 * A webhook as our route would receive it. It has no signature, because we requested it from the provider ourselves,
 * over TLS.
 */
export type Loaded = { headers: Headers; bytes: Uint8Array };

/** What a provider says it has sent. `unchecked` names the lists that our key may not read, with the reason. */
export type Asked = { lists: SentList[]; unchecked: string[] };

export const jsonBytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

/** Whether the address is our route for the source. When the site's address is unknown, any site is accepted. */
export function isOurDoor(address: string | undefined, { name }: Source, site: string | undefined): boolean {
  if (address === undefined || !URL.canParse(address)) return false;
  const { origin, pathname } = new URL(address);
  return pathname === `/api/webhooks/${name}` && (site === undefined || origin === new URL(site).origin);
}

/** A key that may send mails or read metrics often may not read webhooks. Trying again would not change that. */
export async function unlessForbidden<T>(read: Promise<T>): Promise<T | undefined> {
  try {
    return await read;
  } catch (error) {
    const code = codeOf(error);
    if (code === "provider_unauthorized" || code === "provider_rejected") return undefined;
    throw error;
  }
}
