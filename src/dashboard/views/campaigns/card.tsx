import { Badge, toneOf } from "#dashboard/components/badge.tsx";
import { BlockedNote } from "#dashboard/components/note.tsx";
import { Progress } from "#dashboard/components/progress.tsx";
import { TimeAgo, TimeUntil } from "#dashboard/components/time.tsx";
import { exact } from "#dashboard/format.ts";
import { useApi } from "#dashboard/hooks/use-api.ts";
import type { Campaign } from "#dashboard/types.ts";
import { Counts } from "#dashboard/views/campaigns/counts.tsx";
import type { CampaignSummary } from "#dashboard/views/campaigns/list.tsx";
import { Pace } from "#dashboard/views/campaigns/pace.tsx";
import { isAtRest, isNewsFor, progressOf } from "#dashboard/views/campaigns/progress.ts";

/** The list contains only names. Each card fetches its own numbers, and fetches them again when its job changes. */
export function CampaignCard({ summary }: { summary: CampaignSummary }) {
  const { id, name, createdAt } = summary;
  const { data: campaign } = useApi<Campaign>(`/api/campaigns/${id}`, {
    isNews: isNewsFor,
    everyMs: isAtRest(summary.status) ? Number.POSITIVE_INFINITY : undefined,
  });
  const status = campaign?.status ?? summary.status;
  return (
    <article className="card campaign" aria-label={name}>
      <header>
        <div className="row">
          <h2>
            <a href={`#/campaigns/${id}`} dir="auto">
              {name}
            </a>
          </h2>
          <Badge status={status} />
        </div>
        <span className="quiet small">
          {status === "draft" ? "written " : ""}
          <TimeAgo at={campaign?.queuedAt ?? createdAt} />
        </span>
      </header>
      {campaign?.sendAt && (
        <p className="small">
          Begins {exact(campaign.sendAt)} (<TimeUntil at={campaign.sendAt} />)
        </p>
      )}
      {campaign && status !== "draft" && campaign.sendAt === null && (
        <>
          <Progress progress={progressOf(campaign)} tone={toneOf(status)} large of="recipients" />
          <div className="row apart">
            <Counts campaign={campaign} />
            <Pace campaign={campaign} />
          </div>
        </>
      )}
      {campaign?.blocked && <BlockedNote blocked={campaign.blocked} />}
      {campaign?.note && <p className="small quiet">{campaign.note}</p>}
    </article>
  );
}
