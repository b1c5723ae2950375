import { Icon, type IconName } from "#dashboard/components/icon.tsx";
import { forgetKey } from "#dashboard/key.ts";
import { chooseTheme, type Theme, useChosenTheme } from "#dashboard/theme.ts";
import { Bell } from "./bell.tsx";
import { openHelp } from "./help.tsx";

const NEXT: Record<Theme, Theme> = { system: "light", light: "dark", dark: "system" };
const ICONS: Record<Theme, IconName> = { system: "system", light: "sun", dark: "moon" };

/** The user's settings: theme, shortcuts, and the API key. */
export function Settings() {
  const theme = useChosenTheme();
  return (
    <div className="settings">
      <Bell />
      <button
        type="button"
        className="plain icon-only"
        aria-label={`Colors: ${theme}`}
        title={`Colors: ${theme}`}
        onClick={() => chooseTheme(NEXT[theme])}
      >
        <Icon name={ICONS[theme]} />
      </button>
      <button
        type="button"
        className="plain icon-only"
        aria-label="Keyboard"
        title="Keyboard"
        onClick={openHelp}
      >
        <Icon name="help" />
      </button>
      <button
        type="button"
        className="plain icon-only"
        aria-label="Forget key"
        title="Forget key"
        onClick={() => forgetKey()}
      >
        <Icon name="leave" />
      </button>
    </div>
  );
}
