/** What `.rpc()` and plain selects return. supabase-project.ts explains how to run this against a hosted project. */
import type { SupabaseClient } from "@supabase/supabase-js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isHosted, openProject, type Project } from "./supabase-project.ts";

let project: Project;
let server: SupabaseClient;
beforeAll(async () => {
  project = await openProject();
  server = project.client("secret");
  await project.sql("truncate public.contract_things restart identity");
  await project.sql(
    `insert into public.contract_things (name, amount, tags, data) values
       ('apple', 1.50, '{a,b}', '{"n": 1}'), ('banana', 2, '{}', '{}'), ('cherry, "ripe"', 3, '{c}', '[1,2]')`,
  );
});
afterAll(() => project.close());

describe("rpc", () => {
  test("passes every kind of argument and returns a row with its types", async () => {
    const { data, error, status } = await server.rpc("contract_add_thing", {
      p_name: "dötted ☂",
      p_amount: 12.5,
      p_tags: ["x", 'y"z', "a,b"],
      p_data: { deep: [1, { a: null }], text: "{}" },
    });
    expect({ error, status }).toEqual({ error: null, status: 200 });
    expect(data).toMatchObject({
      name: "dötted ☂",
      amount: 12.5,
      tags: ["x", 'y"z', "a,b"],
      data: { deep: [1, { a: null }], text: "{}" },
      owner: null,
      mood: "fine",
      made_at: "2026-11-22T00:07:03.63+00:00",
    });
    await project.sql("delete from public.contract_things where name = 'dötted ☂'");
  });

  test("uses defaults for omitted arguments", async () => {
    expect((await server.rpc("contract_sum", { p_a: 1 })).data).toBe(11);
    expect((await server.rpc("contract_sum", { p_a: 1, p_b: 1 })).data).toBe(2);
  });

  test.each([
    ["contract_numbers", { p_n: 3 }, [1, 2, 3]],
    ["contract_numbers", { p_n: 0 }, []],
    [
      "contract_pair",
      {},
      [
        { a: 1, b: "x" },
        { a: 2, b: "y" },
      ],
    ],
    ["contract_one_column", {}, [{ a: 1 }]],
    ["contract_out", {}, { a: 1, b: "x" }],
    ["contract_null", {}, null],
    ["contract_mood_of", { p_mood: "tired" }, "tired"],
    ["contract_echo", { p_value: [{ a: "1" }, null, 1.5] }, [{ a: "1" }, null, 1.5]],
    ["contract_echo", { p_value: "text" }, "text"],
    ["contract_overloaded", { p_a: 1 }, "int"],
    ["contract_overloaded", { p_a: 1, p_b: 2 }, "two"],
  ])("%s(%j) returns %j", async (name, args, expected) => {
    const { data, error } = await server.rpc(name, args);
    expect(error).toBeNull();
    expect(data).toEqual(expected);
  });

  test("answers 204 for a function that returns nothing", async () => {
    expect(await server.rpc("contract_nothing")).toMatchObject({ status: 204, data: null, error: null });
  });
});

describe("select", () => {
  const names = async (query: PromiseLike<{ data: unknown; error: unknown }>) => {
    const { data, error } = await query;
    expect(error).toBeNull();
    return (data as { name: string }[]).map(({ name }) => name);
  };
  const things = () => server.from("contract_things").select("name").order("id");

  test.each([
    ["eq", () => things().eq("name", "apple"), ["apple"]],
    ["neq", () => things().neq("name", "apple"), ["banana", 'cherry, "ripe"']],
    ["gt", () => things().gt("amount", 2), ['cherry, "ripe"']],
    ["gte", () => things().gte("amount", 2), ["banana", 'cherry, "ripe"']],
    ["lt", () => things().lt("amount", 2), ["apple"]],
    ["lte", () => things().lte("amount", 2), ["apple", "banana"]],
    ["two filters", () => things().gt("amount", 1).lt("amount", 3), ["apple", "banana"]],
    [
      "order and limit",
      () => server.from("contract_things").select("name").order("amount", { ascending: false }).limit(1),
      ['cherry, "ripe"'],
    ],
  ])("%s", async (_, query, expected) => {
    expect(await names(query())).toEqual(expected);
  });

  test("returns chosen columns", async () => {
    expect((await server.from("contract_things").select("id, name").eq("id", 1)).data).toEqual([
      { id: 1, name: "apple" },
    ]);
  });

  test("single() and maybeSingle() return one row, and report none or several", async () => {
    const one = await server.from("contract_things").select("name").eq("id", 1).single();
    expect(one.data).toEqual({ name: "apple" });
    const none = await server.from("contract_things").select().eq("id", 99).single();
    expect(none).toMatchObject({
      status: 406,
      error: {
        code: "PGRST116",
        message: "Cannot coerce the result to a single JSON object",
        details: "The result contains 0 rows",
      },
    });
    expect(await server.from("contract_things").select().eq("id", 99).maybeSingle()).toMatchObject({
      data: null,
      error: null,
    });
    const many = await server.from("contract_things").select().maybeSingle();
    expect(many.error?.code).toBe("PGRST116");
  });

  test("returns at most 1,000 rows of tables and functions", async () => {
    const { data } = await server.rpc("contract_numbers", { p_n: 1_500 });
    expect(data).toHaveLength(1_000);
  });

  test("finds a table that was just created", async () => {
    await project.sql("create table if not exists public.contract_fresh (id int primary key)");
    await project.sql("alter table public.contract_fresh enable row level security");
    await project.sql("grant select on public.contract_fresh to service_role");
    expect(await server.from("contract_fresh").select()).toMatchObject({ status: 200, data: [] });
    await project.sql("drop table public.contract_fresh");
  });
});

