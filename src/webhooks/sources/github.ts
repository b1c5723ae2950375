import { z } from "zod";
import { foreignName, parseEnvelope, type Source } from "#webhooks/source.ts";

const headersOf = z.object({ id: foreignName, type: foreignName });
const bodyOf = z.looseObject({ repository: z.looseObject({ full_name: foreignName }).optional() });

export const github: Source = {
  name: "github",
  scheme: "github",
  secrets: (env) => env.GITHUB_WEBHOOK_SECRET,
  headers: ["x-github-event", "x-github-delivery", "x-github-hook-id"],
  types: ["push", "issues", "release", "star"],
  idIsUnsigned: true,
  read(body, headers) {
    const { id, type } = parseEnvelope(headersOf, {
      id: headers.get("x-github-delivery"),
      type: headers.get("x-github-event"),
    });
    const { repository } = parseEnvelope(bodyOf, body);
    return {
      externalId: id,
      type,
      objectKey: `github:${repository?.full_name ?? id}`,
      occurredAt: undefined,
    };
  },
};
