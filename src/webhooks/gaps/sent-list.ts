import { codeOf } from "#lib/errors.ts";
import type { Source } from "#webhooks/source.ts";

/** What a provider has sent to one of our addresses, newest first, as its API lists it. */
export type SentList = {
  /** Under this name we remember how far the list was compared: `stripe`, `github:ada/engine:42`. */
  key: string;
  source: Source;
  /** One page, from the newest on, or from the cursor on. Pages may reach back further than `from`. */
  page: (from: Date, cursor: string | undefined) => Promise<SentPage>;
};

/** `next` is the cursor of the next page; undefined: this is the last one. */
export type SentPage = { sent: readonly Sent[]; next: string | undefined };

export type Sent = { externalId: string; type: string; at: Date; load: () => Promise<Loaded> };

/** A webhook as the door would receive it. No signature: we asked the provider ourselves, over TLS. */
export type Loaded = { headers: Headers; bytes: Uint8Array };

/** A provider that can be asked what it has sent. A list that our key may not read is named with the reason. */
export type Asked = { lists: SentList[]; unchecked: string[] };

export const jsonBytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

/** Whether this address is our door for the source: on this site, or on any when the site's address is not known. */
export function isOurDoor(address: string | undefined, { name }: Source, site: string | undefined): boolean {
  if (address === undefined || !URL.canParse(address)) return false;
  const { origin, pathname } = new URL(address);
  return pathname === `/api/webhooks/${name}` && (site === undefined || origin === new URL(site).origin);
}

/** A key that may send or read metrics may often not read webhooks; then there is nothing to try again. */
export async function unlessForbidden<T>(read: Promise<T>): Promise<T | undefined> {
  try {
    return await read;
  } catch (error) {
    const code = codeOf(error);
    if (code === "provider_unauthorized" || code === "provider_rejected") return undefined;
    throw error;
  }
}
