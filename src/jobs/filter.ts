import type { z } from "zod";
import { instant, text, trimmedText, uuid } from "#lib/http/fields.ts";
import type { JobFilter } from "./repository.ts";
import { jobStatus } from "./rows.ts";

/** The query fields that select jobs, in lists and in streams. */
export const filterQuery = {
  status: jobStatus.optional(),
  kind: text(100).optional(),
  function: text(100).optional(),
  requester: text(200).optional(),
  parent: uuid.optional(),
  /**
   * A text that the job contains in its id, kind, function, requester, owner, idempotency key, error or subject (what
   * the job is about).
   */
  search: trimmedText(100).optional(),
  from: instant.optional(),
  to: instant.optional(),
};

type FilterQuery = { [Field in keyof typeof filterQuery]?: z.output<(typeof filterQuery)[Field]> };

export const toFilter = ({ function: functionId, parent: parentJobId, ...rest }: FilterQuery): JobFilter => ({
  ...rest,
  functionId,
  parentJobId,
});
