import { Badge } from "#dashboard/components/badge.tsx";
import { Progress } from "#dashboard/components/progress.tsx";
import { TimeAgo } from "#dashboard/components/time.tsx";
import { useApi } from "#dashboard/hooks/use-api.ts";
import type { Campaign } from "#dashboard/types.ts";
import { Counts } from "#dashboard/views/campaigns/counts.tsx";
import type { CampaignSummary } from "#dashboard/views/campaigns/list.tsx";
import { Pace } from "#dashboard/views/campaigns/pace.tsx";
import { isAtRest, progressOf } from "#dashboard/views/campaigns/progress.ts";

const EVERY_MS = 2000;

/** The list knows names alone; each card asks for its own numbers, again while they change. */
export function CampaignCard({ summary }: { summary: CampaignSummary }) {
  const { id, name, createdAt } = summary;
  const everyMs = isAtRest(summary.status) ? 0 : EVERY_MS;
  const { data: campaign } = useApi<Campaign>(`/api/campaigns/${id}`, { everyMs });
  const status = campaign?.status ?? summary.status;
  return (
    <article className="card campaign" aria-label={name}>
      <header>
        <div className="row">
          <h2>
            <a href={`#/campaigns/${id}`}>{name}</a>
          </h2>
          <Badge status={status} />
        </div>
        <span className="quiet small">
          {status === "draft" ? "written " : ""}
          <TimeAgo at={campaign?.queuedAt ?? createdAt} />
        </span>
      </header>
      {campaign && status !== "draft" && (
        <>
          <Progress progress={progressOf(campaign)} tone={toneOf(campaign)} large of="recipients" />
          <div className="row apart">
            <Counts campaign={campaign} />
            <Pace campaign={campaign} />
          </div>
        </>
      )}
      {campaign?.note && <p className="small quiet">{campaign.note}</p>}
    </article>
  );
}

export const toneOf = ({ status }: Pick<Campaign, "status">) => (status === "completed" ? "good" : "info");
