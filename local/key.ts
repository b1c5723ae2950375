import { parseArgs } from "node:util";
import { createApiKey, type Project, RpcError, revokeApiKey } from "#api-key.ts";
import { loadDotEnv } from "#stack/environment.ts";
import { readKeys } from "#stack/keys.ts";
import { machineKeys } from "#supabase/keys.ts";

const help = `npm run key -- create --role <app|admin> [--name <what it is for>] [--owner <whose jobs it sees>]
npm run key -- revoke <key or its id>

Works on the project of SUPABASE_URL with SUPABASE_SECRET_KEY (from the environment or .env); without them on the stack
that runs on this machine (with --data-dir <path>, if that is where its data lies).
An app key starts work and sees the jobs of its owner; an admin key sees and does everything.`;

loadDotEnv();
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    role: { type: "string", default: "app" },
    name: { type: "string", default: "made by npm run key" },
    owner: { type: "string" },
    "data-dir": { type: "string", default: ".nightshift" },
    help: { type: "boolean", default: false, short: "h" },
  },
});

/** Ends with one sentence on stderr. */
const refuse = (sentence: string): never => {
  console.error(sentence);
  process.exit(1);
};

const wayOut = "Start the stack (npm start), or set SUPABASE_URL and SUPABASE_SECRET_KEY.";

async function findProject(): Promise<Project> {
  const { SUPABASE_URL: url, SUPABASE_SECRET_KEY: secretKey } = process.env;
  if (url) return { url, secretKey: secretKey || refuse("SUPABASE_SECRET_KEY is not set.") };
  const dataDir = values["data-dir"];
  const local = readKeys(dataDir)?.supabaseUrl ?? refuse(`Whose key shall it be? ${wayOut}`);
  return { url: local, secretKey: (await machineKeys(dataDir)).secret };
}

async function main(): Promise<void> {
  const [command, key] = positionals;
  const { role, name, owner = role } = values;
  if (values.help || command === undefined) return console.log(help);
  if (command !== "create" && command !== "revoke") return refuse(`There is no "${command}".\n\n${help}`);
  if (role !== "app" && role !== "admin") return refuse(`A role is app or admin, not "${role}".`);
  const project = await findProject();
  const said = (error: unknown) =>
    refuse(error instanceof RpcError ? error.message : `${project.url} does not answer. ${wayOut}`);
  if (command === "revoke") {
    const which = key ?? refuse("Which key? npm run key -- revoke <key>");
    const wasKnown = await revokeApiKey(project, which).catch(said);
    return console.log(wasKnown ? "Revoked." : "There is no such key.");
  }
  console.log(await createApiKey(project, { name, role, owner }).catch(said));
  console.error("This is the only time it is shown: the database keeps a hash.");
}

main().catch((error: unknown) => refuse(error instanceof Error ? error.message : String(error)));
