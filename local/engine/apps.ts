import { identity } from "./dispatch.ts";
import { syncAnswer } from "./protocol.ts";
import type { App, Registry } from "./registry.ts";
import type { Transport } from "./transport.ts";
import { RegistrationRefused, readFunctions } from "./validate.ts";

type Options = {
  registry: Registry;
  transport: Transport;
  signingKey: string | undefined;
  changed: (app: App) => void;
};

/**
 * Registers apps. Either the app sends its functions, or the engine asks the app for them. A refusal is an error that
 * says what is refused.
 */
export class Apps {
  private readonly options: Options;

  constructor(options: Options) {
    this.options = options;
  }

  /** Asks an app for its functions. */
  async sync(url: string): Promise<{ appId: string; changed: boolean }> {
    const body = JSON.stringify({ url });
    const headers = {
      "content-type": "application/json",
      "x-inngest-sync-kind": "in_band",
      ...identity(this.options.signingKey, body),
    };
    const answer = await this.options.transport({ method: "PUT", url, headers, body });
    if (answer.status !== 200)
      throw new Error(
        `${url} answered ${answer.status} when asked for its functions: ${answer.body.slice(0, 500)}`,
      );
    const parsed = syncAnswer.parse(JSON.parse(answer.body));
    return { appId: parsed.app_id, changed: this.register(parsed.app_id, url, parsed.functions, parsed.sdk) };
  }

  /** Returns whether the registration changed anything. `sdk` is a text such as "js:v4.24.0". */
  register(appId: string, url: string, functions: { id: string }[], sdk = ""): boolean {
    const [, major, minor] = /^(?:inngest-)?js:v(\d+)\.(\d+)/.exec(sdk)?.map(Number) ?? [];
    if (major !== undefined && minor !== undefined && (major < 3 || (major === 3 && minor < 54)))
      throw new RegistrationRefused([`the SDK ${sdk} is too old: the server takes inngest 3.54 and newer`]);
    const app: App = { id: appId, url, functions: readFunctions(functions) };
    if (!this.options.registry.register(app)) return false;
    this.options.changed(app);
    return true;
  }
}
