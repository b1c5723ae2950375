import { AdminsOnlyPage } from "#dashboard/components/admins-only.tsx";
import { Badge } from "#dashboard/components/badge.tsx";
import { Page } from "#dashboard/components/page.tsx";
import { Pages } from "#dashboard/components/pages.tsx";
import { Empty } from "#dashboard/components/states.tsx";
import type { Column } from "#dashboard/components/table.tsx";
import { TimeAgo, TimeUntil } from "#dashboard/components/time.tsx";
import { useApi } from "#dashboard/hooks/use-api.ts";
import { withQuery } from "#dashboard/hooks/use-hash-route.ts";
import { useNow } from "#dashboard/hooks/use-now.ts";
import type { ApiKey, PageOf } from "#dashboard/types.ts";
import { NewKey } from "./api-keys/new-key.tsx";
import { RevokeKey } from "./api-keys/revoke-key.tsx";
import type { ViewProps } from "./index.ts";

/** The API keys with their last use. Here an administrator makes and revokes them. */
export function ApiKeys({ query }: ViewProps) {
  const cursor = query.get("cursor");
  const keys = useApi<PageOf<ApiKey>>(withQuery("/api/keys", { cursor }));
  if (keys.problem?.status === 403) return <AdminsOnlyPage title="API keys" />;
  return (
    <Page title="API keys">
      <NewKey onChange={keys.reload} />
      <Pages
        of={keys}
        what="keys"
        caption="API keys, newest first"
        columns={columns(keys.reload)}
        empty={<Empty icon="key" title="No API key yet" />}
      />
    </Page>
  );
}

const columns = (onChange: () => void): readonly Column<ApiKey>[] => [
  {
    head: "Key",
    cell: ({ name, id }) => (
      <>
        {name} <small className="mono">{id}</small>
      </>
    ),
  },
  { head: "Role", tight: true, cell: ({ role }) => role },
  { head: "Owner", hideOnPhone: true, cell: ({ owner }) => <span className="mono">{owner}</span> },
  {
    head: "Last used",
    tight: true,
    cell: ({ lastUsedAt }) =>
      lastUsedAt === null ? <span className="quiet">never</span> : <TimeAgo at={lastUsedAt} />,
  },
  { head: "Made", tight: true, hideOnPhone: true, cell: ({ createdAt }) => <TimeAgo at={createdAt} /> },
  {
    head: "Expires",
    tight: true,
    hideOnPhone: true,
    cell: ({ expiresAt }) =>
      expiresAt === null ? <span className="quiet">never</span> : <Expiry at={expiresAt} />,
  },
  {
    head: "State",
    tight: true,
    cell: (key) => <State apiKey={key} onChange={onChange} />,
  },
];

const useHasPassed = (at: string | null): boolean => {
  const now = useNow();
  return at !== null && Date.parse(at) <= now;
};

const Expiry = ({ at }: { at: string }) => (useHasPassed(at) ? <TimeAgo at={at} /> : <TimeUntil at={at} />);

/** A key that is refused already, because it was revoked or has expired, has no button. */
function State({ apiKey, onChange }: { apiKey: ApiKey; onChange: () => void }) {
  const hasExpired = useHasPassed(apiKey.expiresAt);
  if (apiKey.revokedAt !== null) return <Badge status="canceled">revoked</Badge>;
  if (hasExpired) return <Badge status="canceled">expired</Badge>;
  return <RevokeKey apiKey={apiKey} onChange={onChange} />;
}
