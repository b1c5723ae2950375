import { type Fact, Facts, Numbers } from "#dashboard/components/facts.tsx";
import { Countdown, Duration, TimeAgo } from "#dashboard/components/time.tsx";
import { count } from "#dashboard/format.ts";
import { pageOf } from "#dashboard/hooks/use-hash-route.ts";
import { PRIORITY_NAMES } from "#dashboard/priorities.ts";
import type { JobDetails } from "#dashboard/types.ts";

/** How long the job waited and ran, and how often it was tried. */
export function JobNumbers({ job }: { job: JobDetails }) {
  const attempts = job.runs.reduce((sum, run) => sum + run.attempts, 0);
  const facts: Fact[] = [
    { name: "Accepted", value: <TimeAgo at={job.createdAt} /> },
    {
      name: "Waited",
      value: <Duration from={job.createdAt} to={job.startedAt ?? job.endedAt} />,
      more: promise(job),
    },
    { name: "Took", value: <Duration from={job.startedAt} to={job.endedAt} /> },
    { name: "Attempts", value: attempts, more: job.runs.length > 1 && `in ${job.runs.length} runs` },
    { name: "Class", value: PRIORITY_NAMES[job.priority], more: `P${job.priority}` },
  ];
  if (job.deadlineAt !== null) facts.push({ name: "Deadline", value: deadline(job.deadlineAt, job.endedAt) });
  return <Numbers facts={facts} />;
}

function promise({ dueAt, startedAt, endedAt }: JobDetails) {
  if (startedAt === null) return endedAt === null && <Countdown before="due in " to={dueAt} then="overdue" />;
  return Date.parse(startedAt) <= Date.parse(dueAt) ? (
    "as promised"
  ) : (
    <span className="bad">later than promised</span>
  );
}

const deadline = (at: string, endedAt: string | null) =>
  endedAt === null ? <Countdown to={at} then="passed" /> : <TimeAgo at={at} />;

export function JobFacts({ job }: { job: JobDetails }) {
  const { childCount } = job;
  const { parent, children, deadLetters, reprocessOf, againOf } = job.links;
  const facts: Fact[] = [
    { name: "Id", value: <code>{job.id}</code> },
    { name: "Function", value: <code>{job.function}</code> },
    { name: "Event", value: <code>{job.event}</code> },
    { name: "Requested by", value: <code>{job.requester}</code> },
  ];
  if (job.owner !== null) facts.push({ name: "Owner", value: <code>{job.owner}</code> });
  const related = [
    { href: parent, text: "Parent job" },
    {
      href: childCount > 0 ? children : null,
      text: `Child jobs: ${count(childCount)}${childCount < 1000 ? "" : " or more"}`,
    },
    { href: job.status === "failed" ? deadLetters : null, text: "Dead letter" },
    { href: reprocessOf, text: "Reprocessed from" },
    { href: againOf, text: "Runs again" },
  ].flatMap(({ href, text }) => (href === null ? [] : [{ href: pageOf(href), text }]));
  if (related.length > 0) facts.push({ name: "Related", value: <Links links={related} /> });
  return <Facts facts={facts} />;
}

const Links = ({ links }: { links: readonly { href: string; text: string }[] }) => (
  <span className="row">
    {links.map(({ href, text }) => (
      <a key={text} href={href}>
        {text}
      </a>
    ))}
  </span>
);
