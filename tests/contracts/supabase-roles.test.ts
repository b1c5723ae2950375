/** Which keys, tokens and roles may do what, with row-level policies. See supabase-project.ts for hosted projects. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { openProject, type Project } from "./supabase-project.ts";

let project: Project;
const password = "correct horse battery";
const people: Record<"ann" | "bob" | "admin", { id: string; token: string }> = {
  ann: { id: "", token: "" },
  bob: { id: "", token: "" },
  admin: { id: "", token: "" },
};

beforeAll(async () => {
  project = await openProject();
  const server = project.client("secret");
  for (const [name, person] of Object.entries(people)) {
    const email = `${name}-${Date.now()}@roles.example`;
    const app_metadata = name === "admin" ? { role: "admin" } : {};
    const made = await server.auth.admin.createUser({ email, password, email_confirm: true, app_metadata });
    person.id = made.data.user?.id ?? "";
    const signedIn = await project.client("publishable").auth.signInWithPassword({ email, password });
    person.token = signedIn.data.session?.access_token ?? "";
    await project.sql("insert into public.contract_things (name, owner) values ($1, $2)", [
      `of ${name}`,
      person.id,
    ]);
  }
});
afterAll(async () => {
  await project.sql("truncate public.contract_things restart identity");
  await project.close();
});

const as = (name: keyof typeof people) => project.client("publishable", people[name].token);
const names = (rows: { name: string }[] | null) => rows?.map(({ name }) => name).toSorted();

test("a user sees only the rows that the policies allow", async () => {
  expect(names((await as("ann").from("contract_things").select("name")).data)).toEqual(["of ann"]);
  expect(names((await as("bob").rpc("contract_things_named", { p_prefix: "of" })).data)).toEqual(["of bob"]);
});

test("app_metadata in the token gives a user the rights of an administrator", async () => {
  expect((await as("admin").from("contract_things").select("name")).data).toHaveLength(3);
});

test("the secret key is not subject to policies", async () => {
  expect((await project.client("secret").from("contract_things").select("name")).data).toHaveLength(3);
});

test("without a grant, an anonymous request gets 401 and a user 403", async () => {
  const nobody = project.client("publishable");
  expect(await nobody.from("contract_things").select()).toMatchObject({
    status: 401,
    error: { code: "42501", message: "permission denied for table contract_things" },
  });
  expect(await nobody.rpc("contract_secret")).toMatchObject({ status: 401, error: { code: "42501" } });
  expect(await as("ann").rpc("contract_secret")).toMatchObject({ status: 403, error: { code: "42501" } });
  expect((await project.client("secret").rpc("contract_secret")).data).toBe(1);
});

test("a policy for everyone also applies to anonymous requests", async () => {
  expect((await project.client("publishable").from("contract_public_notes").select("id")).data).toHaveLength(
    2,
  );
});

test("SQL sees the role and the claims of the request", async () => {
  const who = async (client: ReturnType<Project["client"]>) => (await client.rpc("contract_whoami")).data;
  expect(await who(project.client("secret"))).toMatchObject({
    role: "service_role",
    user: "service_role",
    uid: null,
  });
  expect(await who(project.client("publishable"))).toMatchObject({ role: "anon", user: "anon", uid: null });
  expect(await who(as("admin"))).toMatchObject({
    role: "authenticated",
    user: "authenticated",
    uid: people.admin.id,
    claims: {
      sub: people.admin.id,
      app_metadata: { role: "admin", provider: "email" },
      aud: "authenticated",
    },
  });
});

test("concurrent requests never get each other's rows", async () => {
  const asked = Array.from(
    { length: 60 },
    (_, index) => (["ann", "bob", "admin"] as const)[index % 3] ?? "ann",
  );
  const answers = await Promise.all(
    asked.map(async (name, index) =>
      index % 5 === 0
        ? { expected: "service_role", data: (await project.client("secret").rpc("contract_whoami")).data }
        : { expected: people[name].id, data: (await as(name).rpc("contract_whoami")).data },
    ),
  );
  for (const { expected, data } of answers) expect([data.uid, data.role]).toContain(expected);
});

test("a user's failed function call does not leave its role on the connection", async () => {
  await Promise.all(Array.from({ length: 20 }, () => as("ann").rpc("contract_raise", { p_code: "PT400" })));
  expect((await project.client("publishable").rpc("contract_whoami")).data).toMatchObject({ user: "anon" });
});

const rest = (headers: Record<string, string>) =>
  fetch(`${project.url}/rest/v1/contract_public_notes?select=id`, { headers });

test("a missing key, a wrong key and a wrong token get 401", async () => {
  expect((await rest({})).status).toBe(401);
  expect((await rest({ apikey: "sb_secret_wrong" })).status).toBe(401);
  const forged = await rest({ apikey: project.publishableKey, authorization: "Bearer x.y.z" });
  expect([forged.status, ((await forged.json()) as { code: string }).code]).toEqual([401, "PGRST301"]);
  const [header, payload] = people.ann.token.split(".");
  const tampered = await rest({
    apikey: project.publishableKey,
    authorization: `Bearer ${header}.${payload}.AAAA`,
  });
  expect(tampered.status).toBe(401);
});

test("a statement of an anonymous request may take 3 s, of a user 8 s", async () => {
  const slow = await project.client("publishable").rpc("contract_sleep", { p_seconds: 4 });
  expect(slow).toMatchObject({ status: 500, error: { code: "57014" } });
  expect((await as("ann").rpc("contract_sleep", { p_seconds: 3.5 })).data).toBe(1);
});
