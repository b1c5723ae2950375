/** The snippets of the page verify what is really sent. Those in Go and Ruby run only where their language is. */
import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { SNIPPETS } from "#dashboard/views/webhooks/snippets.ts";
import { newSecret } from "#deliveries/secrets.ts";
import { signedHeaders } from "#deliveries/sign.ts";

const has = (command: string, args: string[]) => spawnSync(command, args).status === 0;
const MAIN = {
  node: {
    command: process.execPath,
    file: "verify.mjs",
    code: 'import { readFileSync } from "node:fs";\nconst { secret, headers, body } = JSON.parse(readFileSync(0, "utf8"));\nconsole.log(String(verify(secret, headers, body)));',
  },
  python: {
    command: "python3",
    file: "verify.py",
    code: 'import json, sys\nasked = json.load(sys.stdin)\nprint(str(verify(asked["secret"], asked["headers"], asked["body"].encode())).lower())',
  },
  ruby: {
    command: "ruby",
    file: "verify.rb",
    code: 'require "json"\nasked = JSON.parse($stdin.read)\nputs verify(asked["secret"], asked["headers"], asked["body"])',
  },
} as const;

const languages = (["node", "python", "ruby"] as const).filter((name) =>
  has(MAIN[name].command, ["--version"]),
);

test.each(languages)(
  "%s accepts what is signed, also while a secret is replaced, and refuses the rest",
  (language) => {
    const { command, file, code } = MAIN[language];
    const path = join(mkdtempSync(join(tmpdir(), "snippet-")), file);
    writeFileSync(path, `${SNIPPETS[language]}\n${code}\n`);
    const [secret, old] = [newSecret(), newSecret()];
    const body = '{"event":"report.ready","data":{"name":"Grüße"}}';
    const signed = (now: Date) => signedHeaders({ id: randomUUID(), body, secrets: [secret, old], now });
    const verify = (asked: { secret: string; headers: Record<string, string>; body: string }) => {
      const answer = spawnSync(command, [path], { input: JSON.stringify(asked), encoding: "utf8" });
      return answer.stdout.trim() || answer.stderr;
    };
    const headers = signed(new Date());
    expect(verify({ secret, headers, body })).toBe("true");
    expect(verify({ secret: old, headers, body })).toBe("true");
    expect(verify({ secret: newSecret(), headers, body })).toBe("false");
    expect(verify({ secret, headers, body: `${body} ` })).toBe("false");
    expect(verify({ secret, headers: signed(new Date(Date.now() - 400_000)), body })).toBe("false");
  },
);

test("Node runs here", () => expect(languages).toContain("node"));
