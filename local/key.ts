import { parseArgs } from "node:util";
import { createApiKey, type Project, revokeApiKey } from "#api-key.ts";
import { loadDotEnv } from "#stack/environment.ts";

const help = `npm run key -- create --role <app|admin> [--name <what it is for>] [--owner <whose jobs it sees>]
npm run key -- revoke <key or its id>

Works on the project of SUPABASE_URL with SUPABASE_SECRET_KEY (from the environment or .env): hosted or local.
An app key starts work and sees the jobs of its owner; an admin key sees and does everything.`;

loadDotEnv();
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    role: { type: "string", default: "app" },
    name: { type: "string", default: "made by npm run key" },
    owner: { type: "string" },
    help: { type: "boolean", default: false, short: "h" },
  },
});

/** Ends with one sentence on stderr. */
const refuse = (sentence: string): never => {
  console.error(sentence);
  process.exit(1);
};

const project = (): Project => ({
  url: process.env["SUPABASE_URL"] ?? refuse("SUPABASE_URL is not set: whose key shall it be?"),
  secretKey: process.env["SUPABASE_SECRET_KEY"] ?? refuse("SUPABASE_SECRET_KEY is not set."),
});

async function main(): Promise<void> {
  const [command, key] = positionals;
  const { role, name, owner = role } = values;
  if (values.help || command === undefined) return console.log(help);
  if (command === "revoke") {
    const wasKnown = await revokeApiKey(project(), key ?? refuse("Which key? npm run key -- revoke <key>"));
    return console.log(wasKnown ? "Revoked." : "There is no such key.");
  }
  if (command !== "create") refuse(`There is no "${command}".\n\n${help}`);
  if (role !== "app" && role !== "admin") return refuse(`A role is app or admin, not "${role}".`);
  console.log(await createApiKey(project(), { name, role, owner }));
  console.error("This is the only time it is shown: the database keeps a hash.");
}

main().catch((error: unknown) => refuse(error instanceof Error ? error.message : String(error)));
