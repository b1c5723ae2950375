import { useState } from "react";
import { Icon } from "#dashboard/components/icon.tsx";
import { ErrorNote, Loading } from "#dashboard/components/states.tsx";
import { useApi } from "#dashboard/hooks/use-api.ts";
import type { ImportTarget } from "#dashboard/types.ts";
import { Choices } from "./choices.tsx";
import { Columns } from "./columns.tsx";
import { Found } from "./found.tsx";
import { Trial } from "./trial.tsx";
import type { Upload } from "./upload.ts";
import { chosenFields, NOTHING_CHOSEN, useGuess } from "./use-guess.ts";
import { type Asked, useStart } from "./use-start.ts";
import { size } from "./words.ts";

type SetupProps = { upload: Upload; listId: string | null; onDiscard: () => void };

/** The form of an uploaded file: its detected format, its target, and the field of each column. */
export function Setup({ upload, listId, onDiscard }: SetupProps) {
  const { data, problem } = useApi<{ items: ImportTarget[] }>("/api/imports/targets", {
    everyMs: Number.POSITIVE_INFINITY,
  });
  return (
    <section className="card new-import" aria-label="New import">
      <header>
        <div className="row">
          <h2 dir="auto">{upload.fileName}</h2>
          <span className="quiet small numbers">{size(upload.bytes)}</span>
        </div>
        <button type="button" onClick={onDiscard}>
          Choose another file
        </button>
      </header>
      {problem && <ErrorNote problem={problem} />}
      {data === undefined ? (
        problem === undefined && <Loading />
      ) : (
        <Form upload={upload} listId={listId} targets={data.items} />
      )}
    </section>
  );
}

type Chosen = Pick<Asked, "target" | "options" | "merge" | "absent">;
const startOf = (target: ImportTarget | undefined): Chosen => ({
  target: target?.name ?? "",
  options: {},
  merge: target?.merge ?? "upsert",
  absent: target?.absent ?? "keep",
});

const firstChoice = (targets: readonly ImportTarget[], listId: string | null): Chosen =>
  listId === null
    ? startOf(targets[0])
    : { ...startOf(targets.find(({ name }) => name === "subscribers")), options: { listId } };

const DRY_RUN = "A dry run shows what would happen, and writes nothing.";
const READING = "The import can start when the columns of this choice are shown.";

type ButtonsProps = { isStarting: boolean; isReading: boolean; onDryRun: () => void };

/**
 * While the columns are being read, both buttons do nothing: an import must not start with columns that the person has
 * not seen.
 */
const Buttons = ({ isStarting, isReading, onDryRun }: ButtonsProps) => {
  const isBusy = isStarting || isReading;
  return (
    <div className="row">
      <button type="submit" className="primary" aria-disabled={isBusy} aria-describedby="import-note">
        <Icon name="play" /> Import
      </button>
      <button
        type="button"
        aria-disabled={isBusy}
        aria-describedby="import-note"
        onClick={({ currentTarget }) => {
          if (!isBusy && currentTarget.form?.reportValidity()) onDryRun();
        }}
      >
        Dry run
      </button>
      <span id="import-note" className="quiet small">
        {isReading ? READING : DRY_RUN}
      </span>
    </div>
  );
};

type FormProps = Pick<SetupProps, "upload" | "listId"> & { targets: readonly ImportTarget[] };

function Form({ upload, listId, targets }: FormProps) {
  const [chosen, setChosen] = useState(() => firstChoice(targets, listId));
  const [format, setFormat] = useState(NOTHING_CHOSEN);
  const [changed, setChanged] = useState<Record<string, string | null>>({});
  const { guess, problem, isStale, retry } = useGuess(upload.uploadId, chosen.target, format);
  const { start, isBusy: isStarting, trialId } = useStart(upload.fileName);
  const target = targets.find(({ name }) => name === chosen.target);
  const note = problem && <ErrorNote problem={problem} onRetry={retry} showsOffline />;
  if (guess === undefined || target === undefined) return note ?? <Loading what="Reading the first rows" />;

  const mapping = { ...guess.mapping, ...changed };
  const asked = { source: { uploadId: upload.uploadId }, ...chosen, ...chosenFields(format), mapping };
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (!isStale) start(asked);
      }}
    >
      <Found
        guess={guess}
        format={format}
        onChange={(now) => {
          setFormat(now);
          setChanged({});
        }}
      />
      <Choices
        targets={targets}
        chosen={chosen}
        onTarget={(one) => {
          setChosen(startOf(one));
          setChanged({});
        }}
        onChange={setChosen}
      />
      <Columns
        guess={guess}
        target={target}
        mapping={mapping}
        isBusy={isStale}
        onChange={(column, field) => setChanged({ ...changed, [column]: field })}
      />
      {note}
      {trialId !== undefined && <Trial id={trialId} />}
      <Buttons
        isStarting={isStarting}
        isReading={isStale}
        onDryRun={() => start({ ...asked, dryRun: true })}
      />
    </form>
  );
}
