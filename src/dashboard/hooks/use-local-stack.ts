import { useEffect, useState } from "react";
import { fieldsOf } from "#dashboard/fields.ts";

/**
 * The local stack serves this file, which lists what else runs on this machine. Only a page on this machine asks for
 * it.
 */
const PATH = "/local-stack.json";
const HERE = new Set(["localhost", "127.0.0.1", "[::1]"]);

export type LocalStack = {
  /** The mails of the stand-in for the mail provider. */
  inboxUrl?: string;
  /** A POST loads sample work; only where every part runs on this machine. */
  sampleWorkUrl?: string;
};

/** Empty on any other machine. */
export function useLocalStack(): LocalStack {
  const [stack, setStack] = useState<LocalStack>({});
  useEffect(() => {
    if (HERE.has(location.hostname)) void ask().then(setStack);
  }, []);
  return stack;
}

async function ask(): Promise<LocalStack> {
  try {
    const response = await fetch(PATH);
    const said = fieldsOf(response.ok ? await response.json() : null);
    const [inboxUrl, sampleWorkUrl] = [said.get("inboxUrl"), said.get("sampleWorkUrl")];
    return {
      ...(typeof inboxUrl === "string" && { inboxUrl }),
      ...(typeof sampleWorkUrl === "string" && { sampleWorkUrl }),
    };
  } catch {
    return {};
  }
}
