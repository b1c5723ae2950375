import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import { AuthError } from "./errors.ts";

const derive = promisify<string, Buffer, number, Buffer>(scrypt);
const minimumLength = 6;

export const hashPassword = async (password: string): Promise<string> => {
  if (password.length < minimumLength) {
    throw new AuthError(422, "weak_password", `Password should be at least ${minimumLength} characters.`, {
      weak_password: { reasons: ["length"] },
    });
  }
  const salt = randomBytes(16);
  return `scrypt$${salt.toString("base64url")}$${(await derive(password, salt, 32)).toString("base64url")}`;
};

export const passwordMatches = async (password: string, stored: string | null): Promise<boolean> => {
  const [scheme, salt = "", expected = ""] = (stored ?? "").split("$");
  // Checking a user who has no password takes the same time as checking a wrong password.
  const actual = await derive(password, Buffer.from(salt, "base64url"), 32);
  const wanted = Buffer.from(expected, "base64url");
  return scheme === "scrypt" && actual.length === wanted.length && timingSafeEqual(actual, wanted);
};