describe.skipIf(isHosted)("an unsupported request is refused with its reason", () => {
  test.each<[string, () => PromiseLike<{ status: number; error: { message: string; code: string } | null }>]>(
    [
      ["POST on the table", () => server.from("contract_things").insert({ name: "x" })],
      ["PATCH on the table", () => server.from("contract_things").update({ name: "x" }).eq("id", 1)],
      ["DELETE on the table", () => server.from("contract_things").delete().eq("id", 1)],
      ["renaming", () => server.from("contract_things").select("called:name")],
      ["embedding", () => server.from("contract_things").select("*, parent:contract_things(*)")],
      ["or=", () => server.from("contract_things").select().or("id.eq.1,id.eq.2")],
      ["id=in.", () => server.from("contract_things").select().in("id", [1, 2])],
      ["owner=is.null", () => server.from("contract_things").select().is("owner", null)],
      ["id=not.eq.1", () => server.from("contract_things").select().not("id", "eq", 1)],
      ["name=like.", () => server.from("contract_things").select().like("name", "a%")],
      ["tags=cs.", () => server.from("contract_things").select().contains("tags", ["a"])],
      ["JSON paths", () => server.from("contract_things").select("data->n")],
      ["data->n", () => server.from("contract_things").select().eq("data->n", 1)],
      ["offset=1", () => server.from("contract_things").select().range(1, 2)],
      ["count=exact", () => server.from("contract_things").select("*", { count: "exact" })],
      ["text/csv", () => server.from("contract_things").select().csv()],
      ["vnd.pgrst.plan", () => server.from("contract_things").select().explain()],
      ["GET on the function", () => server.rpc("contract_sum", { p_a: 1 }, { get: true })],
      ["after rpc()", () => server.rpc("contract_numbers", { p_n: 3 }).limit(1)],
      ["after rpc()", () => server.rpc("contract_numbers", { p_n: 3 }).single()],
      ["raise sqlstate 'PGRST'", () => server.rpc("contract_raise", { p_code: "PGRST" })],
    ],
  )("%s", async (words, ask) => {
    const { status, error } = await ask();
    expect({ status, code: error?.code }).toEqual({ status: 422, code: "not_modeled" });
    expect(error?.message).toContain("does not model");
    expect(error?.message).toContain(words);
  });
});

test("an `apikey` in the query works as the header does, and no response repeats it", async () => {
  const ask = async (path: string) => {
    const answer = await fetch(`${project.url}${path}apikey=${project.secretKey}`);
    return { status: answer.status, text: await answer.text() };
  };
  expect(await ask("/rest/v1/contract_public_notes?select=id&order=id&")).toEqual({
    status: 200,
    text: '[{"id":1}, \n {"id":2}]',
  });
  for (const path of [
    "/rest/v1/contract_things?name=like.x&",
    "/rest/v1/contract_things?limit=x&",
    "/rest/v1/rpc/contract_sum?",
    "/auth/v1/otp?",
    "/storage/v1/bucket?",
    "/nowhere?",
  ]) {
    const { status, text } = await ask(path);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(text).not.toContain(project.secretKey);
  }
});

test.skipIf(isHosted)("an unsupported address is refused before the key is checked", async () => {
  const asked: [method: string, path: string][] = [
    ["POST", "/rest/v1/contract_things"],
    ["GET", "/rest/v1/contract_things?id=in.(1)"],
    ["GET", "/rest/v1/rpc/contract_sum"],
    ["GET", "/rest/v1/"],
    ["POST", "/auth/v1/otp"],
    ["POST", "/auth/v1/token?grant_type=refresh_token"],
    ["POST", "/auth/v1/admin/users/00000000-0000-4000-8000-000000000000/factors"],
    ["POST", "/storage/v1/bucket"],
    ["POST", "/storage/v1/object/list-v2/images"],
    ["POST", "/storage/v1/upload/resumable"],
    ["GET", "/realtime/v1/websocket"],
    ["POST", "/functions/v1/hello"],
  ];
  for (const [method, path] of asked) {
    const answer = await fetch(`${project.url}${path}`, { method });
    const { code, message } = (await answer.json()) as { code: string; message: string };
    expect([path, answer.status, code]).toEqual([path, 422, "not_modeled"]);
    expect(message).toContain("does not model ");
  }
});
