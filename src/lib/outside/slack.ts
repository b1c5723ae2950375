import { AppError } from "#lib/errors.ts";
import { classifyAnswer } from "#lib/outside/provider-answer.ts";

export type SlackMessage = {
  channel: string;
  text: string;
  severity: "info" | "warning" | "error";
  details: Record<string, string | number | null>;
};

/** Sends messages to Slack. Without a webhook address it sends nothing, and its answer says so. */
export type Slack = { send(message: SlackMessage): Promise<"sent" | "off"> };

const COLORS = { info: "#439fe0", warning: "warning", error: "danger" } as const;

/** An incoming webhook of Slack. It is not idempotent: a repeated call posts a second message. */
export const createSlack = (webhookUrl: string | undefined, fetch: typeof globalThis.fetch): Slack => ({
  async send(message) {
    if (webhookUrl === undefined) return "off";
    const answer = await fetch(webhookUrl, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(toPayload(message)),
      signal: AbortSignal.timeout(10_000),
    }).catch((cause: unknown) => {
      throw new AppError("provider_unavailable", "Slack cannot be reached", { cause });
    });
    const code = classifyAnswer(answer.status);
    if (code !== "ok") throw new AppError(code, `Slack answered ${answer.status}`);
    return "sent";
  },
});

const toPayload = ({ channel, text, severity, details }: SlackMessage) => ({
  channel,
  text,
  severity,
  attachments: [
    {
      color: COLORS[severity],
      fields: Object.entries(details).map(([title, value]) => ({
        title,
        value: String(value ?? "–"),
        short: true,
      })),
    },
  ],
});
