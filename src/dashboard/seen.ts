/** Whether the page is visible. A tab that was in the background for some time neither polls nor follows a stream. */
import { createStore } from "./store.ts";

/** How long a tab may be in the background before its updates stop. */
const AWAY_MS = 30_000;
const store = createStore(true);
export const useIsSeen = store.use;

let timer: ReturnType<typeof setTimeout> | undefined;
function look(): void {
  clearTimeout(timer);
  if (document.hidden) timer = setTimeout(store.set, AWAY_MS, false);
  else store.set(true);
}
document.addEventListener("visibilitychange", look);
look();
