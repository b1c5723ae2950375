import { type Column, Table } from "#dashboard/components/table.tsx";
import type { ImportGuess, ImportTarget } from "#dashboard/types.ts";
import { FieldChoice } from "./field-choice.tsx";

type ColumnsProps = {
  guess: ImportGuess;
  target: ImportTarget;
  mapping: Readonly<Record<string, string | null>>;
  isBusy: boolean;
  onChange: (column: string, field: string | null) => void;
};
/** A column of the file: its first values, and the field into which it is read. */
type FileColumn = { name: string; field: string | null; samples: (string | undefined)[] };

/** A choice for each column of the file: the field into which it is read. */
export function Columns({ guess, target, mapping, isBusy, onChange }: ColumnsProps) {
  const rows = guess.columns.flatMap((name, n): FileColumn[] =>
    name === ""
      ? []
      : [{ name, field: mapping[name] ?? null, samples: guess.rows.map(({ cells }) => cells?.[n]) }],
  );
  const taken = Object.values(mapping);
  const missing = target.fields.filter(({ name, required }) => required && !taken.includes(name));
  return (
    <div className="stack">
      <Table
        caption="Columns of the file"
        columns={[NAME, fieldOf(target, onChange), ...samplesOf(guess)]}
        rows={rows}
        keyOf={({ name }) => name}
        isBusy={isBusy}
      />
      <p className="small quiet">
        {guess.mappingIs === "saved"
          ? "The columns are mapped as they were the last time."
          : "The columns are mapped by their names."}
      </p>
      {missing.length > 0 && !isBusy && (
        <p className="small bad" role="status">
          {`Every row needs “${missing.map(({ name }) => name).join("” and “")}”, and no column goes into it yet.`}
        </p>
      )}
    </div>
  );
}

/** A phone has no room for the columns of values, so the first value is shown below the name. */
const NAME: Column<FileColumn> = {
  head: "Column",
  cell: ({ name, samples: [first] }) => (
    <>
      <span dir="auto">{name}</span>
      <small className="on-phone sample" dir="auto">
        {first}
      </small>
    </>
  ),
};

const fieldOf = (target: ImportTarget, onChange: ColumnsProps["onChange"]): Column<FileColumn> => ({
  head: "Goes into",
  tight: true,
  cell: ({ name, field }) => (
    <FieldChoice column={name} target={target} value={field} onChange={(chosen) => onChange(name, chosen)} />
  ),
});

const SAMPLES = 3;
const samplesOf = (guess: ImportGuess): Column<FileColumn>[] =>
  guess.rows.slice(0, SAMPLES).map(({ line }, n) => ({
    head: `Line ${line}`,
    hideOnPhone: true,
    cell: ({ samples }) => (
      <span className="sample" dir="auto">
        {samples[n] ?? "–"}
      </span>
    ),
  }));
