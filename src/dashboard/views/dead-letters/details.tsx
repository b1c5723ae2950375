import { Badge } from "#dashboard/components/badge.tsx";
import { Card } from "#dashboard/components/card.tsx";
import { Json } from "#dashboard/components/json.tsx";
import { Note } from "#dashboard/components/note.tsx";
import { Page } from "#dashboard/components/page.tsx";
import { ErrorNote, Loading } from "#dashboard/components/states.tsx";
import { SubjectLinks } from "#dashboard/components/subject-links.tsx";
import { TimeAgo } from "#dashboard/components/time.tsx";
import { useApi } from "#dashboard/hooks/use-api.ts";
import type { JobChange } from "#dashboard/live.ts";
import type { Letter } from "#dashboard/types.ts";
import { LetterActions } from "#dashboard/views/dead-letters/actions.tsx";
import { AdminsOnly } from "#dashboard/views/dead-letters/admins-only.tsx";
import { Aftermath } from "#dashboard/views/dead-letters/aftermath.tsx";
import { attempts } from "#dashboard/views/dead-letters/row.tsx";

const isOfItsNewJob = ({ job }: JobChange, letter: Letter | undefined): boolean =>
  letter?.links.reprocessJob === job.links.self;

export function LetterDetails({ id }: { id: string }) {
  const {
    data: letter,
    problem,
    isLoading,
    reload,
  } = useApi<Letter>(`/api/dead-letters/${id}`, { isNews: isOfItsNewJob });
  if (problem?.status === 403) return <AdminsOnly />;
  return (
    <Page
      title={letter?.function ?? "Dead letter"}
      back={{ href: "#/dead-letters", text: "All dead letters" }}
      beside={letter && <Badge status={letter.status} />}
      actions={letter && <LetterActions letter={letter} onChange={reload} />}
    >
      {problem && <ErrorNote problem={problem} onRetry={reload} />}
      {isLoading && <Loading />}
      {letter && <Whole letter={letter} />}
    </Page>
  );
}

function Whole({ letter }: { letter: Letter }) {
  const { error, event } = letter;
  return (
    <>
      <Card>
        <div className="row">
          {error.code !== null && <code>{error.code}</code>}
          <span className="quiet small">
            <TimeAgo at={letter.failedAt} /> · {attempts(letter.attempts)} · run <code>{letter.runId}</code>
          </span>
        </div>
        {letter.reopens && (
          <p>
            <strong>Came back{letter.release !== null && ` with deploy ${letter.release}`}</strong>: its cause
            was fixed before.
          </p>
        )}
        <p className="letter-message">{error.message ?? "No message"}</p>
      </Card>
      <Card title="Outcome">
        {letter.status === "failed" && <p className="quiet">No decision yet.</p>}
        {letter.refusal !== null && (
          <Note tone="warn" icon="alert">
            The patch was not applied: <bdi>{letter.refusal}</bdi>
          </Note>
        )}
        <Aftermath letter={letter} />
      </Card>
      <Card title="Event" actions={<SubjectLinks data={event.data} />}>
        <p>
          <code>{event.name}</code> <span className="quiet small">{event.id}</span>
        </p>
        <Json label="Event data" value={event.data} />
        {letter.patchedData && (
          <>
            <p>Reprocessed with the patched data:</p>
            <Json label="Patched data" value={letter.patchedData} />
          </>
        )}
      </Card>
      {error.stack !== null && (
        <Card title="Stack">
          <Json label="Stack trace" value={error.stack} />
        </Card>
      )}
      <p className="quiet small">
        The same cause:{" "}
        <a href={`#/dead-letters?status=any&fingerprint=${letter.fingerprint}`}>letters like this one</a>
      </p>
    </>
  );
}
