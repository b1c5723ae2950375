import { AdminsOnlyPage } from "#dashboard/components/admins-only.tsx";
import { Badge } from "#dashboard/components/badge.tsx";
import { Page } from "#dashboard/components/page.tsx";
import { ErrorNote, Loading } from "#dashboard/components/states.tsx";
import { type Column, Table } from "#dashboard/components/table.tsx";
import { TimeAgo, TimeUntil } from "#dashboard/components/time.tsx";
import { useApi } from "#dashboard/hooks/use-api.ts";
import { withQuery } from "#dashboard/hooks/use-hash-route.ts";
import type { ApiKey, PageOf } from "#dashboard/types.ts";
import { NewKey } from "./api-keys/new-key.tsx";
import { RevokeKey } from "./api-keys/revoke-key.tsx";
import type { ViewProps } from "./index.ts";
import { Pager } from "./pager.tsx";

/** The API keys with their last use. Here an administrator makes and revokes them. */
export function ApiKeys({ query }: ViewProps) {
  const cursor = query.get("cursor");
  const { data, problem, isLoading, reload } = useApi<PageOf<ApiKey>>(withQuery("/api/keys", { cursor }));
  if (problem?.status === 403) return <AdminsOnlyPage title="API keys" />;
  return (
    <Page title="API keys">
      <NewKey onChange={reload} />
      {problem && <ErrorNote problem={problem} onRetry={reload} />}
      {isLoading && !data && <Loading what="Loading the keys" />}
      {data && (
        <Table
          caption="API keys, newest first"
          columns={columns(reload)}
          rows={data.items}
          keyOf={({ id }) => id}
        />
      )}
      <Pager
        label="Pages of keys"
        steps={[
          cursor && { text: "Newest", href: "#/api-keys" },
          data?.nextCursor && { text: "Older", href: withQuery("#/api-keys", { cursor: data.nextCursor }) },
        ]}
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
      expiresAt === null ? <span className="quiet">never</span> : <TimeUntil at={expiresAt} />,
  },
  {
    head: "State",
    tight: true,
    cell: (key) =>
      key.revokedAt === null ? (
        <RevokeKey apiKey={key} onChange={onChange} />
      ) : (
        <Badge status="canceled">revoked</Badge>
      ),
  },
];
