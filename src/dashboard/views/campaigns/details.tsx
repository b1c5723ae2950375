import { Badge } from "#dashboard/components/badge.tsx";
import { Card } from "#dashboard/components/card.tsx";
import { Page } from "#dashboard/components/page.tsx";
import { Progress } from "#dashboard/components/progress.tsx";
import { ErrorNote, Loading } from "#dashboard/components/states.tsx";
import { TimeAgo } from "#dashboard/components/time.tsx";
import { useApi } from "#dashboard/hooks/use-api.ts";
import type { Campaign } from "#dashboard/types.ts";
import { toneOf } from "#dashboard/views/campaigns/card.tsx";
import { Pace } from "#dashboard/views/campaigns/pace.tsx";
import { progressOf } from "#dashboard/views/campaigns/progress.ts";
import { SendButton } from "#dashboard/views/campaigns/send-button.tsx";
import { Sends } from "#dashboard/views/campaigns/sends.tsx";

const EVERY_MS = 2000;

type DetailsProps = { id: string; query: URLSearchParams };

export function CampaignDetails({ id, query }: DetailsProps) {
  const path = `/api/campaigns/${id}`;
  const { data: campaign, problem, isLoading, reload } = useApi<Campaign>(path, { everyMs: EVERY_MS });
  return (
    <Page
      title={campaign?.name ?? "Campaign"}
      beside={campaign && <Badge status={campaign.status} />}
      actions={campaign?.status === "draft" && <SendButton campaign={campaign} onChange={reload} />}
    >
      <nav aria-label="Way back">
        <a href="#/campaigns">All campaigns</a>
      </nav>
      {problem && <ErrorNote problem={problem} onRetry={reload} />}
      {isLoading && <Loading />}
      {campaign && (
        <>
          <Facts campaign={campaign} />
          {campaign.status !== "draft" && <Sends campaign={campaign} query={query} onChange={reload} />}
        </>
      )}
    </Page>
  );
}

function Facts({ campaign }: { campaign: Campaign }) {
  const { subject, from, jobId, note, status, queuedAt, endedAt } = campaign;
  return (
    <Card>
      <dl className="facts">
        <dt>Subject</dt>
        <dd>{subject}</dd>
        <dt>From</dt>
        <dd>{from}</dd>
        {queuedAt !== null && (
          <>
            <dt>Queued</dt>
            <dd>
              <TimeAgo at={queuedAt} />
              {endedAt !== null && (
                <>
                  , ended <TimeAgo at={endedAt} />
                </>
              )}
              {jobId !== null && (
                <>
                  {" "}
                  · <a href={`#/jobs/${jobId}`}>Job</a>
                </>
              )}
            </dd>
          </>
        )}
      </dl>
      {status !== "draft" && (
        <>
          <Progress progress={progressOf(campaign)} tone={toneOf(campaign)} large of="recipients" />
          <Pace campaign={campaign} />
        </>
      )}
      {note && <p className="small">{note}</p>}
    </Card>
  );
}
