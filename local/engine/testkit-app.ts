import { Inngest } from "inngest";
import { serve } from "inngest/edge";
import { type StartEngine, startEngine } from "./testkit.ts";

const silent = { info() {}, warn() {}, error() {}, debug() {} };
type Client = ReturnType<typeof client>;
type Functions = Parameters<typeof serve>[0]["functions"];

const client = (fetch: typeof globalThis.fetch, baseUrl: string) =>
  new Inngest({ id: "app", fetch, isDev: true, baseUrl, logger: silent });

/** An app with these functions, on an engine of its own. */
export async function startApp(
  functions: (inngest: Client) => Functions,
  options: Partial<StartEngine> = {},
) {
  let handler = (_request: Request): Promise<Response> => Promise.reject(new Error("the app is not up yet"));
  const engine = await startEngine({ app: (request) => handler(request), ...options });
  const inngest = client(engine.fetch, engine.url);
  handler = serve({ client: inngest, functions: functions(inngest) });
  const send = async (name: string, data: Record<string, unknown> = {}) => {
    const [id = ""] = await engine.send({ name, data });
    return id;
  };
  return { engine, inngest, send };
}
