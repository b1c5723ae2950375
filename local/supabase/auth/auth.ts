import { z } from "zod";
import type { Database } from "../database.ts";
import { type Answer, type Ask, json, refuse } from "../http.ts";
import { bearerOf, type Identify } from "../identity.ts";
import { createAdmin } from "./admin.ts";
import { readBody } from "./body.ts";
import { AuthError, authErrorAnswer } from "./errors.ts";
import { hashPassword, passwordMatches } from "./passwords.ts";
import { endSessions, isLive, refuseBanned, startSession } from "./sessions.ts";
import type { Tokens } from "./tokens.ts";
import { createUser, findUser, findUserByEmail, presentUser } from "./users.ts";

/** `/auth/v1`: managing users, sign-up, and sign-in by password. */
export const createAuth = ({ own }: Database, tokens: Tokens, identify: Identify) => {
  const admin = createAdmin(own);

  const signIn = async (ask: Ask) => {
    const { email = "", password = "" } = await readBody(ask, credentials);
    const user = await findUserByEmail(own, email);
    const right = await passwordMatches(password, user?.encrypted_password ?? null);
    if (user === undefined || !right)
      throw new AuthError(400, "invalid_credentials", "Invalid login credentials");
    if (user.email_confirmed_at === null)
      throw new AuthError(400, "email_not_confirmed", "Email not confirmed");
    refuseBanned(user);
    return json(200, await startSession(own, tokens, user));
  };

  /**
   * Signs a user up like a project with `enable_confirmations = false`: the address counts as confirmed, and the user
   * is signed in.
   */
  const signUp = async (ask: Ask) => {
    const { email = "", password = "", data } = await readBody(ask, newUser);
    if (password.length < 6)
      throw new AuthError(422, "weak_password", "Password should be at least 6 characters.");
    if ((await findUserByEmail(own, email)) !== undefined)
      throw new AuthError(422, "user_already_exists", "User already registered");
    const encryptedPassword = await hashPassword(password);
    const user = await createUser(own, { email, encryptedPassword, userMetadata: data, confirmed: true });
    return json(200, await startSession(own, tokens, user));
  };

  const signedIn = async (ask: Ask) => {
    const token = bearerOf(ask);
    if (token === undefined)
      throw new AuthError(401, "no_authorization", "This endpoint requires a valid Bearer token");
    const claims = await tokens.verify(token).catch((error: unknown) => {
      const why = error instanceof Error ? error.message : "unknown";
      throw new AuthError(403, "bad_jwt", `invalid JWT: unable to parse or verify signature, ${why}`);
    });
    const { sub, session_id } = z.object({ sub: z.string(), session_id: z.string() }).parse(claims);
    const user = await findUser(own, sub);
    if (user === undefined)
      throw new AuthError(403, "user_not_found", "User from sub claim in JWT does not exist");
    if (!(await isLive(own, session_id)))
      throw new AuthError(403, "session_not_found", "Session from session_id claim in JWT does not exist");
    return { user, session: session_id };
  };

  const signOut = async (ask: Ask): Promise<Answer> => {
    const { user, session } = await signedIn(ask);
    await endSessions(own, user.id, session, ask.query.get("scope") ?? "global");
    return { status: 204, headers: {} };
  };

  const route = (ask: Ask): (() => Promise<Answer> | Answer) => {
    const path = ask.path.slice("/auth/v1".length);
    const adminPath = /^\/admin\/users(?:\/([^/]+))?$/.exec(path);
    if (adminPath !== null) {
      const work = admin(ask, adminPath[1]);
      return async () => {
        const { role } = await identify(ask);
        if (role !== "service_role") throw new AuthError(403, "not_admin", "User not allowed");
        return work();
      };
    }
    const what = `${ask.method} ${path}`;
    const grant = ask.query.get("grant_type");
    if (what === "POST /token" && grant !== "password") refuse(`sign-in by grant_type=${grant}`);
    const work = {
      "POST /token": () => signIn(ask),
      "POST /signup": () => signUp(ask),
      "GET /user": async () => json(200, presentUser((await signedIn(ask)).user)),
      "POST /logout": () => signOut(ask),
      "GET /health": async () => json(200, { name: "GoTrue", description: "the local stand-in" }),
    }[what];
    if (work === undefined) return refuse(`${ask.method} ${ask.path}`);
    return async () => {
      await identify(withoutUser(ask));
      return work();
    };
  };

  return async (ask: Ask): Promise<Answer> => {
    // Only this address needs no key.
    if (ask.path === "/auth/v1/.well-known/jwks.json")
      return json(200, tokens.jwks, { "cache-control": "public, max-age=600" });
    try {
      return await route(ask)();
    } catch (error) {
      if (error instanceof AuthError) return authErrorAnswer(error);
      throw error;
    }
  };
};

const credentials = z.object({ email: z.string().optional(), password: z.string().optional() });
const newUser = credentials.extend({ data: z.record(z.string(), z.unknown()).optional() });

/** Only the API key is checked here, because Auth checks users' tokens itself, with its own messages. */
const withoutUser = (ask: Ask): Ask => ({
  ...ask,
  header: (name) => {
    const value = ask.header(name);
    return name === "authorization" && value?.includes(" sb_") === false ? undefined : value;
  },
});
