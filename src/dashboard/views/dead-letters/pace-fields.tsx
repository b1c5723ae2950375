export type Pace = { canary: number; atOnce: number; haltAfter: number };

type PaceProps = { pace: Pace; onChange: (pace: Pace) => void };

const FIELDS = [
  {
    name: "canary",
    label: "First",
    hint: "the rest follows when none of these fails again or is canceled",
    min: 0,
    max: 500,
  },
  { name: "atOnce", label: "At a time", hint: "this many run together", min: 1, max: 500 },
  {
    name: "haltAfter",
    label: "Halt after",
    hint: "when more have failed again, the rest stays open",
    min: 0,
    max: 1_000_000,
  },
] as const;

/**
 * Three fields: how many dead letters are reprocessed first, how many at a time, and after how many failures the job
 * halts.
 */
export const PaceFields = ({ pace, onChange }: PaceProps) => (
  <div className="row pace">
    {FIELDS.map(({ name, label, hint, min, max }) => (
      <label key={name} className="stack">
        {label}
        <input
          type="number"
          required
          min={min}
          max={max}
          value={Number.isNaN(pace[name]) ? "" : pace[name]}
          onChange={({ target }) => onChange({ ...pace, [name]: target.valueAsNumber })}
        />
        <span className="quiet small">{hint}</span>
      </label>
    ))}
  </div>
);
