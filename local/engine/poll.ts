import type { Engine } from "./engine.ts";

/**
 * Keeps the engine up to date with its apps, as the Dev Server does. The engine asks an app for its functions until the
 * app answers, and again every five seconds, so that a developer need not register changed functions with a command.
 */
const pollMs = 5_000;
const waitForAppMs = 200;

/** How long the engine waits for apps whose address may have changed, before it continues their runs. */
const patienceMs = 5_000;

type Options = { engine: Engine; urls: string[]; log: (message: string) => void };

export function keepInStep({ engine, urls, log }: Options): { stop(): void } {
  const lastMessages = new Map<string, string>();
  const timers = new Map<string, NodeJS.Timeout>();
  let isStopped = false;

  /** Logs a message once, so that an app that is down for an hour causes one line. */
  const say = (url: string, message: string) => {
    if (lastMessages.get(url) !== message) log(message);
    lastMessages.set(url, message);
  };

  /** An app that registers under another address is not asked at its old address, where another app may answer. */
  const isKnown = (url: string) =>
    urls.includes(url) || engine.registry.allApps().some((app) => app.url === url);

  const ask = async (url: string): Promise<void> => {
    if (!isKnown(url)) return void timers.delete(url);
    let wait = pollMs;
    try {
      const { appId, changed } = await engine.apps.sync(url);
      if (changed || lastMessages.has(url)) {
        const count = engine.registry.allApps().find(({ id }) => id === appId)?.functions.length ?? 0;
        log(`${appId}: ${count} functions at ${url}`);
      }
      lastMessages.delete(url);
    } catch (error) {
      say(url, messageOf(url, error));
      if (urls.includes(url) && isUnreachable(error)) wait = waitForAppMs;
    }
    if (!isStopped) timers.set(url, setTimeout(() => void ask(url), wait).unref());
  };

  /** After this call, apps that registered themselves are polled too. */
  const follow = () => {
    for (const url of [...urls, ...engine.registry.allApps().map(({ url }) => url)]) {
      if (timers.has(url)) continue;
      timers.set(url, setTimeout(() => void ask(url), urls.includes(url) ? 0 : pollMs).unref());
    }
  };
  follow();
  const following = setInterval(follow, pollMs).unref();

  return {
    stop() {
      isStopped = true;
      clearInterval(following);
      for (const timer of timers.values()) clearTimeout(timer);
    },
  };
}

/**
 * Asks the apps at `urls` for their functions if a restored app has another address. After a restart under another port
 * the app answers at a new address, and calls to its old address would fail and use up attempts. Returns after
 * `patienceMs` at the latest, because an app may be down.
 */
export async function findMovedApps({ engine, urls }: Omit<Options, "log">): Promise<void> {
  if (engine.registry.allApps().every(({ url }) => urls.includes(url))) return;
  let isOver = false;
  const find = async (url: string): Promise<void> => {
    while (!isOver) {
      try {
        return void (await engine.apps.sync(url));
      } catch (error) {
        // Polling reports the error.
        if (!isUnreachable(error)) return;
      }
      await pause(waitForAppMs);
    }
  };
  await Promise.race([Promise.all(urls.map(find)), pause(patienceMs)]);
  isOver = true;
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

function messageOf(url: string, error: unknown): string {
  if (isUnreachable(error)) return `no app answers at ${url}; asking until one does`;
  return error instanceof Error ? error.message : String(error);
}

const isUnreachable = (error: unknown): boolean =>
  error instanceof Error && "code" in error && (error.code === "ECONNREFUSED" || error.code === "ECONNRESET");
