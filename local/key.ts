import { createApiKey, listApiKeys, type Project, revokeApiKey } from "#api-key.ts";
import { commandOptions } from "#command-options.ts";
import { loadDotEnv } from "#stack/environment.ts";
import { readKeys } from "#stack/keys.ts";
import { machineKeys } from "#supabase/keys.ts";

const help = `npm run key -- create --role app --owner <whose jobs it sees> [--name <what it is for>] [--days <until it expires>]
npm run key -- create --role admin [--name …] [--days …]
npm run key -- list
npm run key -- revoke <key or its id>

Works on the project of SUPABASE_URL with SUPABASE_SECRET_KEY (from the environment or .env); without them on the stack
that runs on this machine (with --data-dir <path>, if that is where its data lies).
An app key starts work and sees the jobs of its owner; an admin key sees and does everything.`;

loadDotEnv();
const { values, positionals } = commandOptions(help, {
  allowPositionals: true,
  options: {
    role: { type: "string", default: "app" },
    name: { type: "string", default: "made by npm run key" },
    owner: { type: "string" },
    days: { type: "string" },
    "data-dir": { type: "string", default: ".nightshift" },
  },
});

/** Ends the process with one sentence on stderr. */
const refuse = (sentence: string): never => {
  console.error(sentence);
  process.exit(1);
};

const wayOut = "Start the stack (npm start), or set SUPABASE_URL and SUPABASE_SECRET_KEY.";

async function findProject(): Promise<Project> {
  const { SUPABASE_URL: url, SUPABASE_SECRET_KEY: secretKey } = process.env;
  if (url) return { url, secretKey: secretKey || refuse("SUPABASE_SECRET_KEY is not set.") };
  const dataDir = values["data-dir"];
  const local = readKeys(dataDir)?.supabaseUrl ?? refuse(`There is no stack in ${dataDir}. ${wayOut}`);
  return { url: local, secretKey: (await machineKeys(dataDir)).secret };
}

function expiry(): Date | undefined {
  if (values.days === undefined) return undefined;
  const days = Number(values.days);
  if (!(days > 0 && days <= 3650)) return refuse(`--days is a number from 1 to 3650, not "${values.days}".`);
  return new Date(Date.now() + days * 24 * 60 * 60 * 1000);
}

async function create(project: Project): Promise<void> {
  const { role, name, owner = role } = values;
  if (role !== "app" && role !== "admin") return refuse(`A role is app or admin, not "${role}".`);
  if (role === "app" && values.owner === undefined) {
    return refuse(
      "An app key needs --owner: it starts jobs for this owner, and sees the jobs of this owner alone.",
    );
  }
  console.log(await createApiKey(project, { name, role, owner, expiresAt: expiry() }));
  console.error("This is the only time it is shown: the database keeps a hash.");
}

async function list(project: Project): Promise<void> {
  const day = (time: string | null) => time?.slice(0, 10) ?? "never";
  for (const { id, name, role, owner, expires_at, last_used_at, revoked_at } of await listApiKeys(project)) {
    const end = revoked_at === null ? `expires ${day(expires_at)}` : `revoked ${day(revoked_at)}`;
    console.log([id, role, owner, `last used ${day(last_used_at)}`, end, name].join("\t"));
  }
}

async function revoke(project: Project): Promise<void> {
  const which = positionals[1] ?? refuse("Which key? npm run key -- revoke <key or its id>");
  if (!(await revokeApiKey(project, which))) return refuse("No API key has this id.");
  console.log("Revoked.");
}

async function main(): Promise<void> {
  const [command] = positionals;
  if (command === undefined) return console.log(help);
  const work = new Map([
    ["create", create],
    ["list", list],
    ["revoke", revoke],
  ]).get(command);
  if (work === undefined) return refuse(`There is no "${command}".\n\n${help}`);
  const project = await findProject();
  await work(project).catch((error: unknown) => {
    if (error instanceof TypeError) refuse(`${project.url} does not answer. ${wayOut}`);
    throw error;
  });
}

main().catch((error: unknown) => refuse(error instanceof Error ? error.message : String(error)));
