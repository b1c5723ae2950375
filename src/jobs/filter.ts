import { z } from "zod";
import type { JobFilter } from "./repository.ts";
import { jobStatus } from "./rows.ts";

const time = z.iso.datetime({ offset: true }).optional();

/** The query fields by which jobs are chosen, in lists and in streams. */
export const filterQuery = {
  status: jobStatus.optional(),
  kind: z.string().max(100).optional(),
  function: z.string().max(100).optional(),
  requester: z.string().max(200).optional(),
  parent: z.uuid().optional(),
  from: time,
  to: time,
};

type FilterQuery = { [Field in keyof typeof filterQuery]?: z.output<(typeof filterQuery)[Field]> };

export const toFilter = ({ function: functionId, parent: parentJobId, ...rest }: FilterQuery): JobFilter => ({
  ...rest,
  functionId,
  parentJobId,
});
