import { z } from "zod";
import type { Totals } from "#demo/totals.ts";
import type { DemoStack } from "#demo/where.ts";
import { local } from "#stack/environment.ts";

const campaignSchema = z.object({
  status: z.string(),
  counts: z.object({ recipients: z.number(), sent: z.number(), failed: z.number() }),
});
export type Campaign = z.infer<typeof campaignSchema>;

const sent = z.object({ jobId: z.string() });
const made = z.object({ id: z.string() });
const upload = z.object({ received: z.number(), created: z.number(), rejected: z.array(z.unknown()) });
const letters = z.object({
  items: z.array(z.object({ id: z.string(), status: z.string(), outcome: z.string().nullable() })),
});
const stats = z.object({
  accepted: z.number(),
  recipients: z.number(),
  duplicates: z.number(),
  byStatus: z.record(z.string(), z.number()),
});
const slack = z.object({ messages: z.array(z.unknown()) });
const usage = z.object({ executions: z.number() });

/** The product's API with an API key, as any program calls it, and the control APIs of the stand-ins. */
export function demoApi({ ports, keys }: Pick<DemoStack, "ports" | "keys">) {
  const request = async <T>(schema: z.ZodType<T>, url: string, init: RequestInit = {}): Promise<T> => {
    const response = await fetch(url, init);
    const text = await response.text();
    if (!response.ok) throw new Error(`${init.method ?? "GET"} ${url} answered ${response.status}: ${text}`);
    return schema.parse(JSON.parse(text));
  };
  const api = <T>(schema: z.ZodType<T>, method: string, path: string, body?: object | string) =>
    request(schema, `${local(ports.site)}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${keys.admin}`,
        "content-type": typeof body === "string" ? "text/csv" : "application/json",
      },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
  const steer = (call: string, body: object) =>
    request(z.unknown(), `${local(ports.mail)}/_control/${call}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });

  return {
    createList: (name: string) => api(made, "POST", "/api/lists", { name }),
    upload: (listId: string, csv: string) => api(upload, "POST", `/api/lists/${listId}/subscribers`, csv),
    createCampaign: (campaign: object) => api(made, "POST", "/api/campaigns", campaign),
    send: (id: string) => api(sent, "POST", `/api/campaigns/${id}/send`),
    campaign: (id: string) => api(campaignSchema, "GET", `/api/campaigns/${id}`),
    /** The dead letters of one job. */
    letters: async (jobId: string) =>
      (await api(letters, "GET", `/api/dead-letters?limit=100&job=${jobId}`)).items,
    reprocess: (id: string) => api(z.unknown(), "POST", `/api/dead-letters/${id}/reprocess`),
    provider: {
      steer,
      stats: (campaignId: string) =>
        request(stats, `${local(ports.mail)}/_control/stats?campaign_id=${campaignId}`),
      /** Counted since the stack's data was made, over all campaigns. */
      totals: async (): Promise<Totals> => {
        const { byStatus } = await request(stats, `${local(ports.mail)}/_control/stats`);
        const { messages } = await request(slack, `${local(ports.mail)}/_control/slack`);
        return { byStatus, alerts: messages.length };
      },
    },
    executions: async () => (await request(usage, `${local(ports.engine)}/local/usage`)).executions,
  };
}
export type DemoApi = ReturnType<typeof demoApi>;
