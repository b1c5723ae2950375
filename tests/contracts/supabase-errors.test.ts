/**
 * Errors and statuses as PostgREST returns them. supabase-project.ts explains how to run this against a hosted project.
 */
import type { SupabaseClient } from "@supabase/supabase-js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openProject, type Project } from "./supabase-project.ts";

let project: Project;
let server: SupabaseClient;
beforeAll(async () => {
  project = await openProject();
  server = project.client("secret");
  await project.sql("truncate public.contract_things restart identity");
  await project.sql("insert into public.contract_things (name) values ('taken')");
});
afterAll(() => project.close());

/** PostgREST's own mapping from SQLSTATE to HTTP, one case for each of its rows. */
test.each([
  ["08006", 503],
  ["09000", 500],
  ["0L000", 403],
  ["0P000", 403],
  ["21000", 500],
  ["22023", 400],
  ["22P02", 400],
  ["23502", 400],
  ["23503", 409],
  ["23505", 409],
  ["23514", 400],
  ["25006", 405],
  ["25001", 500],
  ["28000", 403],
  ["2D000", 500],
  ["38000", 500],
  ["39000", 500],
  ["3B000", 500],
  ["40001", 500],
  ["40P01", 500],
  ["42501", 403],
  ["42883", 404],
  ["42P01", 404],
  ["42P17", 500],
  ["42703", 400],
  ["53000", 503],
  ["53400", 500],
  ["54000", 500],
  ["55P03", 500],
  ["57014", 500],
  ["57P01", 503],
  ["58000", 500],
  ["F0000", 500],
  ["HV000", 500],
  ["P0001", 400],
  ["P0002", 500],
  ["XX000", 500],
  ["ZZZZZ", 400],
  ["PT404", 404],
  ["PT409", 409],
  ["PT429", 429],
  ["PT503", 503],
  ["PTXYZ", 500],
])("SQLSTATE %s becomes HTTP %i, with message, details and hint", async (code, expected) => {
  const { status, error } = await server.rpc("contract_raise", { p_code: code });
  expect(status).toBe(expected);
  expect(error).toMatchObject({ code, message: "told so", details: "the detail", hint: "the hint" });
});

test("a plain raise becomes 400 with P0001 and nulls", async () => {
  const { status, error } = await server.rpc("contract_raise_plain");
  expect(status).toBe(400);
  expect(error).toMatchObject({ code: "P0001", message: "plain", details: null, hint: null });
});

test("a violated constraint is named", async () => {
  const taken = await server.rpc("contract_add_thing", { p_name: "taken" });
  expect(taken).toMatchObject({
    status: 409,
    error: {
      code: "23505",
      message: 'duplicate key value violates unique constraint "contract_things_name_is_unique"',
      details: "Key (name)=(taken) already exists.",
    },
  });
  const negative = await server.rpc("contract_add_thing", { p_name: "x", p_amount: -1 });
  expect(negative).toMatchObject({ status: 400, error: { code: "23514" } });
  const orphan = await server.rpc("contract_add_thing", { p_name: "x", p_parent_id: 99 });
  expect(orphan).toMatchObject({ status: 409, error: { code: "23503" } });
  const nameless = await server.rpc("contract_add_thing", { p_name: null });
  expect(nameless).toMatchObject({ status: 400, error: { code: "23502" } });
});

test("an argument of the wrong type is 22P02", async () => {
  expect(await server.rpc("contract_sum", { p_a: "one" })).toMatchObject({
    status: 400,
    error: { code: "22P02" },
  });
});

test("an unknown function is PGRST202 and names the function", async () => {
  const { status, error } = await server.rpc("contract_sun", { p_b: 1, p_a: 1 });
  expect(status).toBe(404);
  expect(error).toMatchObject({
    code: "PGRST202",
    message: "Could not find the function public.contract_sun(p_a, p_b) in the schema cache",
  });
});

test("unknown, missing and superfluous arguments are PGRST202", async () => {
  for (const args of [{}, { p_b: 1 }, { p_a: 1, p_c: 1 }]) {
    expect(await server.rpc("contract_sum", args)).toMatchObject({
      status: 404,
      error: { code: "PGRST202" },
    });
  }
});

test("a call that two functions match is PGRST203", async () => {
  expect(await server.rpc("contract_ambiguous", { p_a: 1 })).toMatchObject({
    status: 300,
    error: { code: "PGRST203" },
  });
});

test("an unknown table is PGRST205, an unknown column 42703", async () => {
  expect(await server.from("contract_thing").select()).toMatchObject({
    status: 404,
    error: {
      code: "PGRST205",
      message: "Could not find the table 'public.contract_thing' in the schema cache",
    },
  });
  for (const query of [
    server.from("contract_things").select("colour"),
    server.from("contract_things").select().eq("colour", 1),
    server.from("contract_things").select().order("colour"),
  ]) {
    expect(await query).toMatchObject({
      status: 400,
      error: { code: "42703", message: "column contract_things.colour does not exist" },
    });
  }
});

test("another schema is PGRST106", async () => {
  expect(
    await server
      .schema("private" as never)
      .from("x")
      .select(),
  ).toMatchObject({
    status: 406,
    error: { code: "PGRST106" },
  });
});

const raw = async (
  path: string,
  init: { method?: string; body?: string; headers?: Record<string, string> } = {},
) => {
  const answer = await fetch(`${project.url}/rest/v1/${path}`, {
    ...init,
    headers: { apikey: project.secretKey, ...init.headers },
  });
  const body = (await answer.json()) as { code: string };
  return { status: answer.status, code: body.code };
};

test("a malformed request gets an error that says what is wrong", async () => {
  expect(await raw("contract_things?limit=x")).toEqual({ status: 400, code: "PGRST100" });
  expect(await raw("contract_things?order=id.sideways")).toEqual({ status: 400, code: "PGRST100" });
  expect(await raw("contract_things?id=eq.x")).toEqual({ status: 400, code: "22P02" });
  expect(await raw("rpc/contract_sum", { method: "POST", body: "{" })).toEqual({
    status: 400,
    code: "PGRST102",
  });
  expect(await raw("rpc/contract_sum/x")).toEqual({ status: 404, code: "PGRST125" });
});

test("a failed call does not affect the next one on the same connection", async () => {
  const calls = Array.from({ length: 40 }, (_, index) =>
    index % 2 === 0
      ? server.rpc("contract_raise", { p_code: "PT409" })
      : server.rpc("contract_sum", { p_a: index }),
  );
  const answers = await Promise.all(calls);
  for (const [index, { status, data }] of answers.entries()) {
    expect([status, data]).toEqual(index % 2 === 0 ? [409, null] : [200, index + 10]);
  }
});
