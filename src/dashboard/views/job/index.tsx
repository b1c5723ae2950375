import { useCallback, useEffect } from "react";
import { hasEnded } from "#client/index.ts";
import { announce } from "#dashboard/announce.ts";
import { api } from "#dashboard/api.ts";
import { Badge, toneOf } from "#dashboard/components/badge.tsx";
import { Card } from "#dashboard/components/card.tsx";
import { confirm } from "#dashboard/components/dialog.tsx";
import { Icon } from "#dashboard/components/icon.tsx";
import { Json } from "#dashboard/components/json.tsx";
import { Page } from "#dashboard/components/page.tsx";
import { Progress } from "#dashboard/components/progress.tsx";
import { ErrorNote, Loading } from "#dashboard/components/states.tsx";
import { toast } from "#dashboard/components/toasts.tsx";
import { focusNeighbor } from "#dashboard/focus.ts";
import { useAction } from "#dashboard/hooks/use-action.ts";
import type { JobDetails } from "#dashboard/types.ts";
import { shownStatus } from "#dashboard/views/jobs/columns.tsx";
import { CoursePicture } from "./course-picture.tsx";
import { JobFacts, JobNumbers } from "./job-facts.tsx";
import { NextAttempt } from "./next-attempt.tsx";
import { Timeline } from "./timeline.tsx";
import { Trace } from "./trace.tsx";
import { useJob } from "./use-job.ts";

const BACK = { href: "#/jobs", text: "All jobs" };

/** One job: its state, its history, and the actions on it. */
export function JobPage({ id }: { id: string }) {
  const { job, problem } = useJob(id);
  const announcement = job && `${job.kind} is ${shownStatus(job)}`;
  useEffect(() => {
    if (announcement !== undefined) announce(announcement);
  }, [announcement]);

  if (job === undefined) {
    return (
      <Page title="Job" back={BACK}>
        {problem ? <ErrorNote problem={problem} /> : <Loading rows={6} what="Loading the job" />}
      </Page>
    );
  }
  return (
    <Page
      title={job.kind}
      back={BACK}
      beside={<Badge status={shownStatus(job)} />}
      actions={!hasEnded(job) && <CancelButton job={job} />}
    >
      {job.subject !== null && <p className="quiet">{job.subject}</p>}
      {problem && <ErrorNote problem={problem} />}
      <JobBody job={job} />
    </Page>
  );
}

function JobBody({ job }: { job: JobDetails }) {
  return (
    <>
      <NextAttempt job={job} />
      <Card>
        <JobNumbers job={job} />
        {job.progress !== null && <Progress progress={job.progress} tone={toneOf(job.status)} large />}
      </Card>
      {job.error !== null && (
        <Card title="Error">
          <Json label="Error" value={job.error} />
        </Card>
      )}
      <Card title="Course">
        <CoursePicture job={job} />
      </Card>
      <Trace job={job} />
      <div className="halves">
        <Card title="What happened">
          <Timeline job={job} />
        </Card>
        <div className="stack">
          {job.result !== null && (
            <Card title="Result">
              <Json label="Result" value={job.result} />
            </Card>
          )}
          <Card title="About this job">
            <JobFacts job={job} />
          </Card>
        </div>
      </div>
    </>
  );
}

function CancelButton({ job: { id, kind } }: { job: JobDetails }) {
  const { run, isBusy } = useAction(
    useCallback(async () => {
      const answer = await confirm({
        title: "Cancel this job?",
        text: "Waiting work never begins; running work stops at its next step. Finished steps are not undone.",
        yes: "Cancel job",
        tone: "danger",
      });
      if (answer === null) return;
      await api.cancel(id);
      focusNeighbor(null);
      toast({ tone: "info", text: `${kind} is being canceled` });
    }, [id, kind]),
  );
  return (
    <button type="button" className="danger" aria-disabled={isBusy} onClick={run}>
      <Icon name="stop" /> Cancel job
    </button>
  );
}
