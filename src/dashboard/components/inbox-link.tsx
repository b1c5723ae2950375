import { useEffect, useState } from "react";
import { Icon } from "./icon.tsx";

/**
 * The local stack serves this file, which contains the address of its inbox. Only a page on this machine requests it.
 */
const PATH = "/local-stack.json";
const HERE = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** A link to the mails of a local stack; elsewhere nothing. */
export function InboxLink() {
  const [href, setHref] = useState<string>();
  useEffect(() => {
    if (HERE.has(location.hostname)) void inboxUrl().then(setHref);
  }, []);
  if (href === undefined) return null;
  return (
    <li>
      <a href={href} target="_blank" rel="noreferrer" aria-label="Inbox (opens in a new tab)">
        <Icon name="inbox" />
        Inbox
        <Icon name="external" size={12} />
      </a>
    </li>
  );
}

async function inboxUrl(): Promise<string | undefined> {
  try {
    const response = await fetch(PATH);
    const said: unknown = response.ok ? await response.json() : null;
    const isSaid = typeof said === "object" && said !== null && "inboxUrl" in said;
    return isSaid && typeof said.inboxUrl === "string" ? said.inboxUrl : undefined;
  } catch {
    return undefined;
  }
}
