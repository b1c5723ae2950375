import { Page } from "#dashboard/components/page.tsx";
import { Pages } from "#dashboard/components/pages.tsx";
import { Empty } from "#dashboard/components/states.tsx";
import { useApi } from "#dashboard/hooks/use-api.ts";
import { withQuery } from "#dashboard/hooks/use-hash-route.ts";
import type { Campaign, PageOf } from "#dashboard/types.ts";
import { CampaignCard } from "#dashboard/views/campaigns/card.tsx";
import { isSending } from "#dashboard/views/campaigns/progress.ts";

export type CampaignSummary = Pick<Campaign, "id" | "name" | "status" | "createdAt">;

const SHOWN = "10";

export function CampaignList({ query }: { query: URLSearchParams }) {
  const cursor = query.get("cursor");
  const path = withQuery("/api/campaigns", { limit: SHOWN, cursor });
  const campaigns = useApi<PageOf<CampaignSummary>>(path, {
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
      <Pages
        of={campaigns}
        what="campaigns"
        empty={
          <Empty icon="mail" title="No campaign yet">
            Write one here, or let <code>npm run demo</code> send one to the inbox of this machine.
          </Empty>
        }
      >
        {(campaign) => <CampaignCard summary={campaign} />}
      </Pages>
    </Page>
  );
}
