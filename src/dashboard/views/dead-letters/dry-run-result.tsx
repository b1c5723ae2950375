import type { DryRun } from "#dashboard/types.ts";

/** The result of a dry run. */
export const DryRunResult = ({
  answer: { checked, passed, refused, refusals, isComplete },
}: {
  answer: DryRun;
}) => (
  <>
    <p>
      {passed} of {checked} pass the check, {refused} {refused === 1 ? "does" : "do"} not. Nothing was sent.
      {!isComplete && " The oldest were checked, because there are too many for one check."}
    </p>
    {refusals.length > 0 && (
      <ul className="small">
        {refusals.map(({ id, reason }) => (
          <li key={id}>
            <a href={`#/dead-letters/${id}`}>{id.slice(0, 8)}</a>: <bdi>{reason}</bdi>
          </li>
        ))}
      </ul>
    )}
  </>
);
