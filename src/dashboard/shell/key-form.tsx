import { useEffect, useRef } from "react";
import { rememberKey, useRefusal } from "#dashboard/key.ts";
import { Logo } from "./logo.tsx";
import "./key-form.css";

/** Asks for the key once per tab. `npm start` puts the key into the address, so that it need not be typed. */
export function KeyForm() {
  const refusal = useRefusal();
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    document.title = "Nightshift";
    input.current?.focus();
  }, []);
  return (
    <main className="key-form">
      <Logo />
      <h1>API key required</h1>
      <p className="quiet">
        The page reads <code>/api</code> with an API key. The key is stored only in this tab, until the tab
        closes. <code>npm start</code> prints keys for this machine; elsewhere{" "}
        <code>npm run key -- create --role admin</code> makes one.
      </p>
      {refusal !== null && (
        <p className="error-note" role="alert">
          {refusal}
        </p>
      )}
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const value = new FormData(event.currentTarget).get("key");
          if (typeof value === "string" && value.trim() !== "") rememberKey(value);
        }}
      >
        <label htmlFor="key">API key</label>
        <div>
          <input
            ref={input}
            id="key"
            name="key"
            type="password"
            autoComplete="off"
            spellCheck={false}
            required
          />
          <button type="submit" className="primary">
            Open
          </button>
        </div>
      </form>
    </main>
  );
}
