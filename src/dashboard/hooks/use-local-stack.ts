import { useEffect, useState } from "react";
import { fieldsOf } from "#dashboard/fields.ts";

/**
 * The local stack serves this file, which lists the other services on this machine. Only a page on this machine
 * requests it.
 */
const PATH = "/local-stack.json";
const HERE = new Set(["localhost", "127.0.0.1", "[::1]"]);

export type LocalStack = {
  /** The page with the mails that the local mail provider received. */
  inboxUrl?: string;
  /** The address to which a POST loads sample work. It is set only where all services run on this machine. */
  sampleWorkUrl?: string;
};

/** The facts of the local stack; empty on any other machine. */
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
    const fields = fieldsOf(response.ok ? await response.json() : null);
    const [inboxUrl, sampleWorkUrl] = [fields.get("inboxUrl"), fields.get("sampleWorkUrl")];
    return {
      ...(typeof inboxUrl === "string" && { inboxUrl }),
      ...(typeof sampleWorkUrl === "string" && { sampleWorkUrl }),
    };
  } catch {
    return {};
  }
}
