import { z } from "zod";
import { json } from "#providers/http.ts";
import { openJournal } from "#providers/journal.ts";

const messageSchema = z.looseObject({ text: z.string().optional(), blocks: z.array(z.unknown()).optional() });
const postedSchema = z.object({ at: z.string(), message: messageSchema });
type Posted = z.infer<typeof postedSchema>;

const plain = (status: number, text: string) =>
  new Response(text, { status, headers: { "content-type": "text/plain" } });

/** Slack's incoming webhook: accepts messages as Slack does, and shows them in the control API. */
export class SlackWebhook {
  readonly #journal;
  readonly #clock: { now(): Date };
  readonly posted: Posted[] = [];

  constructor(path: string | undefined, clock: { now(): Date }) {
    this.#clock = clock;
    this.#journal = openJournal(path);
    for (const { header } of this.#journal.entries())
      this.posted.push(postedSchema.parse(JSON.parse(header)));
  }

  async post(request: Request): Promise<Response> {
    let body: unknown;
    try {
      body = await request.json();
    } catch {
      return plain(400, "invalid_payload");
    }
    const message = messageSchema.safeParse(body);
    if (!message.success) return plain(400, "invalid_payload");
    if (!message.data.text && !message.data.blocks?.length) return plain(400, "no_text");
    const posted = { at: this.#clock.now().toISOString(), message: message.data };
    this.#journal.append(JSON.stringify(posted));
    this.posted.push(posted);
    return plain(200, "ok");
  }

  list(): Response {
    return json(200, { messages: this.posted });
  }

  close(): void {
    this.#journal.close();
  }
}
