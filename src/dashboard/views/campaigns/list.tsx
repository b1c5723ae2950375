import { Page } from "#dashboard/components/page.tsx";
import { Empty, ErrorNote, Loading } from "#dashboard/components/states.tsx";
import { useApi } from "#dashboard/hooks/use-api.ts";
import { withQuery } from "#dashboard/hooks/use-hash-route.ts";
import type { Campaign, PageOf } from "#dashboard/types.ts";
import { CampaignCard } from "#dashboard/views/campaigns/card.tsx";
import { isSending } from "#dashboard/views/campaigns/progress.ts";
import { Pager } from "#dashboard/views/pager.tsx";

export type CampaignSummary = Pick<Campaign, "id" | "name" | "status" | "createdAt">;

const SHOWN = "10";

export function CampaignList({ query }: { query: URLSearchParams }) {
  const cursor = query.get("cursor");
  const path = withQuery("/api/campaigns", { limit: SHOWN, cursor });
  const { data, problem, isLoading, reload } = useApi<PageOf<CampaignSummary>>(path, {
    isNews: ({ job, before }) => isSending(job) && job.status !== before?.status,
  });
  return (
    <Page
      title="Campaigns"
      actions={
        <a className="button" href="#/campaigns/new">
          New campaign
        </a>
      }
    >
      {problem && <ErrorNote problem={problem} onRetry={reload} />}
      {isLoading && !data && <Loading what="Loading the campaigns" />}
      {data?.items.length === 0 && (
        <Empty icon="mail" title="No campaign yet">
          Write one here, or let <code>npm run demo</code> send one to the inbox of this machine.
        </Empty>
      )}
      <div className="stack">
        {data?.items.map((campaign) => (
          <CampaignCard key={campaign.id} summary={campaign} />
        ))}
      </div>
      <Pager
        label="Pages of campaigns"
        steps={[
          cursor && { text: "Newest", href: "#/campaigns" },
          data?.nextCursor && { text: "Older", href: withQuery("#/campaigns", { cursor: data.nextCursor }) },
        ]}
      />
    </Page>
  );
}
