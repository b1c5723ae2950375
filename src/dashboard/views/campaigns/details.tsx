import { Badge, toneOf } from "#dashboard/components/badge.tsx";
import { Card } from "#dashboard/components/card.tsx";
import { type Fact, Facts } from "#dashboard/components/facts.tsx";
import { BlockedNote, WaitingNote } from "#dashboard/components/note.tsx";
import { Page } from "#dashboard/components/page.tsx";
import { Progress } from "#dashboard/components/progress.tsx";
import { ErrorNote, Loading } from "#dashboard/components/states.tsx";
import { TimeAgo, TimeUntil } from "#dashboard/components/time.tsx";
import { exact } from "#dashboard/format.ts";
import { useApi } from "#dashboard/hooks/use-api.ts";
import type { Campaign } from "#dashboard/types.ts";
import { CampaignActions } from "#dashboard/views/campaigns/actions.tsx";
import { CampaignReport } from "#dashboard/views/campaigns/campaign-report.tsx";
import { Composer } from "#dashboard/views/campaigns/composer.tsx";
import { Pace } from "#dashboard/views/campaigns/pace.tsx";
import { isNewsFor, progressOf } from "#dashboard/views/campaigns/progress.ts";
import { Sends } from "#dashboard/views/campaigns/sends.tsx";

const WHY_IT_WAITS = "the mail provider asked for it, or is in trouble.";

type DetailsProps = { id: string; query: URLSearchParams };

export function CampaignDetails({ id, query }: DetailsProps) {
  const path = `/api/campaigns/${id}`;
  const { data: campaign, problem, isLoading, reload } = useApi<Campaign>(path, { isNews: isNewsFor });
  if (campaign?.status === "draft") return <Composer campaign={campaign} onChange={reload} />;
  return (
    <Page
      title={campaign?.name ?? "Campaign"}
      back={{ href: "#/campaigns", text: "All campaigns" }}
      beside={campaign && <Badge status={campaign.status} />}
      actions={
        campaign && (
          <>
            {campaign.sendAt === null && <CampaignReport campaign={campaign} />}
            <CampaignActions campaign={campaign} onChange={reload} />
          </>
        )
      }
    >
      {problem && <ErrorNote problem={problem} onRetry={reload} />}
      {isLoading && <Loading />}
      {campaign && (
        <>
          {campaign.blocked && <BlockedNote blocked={campaign.blocked} />}
          {campaign.waitingUntil && <WaitingNote until={campaign.waitingUntil} why={WHY_IT_WAITS} />}
          <Overview campaign={campaign} />
          {campaign.sendAt === null && <Sends campaign={campaign} query={query} onChange={reload} />}
        </>
      )}
    </Page>
  );
}

function Overview({ campaign }: { campaign: Campaign }) {
  const { subject, from, jobId, note, status, queuedAt, sendAt, pausedAt, endedAt } = campaign;
  const facts: Fact[] = [
    { name: "Subject", value: <span dir="auto">{subject}</span> },
    { name: "From", value: from },
  ];
  if (queuedAt !== null) facts.push({ name: "Queued", value: <TimeAgo at={queuedAt} /> });
  if (sendAt !== null)
    facts.push({
      name: "Begins",
      value: (
        <>
          {exact(sendAt)} (<TimeUntil at={sendAt} />)
        </>
      ),
    });
  if (pausedAt !== null) facts.push({ name: "Paused", value: <TimeAgo at={pausedAt} /> });
  if (endedAt !== null) facts.push({ name: "Ended", value: <TimeAgo at={endedAt} /> });
  if (jobId !== null) facts.push({ name: "Sent by", value: <a href={`#/jobs/${jobId}`}>Job</a> });
  return (
    <Card>
      <Facts facts={facts} />
      {sendAt === null ? (
        <>
          <Progress progress={progressOf(campaign)} tone={toneOf(status)} large of="recipients" />
          <Pace campaign={campaign} />
        </>
      ) : (
        <p className="small">It goes to the subscribers who are active when it begins.</p>
      )}
      {note && <p className="small">{note}</p>}
    </Card>
  );
}
