import { useLocalStack } from "#dashboard/hooks/use-local-stack.ts";
import { Icon } from "./icon.tsx";

/** A link to the mails of a local stack. Elsewhere nothing is shown. */
export function InboxLink() {
  const { inboxUrl: href } = useLocalStack();
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
