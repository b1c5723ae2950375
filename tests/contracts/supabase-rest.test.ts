/** What `.rpc()` and plain selects give back. How to ask a hosted project the same: supabase-project.ts. */
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
  test("passes every kind of argument and gives a row back with its types", async () => {
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

  test("leaves out arguments to their defaults", async () => {
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
  ])("%s(%j) gives %j", async (name, args, expected) => {
    const { data, error } = await server.rpc(name, args);
    expect(error).toBeNull();
    expect(data).toEqual(expected);
  });

  test("a function that returns nothing is answered by 204", async () => {
    expect(await server.rpc("contract_nothing")).toMatchObject({ status: 204, data: null, error: null });
  });

  test("GET passes arguments in the query", async () => {
    expect((await server.rpc("contract_sum", { p_a: 1, p_b: -2 }, { get: true })).data).toBe(-1);
    expect(
      (await server.rpc("contract_things_named", { p_prefix: "app" }, { get: true })).data,
    ).toMatchObject([{ name: "apple" }]);
  });

  test("GET reads only: a function that writes is answered by 405 and writes nothing", async () => {
    const { status, error } = await server.rpc("contract_write_when_read", {}, { get: true });
    expect({ status, code: error?.code }).toEqual({ status: 405, code: "25006" });
    expect(await project.sql("select from public.contract_things where name = 'written by GET'")).toEqual([]);
  });

  test("its rows can be filtered, ordered, cut and counted like a table", async () => {
    const { data, count, status } = await server
      .rpc("contract_things_named", { p_prefix: "" }, { count: "exact" })
      .select("name")
      .gt("amount", 1.5)
      .order("name", { ascending: false })
      .limit(1);
    expect({ data, count, status }).toEqual({ data: [{ name: 'cherry, "ripe"' }], count: 2, status: 206 });
  });

  test("single() on a function that writes several rows undoes them", async () => {
    const { status, error } = await server.rpc("contract_add_many", { p_names: ["d", "e"] }).single();
    expect({ status, error }).toMatchObject({ status: 406, error: { code: "PGRST116" } });
    expect(error?.details).toBe("The result contains 2 rows");
    expect(await project.sql("select from public.contract_things where name in ('d', 'e')")).toEqual([]);
  });

  test("single() gives the one row of a set", async () => {
    const { data } = await server.rpc("contract_things_named", { p_prefix: "app" }).select("name").single();
    expect(data).toEqual({ name: "apple" });
  });

  test("a function may choose status and headers of its answer", async () => {
    const answer = await fetch(`${project.url}/rest/v1/rpc/contract_respond`, {
      method: "POST",
      headers: { apikey: project.secretKey },
    });
    expect([answer.status, answer.headers.get("x-contract"), await answer.text()]).toEqual([418, "yes", "1"]);
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
    ["in", () => things().in("id", [1, 3]), ["apple", 'cherry, "ripe"']],
    ["in with an empty list", () => things().in("id", []), []],
    ["in with a comma inside", () => things().in("name", ["apple", "a,b"]), ["apple"]],
    ["is null", () => things().is("owner", null), ["apple", "banana", 'cherry, "ripe"']],
    ["not is null", () => things().not("owner", "is", null), []],
    ["not eq", () => things().not("name", "eq", "apple"), ["banana", 'cherry, "ripe"']],
    ["not in", () => things().not("id", "in", "(1,2)"), ['cherry, "ripe"']],
    ["like", () => things().like("name", "%an%"), ["banana"]],
    ["ilike", () => things().ilike("name", "APP*"), ["apple"]],
    ["two filters", () => things().gt("amount", 1).lt("amount", 3), ["apple", "banana"]],
    [
      "order and limit",
      () => server.from("contract_things").select("name").order("amount", { ascending: false }).limit(1),
      ['cherry, "ripe"'],
    ],
    ["range", () => things().range(1, 2), ["banana", 'cherry, "ripe"']],
  ])("%s", async (_, query, expected) => {
    expect(await names(query())).toEqual(expected);
  });

  test("columns can be chosen and renamed", async () => {
    const { data } = await server.from("contract_things").select("id, called:name").eq("id", 1);
    expect(data).toEqual([{ id: 1, called: "apple" }]);
  });

  test("counts exactly: the whole, one page, and without rows", async () => {
    const all = await server.from("contract_things").select("*", { count: "exact" });
    expect([all.count, all.status, all.data?.length]).toEqual([3, 200, 3]);
    const page = await server.from("contract_things").select("*", { count: "exact" }).range(0, 1);
    expect([page.count, page.status, page.data?.length]).toEqual([3, 206, 2]);
    const head = await server
      .from("contract_things")
      .select("*", { count: "exact", head: true })
      .gt("amount", 1.5);
    expect([head.count, head.data]).toEqual([2, null]);
  });

  test("an offset behind the last row is answered by 416", async () => {
    const { status, error } = await server
      .from("contract_things")
      .select("*", { count: "exact" })
      .range(10, 12);
    expect({ status, code: error?.code }).toEqual({ status: 416, code: "PGRST103" });
  });

  test("single() and maybeSingle() take one row, tell of none and of many", async () => {
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

  test("gives at most 1,000 rows, of tables and of functions", async () => {
    const { data } = await server.rpc("contract_numbers", { p_n: 1_500 });
    expect(data).toHaveLength(1_000);
  });

  test("a table made a moment ago is found", async () => {
    await project.sql("create table if not exists public.contract_fresh (id int primary key)");
    await project.sql("alter table public.contract_fresh enable row level security");
    await project.sql("grant select on public.contract_fresh to service_role");
    expect(await server.from("contract_fresh").select()).toMatchObject({ status: 200, data: [] });
    await project.sql("drop table public.contract_fresh");
  });
});

describe.skipIf(isHosted)("refused by name with 501", () => {
  test.each<[string, () => PromiseLike<{ status: number; error: { message: string } | null }>]>([
    ["POST on the table", () => server.from("contract_things").insert({ name: "x" })],
    ["PATCH on the table", () => server.from("contract_things").update({ name: "x" }).eq("id", 1)],
    ["DELETE on the table", () => server.from("contract_things").delete().eq("id", 1)],
    ["embedding", () => server.from("contract_things").select("*, parent:contract_things(*)")],
    ["or=", () => server.from("contract_things").select().or("id.eq.1,id.eq.2")],
    ["tags=cs.", () => server.from("contract_things").select().contains("tags", ["a"])],
    ["JSON paths", () => server.from("contract_things").select("data->n")],
    ["data->n", () => server.from("contract_things").select().eq("data->n", 1)],
    ["count=planned", () => server.from("contract_things").select("*", { count: "planned" })],
    ["text/csv", () => server.from("contract_things").select().csv()],
    ["vnd.pgrst.plan", () => server.from("contract_things").select().explain()],
  ])("%s", async (words, ask) => {
    const { status, error } = await ask();
    expect(status).toBe(501);
    expect(error?.message).toContain("does not model");
    expect(error?.message).toContain(words);
  });
});
