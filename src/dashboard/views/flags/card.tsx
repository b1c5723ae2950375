import { Badge, type Tone } from "#dashboard/components/badge.tsx";
import { Card } from "#dashboard/components/card.tsx";
import { Note } from "#dashboard/components/note.tsx";
import { ErrorNote, Loading } from "#dashboard/components/states.tsx";
import { type Column, Table } from "#dashboard/components/table.tsx";
import { count, lasting } from "#dashboard/format.ts";
import { useApi } from "#dashboard/hooks/use-api.ts";
import type { FlagDetails } from "#dashboard/types.ts";
import { FlagActions } from "./actions.tsx";

type Advice = FlagDetails["advice"];

const ADVICE: Record<Advice["next"], { text: (advice: Advice) => string; tone: Tone }> = {
  wait: { text: () => "Wait", tone: "info" },
  go_on: { text: ({ percentage }) => `Go on with ${percentage} %`, tone: "good" },
  turn_back: { text: () => "Turn back", tone: "bad" },
  finish: { text: () => "Finish", tone: "good" },
};

/** One flag: its state, the results of the old and the new way side by side, the advice, and the actions. */
export function FlagCard({ name }: { name: string }) {
  const { data: flag, problem, reload } = useApi<FlagDetails>(`/api/flags/${name}`);
  if (problem && flag === undefined) return <ErrorNote problem={problem} onRetry={reload} />;
  if (flag === undefined) return <Loading rows={4} what={`Loading ${name}`} />;
  const { text, tone } = ADVICE[flag.advice.next];
  return (
    <Card
      title={
        <>
          <code>{name}</code>{" "}
          <Badge status={flag.isOn ? "enabled" : "held"}>{flag.isOn ? "on" : "off"}</Badge>
        </>
      }
      actions={<FlagActions flag={flag} onChange={reload} />}
    >
      <p>
        <strong>{flag.percentage} %</strong> of the work takes the new way
        {flag.allowed.length > 0 && `, and ${count(flag.allowed.length)} always do`}
        {!flag.isOn && " when the flag is on; now all of it takes the old way"}.
      </p>
      <Table
        caption={`Both ways of ${name} since its last change, at most 7 days`}
        columns={COLUMNS}
        rows={waysOf(flag)}
        keyOf={({ way }) => way}
      />
      <Note tone={tone === "bad" ? "bad" : "info"} icon={tone === "bad" ? "alert" : "flag"}>
        <strong>{text(flag.advice)}</strong>: {flag.advice.because}.
      </Note>
    </Card>
  );
}

type Way = FlagDetails["ways"]["queue"] & { way: string };

const waysOf = ({ ways }: FlagDetails): Way[] => [
  { way: "New: by the queue", ...ways.queue },
  { way: "Old: in the request", ...ways.sync },
];

const time = (ms: number | null): string => (ms === null ? "–" : lasting(ms));

const COLUMNS: readonly Column<Way>[] = [
  { head: "Way", cell: ({ way }) => way },
  { head: "Decided", align: "end", cell: ({ decided }) => count(decided) },
  { head: "Ended", align: "end", cell: ({ ended }) => count(ended) },
  { head: "Failed", align: "end", cell: ({ failed }) => count(failed) },
  { head: "Handed over", align: "end", hideOnPhone: true, cell: ({ handedOver }) => count(handedOver) },
  { head: "Median", align: "end", hideOnPhone: true, cell: ({ p50Ms }) => time(p50Ms) },
  { head: "95 %", align: "end", cell: ({ p95Ms }) => time(p95Ms) },
];
