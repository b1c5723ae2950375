import { useEffect, useState } from "react";
import { api } from "#dashboard/api.ts";
import type { PageOf, Subscriber } from "#dashboard/types.ts";

/**
 * The first active subscribers of a list. Their fields are offered, and the first subscriber fills the live preview.
 */
export function useAudience(listId: string): readonly Subscriber[] {
  const [people, setPeople] = useState<readonly Subscriber[]>([]);
  useEffect(() => {
    let isGone = false;
    const ask = async () => {
      const path = `/api/lists/${listId}/subscribers?status=active&limit=100`;
      const { items } = listId === "" ? { items: [] } : await api.get<PageOf<Subscriber>>(path);
      if (!isGone) setPeople(items);
    };
    // Without an answer the mail is shown with unfilled fields.
    ask().catch(() => {});
    return () => {
      isGone = true;
    };
  }, [listId]);
  return people;
}
