import { count } from "#dashboard/format.ts";
import type { ImportGuess } from "#dashboard/types.ts";
import type { ChosenFormat } from "./use-guess.ts";
import { SEPARATORS } from "./words.ts";

const FORMATS = { csv: "CSV", ndjson: "NDJSON", json: "JSON array" };
const ENCODINGS = {
  "utf-8": "UTF-8",
  "windows-1252": "Windows-1252",
  "utf-16le": "UTF-16, little endian",
  "utf-16be": "UTF-16, big endian",
};

type FoundProps = { guess: ImportGuess; format: ChosenFormat; onChange: (format: ChosenFormat) => void };

/** The format of the file. A person can correct what was detected. */
export function Found({ guess, format, onChange }: FoundProps) {
  const choice = (name: keyof ChosenFormat) => ({
    value: format[name],
    onChange: (value: string) => onChange({ ...format, [name]: value }),
  });
  return (
    <div className="import-choices">
      <Choice label="Format" found={guess.format} options={FORMATS} {...choice("format")} />
      {guess.separator !== null && (
        <Choice label="Separator" found={guess.separator} options={SEPARATORS} {...choice("separator")} />
      )}
      <Choice label="Encoding" found={guess.encoding} options={ENCODINGS} {...choice("encoding")} />
      {guess.isGzip && <p className="quiet small">Packed with gzip</p>}
      {guess.estimate && <p className="quiet small numbers">{costOf(guess.estimate)}</p>}
    </div>
  );
}

function costOf({ rows, executions, cheapestUsd }: NonNullable<ImportGuess["estimate"]>): string {
  const cost = cheapestUsd === null ? "" : `; $${cheapestUsd} for a month with this import alone`;
  return `About ${count(rows)} ${rows === 1 ? "row" : "rows"}, ${count(executions)} executions${cost}`;
}

type ChoiceProps = {
  label: string;
  found: string;
  options: Readonly<Record<string, string>>;
  value: string;
  onChange: (value: string) => void;
};

function Choice({ label, found, options, value, onChange }: ChoiceProps) {
  return (
    <label>
      {label}
      <select value={value} onChange={(event) => onChange(event.target.value)}>
        <option value="">{value === "" ? `${options[found] ?? found} (found)` : "As found"}</option>
        {Object.entries(options).map(([name, text]) => (
          <option key={name} value={name}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}
